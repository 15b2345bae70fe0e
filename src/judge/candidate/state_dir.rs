//! Where a program in a container keeps its state: by the variable that moves it, by `HOME`, or by what is mounted.
//! May use `model`, `rules`, `finding` and `judge::program`.

use std::collections::HashMap;

use super::calls::{ProgramCalls, seen_calls};
use super::made_links::{MadeLink, made_links};
use super::word_path::{UNKNOWN_HOME, expand_variable, starts_as_root, variable_text};
use crate::finding::Evidence;
use crate::model::{
    Container, EnvValue, Invocation, Mount, MountSource, Reach, Word, is_root, join, parent_and_name, program_name,
    split_below, words_of_copies,
};
use crate::rules::{Profile, VersionRange};
use crate::text::Span;

/// A state directory as the container sees it.
#[derive(Debug, Clone)]
pub(crate) struct StateDir {
    /// Clean and absolute, or with a variable in it.
    pub(crate) path: String,
    /// The same, but where the credentials alone are moved out of it: the directory that they were moved out of.
    pub(crate) main: String,
    /// The home directory, where it is known or follows.
    pub(crate) home: Option<String>,
    /// Whether the variable moves it, so that side files are inside.
    pub(crate) moved: bool,
    /// Whether that variable is set by the call or what runs it, not by the container.
    pub(crate) by_script: bool,
    /// How much is known.
    pub(crate) known: StateDirBasis,
    /// From what.
    pub(crate) evidence: Vec<Evidence>,
}

/// How a state directory is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StateDirBasis {
    /// The environment says so.
    Said,
    /// It follows from what is mounted or linked, or from the user.
    Inferred,
    /// Nothing tells; the program's default below an unknown home.
    No,
}

/// A directory in which the program may keep its state, and the calls that may use it.
pub(crate) struct StateUse<'a> {
    pub(crate) state: StateDir,
    pub(crate) calls: ProgramCalls<'a>,
}

/// The directories in which the program may keep its state: one for each call that sets its own, and more where mounts
/// suggest several. Without a call there is what would be used by one.
pub(crate) fn state_directories<'a>(
    container: &Container,
    profile: &Profile,
    calls: &ProgramCalls<'a>,
    version: Option<&VersionRange>,
) -> Vec<StateUse<'a>> {
    if calls.live.is_empty() {
        let states = directories_of(container, profile, None).into_iter();
        let states = states.flat_map(|state| with_moved_credentials(state, container, profile, None, version));
        return states.map(|state| StateUse { state, calls: calls.clone() }).collect();
    }
    let mut found: Vec<StateUse<'a>> = Vec::new();
    let mut by_path: HashMap<String, usize> = HashMap::new();
    for call in calls.live.iter().copied() {
        let states = directories_of(container, profile, Some(call)).into_iter();
        for state in states.flat_map(|state| with_moved_credentials(state, container, profile, Some(call), version)) {
            if let Some(known) = by_path.get(&state.path).and_then(|at| found.get_mut(*at)) {
                known.calls.live.push(call);
                continue;
            }
            by_path.insert(state.path.clone(), found.len());
            found.push(StateUse { state, calls: ProgramCalls { live: vec![call], idle: calls.idle.clone() } });
        }
    }
    found
}

/// A state directory, or where its credentials are moved out of it, where they are; both where the version decides that.
fn with_moved_credentials(
    state: StateDir,
    container: &Container,
    profile: &Profile,
    call: Option<&Invocation>,
    version: Option<&VersionRange>,
) -> Vec<StateDir> {
    let Some(moving) = &profile.state_directory.credentials else { return vec![state] };
    let set = variable_value(container, call, &moving.variable, state.home.as_deref());
    let heeded = moving.is_heeded_by(version);
    let Some((path, span)) = set.filter(|_| heeded != Some(false)) else { return vec![state] };
    let path = absolute_path(container, &path);
    let evidence = vec![Evidence::seen(format!("{} is {path}", moving.variable), span)];
    let moved = StateDir { path, known: StateDirBasis::Said, evidence, ..state.clone() };
    if heeded == Some(true) { vec![moved] } else { vec![state, moved] }
}

