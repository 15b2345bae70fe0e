//! Which programs start others that their words do not name: scripts, interpreters, runners, supervisors.
//! Uses `shell_word`.

use super::shell_word::ShellWord;

/// Modules of Python that start nothing of a project's.
const QUIET_MODULES: [&str; 12] = [
    "black",
    "compileall",
    "http.server",
    "json.tool",
    "mypy",
    "pip",
    "py_compile",
    "pytest",
    "ruff",
    "timeit",
    "unittest",
    "venv",
];

/// What a project is asked for that calls no program but those that build and test it.
const QUIET_TARGETS: [&str; 29] = [
    "all",
    "analyze",
    "assemble",
    "audit",
    "bench",
    "build",
    "check",
    "clean",
    "clippy",
    "compile",
    "doc",
    "docs",
    "fmt",
    "format",
    "generate",
    "install",
    "lint",
    "ls",
    "list",
    "outdated",
    "package",
    "prettier",
    "t",
    "test",
    "tests",
    "typecheck",
    "type-check",
    "verify",
    "vet",
];

/// Programs that run a file or a text given to them.
const INTERPRETERS: [&str; 23] = [
    "sh", "bash", "dash", "ash", "zsh", "ksh", "mksh", "python", "python2", "python3", "pypy3", "node", "nodejs",
    "deno", "bun", "ruby", "perl", "php", "lua", "tsx", "ts-node", "Rscript", "expect",
];

/// Programs that start what a project or a configuration names.
const RUNNERS: [&str; 45] = [
    "gradlew",
    "mvnw",
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

const ENDINGS: [&str; 16] = [
    ".sh", ".bash", ".zsh", ".py", ".js", ".mjs", ".cjs", ".ts", ".rb", ".pl", ".php", ".lua", ".run", ".jar",
    ".command", ".exp",
];

/// Programs that do nothing with a program's name but read it, write it, or look for it.
const READERS: [&str; 74] = [
    "[", "chpasswd", "chsh", "delgroup", "deluser", "groupmod", "userdel", "addgroup", "adduser", "apk", "apt",
    "apt-get", "awk", "basename", "cat", "cd", "chgrp", "chmod", "chown", "cp", "curl", "cut", "date", "dirname",
    "dnf", "docker", "dpkg", "du", "echo", "egrep", "file", "find", "getent", "git", "grep", "groupadd", "hash",
    "head", "id", "install", "jq", "kill", "killall", "ln", "logger", "ls", "mkdir", "mv", "nerdctl", "pgrep", "pidof",
    "pip", "pkill", "podman", "printf", "ps", "readlink", "realpath", "rm", "rsync", "sed", "sort", "stat", "tail",
    "tar", "tee", "test", "touch", "tr", "type", "useradd", "usermod", "wget", "which",
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
    if matches!(name, "awk" | "gawk" | "mawk") {
        let runs = |text: &str| ["system(", "getline", "|"].iter().any(|means| text.contains(means));
        let called = |word: &ShellWord| {
            let text = word.raw();
            let pieces = || text.split(['"', ';', '|']);
            let program = programs.iter().find(|program| {
                let is_call = |piece: &str| piece.split_whitespace().next() == Some(program.as_str());
                runs(&text) && pieces().any(is_call)
            })?;
            Some(program.clone())
        };
        let (called, word) = rest.iter().find_map(|word| Some((called(word)?, word)))?;
        return Some((format!("`{name}` may run `{called}`, which its text names"), word));
    }
    if only_reads(first) {
        return None;
    }
    if let Some(program) = programs.iter().find(|program| is_kin(name, program)) {
        return Some((format!("`{name}`, which is named after `{program}`, may run it"), first));
    }
    if name == "alias" {
        let reason = "an alias stands for a command that matters, and was not followed".to_owned();
        return rest.iter().find(|word| is_alias_of(word, name, programs)).map(|word| (reason, word));
    }
    let told = if name.is_empty() { "a command whose name is not known".to_owned() } else { format!("`{name}`") };
    if let Some(named) = rest.iter().find(|word| is_other_program(&word.raw(), name, programs)) {
        return Some((format!("{told} may run `{}`, which stands among its words", named.raw()), named));
    }
    let (called, word) = rest.iter().find_map(|word| Some((command_in(&word.raw(), name, programs)?, word)))?;
    Some((format!("{told} may run `{called}`, which it is given a command of"), word))
}

/// Whether a program is named after another one, which it then may call: `NAME-flow`.
fn is_kin(name: &str, program: &str) -> bool {
    name != program
        && !ENDINGS.iter().any(|ending| name.ends_with(ending))
        && name.split(['-', '_']).any(|part| part == program)
}

/// The program that a text calls, where a shell is to carry it out: what begins a command, alone or before options.
fn command_in<'p>(text: &str, caller: &str, programs: &'p [String]) -> Option<&'p str> {
    let pieces = text.split([';', '&', '|', '\n']).filter(|_| text.contains(' '));
    // Addresses of `socat`: `EXEC:"text"`.
    let addresses: &[&str] = if caller == "socat" { &["EXEC:", "SYSTEM:", "SHELL:"] } else { &[] };
    pieces.into_iter().find_map(|piece| {
        let after = addresses.iter().find_map(|address| Some(piece.split_once(address)?.1));
        let piece = after.unwrap_or(piece).trim_start_matches(['(', '{', '"', '\'', ':', '!', ' ']);
        let mut words = piece.split_whitespace().skip_while(|word| is_before_command(word));
        let name = words.next()?.rsplit('/').next()?;
        let is_call = words.next().is_none_or(|word| word.starts_with('-'));
        programs.iter().find(|program| *program == name && *program != caller && is_call).map(String::as_str)
    })
}

