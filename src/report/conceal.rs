//! Takes values of the environment out of a report: what a container's own values show of it, then, as the last defence,
//! whatever else of the environment is in any text. May use `finding`, `model` and `text`.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use crate::finding::{Breach, Evidence, Judged, Participant, PlaceName};
use crate::model::{Container, ContainerId, EnvValue, Hidden, Layout, Value};
use crate::text::Sources;

/// A value shorter than this may be a word like any other: it is hidden where it is known to be put in, not everywhere.
const TELLING: usize = 8;
/// A value from here on, up to the former, is hidden where it is a word by itself, but for names, which files spell.
const SHORTEST: usize = 3;
/// What every report may have in it, and no secret: words of ours, and of forges, after which the folders of pipelines are
/// called (`CI=woodpecker`).
const PUBLIC: [&str; 11] =
    ["/root", "claude", "flock", "forgejo", "gitea", "github", "gitlab", "home", "root", "true", "woodpecker"];
/// The same for a whole value of a container, in what is said of that container.
const DISTINCT: usize = 4;

/// A text and what is shown in its place.
type HiddenText = (String, String);

/// What of the environment must not be in a report.
#[derive(Debug, Default)]
pub struct Concealed {
    /// What variables are part of, by the container that has it.
    own: BTreeMap<ContainerId, Vec<HiddenText>>,
    /// What the process's environment holds, longest first.
    values: Vec<HiddenText>,
    /// Those that are short, longest first.
    short: Vec<HiddenText>,
    /// Names of projects.
    projects: BTreeMap<String, String>,
}

impl Concealed {
    /// Of what a layout hides.
    pub fn of(layout: &mut Layout, sources: &Sources) -> Self {
        let Hidden { environment, projects } = std::mem::take(&mut layout.hidden);
        let named = |one: &Container| (one.container_id(), own_pairs(one));
        let own = layout.containers.iter().map(named).filter(|(_, pairs)| !pairs.is_empty()).collect();
        let (values, short) = values(&environment, sources).into_iter().partition(|(value, _)| value.len() >= TELLING);
        Self { own, values, short, projects }
    }

    /// Takes it out of every text of what the judge answered.
    pub fn apply(&self, judged: &mut Judged) {
        if self.own.is_empty() && self.values.is_empty() && self.short.is_empty() && self.projects.is_empty() {
            return;
        }
        for participant in &mut judged.participants {
            self.participant(participant);
        }
        for breach in &mut judged.breaches {
            self.breach(breach);
        }
        for login in &mut judged.logins {
            self.place(&mut login.place, &[]);
        }
        for file in &mut judged.files {
            self.name(&mut file.file);
        }
        for file in &mut judged.unread_files {
            // What is not there is spelled by no file of the project.
            self.text(&mut file.file, &[]);
            self.text(&mut file.reason, &[]);
        }
        for diagnostic in &mut judged.diagnostics {
            self.text(&mut diagnostic.message, &[]);
            if let Some(file) = &mut diagnostic.file {
                self.name(file);
            }
        }
    }

    fn participant(&self, one: &mut Participant) {
        let own = self.own(one.project.as_ref(), &one.container);
        let Participant { container, label, name_of_start, service, project, .. } = one;
        for name in [container, label, service].into_iter().chain(name_of_start) {
            self.name(name);
        }
        self.project(project);
        let Participant { state_dir, place, peers, locks, mount, .. } = one;
        if let Some(mount) = mount {
            self.text(&mut mount.target, own);
        }
        self.text(state_dir, own);
        self.place(place, own);
        for peer in peers {
            self.peer(peer);
        }
        for lock in locks {
            self.text(&mut lock.path, own);
            self.place(&mut lock.place, own);
        }
        if let Some(path) = &mut one.guard_path {
            self.text(path, own);
        }
        if let Some(place) = &mut one.guard_place {
            self.place(place, own);
        }
        self.evidence(&mut one.guard_evidence, own);
        self.text(&mut one.reason, own);
    }

