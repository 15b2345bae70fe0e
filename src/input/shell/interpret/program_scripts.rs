//! Scripts that have the name of a program that matters, and stand for it: what `claude` of a person's own runs.
//! Uses `interpreter`, `exec`, `shell_state` and `model`.

use super::interpreter::Interpreter;
use super::shell_state::ShellState;
use super::shell_word::ShellWord;
use crate::model::{Invocation, Word};

/// Programs that run one out of a package, whose words say which.
const PACKAGE_RUNNERS: [&str; 7] = ["npx", "bunx", "pnpx", "pnpm", "yarn", "npm", "bun"];

/// What a script may do before the program that it stands for.
const HARMLESS: [&str; 20] = [
    "", ":", "-", "break", "cd", "echo", "exit", "flock", "kill", "pkill", "printf", "return", "rm", "rmdir", "sleep",
    "stty", "sync", "true", "wait", "trap",
];

/// Such a script, as it begins.
pub(super) struct ProgramScript {
    /// Its name and its arguments.
    words: Vec<ShellWord>,
    state: ShellState,
    /// How many calls and starts of containers were found before it.
    found: usize,
    started: usize,
}

impl Interpreter<'_> {
    /// Notes where a script begins, if it has the name of a program that matters.
    pub(super) fn begin_program_script(
        &self,
        path: &str,
        words: &[ShellWord],
        state: &ShellState,
    ) -> Option<ProgramScript> {
        let name = path.rsplit('/').next().unwrap_or(path);
        if !(self.context.programs)().iter().any(|program| program == name) {
            return None;
        }
        let (words, state) = (words.to_vec(), state.clone());
        Some(ProgramScript { words, state, found: self.found.len(), started: self.started.len() })
    }

    /// Records the script as the program, where it runs something and nothing in it is seen to be that program: the program
    /// may be behind a variable or another name. It runs where the script hands its arguments on.
    pub(super) fn end_program_script(&mut self, script: Option<ProgramScript>) {
        let Some(script) = script.filter(|script| self.started.len() == script.started) else { return };
        let inside = self.found.get(script.found..).unwrap_or_default();
        let matters = |call: &&Invocation| call.argv.first().is_some_and(|name| !HARMLESS.contains(&&**name));
        let mut names = inside.iter().filter_map(|call| call.argv.first());
        if names.any(|word| self.is_program(word)) || !inside.iter().any(|call| matters(&call)) {
            return;
        }
        let given: Vec<Word> = script.words.iter().skip(1).map(|word| Word::of_traced(&word.text)).collect();
        let hands_on = |call: &&Invocation| call.argv.get(1..).is_some_and(|words| words.ends_with(&given));
        let within = inside.iter().filter(matters).rfind(hands_on).cloned();
        let call = self.invocation(&script.words, &script.state);
        self.record_call(match within {
            Some(within) => Invocation { argv: call.argv, span: call.span, ..within },
            None => call,
        });
    }

    /// Whether a word is a program that matters, or one that runs such out of a package.
    pub(super) fn is_program(&self, word: &str) -> bool {
        let name = word.rsplit('/').next().unwrap_or(word);
        PACKAGE_RUNNERS.contains(&name) || (self.context.programs)().iter().any(|program| program == name)
    }
}
