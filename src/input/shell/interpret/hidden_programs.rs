//! Which programs start others that their words do not name: scripts, interpreters, runners, supervisors.
//! Uses `shell_word`.

use super::shell_word::ShellWord;

/// Programs that run a file or a text given to them.
const INTERPRETERS: [&str; 22] = [
    "sh", "bash", "dash", "ash", "zsh", "ksh", "mksh", "python", "python2", "python3", "pypy3", "node", "nodejs",
    "deno", "bun", "ruby", "perl", "php", "lua", "tsx", "ts-node", "Rscript",
];

/// Programs that start what a project or a configuration names.
const RUNNERS: [&str; 44] = [
    "make",
    "just",
    "task",
    "npm",
    "yarn",
    "pnpm",
    "gradle",
    "mvn",
    "cargo",
    "go",
    "uv",
    "poetry",
    "pipenv",
    "pdm",
    "hatch",
    "rake",
    "bundle",
    "composer",
    "mix",
    "dotenv",
    "supervisord",
    "s6-svscan",
    "s6-overlay",
    "runsvdir",
    "runit",
    "init",
    "systemd",
    "pm2",
    "pm2-runtime",
    "foreman",
    "honcho",
    "overmind",
    "cron",
    "crond",
    "supercronic",
    "at",
    "parallel",
    "tmux",
    "screen",
    "doppler",
    "op",
    "chamber",
    "dockerize",
    "docker-entrypoint",
];

/// Subcommands of runners that start nothing of the project's.
const QUIET: [&str; 16] = [
    "install",
    "i",
    "ci",
    "add",
    "update",
    "dlx",
    "sync",
    "lock",
    "build",
    "fetch",
    "config",
    "cache",
    "--version",
    "-v",
    "--help",
    "version",
];

const ENDINGS: [&str; 15] = [
    ".sh", ".bash", ".zsh", ".py", ".js", ".mjs", ".cjs", ".ts", ".rb", ".pl", ".php", ".lua", ".run", ".jar",
    ".command",
];

/// Programs that do nothing with a program's name but read it, write it, or look for it.
const READERS: [&str; 68] = [
    "[", "addgroup", "adduser", "apk", "apt", "apt-get", "awk", "basename", "cat", "cd", "chgrp", "chmod", "chown",
    "cp", "curl", "cut", "date", "dirname", "dnf", "docker", "dpkg", "du", "echo", "egrep", "file", "find", "getent",
    "git", "grep", "groupadd", "hash", "head", "id", "install", "jq", "kill", "killall", "ln", "logger", "ls", "mkdir",
    "mv", "nerdctl", "pgrep", "pidof", "pip", "pkill", "podman", "printf", "ps", "readlink", "realpath", "rm", "rsync",
    "sed", "sort", "stat", "tail", "tar", "tee", "test", "touch", "tr", "type", "useradd", "usermod", "wget", "which",
];

/// Programs that let another process start something and do not wait for it.
const LEAVERS: [&str; 15] = [
    "at",
    "batch",
    "cron",
    "crond",
    "crontab",
    "daemonize",
    "pm2",
    "screen",
    "ssh",
    "start-stop-daemon",
    "supervisorctl",
    "supervisord",
    "systemctl",
    "systemd-run",
    "tmux",
];

/// Whether what a program starts may outlive it.
pub(super) fn outlives_caller(words: &[ShellWord]) -> bool {
    let path = words.first().map(ShellWord::raw).unwrap_or_default();
    LEAVERS.contains(&path.rsplit('/').next().unwrap_or_default())
}

/// Whether a program does no more than read its words.
pub(super) fn only_reads(word: &ShellWord) -> bool {
    READERS.contains(&word.raw().rsplit('/').next().unwrap_or_default())
}

