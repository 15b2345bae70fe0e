//! One rule file that a directory gives: its text becomes a type, and mistakes have places. Uses `rules` and `text`.

use std::rc::Rc;

use serde::de::DeserializeOwned;

use super::data::{Checker, Matrix, Mistake, Profile, RawMatrix};
use super::{Problem, mistake};
use crate::text::yaml::{self, Limits, Node};
use crate::text::{FileId, Pos, Sources, Span};

/// A rule file. It is a source only once there is something to say of it.
pub(super) struct RuleFile {
    /// Its name as it is shown.
    pub(super) name: String,
    pub(super) text: String,
}

impl RuleFile {
    /// The file as a source.
    pub(super) fn add(&self, sources: &Sources) -> FileId {
        sources.add(self.name.clone(), self.text.clone())
    }

    /// Reads the file into a type that refuses fields it does not know.
    pub(super) fn typed<T: DeserializeOwned>(&self, sources: &Sources, problems: &mut Vec<Problem>) -> Option<T> {
        let error = match serde_yaml::from_str(&self.text) {
            Ok(typed) => return Some(typed),
            Err(error) => error,
        };
        let pos = error.location().map_or(Pos::START, |at| Pos {
            line: u32::try_from(at.line()).unwrap_or(1),
            column: u32::try_from(at.column()).unwrap_or(1),
        });
        let span = Span::at(self.add(sources), pos);
        problems.push(Problem { message: mistake::message(&error.to_string()), span });
        None
    }

    pub(super) fn profile(&self, sources: &Sources, problems: &mut Vec<Problem>) -> Option<Profile> {
        let profile: Profile = self.typed(sources, problems)?;
        problems
            .extend(profile.mistakes().map(|message| Problem { message, span: Span::file_start(self.add(sources)) }));
        Some(profile)
    }

    pub(super) fn matrix(&self, sources: &Sources, problems: &mut Vec<Problem>) -> Option<Matrix> {
        let raw: RawMatrix = self.typed(sources, problems)?;
        // What the parser of all other files refuses is refused here too.
        let root = match yaml::parse(self.add(sources), &self.text, Limits::default()) {
            Ok(stream) => stream.documents.into_iter().next()?,
            Err(error) => {
                problems.push(Problem { message: error.message, span: error.span });
                return None;
            }
        };
        let (matrix, mistakes) = Checker::check(&raw);
        let placed = |mistake: Mistake| Problem { span: span(&root, &mistake.path), message: mistake.message };
        problems.extend(mistakes.into_iter().map(placed));
        Some(matrix)
    }
}

/// Where the deepest node of a path that exists, or its key, is written.
fn span(root: &Rc<Node>, path: &[String]) -> Span {
    let (mut span, mut node) = (root.span, root);
    for step in path {
        let child = match step.parse::<usize>() {
            Ok(at) => node.as_seq().and_then(|items| items.get(at)).map(|item| (item.span, item)),
            Err(_) => node.entry(step).map(|entry| (entry.key_span, &entry.value)),
        };
        let Some((at, child)) = child else { break };
        (span, node) = (at, child);
    }
    span
}
