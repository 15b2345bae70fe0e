//! Logins that a Dockerfile copies into an image: every container of the image has the same. Uses `planned_files`,
//! `fed_copies` and `dockerfile`.

use super::fed_copies::path_inside;
use super::planned_files::files_below;
use super::repository::Repository;
use crate::input::dockerfile::{BuildStep, CopyOrigin, CopySource, CopyStep, Image, RunStep, SecretMount};
use crate::input::program_names::ProgramNames;
use crate::model::{
    Container, CopiedFrom, HostCopy, Invocation, MountSource, Value, Word, WordsOfCopy, earlier_in_line,
    files_of_contents, join, split_below, words_of_copies,
};

/// The files with a login that the steps of an image copy out of a build context, or out of what the build is lent, with
/// where they come to.
pub(super) fn find_built_logins(container: &Container, image: &Image, repository: &Repository<'_>) -> Vec<HostCopy> {
    let names = repository.programs;
    let mut found = Vec::new();
    for step in &image.steps {
        match step.as_ref() {
            BuildStep::Copy(copied) if !copied.target.is_symbolic() => found.extend(copied_logins(copied, names)),
            BuildStep::Run(ran) => found.extend(logins_of_run(ran, container, repository)),
            BuildStep::Copy(_) | BuildStep::Unread(_) => {}
        }
    }
    // A directory of the host covers what the image has; a new volume begins with it.
    found.retain(|copy| {
        let mount = container.mount_holding(&copy.to);
        mount.is_none_or(|(mount, _)| matches!(mount.source, MountSource::Volume(_) | MountSource::Anonymous))
    });
    found
}

/// The logins that commands of a RUN copy out of what is mounted meanwhile.
fn logins_of_run(ran: &RunStep, container: &Container, repository: &Repository<'_>) -> Vec<HostCopy> {
    if ran.binds.is_empty() && ran.secrets.is_empty() {
        return Vec::new();
    }
    let calls = ran.build_calls(repository.sources);
    let mut found = Vec::new();
    for (number, call) in calls.iter().enumerate() {
        for words in words_of_copies(call, earlier_in_line(call, calls, number)) {
            let content = files_of_contents(&words.from).next().map(Word::parse);
            let from = path_inside(content.as_ref().unwrap_or(&words.from), call, container);
            let to = path_inside(&words.to, call, container);
            let into = words.to.ends_with('/');
            let binds = ran.binds.iter().filter_map(|bind| part_of_bind(bind, &from, &to, into));
            found.extend(binds.flat_map(|copied| copied_logins(&copied, repository.programs)));
            let lent = ran.secrets.iter().filter(|secret| secret.target.text == from);
            found.extend(lent.map(|secret| copied_secret(secret, &to, &words, call, container, repository.programs)));
        }
    }
    found
}

/// A copy of what is in a mount of a RUN, as if it were copied from where that is.
fn part_of_bind(bind: &CopyStep, from: &str, to: &str, into: bool) -> Option<CopyStep> {
    let rest = split_below(from, &bind.target.text)?;
    let [CopySource::Path(source)] = bind.sources.as_slice() else { return None };
    let path = Value { text: join(&source.text, &format!("./{rest}")), ..source.clone() };
    let target = Value { text: to.to_owned(), ..bind.target.clone() };
    Some(CopyStep { sources: vec![CopySource::Path(path)], target, into, ..bind.clone() })
}

/// The copy of a file that a build is lent. Whose it is, where that is not written, does not matter: who builds the image
/// has it, and so has every container.
fn copied_secret(
    secret: &SecretMount,
    to: &str,
    words: &WordsOfCopy,
    call: &Invocation,
    container: &Container,
    names: &ProgramNames,
) -> HostCopy {
    let source = container.build.as_ref().and_then(|build| build.secrets.get(&secret.id));
    let of_name = names.credentials.first().map_or("", String::as_str);
    let from = source.map_or_else(|| format!("${{secret {}}}/{of_name}", secret.id), |source| source.text.clone());
    // What comes into a directory is called as it is where it was lent.
    let own = secret.target.text.rsplit('/').next().unwrap_or_default();
    HostCopy {
        from: CopiedFrom::Host(from),
        shown: format!("the secret {} of the build", secret.id),
        to: if names.is_login_file(to) { to.to_owned() } else { join(to, &format!("./{own}")) },
        whole: false,
        excluded: words.excluded.clone(),
        skips_hidden: false,
        span: call.span,
    }
}

fn copied_logins(copied: &CopyStep, names: &ProgramNames) -> Vec<HostCopy> {
    let CopyOrigin::Context(Some(context)) = &copied.from else { return Vec::new() };
    let mut found = Vec::new();
    for source in &copied.sources {
        let CopySource::Path(path) = source else { continue };
        if path.is_symbolic() || path.text.contains(['*', '?', '[']) {
            continue;
        }
        let path = path.text.trim_matches('/').trim_start_matches("./");
        let path = if path == "." { "" } else { path };
        let is_named = |text: &str| names.is_login_file(text);
        let mut files = Vec::new();
        let base = context.locate(path);
        // A login is rarely in a repository: one that is named is there where the image is built. Directories are looked
        // through where what they become is somebody's state.
        if is_named(path) {
            files.push(base.clone());
        } else if names.have_state_named_in(&copied.target.text) {
            files_below(context.as_ref(), path, &mut files);
        }
        for file in files {
            let Some(rest) = file.strip_prefix(&base).ok().and_then(|rest| rest.to_str()) else { continue };
            let name = if rest.is_empty() { path } else { rest };
            if !is_named(name) {
                continue;
            }
            let to = match rest {
                "" if copied.into || !is_named(&copied.target.text) => {
                    join(&copied.target.text, &format!("./{}", path.rsplit('/').next().unwrap_or(path)))
                }
                rest => join(&copied.target.text, &format!("./{rest}")),
            };
            found.push(HostCopy {
                from: CopiedFrom::Host(file.display().to_string()),
                shown: if rest.is_empty() { path.to_owned() } else { join(path, &format!("./{rest}")) },
                to,
                whole: false,
                excluded: Vec::new(),
                skips_hidden: false,
                span: copied.span,
            });
        }
    }
    found
}
