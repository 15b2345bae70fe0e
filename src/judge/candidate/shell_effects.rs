//! What a container's own commands do to its files before the program runs: copies of a login into its state directory,
//! files that they remove. May use `model` and earlier parts of `judge`.

use super::calls::seen_calls;
use super::state_dir::StateDir;
use super::word_path::{UNKNOWN_HOME, expand_choices, expand_partly, expand_word};
use crate::model::{
    Container, HostCopy, Invocation, Word, begins_with_star, clean, earlier_in_line, files_of_contents, join, operands,
    packing_of, parent_and_name, program_name, shows_hidden, split_below, words_of_copies,
};
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

/// A copy that a container's commands make, by the paths that the container sees.
pub(crate) struct MadeCopy {
    pub(crate) from: String,
    pub(crate) to: String,
    /// Whether all that is in `from` comes along.
    pub(crate) whole: bool,
    pub(crate) excluded: Vec<String>,
    /// Whether names that begin with a dot are left out of what is directly in `from`.
    pub(crate) skips_hidden: bool,
    /// Where the command is written.
    pub(crate) span: Span,
}

/// What a container's commands copy, as far as the paths are known. `home` is where they run; else it is what the
/// container's environment says.
pub(crate) fn copies_made_by(container: &Container, home: Option<&str>) -> Vec<MadeCopy> {
    let mut made = Vec::new();
    let calls: Vec<&Invocation> = seen_calls(container).collect();
    let takes_hidden = shows_hidden(calls.iter().copied());
    for (number, call) in calls.iter().enumerate() {
        let before = earlier_in_line(call, &calls, number).chain(packing_of(call, &calls, number));
        for words in words_of_copies(call, before).into_iter().filter(|words| words.recipient.is_none()) {
            let expand = |word: &Word| expand_choices(word, call, container, home);
            let content = files_of_contents(&words.from).next().map(Word::parse);
            let from = expand(content.as_ref().unwrap_or(&words.from));
            let mut to = expand(&words.to);
            if to.is_empty() {
                to.extend(expand_partly(&words.to, call, container, home));
            }
            // In a loop both are named by the same value.
            let pairs: Vec<(&String, &String)> = match to.as_slice() {
                [to] => from.iter().map(|from| (from, to)).collect(),
                to if to.len() == from.len() => from.iter().zip(to).collect(),
                to => from.iter().flat_map(|from| to.iter().map(move |to| (from, to))).collect(),
            };
            made.extend(pairs.into_iter().map(|(from, to)| MadeCopy {
                from: clean(from),
                to: to.clone(),
                whole: words.whole,
                excluded: words.excluded.clone(),
                skips_hidden: (words.skips_hidden || begins_with_star(from)) && !takes_hidden,
                span: call.span,
            }));
        }
    }
    made
}

/// What the container's commands copy into its state directory, or beside it under its name.
pub(crate) fn find_copied_logins(container: &Container, state: &StateDir, profile: &Profile) -> Vec<CopiedLogin> {
    let made = copies_made_by(container, Some(state.home.as_deref().unwrap_or(UNKNOWN_HOME))).into_iter();
    let login = join(&state.path, &profile.credentials);
    let is_login = |made: &MadeCopy| {
        let MadeCopy { from, to, whole, excluded, skips_hidden, .. } = made;
        let is_skipped = *skips_hidden && is_hidden_below(to, &login);
        FileCopy { from, to, whole: *whole, excluded }.brings_login(state, profile) && !is_skipped
    };
    let named = |from: String| match parent_and_name(&from) {
        // A pattern that the login fits.
        Some((directory, name)) if is_pattern(name) => join(directory, &profile.credentials),
        _ => from,
    };
    let found = made.filter(is_login).map(|made| CopiedLogin { from: named(made.from), span: made.span });
    written_from_elsewhere(container, state, &login).into_iter().chain(found).collect()
}

