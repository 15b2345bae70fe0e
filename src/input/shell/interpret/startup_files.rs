//! The files that a shell of a container reads before anything else (bash(1), "Invocation"; dash(1)):
//!
//! | shell | reads |
//! | --- | --- |
//! | `bash -l` | /etc/profile, then the first of ~/.bash_profile, ~/.bash_login, ~/.profile |
//! | `bash -i` | ~/.bashrc, and on Debian /etc/bash.bashrc before it |
//! | `bash -c`, a script | the file that `BASH_ENV` names |
//! | `sh -l` | /etc/profile, ~/.profile |
//! | `sh -i` | the file that `ENV` names |
//!
//! /etc/profile of the usual systems reads /etc/profile.d/*.sh.
//!
//! Uses `interpreter`, `shell_startup`, `script_files` and `file_system`.

use super::interpreter::Interpreter;
use super::shell_startup::Startup;
use super::shell_state::ShellState;
use super::shell_word::ShellWord;
use super::variable_value::VariableValue;
use crate::input::shell::file_system::{Lookup, find_program};
use crate::model::{Invocation, join, parent_and_name, split_below};
use crate::text::{Span, TracedText};

/// Where the parts of the system's own profile are.
const PROFILE_PARTS: &str = "/etc/profile.d";
/// The files of a login shell in a home, of which bash reads the first that is there.
const OF_BASH_LOGIN: [&str; 3] = [".bash_profile", ".bash_login", ".profile"];

impl Interpreter<'_> {
    /// Runs what a shell of a container reads first. What the person's own shell reads on a host is not looked at.
    pub(super) fn read_startup_files(&mut self, startup: &Startup, is_bash: bool, mut state: ShellState) -> ShellState {
        if startup.is_other || !self.context.decides || self.ways_in.is_some() {
            return state;
        }
        let home = self.home_of_shell(&state);
        let in_home = |name: &str| home.as_deref().map(|home| join(home, name));
        if startup.is_login {
            if startup.skips_profile {
                return state;
            }
            state = self.read_profile(state);
            if is_bash {
                let found = OF_BASH_LOGIN.iter().filter_map(|name| in_home(name)).find(|path| self.is_written(path));
                return match found {
                    Some(path) => self.read_if_there(&path, state),
                    // The usual ~/.profile reads it, unless it says itself that it is for a person.
                    None => self.doubt(in_home(".bashrc"), state),
                };
            }
            return in_home(".profile").into_iter().fold(state, |state, path| self.read_if_there(&path, state));
        }
        if startup.is_interactive && is_bash {
            if startup.skips_rc {
                return state;
            }
            let given = startup.rc_file.as_ref().map(|word| self.absolute_path(&word.text, &state));
            let own = given.unwrap_or_else(|| in_home(".bashrc"));
            state = self.read_if_there("/etc/bash.bashrc", state);
            return own.into_iter().fold(state, |state, path| self.read_if_there(&path, state));
        }
        let variable = match (is_bash, startup.is_interactive) {
            (true, _) => "BASH_ENV",
            (false, true) => "ENV",
            (false, false) => return state,
        };
        let named = self.variable_text(variable, &state).filter(|path| !path.is_empty());
        let path = named.and_then(|path| self.absolute_path(&TracedText::plain(&path), &state));
        path.into_iter().fold(state, |state, path| self.read_if_there(&path, state))
    }

    /// The profile of the system: a file of its own, or the usual one with its parts.
    fn read_profile(&mut self, mut state: ShellState) -> ShellState {
        if self.is_written("/etc/profile") {
            return self.read_if_there("/etc/profile", state);
        }
        let files = self.context.file_system;
        let mut parts: Vec<String> = files.files_in(PROFILE_PARTS, &|name| name.strip_suffix(".sh").is_some());
        let outputs = files.installs().iter().filter_map(|call| call.output.as_ref()?.known());
        let written =
            outputs.filter(|path| split_below(path, PROFILE_PARTS).is_some() && path.strip_suffix(".sh").is_some());
        parts.extend(written.filter_map(parent_and_name).map(|(_, name)| name.to_owned()));
        parts.sort();
        parts.dedup();
        for name in parts {
            state = self.read_if_there(&join(PROFILE_PARTS, &name), state);
        }
        state
    }

    /// Runs a file that is there, or says that it was not read where commands wrote a program into it that matters.
    fn read_if_there(&mut self, path: &str, state: ShellState) -> ShellState {
        match self.context.file_system.open(path) {
            Lookup::Text(_) | Lookup::Passage(_) => {
                let words = [ShellWord::plain("."), ShellWord::plain(path)];
                let exits = self.run_source(&words, state.clone());
                self.next_state(exits).unwrap_or(state)
            }
            Lookup::Unseen(_) | Lookup::Binary | Lookup::Absent => self.doubt(Some(path.to_owned()), state),
        }
    }

    /// A file that may be read: it is told where it names a program that matters.
    fn doubt(&mut self, path: Option<String>, state: ShellState) -> ShellState {
        let Some(path) = path else { return state };
        let programs = (self.context.programs)();
        let names_one = |text: &str| programs.iter().any(|program| find_program(text, program).is_some());
        let own_name = path.rsplit('/').next().unwrap_or_default();
        let writes = |call: &&Invocation| {
            let is_output = call.output.as_ref().is_some_and(|output| output.rsplit('/').next() == Some(own_name));
            is_output && call.argv.iter().any(|word| names_one(word))
        };
        let span = match self.context.file_system.open(&path) {
            Lookup::Text(file) => {
                let is_named = names_one(self.context.sources.get(file).text());
                is_named.then(|| Span::file_start(file))
            }
            _ => self.context.file_system.installs().iter().find(writes).map(|call| call.span),
        };
        if let Some(span) = span {
            self.note_unseen_at(format!("the shell may read `{path}` first, which was not read"), Some(span));
        }
        state
    }

    /// Whether a file is one whose text is known.
    fn is_written(&self, path: &str) -> bool {
        matches!(self.context.file_system.open(path), Lookup::Text(_) | Lookup::Passage(_))
    }

    /// The text of a variable here; `None` where it is not known.
    fn variable_text(&self, name: &str, state: &ShellState) -> Option<String> {
        match state.vars.value(name) {
            Some(VariableValue::Text(text)) => self.resolve_text(text),
            Some(VariableValue::Inherited) | None => self.resolve_text(&TracedText::live(&format!("${{{name}}}"))),
            Some(_) => None,
        }
    }

    /// The home that a shell looks in; `None` where it is not known.
    fn home_of_shell(&self, state: &ShellState) -> Option<String> {
        let of_user = || {
            let user = state.user.as_deref().or(self.context.user)?;
            if matches!(user, "root" | "0") { Some("/root".to_owned()) } else { (self.context.home)(user) }
        };
        self.variable_text("HOME", state).or_else(of_user)
    }
}
