//! In which order a script starts containers, and which of them still run meanwhile.
//! Uses `shell_word` and `model`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::shell_word::ShellWord;
use crate::model::{Moment, TimeSpan};

/// The order of a run so far.
#[derive(Debug, Default)]
pub(super) struct Timeline {
    now: usize,
    /// Every process that ran beside others, by its number.
    processes: Vec<BesideProcess>,
    /// Those around this point, outermost first.
    around: Vec<usize>,
    /// The loops around this point, outermost first.
    loops: Vec<OpenLoop>,
    /// Names the process that runs, and how many there were.
    shell: usize,
    shells: usize,
    /// The starts, by their index.
    starts: Vec<Start>,
    /// The one that `$!` names, and those that variables name.
    last: Option<usize>,
    named: BTreeMap<String, usize>,
    /// Those that `sem` runs, until it waits for them.
    queued: Vec<usize>,
    /// The processes that have not ended.
    pub(super) open: BTreeSet<usize>,
    /// What happened so far, in order.
    pub(super) events: TimeEvents,
    /// How often what is gone through now is only tried, so that nothing of it happens.
    paused: usize,
}

/// What happened in a run so far, each kind in order.
#[derive(Debug, Default)]
pub(super) struct TimeEvents {
    /// The processes that ended, and those that a `wait` or `$!` named.
    pub(super) ended: Vec<usize>,
    pub(super) asked: Vec<usize>,
    /// The names that processes got.
    pub(super) named: Vec<(String, usize)>,
    /// How often all of a shell's processes were waited for.
    pub(super) waits: usize,
    /// How many containers were left running.
    pub(super) left: usize,
    /// How often it was not followed what a call does to processes outside of it.
    pub(super) unclear: usize,
}

#[derive(Debug)]
struct BesideProcess {
    from: usize,
    until: usize,
    /// The process that could wait for it.
    parent: usize,
    /// Whether it is started on some ways only.
    conditional: bool,
    /// Whether it stands for several, so that no `wait` for one ends it.
    many: bool,
}

#[derive(Debug)]
struct OpenLoop {
    from: usize,
    /// How many processes and starts there were before it.
    processes: usize,
    starts: usize,
    /// The variables that a round sets.
    sets: BTreeSet<String>,
}

/// A place among the processes of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TimePlace {
    /// The processes around it, outermost first.
    around: Vec<usize>,
    shell: usize,
}

impl TimePlace {
    /// Whether the processes around both are the same, which need not be one shell.
    pub(super) fn is_among_the_same(&self, other: &Self) -> bool {
        self.around == other.around
    }
}

#[derive(Debug)]
struct Start {
    at: usize,
    around: Vec<usize>,
    repeats: bool,
    /// Whether it is made so often that it counts as beside all others.
    beside_all: bool,
    /// The beginning of the outermost loop around it, where it goes on by itself: it runs in the rounds after its own.
    loop_from: Option<usize>,
    end: StartEnd,
}

/// What ends a start that goes on by itself, in the round of a loop that makes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum StartEnd {
    /// Nothing so far.
    Open,
    /// A command at this point, on the ways that were followed so far.
    At(usize),
    /// Some way leads out of the round before it has ended.
    Never,
}

/// When a start is.
#[derive(Debug, Default)]
pub(super) struct StartMoment {
    pub(super) moment: Moment,
    /// Whether the next one begins before it ends.
    pub(super) repeats: bool,
    /// Whether its script surely ends it, in the round of the loop that makes it.
    pub(super) is_ended: bool,
}

impl Timeline {
    /// What is gone through from here on is only tried.
    pub(super) fn pause(&mut self) {
        self.paused += 1;
    }

    pub(super) fn go_on(&mut self) {
        self.paused -= 1;
    }

    fn tick(&mut self) -> usize {
        self.now += 1;
        self.now
    }

    /// A process begins beside what follows; gives its number.
    pub(super) fn begin_beside(&mut self, conditional: bool) -> usize {
        let from = self.tick();
        let until = if self.paused > 0 { from } else { usize::MAX };
        self.processes.push(BesideProcess { from, until, parent: self.shell, conditional, many: false });
        let number = self.processes.len() - 1;
        if self.paused == 0 {
            self.open.insert(number);
        }
        self.around.push(number);
        number
    }

    /// The same for one that `$!` names then.
    pub(super) fn begin_background(&mut self, conditional: bool) -> usize {
        let number = self.begin_beside(conditional);
        if self.paused == 0 {
            self.last = Some(number);
        }
        number
    }

    /// The same for one that `sem --wait` waits for.
    pub(super) fn begin_queued(&mut self, conditional: bool) -> usize {
        let number = self.begin_beside(conditional);
        if self.paused == 0 {
            self.queued.push(number);
        }
        number
    }