/// What scripts of the host copy into its state directory, each with the path on the host.
pub(crate) fn find_host_copies<'a>(
    container: &'a Container,
    state: &StateDir,
    profile: &Profile,
) -> impl Iterator<Item = &'a HostCopy> {
    container.host_copies.iter().filter(move |copy| {
        let HostCopy { from, to, whole, excluded, skips_hidden, .. } = copy;
        let from = from.path();
        let in_home = to.strip_prefix(UNKNOWN_HOME).zip(state.home.as_deref());
        let to = &in_home.map_or_else(|| to.clone(), |(below, home)| format!("{home}{below}"));
        let is_skipped = *skips_hidden && is_hidden_below(to, &join(&state.path, &profile.credentials));
        FileCopy { from, to, whole: *whole, excluded }.brings_login(state, profile) && !is_skipped
    })
}

/// Whether a path is left out of what a star stands for in a directory that it is copied to.
fn is_hidden_below(to: &str, path: &str) -> bool {
    split_below(path, to).is_some_and(|rest| rest.trim_start_matches('/').starts_with('.'))
}

/// Programs that put nothing of what they read into anything else.
const ASKING: [&str; 24] = [
    "[",
    "test",
    "ls",
    "stat",
    "chmod",
    "chown",
    "chgrp",
    "rm",
    "touch",
    "mkdir",
    "cmp",
    "diff",
    "sha256sum",
    "md5sum",
    "wc",
    "du",
    "realpath",
    "readlink",
    "dirname",
    "basename",
    "inotifywait",
    "tail",
    "file",
    "shred",
];

/// The login of another place that is read before something writes this one: whatever does that may write what was read.
fn written_from_elsewhere(container: &Container, state: &StateDir, login: &str) -> Option<CopiedLogin> {
    let home = Some(state.home.as_deref().unwrap_or(UNKNOWN_HOME));
    let calls: Vec<&Invocation> = seen_calls(container).collect();
    let writes = |call: &&Invocation| {
        let output = call.output.as_ref().and_then(|output| expand_word(output, call, container, home));
        output.as_deref() == Some(login)
    };
    let at = calls.iter().position(writes)?;
    let (_, name) = parent_and_name(login)?;
    let read = |call: &&Invocation| {
        let words = call.argv.iter().skip(1).chain(&call.input).filter(|word| word.ends_with(name));
        let mut paths = words.filter_map(|word| expand_word(word, call, container, home));
        let from = paths.find(|path| path != login && parent_and_name(path).is_some_and(|(_, last)| last == name));
        from.filter(|_| !ASKING.contains(&program_name(call)))
    };
    let (from, call) = calls.iter().take(at + 1).find_map(|call| Some((read(call)?, call)))?;
    Some(CopiedLogin { from: clean(&from), span: call.span })
}

/// A copy from one path to another.
pub(crate) struct FileCopy<'a> {
    pub(crate) from: &'a str,
    pub(crate) to: &'a str,
    /// Whether all that is in `from` comes along.
    pub(crate) whole: bool,
    pub(crate) excluded: &'a [String],
}

impl FileCopy<'_> {
    /// Whether it may bring a login to the state directory.
    pub(crate) fn brings_login(&self, state: &StateDir, profile: &Profile) -> bool {
        let Self { from, to, whole, excluded } = *self;
        let moved = in_unknown_home(to, state, profile);
        let to = moved.as_deref().unwrap_or(to);
        if excluded.contains(&profile.credentials) {
            return false;
        }
        // Whatever the options, a file is no directory that the login is in.
        let is_renamed = to == join(&state.path, &profile.credentials);
        if is_another_file(from, &profile.credentials) && is_plain_file(from) && !is_renamed {
            return false;
        }
        let target = if to == state.path { from } else { to };
        if !whole && is_another_file(target, &profile.credentials) {
            return false;
        }
        // A single file other than the login is none, whatever it comes into.
        if !whole && is_another_file(from, &profile.credentials) && to != join(&state.path, &profile.credentials) {
            return false;
        }
        // What comes into another directory of the state directory is no login there.
        let within = split_below(to, &state.path).is_some_and(|rest| {
            let rest = rest.trim_matches('/');
            rest.is_empty() || rest == profile.credentials || rest.contains('$') || is_pattern(rest)
        });
        let beside = parent_and_name(&state.path).is_some_and(|(parent, _)| parent == to)
            && parent_and_name(from).is_some_and(|(_, name)| name == profile.state_directory.default);
        within || beside
    }
}

