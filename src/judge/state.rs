//! Where a program in a container keeps its state: by the variable that moves it, by `HOME`, or by what is mounted.
//! May use `model`, `ruleset`, `finding` and `judge::program`.

use super::program::Calls;
use crate::finding::Evidence;
use crate::model::{Container, EnvValue, Value, join, parent_and_name};
use crate::ruleset::Profile;

/// A state directory as the container sees it.
#[derive(Debug, Clone)]
pub(crate) struct StateDir {
    /// Clean and absolute, or with a variable in it.
    pub(crate) path: String,
    /// The home directory, where it is known or follows.
    pub(crate) home: Option<String>,
    /// Whether the variable moves it, so that side files are inside.
    pub(crate) moved: bool,
    /// How much is known.
    pub(crate) known: Known,
    /// From what.
    pub(crate) evidence: Vec<Evidence>,
}

/// How a state directory is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Known {
    /// The environment says so.
    Said,
    /// It follows from what is mounted or from the user.
    Inferred,
    /// Nothing tells; the program's default below an unknown home.
    No,
}

/// The directories in which the program may keep its state: one, unless mounts suggest several.
pub(crate) fn directories(container: &Container, profile: &Profile, calls: &Calls<'_>) -> Vec<StateDir> {
    let home = said(container, calls, "HOME");
    let variable = &profile.state_directory.variable;
    if let Some((path, span)) = said(container, calls, variable) {
        let path = absolute(container, &path);
        let evidence = vec![Evidence::seen(format!("{variable} is {path}"), span)];
        let home = home.map(|(home, _)| home);
        return vec![StateDir { path, home, moved: true, known: Known::Said, evidence }];
    }
    let below = |home: &str, known: Known, evidence: Evidence| StateDir {
        path: join(home, &profile.state_directory.default),
        home: Some(home.to_owned()),
        moved: false,
        known,
        evidence: vec![evidence],
    };
    if let Some((home, span)) = home {
        return vec![below(&home, Known::Said, Evidence::seen(format!("HOME is {home}"), span))];
    }
    let mut homes = homes_by_mount(container, profile);
    if homes.is_empty() && container.user.as_ref().is_some_and(is_root) {
        let span = container.user.as_ref().and_then(|user| user.span);
        return vec![below("/root", Known::Inferred, Evidence::seen("it runs as root, whose home is /root", span))];
    }
    homes.sort_by(|a, b| a.0.cmp(&b.0));
    homes.dedup_by(|a, b| a.0 == b.0);
    if homes.is_empty() {
        let path = format!("$HOME/{}", profile.state_directory.default);
        return vec![StateDir { path, home: None, moved: false, known: Known::No, evidence: Vec::new() }];
    }
    homes.into_iter().map(|(home, evidence)| below(&home, Known::Inferred, evidence)).collect()
}

/// A variable's value where it is set and not empty: by every call itself, or by the container's environment.
fn said(container: &Container, calls: &Calls<'_>, name: &str) -> Option<(String, Option<crate::text::Span>)> {
    let by_call = calls.live.first().and_then(|call| Some((call.env.get(name)?.clone(), Some(call.span))));
    let plain = |value: &String| !value.is_empty() && !value.contains(['$', '`', '\\']) && !value.starts_with('~');
    if let Some((value, span)) = by_call.filter(|(value, _)| plain(value)) {
        return Some((value, span));
    }
    let variable = container.env.get(name)?;
    match &variable.value {
        EnvValue::Set(value) if !value.text.is_empty() => Some((value.text.clone(), Some(variable.span))),
        EnvValue::Set(_) => None,
        EnvValue::Inherited => Some((format!("${{{name}}}"), Some(variable.span))),
    }
}

fn absolute(container: &Container, path: &str) -> String {
    let base = container.working_dir.as_ref().map_or("/", |directory| directory.text.as_str());
    if path.starts_with("${") { path.to_owned() } else { join(base, path) }
}

/// Homes that mounts suggest: of a mounted state directory, of a file in it or beside it, or a home itself.
fn homes_by_mount(container: &Container, profile: &Profile) -> Vec<(String, Evidence)> {
    let default = &profile.state_directory.default;
    let mut homes = Vec::new();
    for mount in &container.mounts {
        let Some((parent, name)) = parent_and_name(&mount.target.text) else { continue };
        let home = match parent_and_name(parent) {
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

/// Whether a path is where a person's or a user's home usually is.
pub(crate) fn is_home(path: &str) -> bool {
    let below = ["/home/", "/Users/", "/var/home/"].iter().find_map(|base| path.strip_prefix(base));
    path == "/root" || below.is_some_and(|name| !name.is_empty() && !name.contains('/'))
}

/// Whether a user is root: uid 0 or the name.
pub(crate) fn is_root(user: &Value) -> bool {
    matches!(user.text.split(':').next(), Some("0" | "root"))
}