/// Whether a word stands before the name of a program.
fn is_before_command(word: &str) -> bool {
    let assigns = word.split_once('=').is_some_and(|(name, _)| !name.is_empty() && !name.contains(['/', '-']));
    assigns || matches!(word, "exec" | "nohup" | "sudo" | "env" | "do" | "then" | "else" | "time")
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
        let quiet = is_quiet(name, &args);
        return (!quiet).then(|| format!("`{name}` starts programs that its words do not name"));
    }
    looks_like_script(&path, name).then(|| format!("the script `{path}` was not read"))
}

/// Whether a runner is asked for nothing but what builds and tests a project, or tells something.
fn is_quiet(name: &str, args: &[String]) -> bool {
    let mut operands = args.iter().filter(|arg| !arg.starts_with('-')).map(String::as_str);
    let first = operands.next().or_else(|| args.first().filter(|_| args.len() == 1).map(String::as_str));
    let is_for_project = matches!(
        name,
        "make"
            | "just"
            | "task"
            | "npm"
            | "yarn"
            | "pnpm"
            | "cargo"
            | "go"
            | "gradle"
            | "gradlew"
            | "mvn"
            | "mvnw"
            | "rake"
    );
    match first {
        Some("run" | "run-script") if is_for_project => {
            operands.next().is_some_and(is_quiet_target) && !matches!(name, "cargo" | "go")
        }
        Some(first) if QUIET.contains(&first) => true,
        Some(first) => is_for_project && is_quiet_target(first) && operands.all(is_quiet_target),
        // The default target may be any.
        None => false,
    }
}

/// Whether a target is quiet by itself or by its first part: `lint`, `test:unit`, `build-all`.
fn is_quiet_target(target: &str) -> bool {
    let first = target.split([':', '-', '/', '.']).next().unwrap_or_default();
    QUIET_TARGETS.contains(&target) || QUIET_TARGETS.contains(&first)
}

/// Whether a name is that of an interpreter, perhaps with a version.
pub(super) fn is_interpreter(name: &str) -> bool {
    INTERPRETERS.contains(&name) || is_numbered(name)
}

/// The text that an interpreter is given among its words (`-c`, `-e`), or on its input; with the interpreter's name.
pub(super) fn inline_text(words: &[ShellWord], input: Option<&ShellWord>) -> Option<(String, String)> {
    let path = words.first().filter(|first| first.is_fixed())?.raw();
    let name = path.rsplit('/').next().filter(|name| is_interpreter(name))?.to_owned();
    let is_text = |word: &ShellWord| {
        let option = word.raw();
        let letters = option.strip_prefix('-').filter(|letters| !letters.starts_with('-'));
        option == "--eval" || option == "--print" || letters.is_some_and(|letters| letters.ends_with(['c', 'e', 'p']))
    };
    let words = words.get(1..).unwrap_or_default();
    if let Some(at) = words.iter().take_while(|word| word.raw().starts_with('-')).position(is_text) {
        return words.get(at + 1).filter(|text| !text.unclear).map(|text| (name, text.raw()));
    }
    let reads_input = words.iter().find(|word| !word.raw().starts_with('-') || word.raw() == "-");
    let is_input = reads_input.is_none_or(|word| word.raw() == "-");
    input.filter(|text| is_input && !text.unclear).map(|text| (name, text.raw()))
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
    // Also after a file: that tells its own version, or how it is called.
    let asks = |arg: &String| matches!(arg.as_str(), "--version" | "-V" | "-v" | "--help" | "-h");
    if args.last().is_some_and(asks) && args.iter().filter(|arg| !arg.starts_with('-')).count() < 2 {
        return None;
    }
    let module = args.iter().position(|arg| arg == "-m").and_then(|at| args.get(at + 1));
    if module.is_some_and(|module| QUIET_MODULES.contains(&module.as_str())) {
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
