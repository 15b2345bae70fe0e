//! A sentence of the matrix with parts that are filled in for each participant. Uses `named`.

use serde::{Deserialize, Serialize};

use super::named::Placeholder;

/// A message or a remedy, parsed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message(Vec<Segment>);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
enum Segment {
    Text(String),
    Fill(Placeholder),
}

impl Message {
    /// Parses a sentence with `{placeholders}`. Names that mean nothing are passed to `unknown` and left out.
    pub(crate) fn parse(text: &str, mut unknown: impl FnMut(&str)) -> Self {
        let mut segments = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let Some((name, after)) = after.split_once('}') else { break };
            if !before.is_empty() {
                segments.push(Segment::Text(before.to_owned()));
            }
            match Placeholder::from_name(name) {
                Some(placeholder) => segments.push(Segment::Fill(placeholder)),
                None => unknown(name),
            }
            rest = after;
        }
        if !rest.is_empty() {
            segments.push(Segment::Text(rest.to_owned()));
        }
        Self(segments)
    }

    /// The sentence with every placeholder filled in.
    pub fn fill_with(&self, mut word: impl FnMut(Placeholder) -> String) -> String {
        self.0.iter().fold(String::new(), |mut filled, segment| {
            match segment {
                Segment::Text(text) => filled.push_str(text),
                Segment::Fill(placeholder) => filled.push_str(&word(*placeholder)),
            }
            filled
        })
    }

    /// The placeholders that it uses.
    pub(crate) fn placeholders(&self) -> impl Iterator<Item = Placeholder> {
        self.0.iter().filter_map(|segment| match segment {
            Segment::Fill(placeholder) => Some(*placeholder),
            Segment::Text(_) => None,
        })
    }
}
