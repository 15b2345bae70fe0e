//! Files that scripts of the host copy to where containers mount them, or into containers. Uses `text`, `project`
//! and `model`.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use crate::input::project::{DescribedProject, Repository, has_container_name, host_paths, origin_paths};
use crate::model::{
    Container, HostCopy, Invocation, Mount, MountSource, Recipient, Word, WordsOfCopy, begins_with_star,
    earlier_in_line, join, operands, packing_of, parent_and_name, program_name, shows_hidden, split_below, upward,
    words_of_copies,
};
use crate::text::FileId;
use crate::text::json;
use crate::text::yaml::Node;

/// Copies of all scripts that are kept.
const MAX_COPIES: usize = 400;
/// The most that a file with a login has, in bytes.
const MOST_OF_LOGIN: u64 = 64 * 1024;
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
    /// Where a Compose project may be that it names nothing of: the directory that it runs in, and that of its script.
    directories: Vec<PathBuf>,
}

/// The copies among the calls of a script.
pub(super) fn find_copies(calls: &[Invocation], repository: &Repository<'_>) -> Vec<CopyOnHost> {
    let mut found = Vec::new();
    let takes_hidden = shows_hidden(calls.iter());
    for (number, call) in calls.iter().enumerate() {
        let before = earlier_in_line(call, calls, number).chain(packing_of(call, calls, number));
        for words in words_of_copies(call, before) {
            let mut from = origin_paths(&words.from, call, repository);
            if from.iter().all(|path| is_removed_after(path, call, calls.get(number + 1..), repository)) {
                from.clear();
            }
            let to = match &words.recipient {
                Some(_) => vec![words.to.to_string()],
                None => host_paths(&words.to, call, repository),
            };
            for (number, from) in from.iter().enumerate() {
                let Some(to) = to.get(number).or(to.first()) else { continue };
                let skips_hidden = (words.skips_hidden || begins_with_star(from)) && !takes_hidden;
                let from = &first_origin(from, &found);
                // What was saved is put back.
                if words.recipient.is_none() && from == to || holds_no_token(from, repository) {
                    continue;
                }
                if found.len() < MAX_COPIES {
                    found.push(CopyOnHost {
                        from: from.clone(),
                        to: to.clone(),
                        words: WordsOfCopy { skips_hidden, ..words.clone() },
                        call: call.clone(),
                        directories: match &words.recipient {
                            Some(Recipient::Service(_)) => directories_of(call, repository),
                            _ => Vec::new(),
                        },
                    });
                }
            }
        }
    }
    found
}

/// Whether a file of the repository is called as a login is, and has no token in it: it is there to be filled in.
fn holds_no_token(path: &str, repository: &Repository<'_>) -> bool {
    let names = repository.programs;
    if !names.is_login_file(path) {
        return false;
    }
    let Ok(text) = repository.sources.reader().within_roots().read_start(Path::new(path), MOST_OF_LOGIN) else {
        return false;
    };
    let Ok(login) = json::parse(FileId::default(), &String::from_utf8_lossy(&text)) else { return false };
    let token =
        |keys: &Vec<String>| keys.iter().try_fold(Rc::clone(&login), |value, key| value.get(key).map(Rc::clone));
    let is_empty = |token: Rc<Node>| token.as_scalar().is_some_and(|scalar| scalar.text.is_empty());
    names.refresh_tokens.iter().all(|keys| token(keys).is_none_or(is_empty))
}

/// What a path was copied from before, where another copy made it.
fn first_origin(path: &str, before: &[CopyOnHost]) -> String {
    let makes = |copy: &&CopyOnHost| {
        let name = copy.from.rsplit('/').next().unwrap_or_default();
        copy.words.recipient.is_none() && (copy.to == path || join(&copy.to, &format!("./{name}")) == path)
    };
    before.iter().rev().find(makes).map_or_else(|| path.to_owned(), |copy| copy.from.clone())
}

