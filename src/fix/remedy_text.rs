//! A remedy that was tried, in words, with what to write where. May use `model`, `rules`, `finding`, `text` and earlier
//! parts of `fix`.

use std::collections::{HashMap, HashSet};

use super::change::Change;
use super::change_site::{ChangeSites, JudgedLayout, Site};
use super::flock_text::{flock_text, path_text, wait_text, word_text};
use super::mount_fixes::{make_writable, mount_directory, mount_state_only};
use super::same_files::SameFiles;
use super::site::{MountSite, YamlFiles};
use super::version_place::VersionPlace;
use super::version_text::version_text;
use super::{Fix, identity};
use crate::finding::{Advice, Finding, Hit, Login, Participant, PlacedText, Remedy, RemedyStep, Report};
use crate::model::Container;
use crate::rules::{Placeholder, Profile};
use crate::text::Span;

/// The remedy for a version that is declared where a script starts a container.
const DECLARE_START: &str = "declare-version-of-start";
/// The same, where others are told so first.
const DECLARE_START_TOO: &str = "declare-version-of-start-too";
/// The remedy for what a person does once no login is copied any more.
const LOG_IN: &str = "log-in-once";
/// For how many mounts a text is worked out: each has its file parsed anew.
const MOUNT_TEXTS: usize = 12;
/// How many containers a remedy names.
const NAMES: usize = 3;

/// What the words of a remedy are taken from.
pub(super) struct StepText<'a> {
    pub(super) finding: &'a Finding,
    /// Its login.
    pub(super) login: Option<&'a Login>,
    pub(super) report: &'a Report,
    pub(super) containers: &'a [Container],
    pub(super) plain: &'a HashMap<usize, Participant>,
    pub(super) profile: Option<&'a Profile>,
    pub(super) given: &'a JudgedLayout<'a>,
    pub(super) files: &'a SameFiles,
    pub(super) yaml: &'a YamlFiles,
}

/// The remedy that these changes are.
pub(super) fn remedy_of(changes: &[ChangeSites], ends: Vec<usize>, given: &StepText<'_>) -> Option<Remedy> {
    let mut steps = changes.iter().flat_map(|change| given.steps(change)).map(|step| step.1);
    let first = steps.next()?;
    let id = changes.first().and_then(|change| given.advice_id(change.change))?;
    Some(Remedy { id, text: first.text, ends, edits: first.edits, also: steps.collect() })
}

