//! Commands that fetch a package and run its program, and those that install packages. Uses `model`.

use crate::model::{Invocation, Word};

/// Programs that install packages, and the words with which they do.
#[rustfmt::skip]
const INSTALLERS: [&str; 18] = [
    "apk", "apt", "apt-get", "brew", "bun", "cargo", "dnf", "gem", "go", "microdnf", "npm", "pip", "pip3", "pipx", "pnpm", "uv",
    "yarn", "yum",
];
const INSTALLING: [&str; 5] = ["add", "global", "i", "in", "install"];
/// Words of installers that bring the lists of packages up to date.
const UPDATING: [&str; 2] = ["update", "upgrade"];
/// Programs that run a package by its name.
const RUNNERS: [&str; 4] = ["bunx", "npx", "pnpx", "uvx"];
/// Commands of installers that do, and their words.
#[rustfmt::skip]
const RUNNING: [(&str, &str); 8] = [
    ("bun", "x"), ("npm", "exec"), ("npm", "x"), ("pipx", "run"), ("pnpm", "dlx"), ("uv", "tool"), ("yarn", "dlx"), ("pnpm", "exec"),
];

/// Whether a command installs packages.
pub(super) fn runs_installer(call: &Invocation) -> bool {
    let Some((name, words)) = named_call(call) else { return false };
    let does = |word: &Word| INSTALLING.contains(&&**word) || UPDATING.contains(&&**word);
    INSTALLERS.contains(&name) && words.iter().any(does)
}

/// Whether a command installs packages that its words name.
pub(super) fn installs_named(call: &Invocation) -> bool {
    let Some((name, words)) = named_call(call) else { return false };
    INSTALLERS.contains(&name) && words.iter().any(|word| INSTALLING.contains(&&**word))
}

/// The packages that a command fetches and runs, as words: those of its options too.
pub(super) fn run_package(call: &Invocation) -> Option<Vec<&Word>> {
    let (name, words) = named_call(call)?;
    let words = if RUNNERS.contains(&name) {
        words
    } else {
        let (first, rest) = words.split_first()?;
        let runs = RUNNING.contains(&(name, &**first));
        let rest = if &**first == "tool" { rest.split_first().filter(|(word, _)| ***word == *"run")?.1 } else { rest };
        runs.then_some(rest)?
    };
    let mut packages = Vec::new();
    let mut is_value = false;
    for word in words {
        match &**word {
            "-p" | "--package" | "--from" | "--with" => is_value = true,
            "-c" | "--call" => return None,
            text if text.starts_with('-') => {
                if let Some((_, _)) = text.split_once('=') {
                    packages.push(word);
                }
            }
            _ => {
                packages.push(word);
                if !is_value {
                    return Some(packages);
                }
                is_value = false;
            }
        }
    }
    None
}

fn named_call(call: &Invocation) -> Option<(&str, &[Word])> {
    let (program, words) = call.argv.split_first()?;
    Some((program.rsplit('/').next().unwrap_or(program), words))
}
