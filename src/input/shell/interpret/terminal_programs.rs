//! `tmux`, `screen`, windows of a desktop, `systemd-run`: they start a command in a terminal or service of its own, which goes
//! on by itself and has none of the caller's locks. Subcommands and options are from their manuals. Uses `interpreter`,
//! `unwrapped` and `shell_word`.

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

/// Programs that open a window and run a command in it, and those of them that take it without an option.
const WINDOWS: [&str; 15] = [
    "alacritty",
    "foot",
    "ghostty",
    "gnome-terminal",
    "kitty",
    "konsole",
    "lxterminal",
    "mate-terminal",
    "rxvt",
    "terminator",
    "tilix",
    "urxvt",
    "x-terminal-emulator",
    "xfce4-terminal",
    "xterm",
];
const WINDOWS_OF_COMMANDS: [&str; 2] = ["foot", "kitty"];

/// Long options of `systemd-run` that take the next word for a value.
const UNIT_OPTIONS: [&str; 22] = [
    "--property",
    "--unit",
    "--setenv",
    "--description",
    "--slice",
    "--uid",
    "--gid",
    "--nice",
    "--working-directory",
    "--machine",
    "--host",
    "--service-type",
    "--on-active",
    "--on-boot",
    "--on-startup",
    "--on-unit-active",
    "--on-unit-inactive",
    "--on-calendar",
    "--timer-property",
    "--path-property",
    "--socket-property",
    "--capsule",
];

/// What such a program starts.
pub(super) enum TerminalCommand {
    Words(Vec<ShellWord>),
    /// A text for the user's shell.
    Text(ShellWord),
}

/// What `tmux`, `screen` and their kin start; `None` for another program, or where that is not known.
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
            let from = skip_options(words, "ScehpsTt", &["-Logfile"]);
            let options: Vec<String> = words.iter().take(from).skip(1).map(ShellWord::raw).collect();
            let asks = |option: &String| matches!(option.as_str(), "-ls" | "-list" | "-wipe" | "-r" | "-x" | "-R");
            let rest = words.get(from..)?;
            if options.iter().any(|option| option == "-c") {
                return None;
            }
            if options.iter().any(|option| option == "-X") {
                let [command, text, ..] = rest else { return None };
                return (command.raw() == "stuff").then(|| vec![TerminalCommand::Text(typed_text(text))]);
            }
            if options.iter().any(asks) {
                return Some(Vec::new());
            }
            Some(as_commands(rest))
        }
        "systemd-run" => unit_command(words),
        "setsid" if leaves_caller(words) => left_command(words, "", &[]),
        "daemonize" => left_command(words, "ceopluEL", &[]),
        "start-stop-daemon" => daemon_command(words),
        name if WINDOWS.contains(&name) => window_command(words, name),
        _ => None,
    }
}

/// Whether `setsid` does not wait for what it runs (`-f`).
pub(super) fn leaves_caller(words: &[ShellWord]) -> bool {
    let options = words.iter().skip(1).map(ShellWord::raw).take_while(|word| word.starts_with('-'));
    options.into_iter().any(|option| option == "--fork" || !option.starts_with("--") && option.contains('f'))
}

/// What is left to itself after a program's options.
fn left_command(words: &[ShellWord], short: &str, long: &[&str]) -> Option<Vec<TerminalCommand>> {
    let command = words.get(skip_options(words, short, long)..).filter(|command| !command.is_empty())?;
    Some(vec![TerminalCommand::Words(command.to_vec())])
}

/// What `start-stop-daemon` starts in the background; `None` where it waits, or starts nothing.
fn daemon_command(words: &[ShellWord]) -> Option<Vec<TerminalCommand>> {
    let is_one_of = |word: &ShellWord, names: [&str; 2]| names.contains(&word.raw().as_str());
    let has = |names| words.iter().any(|word| is_one_of(word, names));
    if !has(["-S", "--start"]) || !has(["-b", "--background"]) {
        return None;
    }
    let program =
        words.iter().position(|word| is_one_of(word, ["-x", "--exec"]) || is_one_of(word, ["-a", "--startas"]))?;
    let arguments = words.iter().position(|word| word.raw() == "--").and_then(|at| words.get(at + 1..));
    let command = words.get(program + 1).into_iter().chain(arguments.into_iter().flatten());
    Some(vec![TerminalCommand::Words(command.cloned().collect())])
}

/// What `systemd-run` leaves to the service manager; what it waits for itself is none of that.
fn unit_command(words: &[ShellWord]) -> Option<Vec<TerminalCommand>> {
    let from = skip_options(words, "pEuMHC", &UNIT_OPTIONS);
    let waits = |word: &ShellWord| {
        let option = word.raw();
        let letters = option.strip_prefix('-').filter(|rest| !rest.starts_with('-'));
        matches!(option.as_str(), "--scope" | "--wait" | "--pipe" | "--pty" | "--shell")
            || letters.is_some_and(|letters| letters.bytes().all(|letter| b"PtSqGrd".contains(&letter)))
                && letters.is_some_and(|letters| letters.contains(['P', 't', 'S']))
    };
    let command = words.get(from..).filter(|command| !command.is_empty())?;
    let is_left = !words.iter().take(from).any(waits);
    is_left.then(|| vec![TerminalCommand::Words(command.to_vec())])
}

/// What a window of a desktop runs: the words after the option that says so.
fn window_command(words: &[ShellWord], name: &str) -> Option<Vec<TerminalCommand>> {
    let is_mark = |word: &ShellWord| matches!(word.raw().as_str(), "--" | "-e" | "-x" | "--execute" | "--command");
    let from = match words.iter().position(is_mark) {
        Some(at) => at + 1,
        None if WINDOWS_OF_COMMANDS.contains(&name) => skip_options(words, "aoTcWD", &["--title", "--class"]),
        None => return None,
    };
    words.get(from..).filter(|command| !command.is_empty()).map(as_commands)
}

/// A text as it is typed: what stands for the key at the end of a line ends it.
fn typed_text(word: &ShellWord) -> ShellWord {
    let raw = word.raw();
    let typed = ["\\n", "\\r", "^M", "\\015"].iter().find_map(|key| raw.strip_suffix(key)).unwrap_or(&raw);
    ShellWord { text: word.text.part(0, typed.chars().count()), ..word.clone() }
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
