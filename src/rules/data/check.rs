//! From the matrix as written to the matrix as used: every mistake is told at once, each with where it is written.
//! Uses `fact`, `matrix`, `message`, `named` and `text::quoted`.

use std::collections::BTreeMap;

use super::fact::{VOCABULARY, fact_index};
use super::matrix::{Matrix, Outcome, RawMatrix, RawRow, RawTable, Row, RuleText, Ruling, Table};
use super::message::Message;
use super::named::{Placeholder, TableName};
use crate::text::quoted;

/// A mistake in a rule file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mistake {
    /// The keys and places in lists that lead to what is wrong.
    pub(crate) path: Vec<String>,
    /// What is wrong, with the field.
    pub(crate) message: String,
}

/// What a sentence about several containers can say of all of them.
const OF_SEVERAL: [Placeholder; 3] = [Placeholder::Containers, Placeholder::Place, Placeholder::Program];

/// The mistakes found so far.
#[derive(Debug, Default)]
pub(crate) struct Checker {
    mistakes: Vec<Mistake>,
}

impl Checker {
    /// The matrix that is written, and all that is wrong with it. Where something is, the matrix means nothing.
    pub(crate) fn check(raw: &RawMatrix) -> (Matrix, Vec<Mistake>) {
        let mut checker = Self::default();
        let matrix = checker.matrix(raw);
        (matrix, checker.mistakes)
    }

    /// Notes a mistake at a path.
    fn problem(&mut self, path: &[&str], message: String) {
        self.mistakes.push(Mistake { path: path.iter().map(|&step| step.to_owned()).collect(), message });
    }

    fn matrix(&mut self, raw: &RawMatrix) -> Matrix {
        let remedies = raw.remedies.iter().map(|(id, text)| (id.clone(), self.message(&["remedies", id], text)));
        let remedies = remedies.collect();
        let mut tables = BTreeMap::new();
        for (written, table) in &raw.tables {
            match TableName::from_name(written) {
                Some(name) => {
                    let table = self.table(name, table, raw);
                    tables.insert(name, table);
                }
                None => {
                    let known = TableName::known_names();
                    self.problem(&["tables", written], format!("no table is called `{written}`; tables: {known}"));
                }
            }
        }
        let missing = TableName::ALL.iter().filter(|name| !tables.contains_key(name)).map(|name| name.name());
        let missing: Vec<&str> = missing.collect();
        let unused = VOCABULARY.iter().enumerate();
        let unused = unused.filter(|(at, _)| !tables.values().any(|table| table.facts.contains(at)));
        let unused: Vec<&str> = unused.map(|(_, (fact, _))| *fact).collect();
        match (missing.is_empty(), unused.is_empty()) {
            (false, _) => self.problem(&["tables"], format!("tables are missing: {}", missing.join(", "))),
            (true, false) => self.problem(&["tables"], format!("no table looks at these facts: {}", unused.join(", "))),
            (true, true) => {}
        }
        self.families(raw);
        let rules = raw.rules.iter().map(|(id, rule)| {
            let path = ["rules", id, "several"];
            let several = self.message(&path, &rule.several);
            if let Some(other) = several.placeholders().find(|one| !OF_SEVERAL.contains(one)) {
                let known = OF_SEVERAL.map(Placeholder::name).join(", ");
                let name = quoted(other.name());
                self.problem(&path, format!("{name} is not the same for several containers; usable here: {known}"));
            }
            (id.clone(), RuleText { title: rule.title.clone(), several })
        });
        let rules = rules.collect();
        let notes = self.notes(raw);
        Matrix { rules, families: raw.families.clone(), remedies, notes, tables }
    }

    /// A note is about a remedy that there is.
    fn notes(&mut self, raw: &RawMatrix) -> BTreeMap<String, Message> {
        let mut notes = BTreeMap::new();
        for (id, text) in &raw.notes {
            if !raw.remedies.contains_key(id) {
                self.problem(&["notes", id], format!("no remedy is called {}", quoted(id)));
            }
            notes.insert(id.clone(), self.message(&["notes", id], text));
        }
        notes
    }

    /// A family holds rules that there are, and a rule is in one of them.
    fn families(&mut self, raw: &RawMatrix) {
        let mut known: BTreeMap<&str, &str> = BTreeMap::new();
        for (family, rules) in &raw.families {
            for (at, rule) in rules.iter().enumerate() {
                let at = at.to_string();
                let path = ["families", family, &at];
                if !raw.rules.contains_key(rule) {
                    self.problem(&path, format!("no rule is called {}", quoted(rule)));
                }
                if let Some(other) = known.insert(rule, family) {
                    self.problem(&path, format!("{} is in the family {} already", quoted(rule), quoted(other)));
                }
            }
        }
    }

