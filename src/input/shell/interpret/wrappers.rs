//! Programs that run another: what they run, and what they change for it. Names and options are from their manuals.
//! Uses `unwrapped`, `git_commands`, `user_wrappers`, `terminal_programs` and `shell_word`.

use super::command_runners::read_command_runner;
use super::git_commands::read_git;
use super::shell_word::ShellWord;
use super::terminal_programs::leaves_caller;
use super::unwrapped::{ShellCall, Unwrapped, WrappedCommand, is_shell, skip_options, takes_next_word};
use super::user_wrappers::{read_setpriv, read_sudo, read_switch_user, read_user_and_command, read_user_option};
use super::variable_value::VariableValue;
use crate::model::{Inherits, begins_with_star};
use crate::text::TracedText;

/// The options of a wrapper, after which the command begins that it runs.
struct WrapperOptions {
    names: &'static [&'static str],
    /// Short options that take a value.
    short: &'static str,
    /// Long options that take the next word for a value.
    long: &'static [&'static str],
    /// Operands before the command.
    operands: usize,
}

const WRAPPERS: [WrapperOptions; 23] = [
    WrapperOptions {
        names: &[
            "nohup",
            "setsid",
            "busybox",
            "toybox",
            "catatonit",
            "unbuffer",
            "builtin",
            "with-contenv",
            "chronic",
            "run-one",
            "run-this-one",
            "my_init",
        ],
        short: "",
        long: &[],
        operands: 0,
    },
    WrapperOptions { names: &["command", "exec"], short: "a", long: &[], operands: 0 },
    WrapperOptions { names: &["nice"], short: "n", long: &["--adjustment"], operands: 0 },
    WrapperOptions { names: &["ionice"], short: "cn", long: &["--class", "--classdata"], operands: 0 },
    WrapperOptions { names: &["time"], short: "fo", long: &["--format", "--output"], operands: 0 },
    WrapperOptions { names: &["timeout"], short: "ks", long: &["--kill-after", "--signal"], operands: 1 },
    WrapperOptions { names: &["stdbuf"], short: "ioe", long: &["--input", "--output", "--error"], operands: 0 },
    WrapperOptions { names: &["tini", "tini-static", "docker-init"], short: "pe", long: &[], operands: 0 },
    WrapperOptions { names: &["dumb-init"], short: "r", long: &["--rewrite"], operands: 0 },
    WrapperOptions { names: &["chrt", "taskset"], short: "TPD", long: &[], operands: 1 },
    WrapperOptions {
        names: &["xvfb-run"],
        short: "efnpsw",
        long: &["--error-file", "--auth-file", "--server-num", "--xauth-protocol", "--server-args", "--wait"],
        operands: 0,
    },
    WrapperOptions { names: &["dbus-run-session"], short: "", long: &["--config-file", "--dbus-daemon"], operands: 0 },
    // Its resources have their values in their own words (`--nofile=1024`, `-n1024`).
    WrapperOptions { names: &["prlimit"], short: "op", long: &["--pid", "--output"], operands: 0 },
    WrapperOptions { names: &["fakeroot"], short: "lfisb", long: &["--lib", "--faked", "--fd-base"], operands: 0 },
    WrapperOptions { names: &["strace", "ltrace"], short: "abeEFIlnoOpPsSuxX", long: &["--output"], operands: 0 },
    WrapperOptions { names: &["cpulimit"], short: "lepP", long: &["--limit", "--exe", "--pid"], operands: 0 },
    WrapperOptions { names: &["softlimit"], short: "acdflmnoprstv", long: &[], operands: 0 },
    WrapperOptions { names: &["setlock", "lckdo"], short: "WQq", long: &[], operands: 1 },
    WrapperOptions {
        names: &["systemd-cat"],
        short: "tp",
        long: &["--identifier", "--priority", "--stderr-priority"],
        operands: 0,
    },
    WrapperOptions {
        names: &["systemd-inhibit"],
        short: "",
        long: &["--what", "--who", "--why", "--mode"],
        operands: 0,
    },
    WrapperOptions { names: &["dockerize"], short: "", long: &DOCKERIZE, operands: 0 },
    WrapperOptions { names: &["chroot"], short: "", long: &["--userspec", "--groups"], operands: 1 },
    WrapperOptions {
        names: &["xargs"],
        short: "adEILnPs",
        long: &["--arg-file", "--delimiter", "--max-lines", "--max-args", "--max-procs", "--max-chars", "--replace"],
        operands: 0,
    },
];

/// Options of `dockerize`, which have one dash, that take the next word for a value.
const DOCKERIZE: [&str; 11] = [
    "-delims",
    "-env",
    "-env-section",
    "-poll-interval",
    "-stderr",
    "-stdout",
    "-template",
    "-timeout",
    "-wait",
    "-wait-http-header",
    "-wait-retry-interval",
];

