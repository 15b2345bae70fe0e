//! The states that a call left, as they are where it starts again. Uses `interpreter`, `saved_call` and `shell_state`.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::exit_states::ExitStates;
use super::interpreter::Interpreter;
use super::limits;
use super::saved_call::{CallStart, LeftState, LeftStates, Renames, is_own_number};
use super::shell_state::{BranchFact, Descriptor, OpenFileId, ShellState, own_number};

impl Interpreter<'_> {
    /// The states in which a call ends that starts in `now` as a saved one did in `start`.
    pub(super) fn moved_states(
        &mut self,
        left: &LeftStates,
        start: &CallStart,
        renames: &mut Renames,
        now: &ShellState,
    ) -> ExitStates {
        let mut moved =
            |left: &Option<LeftState>| left.as_ref().map(|left| self.moved_state(left, start, renames, now));
        ExitStates { ok: moved(&left.ok), err: moved(&left.err), soft: moved(&left.soft) }
    }

    fn moved_state(
        &mut self,
        left: &LeftState,
        start: &CallStart,
        renames: &mut Renames,
        now: &ShellState,
    ) -> ShellState {
        let mut state = ShellState { vars: now.vars.clone(), choices: Rc::clone(&now.choices), ..left.state.clone() };
        for (name, variable) in &left.changes {
            let variable = variable.as_ref().map(|variable| renames.renamed_variable(variable));
            state.vars.restore(name, variable);
        }
        if state.vars.len() > limits::VARIABLES {
            self.note_unread("the shell text has too many variables to be read", None);
        }
        for (name, texts) in &left.choices {
            match texts {
                Some(texts) => Rc::make_mut(&mut state.choices).insert(name.clone(), texts.clone()),
                None => Rc::make_mut(&mut state.choices).remove(name),
            };
        }
        let then = start.state();
        if Rc::ptr_eq(&state.functions, &then.functions) {
            state.functions = Rc::clone(&now.functions);
        }
        if Rc::ptr_eq(&state.cwd, &then.cwd) {
            state.cwd = Rc::clone(&now.cwd);
        }
        if left.state.running == then.running {
            state.running = Rc::clone(&now.running);
        } else if then.running != now.running {
            // It ends none of them, or they would be the same.
            let more = left.state.running.difference(&then.running);
            state.running = Rc::new(more.chain(now.running.iter()).copied().collect());
        }
        self.rename_open_files(&mut state, renames);
        let own = left.state.facts.get(then.facts.len()..).unwrap_or_default();
        state.facts = if own.is_empty() { Rc::clone(&now.facts) } else { Rc::new(now.facts.to_vec()) };
        for fact in own {
            let site = renames.sites.get(&fact.site).copied().unwrap_or(fact.site);
            state.learn_fact(BranchFact { site, ..fact.clone() });
        }
        state
    }

    fn rename_open_files(&mut self, state: &mut ShellState, renames: &mut Renames) {
        if state.fds.is_empty() && state.above.is_empty() && state.locks.is_empty() {
            return;
        }
        let fds = std::mem::take(&mut state.fds);
        let mut all = BTreeMap::new();
        for (number, descriptor) in fds.iter() {
            let file = descriptor.file.map(|file| self.renamed_file(file, renames));
            let own = file.filter(|_| is_own_number(*number, descriptor)).map(own_number);
            all.insert(own.unwrap_or(*number), Descriptor { file, ..descriptor.clone() });
        }
        state.fds = Rc::new(all);
        state.above = Rc::new(state.above.iter().map(|file| self.renamed_file(*file, renames)).collect());
        let mut locks = BTreeMap::new();
        for (file, held) in state.locks.iter() {
            let mut held = held.clone();
            held.order = renames.sites.get(&held.order).copied().unwrap_or(held.order);
            locks.insert(self.renamed_file(*file, renames), held);
        }
        state.locks = Rc::new(locks);
    }

    /// What a file is called that was open at the start; one that the call opened is opened again.
    fn renamed_file(&mut self, file: OpenFileId, renames: &mut Renames) -> OpenFileId {
        if let Some(known) = renames.files.get(&file) {
            return *known;
        }
        let own = self.files.get(file).cloned().map_or(file, |opened| {
            self.files.push(opened);
            self.files.len() - 1
        });
        renames.files.insert(file, own);
        own
    }
}
