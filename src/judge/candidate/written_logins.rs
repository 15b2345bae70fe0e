//! Logins that a container's commands write out of its variables. May use `model`, `rules` and earlier parts of `judge`.

use std::hash::{DefaultHasher, Hash, Hasher};

use super::calls::seen_calls;
use super::shell_effects::CopiedLogin;
use super::state_dir::StateDir;
use super::word_path::expand_word;
use crate::judge::place::{Filesystem, MountedPath, Place, own_place};
use crate::model::{Container, EnvValue, Invocation, files_of_contents, join};
use crate::rules::Profile;

/// Logins that come from a variable, each with a place that tells its value from others: never the value itself.
pub(super) fn written_logins(
    container: &Container,
    profile: &Profile,
    state: &StateDir,
    home: Option<&str>,
) -> Vec<(CopiedLogin, Place)> {
    let login = join(&state.path, &profile.credentials);
    let place = |(copied, name): (CopiedLogin, String)| {
        if let EnvValue::Set(value) = &container.env.get(&name)?.value
            && let Some(file) = files_of_contents(&value.text).next()
        {
            let from = format!("{file} in {}", copied.from);
            let place = MountedPath::on_host(&path_of_person(file, home)).place;
            return Some((CopiedLogin { from, ..copied }, place));
        }
        let path = match &container.env.get(&name)?.value {
            EnvValue::Set(value) if value.is_symbolic() => value.text.clone(),
            EnvValue::Set(value) if value.text.is_empty() => return None,
            EnvValue::Set(value) => {
                let mut hasher = DefaultHasher::new();
                value.text.hash(&mut hasher);
                format!("${{{:016x}}}", hasher.finish())
            }
            EnvValue::Inherited => format!("${{{name}}}"),
        };
        Some((copied, own_place(Filesystem::Unresolved, &path)))
    };
    variables_in_login(container, state, &login).into_iter().filter_map(place).collect()
}

/// A path of the host as a script of it writes it, with the person's home put in.
fn path_of_person(path: &str, home: Option<&str>) -> String {
    let below = ["~/", "$HOME/"].iter().find_map(|start| path.strip_prefix(start));
    below.zip(home).map_or_else(|| path.to_owned(), |(below, home)| join(home, below))
}

/// The variables of the environment that the container's commands write into its login.
fn variables_in_login(container: &Container, state: &StateDir, login: &str) -> Vec<(CopiedLogin, String)> {
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