    fn table(&mut self, table_name: TableName, raw: &RawTable, matrix: &RawMatrix) -> Table {
        let name = table_name.name();
        let mut facts = Vec::new();
        for (at, fact) in raw.facts.iter().enumerate() {
            match fact_index(fact) {
                Some(index) => facts.push(index),
                None => {
                    let known = VOCABULARY.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
                    let at = at.to_string();
                    self.problem(
                        &["tables", name, "facts", &at],
                        format!("no fact is called {}; known: {known}", quoted(fact)),
                    );
                }
            }
        }
        let rows = raw.rows.iter().enumerate().map(|(at, row)| Row {
            masks: self.masks(name, at, row, &facts),
            outcome: self.outcome(name, at, row, matrix),
        });
        let rows = rows.collect();
        let table = Table { name: table_name, question: raw.question.clone(), facts, rows };
        if self.mistakes.is_empty() {
            self.total(&table);
        }
        table
    }

    fn masks(&mut self, table: &str, at: usize, row: &RawRow, facts: &[usize]) -> Vec<(usize, u16)> {
        let mut masks = Vec::with_capacity(row.when.len());
        let at = at.to_string();
        for (fact, wanted) in &row.when {
            let path = ["tables", table, "rows", &at, "when", fact];
            let found = fact_index(fact).filter(|index| facts.contains(index));
            let Some((index, (_, names))) = found.and_then(|index| Some((index, VOCABULARY.get(index)?))) else {
                self.problem(&path, format!("{} is not among the facts of this table", quoted(fact)));
                continue;
            };
            let mut mask = 0;
            for value in wanted.values() {
                match names.iter().position(|name| name == value) {
                    Some(bit) => mask |= 1 << bit,
                    None => {
                        let known = names.join(", ");
                        self.problem(
                            &path,
                            format!("{} is never {}; its values: {known}", quoted(fact), quoted(value)),
                        );
                    }
                }
            }
            masks.push((index, mask));
        }
        masks
    }

    fn outcome(&mut self, table: &str, at: usize, row: &RawRow, matrix: &RawMatrix) -> Outcome {
        let at = at.to_string();
        let path = ["tables", table, "rows", &at];
        let sentences = row.message.as_ref().zip(row.detail.as_ref());
        let is_plain = row.message.is_none() && row.detail.is_none() && row.why.is_none() && row.remedies.is_empty();
        match (&row.ok, &row.see, (&row.rule, row.severity, row.confidence, sentences)) {
            (Some(why), None, (None, None, None, None)) if is_plain => Outcome::Ok(why.clone()),
            (None, Some(other), (None, None, None, None)) if is_plain => {
                match TableName::from_name(other).filter(|_| other != table && matrix.tables.contains_key(other)) {
                    Some(name) => Outcome::See(name),
                    None => {
                        self.problem(
                            &[&path[..], &["see"]].concat(),
                            format!("no other table is called {}", quoted(other)),
                        );
                        Outcome::Ok(String::new())
                    }
                }
            }
            (None, None, (Some(rule), Some(severity), Some(confidence), Some((message, detail)))) => {
                if !matrix.rules.contains_key(rule) {
                    self.problem(&[&path[..], &["rule"]].concat(), format!("no rule is called {}", quoted(rule)));
                }
                let message = self.message(&[&path[..], &["message"]].concat(), message);
                let detail = self.message(&[&path[..], &["detail"]].concat(), detail);
                let why = row.why.as_ref().map(|why| self.message(&[&path[..], &["why"]].concat(), why));
                let remedies = self.remedies(&path, &row.remedies, matrix);
                Outcome::Broken(Ruling { rule: rule.clone(), severity, confidence, message, detail, why, remedies })
            }
            _ => {
                let message = "a row has `ok`, or `see`, or `rule` with severity, confidence, message and detail";
                self.problem(&path, message.to_owned());
                Outcome::Ok(String::new())
            }
        }
    }

    fn remedies(&mut self, path: &[&str], ids: &[String], matrix: &RawMatrix) -> Vec<String> {
        if ids.is_empty() {
            self.problem(path, "a broken rule needs at least one remedy".to_owned());
        }
        for id in ids.iter().filter(|id| !matrix.remedies.contains_key(*id)) {
            self.problem(&[path, &["remedies"]].concat(), format!("no remedy is called {}", quoted(id)));
        }
        ids.to_vec()
    }

    fn message(&mut self, path: &[&str], text: &str) -> Message {
        Message::parse(text, |name| {
            let known = Placeholder::known_names();
            self.problem(path, format!("nothing is filled in for {}; known: {known}", quoted(name)));
        })
    }

    /// A combination without a row and a row without a combination are both mistakes.
    fn total(&mut self, table: &Table) {
        let mut reached = vec![false; table.rows.len()];
        let mut gap = None;
        table.each_combination(|values| match table.decide_values(values) {
            Some((row, _)) => {
                if let Some(reached) = reached.get_mut(row) {
                    *reached = true;
                }
            }
            None => gap = gap.take().or_else(|| Some(table.describe(values))),
        });
        if let Some(gap) = gap {
            self.problem(&["tables", table.name.name()], format!("no row matches {gap}"));
        }
        for (at, _) in reached.iter().enumerate().filter(|(_, reached)| !**reached) {
            let at = at.to_string();
            self.problem(
                &["tables", table.name.name(), "rows", &at],
                "rows above match all that this one would".to_owned(),
            );
        }
    }
}
