//! Programs that prepare an environment and run the command among their words: keepers of secrets, managers of packages.
//! Options are from their manuals. Uses `unwrapped` and `shell_word`.

use super::shell_word::ShellWord;
use super::unwrapped::{ShellCall, Unwrapped, WrappedCommand, skip_options};
use crate::text::TracedText;

/// How such a program is called.
struct CommandRunner {
    name: &'static str,
    /// The subcommand that runs a command; empty where there is none.
    subcommand: &'static str,
    /// Short options that take a value.
    short: &'static str,
    /// Long options that take the next word for a value.
    long: &'static [&'static str],
    /// Operands before the command, where no `--` stands before that.
    operands: usize,
    /// Whether the command begins after `--` alone.
    is_separated: bool,
    /// Options that name a file of variables for the command.
    files: &'static [&'static str],
}

const fn separated(name: &'static str, subcommand: &'static str) -> CommandRunner {
    CommandRunner { name, subcommand, short: "", long: &[], operands: 0, is_separated: true, files: &[] }
}

const fn plain(name: &'static str, subcommand: &'static str, long: &'static [&'static str]) -> CommandRunner {
    CommandRunner { name, subcommand, short: "", long, operands: 0, is_separated: false, files: &[] }
}

const RUNNERS: [CommandRunner; 27] = [
    separated("op", "run"),
    separated("doppler", "run"),
    separated("infisical", "run"),
    CommandRunner { files: &["-f", "--env-file"], ..separated("dotenvx", "run") },
    separated("teller", "run"),
    separated("chamber", "exec"),
    separated("aws-vault", "exec"),
    separated("berglas", "exec"),
    separated("mise", "exec"),
    separated("gum", "spin"),
    CommandRunner {
        short: "ef",
        files: &["-e", "-f", "--env-file", "--file"],
        ..plain("dotenv", "", &["--env-file", "--file"])
    },
    CommandRunner { short: "fp", ..plain("summon", "", &["--file", "--provider", "--environment"]) },
    CommandRunner { operands: 1, ..plain("envchain", "", &[]) },
    CommandRunner { operands: 1, ..plain("direnv", "exec", &[]) },
    CommandRunner {
        short: "p",
        files: &["--env-file"],
        ..plain(
            "uv",
            "run",
            &["--with", "--extra", "--group", "--python", "--env-file", "--directory", "--project", "--package"],
        )
    },
    plain("poetry", "run", &[]),
    plain("pipenv", "run", &[]),
    plain("pdm", "run", &[]),
    plain("bundle", "exec", &[]),
    CommandRunner { short: "np", ..plain("conda", "run", &["--name", "--prefix", "--cwd"]) },
    CommandRunner { short: "np", ..plain("mamba", "run", &["--name", "--prefix", "--cwd"]) },
    CommandRunner {
        short: "nprae",
        ..plain("micromamba", "run", &["--name", "--prefix", "--root-prefix", "--attach", "--cwd", "--env"])
    },
    plain("asdf", "exec", &[]),
    plain("volta", "run", &["--node", "--npm", "--pnpm", "--yarn"]),
    plain("fnm", "exec", &["--using"]),
    CommandRunner { short: "ef", ..plain("honcho", "run", &["--env", "--procfile"]) },
    separated("retry", ""),
];

/// Scripts that many projects copy: they wait for a port and then run the command behind `--`.
const WAITING: [&str; 4] = ["wait-for-it", "wait-for-it.sh", "wait-for", "wait-for.sh"];

/// Whether a command is of a script that waits and then runs the rest of its words, by its name.
pub(super) fn is_waiting_script(words: &[ShellWord]) -> bool {
    let path = words.first().filter(|first| first.is_fixed()).map(ShellWord::raw);
    path.is_some_and(|path| WAITING.contains(&path.rsplit('/').next().unwrap_or_default()))
}

fn read_waiting_script(words: &[ShellWord]) -> Unwrapped {
    let separator = words.iter().position(|word| word.raw() == "--");
    match separator.and_then(|at| words.get(at + 1..)).filter(|command| !command.is_empty()) {
        Some(command) => Unwrapped::Inner(WrappedCommand { words: command.to_vec(), ..WrappedCommand::default() }),
        None => Unwrapped::Nothing,
    }
}

/// The command that such a program runs; `None` for another program, or where that is not clear.
pub(super) fn read_command_runner(words: &[ShellWord], name: &str) -> Option<Unwrapped> {
    if is_waiting_script(words) {
        return Some(read_waiting_script(words));
    }
    let runner = RUNNERS.iter().find(|runner| runner.name == name)?;
    let from = match runner.subcommand {
        "" => 0,
        subcommand => words.iter().skip(1).take(1).position(|word| word.raw() == subcommand)? + 1,
    };
    let rest = words.get(from..)?;
    let separator = rest.iter().position(|word| word.raw() == "--");
    // `doppler run --command 'text for a shell'`.
    let text = rest.iter().position(|word| word.raw() == "--command").and_then(|at| rest.get(at + 1));
    if let (Some(text), None) = (text, separator) {
        return Some(Unwrapped::Shell(ShellCall::plain(text.clone())));
    }
    let command = match separator {
        Some(at) => rest.get(at + 1..)?,
        None if runner.is_separated => return None,
        None => rest.get(skip_options(rest, runner.short, runner.long) + runner.operands..)?,
    };
    // A module of Python is no command.
    let is_command = command.first().is_some_and(|first| !first.raw().starts_with('-'));
    let own = rest.get(..rest.len() - command.len()).unwrap_or_default();
    is_command.then(|| {
        let variable_files = files_of_options(own, runner.files);
        Unwrapped::Inner(WrappedCommand { words: command.to_vec(), variable_files, ..WrappedCommand::default() })
    })
}

/// The files that some options name, the last ones first: of two that set a variable the first one counts.
fn files_of_options(words: &[ShellWord], options: &[&str]) -> Vec<TracedText> {
    let named = words.iter().enumerate().filter_map(|(at, word)| {
        let raw = word.raw();
        if options.contains(&raw.as_str()) {
            return words.get(at + 1).map(|file| file.text.clone());
        }
        let (option, _) = raw.split_once('=').filter(|(option, _)| options.contains(option))?;
        Some(word.text.part(option.chars().count() + 1, word.text.0.len()))
    });
    let mut files: Vec<TracedText> = named.collect();
    files.reverse();
    files
}