    /// `sem --wait`. What is only tried ends nothing.
    pub(super) fn wait_for_queued(&mut self) {
        if self.paused == 0 {
            self.events.waits += 1;
            for number in std::mem::take(&mut self.queued) {
                self.end_process(number);
            }
        }
    }

    /// The shell goes on with what follows.
    pub(super) fn leave_beside(&mut self) {
        self.around.pop();
    }

    /// What ran beside has ended for certain.
    pub(super) fn end_process(&mut self, number: usize) {
        let now = self.tick();
        let is_one = |process: &&mut BesideProcess| process.until == usize::MAX && !process.many;
        if let Some(process) = self.processes.get_mut(number).filter(is_one) {
            process.until = now;
            self.note_ended(number);
        }
    }

    fn note_ended(&mut self, number: usize) {
        self.open.remove(&number);
        self.events.ended.push(number);
    }

    /// Ends all that this shell started and can wait for; which those are. What is only tried ends nothing.
    fn wait_for_all(&mut self, conditional: bool) -> Vec<usize> {
        let is_meant =
            |number: &usize| self.processes.get(*number).is_some_and(|process| !conditional || process.conditional);
        let ended: Vec<usize> = self.open_children().into_iter().filter(is_meant).collect();
        if self.paused > 0 {
            return ended;
        }
        let now = self.tick();
        self.events.waits += 1;
        for number in &ended {
            if let Some(process) = self.processes.get_mut(*number) {
                process.until = now;
                self.note_ended(*number);
            }
        }
        ended
    }

    /// The processes that this shell started and that have not ended.
    pub(super) fn open_children(&self) -> Vec<usize> {
        let own = |number: &usize| self.processes.get(*number).is_some_and(|process| process.parent == self.shell);
        self.open.iter().copied().filter(own).collect()
    }

    /// Notes that a variable names the last process: `pid=$!`.
    pub(super) fn note_process_number(&mut self, name: &str, written: &str) {
        let Some(last) = self.last.filter(|_| matches!(written.trim_matches('"'), "$!" | "${!}")) else { return };
        if self.paused == 0 {
            self.events.asked.push(last);
            self.name_process(name, last);
        }
    }

    fn name_process(&mut self, name: &str, number: usize) {
        self.named.insert(name.to_owned(), number);
        self.events.named.push((name.to_owned(), number));
    }

    /// `wait`, alone or with operands; which processes have ended after it. Where the operands are not understood, they are
    /// what was started before.
    pub(super) fn wait_for(&mut self, operands: &[ShellWord], conditional: bool) -> Vec<usize> {
        let written: Vec<String> = operands.iter().map(|word| word.source.raw()).collect();
        if written.iter().any(|word| word.starts_with("-n")) {
            return Vec::new();
        }
        let number = |word: &String| {
            let name = word.trim_matches('"').trim_start_matches('$').trim_start_matches('{').trim_end_matches('}');
            if name == "!" { self.last } else { self.named.get(name).copied() }
        };
        let known: Option<Vec<usize>> = written.iter().filter(|word| !word.starts_with('-')).map(number).collect();
        match known {
            Some(numbers) if !numbers.is_empty() => {
                // A round of a loop that is only tried ends nothing that a real one finds running.
                if self.paused == 0 {
                    self.events.asked.extend(&numbers);
                    for number in &numbers {
                        self.end_process(*number);
                    }
                }
                numbers
            }
            Some(_) => self.wait_for_all(conditional),
            None => self.wait_for_all(false),
        }
    }

    /// A shell process begins; gives what `leave_shell` wants.
    pub(super) fn enter_shell(&mut self) -> usize {
        self.shells += 1;
        std::mem::replace(&mut self.shell, self.shells)
    }

    pub(super) fn leave_shell(&mut self, outer: usize) {
        self.shell = outer;
    }

    pub(super) fn begin_loop(&mut self) {
        let from = self.tick();
        let (processes, starts) = (self.processes.len(), self.starts.len());
        self.loops.push(OpenLoop { from, processes, starts, sets: BTreeSet::new() });
    }

    /// What a round leaves running, the next one finds running.
    pub(super) fn end_loop(&mut self) {
        let Some(ended) = self.loops.pop() else { return };
        for process in self.processes.iter_mut().skip(ended.processes).filter(|process| process.until == usize::MAX) {
            process.from = process.from.min(ended.from);
        }
        let Self { starts, processes, .. } = self;
        for start in starts.iter_mut().skip(ended.starts) {
            // A round that ends it leaves no more of it than of what it waits for.
            let own = usize::from(matches!(start.end, StartEnd::At(_)));
            let around = start.around.get(..start.around.len().saturating_sub(own)).unwrap_or_default();
            let begun = around.iter().filter(|number| **number >= ended.processes);
            let open = |number: &usize| processes.get(*number).is_some_and(|one| one.until == usize::MAX);
            start.repeats |= begun.into_iter().any(open);
        }
        if let Some(outer) = self.loops.last_mut() {
            outer.sets.extend(ended.sets);
        }
    }