    fn breach(&self, one: &mut Breach) {
        let own = self.own(one.project.as_ref(), &one.container);
        self.name(&mut one.container);
        self.name(&mut one.service);
        self.project(&mut one.project);
        for peer in &mut one.peers {
            self.peer(peer);
        }
        self.text(&mut one.message, own);
        self.text(&mut one.detail, own);
        if let Some(why) = &mut one.why {
            self.text(&mut why.text, own);
        }
        for remedy in &mut one.remedies {
            self.text(&mut remedy.text, own);
        }
        for location in &mut one.locations {
            self.text(&mut location.label, own);
        }
        self.evidence(&mut one.evidence, own);
    }

    fn own(&self, project: Option<&String>, container: &str) -> &[HiddenText] {
        let id = ContainerId::new(project.map(String::as_str), container);
        self.own.get(&id).map_or(&[], Vec::as_slice)
    }

    fn evidence(&self, all: &mut [Evidence], own: &[HiddenText]) {
        for evidence in all {
            self.text(&mut evidence.text, own);
        }
    }

    fn place(&self, place: &mut PlaceName, own: &[HiddenText]) {
        if let Some(name) = &mut place.filesystem {
            self.text(name, &[]);
        }
        // A place of a container's own is named by the container's path.
        let own = if matches!(place.kind, "private" | "tmpfs") { own } else { &[] };
        self.text(&mut place.path, own);
        self.text(&mut place.text, own);
    }

    /// A project's name, perhaps with its file in parentheses.
    fn project(&self, project: &mut Option<String>) {
        let Some(name) = project else { return };
        let (own, file) = name.split_once(" (").map_or((name.as_str(), None), |(own, file)| (own, Some(file)));
        if let Some(shown) = self.projects.get(own) {
            *name = file.map_or_else(|| shown.clone(), |file| format!("{shown} ({file}"));
        }
        self.name(name);
    }

    /// A container's name, after that of its project where that is another.
    fn peer(&self, peer: &mut String) {
        if let Some((project, name)) = peer.split_once('/') {
            let mut project = Some(project.to_owned());
            self.project(&mut project);
            *peer = format!("{}/{name}", project.unwrap_or_default());
        }
        self.name(peer);
    }

    /// What is looked up, and may be the same word as a short value.
    fn name(&self, name: &mut String) {
        for (value, shown) in &self.values {
            replace(name, value, shown, false);
        }
    }

    fn text(&self, text: &mut String, own: &[HiddenText]) {
        for (value, shown) in own {
            replace(text, value, shown, true);
        }
        self.name(text);
        for (value, shown) in &self.short {
            replace(text, value, shown, !is_telling(value));
        }
    }
}

/// Whether a short value is no word, so that it is known inside one.
fn is_telling(value: &str) -> bool {
    let has = |kind: fn(&char) -> bool| value.chars().any(|ch| kind(&ch));
    value.len() > SHORTEST && has(char::is_ascii_digit) && has(|ch| ch.is_alphabetic())
}

/// Replaces a value wherever it is in a text; of what is only distinct as a whole, where it is one.
fn replace(text: &mut String, value: &str, shown: &str, whole: bool) {
    if !text.contains(value) {
        return;
    }
    let mut replaced = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.split_once(value) {
        let is_part = |end: Option<char>| end.is_some_and(|ch| ch.is_alphanumeric() || matches!(ch, '_' | '$' | '{'));
        let inside = whole && (is_part(before.chars().next_back()) || is_part(after.chars().next()));
        replaced.push_str(before);
        // In a path, the home directory is named as a shell does.
        let below_home = shown == "${HOME}" && (after.is_empty() || after.starts_with(['/', ' ', '`', ',', ';', '.']));
        replaced.push_str(match (inside, below_home && !whole) {
            (true, _) => value,
            (false, true) => "~",
            (false, false) => shown,
        });
        rest = after;
    }
    replaced.push_str(rest);
    *text = replaced;
}

