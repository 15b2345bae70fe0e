//! From the matrix as written to the matrix as used: every problem is told at once, each where it is written.
//! Uses `ruleset::{fact, matrix}` and `text`.

use super::fact::{VOCABULARY, fact_index};
use super::matrix::{Breach, Matrix, Outcome, RawMatrix, RawRow, RawTable, Row, Table};
use crate::text::Span;
use crate::text::yaml::Node;

/// The names that may stand in braces in a message or a remedy.
pub const PLACEHOLDERS: &[&str] = &[
    "auth_unknown",
    "container",
    "contradiction",
    "copied",
    "declaration",
    "filesystem_problem",
    "guard_condition",
    "guard_default",
    "guard_file",
    "guard_path",
    "guard_problem",
    "key_name",
    "leftover_age",
    "leftover_path",
    "lock_path",
    "lock_place",
    "longest_call",
    "mounted",
    "peer_unknown",
    "peers",
    "place",
    "places",
    "role_note",
    "settle",
    "settled_since",
    "side_path",
    "sight_problem",
    "stale_problem",
    "state_dir",
    "state_variable",
    "uncreatable",
    "unknown_versions",
    "unsafe_peers",
    "user",
    "version",
];

/// A problem in a rule file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What is wrong, with the field.
    pub message: String,
    /// Where.
    pub span: Span,
}

/// The problems found so far, and the tree that tells where each is.
pub(crate) struct Checker<'a> {
    pub(crate) root: &'a Node,
    pub(crate) problems: Vec<Problem>,
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

    pub(crate) fn matrix(&mut self, raw: RawMatrix) -> Matrix {
        for (id, text) in &raw.remedies {
            self.placeholders(&["remedies", id], text);
        }
        let tables = raw.tables.iter().map(|(name, table)| (name.clone(), self.table(name, table, &raw)));
        let tables = tables.collect();
        Matrix { rules: raw.rules, tables }
    }

    fn table(&mut self, name: &str, raw: &RawTable, matrix: &RawMatrix) -> Table {
        let mut facts = Vec::new();
        for (at, fact) in raw.facts.iter().enumerate() {
            match fact_index(fact) {
                Some(index) => facts.push(index),
                None => {
                    let known = VOCABULARY.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
                    let at = at.to_string();
                    self.problem(
                        &["tables", name, "facts", &at],
                        format!("no fact is called `{fact}`; known: {known}"),
                    );
                }
            }
        }
        let rows = raw.rows.iter().enumerate().map(|(at, row)| Row {
            masks: self.masks(name, at, row, &facts),
            outcome: self.outcome(name, at, row, matrix),
        });
        let rows = rows.collect();
        let table = Table { name: name.to_owned(), question: raw.question.clone(), facts, rows };
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
                self.problem(&path, format!("`{fact}` is not among the facts of this table"));
                continue;
            };
            let mut mask = 0;
            for value in wanted.values() {
                match names.iter().position(|name| name == value) {
                    Some(bit) => mask |= 1 << bit,
                    None => {
                        let known = names.join(", ");
                        self.problem(&path, format!("`{fact}` is never `{value}`; its values: {known}"));
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
        let breach = (&row.rule, row.severity, row.confidence, &row.message);
        match (&row.ok, &row.see, breach) {
            (Some(why), None, (None, None, None, None)) if row.remedies.is_empty() => Outcome::Ok(why.clone()),
            (None, Some(other), (None, None, None, None)) if row.remedies.is_empty() => {
                if !matrix.tables.contains_key(other) || other == table {
                    self.problem(&[&path[..], &["see"]].concat(), format!("no other table is called `{other}`"));
                }
                Outcome::See(other.clone())
            }
            (None, None, (Some(rule), Some(severity), Some(confidence), Some(message))) => {
                if !matrix.rules.contains_key(rule) {
                    self.problem(&[&path[..], &["rule"]].concat(), format!("no rule is called `{rule}`"));
                }
                self.placeholders(&[&path[..], &["message"]].concat(), message);
                let remedies = self.remedies(&path, &row.remedies, matrix);
                let (rule, message) = (rule.clone(), message.clone());
                Outcome::Broken(Breach { rule, severity, confidence, message, remedies })
            }
            _ => {
                let message = "a row has `ok`, or `see`, or `rule` with severity, confidence and message";
                self.problem(&path, message.to_owned());
                Outcome::Ok(String::new())
            }
        }
    }

    fn remedies(&mut self, path: &[&str], ids: &[String], matrix: &RawMatrix) -> Vec<String> {
        if ids.is_empty() {
            self.problem(path, "a broken rule needs at least one remedy".to_owned());
        }
        let mut texts = Vec::new();
        for id in ids {
            match matrix.remedies.get(id) {
                Some(text) => texts.push(text.clone()),
                None => self.problem(&[path, &["remedies"]].concat(), format!("no remedy is called `{id}`")),
            }
        }
        texts
    }

    fn placeholders(&mut self, path: &[&str], text: &str) {
        for name in placeholders(text) {
            if !PLACEHOLDERS.contains(&name) {
                let known = PLACEHOLDERS.join(", ");
                self.problem(path, format!("nothing is filled in for `{{{name}}}`; known: {known}"));
            }
        }
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
            self.problem(&["tables", &table.name], format!("no row matches {gap}"));
        }
        for (at, _) in reached.iter().enumerate().filter(|(_, reached)| !**reached) {
            let at = at.to_string();
            self.problem(&["tables", &table.name, "rows", &at], "rows above match all that this one would".to_owned());
        }
    }
}

/// The names in braces in a text.
pub(crate) fn placeholders(text: &str) -> impl Iterator<Item = &str> {
    text.split('{').skip(1).filter_map(|part| part.split_once('}').map(|(name, _)| name))
}
