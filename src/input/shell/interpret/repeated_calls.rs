//! Code that is called again from the same start is not gone through again: what it gave is given again.
//! Uses `interpreter`, `saved_call`, `call_times`, `moved_states` and `repeated_records`.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::call_notes::CallNotes;
use super::call_times::{AnotherCall, CallBeginning, CallTimes};
use super::exit_states::{ExitStates, FrameKind};
use super::interpreter::Interpreter;
use super::limits;
use super::print_record::PrintedWords;
use super::saved_call::{
    CallStart, CalledCode, Depth, LeftInFrame, LeftStates, Renames, RunningCode, SavedCall, SavedCalls, Surroundings,
    place_of_call,
};
use super::shell_state::{HeldLock, ShellState, join_states};
use super::widened_calls::{ToldApart, WideStart};
use crate::input::shell::parse::syntax::Block;

/// A saved call that another one starts like, by its index.
struct LikeCall {
    index: usize,
    renames: Renames,
}

/// What comes of a call.
enum NextCall {
    /// It was gone through, and gives this.
    Given(Box<ExitStates>),
    /// It runs; with what is to be done after it, where anything is.
    Runs(Option<Box<RunningCall>>, ShellState),
}

/// A call that is being gone through.
struct RunningCall {
    kind: CallKind,
    wide: Option<WideCall>,
    began: CallBeginning,
}

enum CallKind {
    First(Box<FirstCall>),
    /// One that was gone through from the same start, with what it sets, and how many facts it began with.
    Again {
        index: usize,
        sets: BTreeSet<String>,
        known: usize,
    },
}

/// A call that is kept when it ends.
struct FirstCall {
    surroundings: Surroundings,
    start: ShellState,
    first_site: usize,
    first_found: usize,
    /// What the frames around it had so far, each by its index, and what was printed.
    set_aside: Vec<(usize, ExitStates, Option<ShellState>)>,
    printed: Option<PrintedWords>,
}

/// A start that stands for many, and the one that it stands for here.
struct WideCall {
    wide: WideStart,
    before: ShellState,
}

/// The ways out of a call as those of the start that it was made from.
fn narrow(wide: Option<WideCall>, exits: ExitStates, sets: &BTreeSet<String>) -> ExitStates {
    match wide {
        Some(WideCall { wide, before }) => wide.narrow(exits, sets, &before),
        None => exits,
    }
}