impl StepText<'_> {
    /// The steps of one change: its place in the matrix and the step.
    fn steps(&self, change: &ChangeSites) -> Vec<(String, RemedyStep)> {
        let Some(id) = self.advice_id(change.change) else { return Vec::new() };
        let own = || (id.clone(), self.step(&id, change.change, change.made.iter()));
        match change.change {
            Change::RequireVersion => {}
            Change::DropCopy => {
                let log_in = RemedyStep { text: self.text(LOG_IN, change.made.iter()), edits: Vec::new() };
                return vec![own(), (LOG_IN.to_owned(), log_in)];
            }
            _ => return vec![own()],
        }
        let is_written = |site: &&Site| self.version_place(site).is_some_and(|place| place.is_written());
        let (written, declared): (Vec<&Site>, Vec<&Site>) = change.made.iter().partition(is_written);
        let is_start = |site: &&Site| {
            let participant = self.report.participants.get(site.participant);
            participant.is_some_and(|one| one.origin == "script")
        };
        let (started, described): (Vec<&Site>, Vec<&Site>) = declared.into_iter().partition(is_start);
        let of_starts = if described.is_empty() { DECLARE_START } else { DECLARE_START_TOO };
        let parts = [(id, written), ("declare-version".to_owned(), described), (of_starts.to_owned(), started)];
        let parts = parts.into_iter().filter(|(_, sites)| !sites.is_empty());
        parts.map(|(id, sites)| (id.clone(), self.step(&id, change.change, sites.into_iter()))).collect()
    }

    /// What the hits of the finding are advised, then what those of the login's other findings are.
    fn advice(&self) -> impl Iterator<Item = &Advice> {
        let others = self.login.into_iter().flat_map(|login| &login.findings);
        let hits = std::iter::once(self.finding).chain(others).flat_map(|finding| self.report.hits_of(finding));
        hits.flat_map(Hit::counting).flat_map(|breach| &breach.remedies)
    }

    /// Under which id a change is advised.
    fn advice_id(&self, change: Change) -> Option<String> {
        let advice = self.advice().find(|advice| Change::of_remedy(&advice.id) == Some(change));
        advice.map(|advice| advice.id.clone())
    }

    fn version_place(&self, site: &Site) -> Option<VersionPlace> {
        VersionPlace::unsettled(self.containers.get(site.container)?, self.profile?)
    }

    fn step<'s>(&self, id: &str, change: Change, sites: impl Iterator<Item = &'s Site> + Clone) -> RemedyStep {
        let mut edits: Vec<PlacedText> = Vec::new();
        let mut users: HashMap<Span, usize> = HashMap::new();
        for site in sites.clone() {
            *users.entry(site.span).or_default() += 1;
        }
        let mut mounts = 0;
        // What the configuration is to say of the host is written nowhere yet.
        for site in sites.clone().filter(|_| change != Change::SettleHost) {
            let Some(users) = users.remove(&site.span) else { continue };
            mounts += 1;
            let placed = self.edits(change, site, users, mounts <= MOUNT_TEXTS).filter(|edits| !edits.is_empty());
            edits.extend(placed.unwrap_or_else(|| vec![PlacedText { span: site.span, text: String::new() }]));
        }
        // Several containers may come to one line by another way.
        for edit in &mut edits {
            edit.span = self.files.place(edit.span);
        }
        let mut places = HashSet::new();
        // What is there already is nothing to write.
        let is_there = |edit: &PlacedText| {
            !edit.text.is_empty() && self.given.sources.get(edit.span.file).slice(edit.span) == edit.text
        };
        edits.retain(|edit| places.insert((edit.span, edit.text.clone())) && !is_there(edit));
        let mut text = self.text(id, sites.clone());
        // Where no text can be given, as for what runs, the file is named at least.
        if change == Change::TakeFlock && edits.iter().all(|edit| edit.text.is_empty()) {
            text.extend(self.flock_file(sites).map(|path| format!(", on {path}")));
        }
        RemedyStep { text, edits }
    }

    /// The file that an flock is to be taken on, where it is one for all and may be shown.
    fn flock_file<'s>(&self, mut sites: impl Iterator<Item = &'s Site> + Clone) -> Option<&'s str> {
        let path = sites.clone().next()?.value.as_str();
        let is_shown = |site: &Site| {
            let (plain, shown) = (self.plain.get(&site.participant), self.report.participants.get(site.participant));
            plain.zip(shown).is_some_and(|(plain, shown)| plain.state_dir == shown.state_dir)
        };
        (!path.is_empty() && sites.all(|site| site.value == path && is_shown(site))).then_some(path)
    }

    /// What to write at one place.
    fn edits(&self, change: Change, site: &Site, users: usize, tried: bool) -> Option<Vec<PlacedText>> {
        let profile = self.profile?;
        let container = self.containers.get(site.container)?;
        let sources = self.given.sources;
        let participant = self.plain.get(&site.participant)?;
        let shown = self.report.participants.get(site.participant)?;
        Some(match change {
            Change::RequireVersion => {
                let place = self.version_place(site)?;
                vec![version_text(&place, container, profile, sources)]
            }
            // A path that is not to be shown is not to be written either.
            Change::TakeFlock if shown.state_dir != participant.state_dir => return None,
            Change::TakeFlock => vec![flock_text(site.span, &site.value, profile, sources)],
            Change::WaitLonger => vec![wait_text(site.span, profile, sources)],
            Change::UsualFlock if shown.state_dir == participant.state_dir => {
                vec![self.flock_path_text(container, site)?]
            }
            Change::OneUser => {
                let old = container.user.as_ref().filter(|user| user.concealed().is_none())?;
                vec![word_text(site.span, &old.text, &site.value, sources)?]
            }
            Change::OwnLogin if tried && shown.origin == "script" => {
                let file = sources.get(site.span.file);
                vec![identity::separate_script_login(&file, site.span, &site.value).ok()?]
            }
            Change::OwnLogin | Change::MountWritable | Change::MountDirectory | Change::MountStateOnly if tried => {
                self.mount_fix(change, site, users, shown).ok()?.edits
            }
            _ => return None,
        })
    }

    fn mount_fix(&self, change: Change, site: &Site, users: usize, participant: &Participant) -> Result<Fix, String> {
        if participant.origin != "compose" {
            return Err("it is not a service of a compose file".to_owned());
        }
        let mounts = self.containers.iter().flat_map(|container| &container.mounts);
        let all_agree = mounts.filter(|mount| mount.span == site.span).count() == users;
        let mount = match users {
            1 => MountSite::find_mount(site.span, &participant.container, self.yaml, self.given.sources)?,
            _ if all_agree && change != Change::OwnLogin => {
                MountSite::find_common_mount(site.span, &participant.container, self.yaml, self.given.sources)?
            }
            _ => return Err("other services use the same mount as it is written here".to_owned()),
        };
        match change {
            Change::OwnLogin => identity::separate_login(&mount, participant, &site.value),
            Change::MountWritable => make_writable(&mount),
            Change::MountStateOnly => mount_state_only(&mount, participant),
            _ => mount_directory(&mount, participant, &self.report.participants),
        }
    }

    /// The path of an flock, where it is written as it is meant.
    fn flock_path_text(&self, container: &Container, site: &Site) -> Option<PlacedText> {
        let is_here = |span: Span| self.files.place(span) == site.span;
        let sources = self.given.sources;
        let mut locks = container.script.invocations.iter().flat_map(|call| &call.locks);
        if let Some(lock) = locks.find(|lock| is_here(lock.span)) {
            return path_text(lock.opened.unwrap_or(lock.span), lock.path.known()?, &site.value, sources);
        }
        let mut labels = container.labels.values();
        let label = labels.find(|label| is_here(label.span))?;
        path_text(label.span, &label.value.text, &site.value, sources)
    }

    /// The matrix's words for it, with the names of all containers concerned.
    fn text<'s>(&self, id: &str, sites: impl Iterator<Item = &'s Site>) -> String {
        let mut known = HashSet::new();
        let participants = sites.filter_map(|site| self.report.participants.get(site.participant));
        let names: Vec<&str> = participants.map(|one| one.label.as_str()).filter(|name| known.insert(*name)).collect();
        let mut is_known = true;
        let message = self.given.rules.matrix.remedies.get(id);
        let text = message.map(|message| {
            message.fill_with(|placeholder| match (placeholder, self.profile) {
                (Placeholder::Container, _) => list_names(&names),
                (Placeholder::SettledSince, Some(profile)) => profile.settled_since.to_string(),
                (Placeholder::LongestCall, Some(profile)) => profile.guard.longest_call_seconds.to_string(),
                (Placeholder::StateVariable, Some(profile)) => profile.state_directory.variable.clone(),
                _ => {
                    is_known = false;
                    String::new()
                }
            })
        });
        let advised = || self.advice().find(|advice| advice.id == id).map(|advice| advice.text.clone());
        text.filter(|_| is_known).or_else(advised).unwrap_or_default()
    }
}

fn list_names(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., last] if names.len() <= NAMES => format!("{} and {last} each", first.join(", ")),
        [first, second, rest @ ..] => format!("{first}, {second} and {} more each", rest.len()),
    }
}