    /// Notes that a variable is set here.
    pub(super) fn note_set(&mut self, name: &str) {
        if let Some(inner) = self.loops.last_mut()
            && !inner.sets.contains(name)
        {
            inner.sets.insert(name.to_owned());
        }
    }

    /// The variables that the rounds of the loops around this point set.
    pub(super) fn varying(&self) -> Vec<String> {
        self.loops.iter().flat_map(|one| &one.sets).cloned().collect()
    }

    /// A container is started. `beside`: it goes on by itself.
    pub(super) fn add_start(&mut self, beside: bool, repeats: bool) {
        let at = self.tick();
        let mut around = self.around.clone();
        if beside {
            // Also when the script is called again.
            let (from, until, parent) = (0, usize::MAX, usize::MAX);
            self.processes.push(BesideProcess { from, until, parent, conditional: true, many: false });
            around.push(self.processes.len() - 1);
            self.events.left += 1;
        }
        let loop_from = self.loops.first().filter(|_| beside).map(|outermost| outermost.from);
        self.starts.push(Start { at, around, repeats, beside_all: false, loop_from, end: StartEnd::Open });
    }

    /// A command ends what an earlier start left running in a loop. Both by their index.
    pub(super) fn end_start(&mut self, start: usize, by: usize) {
        let at = self.starts.get(by).map_or(self.now, |by| by.at);
        if let Some(start) = self.starts.get_mut(start) {
            start.end = match start.end {
                StartEnd::Open => StartEnd::At(at),
                StartEnd::At(before) => StartEnd::At(before.max(at)),
                StartEnd::Never => StartEnd::Never,
            };
        }
    }

    /// What a start left running goes on at a point; it need not have been ended somewhere so far.
    pub(super) fn keep_start(&mut self, start: usize, only_ended: bool) {
        if let Some(start) = self.starts.get_mut(start)
            && (!only_ended || matches!(start.end, StartEnd::At(_)))
        {
            start.end = StartEnd::Never;
        }
    }

    /// A start that was read is made once more, in a call that waits for all that it starts: within it all is as before.
    pub(super) fn add_start_again(&mut self, start: usize) {
        let at = self.tick();
        let (repeats, beside_all) =
            self.starts.get(start).map_or((false, false), |start| (start.repeats, start.beside_all));
        let around = self.around.clone();
        self.starts.push(Start { at, around, repeats, beside_all, loop_from: None, end: StartEnd::Open });
    }

    /// A start is made more often than it is followed when.
    pub(super) fn spread_start(&mut self, start: usize) {
        if let Some(start) = self.starts.get_mut(start) {
            (start.beside_all, start.repeats) = (true, true);
        }
    }

    /// A process stands for more than one.
    pub(super) fn multiply_process(&mut self, number: usize) {
        if let Some(process) = self.processes.get_mut(number) {
            process.many = true;
        }
    }

    /// The processes around this point, and which shell this is.
    pub(super) fn place(&self) -> TimePlace {
        TimePlace { around: self.around.clone(), shell: self.shell }
    }

    pub(super) fn processes(&self) -> usize {
        self.processes.len()
    }

    pub(super) fn last_process(&self) -> Option<usize> {
        self.last
    }

    /// Gives processes the names that a call gives them.
    pub(super) fn name_processes(&mut self, last: Option<usize>, named: &[(String, usize)]) {
        self.last = last.or(self.last);
        for (name, number) in named {
            self.name_process(name, *number);
        }
    }

    /// The moment of a start in a run, once that is over.
    pub(super) fn moment(&self, start: usize, run: &Arc<str>) -> StartMoment {
        let Some(start) = self.starts.get(start) else { return StartMoment::default() };
        if start.beside_all {
            let until = TimeSpan { process: usize::MAX, from: 0, until: usize::MAX, is_ended: false };
            let moment = Moment { run: Arc::clone(run), spans: vec![until], at: start.at, ..Moment::default() };
            return StartMoment { moment, repeats: true, is_ended: false };
        }
        let span = |number: &usize| {
            let process = self.processes.get(*number)?;
            let (from, until) = (process.from, process.until);
            Some(TimeSpan { process: *number + 1, from, until, is_ended: false })
        };
        let mut spans: Vec<TimeSpan> = start.around.iter().filter_map(span).collect();
        let end = match start.end {
            StartEnd::At(end) => spans.last_mut().map(|own| (own, end)),
            StartEnd::Open | StartEnd::Never => None,
        };
        let is_ended = end.is_some();
        if let Some((own, end)) = end {
            (own.from, own.until, own.is_ended) = (start.at, end, true);
        }
        let goes_on_from = start.loop_from.filter(|_| !is_ended);
        let repeats = start.repeats || goes_on_from.is_some();
        let moment = Moment { run: Arc::clone(run), spans, at: start.at, goes_on_from, ..Moment::default() };
        StartMoment { moment, repeats, is_ended }
    }
}
