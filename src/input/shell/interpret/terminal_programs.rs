//! `tmux` and `screen`: they start a command in a terminal of its own, which goes on by itself and has none of the caller's
//! locks. Subcommands and options are from their manuals. Uses `interpreter`, `unwrapped` and `shell_word`.

use std::rc::Rc;

use super::exit_states::ExitStates;
use super::interpreter::Interpreter;
use super::shell_state::ShellState;
use super::shell_word::ShellWord;
use super::unwrapped::{ShellCall, skip_options};

/// Subcommands of `tmux` that run what follows their options, with the options that take a value.
const STARTING: [(&str, &str); 11] = [
    ("new-session", "cefFnstxy"),
    ("new", "cefFnstxy"),
    ("new-window", "ceFnt"),
    ("neww", "ceFnt"),
    ("split-window", "ceFlpt"),
    ("splitw", "ceFlpt"),
    ("respawn-pane", "cet"),
    ("respawn-window", "cet"),
    ("display-popup", "bcdehsStTwxy"),
    ("run-shell", "cdt"),
    ("send-keys", "Nt"),
];

/// Subcommands of `tmux` that start nothing.
const QUIET: [&str; 22] = [
    "attach",
    "attach-session",
    "a",
    "capture-pane",
    "display",
    "display-message",
    "has",
    "has-session",
    "kill-pane",
    "kill-server",
    "kill-session",
    "kill-window",
    "list-panes",
    "list-sessions",
    "list-windows",
    "ls",
    "select-pane",
    "select-window",
    "set",
    "set-environment",
    "set-option",
    "wait-for",
];

/// What such a program starts.
pub(super) enum TerminalCommand {
    Words(Vec<ShellWord>),
    /// A text for the user's shell.
    Text(ShellWord),
}

/// What `tmux` or `screen` starts; `None` for another program, or where that is not known.
pub(super) fn terminal_commands(words: &[ShellWord]) -> Option<Vec<TerminalCommand>> {
    let first = words.first().filter(|first| first.is_fixed())?.raw();
    match first.rsplit('/').next()? {
        "tmux" => {
            let from = skip_options(words, "cfLST", &[]);
            if words.iter().take(from).any(|word| matches!(word.raw().as_str(), "-c" | "-f")) {
                return None;
            }
            let commands = words.get(from..)?.split(|word| word.raw() == ";").filter(|command| !command.is_empty());
            let started: Option<Vec<_>> = commands.map(tmux_command).collect();
            Some(started?.into_iter().flatten().collect())
        }
        "screen" => {
            let options: Vec<String> = words.iter().skip(1).map(ShellWord::raw).collect();
            let asks = |option: &String| matches!(option.as_str(), "-ls" | "-list" | "-wipe" | "-r" | "-x" | "-R");
            if options.iter().any(|option| matches!(option.as_str(), "-c" | "-X")) {
                return None;
            }
            if options.iter().any(asks) {
                return Some(Vec::new());
            }
            let from = skip_options(words, "SehpsTt", &["-Logfile"]);
            Some(as_commands(words.get(from..)?))
        }
        _ => None,
    }
}

fn tmux_command(words: &[ShellWord]) -> Option<Vec<TerminalCommand>> {
    let name = words.first().filter(|name| name.is_fixed())?.raw();
    if QUIET.contains(&name.as_str()) {
        return Some(Vec::new());
    }
    let (_, options) = STARTING.iter().find(|(known, _)| *known == name)?;
    let rest = words.get(skip_options(words, options, &[])..)?;
    if name == "send-keys" {
        let is_key = |word: &ShellWord| matches!(word.raw().as_str(), "Enter" | "C-m" | "C-c" | "C-d" | "KPEnter");
        return Some(rest.iter().filter(|word| !is_key(word)).cloned().map(TerminalCommand::Text).collect());
    }
    Some(as_commands(rest))
}

/// One word is a text for a shell, several are a command; none is a shell for a person.
fn as_commands(words: &[ShellWord]) -> Vec<TerminalCommand> {
    match words {
        [] => Vec::new(),
        [only] => vec![TerminalCommand::Text(only.clone())],
        several => vec![TerminalCommand::Words(several.to_vec())],
    }
}

impl Interpreter<'_> {
    /// Runs what a terminal runs, in a process that nobody waits for.
    pub(super) fn run_in_terminal(&mut self, commands: &[TerminalCommand], state: &ShellState) -> ExitStates {
        for command in commands {
            let mut child = state.child_process(false);
            Rc::make_mut(&mut child.fds).retain(|number, _| *number < 3);
            child.drop_closed();
            let fork = self.next_site();
            self.forks.push(fork);
            self.timeline.begin_background(state.conditional);
            self.in_child_process(state, child, |interpreter, child| match command {
                TerminalCommand::Words(words) => interpreter.start_program(words, child),
                TerminalCommand::Text(text) => interpreter.run_shell_text(&ShellCall::plain(text.clone()), &child),
            });
            self.timeline.leave_beside();
            self.forks.pop();
        }
        ExitStates::either_way(state.clone())
    }
}
