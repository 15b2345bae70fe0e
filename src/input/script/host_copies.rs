//! Files that scripts of the host copy to where containers mount them, or into containers. Uses `model`.

use crate::input::project::Repository;
use crate::model::{
    Container, HostCopy, Invocation, MountSource, PartialText, Value, VariableState, Word, WordsOfCopy,
    begins_with_star, join, operands, program_name, shows_hidden, split_below, words_of_copies,
};

/// Copies of all scripts that are kept.
const MAX_COPIES: usize = 400;
/// Calls before one in its line that are looked at.
const MAX_BEFORE: usize = 8;
/// How many calls and lines after a copy one belongs to it that removes what was copied.
const SOON: (usize, u32) = (4, 6);

/// A copy that a script of the host makes.
#[derive(Debug)]
pub(in crate::input) struct CopyOnHost {
    /// What is copied: a path of the host.
    from: String,
    /// Where to: a path of the host, or of the container.
    to: String,
    words: WordsOfCopy,
    call: Invocation,
}

/// The copies among the calls of a script.
pub(super) fn find_copies(calls: &[Invocation], repository: &Repository<'_>) -> Vec<CopyOnHost> {
    let mut found = Vec::new();
    let takes_hidden = shows_hidden(calls.iter());
    for (number, call) in calls.iter().enumerate() {
        let line = |call: &Invocation| (call.span.file, call.span.start.line);
        let before = calls.iter().take(number).rev().take_while(|before| line(before) == line(call));
        for words in words_of_copies(call, before.take(MAX_BEFORE)) {
            let mut from = host_paths(&words.from, call, repository);
            if from.iter().all(|path| is_removed_after(path, call, calls.get(number + 1..), repository)) {
                from.clear();
            }
            let to = match &words.container {
                Some(_) => vec![words.to.to_string()],
                None => host_paths(&words.to, call, repository),
            };
            for (number, from) in from.iter().enumerate() {
                let Some(to) = to.get(number).or(to.first()) else { continue };
                let skips_hidden = (words.skips_hidden || begins_with_star(from)) && !takes_hidden;
                if found.len() < MAX_COPIES {
                    found.push(CopyOnHost {
                        from: from.clone(),
                        to: to.clone(),
                        words: WordsOfCopy { skips_hidden, ..words.clone() },
                        call: call.clone(),
                    });
                }
            }
        }
    }
    found
}

/// Whether the commands right behind a copy remove what was copied: it is moved, and there is one login as before.
fn is_removed_after(path: &str, copy: &Invocation, after: Option<&[Invocation]>, repository: &Repository<'_>) -> bool {
    let (calls, lines) = SOON;
    let near = after.into_iter().flatten().take(calls).filter(|call| {
        let line = call.span.start.line;
        call.span.file == copy.span.file && (copy.span.start.line..=copy.span.start.line + lines).contains(&line)
    });
    near.filter(|call| program_name(call) == "rm").any(|call| {
        let gone = operands(call).into_iter().flat_map(|word| host_paths(word, call, repository));
        gone.into_iter().any(|gone| split_below(path, &gone).is_some())
    })
}

/// The paths of the host that a word means, one for each value of a loop's variable; a variable that is not set stays.
fn host_paths(word: &Word, call: &Invocation, repository: &Repository<'_>) -> Vec<String> {
    let path = |chosen: Option<(&String, &Word)>| {
        let state = |name: &str| match chosen.filter(|(own, _)| *own == name) {
            Some((_, value)) => {
                value.known().map_or(VariableState::Unknown, |text| VariableState::Set(Value::known(text, None)))
            }
            None => repository
                .environment
                .get(name)
                .map_or(VariableState::Unseen, |text| VariableState::Set(Value::known(text.as_str(), None))),
        };
        let text = |word: &Word| PartialText::expand(word, &state).cleaned_path().to_value(None).text;
        let path = text(word);
        if path.starts_with(['/', '$']) {
            return path;
        }
        let here = repository.cwd.display().to_string();
        let base = call.directory.as_ref().map_or_else(|| here.clone(), |directory| join(&here, &text(directory)));
        join(&base, &path)
    };
    match call.choices.iter().find(|(name, _)| word.contains(name.as_str())) {
        Some((name, values)) => values.iter().map(|value| path(Some((name, value)))).collect(),
        None => vec![path(None)],
    }
}

/// Tells each container what is copied to where it looks.
pub(in crate::input) fn give_copies(copies: &[CopyOnHost], containers: &mut [Container]) {
    for copy in copies {
        for container in containers.iter_mut() {
            let to = match &copy.words.container {
                Some(name) => is_named(container, name).then(|| copy.to.clone()),
                None => path_in_container(container, &copy.to),
            };
            container.host_copies.extend(to.map(|to| HostCopy {
                from: copy.from.clone(),
                shown: copy.words.from.to_string(),
                to,
                whole: copy.words.whole,
                excluded: copy.words.excluded.clone(),
                skips_hidden: copy.words.skips_hidden,
                span: copy.call.span,
            }));
        }
    }
}

fn is_named(container: &Container, name: &str) -> bool {
    container.name == name || container.given_name.as_ref().is_some_and(|given| given.text == name)
}

/// The path under which a container sees a path of the host.
fn path_in_container(container: &Container, path: &str) -> Option<String> {
    container.mounts.iter().find_map(|mount| {
        let (MountSource::Host(source) | MountSource::Unresolved(source)) = &mount.source else { return None };
        let rest = split_below(path, &source.text)?;
        let target = &mount.target.text;
        Some(if rest.is_empty() { target.clone() } else { format!("{target}/{}", rest.trim_start_matches('/')) })
    })
}
