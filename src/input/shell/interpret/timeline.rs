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
}

#[derive(Debug)]
struct BesideProcess {
    from: usize,
    until: usize,
    /// The process that could wait for it.
    parent: usize,
    /// Whether it is started on some ways only.
    conditional: bool,
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

#[derive(Debug)]
struct Start {
    at: usize,
    around: Vec<usize>,
    repeats: bool,
}

impl Timeline {
    fn tick(&mut self) -> usize {
        self.now += 1;
        self.now
    }

    /// A process begins beside what follows; gives its number.
    pub(super) fn begin_beside(&mut self, conditional: bool) -> usize {
        let from = self.tick();
        self.processes.push(BesideProcess { from, until: usize::MAX, parent: self.shell, conditional });
        let number = self.processes.len() - 1;
        self.around.push(number);
        number
    }

    /// The same for one that `$!` names then.
    pub(super) fn begin_background(&mut self, conditional: bool) -> usize {
        let number = self.begin_beside(conditional);
        self.last = Some(number);
        number
    }

    /// The shell goes on with what follows.
    pub(super) fn leave_beside(&mut self) {
        self.around.pop();
    }

    /// What ran beside has ended for certain.
    pub(super) fn end_process(&mut self, number: usize) {
        let now = self.tick();
        if let Some(process) = self.processes.get_mut(number).filter(|process| process.until == usize::MAX) {
            process.until = now;
        }
    }

    /// Ends all that this shell started and can wait for; which those are.
    fn wait_for_all(&mut self, conditional: bool) -> Vec<usize> {
        let now = self.tick();
        let shell = self.shell;
        let own = |process: &BesideProcess| {
            process.parent == shell && process.until == usize::MAX && (!conditional || process.conditional)
        };
        let mut ended = Vec::new();
        for (number, process) in self.processes.iter_mut().enumerate().filter(|(_, process)| own(process)) {
            process.until = now;
            ended.push(number);
        }
        ended
    }

    /// Notes that a variable names the last process: `pid=$!`.
    pub(super) fn note_process_number(&mut self, name: &str, written: &str) {
        let Some(last) = self.last.filter(|_| matches!(written.trim_matches('"'), "$!" | "${!}")) else { return };
        self.named.insert(name.to_owned(), last);
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
                for number in &numbers {
                    self.end_process(*number);
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
            let begun = start.around.iter().filter(|number| **number >= ended.processes);
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
            self.processes.push(BesideProcess { from: 0, until: usize::MAX, parent: usize::MAX, conditional: true });
            around.push(self.processes.len() - 1);
        }
        let in_loop = beside && !self.loops.is_empty();
        self.starts.push(Start { at, around, repeats: repeats || in_loop });
    }

    /// The moment of a start in a run, once that is over, and whether the next one begins before it ends.
    pub(super) fn moment(&self, start: usize, run: &Arc<str>) -> (Moment, bool) {
        let Some(start) = self.starts.get(start) else { return (Moment::default(), false) };
        let span = |number: &usize| {
            let process = self.processes.get(*number)?;
            Some(TimeSpan { process: *number + 1, from: process.from, until: process.until })
        };
        let spans = start.around.iter().filter_map(span).collect();
        (Moment { run: Arc::clone(run), spans, at: start.at }, start.repeats)
    }
}