impl Interpreter<'_> {
    /// Runs code, or gives what it gave when it ran from the same start.
    pub(super) fn run_or_repeat(
        &mut self,
        code: &CalledCode,
        state: ShellState,
        run: impl FnOnce(&mut Self, ShellState) -> ExitStates,
    ) -> ExitStates {
        // Between the beginning and the end of a call lie all those that it calls, so that little is on the stack then.
        let (running, state) = match self.begin_call(code, state) {
            NextCall::Given(exits) => return *exits,
            NextCall::Runs(running, state) => (running, state),
        };
        let exits = run(self, state);
        match running {
            Some(running) => self.end_call(code, running, exits),
            None => exits,
        }
    }

    fn begin_call(&mut self, code: &CalledCode, state: ShellState) -> NextCall {
        if self.is_never_kept(&state) {
            return NextCall::Runs(None, state);
        }
        let surroundings = self.surroundings(&state);
        let mut all = self.saved.remove(code).unwrap_or_default();
        all.places.extend(place_of_call(&state));
        let apart = ToldApart::after(&all.calls, all.places.len());
        let like = self.find_like(&all, &state, &surroundings, apart);
        if like.is_none() && apart != ToldApart::All {
            let callee = format!("a call in {}", self.context.sources.get(self.here.file).name());
            let wide = WideStart::new(&all.calls, &state, apart, &callee);
            #[cfg(test)]
            {
                self.has_wide_calls = true;
            }
            let like = self.find_like(&all, &wide.state, &surroundings, apart);
            self.saved.insert(code.clone(), all);
            if like.is_none() && apart == ToldApart::Nothing {
                self.note_too_deep("a part of the shell text is called in more ways than are followed");
                return NextCall::Given(Box::new(ExitStates::either_way(state)));
            }
            let wide_state = wide.state.clone();
            let wide = WideCall { wide, before: state };
            return self.begin_unless_like(code, like, wide_state, surroundings, Some(wide));
        }
        self.saved.insert(code.clone(), all);
        self.begin_unless_like(code, like, state, surroundings, None)
    }

    /// Begins a call unless the code was run from a start that this one is like.
    fn begin_unless_like(
        &mut self,
        code: &CalledCode,
        like: Option<LikeCall>,
        state: ShellState,
        surroundings: Surroundings,
        wide: Option<WideCall>,
    ) -> NextCall {
        let Some(LikeCall { index, renames }) = like else {
            let first = Box::new(self.begin_saved_call(surroundings, &state));
            return self.begin_running(CallKind::First(first), state, wide);
        };
        let mut all = self.saved.remove(code).unwrap_or_default();
        let saved = all.calls.get_mut(index);
        let sets = saved.as_ref().filter(|_| wide.is_some()).map(|saved| saved.notes.changes()).unwrap_or_default();
        let how = saved.as_ref().map_or(AnotherCall::Run, |saved| self.judge_like(saved));
        let exits =
            saved.filter(|_| how != AnotherCall::Run).map(|saved| self.repeat(code, saved, renames, how, &state));
        self.saved.insert(code.clone(), all);
        match exits {
            Some(exits) => NextCall::Given(Box::new(narrow(wide, exits, &sets))),
            None => self.begin_running(CallKind::Again { index, sets, known: state.facts.len() }, state, wide),
        }
    }

    fn begin_running(&mut self, kind: CallKind, state: ShellState, wide: Option<WideCall>) -> NextCall {
        self.call_notes.push(CallNotes::default());
        let began = self.timeline.begin_call();
        NextCall::Runs(Some(Box::new(RunningCall { kind, wide, began })), state)
    }

    fn end_call(&mut self, code: &CalledCode, running: Box<RunningCall>, exits: ExitStates) -> ExitStates {
        let RunningCall { kind, wide, began } = *running;
        match kind {
            CallKind::First(first) => {
                let (exits, saved) = self.end_saved_call(code, *first, began, exits);
                let sets = if wide.is_some() { saved.notes.changes() } else { BTreeSet::new() };
                if code.is_kept_after(&saved.notes) {
                    self.saved.entry(code.clone()).or_default().keep(saved);
                }
                narrow(wide, exits, &sets)
            }
            CallKind::Again { index, sets, known } => {
                let exits = self.end_another_call(code, index, began, exits.without_known_facts(known));
                narrow(wide, exits, &sets)
            }
        }
    }

    /// The call that one with this state is like. Where there are many of them, functions that call each other in a circle
    /// are gone through no further for each of the ways round it: that they call themselves is told in any case.
    fn find_like(
        &self,
        all: &SavedCalls,
        state: &ShellState,
        surroundings: &Surroundings,
        apart: ToldApart,
    ) -> Option<LikeCall> {
        let same_file = |one, other| match (self.files.get(one), self.files.get(other)) {
            (Some(one), Some(other)) => one == other,
            _ => false,
        };
        let often = apart != ToldApart::All;
        let around = self.frames_around();
        all.called_as(state).rev().find_map(|(index, saved)| {
            let fits = saved.surroundings == *surroundings
                && (!saved.notes.leaves_loops || saved.around == around)
                && (!saved.notes.ends_containers || saved.start.state().running == state.running)
                && saved.depth.is_none_or(|depth| self.depth_here().is_below(depth))
                && (often || self.running_of(&saved.notes) == saved.running)
                && self.varying_of(&saved.notes) == saved.varying;
            let renames = fits.then(|| saved.start.is_like(state, &same_file)).flatten()?;
            Some(LikeCall { index, renames })
        })
    }

    /// Whether a call is gone through each time, since more decides what it does than is compared.
    fn is_never_kept(&self, state: &ShellState) -> bool {
        self.input.is_some()
            || self.beside_locks > 0
            || self.time_limit.is_some()
            || !self.aliases.is_empty()
            || !self.homes.is_empty()
            || !state.left.is_empty()
    }

    /// Goes round a loop's body once, where that is only tried: in a loop around it that is tried again and again, and gone
    /// through after that, each round that begins alike is gone through once.
    pub(super) fn try_round(&mut self, body: &Rc<Block>, state: ShellState) -> ExitStates {
        let code = CalledCode::TrialRound(Rc::clone(body));
        let is_repeated = self.loops.len() > 1 || !self.calls.is_empty();
        // What varies more is told apart all the same: which values a round leaves is asked of what follows.
        let is_often = self.saved.get(&code).is_some_and(|all| all.calls.len() >= limits::TRIAL_ROUNDS);
        if !is_repeated || is_often {
            return self.run_block(body, state);
        }
        self.run_or_repeat(&code, state, |interpreter, state| interpreter.run_block(body, state))
    }

    /// Notes in the call around this point what a call in it does.
    fn note_in_caller(&mut self, code: &CalledCode, notes: &CallNotes) {
        if let Some(around) = self.call_notes.last_mut() {
            let (hides, returns) = (around.hides_in_function, around.returns);
            around.absorb(notes);
            if !code.is_part_of_caller() {
                (around.hides_in_function, around.returns) = (hides, returns);
            }
        }
    }

    /// Notes that the calls around this point do something that is not given again.
    pub(super) fn forbid_keeping(&mut self) {
        if let Some(notes) = self.call_notes.last_mut() {
            notes.is_unkept = true;
        }
    }

    fn judge_like(&self, saved: &SavedCall) -> AnotherCall {
        if self.is_muted() {
            return AnotherCall::Known;
        }
        let starts = saved.notes.starts.len();
        // Half of the room is left for what starts for the first time.
        let is_full = starts > 0 && self.started.len() + starts > limits::CONTAINER_STARTS / 2;
        match self.timeline.judge_call(&saved.times, starts > 0) {
            AnotherCall::Again | AnotherCall::Run if is_full => AnotherCall::Often,
            how => how,
        }
    }

    fn surroundings(&self, state: &ShellState) -> Surroundings {
        let mut held: Vec<&HeldLock> = state.locks.values().collect();
        held.sort_by_key(|held| held.order);
        Surroundings {
            muted: self.is_muted(),
            in_condition: self.conditions > 0,
            bash: self.bash,
            here: self.here,
            file: self.inside.last().map(|inside| inside.path.clone()),
            way_in: self.way_in().is_some(),
            at_once: self.at_once > 0,
            placeholder: self.placeholder.clone(),
            aside: !self.loops.is_empty() || !self.forks.is_empty(),
            expands_aliases: self.expands_aliases,
            in_loop: self.frames.iter().any(|frame| frame.kind == FrameKind::Loop),
            prints: self.printed.last().is_some_and(|printed| printed.aside == 0),
            locks: held.into_iter().map(|held| self.sides_of_lock(held)).collect(),
        }
    }

    /// The frames around this point up to its process, innermost first.
    fn frames_around(&self) -> Vec<FrameKind> {
        let kinds = self.frames.iter().rev().map(|frame| frame.kind);
        kinds.take_while(|kind| *kind != FrameKind::Process).collect()
    }

    fn depth_here(&self) -> Depth {
        Depth { statements: self.depth, texts: self.texts, files: self.inside.len() }
    }

    /// What is being run of the functions and files that a call calls.
    fn running_of(&self, notes: &CallNotes) -> RunningCode {
        let functions = self.calls.iter().filter(|name| notes.functions.contains(*name)).cloned().collect();
        let files = self.inside.iter().filter(|inside| notes.files.contains(&inside.path)).cloned().collect();
        RunningCode { functions, files }
    }

    /// The variables that loops around this point set, as far as what a call starts names them.
    fn varying_of(&self, notes: &CallNotes) -> BTreeSet<String> {
        if notes.open_words.is_empty() {
            return BTreeSet::new();
        }
        let is_named = |name: &String| notes.open_words.iter().any(|word| word.contains(name.as_str()));
        self.timeline.varying().into_iter().filter(is_named).collect()
    }

    /// Begins a call whose end is kept.
    fn begin_saved_call(&mut self, surroundings: Surroundings, state: &ShellState) -> FirstCall {
        let start = state.clone();
        let (first_site, first_found) = (self.sites, self.found.len());
        let set_aside = self.take_from_frames();
        let printed = self.printed.last_mut().map(PrintedWords::begin_anew);
        self.touches.begin(&start.vars);
        FirstCall { surroundings, start, first_site, first_found, set_aside, printed }
    }

    /// Keeps what a call gives.
    fn end_saved_call(
        &mut self,
        code: &CalledCode,
        first: FirstCall,
        began: CallBeginning,
        exits: ExitStates,
    ) -> (ExitStates, SavedCall) {
        let FirstCall { surroundings, start, first_site, first_found, set_aside, printed } = first;
        let exits = exits.without_known_facts(start.facts.len());
        let mut times = CallTimes::default();
        let notes = self.call_notes.pop().unwrap_or_default();
        self.timeline.end_call(began, &notes.relied, &mut times);
        self.note_in_caller(code, &notes);
        let touched = self.touches.end();
        let own = match (self.printed.last_mut(), printed) {
            (Some(last), Some(mut before)) => {
                before.append(last);
                std::mem::replace(last, before)
            }
            _ => PrintedWords::default(),
        };
        let around = self.frames_around();
        let innermost = self.frames.len().saturating_sub(1);
        let mut frames = Vec::new();
        for (at, ends, again) in self.take_from_frames() {
            let place = innermost.saturating_sub(at);
            // No way out leads past the process.
            if place <= around.len() {
                let ends = LeftStates::new(&start, &touched, ends.clone());
                let again =
                    LeftStates::new(&start, &touched, ExitStates { ok: again.clone(), ..ExitStates::default() });
                frames.push(LeftInFrame { place, ends, again });
            }
            self.leave_in_frame(at, ends, again, true);
        }
        for (at, ends, again) in set_aside {
            self.leave_in_frame(at, ends, again, false);
        }
        let mut saved = SavedCall {
            varying: self.varying_of(&notes),
            running: self.running_of(&notes),
            depth: notes.is_cut.then(|| self.depth_here()),
            exits: LeftStates::new(&start, &touched, exits.clone()),
            around,
            frames,
            printed: own,
            found: first_found..self.found.len(),
            times,
            sites: BTreeSet::new(),
            surroundings,
            start: CallStart::new(start, touched),
            notes,
        };
        saved.notes.leaves_loops |= code.leaves_by_return(&saved.notes);
        saved.sites = made_sites(&saved, first_site);
        (exits, saved)
    }

    /// Ends a call that was gone through again from the same start, since now other processes run.
    fn end_another_call(
        &mut self,
        code: &CalledCode,
        index: usize,
        began: CallBeginning,
        exits: ExitStates,
    ) -> ExitStates {
        let notes = self.call_notes.pop().unwrap_or_default();
        self.note_in_caller(code, &notes);
        if let Some(saved) = self.saved.get_mut(code).and_then(|all| all.calls.get_mut(index)) {
            // Its starts are those of the first time, at another time.
            self.timeline.end_call(began, &notes.relied, &mut saved.times);
        }
        exits
    }

    /// Gives again what a call gave.
    fn repeat(
        &mut self,
        code: &CalledCode,
        saved: &mut SavedCall,
        mut renames: Renames,
        how: AnotherCall,
        state: &ShellState,
    ) -> ExitStates {
        self.touches.add(saved.start.touched(), &state.vars);
        for name in &saved.notes.sets {
            self.timeline.note_set(name);
        }
        if !self.is_muted() {
            self.repeat_found(saved, state);
            self.repeat_starts(saved, &renames, how);
            if !saved.notes.starts.is_empty() {
                self.keep_running_here(state);
            }
            let relied = self.timeline.repeat_call(&mut saved.times, how);
            if let Some(around) = self.call_notes.last_mut() {
                around.relied.extend(relied);
            }
        }
        self.note_in_caller(code, &saved.notes);
        if let Some(printed) = self.printed.last_mut().filter(|printed| printed.aside == 0) {
            printed.append(&saved.printed);
        }
        for site in &saved.sites {
            renames.sites.insert(*site, self.next_site());
        }
        let start = &saved.start;
        let exits = self.moved_states(&saved.exits, start, &mut renames, state).without_known_facts(state.facts.len());
        // Where it leaves no loop, it leaves the process alone, and other frames may be around it now.
        let first = if saved.notes.leaves_loops { 0 } else { saved.around.len() };
        let skipped = if saved.notes.leaves_loops { 0 } else { self.frames_around().len() };
        for frame in saved.frames.iter().filter(|frame| frame.place >= first) {
            let ends = self.moved_states(&frame.ends, start, &mut renames, state);
            let again = self.moved_states(&frame.again, start, &mut renames, state).ok;
            let place = frame.place - first + skipped;
            if let Some(at) = self.frames.len().checked_sub(place + 1) {
                self.leave_in_frame(at, ends, again, true);
            }
        }
        exits
    }

    /// Takes away what ways out led to the frames around this point, innermost first.
    fn take_from_frames(&mut self) -> Vec<(usize, ExitStates, Option<ShellState>)> {
        let left = self.frames.iter_mut().enumerate().rev();
        let left = left.filter(|(_, frame)| frame.ends.is_alive() || frame.again.is_some());
        left.map(|(at, frame)| (at, std::mem::take(&mut frame.ends), frame.again.take())).collect()
    }

    /// Adds what ways out led to a frame, behind what it has or before that.
    fn leave_in_frame(&mut self, at: usize, ends: ExitStates, again: Option<ShellState>, is_behind: bool) {
        let Some(frame) = self.frames.get_mut(at) else { return };
        let (own, own_again) = (std::mem::take(&mut frame.ends), frame.again.take());
        (frame.ends, frame.again) = if is_behind {
            (own.merge(ends), join_states(own_again, again))
        } else {
            (ends.merge(own), join_states(again, own_again))
        };
    }
}

/// The names of branches and locks that were made in a call and are left by it.
fn made_sites(saved: &SavedCall, first: usize) -> BTreeSet<usize> {
    let states = || saved.left_states().map(|left| &left.state);
    let facts = states().flat_map(|state| state.facts.iter().map(|fact| fact.site));
    let locks = states().flat_map(|state| state.locks.values().map(|held| held.order));
    facts.chain(locks).filter(|site| *site > first).collect()
}