/// What the words of a command run, with one wrapper removed.
pub(super) fn unwrap_command(words: &[ShellWord]) -> Unwrapped {
    let Some(first) = words.first() else { return Unwrapped::Nothing };
    if !first.is_fixed() {
        return Unwrapped::Program;
    }
    let path = first.raw();
    let name = path.rsplit('/').next().unwrap_or_default();
    match name {
        "flock" => Unwrapped::Flock,
        name if is_shell(name) => read_shell(words, name == "bash"),
        "env" | "cross-env" | "cross-env-shell" => read_env(words),
        "su" | "runuser" => read_switch_user(words),
        "gosu" | "su-exec" | "s6-setuidgid" | "setuidgid" => read_user_and_command(words, name),
        "setpriv" => read_setpriv(words),
        "chpst" | "s6-applyuidgid" => read_user_option(words),
        "command" if asks_where(words) => Unwrapped::Nothing,
        // It goes on by itself, as what is in a terminal of its own does.
        "setsid" if leaves_caller(words) => Unwrapped::Program,
        "sudo" | "doas" => read_sudo(words),
        "script" => read_script(words),
        "sg" => read_sg(words),
        "git" => read_git(words),
        "newgrp" => Unwrapped::Input(ShellCall::plain(ShellWord::default())),
        "watch" => read_watch(words),
        "find" => read_find(words),
        _ => match WRAPPERS.iter().find(|shape| shape.names.contains(&name)) {
            Some(shape) => read_listed(words, name, shape),
            None => read_command_runner(words, name).unwrap_or(Unwrapped::Program),
        },
    }
}

fn read_listed(words: &[ShellWord], name: &str, shape: &WrapperOptions) -> Unwrapped {
    let at = skip_options(words, shape.short, shape.long);
    let rest = words.get(at..).unwrap_or_default();
    let Some(command) = rest.get(shape.operands..).filter(|command| !command.is_empty()) else {
        // Without a command it waits, and no more.
        return if name == "dockerize" { Unwrapped::Nothing } else { Unwrapped::Program };
    };
    let mut inner = WrappedCommand { words: command.to_vec(), ..WrappedCommand::default() };
    if name == "timeout" {
        inner.is_cut_short = true;
        inner.time_limit = rest.first().filter(|limit| limit.is_fixed()).and_then(|limit| seconds_of(&limit.raw()));
    }
    if name == "chroot" {
        inner.hides = Some("`chroot` runs a program in another root directory".into());
    }
    Unwrapped::Inner(inner)
}

/// A time as `timeout` is given it: `90`, `1.5m`, `2h`.
fn seconds_of(text: &str) -> Option<f64> {
    let number = text.trim_end_matches(['s', 'm', 'h', 'd']);
    let unit = match text.strip_prefix(number)? {
        "" | "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        "d" => 86400.0,
        _ => return None,
    };
    number.parse::<f64>().ok().filter(|number| *number > 0.0).map(|number| number * unit)
}

/// Whether `command` asks where a program is (`-v`, `-V`) and does not run it.
pub(super) fn asks_where(words: &[ShellWord]) -> bool {
    let options =
        words.iter().skip(1).map(ShellWord::raw).take_while(|option| option.starts_with('-') && option != "--");
    options.into_iter().any(|option| option.contains(['v', 'V']))
}

fn is_cluster(option: &str, letter: char) -> bool {
    option.starts_with('-') && !option.starts_with("--") && option.contains(letter)
}

fn read_shell(words: &[ShellWord], bash: bool) -> Unwrapped {
    let mut call = ShellCall { bash, ..ShellCall::plain(ShellWord::default()) };
    call.startup.is_other = words.first().is_some_and(|word| word.raw().rsplit('/').next() == Some("zsh"));
    let (mut text, mut at) = (false, 1);
    while let Some(word) = words.get(at).filter(|word| word.is_fixed()) {
        let option = word.raw();
        if !option.starts_with(['-', '+']) || option == "+" {
            break;
        }
        at += 1;
        // `curl … | bash -`: what follows is no option either way.
        if matches!(option.as_str(), "--" | "-") {
            break;
        }
        if option.starts_with("--") {
            if matches!(option.as_str(), "--rcfile" | "--init-file") {
                call.startup.rc_file = words.get(at).cloned();
                at += 1;
            }
            call.startup.take_option(&option);
            continue;
        }
        let on = option.starts_with('-');
        for letter in option.chars().skip(1) {
            match letter {
                'c' => text = true,
                'e' => call.errexit = on,
                'a' => call.allexport = on,
                'o' | 'O' => {
                    match words.get(at).map(ShellWord::raw).as_deref() {
                        Some("errexit") => call.errexit = on,
                        Some("allexport") => call.allexport = on,
                        Some("pipefail") => call.pipefail = on,
                        _ => {}
                    }
                    at += 1;
                }
                other if on => call.startup.take_option(other.encode_utf8(&mut [0; 4])),
                _ => {}
            }
        }
    }
    let input = !text && words.iter().take(at).skip(1).any(|word| is_cluster(&word.raw(), 's'));
    if !text && (input || at >= words.len()) {
        call.args = words.first().into_iter().chain(words.get(at..).unwrap_or_default()).cloned().collect();
        return Unwrapped::Input(call);
    }
    let Some(word) = words.get(at) else { return Unwrapped::Program };
    call.text = word.clone();
    let args = words.get(at + 1..).unwrap_or_default();
    if !text {
        call.args = args.to_vec();
        return Unwrapped::File(call);
    }
    call.args = if args.is_empty() { words.get(..1).unwrap_or_default().to_vec() } else { args.to_vec() };
    Unwrapped::Shell(call)
}