fn directories_of(container: &Container, profile: &Profile, call: Option<&Invocation>) -> Vec<StateDir> {
    let home = variable_value(container, call, "HOME", None)
        .filter(|(home, _)| home.starts_with('/') || !set_by(call, "HOME"));
    let variable = &profile.state_directory.variable;
    if let Some(call) = call
        && call.reach_of(variable) == Reach::Perhaps
        && !call.env.contains_key(variable)
    {
        // Where the script leaves it alone nothing is shared in its stead.
        let otherwise = join(home.as_ref().map_or(UNKNOWN_HOME, |(home, _)| home), &profile.state_directory.default);
        let set = container.env.get(variable).filter(|_| home.is_some() && !is_mounted(container, &otherwise));
        if let Some((path, span)) = set.and_then(|set| Some((set.known().filter(|path| !path.is_empty())?, set.span))) {
            let path = absolute_path(container, path);
            let evidence = vec![Evidence::seen(format!("{variable} is {path}"), Some(span))];
            let home = home.map(|(home, _)| home);
            return vec![StateDir {
                main: path.clone(),
                path,
                home,
                moved: true,
                by_script: false,
                known: StateDirBasis::Said,
                evidence,
            }];
        }
    }
    let known_home = home.as_ref().map(|(home, _)| home.as_str());
    if let Some((path, span)) = variable_value(container, call, variable, known_home) {
        let path = absolute_path(container, &path);
        let evidence = vec![Evidence::seen(format!("{variable} is {path}"), span)];
        let home = home.map(|(home, _)| home);
        return vec![StateDir {
            main: path.clone(),
            path,
            home,
            moved: true,
            by_script: set_by(call, variable),
            known: StateDirBasis::Said,
            evidence,
        }];
    }
    let below = |home: &str, known: StateDirBasis, evidence: Evidence| StateDir {
        path: join(home, &profile.state_directory.default),
        main: join(home, &profile.state_directory.default),
        home: Some(home.to_owned()),
        moved: false,
        by_script: false,
        known,
        evidence: vec![evidence],
    };
    if let Some((home, span)) = home {
        return vec![below(&home, StateDirBasis::Said, Evidence::seen(format!("HOME is {home}"), span))];
    }
    let root = |known: StateDirBasis| {
        let span = container.user.as_ref().and_then(|user| user.span);
        below("/root", known, Evidence::seen("it runs as root, whose home is /root", span))
    };
    if call.is_some() && !set_by(call, "HOME") && starts_as_root(container) {
        return vec![root(StateDirBasis::Said)];
    }
    let mut homes = homes_by_mount(container, profile);
    homes.extend(homes_by_link(container, profile));
    homes.extend(homes_by_copy(container, profile));
    if homes.is_empty() && container.user.as_ref().is_some_and(is_root) {
        return vec![root(StateDirBasis::Inferred)];
    }
    homes.sort_by(|a, b| a.0.cmp(&b.0));
    homes.dedup_by(|a, b| a.0 == b.0);
    if homes.is_empty() {
        let path = format!("{UNKNOWN_HOME}/{}", profile.state_directory.default);
        return vec![StateDir {
            main: path.clone(),
            path,
            home: None,
            moved: false,
            by_script: false,
            known: StateDirBasis::No,
            evidence: Vec::new(),
        }];
    }
    homes.into_iter().map(|(home, evidence)| below(&home, StateDirBasis::Inferred, evidence)).collect()
}

/// Whether a path is on a mount, or has one in it.
fn is_mounted(container: &Container, path: &str) -> bool {
    let targets = container.mounts.iter().map(|mount| mount.target.text.as_str());
    targets.into_iter().any(|target| split_below(path, target).is_some() || split_below(target, path).is_some())
}

fn set_by(call: Option<&Invocation>, name: &str) -> bool {
    call.is_some_and(|call| call.env.contains_key(name))
}

/// A variable's value where it is set and not empty: by the call itself, or by the container's environment. One that
/// cannot be told stays `${NAME}`.
fn variable_value(
    container: &Container,
    call: Option<&Invocation>,
    name: &str,
    home: Option<&str>,
) -> Option<(String, Option<Span>)> {
    if let Some((call, value)) = call.and_then(|call| Some((call, call.env.get(name)?))) {
        let is_empty =
            value.is_empty() || variable_text(name, call, container, home).is_some_and(|text| text.is_empty());
        let told = expand_variable(name, call, container, home).unwrap_or_else(|| format!("${{{name}}}"));
        return (!is_empty).then_some((told, Some(call.span)));
    }
    let variable = container.env.get(name)?;
    match call.map_or(Reach::Yes, |call| call.reach_of(name)) {
        Reach::Yes => {}
        Reach::No => return None,
        Reach::Perhaps => return Some((format!("${{{name}}}"), Some(variable.span))),
    }
    match &variable.value {
        EnvValue::Set(value) if !value.text.is_empty() => Some((value.text.clone(), Some(variable.span))),
        EnvValue::Set(_) => None,
        EnvValue::Inherited => Some((format!("${{{name}}}"), Some(variable.span))),
    }
}

