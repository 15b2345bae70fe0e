//! From the matrix as written to the matrix as used: every problem is told at once, each where it is written.
//! Uses `rules::{fact, matrix, message, named}` and `text`.

use std::collections::BTreeMap;

use super::fact::{VOCABULARY, fact_index};
use super::matrix::{Matrix, Outcome, RawMatrix, RawRow, RawTable, Row, RuleText, Ruling, Table};
use super::message::Message;
use super::named::{Placeholder, TableName};
use crate::text::yaml::Node;
use crate::text::{Span, quoted};

/// A problem in a rule file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What is wrong, with the field.
    pub message: String,
    /// Where.
    pub span: Span,
}

/// What a sentence about several containers can say of all of them.
const OF_SEVERAL: [Placeholder; 3] = [Placeholder::Containers, Placeholder::Place, Placeholder::Program];

/// The problems found so far, and the tree that tells where each is.
pub(crate) struct Checker<'a> {
    pub(crate) root: &'a Node,
    pub(crate) problems: Vec<Problem>,
    /// The remedies by id.
    pub(crate) remedies: BTreeMap<String, Message>,
    /// Whether to walk every combination too.
    pub(crate) prove: bool,
}

impl Checker<'_> {
    /// Notes a problem at the deepest node of the path that exists.
    fn problem(&mut self, path: &[&str], message: String) {
        let mut span = self.root.span;
        let mut node = self.root;
        for step in path {
            let child = match step.parse::<usize>() {
                Ok(at) => node.as_seq().and_then(|items| items.get(at)).map(|item| (item.span, item)),
                Err(_) => node.entry(step).map(|entry| (entry.key_span, &entry.value)),
            };
            let Some((at, child)) = child else { break };
            span = at;
            node = child;
        }
        self.problems.push(Problem { message, span });
    }

    pub(crate) fn matrix(&mut self, raw: &RawMatrix) -> Matrix {
        for (id, text) in &raw.remedies {
            let remedy = self.message(&["remedies", id], text);
            self.remedies.insert(id.clone(), remedy);
        }
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
        Matrix { rules, families: raw.families.clone(), remedies: self.remedies.clone(), notes, tables }
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
        if self.prove && self.problems.is_empty() {
            self.total(&table);
        }
        table
    }

    fn masks(&mut self, table: &str, at: usize, row: &RawRow, facts: &[usize]) -> [u16; VOCABULARY.len()] {
        let mut masks = [u16::MAX; VOCABULARY.len()];
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
            if let Some(slot) = masks.get_mut(index) {
                *slot = mask;
            }
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
                let remedies = self.remedies(&path, &row.remedies);
                Outcome::Broken(Ruling { rule: rule.clone(), severity, confidence, message, detail, why, remedies })
            }
            _ => {
                let message = "a row has `ok`, or `see`, or `rule` with severity, confidence, message and detail";
                self.problem(&path, message.to_owned());
                Outcome::Ok(String::new())
            }
        }
    }

    fn remedies(&mut self, path: &[&str], ids: &[String]) -> Vec<(String, Message)> {
        if ids.is_empty() {
            self.problem(path, "a broken rule needs at least one remedy".to_owned());
        }
        let mut messages = Vec::new();
        for id in ids {
            match self.remedies.get(id) {
                Some(remedy) => messages.push((id.clone(), remedy.clone())),
                None => self.problem(&[path, &["remedies"]].concat(), format!("no remedy is called {}", quoted(id))),
            }
        }
        messages
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
