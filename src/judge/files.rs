//! What a container's own commands do to its files before the program runs: links to its state directory, copies of a
//! login into it. May use `model` and earlier parts of `judge`.

use super::expand::expand;
use super::program::ran;
use super::state::StateDir;
use crate::model::{Container, Invocation, Link, clean, join, parent_and_name, split_below};
use crate::text::Span;

/// Something that is copied into the state directory.
#[derive(Debug, Clone)]
pub(crate) struct Copied {
    /// The file or directory, as the container sees it.
    pub(crate) from: String,
    /// Where the command is written.
    pub(crate) span: Span,
}

/// The links that the container's commands make.
pub(crate) fn links(container: &Container, state: &StateDir) -> Vec<Link> {
    let made = ran(container).filter(|call| name(call) == "ln");
    let link = |call: &Invocation| {
        let symbolic = call.argv.iter().any(|word| word == "--symbolic" || is_letter(word, 's'));
        let operands = operands(call);
        let ([target, link], true) = (operands.as_slice(), symbolic) else { return None };
        let name = expand(link, call, container, state)?;
        // A link's target is read from where the link is.
        let (directory, _) = parent_and_name(&name)?;
        let target = if target.starts_with(['/', '~', '$']) {
            expand(target, call, container, state)?
        } else {
            join(directory, target)
        };
        Some(Link { name, target: clean(&target) })
    };
    made.filter_map(link).collect()
}

/// The path after every link on it has been followed, as far as the container's own commands make them.
pub(crate) fn follow(path: &str, links: &[Link]) -> String {
    let mut path = path.to_owned();
    // As many steps as the kernel takes before it calls it a circle (path_resolution(7)).
    for _ in 0..40 {
        let through = links.iter().find_map(|link| Some((link, split_below(&path, &link.name)?)));
        let Some((link, rest)) = through else { break };
        path = join(&link.target, &format!("./{rest}"));
    }
    path
}

/// What the container's commands copy into its state directory, or beside it under its name.
pub(crate) fn copies(container: &Container, state: &StateDir, (directory, login): (&str, &str)) -> Vec<Copied> {
    let mut copied = Vec::new();
    for call in ran(container).filter(|call| matches!(name(call), "cp" | "rsync" | "install" | "mv")) {
        let operands = operands(call);
        let Some((to, from)) = operands.split_last() else { continue };
        let Some(to) = expand(to, call, container, state) else { continue };
        for word in from {
            let from = word.trim_end_matches("/*").trim_end_matches("/.");
            let whole = from != *word || name(call) == "rsync" || call.argv.iter().any(|word| is_recursive(word));
            let Some(from) = expand(from, call, container, state) else { continue };
            let target = if to == state.path { &from } else { &to };
            if !whole && is_another_file(target, login) {
                continue;
            }
            let within = split_below(&to, &state.path).is_some();
            let beside = parent_and_name(&state.path).is_some_and(|(parent, _)| parent == to)
                && parent_and_name(&from).is_some_and(|(_, name)| name == directory);
            if within || beside {
                copied.push(Copied { from, span: call.span });
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
pub(crate) fn written(container: &Container, state: &StateDir, login: &str) -> Vec<(Copied, String)> {
    let mut written = Vec::new();
    let calls: Vec<&Invocation> = ran(container).collect();
    for (number, call) in calls.iter().enumerate() {
        let output = call.output.as_ref().and_then(|output| expand(output, call, container, state));
        if output.as_deref() != Some(login) {
            continue;
        }
        // What comes through a pipe is written before it, on the same line.
        let line = |call: &Invocation| (call.span.file, call.span.start.line);
        let before = calls.iter().take(number + 1).rev().take_while(|before| line(before) == line(call));
        let named = before.flat_map(|call| &call.argv).find_map(|word| variable(word));
        written.extend(named.map(|name| (Copied { from: format!("${name}"), span: call.span }, name.to_owned())));
    }
    written
}

/// The first variable in a word.
fn variable(word: &str) -> Option<&str> {
    let (before, after) = word.split_once('$')?;
    let name = after.strip_prefix('{').unwrap_or(after);
    let end = name.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(name.len());
    name.get(..end).filter(|name| !name.is_empty() && !before.ends_with('\\'))
}

/// Whether the container's commands remove a file, or a directory that it is in.
pub(crate) fn removes(container: &Container, state: &StateDir, path: &str) -> bool {
    let told = |call: &Invocation, word: &str| expand(word, call, container, state);
    let gone = |call: &Invocation, word: &str| told(call, word).is_some_and(|gone| split_below(path, &gone).is_some());
    ran(container).any(|call| match name(call) {
        "rm" | "unlink" | "mv" => operands(call).into_iter().any(|word| gone(call, word)),
        // It puts a new file in the place of the old one.
        "install" => operands(call).last().is_some_and(|word| told(call, word).as_deref() == Some(path)),
        _ => false,
    })
}

fn name(call: &Invocation) -> &str {
    call.argv.first().map_or("", |word| word.rsplit('/').next().unwrap_or(word))
}

fn is_letter(word: &str, letter: char) -> bool {
    word.strip_prefix('-').is_some_and(|letters| !letters.starts_with('-') && letters.contains(letter))
}

/// The words that are no options; `-t DIR` is put last, where it means the same.
fn operands(call: &Invocation) -> Vec<&str> {
    let mut operands = Vec::new();
    let mut into = None;
    let mut words = call.argv.iter().skip(1).map(String::as_str);
    while let Some(word) = words.next() {
        match word {
            "-t" | "--target-directory" => into = words.next(),
            "-m" | "-o" | "-g" | "-S" | "--mode" | "--owner" | "--group" | "--exclude" => _ = words.next(),
            option if option.starts_with('-') => {}
            operand => operands.push(operand),
        }
    }
    operands.extend(into);
    operands
}
