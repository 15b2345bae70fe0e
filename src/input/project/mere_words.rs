//! Shell scripts in which a known program's name is a mere word: they look for it or print it, and call nothing that is not
//! seen. Uses `repository` and `shell`.

use super::repository::Repository;
use crate::input::shell::file_system::{FileSystem, Lookup};
use crate::input::shell::{self, ExecContext};
use crate::model::{Invocation, Script, Sight, Word, program_name};
use crate::text::{FileId, Span};

/// Where the script is while it is read: nothing else is there.
const PATH: &str = "/script";
/// Commands that do no more with a program's name than to look for it, compare it, print it, or end what has it.
#[rustfmt::skip]
const SEEKERS: [&str; 45] = [
    "[", "[[", "awk", "basename", "cat", "cd", "chmod", "chown", "cut", "date", "dirname", "du", "echo", "egrep", "export",
    "fgrep", "file", "find", "getent", "grep", "head", "jq", "kill", "killall", "logger", "ls", "mkdir", "pgrep", "pidof",
    "pkill", "printf", "ps", "readlink", "realpath", "rm", "sed", "sort", "stat", "tail", "test", "touch", "tr", "uniq",
    "wc", "which",
];
/// Commands that carry out what they read, or hand it to what does.
#[rustfmt::skip]
const TAKERS: [&str; 19] = [
    "ash", "at", "bash", "batch", "crontab", "dash", "dd", "docker", "ksh", "nc", "parallel", "podman", "screen", "sh",
    "socat", "ssh", "tee", "tmux", "zsh",
];
/// What in the words of `awk` has another command run.
const RUNNING: [&str; 2] = ["system(", "getline"];
/// What in a script has a command run whose words stand elsewhere, or hands a text on: here-documents, and what calls a command
/// for each thing that it finds or reads.
const HIDING: [&str; 6] = ["<<", "xargs", "parallel", "-exec", "-ok", "coproc"];
/// Outputs that are no file which somebody may run.
const NO_FILES: [&str; 3] = ["/dev/null", "/dev/stderr", "/dev/stdout"];

/// Whether a file is a shell's script that was read whole and calls no known program, although it has the name of one in it.
pub(super) fn names_none_but_as_word(name: &str, file: FileId, repository: &Repository<'_>) -> bool {
    let source = repository.sources.get(file);
    let text = source.text();
    let first = text.lines().next().unwrap_or_default();
    let is_shell = match first.strip_prefix("#!") {
        Some(interpreter) => interpreter.split_whitespace().any(|word| {
            let program = word.rsplit('/').next().unwrap_or(word);
            matches!(program, "sh" | "bash" | "dash" | "ash" | "zsh" | "ksh")
        }),
        None => [".sh", ".bash"].iter().any(|ending| name.ends_with(ending)),
    };
    // What is in a here-document, or goes into a descriptor that is opened elsewhere, may be another program's to run.
    let is_elsewhere = |(at, _): (usize, &str)| !text.get(at + 2..).is_some_and(|to| to.starts_with(['1', '2', '-']));
    let may_hide = HIDING.iter().any(|hiding| text.contains(hiding)) || text.match_indices(">&").any(is_elsewhere);
    if !is_shell || may_hide {
        return false;
    }
    let files = OneScript(file);
    let context = ExecContext {
        file_system: &files,
        programs: &|| &repository.programs.commands,
        ..ExecContext::unknown(repository.sources)
    };
    let (script, starts) = shell::run_program(PATH, Span::file_start(file), &context);
    starts.is_empty() && are_mere_words(&script, repository)
}

fn are_mere_words(script: &Script, repository: &Repository<'_>) -> bool {
    if script.sight != Sight::Whole || !script.written.is_empty() {
        return false;
    }
    let has_name = |word: &Word| repository.programs.is_program_named_in(word);
    let names_one = |call: &Invocation| words_that_matter(call).chain(call.env.values()).any(has_name);
    let is_mere = |call: &Invocation| {
        let is_run = call.argv.iter().any(|word| RUNNING.iter().any(|running| word.contains(running)));
        let is_written = call.output.as_ref().is_some_and(|output| !NO_FILES.contains(&&**output));
        !names_one(call) || SEEKERS.contains(&program_name(call)) && !is_run && !is_written
    };
    // What is called by what another command gives may be the program.
    let is_open = |call: &Invocation| {
        call.argv.first().is_none_or(|program| program.known().is_none_or(|program| program.contains(['{', '$'])))
    };
    let is_taker = |call: &Invocation| TAKERS.contains(&program_name(call));
    let calls = &script.invocations;
    let has_text = calls.iter().any(names_one);
    calls.iter().all(|call| is_mere(call) && !is_open(call)) && !(has_text && calls.iter().any(is_taker))
}

/// The words of a call without those that only name a session or a window of a terminal.
fn words_that_matter(call: &Invocation) -> impl Iterator<Item = &Word> {
    let is_terminal = matches!(program_name(call), "tmux" | "screen");
    let names = move |at: usize| {
        let before = at.checked_sub(1).and_then(|at| call.argv.get(at));
        is_terminal && before.is_some_and(|word| matches!(&**word, "-s" | "-t" | "-n" | "-S" | "-r"))
    };
    call.argv.iter().enumerate().filter(move |(at, _)| !names(*at)).map(|(_, word)| word)
}

/// A script without anything beside it.
struct OneScript(FileId);

impl FileSystem for OneScript {
    fn open(&self, path: &str) -> Lookup {
        if path == PATH { Lookup::Text(self.0) } else { Lookup::Unseen(String::new()) }
    }
}