fn absolute_path(container: &Container, path: &str) -> String {
    let base = container.working_dir.as_ref().map_or("/", |directory| directory.text.as_str());
    if path.starts_with("${") { path.to_owned() } else { join(base, path) }
}

/// Homes that mounts suggest: of a mounted state directory, of a file in it or beside it, or a home itself.
fn homes_by_mount(container: &Container, profile: &Profile) -> Vec<(String, Evidence)> {
    let default = &profile.state_directory.default;
    let mut homes = Vec::new();
    // What is at its own path on the host is often handed on from there: it says nothing of the users of an image that
    // makes none and does not install the program.
    // Equal by the home of whoever looks alone is not the same path.
    let is_host_path = |mount: &Mount| match &mount.source {
        MountSource::Host(source) => {
            let (from, to) = (source, &mount.target);
            from.text == to.text && from.shown.is_plain() == to.shown.is_plain()
        }
        _ => false,
    };
    let only_hands_on = container.build.is_some() && !prepares_user(container, profile);
    for mount in container.mounts.iter().filter(|mount| !(only_hands_on && is_host_path(mount))) {
        let Some((parent, name)) = parent_and_name(&mount.target.text) else { continue };
        let home = match parent_and_name(parent) {
            _ if is_nobodys_home(parent) => None,
            _ if name == default => Some(parent),
            Some((home, directory)) if directory == default && name == profile.credentials => Some(home),
            _ if profile.side_files.iter().any(|file| file.name == name) => Some(parent),
            _ if is_home(&mount.target.text) => Some(mount.target.text.as_str()),
            _ => None,
        };
        if let Some(home) = home {
            let text = format!("{} is mounted, which suggests the home {home}", mount.target.text);
            homes.push((home.to_owned(), Evidence::seen(text, Some(mount.span))));
        }
    }
    homes
}

/// Whether the build of a container's image makes a user or installs the program.
fn prepares_user(container: &Container, profile: &Profile) -> bool {
    let names_program = |word: &Word| profile.commands.iter().any(|command| word.contains(command.as_str()));
    let prepares = |call: &Invocation| {
        matches!(program_name(call), "useradd" | "adduser" | "usermod") || call.argv.iter().any(names_program)
    };
    container.installs.iter().any(prepares)
}

/// Homes that the container's own commands suggest: they link a state directory, or the login in one, to a place of theirs.
fn homes_by_link(container: &Container, profile: &Profile) -> Vec<(String, Evidence)> {
    let default = &profile.state_directory.default;
    let suggested = |made: MadeLink| {
        let (parent, name) = parent_and_name(&made.link.name)?;
        let home = match parent_and_name(parent) {
            _ if name == default => parent,
            Some((home, directory)) if directory == default && name == profile.credentials => home,
            _ => return None,
        };
        let text = format!("{} is made a link, which suggests the home {home}", made.link.name);
        (home.starts_with('/') && !home.contains('$')).then(|| (home.to_owned(), Evidence::seen(text, Some(made.span))))
    };
    made_links(container, None).into_iter().filter_map(suggested).collect()
}

/// Homes that the container's own commands suggest by where they copy a login.
fn homes_by_copy(container: &Container, profile: &Profile) -> Vec<(String, Evidence)> {
    let suggested = |(to, span): (Word, Span)| {
        let path = to.known().filter(|path| path.starts_with('/'))?;
        let (directory, name) = parent_and_name(path)?;
        let (home, directory) = parent_and_name(directory)?;
        let is_login = name == profile.credentials && directory == profile.state_directory.default;
        let text = format!("{path} is written, which suggests the home {home}");
        is_login.then(|| (home.to_owned(), Evidence::seen(text, Some(span))))
    };
    let copies = seen_calls(container).flat_map(|call| {
        let copies = words_of_copies(call, std::iter::empty()).into_iter();
        copies.filter(|words| words.recipient.is_none()).map(|words| (words.to, call.span))
    });
    copies.filter_map(suggested).collect()
}

/// Whether a directory is one that all programs or all mounts of a system share: who has it for a home is told so by HOME.
fn is_nobodys_home(path: &str) -> bool {
    matches!(path, "/tmp" | "/var/tmp" | "/run" | "/mnt" | "/media" | "/etc")
}

/// Whether a path is where a person's or a user's home usually is.
pub(crate) fn is_home(path: &str) -> bool {
    let below = ["/home/", "/Users/", "/var/home/"].iter().find_map(|base| path.strip_prefix(base));
    path == "/root" || below.is_some_and(|name| !name.is_empty() && !name.contains('/'))
}
