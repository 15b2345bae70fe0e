//! Whether the environment leaves the refresh of a mounted login on, by the profile's table.
//! May use `model`, `rules`, `finding` and `judge::program`.

use super::calls::{ProgramCalls, program_arguments};
use super::word_path::variable_text;
use crate::finding::Evidence;
use crate::model::{Asks, Condition, Container, Content, EnvValue, Invocation, Reach, Witness, Word};
use crate::rules::{Auth, AuthVariable, Profile, VersionRange};
use crate::text::Span;

/// What the environment does to the refresh.
pub(crate) struct AuthFact {
    pub(crate) auth: Auth,
    pub(crate) evidence: Vec<Evidence>,
    /// The variable on which it hangs, where it is not known.
    pub(crate) unknown: Option<UnknownVariable>,
    /// The first variable that is set but leaves the refresh on.
    pub(crate) key: Option<(String, Span)>,
    /// Whether such a variable is perhaps set.
    pub(crate) key_unknown: bool,
}

/// A variable of which it is not known what a call has in it.
#[derive(Debug, Clone)]
pub(crate) struct UnknownVariable {
    pub(crate) name: String,
    /// Whether that is so by what the script does to it.
    pub(crate) by_script: bool,
}

impl UnknownVariable {
    /// Why it is not known, of `whose` where that is another container.
    pub(crate) fn told(&self, whose: Option<&str>) -> String {
        let Self { name, by_script } = self;
        match (by_script, whose) {
            (true, None) => format!("what its script makes of {name} was not understood"),
            (true, Some(whose)) => format!("what the script of {whose} makes of {name} was not understood"),
            (false, None) => format!("{name} is not set here"),
            (false, Some(whose)) => format!("{name} of {whose} is not set here"),
        }
    }
}

/// Reads the environment of each call by the profile's table: the worst of them counts. Empty counts as not set.
pub(crate) fn read_auth(
    container: &Container,
    profile: &Profile,
    calls: &ProgramCalls<'_>,
    version: Option<&VersionRange>,
) -> AuthFact {
    if calls.live.is_empty() {
        return auth_of_call(container, profile, None, version);
    }
    let mut worst: Option<AuthFact> = None;
    for call in &calls.live {
        let fact = auth_of_call(container, profile, Some(call), version);
        worst = Some(match worst {
            Some(before) => worse_of(before, fact),
            None => fact,
        });
    }
    worst.unwrap_or_else(|| auth_of_call(container, profile, None, version))
}

/// The one of two that rather refreshes; a key of either stays.
fn worse_of(before: AuthFact, other: AuthFact) -> AuthFact {
    let rank = |auth: Auth| match auth {
        Auth::Stopped => 0,
        Auth::Unknown => 1,
        Auth::Refreshes => 2,
    };
    let (worse, better) = if rank(other.auth) > rank(before.auth) { (other, before) } else { (before, other) };
    AuthFact { key_unknown: worse.key_unknown || better.key_unknown, key: worse.key.or(better.key), ..worse }
}

fn auth_of_call(
    container: &Container,
    profile: &Profile,
    call: Option<&Invocation>,
    version: Option<&VersionRange>,
) -> AuthFact {
    let mut fact =
        AuthFact { auth: Auth::Refreshes, evidence: Vec::new(), unknown: None, key: None, key_unknown: false };
    for variable in &profile.environment {
        let Some((content, span, by_script)) = variable_content(container, profile, call, variable, version) else {
            continue;
        };
        let stops = Profile::stops_refresh(variable, version);
        let name = &variable.name;
        // What the script itself made of it since is not what it asked for.
        let is_asked = || call.is_some_and(|call| call.when.iter().any(|condition| fills(condition, variable)));
        let content = if content == Content::Unknown && !by_script && is_asked() { Content::Filled } else { content };
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
                let how = if variable.switch { "is not on" } else { "is empty, which counts as not set" };
                fact.evidence.push(Evidence::seen(format!("{name} {how}"), Some(span)));
            }
            (Content::Unknown, true) => {
                fact.unknown = Some(UnknownVariable { name: name.clone(), by_script });
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

/// Whether what runs under a condition has something in a variable.
fn fills(condition: &Condition, variable: &AuthVariable) -> bool {
    // A switch may be anything and off; a value of blanks is nothing to some versions.
    let is_plain = !variable.switch && condition.test.default.is_none();
    is_plain && condition.variable == variable.name && condition.test.asks == Asks::NotEmpty
}

/// What a call has in a variable, where that is written, and whether the script has a hand in it; `None` where nothing sets
/// it.
fn variable_content(
    container: &Container,
    profile: &Profile,
    call: Option<&Invocation>,
    variable: &AuthVariable,
    version: Option<&VersionRange>,
) -> Option<(Content, Span, bool)> {
    let set = container.env.get(&variable.name);
    if let Some(call) = call {
        let words = program_arguments(call, profile).unwrap_or_default();
        if words.iter().any(|word| variable.arguments.iter().any(|argument| **word == **argument)) {
            return Some((Content::Filled, call.span, true));
        }
        if let Some(value) = call.env.get(&variable.name).filter(|value| !is_handed_on(value, &variable.name)) {
            // A process has no variable that neither it nor its container sets: there is nothing to tell.
            let is_told = !value.is_empty() || call.witness == Witness::Words || set.is_some();
            let known = variable_text(&variable.name, call, container, None);
            let text = known.map_or(Content::Unknown, |text| text_content(&text, variable, version));
            return is_told.then_some((text, call.span, true));
        }
        match call.reach_of(&variable.name) {
            Reach::Yes => {}
            Reach::No => return None,
            Reach::Perhaps => {
                let set = set?;
                let taken = call.taken.iter().find(|taken| taken.names.may_mean(&variable.name));
                return Some((Content::Unknown, taken.and_then(|taken| taken.span).unwrap_or(set.span), true));
            }
        }
    }
    let set = set?;
    let content = match &set.value {
        EnvValue::Inherited => Content::Unknown,
        EnvValue::Set(value) if value.is_symbolic() && variable.switch => Content::Unknown,
        EnvValue::Set(value) if value.is_symbolic() => value.content(),
        EnvValue::Set(value) => text_content(&value.text, variable, version),
    };
    Some((content, set.span, false))
}

/// Whether a variable is given the value that it has: `NAME="$NAME" program`.
fn is_handed_on(value: &Word, name: &str) -> bool {
    value.strip_prefix('$').is_some_and(|rest| rest == name || rest == format!("{{{name}}}"))
}

fn text_content(text: &str, variable: &AuthVariable, version: Option<&VersionRange>) -> Content {
    match text {
        "" => Content::Empty,
        text if variable.switch && !is_on(text) => Content::Empty,
        text if text.trim().is_empty() => blank_content(variable, version),
        _ => Content::Filled,
    }
}

/// What a value of blanks is: some versions count it as nothing.
fn blank_content(variable: &AuthVariable, version: Option<&VersionRange>) -> Content {
    let Some(blank) = &variable.blank else { return Content::Filled };
    let range = version.cloned().unwrap_or_default();
    match () {
        () if range.since.is_some_and(|since| since >= blank.unset_since) => Content::Empty,
        () if range.until.is_some_and(|until| until <= blank.set_until) => Content::Filled,
        () => Content::Unknown,
    }
}

fn is_on(text: &str) -> bool {
    matches!(text.to_ascii_lowercase().as_str(), "1" | "true" | "yes")
}
