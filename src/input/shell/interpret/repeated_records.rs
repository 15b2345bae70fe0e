//! The programs and containers that a call starts, recorded once more where it is not gone through again.
//! Uses `interpreter`, `saved_call`, `call_times` and `start_record`.

use std::collections::{BTreeMap, BTreeSet};

use super::call_times::AnotherCall;
use super::interpreter::Interpreter;
use super::saved_call::{Renames, SavedCall};
use super::shell_state::{BranchFact, ShellState};
use super::start_record::{ContainerStart, LockedStart, StartNumber};
use crate::model::Invocation;

impl Interpreter<'_> {
    /// Records the programs of a call again, so that they have their place in the order of all. Where there are many, those
    /// of the first time stand for this one too.
    pub(super) fn repeat_found(&mut self, saved: &SavedCall, now: &ShellState) {
        let next_turn = self.recorded_again.next_turn(&saved.found);
        if let Some(in_turn) = next_turn.filter(|_| saved.notes.apart.is_empty()) {
            let first = self.found.len();
            let known = saved.start.state().facts.len();
            for at in saved.found.clone() {
                let Some(call) = self.found.get(at).cloned() else { continue };
                let own = call.branches.iter().skip(known).copied();
                let branches = now.facts.iter().map(BranchFact::side).chain(own).collect();
                self.found.push(Invocation { branches, ..call });
            }
            self.recorded_again.add(first..self.found.len(), in_turn);
            return;
        }
        let apart: Vec<(usize, usize)> =
            saved.notes.apart.iter().copied().chain([(saved.found.start, saved.found.end)]).collect();
        self.forget_other_branches(&apart, saved, now);
        if let Some(around) = self.call_notes.last_mut() {
            around.apart.extend(apart);
        }
    }

    /// What stands for this time too runs on no branch that is not taken here.
    fn forget_other_branches(&mut self, ranges: &[(usize, usize)], saved: &SavedCall, now: &ShellState) {
        if saved.start.is_on_same_branches(now) {
            return;
        }
        let sides =
            |state: &ShellState| -> BTreeSet<(usize, bool)> { state.facts.iter().map(BranchFact::side).collect() };
        let (then, now) = (sides(saved.start.state()), sides(now));
        for (first, end) in ranges {
            for call in self.found.get_mut(*first..*end).unwrap_or_default() {
                call.branches.retain(|side| now.contains(side) || !then.contains(side));
            }
        }
    }

    /// Makes the starts of a call again, as far as that says anything new.
    pub(super) fn repeat_starts(&mut self, saved: &SavedCall, renames: &Renames, how: AnotherCall) {
        let first = self.started.len();
        let entered = self.way_in().cloned();
        for start in saved.notes.starts.iter().copied() {
            match how {
                AnotherCall::Again => {
                    self.timeline.add_start_again(start);
                    let ways_in = entered.iter().cloned().collect();
                    let copy = self.started.get(start).map(|known| ContainerStart {
                        ways_in,
                        kept_id: None,
                        id_file: None,
                        ..known.clone()
                    });
                    self.started.extend(copy);
                }
                AnotherCall::Often => self.timeline.spread_start(start),
                AnotherCall::Known | AnotherCall::Run => {}
            }
            // The one that is known stands for this time too, from wherever it is called.
            if let Some((known, way_in)) = self.started.get_mut(start).zip(entered.as_ref())
                && how != AnotherCall::Again
                && !known.ways_in.is_empty()
                && !known.ways_in.contains(way_in)
            {
                known.ways_in.push(way_in.clone());
            }
        }
        let copies = |start: usize| first + saved.notes.starts.range(..start).count();
        let mut own_locks = BTreeMap::new();
        for locked in &saved.notes.locked {
            let Some(around) = self.around.get(locked).copied() else { continue };
            let outer = renames.sites.get(&locked.lock).copied();
            let lock = match outer {
                Some(lock) => lock,
                // One that the call gets itself is another one each time.
                None if how == AnotherCall::Again => *own_locks.entry(locked.lock).or_insert_with(|| self.next_site()),
                None => continue,
            };
            let start = match locked.start {
                StartNumber::Gone(start) if how == AnotherCall::Again => StartNumber::Gone(copies(start)),
                StartNumber::Gone(start) if lock == locked.lock => StartNumber::Repeated(start),
                start => start,
            };
            self.note_locked(LockedStart { lock, start }, around);
        }
    }
}