fn read_env(words: &[ShellWord]) -> Unwrapped {
    let mut inner = WrappedCommand::default();
    let mut at = 1;
    let mut options = true;
    while let Some(word) = words.get(at) {
        let text = word.raw();
        let next = words.get(at + 1);
        at += 1;
        match text.as_str() {
            "--" if options => options = false,
            "-" | "-i" | "--ignore-environment" if options => {
                inner.inherits = Inherits::Nothing;
            }
            "-u" | "--unset" if options => {
                inner.env.extend(next.map(|name| (name.raw(), VariableValue::Unset)));
                at += 1;
            }
            "-C" | "--chdir" if options => {
                inner.directory = next.map(|next| next.text.clone());
                at += 1;
            }
            "-S" | "--split-string" if options => {
                let rest = words.get(at + 1..).unwrap_or_default();
                return split_string(inner, next, rest);
            }
            _ if options && text.starts_with("--unset=") => {
                inner.env.push((text.trim_start_matches("--unset=").to_owned(), VariableValue::Unset));
            }
            _ if options && text.starts_with("-S") => {
                let own = ShellWord { text: word.text.part(2, word.text.0.len()), ..word.clone() };
                return split_string(inner, Some(&own), words.get(at..).unwrap_or_default());
            }
            _ if options && text.starts_with('-') => {}
            // What it prints are assignments, since the command stands behind it.
            _ if (text.starts_with("$(") || text.starts_with('`')) && word.text.is_live() && next.is_some() => {
                inner.variable_files.push(word.text.clone());
            }
            _ => {
                let assigns = text.split_once('=').filter(|(name, _)| !name.is_empty() && !name.contains(['/', '$']));
                let Some((name, _)) = assigns else {
                    inner.words = words.get(at - 1..).unwrap_or_default().to_vec();
                    break;
                };
                let value = word.text.part(name.chars().count() + 1, word.text.0.len());
                let value = if word.unclear { VariableValue::Unclear } else { VariableValue::Text(value) };
                inner.env.push((name.to_owned(), value));
            }
        }
    }
    if inner.words.is_empty() { Unwrapped::Program } else { Unwrapped::Inner(inner) }
}

/// `env -S 'NAME=value command words'`: the words are read again as `env`'s own.
fn split_string(mut inner: WrappedCommand, text: Option<&ShellWord>, rest: &[ShellWord]) -> Unwrapped {
    let Some(text) = text else { return Unwrapped::Program };
    if text.raw().contains(['"', '\'', '\\', '$', '#']) {
        inner.hides = Some("`env -S` splits a text that was not read".into());
    }
    let pieces = text.text.0.split(|traced| traced.ch.is_ascii_whitespace()).filter(|piece| !piece.is_empty());
    let pieces = pieces.map(|piece| {
        let text = TracedText(piece.to_vec());
        ShellWord::of_text(text)
    });
    inner.words = std::iter::once(ShellWord::plain("env")).chain(pieces).chain(rest.iter().cloned()).collect();
    Unwrapped::Inner(inner)
}

fn read_script(words: &[ShellWord]) -> Unwrapped {
    let mut at = 1;
    while let Some(word) = words.get(at) {
        let option = word.raw();
        at += 1;
        if !option.starts_with('-') && words.get(at).is_some_and(|next| !next.raw().starts_with('-')) {
            // As on BSD and macOS: `script FILE command`.
            let rest = words.get(at..).unwrap_or_default();
            return Unwrapped::Inner(WrappedCommand { words: rest.to_vec(), ..WrappedCommand::default() });
        }
        if option == "--" {
            let rest = words.get(at..).unwrap_or_default();
            return Unwrapped::Inner(WrappedCommand { words: rest.to_vec(), ..WrappedCommand::default() });
        }
        let text = if let Some(value) = option.strip_prefix("--command=") {
            let start = option.chars().count() - value.chars().count();
            Some(ShellWord { text: word.text.part(start, word.text.0.len()), ..word.clone() })
        } else if option == "--command"
            || (!option.starts_with("--") && option.starts_with('-') && option.ends_with('c'))
        {
            words.get(at).cloned()
        } else {
            None
        };
        if let Some(text) = text {
            return Unwrapped::Shell(ShellCall::plain(text));
        }
        at += usize::from(takes_next_word(&option, "EmoTIOB", &["--echo", "--logging-format", "--output-limit"]));
    }
    Unwrapped::Program
}

