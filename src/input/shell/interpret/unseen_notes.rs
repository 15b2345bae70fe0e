//! What was not seen of a run, and what was not read whole. Uses `interpreter` and `model`.

use super::interpreter::Interpreter;
use crate::model::Unseen;
use crate::text::Span;

impl Interpreter<'_> {
    /// Notes that something was not seen; the first reason is the one that is told of a container.
    pub(super) fn note_unseen(&mut self, reason: impl Into<String>) {
        self.note_unseen_at(reason, None);
    }

    /// Notes that something was not seen, and where it is named.
    pub(super) fn note_unseen_at(&mut self, reason: impl Into<String>, span: Option<Span>) {
        if self.is_muted() {
            return;
        }
        if self.unseen.is_none() {
            self.unseen = Some(reason.into());
            self.unseen_span = span;
        } else {
            let here = self.here;
            note_once(&mut self.more_unseen, Unseen { what: reason.into(), span: span.unwrap_or(here) });
        }
    }

    /// Notes that a text was not read whole: it is no shell, or there is too much of it.
    pub(super) fn note_unread(&mut self, reason: impl Into<String>, span: Option<Span>) {
        let reason = reason.into();
        if !self.is_muted() {
            note_once(&mut self.unread, Unseen { what: reason.clone(), span: span.unwrap_or(self.here) });
        }
        self.note_unseen_at(reason, span);
    }

    /// Notes that something is nested too deep to be followed, or that there is too much of it.
    pub(super) fn note_too_deep(&mut self, reason: &str) {
        if let Some(notes) = self.call_notes.last_mut() {
            notes.is_cut = true;
        }
        self.note_unread(reason, None);
    }
}

/// How many reasons are kept of what was not seen.
const MAX_REASONS: usize = 50;

/// Keeps what was not seen, each once.
fn note_once(all: &mut Vec<Unseen>, one: Unseen) {
    if all.len() < MAX_REASONS && !all.contains(&one) {
        all.push(one);
    }
}
