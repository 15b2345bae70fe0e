//! The entries of a file of another kind, each of which somebody may call: their texts one after the other, each in a
//! shell of its own. Uses `interpreter`, `file_start`, `arguments` and `unwrapped`.

use std::sync::Arc;

use super::arguments::Arguments;
use super::exit_states::{ExitStates, LastCommand};
use super::file_start::FileStart;
use super::interpreter::Interpreter;
use super::list_item::ListItem;
use super::shell_state::ShellState;
use super::shell_word::ShellWord;
use super::start_record::ContainerStart;
use super::unknown_arguments::UnknownArguments;
use super::unwrapped::ShellCall;
use super::way_in_state::WaysIn;
use crate::input::shell::{EntryText, ShellEntry};
use crate::model::RunPart;

/// Which of the starts each entry made: the number of its first one, with what its run is.
pub(super) struct EntryRuns(Vec<(usize, EntryRun)>);

struct EntryRun {
    name: Arc<str>,
    is_single: bool,
    is_several: bool,
    varying: Vec<String>,
    part: Option<RunPart>,
}

impl EntryRuns {
    /// Names the run in each start's moment: two entries are two runs, so that neither waits for the other.
    pub(super) fn name_moments(&self, started: &mut [ContainerStart]) {
        for (number, start) in started.iter_mut().enumerate() {
            let run = self.0.iter().rev().find(|(first, _)| *first <= number);
            if let Some((_, run)) = run {
                let run_of_way = start.ways_in.first().map_or(0, |way_in| way_in.run);
                start.moment.run = match run_of_way {
                    0 => Arc::clone(&run.name),
                    number => format!("{} {number}", run.name).into(),
                };
                start.moment.part.clone_from(&run.part);
                start.is_single = run.is_single;
                start.repeats |= run.is_several;
                start.varying.extend(run.varying.iter().cloned());
            }
        }
    }
}

impl Interpreter<'_> {
    /// Runs each entry from its own beginning.
    pub(super) fn run_entries(&mut self, entries: &[ShellEntry]) -> EntryRuns {
        let mut runs = EntryRuns(Vec::with_capacity(entries.len()));
        self.ways_in = Some(WaysIn::default());
        let state = self.first_state();
        // The outer file is no script: a script that it calls is not the one that others call.
        self.inside.push(FileStart::of("", &[], &state));
        for entry in entries {
            let run = EntryRun {
                name: entry.run.as_str().into(),
                is_single: entry.is_single,
                is_several: entry.is_several,
                varying: entry.varying.clone(),
                part: entry.part.clone(),
            };
            runs.0.push((self.started.len(), run));
            self.run_entry(entry, state.clone());
        }
        self.inside.pop();
        runs
    }

    fn run_entry(&mut self, entry: &ShellEntry, mut state: ShellState) {
        let rest = UnknownArguments::of(&entry.name);
        for text in &entry.texts {
            let exits = self.run_entry_text(text, &rest, entry.is_kept_open, &state);
            let next = if text.ignores_failure || text.is_conditional { exits.joined() } else { exits.ok };
            match next {
                Some(next) => state = ShellState { conditional: false, ..next },
                None => return,
            }
        }
    }

    pub(super) fn run_entry_text(
        &mut self,
        text: &EntryText,
        rest: &UnknownArguments,
        is_kept_open: bool,
        state: &ShellState,
    ) -> ExitStates {
        let word = ShellWord { text: text.text.clone(), source: text.text.clone(), ..ShellWord::default() };
        let mut call = ShellCall::plain(word);
        call.options(&text.shell);
        call.pipefail = text.shell.contains("pipefail");
        let state = ShellState { conditional: text.is_conditional, ..state.clone() };
        let here = self.here;
        self.here = text.text.first_position(self.context.sources).unwrap_or(here);
        let exits = self.in_new_shell(&call, &state, |interpreter, mut inner| {
            let zeroth = inner.args.as_ref().and_then(|args| args.zeroth().cloned()).unwrap_or_default();
            inner.args = Some(Arguments::from_items([zeroth, ListItem::of_unknown(rest)]));
            if is_kept_open {
                return interpreter.run_then_functions(inner, |interpreter, inner| {
                    interpreter.run_text(&text.text, LastCommand::Forks, inner)
                });
            }
            interpreter.run_text(&text.text, LastCommand::ReplacesUnlessRedirected, inner)
        });
        self.here = here;
        exits
    }
}