/// The directory that a call runs in, and the one that its script is in.
fn directories_of(call: &Invocation, repository: &Repository<'_>) -> Vec<PathBuf> {
    let runs_in = host_paths(&Word::literal("."), call, repository).into_iter().map(PathBuf::from);
    let script = repository.cwd.join(repository.sources.get(call.span.file).name());
    let beside = script.parent().map(Path::to_owned);
    let all = runs_in.chain(beside);
    all.map(|path| repository.sources.reader().real_path(&path).unwrap_or(path)).collect()
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

/// Tells each container what is copied to where it looks.
pub(in crate::input) fn give_copies(
    copies: &[CopyOnHost],
    containers: &mut [Container],
    projects: &[DescribedProject],
) {
    for copy in copies {
        let is_recipient = recipients(copy, containers, projects);
        for (container, is_recipient) in containers.iter_mut().zip(is_recipient) {
            let to: Vec<String> = match &copy.words.recipient {
                Some(_) => is_recipient.then(|| copy.to.clone()).into_iter().collect(),
                None => paths_of_copy(container, copy),
            };
            container.host_copies.extend(to.into_iter().map(|to| HostCopy {
                from: copy.from.clone(),
                shown: copy.words.shown_origin(),
                to,
                whole: copy.words.whole,
                excluded: copy.words.excluded.clone(),
                skips_hidden: copy.words.skips_hidden,
                span: copy.call.span,
            }));
        }
    }
}

/// Which of some containers a copy is made into, where it is made into one.
fn recipients(copy: &CopyOnHost, containers: &[Container], projects: &[DescribedProject]) -> Vec<bool> {
    let name = match &copy.words.recipient {
        None => return vec![false; containers.len()],
        Some(Recipient::Container(name)) => {
            let is_named = |one: &Container| one.name == *name && one.start.is_some();
            let is_meant = |one: &Container| is_named(one) || has_container_name(one, name, projects);
            return containers.iter().map(is_meant).collect();
        }
        Some(Recipient::Service(name)) => name,
    };
    let is_service = |one: &Container| one.start.is_none() && one.name == *name;
    let project = |one: &Container| projects.iter().find(|project| one.project.as_ref() == Some(&project.key));
    // Of several projects with such a service that of the script's own directory is meant, if there is one.
    let is_near = |one: &Container| {
        is_service(one) && project(one).is_some_and(|project| copy.directories.contains(&project.directory))
    };
    let has_near = containers.iter().any(is_near);
    containers.iter().map(|one| if has_near { is_near(one) } else { is_service(one) }).collect()
}

/// The paths under which a container sees what is copied on the host: below where it is copied to, or where a mount begins
/// at the copy itself, which has the name of the original there.
fn paths_of_copy(container: &Container, copy: &CopyOnHost) -> Vec<String> {
    let paths = paths_in_container(container, &copy.to);
    let name = parent_and_name(&copy.from).map(|(_, name)| name).filter(|_| keeps_name(copy));
    match name {
        Some(name) if paths.is_empty() => paths_in_container(container, &join(&copy.to, &format!("./{name}"))),
        _ => paths,
    }
}

/// Whether what is copied into a directory has its own name there: of `DIR/.` it is what is in it that has.
fn keeps_name(copy: &CopyOnHost) -> bool {
    let program = program_name(&copy.call);
    let from = &copy.words.from;
    let is_of_contents = from.ends_with("/.") || copy.words.skips_hidden || program == "rsync" && from.ends_with('/');
    matches!(program, "cp" | "install" | "ln" | "link" | "mv" | "rsync") && !is_of_contents
}

/// The paths under which a container sees a path of the host: one for each mount that it is below, where no mount further
/// down hides it.
fn paths_in_container(container: &Container, path: &str) -> Vec<String> {
    let seen = |mount: &Mount| {
        let (MountSource::Host(source) | MountSource::Unresolved(source)) = &mount.source else { return None };
        let rest = split_below(path, &source.text)?;
        let target = mount.target.text.clone();
        Some(if rest.is_empty() {
            (target.clone(), target)
        } else {
            (format!("{}/{rest}", target.trim_end_matches('/')), target)
        })
    };
    let seen: Vec<(String, String)> = container.mounts.iter().filter_map(seen).collect();
    if seen.is_empty() {
        return Vec::new();
    }
    let targets: HashSet<&str> = container.mounts.iter().map(|mount| mount.target.text.as_str()).collect();
    let is_hidden = |path: &str, target: &str| {
        upward(path).take_while(|above| *above != target).any(|above| targets.contains(above))
    };
    seen.into_iter().filter(|(path, target)| !is_hidden(path, target)).map(|(path, _)| path).collect()
}
