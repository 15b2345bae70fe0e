//! The decision matrix: for each question a table of rows over facts, the first row that matches wins.
//! Uses `fact`, `level`, `message` and `named` alone. Checking is in `check`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::fact::{Facts, VOCABULARY};
use super::level::{Confidence, Severity};
use super::message::Message;
use super::named::TableName;

/// The matrix as its file writes it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawMatrix {
    pub(crate) rules: BTreeMap<String, RawRule>,
    #[serde(default)]
    pub(crate) families: BTreeMap<String, Vec<String>>,
    pub(crate) remedies: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) notes: BTreeMap<String, String>,
    pub(crate) tables: BTreeMap<String, RawTable>,
}

/// What is said of a rule as the file writes it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawRule {
    pub(crate) title: String,
    pub(crate) several: String,
}

/// One table as its file writes it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawTable {
    pub(crate) question: String,
    pub(crate) facts: Vec<String>,
    pub(crate) rows: Vec<RawRow>,
}

/// One row as its file writes it: a pattern and one of three outcomes.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawRow {
    pub(crate) when: BTreeMap<String, OneOrMany>,
    pub(crate) ok: Option<String>,
    pub(crate) see: Option<String>,
    pub(crate) rule: Option<String>,
    pub(crate) severity: Option<Severity>,
    pub(crate) confidence: Option<Confidence>,
    pub(crate) message: Option<String>,
    pub(crate) detail: Option<String>,
    pub(crate) why: Option<String>,
    #[serde(default)]
    pub(crate) remedies: Vec<String>,
}

/// A value or a list of values.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(crate) enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl OneOrMany {
    pub(crate) fn values(&self) -> &[String] {
        match self {
            Self::One(value) => std::slice::from_ref(value),
            Self::Many(values) => values,
        }
    }
}

/// The checked matrix.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Matrix {
    /// What is said of each rule, by its id.
    pub rules: BTreeMap<String, RuleText>,
    /// The rules of each family, by the family's name, those that name a finding first.
    pub families: BTreeMap<String, Vec<String>>,
    /// What each remedy says, by its id.
    pub remedies: BTreeMap<String, Message>,
    /// What follows from a remedy that a person should know, by the remedy's id.
    pub notes: BTreeMap<String, Message>,
    /// The tables by name.
    pub tables: BTreeMap<TableName, Table>,
}

/// What is said of a rule.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RuleText {
    /// What it is about, for lists of rules.
    pub title: String,
    /// The sentence of a finding about several containers.
    pub several: Message,
}

/// A question with its ordered rows.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Table {
    /// Its name.
    pub name: TableName,
    /// The question it answers.
    pub question: String,
    /// The facts it looks at, as indices in [`VOCABULARY`].
    pub facts: Vec<usize>,
    /// The rows; the first that matches wins.
    pub rows: Vec<Row>,
}

/// A pattern over facts, and what follows.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Row {
    /// The facts that it asks about, as indices in [`VOCABULARY`], and for each the values that match, a bit each.
    pub(crate) masks: Vec<(usize, u16)>,
    /// What follows.
    pub outcome: Outcome,
}

/// What a row says.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Outcome {
    /// Sound, and why.
    Ok(String),
    /// Another table answers.
    See(TableName),
    /// A rule is broken.
    Broken(Ruling),
}

/// What a row says of a broken rule, before a participant's names are filled in.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Ruling {
    /// The rule's id.
    pub rule: String,
    /// How bad.
    pub severity: Severity,
    /// How sure, before the strength of the facts is weighed in.
    pub confidence: Confidence,
    /// One sentence.
    pub message: Message,
    /// What is wrong with the container, in a clause.
    pub detail: Message,
    /// Why that is wrong, in a clause, where the message alone does not say it.
    pub why: Option<Message>,
    /// What to do, in order: remedies of the matrix, by their ids.
    pub remedies: Vec<String>,
}