/// Where a path is in a state directory whose home is not known, if it is in one of some home: `/root/.claude/x`, or
/// `/home/${NAME}/.claude` whatever the home. Whoever runs the program there has that home as well as any.
fn in_unknown_home(to: &str, state: &StateDir, profile: &Profile) -> Option<String> {
    let default = &profile.state_directory.default;
    let of_home = parent_and_name(&state.path).is_some_and(|(_, name)| name == default);
    let (home, rest) = to.split_once(&format!("/{default}"))?;
    let is_unknown = state.home.is_none() || home.contains("${");
    let is_directory = rest.is_empty() || rest.starts_with('/');
    (of_home && is_unknown && is_directory && !home.is_empty()).then(|| format!("{}{rest}", state.path))
}

/// Whether a path names a file, and not the login.
fn is_another_file(path: &str, login: &str) -> bool {
    if let Some((_, name)) = parent_and_name(path).filter(|(_, name)| is_pattern(name)) {
        return !fits_stars(login, name);
    }
    parent_and_name(path).is_some_and(|(_, name)| name != login && name.get(1..).is_some_and(|rest| rest.contains('.')))
}

/// Whether a path is a file's by its ending.
fn is_plain_file(path: &str) -> bool {
    [".json", ".jsonl", ".md", ".txt", ".sh", ".toml", ".yaml"].iter().any(|ending| path.ends_with(ending))
}

/// Whether a name stands for others: by stars, or words between braces.
fn is_pattern(name: &str) -> bool {
    name.contains('*') || name.contains('{') && !name.contains('$')
}

/// Whether a name fits a pattern of stars and plain characters; one with other signs may fit.
fn fits_stars(name: &str, pattern: &str) -> bool {
    // `{a,b}` stands for each of its words; within each other they may for any.
    if !pattern.contains('$')
        && let Some((before, rest)) = pattern.split_once('{')
        && let Some((words, after)) = rest.split_once('}')
        && !rest.contains('{')
    {
        return words.split(',').any(|word| fits_stars(name, &format!("{before}{word}{after}")));
    }
    if pattern.contains(['?', '[', '{']) {
        return true;
    }
    if !pattern.contains('*') {
        return name == pattern;
    }
    let mut parts: Vec<&str> = pattern.split('*').collect();
    let (first, last) = (parts.remove(0), parts.pop().unwrap_or(""));
    let rest = name.strip_prefix(first).and_then(|rest| rest.strip_suffix(last));
    rest.and_then(|rest| parts.into_iter().try_fold(rest, |rest, part| Some(rest.split_once(part)?.1))).is_some()
}

/// Whether the container's commands remove a file, or a directory that it is in.
pub(crate) fn removes_path(container: &Container, state: &StateDir, path: &str) -> bool {
    let told = |call: &Invocation, word: &Word| expand_word(word, call, container, state.home.as_deref());
    let gone = |call: &Invocation, word: &Word| told(call, word).is_some_and(|gone| split_below(path, &gone).is_some());
    seen_calls(container).any(|call| match program_name(call) {
        "rm" | "unlink" | "mv" => operands(call).into_iter().any(|word| gone(call, word)),
        // It puts a new file in the place of the old one.
        "install" => operands(call).last().is_some_and(|word| told(call, word).as_deref() == Some(path)),
        _ => false,
    })
}
