//! Whether the environment leaves the refresh of a mounted login on, by the profile's table.
//! May use `model`, `rules`, `finding` and `judge::program`.

use super::calls::ProgramCalls;
use crate::finding::Evidence;
use crate::model::{Container, Content, EnvValue, Invocation, Witness};
use crate::rules::{Auth, Profile, VersionRange};
use crate::text::Span;

/// What the environment does to the refresh.
pub(crate) struct AuthFact {
    pub(crate) auth: Auth,
    pub(crate) evidence: Vec<Evidence>,
    /// The variable on which it hangs, where it is not known.
    pub(crate) unknown: Option<String>,
    /// The first variable that is set but leaves the refresh on.
    pub(crate) key: Option<(String, Span)>,
    /// Whether such a variable is perhaps set.
    pub(crate) key_unknown: bool,
}

/// Reads the environment by the profile's table. Empty counts as not set.
pub(crate) fn read_auth(
    container: &Container,
    profile: &Profile,
    calls: &ProgramCalls<'_>,
    version: Option<&VersionRange>,
) -> AuthFact {
    let mut fact =
        AuthFact { auth: Auth::Refreshes, evidence: Vec::new(), unknown: None, key: None, key_unknown: false };
    for variable in &profile.environment {
        let Some((content, span)) = variable_content(container, calls, &variable.name, variable.switch) else {
            continue;
        };
        let stops = Profile::stops_refresh(variable, version);
        let name = &variable.name;
        match (content, stops) {
            (Content::Filled, true) => {
                fact.auth = Auth::Stopped;
                fact.evidence.push(Evidence::seen(format!("{name} is set: the login is never refreshed"), Some(span)));
            }
            (Content::Filled, false) => {
                fact.evidence
                    .push(Evidence::seen(format!("{name} is set: the login is refreshed all the same"), Some(span)));
                fact.key = fact.key.take().or_else(|| Some((name.clone(), span)));
            }
            (Content::Empty, _) => {
                fact.evidence.push(Evidence::seen(format!("{name} is empty, which counts as not set"), Some(span)));
            }
            (Content::Unknown, true) => {
                fact.unknown = Some(name.clone());
                fact.evidence.push(Evidence::seen(format!("whether {name} is set is not known"), Some(span)));
            }
            (Content::Unknown, false) => {
                fact.key_unknown = true;
                fact.evidence.push(Evidence::seen(format!("whether {name} is set is not known"), Some(span)));
            }
        }
    }
    if fact.auth != Auth::Stopped && fact.unknown.is_some() {
        fact.auth = Auth::Unknown;
    }
    fact
}

/// Whether a variable is set for every call: by the container's environment, or by each call itself.
fn variable_content(
    container: &Container,
    calls: &ProgramCalls<'_>,
    name: &str,
    switch: bool,
) -> Option<(Content, Span)> {
    // A process has no variable that neither it nor its container sets: there is nothing to tell.
    let set = |call: &&Invocation| call.env.get(name).is_some_and(|value| !value.is_empty());
    let processes = calls.live.iter().all(|call| call.witness != Witness::Words);
    if processes && !container.env.contains_key(name) && !calls.live.iter().any(set) {
        return None;
    }
    let own = |call: &&Invocation| call.env.get(name).map(|value| (text_content(value, switch), call.span));
    let by_call: Vec<_> = calls.live.iter().filter_map(own).collect();
    if let (Some((_, span)), true) = (by_call.first(), by_call.len() == calls.live.len()) {
        let same = |wanted: Content| by_call.iter().all(|(content, _)| *content == wanted);
        let all = [Content::Filled, Content::Empty].into_iter().find(|wanted| same(*wanted));
        return Some((all.unwrap_or(Content::Unknown), *span));
    }
    let variable = container.env.get(name)?;
    let content = match &variable.value {
        EnvValue::Inherited => Content::Unknown,
        EnvValue::Set(value) if switch && is_off(&value.text) => Content::Empty,
        // It may be taken away before the call.
        EnvValue::Set(_) if container.script.without_environment => Content::Unknown,
        EnvValue::Set(value) => value.content(),
    };
    // A call that sets it for itself differs from one that does not.
    Some((if by_call.is_empty() { content } else { Content::Unknown }, variable.span))
}

fn text_content(text: &str, switch: bool) -> Content {
    match text {
        "" => Content::Empty,
        text if switch && is_off(text) => Content::Empty,
        text if text.contains(['$', '`']) => Content::Unknown,
        _ => Content::Filled,
    }
}

fn is_off(text: &str) -> bool {
    matches!(text.to_ascii_lowercase().as_str(), "0" | "false" | "no" | "off")
}
