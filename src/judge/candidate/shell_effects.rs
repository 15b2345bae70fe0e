//! What a container's own commands do to its files before the program runs: links to its state directory, copies of a
//! login into it. May use `model` and earlier parts of `judge`.

use super::calls::seen_calls;
use super::state_dir::StateDir;
use super::word_path::expand_word;
use crate::model::{Container, Invocation, Link, Word, clean, join, parent_and_name, split_below};
use crate::rules::Profile;
use crate::text::Span;

/// Something that is copied into the state directory.
#[derive(Debug, Clone)]
pub(crate) struct CopiedLogin {
    /// The file or directory, as the container sees it.
    pub(crate) from: String,
    /// Where the command is written.
    pub(crate) span: Span,
}

/// The links that the container's commands make.
pub(crate) fn made_links(container: &Container, state: &StateDir) -> Vec<Link> {
    let made = seen_calls(container).filter(|call| command_name(call) == "ln");
    let link = |call: &Invocation| {
        let symbolic = call.argv.iter().any(|word| word == "--symbolic" || is_letter(word, 's'));
        let operands = command_operands(call);
        let ([target, link], true) = (operands.as_slice(), symbolic) else { return None };
        let name = expand_word(link, call, container, state.home.as_deref())?;
        // A link's target is read from where the link is.
        let (directory, _) = parent_and_name(&name)?;
        let target = if target.starts_with(['/', '~', '$']) {
            expand_word(target, call, container, state.home.as_deref())?
        } else {
            join(directory, target)
        };
        Some(Link { name, target: clean(&target) })
    };
    made.filter_map(link).collect()
}

/// What the container's commands copy into its state directory, or beside it under its name.
pub(crate) fn find_copied_logins(container: &Container, state: &StateDir, profile: &Profile) -> Vec<CopiedLogin> {
    let mut copied = Vec::new();
    for call in seen_calls(container).filter(|call| matches!(command_name(call), "cp" | "rsync" | "install" | "mv")) {
        let operands = command_operands(call);
        let Some((to, from)) = operands.split_last() else { continue };
        let Some(to) = expand_word(to, call, container, state.home.as_deref()) else { continue };
        for word in from {
            let whole = word.ends_with("/*")
                || word.ends_with("/.")
                || command_name(call) == "rsync"
                || call.argv.iter().any(|word| is_recursive(word));
            let Some(from) = expand_word(word, call, container, state.home.as_deref()) else { continue };
            let from = clean(from.trim_end_matches("/*"));
            let target = if to == state.path { &from } else { &to };
            if !whole && is_another_file(target, &profile.credentials) {
                continue;
            }
            let within = split_below(&to, &state.path).is_some();
            let beside = parent_and_name(&state.path).is_some_and(|(parent, _)| parent == to)
                && parent_and_name(&from).is_some_and(|(_, name)| name == profile.state_directory.default);
            if within || beside {
                copied.push(CopiedLogin { from, span: call.span });
            }
        }
    }
    copied
}

/// Whether a path names a file, and not the login.
fn is_another_file(path: &str, login: &str) -> bool {
    parent_and_name(path).is_some_and(|(_, name)| name != login && name.get(1..).is_some_and(|rest| rest.contains('.')))
}

fn is_recursive(word: &str) -> bool {
    word == "--recursive" || word == "--archive" || ['r', 'R', 'a'].iter().any(|letter| is_letter(word, *letter))
}

/// The variables of the environment that the container's commands write into its login.
pub(crate) fn variables_in_login(container: &Container, state: &StateDir, login: &str) -> Vec<(CopiedLogin, String)> {
    let mut written = Vec::new();
    let calls: Vec<&Invocation> = seen_calls(container).collect();
    for (number, call) in calls.iter().enumerate() {
        let output =
            call.output.as_ref().and_then(|output| expand_word(output, call, container, state.home.as_deref()));
        if output.as_deref() != Some(login) {
            continue;
        }
        // What comes through a pipe is written before it, on the same line.
        let line = |call: &Invocation| (call.span.file, call.span.start.line);
        let before = calls.iter().take(number + 1).rev().take_while(|before| line(before) == line(call));
        let named = before.flat_map(|call| &call.argv).find_map(|word| first_variable(word));
        written.extend(named.map(|name| (CopiedLogin { from: format!("${name}"), span: call.span }, name.to_owned())));
    }
    written
}

/// The first variable in a word.
fn first_variable(word: &str) -> Option<&str> {
    let (before, after) = word.split_once('$')?;
    let name = after.strip_prefix('{').unwrap_or(after);
    let end = name.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(name.len());
    name.get(..end).filter(|name| !name.is_empty() && !before.ends_with('\\'))
}

/// Whether the container's commands remove a file, or a directory that it is in.
pub(crate) fn removes_path(container: &Container, state: &StateDir, path: &str) -> bool {
    let told = |call: &Invocation, word: &Word| expand_word(word, call, container, state.home.as_deref());
    let gone = |call: &Invocation, word: &Word| told(call, word).is_some_and(|gone| split_below(path, &gone).is_some());
    seen_calls(container).any(|call| match command_name(call) {
        "rm" | "unlink" | "mv" => command_operands(call).into_iter().any(|word| gone(call, word)),
        // It puts a new file in the place of the old one.
        "install" => command_operands(call).last().is_some_and(|word| told(call, word).as_deref() == Some(path)),
        _ => false,
    })
}

fn command_name(call: &Invocation) -> &str {
    call.argv.first().map_or("", |word| word.rsplit('/').next().unwrap_or(word))
}

fn is_letter(word: &str, letter: char) -> bool {
    word.strip_prefix('-').is_some_and(|letters| !letters.starts_with('-') && letters.contains(letter))
}

/// The words that are no options; `-t DIR` is put last, where it means the same.
fn command_operands(call: &Invocation) -> Vec<&Word> {
    let mut operands = Vec::new();
    let mut into = None;
    let mut words = call.argv.iter().skip(1);
    while let Some(word) = words.next() {
        match &**word {
            "-t" | "--target-directory" => into = words.next(),
            "-m" | "-o" | "-g" | "-S" | "--mode" | "--owner" | "--group" | "--exclude" => _ = words.next(),
            option if option.starts_with('-') => {}
            _ => operands.push(word),
        }
    }
    operands.extend(into);
    operands
}