/// What variables are part of in a container, longest first. Sources of mounts are places, which know what to show.
fn own_pairs(container: &Container) -> Vec<HiddenText> {
    let paths = container.mounts.iter().map(|mount| &mount.target).chain(&container.working_dir);
    let set = container.env.values().filter_map(|variable| match &variable.value {
        EnvValue::Set(value) => Some(&**value),
        EnvValue::Inherited => None,
    });
    let words = container.user.iter().chain(&container.image).chain(&container.given_name);
    let words = words.chain(container.labels.values().map(|label| &*label.value));
    let pair = |value: &Value, shown: Cow<'_, str>| (value.text.clone(), shown.into_owned());
    let paths = paths.chain(set).map(|value| pair(value, value.shown.container_path(&value.text)));
    let words = words.map(|value| pair(value, value.shown.word(&value.text)));
    let distinct = |(value, shown): &HiddenText| {
        value != shown && (value.len() >= DISTINCT || (value.len() > 1 && value.starts_with('/')))
    };
    longest_first(paths.chain(words).filter(distinct).collect())
}

fn longest_first(pairs: BTreeSet<HiddenText>) -> Vec<HiddenText> {
    let mut pairs: Vec<HiddenText> = pairs.into_iter().collect();
    pairs.sort_by_key(|(value, _)| std::cmp::Reverse(value.len()));
    pairs
}

/// The values of the environment that a file of the project may have had put in: those of the variables that one names.
/// A path that such a file spells is no secret of the environment.
fn values(environment: &BTreeMap<String, String>, sources: &Sources) -> Vec<HiddenText> {
    if environment.is_empty() {
        return Vec::new();
    }
    let files = sources.all();
    let files: Vec<_> = files.iter().map(|(_, file)| file).collect();
    let put_in = |name: &str| {
        let always = name == "HOME" || name.starts_with("COMPOSE_");
        always || files.iter().any(|file| names(file.text(), name))
    };
    let spelled = |value: &str| {
        value.starts_with('/')
            && files.iter().filter(|file| file.syntax().is_some()).any(|file| file.text().contains(value))
    };
    let is_hidden = |value: &str| value.len() >= SHORTEST && !PUBLIC.contains(&value);
    let telling = environment.iter().filter(|(name, value)| is_hidden(value) && *name != "PWD");
    let hidden = telling.filter(|(name, value)| put_in(name) && !spelled(value));
    longest_first(hidden.map(|(name, value)| (value.clone(), format!("${{{name}}}"))).collect())
}

/// Whether a text has a name in it that is no part of a longer one.
fn names(text: &str, name: &str) -> bool {
    let is_part = |ch: Option<char>| ch.is_some_and(|ch| ch.is_ascii_alphanumeric() || ch == '_');
    text.match_indices(name).any(|(at, _)| {
        let (before, after) = (text.get(..at).unwrap_or(""), text.get(at + name.len()..).unwrap_or(""));
        !is_part(before.chars().next_back()) && !is_part(after.chars().next())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Syntax;

    fn replaced(text: &str, (value, shown): (&str, &str), whole: bool) -> String {
        let mut text = text.to_owned();
        replace(&mut text, value, shown, whole);
        text
    }

    #[test]
    fn a_value_is_replaced_everywhere_and_a_distinct_one_where_it_is_whole() {
        assert_eq!(replaced("x/s3cret-1.lock", ("s3cret-1", "${T}"), false), "x/${T}.lock");
        assert_eq!(replaced("/cfg/a/b is /cfg/ab", ("/cfg/a", "/cfg/${X}"), true), "/cfg/${X}/b is /cfg/ab");
        assert_eq!(replaced("/home/ci/x, /home/cia", ("/home/ci", "${HOME}"), false), "~/x, ${HOME}a");
        assert_eq!(replaced("/home/ci/x", ("/home/ci", "${HOME}"), true), "${HOME}/x");
    }

    #[test]
    fn values_are_hidden_of_variables_that_a_file_names() {
        let sources = Sources::default();
        sources.add_written("compose.yaml", "a: ${TOKEN}/${ROOT}\nb: /srv/known/x\nc: MY_OTHER", Syntax::Yaml);
        let of = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let environment = BTreeMap::from([
            of("TOKEN", "s3cret-value"),
            of("ROOT", "/srv/known"),
            of("OTHER", "another-value"),
            of("HOME", "/home/somebody"),
            of("PWD", "/home/somebody/x"),
        ]);
        let hidden: Vec<String> = values(&environment, &sources).into_iter().map(|(_, shown)| shown).collect();
        assert_eq!(hidden, ["${HOME}", "${TOKEN}"]);
    }
}
