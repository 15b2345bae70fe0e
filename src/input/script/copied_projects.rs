//! Compose projects that a script copies to another directory and brings up there, as `git worktree add` and `cp -r` do: what
//! is read of one is the original. Uses `text`, `docker_cli`, `shell`, `project` and `model`.

use std::collections::BTreeMap;
use std::path::Path;

use crate::input::docker_cli::ComposeProject;
use crate::input::project::{Repository, host_paths};
use crate::input::shell::ContainerStart;
use crate::model::{
    Invocation, Value, Word, clean, earlier_in_line, join, parent_and_name, program_name, split_below, words_of_copies,
};
use crate::text::repository_top;

/// Options of `git worktree add` and `git clone` that have a value in the next word.
const GIT_OPTIONS: [&str; 14] = [
    "-b",
    "-B",
    "--reason",
    "--branch",
    "--depth",
    "-o",
    "--origin",
    "-c",
    "--config",
    "--reference",
    "--separate-git-dir",
    "-u",
    "--filter",
    "-j",
];

/// A directory that a script makes of another one.
struct CopiedDirectory {
    /// The original: a path of the host.
    from: String,
    /// The copy, by the words that name it.
    to: String,
}

/// Gives commands that act on a copied project the paths of its original, and says where it was copied to. `directory` is
/// that of the script.
pub(super) fn follow_copied_projects(
    starts: &mut [ContainerStart],
    calls: &[Invocation],
    directory: Option<&Path>,
    repository: &Repository<'_>,
) {
    if starts.iter_mut().all(|start| start.command.project().is_none()) {
        return;
    }
    let copies = find_copied_directories(calls, directory, repository);
    if copies.is_empty() {
        return;
    }
    for project in starts.iter_mut().filter_map(|start| start.command.project()) {
        move_to_original(project, &copies);
    }
}

fn find_copied_directories(
    calls: &[Invocation],
    directory: Option<&Path>,
    repository: &Repository<'_>,
) -> Vec<CopiedDirectory> {
    let mut found = Vec::new();
    for (number, call) in calls.iter().enumerate() {
        match program_name(call) {
            "cp" | "rsync" => {
                for words in words_of_copies(call, earlier_in_line(call, calls, number)) {
                    let from = named_path(&words.from, call, repository);
                    let to = named_path(&words.to, call, repository);
                    let within = parent_and_name(&from).filter(|_| !words.contents).map(|(_, name)| join(&to, name));
                    found.extend(within.map(|to| CopiedDirectory { from: from.clone(), to }));
                    found.push(CopiedDirectory { from, to });
                }
            }
            "git" => found.extend(copied_by_git(call, directory, repository)),
            _ => {}
        }
    }
    found.retain(|copy| copy.from != copy.to);
    found
}

/// The working tree that `git worktree add` or `git clone` of a local directory makes.
fn copied_by_git(call: &Invocation, directory: Option<&Path>, repository: &Repository<'_>) -> Option<CopiedDirectory> {
    let mut words = call.argv.iter().skip(1).peekable();
    let mut runs_in = Word::literal(".");
    while let Some(option) = words.next_if(|word| word.starts_with('-')) {
        match &**option {
            "-C" => runs_in = words.next()?.clone(),
            "-c" | "--git-dir" | "--work-tree" => _ = words.next(),
            _ => {}
        }
    }
    let below = |word: &Word| {
        let begins_elsewhere = &*runs_in == "." || word.starts_with(['/', '$']);
        let path = if begins_elsewhere { word.clone() } else { Word::parse(&join(&runs_in, word)) };
        named_path(&path, call, repository)
    };
    let command: Vec<&Word> = words.collect();
    let (rest, is_worktree) = match command.as_slice() {
        [worktree, add, rest @ ..] if **worktree == *"worktree" && **add == *"add" => (rest, true),
        [clone, rest @ ..] if **clone == *"clone" => (rest, false),
        _ => return None,
    };
    let operands = git_operands(rest);
    if is_worktree {
        let start = named_path(&runs_in, call, repository);
        let start =
            if start.starts_with('/') && !start.contains('$') { start } else { directory?.to_str()?.to_owned() };
        // Of a checkout without `.git` all is here that the tool was given.
        let real = repository.sources.reader().real_path(Path::new(&start)).unwrap_or_else(|_| start.into());
        let top = repository_top(&real).map_or_else(|| repository.cwd.clone(), Path::to_owned);
        return Some(CopiedDirectory { from: top.to_str()?.to_owned(), to: below(operands.first()?) });
    }
    let [from, to, ..] = operands.as_slice() else { return None };
    let is_local = from.starts_with(['/', '.']);
    is_local.then(|| CopiedDirectory { from: below(from), to: below(to) })
}

