//! What the Compose specification's schema says of one place. The table that the build script makes of the schema
//! (`build/schema.rs`) is of these types, so that no run reads the schema. Pure. May use `text`.

use std::collections::HashSet;

use super::tree::{as_text, json};
use crate::text::scalar;
use crate::text::yaml::{Data, Entry, Node};

/// What a value may be, in the order in which a person is told of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// Text.
    Text,
    /// A whole number.
    Whole,
    /// Any number.
    Number,
    /// `true` or `false`.
    Bool,
    /// A list.
    List,
    /// A mapping.
    Mapping,
    /// Nothing.
    Nothing,
}

/// What one place may hold. What a value is tells which of the rest concerns it.
#[derive(Debug)]
pub(super) struct Rule {
    /// What the value may be; anything where none is named.
    pub(super) kinds: &'static [Kind],
    /// The texts that it may be; any where none is named.
    pub(super) choices: &'static [&'static str],
    /// What a text must match.
    pub(super) pattern: Option<Pattern>,
    /// The least number.
    pub(super) least: Option<i32>,
    /// The largest number.
    pub(super) most: Option<i32>,
    /// What each item of a list may be.
    pub(super) items: Option<&'static Rule>,
    /// Whether the items of a list must differ.
    pub(super) unique: bool,
    /// Keys of a mapping with what each may hold, in the order of the keys.
    pub(super) keys: &'static [(&'static str, &'static Rule)],
    /// What the keys that match a pattern may hold.
    pub(super) key_patterns: &'static [(Pattern, &'static Rule)],
    /// Whether a mapping may have no other keys.
    pub(super) closed: bool,
    /// Keys that a mapping must have.
    pub(super) required: &'static [&'static str],
}

/// A step on the way to a value.
#[derive(Debug, Clone, Copy)]
pub(super) enum Step<'n> {
    /// A key of a mapping.
    Key(&'n str),
    /// The place of an item in a list.
    Item(usize),
}

/// A value that a rule does not allow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    /// The keys and places in lists that lead to the value.
    pub(super) at: Vec<String>,
    /// What is wrong with it.
    pub(super) what: Wrong,
}

