//! What is noted of a call while it is gone through. Uses `start_record`.

use std::collections::BTreeSet;

use super::start_record::LockedStart;

/// What a call does that others have to be told when it is not gone through again.
#[derive(Debug, Clone, Default)]
pub(super) struct CallNotes {
    /// The containers that it starts, by their index.
    pub(super) starts: BTreeSet<usize>,
    /// The locks around them.
    pub(super) locked: BTreeSet<LockedStart>,
    /// The processes that calls in it left running which were not gone through again.
    pub(super) relied: BTreeSet<usize>,
    /// The functions and files that it calls: what comes of that hangs on those that are being run already.
    pub(super) functions: BTreeSet<String>,
    pub(super) files: BTreeSet<String>,
    /// The programs of calls in it which were not recorded again, by where those of the first time begin and end among all.
    pub(super) apart: BTreeSet<(usize, usize)>,
    /// The variables that it sets.
    pub(super) sets: BTreeSet<String>,
    /// The variables that it takes out of the environment, without another value for each time that it does so.
    pub(super) withholds: BTreeSet<String>,
    /// The words of what it starts that hang on variables.
    pub(super) open_words: BTreeSet<String>,
    /// Whether something was nested too deep in it to be followed.
    pub(super) is_cut: bool,
    /// Whether it ends containers: which of them do so hangs on those that run.
    pub(super) ends_containers: bool,
    /// Whether it leaves loops, which may be around it.
    pub(super) leaves_loops: bool,
    /// Whether it hides a variable of the function that it is a part of, or returns from it.
    pub(super) hides_in_function: bool,
    pub(super) returns: bool,
    /// Whether it does, or asks for, something that is no part of what it starts from or gives, so that it is not kept.
    pub(super) is_unkept: bool,
}

impl CallNotes {
    /// Adds what a call within this one does.
    pub(super) fn absorb(&mut self, inner: &Self) {
        self.starts.extend(&inner.starts);
        self.locked.extend(&inner.locked);
        self.relied.extend(&inner.relied);
        self.functions.extend(inner.functions.iter().cloned());
        self.files.extend(inner.files.iter().cloned());
        self.apart.extend(&inner.apart);
        self.sets.extend(inner.sets.iter().cloned());
        self.withholds.extend(inner.withholds.iter().cloned());
        self.open_words.extend(inner.open_words.iter().cloned());
        self.is_cut |= inner.is_cut;
        self.ends_containers |= inner.ends_containers;
        self.leaves_loops |= inner.leaves_loops;
        self.hides_in_function |= inner.hides_in_function;
        self.returns |= inner.returns;
        self.is_unkept |= inner.is_unkept;
    }

    /// The variables that are another after it.
    pub(super) fn changes(&self) -> BTreeSet<String> {
        self.sets.union(&self.withholds).cloned().collect()
    }
}
