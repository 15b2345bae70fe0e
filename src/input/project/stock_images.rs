//! Whether a container of an image that comes from its publisher as it is only runs what was seen, and nothing of that is a
//! place for people, or runs what is not seen. Uses `official_images`, `code_that_runs` and `dockerfile`.

use std::rc::Rc;

use super::code_that_runs::{INTERPRETERS, given_file};
use super::official_images::is_official;
use super::package_runs::{run_package, runs_installer};
use crate::input::dockerfile::Image;
use crate::model::{Container, Flag, Invocation, Script, Sight, Word, program_name};

/// Programs that do something with files or send them, and run no other program.
#[rustfmt::skip]
const PLAIN_PROGRAMS: [&str; 42] = [
    "[", "awk", "base64", "caddy", "cat", "chmod", "chown", "cmp", "cp", "cut", "date", "df", "diff", "du", "echo", "find",
    "grep", "gzip", "head", "httpd", "jq", "ls", "md5sum", "mkdir", "nc", "nginx", "printf", "rm", "rsync", "sed", "sha256sum",
    "sleep", "sort", "sqlite3", "stat", "tail", "tar", "test", "touch", "uniq", "wc", "yq",
];
/// Programs that prepare what others do, or wait: a container that runs no other is there for people to work in.
#[rustfmt::skip]
const PREPARING: [&str; 16] = [
    "[", "chmod", "chown", "cp", "date", "echo", "false", "mkdir", "printf", "rm", "sleep", "test", "touch", "trap", "true", "wait",
];
/// Interpreters of languages that are not followed.
const CODE_RUNNERS: [&str; 9] = ["bun", "deno", "lua", "node", "perl", "php", "python", "python3", "ruby"];
/// Options of interpreters with code in their words.
const CODE_OPTIONS: [&str; 5] = ["-c", "-e", "-m", "--eval", "--print"];
/// Modules of Python that are servers or tools of their own.
const MODULES: [&str; 4] = ["http.server", "json.tool", "zipfile", "tarfile"];

/// The image of a container that its publisher made and nobody built on, where it is one without a known program.
pub(super) fn stock_image(container: &Container) -> Option<Rc<Image>> {
    let name = container.image.as_ref().filter(|name| container.build.is_none() && !name.is_symbolic())?;
    is_official(&name.text).then(|| Rc::new(Image::of_base(name.clone())))
}

/// Whether a container of such an image was seen to do its work by programs that run no others: nobody is expected to work
/// in it.
pub(super) fn does_work_seen(container: &Container) -> bool {
    let is_open = |flag: &Option<Flag>| flag.as_ref().is_some_and(|flag| flag.on);
    // Who starts one from a terminal sees what its command prints.
    let is_for_people = container.start.is_none() && (is_open(&container.tty) || is_open(&container.stdin_open));
    if container.workplace.is_some() || is_for_people {
        return false;
    }
    if container.entrypoint.is_none() && container.command.is_none() {
        // Its image's own server is known by itself.
        return false;
    }
    let calls = &container.script.invocations;
    is_followed(&container.script)
        && calls.iter().all(is_plain)
        && calls.iter().any(|call| !PREPARING.contains(&program_name(call)) && !runs_installer(call) && !waits(call))
        && !calls.iter().any(waits)
}

/// Whether all that a script runs was seen, but for what code of another language does, which is read for itself.
fn is_followed(script: &Script) -> bool {
    let is_one_note = script.more_unseen.is_empty() && script.unread.is_empty();
    script.sight != Sight::Partial || is_one_note && script.invocations.iter().any(runs_code)
}

/// Whether a command runs a file of code that no shell reads: what that does is never seen here.
fn runs_code(call: &Invocation) -> bool {
    let words = call.argv.get(1..).unwrap_or_default();
    CODE_RUNNERS.contains(&program_name(call)) && given_file(words).is_some()
}

/// Whether a command runs a program that runs no other, code that is to be read, or a package by its name.
fn is_plain(call: &Invocation) -> bool {
    let name = program_name(call);
    let words = call.argv.get(1..).unwrap_or_default();
    if name == "find" && words.iter().any(|word| word.starts_with("-exec") || word.starts_with("-ok")) {
        return false;
    }
    if INTERPRETERS.contains(&name) {
        let module = words.iter().position(|word| **word == *"-m").map(|at| words.get(at + 1));
        let is_known = |module: Option<&Word>| module.is_some_and(|module| MODULES.contains(&&**module));
        let is_told = given_file(words).is_some() || words.iter().any(|word| CODE_OPTIONS.contains(&&**word));
        return is_told && !words.iter().any(|word| **word == *"-i") && module.is_none_or(is_known);
    }
    PLAIN_PROGRAMS.contains(&name) || PREPARING.contains(&name) || run_package(call).is_some() || runs_installer(call)
}

/// Whether a command only keeps its container alive.
fn waits(call: &Invocation) -> bool {
    const LONG: u64 = 24 * 60 * 60;
    let words: Vec<&str> = call.argv.iter().skip(1).map(|word| &**word).collect();
    match program_name(call) {
        "sleep" => words.iter().any(|word| {
            let number = word.trim_end_matches(|ch: char| ch.is_ascii_alphabetic());
            word.ends_with('d') || number.parse::<u64>().map_or(true, |seconds| seconds >= LONG)
        }),
        "tail" => words.contains(&"/dev/null"),
        "cat" => words.is_empty(),
        _ => false,
    }
}
