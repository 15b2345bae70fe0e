//! Files that scripts of the host copy to where containers mount them, or into containers. Uses `text`, `project`
//! and `model`.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use crate::input::project::{DescribedProject, Repository, copy_origins, has_container_name, host_paths};
use crate::model::{
    Container, CopiedFrom, HostCopy, Invocation, Mount, MountSource, NamedContainer, PathInContainer, Word,
    WordsOfCopy, begins_with_star, earlier_in_line, join, operands, packing_of, parent_and_name, program_name,
    shows_hidden, split_below, upward, words_of_copies,
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
    /// What is copied.
    from: CopiedFrom,
    /// Where to: a path of the host, or of the container.
    to: String,
    words: WordsOfCopy,
    /// Whether what is in it may be directly in `to`: its contents are copied, or it is a home, under whatever name.
    enters: bool,
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
            let from = origins(&words, call, calls.get(number + 1..), repository);
            let to = match &words.recipient {
                Some(_) => vec![words.to.to_string()],
                None => host_paths(&words.to, call, repository),
            };
            for (number, from) in from.iter().enumerate() {
                let Some(to) = to.get(number).or(to.first()) else { continue };
                let is_starred = matches!(from, CopiedFrom::Host(path) if begins_with_star(path));
                let skips_hidden = (words.skips_hidden || is_starred) && !takes_hidden;
                let from = &first_origin(from, &found);
                if let CopiedFrom::Host(path) = from {
                    // What was saved is put back.
                    if words.recipient.is_none() && path == to || holds_no_token(path, repository) {
                        continue;
                    }
                }
                let is_home = |path: &String| host_paths(&Word::parse("$HOME"), call, repository).contains(path);
                let enters = words.contents || matches!(from, CopiedFrom::Host(path) if words.whole && is_home(path));
                if found.len() < MAX_COPIES {
                    found.push(CopyOnHost {
                        from: from.clone(),
                        to: to.clone(),
                        words: WordsOfCopy { skips_hidden, ..words.clone() },
                        enters,
                        call: call.clone(),
                        directories: match (&words.recipient, from) {
                            (Some(NamedContainer::Service(_)), _)
                            | (_, CopiedFrom::Named(PathInContainer { container: NamedContainer::Service(_), .. })) => {
                                directories_of(call, repository)
                            }
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

/// What a call copies; nothing where the calls after it remove that.
fn origins(
    words: &WordsOfCopy,
    call: &Invocation,
    after: Option<&[Invocation]>,
    repository: &Repository<'_>,
) -> Vec<CopiedFrom> {
    let origins = copy_origins(&words.from, call, repository);
    let is_removed =
        |from: &CopiedFrom| matches!(from, CopiedFrom::Host(path) if is_removed_after(path, call, after, repository));
    if origins.iter().all(is_removed) { Vec::new() } else { origins }
}

/// What something was copied from before, where another copy made it, or what it is in.
fn first_origin(from: &CopiedFrom, before: &[CopyOnHost]) -> CopiedFrom {
    let CopiedFrom::Host(path) = from else { return from.clone() };
    let made = before.iter().rev().filter(|copy| copy.words.recipient.is_none()).find_map(|copy| {
        // It may be what it is called, or have come into that.
        let exactly = (copy.to == *path).then_some("");
        let rest = exactly.or_else(|| copy.part_below(path))?;
        Some(copy.part(rest))
    });
    made.unwrap_or_else(|| from.clone())
}

impl CopyOnHost {
    /// The path of what is copied where that comes into a directory: below it, under its own name. Of `DIR/.` it is what is
    /// in it that has its name there.
    fn made_within(&self) -> Option<String> {
        let (_, name) = parent_and_name(self.from.path()).filter(|_| !self.words.contents)?;
        Some(join(&self.to, &format!("./{name}")))
    }

    /// The rest of a path that is made below, or is, what is copied.
    fn part_below<'p>(&self, path: &'p str) -> Option<&'p str> {
        let within = self.made_within();
        let below = within.as_deref().and_then(|within| split_below(path, within));
        below.or_else(|| split_below(path, &self.to).filter(|_| self.enters))
    }

    /// What is copied, or something below it.
    fn part(&self, rest: &str) -> CopiedFrom {
        let rest = rest.trim_matches('/');
        match &self.from {
            CopiedFrom::Host(path) if !rest.is_empty() => CopiedFrom::Host(join(path, &format!("./{rest}"))),
            CopiedFrom::Named(inside) => CopiedFrom::Named(inside.clone().below(rest)),
            from => from.clone(),
        }
    }
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
        let is_recipient = copy.words.recipient.as_ref();
        let is_recipient = is_recipient.map(|named| containers_named(named, &copy.directories, containers, projects));
        for (at, container) in containers.iter_mut().enumerate() {
            let seen = match &is_recipient {
                Some(is_recipient) => {
                    let is_meant = is_recipient.get(at).is_some_and(|is_meant| *is_meant);
                    let seen = is_meant.then(|| SeenCopy { from: copy.from.clone(), to: copy.to.clone() });
                    seen.into_iter().collect()
                }
                None => seen_in_container(container, copy),
            };
            container.host_copies.extend(seen.into_iter().map(|SeenCopy { from, to }| HostCopy {
                from,
                shown: copy.words.shown_origin(),
                to,
                whole: copy.words.whole,
                excluded: copy.words.excluded.clone(),
                skips_hidden: copy.words.skips_hidden,
                span: copy.call.span,
            }));
        }
    }
    find_senders(copies, containers, projects);
}

/// Finds the containers that something is copied out of. Who else uses what is in one that is not described is not known,
/// and nothing is told of that.
fn find_senders(copies: &[CopyOnHost], containers: &mut [Container], projects: &[DescribedProject]) {
    let mut known: Vec<(PathInContainer, Option<CopiedFrom>)> = Vec::new();
    let named = containers.iter().flat_map(|container| &container.host_copies).filter_map(|copy| match &copy.from {
        CopiedFrom::Named(inside) => Some((inside.clone(), copy.span)),
        _ => None,
    });
    for (inside, span) in named {
        if known.iter().any(|(one, _)| *one == inside) {
            continue;
        }
        let directories = copies.iter().find(|copy| copy.call.span == span).map_or(&[][..], |copy| &copy.directories);
        let is_meant = containers_named(&inside.container, directories, containers, projects);
        let sender = containers.iter().zip(is_meant).find(|(_, is_meant)| *is_meant).map(|(one, _)| {
            CopiedFrom::Container { name: one.name.clone(), span: one.span, path: inside.path.clone() }
        });
        known.push((inside, sender));
    }
    let found = |from: &CopiedFrom| match from {
        CopiedFrom::Named(inside) => known.iter().find(|(one, _)| one == inside)?.1.clone(),
        _ => Some(from.clone()),
    };
    for container in containers.iter_mut() {
        container.host_copies.retain_mut(|copy| match found(&copy.from) {
            Some(from) => {
                copy.from = from;
                true
            }
            None => false,
        });
    }
}

/// Which of some containers a command means that names one.
fn containers_named(
    named: &NamedContainer,
    directories: &[PathBuf],
    containers: &[Container],
    projects: &[DescribedProject],
) -> Vec<bool> {
    let name = match named {
        NamedContainer::Container(name) => {
            let is_named = |one: &Container| one.name == *name && one.start.is_some();
            let is_meant = |one: &Container| is_named(one) || has_container_name(one, name, projects);
            return containers.iter().map(is_meant).collect();
        }
        NamedContainer::Service(name) => name,
    };
    let is_service = |one: &Container| one.start.is_none() && one.name == *name;
    let project = |one: &Container| projects.iter().find(|project| one.project.as_ref() == Some(&project.key));
    // Of several projects with such a service that of the script's own directory is meant, if there is one.
    let is_near = |one: &Container| {
        is_service(one) && project(one).is_some_and(|project| directories.contains(&project.directory))
    };
    let has_near = containers.iter().any(is_near);
    containers.iter().map(|one| if has_near { is_near(one) } else { is_service(one) }).collect()
}

/// A copy as a container sees it: where to, and which part of what is copied.
struct SeenCopy {
    from: CopiedFrom,
    to: String,
}

/// What a container sees of a copy to a path of the host: all of it below where it is copied to, and the part at which a
/// mount begins, or the copy itself, which has the name of the original there.
fn seen_in_container(container: &Container, copy: &CopyOnHost) -> Vec<SeenCopy> {
    let whole = paths_in_container(container, &copy.to).into_iter();
    let whole = whole.map(|to| SeenCopy { from: copy.from.clone(), to });
    let parts = container.mounts.iter().filter_map(|mount| {
        let source = host_source(mount).filter(|source| split_below(&copy.to, source).is_none())?;
        Some(SeenCopy { from: copy.part(copy.part_below(source)?), to: mount.target.text.clone() })
    });
    whole.chain(parts).collect()
}

/// The path of the host that is mounted.
fn host_source(mount: &Mount) -> Option<&str> {
    match &mount.source {
        MountSource::Host(source) | MountSource::Unresolved(source) => Some(&source.text),
        _ => None,
    }
}

/// The paths under which a container sees a path of the host: one for each mount that it is below, where no mount further
/// down hides it.
fn paths_in_container(container: &Container, path: &str) -> Vec<String> {
    let seen = |mount: &Mount| {
        let rest = split_below(path, host_source(mount)?)?;
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