/// What is wrong with a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wrong {
    /// It is none of these kinds.
    Kind(&'static [Kind]),
    /// It is none of these texts.
    Choice(&'static [&'static str]),
    /// It does not match.
    Pattern(Pattern),
    /// It is less than this.
    Less(i32),
    /// It is more than this.
    More(i32),
    /// Two of its items are the same.
    Twice,
    /// It has not this key.
    Missing(&'static str),
    /// The key that leads to it is none of its mapping's; with the one that it is nearly.
    Unknown(Option<&'static str>),
}

/// Letters of a word that are compared: no key is longer.
const MOST_LETTERS: usize = 40;

impl Rule {
    /// The rule that allows everything.
    pub(super) const ANYTHING: Self = Self {
        kinds: &[],
        choices: &[],
        pattern: None,
        least: None,
        most: None,
        items: None,
        unique: false,
        keys: &[],
        key_patterns: &[],
        closed: false,
        required: &[],
    };

    /// All that is wrong with a value, in the order of the file.
    pub(super) fn faults(&self, node: &Node) -> Vec<Fault> {
        let mut found = Vec::new();
        self.look(node, &mut Vec::new(), &mut found);
        found
    }

    /// Whether a key has a rule of its own, by its name alone.
    pub(super) fn has_key(&self, key: &str) -> bool {
        self.key(key).is_some()
    }

    fn key(&self, key: &str) -> Option<&'static Rule> {
        let at = self.keys.binary_search_by_key(&key, |(known, _)| known).ok()?;
        self.keys.get(at).map(|(_, rule)| *rule)
    }

    /// The key that a word is most like, where it is a slip away from one.
    fn near_key(&self, word: &str) -> Option<&'static str> {
        if let Some((_, key)) = OTHER_WORDS.iter().find(|(other, _)| *other == word) {
            return self.has_key(key).then_some(*key);
        }
        let most = if word.len() < 5 { 1 } else { 2 };
        let is_alike = |key: &&str| key.len().abs_diff(word.len()) <= most;
        let alike = self.keys.iter().filter(|(key, _)| is_alike(key));
        let near = alike.map(|(key, _)| (slips(word, key), *key)).filter(|(count, _)| *count <= most);
        near.min_by_key(|(count, _)| *count).map(|(_, key)| key)
    }

    fn look<'n>(&self, node: &'n Node, at: &mut Vec<Step<'n>>, found: &mut Vec<Fault>) {
        if !self.allows_kind(node) {
            found.push(fault(at, Wrong::Kind(self.kinds)));
            return;
        }
        match &node.data {
            Data::Scalar(_) => found.extend(self.wrong_scalar(node).map(|what| fault(at, what))),
            Data::Seq(items) => {
                if self.unique && !are_different(node) {
                    found.push(fault(at, Wrong::Twice));
                }
                let Some(rule) = self.items else { return };
                for (place, item) in items.iter().enumerate() {
                    at.push(Step::Item(place));
                    rule.look(item, at, found);
                    at.pop();
                }
            }
            Data::Map(entries) => {
                let missing = self.required.iter().filter(|key| node.get(key).is_none());
                found.extend(missing.map(|key| fault(at, Wrong::Missing(key))));
                if self.closed || !self.keys.is_empty() || !self.key_patterns.is_empty() {
                    for entry in entries {
                        self.look_at_entry(entry, at, found);
                    }
                }
            }
        }
    }

    fn look_at_entry<'n>(&self, entry: &'n Entry, at: &mut Vec<Step<'n>>, found: &mut Vec<Fault>) {
        at.push(Step::Key(&entry.key));
        let matching = self.key_patterns.iter().filter(|(pattern, _)| pattern.matches(&entry.key));
        let mut rules = self.key(&entry.key).into_iter().chain(matching.map(|(_, rule)| *rule)).peekable();
        if self.closed && rules.peek().is_none() {
            found.push(fault(at, Wrong::Unknown(self.near_key(&entry.key))));
        }
        rules.for_each(|rule| rule.look(&entry.value, at, found));
        at.pop();
    }

    fn allows_kind(&self, node: &Node) -> bool {
        let may_be = |kind| self.kinds.contains(&kind);
        if self.kinds.is_empty() {
            return true;
        }
        match &node.data {
            Data::Map(_) => may_be(Kind::Mapping),
            Data::Seq(_) => may_be(Kind::List),
            Data::Scalar(scalar) => match scalar.kind() {
                scalar::Kind::Null => may_be(Kind::Nothing),
                scalar::Kind::Bool(_) => may_be(Kind::Bool),
                scalar::Kind::Int(_) => may_be(Kind::Whole) || may_be(Kind::Number),
                // `1.0` is a whole number too.
                scalar::Kind::Float(value) => may_be(Kind::Number) || may_be(Kind::Whole) && value.fract() == 0.0,
                scalar::Kind::Text => may_be(Kind::Text),
                // The schema has dates nowhere.
                scalar::Kind::Time => false,
            },
        }
    }

    fn wrong_scalar(&self, node: &Node) -> Option<Wrong> {
        if let Some(text) = as_text(node) {
            let is_choice = self.choices.is_empty() || self.choices.contains(&text);
            let unmatched = self.pattern.filter(|pattern| !pattern.matches(text)).map(Wrong::Pattern);
            return if is_choice { unmatched } else { Some(Wrong::Choice(self.choices)) };
        }
        let number = match node.as_scalar()?.kind() {
            #[expect(clippy::cast_precision_loss, reason = "bounds are far below what a float holds exactly")]
            scalar::Kind::Int(value) => value as f64,
            scalar::Kind::Float(value) => value,
            _ => return None,
        };
        let less = self.least.filter(|least| number < f64::from(*least)).map(Wrong::Less);
        less.or_else(|| self.most.filter(|most| number > f64::from(*most)).map(Wrong::More))
    }
}