fn git_operands<'w>(words: &[&'w Word]) -> Vec<&'w Word> {
    let mut found = Vec::new();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        if GIT_OPTIONS.contains(&&***word) {
            words.next();
        } else if !word.starts_with('-') {
            found.push(*word);
        }
    }
    found
}

/// The path that a word of a call names. What a loop goes through stays.
fn named_path(word: &Word, call: &Invocation, repository: &Repository<'_>) -> String {
    let call = Invocation { choices: BTreeMap::new(), ..call.clone() };
    let path = host_paths(word, &call, repository).into_iter().next().unwrap_or_default();
    clean(&by_name_alone(&path))
}

/// A text in which each variable is called by its name alone, wherever its value is from: in one script a copy and what
/// is done there say the same words.
fn by_name_alone(text: &str) -> String {
    let mut rest = text;
    let mut plain = String::with_capacity(text.len());
    while let Some((before, symbol)) = rest.split_once("${") {
        plain.push_str(before);
        let Some((symbol, after)) = symbol.split_once('}') else {
            plain.push_str("${");
            rest = symbol;
            break;
        };
        plain.push_str("${");
        plain.push_str(symbol.split_once(" at ").map_or(symbol, |(name, _)| name));
        plain.push('}');
        rest = after;
    }
    plain.push_str(rest);
    plain
}

/// Gives a project the paths of the original, where it is in a copy.
fn move_to_original(project: &mut ComposeProject, copies: &[CopiedDirectory]) {
    let runs_in = project.runs_in_words.clone().or_else(|| project.runs_in.clone());
    let original = |path: &str| {
        let path = clean(&by_name_alone(path));
        copies.iter().rev().find_map(|copy| {
            let rest = split_below(&path, &copy.to)?;
            Some(if rest.is_empty() { copy.from.clone() } else { join(&copy.from, rest) })
        })
    };
    let known = |value: &Value, path: String| Value { text: path, symbols: Vec::new(), ..value.clone() };
    let mut copied_to = None;
    let moved = runs_in.as_ref().and_then(|words| Some((words, original(&words.text)?)));
    if let Some((words, path)) = moved {
        copied_to = Some(words.clone());
        // What is named from there on is named from the original on.
        let base = project.runs_in.as_ref().map(|base| base.text.clone());
        let files = project.files.iter_mut().chain(&mut project.directory).chain(&mut project.env_files);
        for file in files {
            let rest = base.as_ref().and_then(|base| split_below(&file.text, base)).map(str::to_owned);
            if let Some(rest) = rest {
                *file = known(file, clean(&join(&path, &rest)));
            }
        }
        project.runs_in = Some(known(words, path));
    }
    for (file, is_place) in project
        .files
        .iter_mut()
        .map(|file| (file, true))
        .chain(project.directory.iter_mut().map(|one| (one, true)))
        .chain(project.env_files.iter_mut().map(|one| (one, false)))
    {
        if let Some(path) = original(&file.text) {
            if is_place {
                copied_to.get_or_insert_with(|| file.clone());
            }
            *file = known(file, path);
        }
    }
    project.copied_to = copied_to;
}