/// How a container is described, where that asks for advice in words of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AdvisedAs {
    /// By a file that any words fit.
    Described,
    /// By the command that starts it.
    Start,
    /// By a job of Nomad.
    Job,
    /// By a devcontainer.json alone.
    Devcontainer,
}

impl AdvisedAs {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Described, Self::Start, Self::Job, Self::Devcontainer];

    /// What the id of a remedy ends in that has the words for it.
    fn ending(self) -> &'static str {
        match self {
            Self::Described => "",
            Self::Start => "-of-start",
            Self::Job => "-of-job",
            Self::Devcontainer => "-of-devcontainer",
        }
    }
}

/// The id of a remedy as the rows name it, without what marks it as the one for containers that are described in some way.
pub fn named_remedy(id: &str) -> &str {
    let marked = AdvisedAs::ALL.iter().filter(|one| **one != AdvisedAs::Described);
    marked.into_iter().find_map(|one| id.strip_suffix(one.ending())).unwrap_or(id)
}

impl Matrix {
    /// What a ruling says to do, in order: each remedy's id and its text, in the words for how the container is described,
    /// where there are any.
    pub fn remedies_of<'a>(
        &'a self,
        ruling: &'a Ruling,
        advised: AdvisedAs,
    ) -> impl Iterator<Item = (&'a str, &'a Message)> {
        let worded = move |id: &str| {
            let own = self.remedies.get_key_value(&format!("{id}{}", advised.ending()));
            own.or_else(|| self.remedies.get_key_value(id))
        };
        ruling.remedies.iter().filter_map(move |id| worded(id)).map(|(id, text)| (id.as_str(), text))
    }

    /// The family of a rule: its own where none is written.
    pub fn family<'a>(&'a self, rule: &'a str) -> &'a str {
        let of_rule = self.families.iter().find(|(_, rules)| rules.iter().any(|one| one == rule));
        of_rule.map_or(rule, |(family, _)| family)
    }

    /// Where a rule stands in its family: of rules that are equally severe the first one names a finding.
    pub fn rank(&self, rule: &str) -> usize {
        let place = |rules: &Vec<String>| rules.iter().position(|one| one == rule);
        self.families.values().find_map(place).unwrap_or_default()
    }
}

impl Row {
    pub(crate) fn matches(&self, values: &[u8; VOCABULARY.len()]) -> bool {
        self.masks.iter().all(|(fact, mask)| values.get(*fact).is_some_and(|value| mask & (1 << value) != 0))
    }
}

impl Table {
    /// The first row that matches, with its number from 0.
    pub fn decide(&self, facts: Facts) -> Option<(usize, &Row)> {
        self.decide_values(&facts.indices())
    }

    pub(crate) fn decide_values(&self, values: &[u8; VOCABULARY.len()]) -> Option<(usize, &Row)> {
        self.rows.iter().enumerate().find(|(_, row)| row.matches(values))
    }

    /// Calls `visit` with every combination of this table's facts; facts it does not look at stay at their first value.
    pub fn each_combination(&self, mut visit: impl FnMut(&[u8; VOCABULARY.len()])) {
        let mut values = [0u8; VOCABULARY.len()];
        loop {
            visit(&values);
            // Counts up like a number whose digits are the facts.
            let next = self.facts.iter().any(|&fact| {
                let size = VOCABULARY.get(fact).map_or(1, |(_, names)| names.len());
                let Some(value) = values.get_mut(fact) else { return false };
                *value += 1;
                let carried = usize::from(*value) == size;
                if carried {
                    *value = 0;
                }
                !carried
            });
            if !next {
                return;
            }
        }
    }

    /// A combination in words, `fact=value fact=value`.
    pub fn describe(&self, values: &[u8; VOCABULARY.len()]) -> String {
        let words = self.facts.iter().filter_map(|&fact| {
            let (name, names) = VOCABULARY.get(fact)?;
            Some(format!("{name}={}", names.get(usize::from(*values.get(fact)?))?))
        });
        words.collect::<Vec<_>>().join(" ")
    }
}