/// Keys by the words that other tools have for them.
const OTHER_WORDS: [(&str, &str); 7] = [
    ("args", "command"),
    ("binds", "volumes"),
    ("cmd", "command"),
    ("env", "environment"),
    ("mounts", "volumes"),
    ("replicas", "scale"),
    ("volumeMounts", "volumes"),
];

/// How many letters are added, left out, or other ones, from one word to another.
fn slips(word: &str, key: &str) -> usize {
    let key: Vec<char> = key.chars().collect();
    let mut row: Vec<usize> = (0..=key.len()).collect();
    for (at, letter) in word.chars().take(MOST_LETTERS).enumerate() {
        let mut next = vec![at + 1];
        for ((other, above), (before, left)) in key.iter().zip(row.iter().skip(1)).zip(row.iter().enumerate()) {
            let changed = left + usize::from(letter != *other);
            let added = next.get(before).copied().unwrap_or(usize::MAX - 1) + 1;
            next.push(changed.min(added).min(above + 1));
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

fn fault(at: &[Step<'_>], what: Wrong) -> Fault {
    let word = |step: &Step<'_>| match step {
        Step::Key(key) => (*key).to_owned(),
        Step::Item(place) => place.to_string(),
    };
    Fault { at: at.iter().map(word).collect(), what }
}

/// Whether the items of a list are different: as texts where all are, else as JSON, to which `1` and `1.0` are one.
fn are_different(node: &Node) -> bool {
    let items = node.as_seq().unwrap_or_default();
    if items.iter().all(|item| as_text(item).is_some()) {
        let mut known = HashSet::with_capacity(items.len());
        return items.iter().filter_map(|item| as_text(item)).all(|text| known.insert(text));
    }
    let mut known = HashSet::with_capacity(items.len());
    items.iter().all(|item| known.insert(json(item).to_string()))
}

/// A pattern of the schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pattern {
    /// `^x-`
    Extension,
    /// `^[a-zA-Z0-9._-]+$`
    Name,
    /// `[a-zA-Z0-9][a-zA-Z0-9_.-]+`
    NameInside,
    /// `^[a-z]+$`
    Lowercase,
    /// `.+`
    Something,
    /// `^.+$`
    Line,
    /// What `pull_policy` may be.
    PullPolicy,
}

impl Pattern {
    /// The pattern as the schema writes it.
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Extension => "^x-",
            Self::Name => "^[a-zA-Z0-9._-]+$",
            Self::NameInside => "[a-zA-Z0-9][a-zA-Z0-9_.-]+",
            Self::Lowercase => "^[a-z]+$",
            Self::Something => ".+",
            Self::Line => "^.+$",
            Self::PullPolicy => "always|never|build|if_not_present|missing|refresh|daily|weekly|every_([0-9]+[wdhms])+",
        }
    }

    fn matches(self, text: &str) -> bool {
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        match self {
            Self::Extension => text.starts_with("x-"),
            Self::Name => !text.is_empty() && text.bytes().all(is_name),
            Self::NameInside => text.as_bytes().windows(2).any(|pair| {
                pair.first().is_some_and(u8::is_ascii_alphanumeric) && pair.get(1).copied().is_some_and(is_name)
            }),
            Self::Lowercase => !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase()),
            Self::Something => text.chars().any(|ch| ch != '\n'),
            Self::Line => !text.is_empty() && !text.contains('\n'),
            Self::PullPolicy => is_pull_policy(text),
        }
    }
}

/// Whether a text has one of the words for when to pull in it, or `every_` with a duration.
fn is_pull_policy(text: &str) -> bool {
    let words = ["always", "never", "build", "if_not_present", "missing", "refresh", "daily", "weekly"];
    let has_duration = |rest: &str| {
        let unit = rest.trim_start_matches(|ch: char| ch.is_ascii_digit());
        unit.len() < rest.len() && unit.starts_with(['w', 'd', 'h', 'm', 's'])
    };
    words.iter().any(|word| text.contains(word)) || text.split("every_").skip(1).any(has_duration)
}