/// Why these words, which begin with a program's name, may run one of `programs` that is among them.
pub(super) fn may_run<'w>(words: &'w [ShellWord], programs: &[String]) -> Option<(String, &'w ShellWord)> {
    let (first, rest) = words.split_first()?;
    let path = first.raw();
    let name = path.rsplit('/').next().unwrap_or_default();
    if only_reads(first) {
        return None;
    }
    if name == "alias" {
        let reason = "an alias stands for a command that matters, and was not followed".to_owned();
        return rest.iter().find(|word| is_alias_of(word, name, programs)).map(|word| (reason, word));
    }
    let named = rest.iter().find(|word| is_other_program(&word.raw(), name, programs))?;
    Some((format!("`{name}` may run `{}`, which stands among its words", named.raw()), named))
}

/// Why these words may start something that is not in them; `None` where the program is one of its own.
pub(super) fn hidden_by_name(words: &[ShellWord]) -> Option<String> {
    let first = words.first()?;
    if !first.is_fixed() {
        return Some(format!("the program's name depends on a variable: `{}`", first.text.shown()));
    }
    let path = first.raw();
    let name = path.rsplit('/').next().unwrap_or_default();
    let args: Vec<String> = words.iter().skip(1).map(ShellWord::raw).collect();
    if INTERPRETERS.contains(&name) || is_numbered(name) {
        return hidden_by_interpreter(name, &args);
    }
    if RUNNERS.contains(&name) {
        let quiet = args.iter().find(|arg| !arg.starts_with('-') || args.len() == 1);
        let quiet = quiet.is_some_and(|arg| QUIET.contains(&arg.as_str()));
        return (!quiet).then(|| format!("`{name}` starts programs that its words do not name"));
    }
    looks_like_script(&path, name).then(|| format!("the script `{path}` was not read"))
}

fn is_numbered(name: &str) -> bool {
    let stem = name.trim_end_matches(|ch: char| ch.is_ascii_digit() || ch == '.');
    stem != name && INTERPRETERS.contains(&stem)
}

fn looks_like_script(path: &str, name: &str) -> bool {
    let directory = path.rsplit_once('/').map(|(directory, _)| directory);
    ENDINGS.iter().any(|ending| name.ends_with(ending))
        || name.contains("entrypoint")
        || directory.is_some_and(|directory| !matches!(directory.rsplit('/').next(), Some("bin" | "sbin")))
}

fn hidden_by_interpreter(name: &str, args: &[String]) -> Option<String> {
    if let [only] = args
        && matches!(only.as_str(), "--version" | "-V" | "-v" | "--help" | "-h")
    {
        return None;
    }
    let text = args.iter().find(|arg| matches!(arg.as_str(), "-c" | "-e" | "-m" | "--eval" | "-p" | "--print" | "-r"));
    if text.is_some() {
        return Some(format!("`{name}` runs a program of its own language, which was not read"));
    }
    // Any other word may be an option's value, and that a secret.
    Some(match args.iter().find(|arg| names_file(arg)) {
        Some(file) => format!("the script `{file}`, run by `{name}`, was not read"),
        None if args.iter().all(|arg| arg.starts_with(['-', '+'])) => {
            format!("`{name}` runs what it is given on its input, which is not seen")
        }
        None => format!("what `{name}` runs was not read"),
    })
}

fn names_file(arg: &str) -> bool {
    arg.starts_with(['/', '.']) || ENDINGS.iter().any(|ending| arg.ends_with(ending))
}

/// Whether a word is the name or path of one of the programs, and not of the caller. A program may run another one, but
/// not itself: a script under such a name could otherwise hide what it runs.
fn is_other_program(word: &str, caller: &str, programs: &[String]) -> bool {
    let name = word.rsplit('/').next();
    programs.iter().any(|program| name == Some(program) && program != caller)
}

/// Whether an alias `NAME=TEXT` has one of the programs in its text.
fn is_alias_of(word: &ShellWord, caller: &str, programs: &[String]) -> bool {
    let raw = word.raw();
    raw.split_once('=')
        .is_some_and(|(_, text)| text.split_whitespace().any(|word| is_other_program(word, caller, programs)))
}