/// `sg [-] GROUP [-c] TEXT`.
fn read_sg(words: &[ShellWord]) -> Unwrapped {
    let mut operands = words.iter().skip(1).filter(|word| !matches!(word.raw().as_str(), "-" | "-c"));
    match operands.nth(1) {
        Some(text) => Unwrapped::Shell(ShellCall::plain(text.clone())),
        None => Unwrapped::Input(ShellCall::plain(ShellWord::default())),
    }
}

fn read_watch(words: &[ShellWord]) -> Unwrapped {
    let at = skip_options(words, "nqs", &["--interval", "--equexit", "--shotsdir"]);
    let direct = words.iter().take(at).any(|word| {
        let option = word.raw();
        option == "--exec" || (!option.starts_with("--") && option.starts_with('-') && option.contains('x'))
    });
    let rest = words.get(at..).unwrap_or_default();
    if rest.is_empty() {
        return Unwrapped::Program;
    }
    if direct {
        return Unwrapped::Inner(WrappedCommand { words: rest.to_vec(), ..WrappedCommand::default() });
    }
    let mut text = ShellWord::default();
    for word in rest {
        text.text.push(&word.text);
        text.text.push(&TracedText::plain(" "));
        text.source.push(&word.source);
        text.unclear |= word.unclear;
    }
    Unwrapped::Shell(ShellCall::plain(text))
}

/// `find … -exec command … ;`: the command that it runs; that there is more than one is reported as not seen.
fn read_find(words: &[ShellWord]) -> Unwrapped {
    let Some(at) = words.iter().position(is_exec_option) else { return Unwrapped::Program };
    let rest = words.get(at + 1..).unwrap_or_default();
    let end = rest.iter().position(|word| matches!(word.raw().as_str(), ";" | "+")).unwrap_or(rest.len());
    let (command, after) = rest.split_at(end);
    let command = &with_found_files(command, words.get(1..at).unwrap_or_default());
    let hides = after.iter().any(is_exec_option).then(|| "`find` runs more than one command".to_owned());
    if command.is_empty() {
        return Unwrapped::Program;
    }
    Unwrapped::Inner(WrappedCommand { words: command.clone(), hides, ..WrappedCommand::default() })
}

/// Programs that copy the files that they are given.
const COPYING: [&str; 5] = ["cp", "install", "mv", "ln", "rsync"];

/// The words of a command that copies what `find` finds, with that in the place of `{}`: where it starts to look, and the name
/// that it looks for.
fn with_found_files(command: &[ShellWord], options: &[ShellWord]) -> Vec<ShellWord> {
    let copies =
        command.first().is_some_and(|first| COPYING.contains(&first.raw().rsplit('/').next().unwrap_or_default()));
    let starts: Vec<&ShellWord> = options
        .iter()
        .skip_while(|word| matches!(word.raw().as_str(), "-H" | "-L" | "-P"))
        .take_while(|word| !word.raw().starts_with(['-', '(', '!']))
        .collect();
    if !copies || starts.is_empty() {
        return command.to_vec();
    }
    let is_name = |word: &ShellWord| matches!(word.raw().as_str(), "-name" | "-iname");
    let name = options.iter().position(is_name).and_then(|at| options.get(at + 1));
    let found = |start: &&ShellWord| -> Vec<ShellWord> {
        let Some(name) = name else { return vec![(*start).clone()] };
        // Its patterns stand for a dot at the beginning too, those of a shell do not.
        let dots: &[&str] = if begins_with_star(&name.raw()) { &["", "."] } else { &[""] };
        let word = |dot: &&str| {
            let mut word = (*start).clone();
            word.text.push(&TracedText::plain(&format!("/{dot}")));
            word.text.push(&name.text);
            word.unclear |= name.unclear;
            word
        };
        dots.iter().map(word).collect()
    };
    let put = |word: &ShellWord| {
        if word.raw() == "{}" { starts.iter().flat_map(found).collect() } else { vec![word.clone()] }
    };
    command.iter().flat_map(put).collect()
}

/// Whether `find` runs a command after this option.
fn is_exec_option(word: &ShellWord) -> bool {
    matches!(word.raw().as_str(), "-exec" | "-execdir" | "-ok" | "-okdir")
}
