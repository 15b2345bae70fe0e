//! The state of a shell at a point of its text: open files, held locks, variables. May use `model`.

use std::collections::BTreeMap;

use crate::model::FileLock;

/// A lock and the descriptor it is held by.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Held {
    /// The descriptor of the shell; none where `flock` itself holds it around a command.
    pub(super) descriptor: Option<String>,
    pub(super) lock: FileLock,
}

/// What a shell has at a point of its text.
#[derive(Debug, Clone, Default)]
pub(super) struct Shell {
    /// Files by descriptor.
    pub(super) files: BTreeMap<String, String>,
    pub(super) held: Vec<Held>,
    /// Variables assigned in the text, with plain values.
    pub(super) variables: BTreeMap<String, String>,
    /// Variables of commands' environment.
    pub(super) env: BTreeMap<String, String>,
    /// Bodies of functions: byte ranges of the text they stand in.
    pub(super) functions: BTreeMap<String, std::ops::Range<usize>>,
    /// Whether this point is reached only under a condition.
    pub(super) conditional: bool,
    /// `set -e`.
    pub(super) errexit: bool,
    /// Whether this point is never reached: after `exit`, or after `exec` of a program.
    pub(super) dead: bool,
}

impl Shell {
    /// Lets go of what a descriptor holds.
    pub(super) fn release(&mut self, descriptor: &str) {
        self.held.retain(|held| held.descriptor.as_deref() != Some(descriptor));
    }

    /// Opens a file, which closes what the descriptor was before.
    pub(super) fn open(&mut self, descriptor: &str, path: Option<String>) {
        self.release(descriptor);
        match path {
            Some(path) => self.files.insert(descriptor.to_owned(), path),
            None => self.files.remove(descriptor),
        };
    }

    /// Holds a lock.
    pub(super) fn hold(&mut self, descriptor: &str, lock: FileLock) {
        self.release(descriptor);
        self.held.push(Held { descriptor: Some(descriptor.to_owned()), lock });
    }

    /// The state after two ways that meet again, `self` having been taken under `condition`, a variable being set.
    /// The second result tells whether a lock is held on one way alone and nothing says which.
    pub(super) fn meet(self, other: Self, condition: Option<&str>) -> (Self, bool) {
        if self.dead {
            return (other, false);
        }
        if other.dead {
            return (self, false);
        }
        let mut met = other.clone();
        let mut unclear = false;
        met.held.clear();
        for mut held in self.held {
            let twin = other
                .held
                .iter()
                .find(|theirs| theirs.descriptor == held.descriptor && theirs.lock.path == held.lock.path);
            match (twin, condition) {
                (Some(theirs), _) => held.lock.failure_ignored |= theirs.lock.failure_ignored,
                (None, Some(variable)) => held.lock.condition = Some(variable.to_owned()),
                (None, None) => {
                    unclear = true;
                    continue;
                }
            }
            met.held.push(held);
        }
        let lost = |theirs: &&Held| !met.held.iter().any(|held| held.lock.path == theirs.lock.path);
        unclear |= other.held.iter().any(|theirs| lost(&theirs));
        met.variables.retain(|name, value| self.variables.get(name) == Some(value));
        met.env.retain(|name, value| self.env.get(name) == Some(value));
        for (descriptor, path) in self.files {
            met.files.entry(descriptor).or_insert(path);
        }
        (met, unclear)
    }
}
