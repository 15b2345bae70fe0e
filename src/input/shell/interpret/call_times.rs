//! When the starts of a call run that is not gone through again: which processes it begins, ends and leaves, and whether
//! another call of it adds anything to that. Uses `timeline`.

use std::collections::BTreeSet;

use super::timeline::{TimePlace, Timeline};

/// How often a call is gone through that does something to processes, with starts in it and without.
const MANY_CALLS: usize = 16;
const MANY_CALLS_WITHOUT_STARTS: usize = 64;

/// The number of no process: it is never waited for.
const NO_PROCESS: usize = usize::MAX;

/// A point in a run at which a call begins.
pub(super) struct CallBeginning {
    place: TimePlace,
    /// The processes that run.
    open: BTreeSet<usize>,
    processes: usize,
    last: Option<usize>,
    ended: usize,
    asked: usize,
    named: usize,
    waits: usize,
    left: usize,
    unclear: usize,
}

/// One time that a call was gone through.
#[derive(Debug)]
struct TimedCall {
    place: TimePlace,
    /// The processes that ran when it began.
    open: BTreeSet<usize>,
    /// Those that it left running.
    left: BTreeSet<usize>,
    /// How many containers had been left running: each may run still, and be ended later.
    containers: usize,
}

/// The times that a call was gone through, and what it does to processes.
#[derive(Debug, Default)]
pub(super) struct CallTimes {
    calls: Vec<TimedCall>,
    /// Whether it ends processes that it did not begin, or asks for one of them.
    reaches_out: bool,
    /// Whether it waits for all that its shell began.
    waits: bool,
    /// Whether it leaves something running.
    leaves: bool,
    /// What it calls the processes that it begins.
    last: Option<usize>,
    named: Vec<(String, usize)>,
}

/// What one more call of the same is to be taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AnotherCall {
    /// It adds nothing.
    Known,
    /// Its starts are made again at this point, and all that it begins ends in it.
    Again,
    /// It has to be gone through.
    Run,
    /// It was gone through often enough: its starts are beside all others.
    Often,
}

impl Timeline {
    pub(super) fn begin_call(&self) -> CallBeginning {
        let events = &self.events;
        CallBeginning {
            place: self.place(),
            open: self.open.clone(),
            processes: self.processes(),
            last: self.last_process(),
            ended: events.ended.len(),
            asked: events.asked.len(),
            named: events.named.len(),
            waits: events.waits,
            left: events.left,
            unclear: events.unclear,
        }
    }

    /// Notes a call that was gone through. `relied` are the processes that calls in it left running which were not.
    pub(super) fn end_call(&self, began: CallBeginning, relied: &BTreeSet<usize>, times: &mut CallTimes) {
        let events = &self.events;
        let is_outer = |number: &usize| *number < began.processes;
        let ended = events.ended.iter().skip(began.ended).any(is_outer);
        let asked = events.asked.iter().skip(began.asked).any(is_outer);
        times.reaches_out |= ended || asked || events.unclear > began.unclear;
        times.waits |= events.waits > began.waits;
        let own = self.open.range(began.processes..).copied();
        let left: BTreeSet<usize> = own.chain(relied.intersection(&self.open).copied()).collect();
        times.leaves |= !left.is_empty() || events.left > began.left;
        times.last = self.last_process().filter(|_| self.last_process() != began.last);
        times.named = events.named.get(began.named..).unwrap_or_default().to_vec();
        times.calls.push(TimedCall { place: began.place, open: began.open, left, containers: began.left });
    }

    /// What one more call is to be taken for, here; `starts` where it starts containers.
    pub(super) fn judge_call(&self, times: &CallTimes, starts: bool) -> AnotherCall {
        let place = self.place();
        let often = times.calls.len() >= if starts { MANY_CALLS } else { MANY_CALLS_WITHOUT_STARTS };
        let rest = if often { AnotherCall::Often } else { AnotherCall::Run };
        if times.reaches_out || (times.waits && !self.open_children().is_empty()) {
            return rest;
        }
        if !starts {
            return AnotherCall::Known;
        }
        if times.leaves {
            let alike = times.calls.iter().filter(|call| call.place == place);
            // Two that run at once say all that a third one could.
            let runs = |call: &&TimedCall| call.left.is_subset(&self.open);
            let left: BTreeSet<usize> = times.calls.iter().flat_map(|call| call.left.iter().copied()).collect();
            let knew =
                |call: &&TimedCall| self.open.iter().all(|number| call.open.contains(number) || left.contains(number));
            return if alike.filter(runs).filter(knew).count() > 1 { AnotherCall::Known } else { rest };
        }
        // All that it begins ends in it, so that two of them are in turn.
        let covers = |call: &TimedCall| {
            call.place.is_among_the_same(&place)
                && self.open.is_subset(&call.open)
                && call.containers == self.events.left
        };
        if times.calls.iter().any(covers) {
            AnotherCall::Known
        } else if often {
            AnotherCall::Often
        } else {
            AnotherCall::Again
        }
    }

    /// Does to processes what a call does that is not gone through; gives those that stand for the ones that it would leave.
    pub(super) fn repeat_call(&mut self, times: &mut CallTimes, how: AnotherCall) -> BTreeSet<usize> {
        if how == AnotherCall::Again {
            let (place, open, left) = (self.place(), self.open.clone(), BTreeSet::new());
            times.calls.push(TimedCall { place, open, left, containers: self.events.left });
        }
        // Where it asks for processes outside of it, it may name others than it did.
        let meant = |number: usize| if times.reaches_out { NO_PROCESS } else { number };
        let named: Vec<_> = times.named.iter().map(|(name, number)| (name.clone(), meant(*number))).collect();
        self.name_processes(times.last.map(meant), &named);
        self.events.waits += usize::from(times.waits);
        self.events.left += usize::from(times.leaves);
        self.events.unclear += usize::from(times.reaches_out);
        let left = times.calls.iter().flat_map(|call| call.left.intersection(&self.open).copied());
        let left: BTreeSet<usize> = if times.leaves { left.collect() } else { BTreeSet::new() };
        for number in &left {
            self.multiply_process(*number);
        }
        left
    }
}
