//! A remedy that was tried, in words, with what to write where. May use `model`, `rules`, `finding`, `text` and earlier
//! parts of `fix`.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::change::Change;
use super::change_site::{ChangeSites, JudgedLayout, Site};
use super::flock_text::{flock_text, path_text, wait_text, word_text};
use super::model_change::own_names;
use super::mount_fixes::{make_writable, mount_directory, mount_state_only};
use super::same_files::SameFiles;
use super::site::{MountSite, YamlFiles};
use super::version_place::VersionPlace;
use super::version_text::version_text;
use super::wanted::{accepted_hits, counting_hits, hit_participants};
use super::{Fix, identity};
use crate::finding::{Advice, Finding, Hit, Login, Participant, PlacedText, Remedy, RemedyStep, Report, SuppressedBy};
use crate::model::Container;
use crate::rules::{Placeholder, Profile};
use crate::text::Span;

/// The remedy for a version that is declared where a script starts a container.
const DECLARE_START: &str = "declare-version-of-start";
/// The same, where others are told so first.
const DECLARE_START_TOO: &str = "declare-version-of-start-too";
/// The same for what a devcontainer.json describes.
const DECLARE_DEVCONTAINER: &str = "declare-version-of-devcontainer";
/// The parts of the remedy for a flock that a person on the host takes too: for the containers, and for the person.
const GUARD_INSIDE: &str = "guard-in-containers";
const GUARD_OF_PERSON: &str = "guard-of-person";
/// The remedy for a version, and what a person on the host does for it.
const REQUIRE_VERSION: &str = "require-version";
const VERSION_OF_PERSON: &str = "version-of-person";
/// The remedies for a volume of a container's own, described by a file or started by a script.
const OWN_VOLUME: &str = "own-volume";
const OWN_VOLUME_OF_START: &str = "own-volume-of-start";
const OWN_VOLUME_OF_DEVCONTAINER: &str = "own-volume-of-devcontainer";
/// The remedy for what a person does once no login is copied any more.
const LOG_IN: &str = "log-in-once";
/// The remedy for calls that take no flock.
const TAKE_FLOCK: &str = "route-through-guard";
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
    /// The file in the state directory that some of its containers take an flock on already.
    pub(super) flock: Option<&'a str>,
    pub(super) given: &'a JudgedLayout<'a>,
    pub(super) files: &'a SameFiles,
    pub(super) yaml: &'a YamlFiles,
}

/// The remedy that these changes are.
pub(super) fn remedy_of(changes: &[ChangeSites], ends: Vec<usize>, given: &StepText<'_>) -> Option<Remedy> {
    let mut steps: Vec<RemedyStep> = Vec::new();
    for (_, step) in changes.iter().flat_map(|change| given.steps(change)) {
        // Two changes may ask for one thing.
        if !steps.contains(&step) {
            steps.push(step);
        }
    }
    let mut steps = steps.into_iter();
    let first = steps.next()?;
    let id = changes.first().and_then(|change| given.advice_id(change.change))?;
    let note = changes.iter().find_map(|change| given.note(change.change));
    let RemedyStep { text, edits, unwritten } = first;
    Some(Remedy { id, text, ends, edits, unwritten, also: steps.collect(), note })
}

impl StepText<'_> {
    /// The steps of one change: its place in the matrix and the step.
    fn steps(&self, change: &ChangeSites) -> Vec<(String, RemedyStep)> {
        let Some(id) = self.advice_id(change.change) else { return Vec::new() };
        let own = || (id.clone(), self.step(&id, change.change, change.made.iter()));
        match change.change {
            Change::RequireVersion => self.version_steps(change),
            Change::VersionOnHost => {
                let person = self.manual_step(VERSION_OF_PERSON, std::iter::empty(), Vec::new());
                let mut steps = self.version_steps(change);
                steps.push((VERSION_OF_PERSON.to_owned(), person));
                steps
            }
            Change::DropCopy => std::iter::once(own()).chain(self.own_login_steps(&change.made)).collect(),
            Change::GuardOnHost => {
                // Who takes it already has nothing to do.
                let inside = (!change.made.is_empty())
                    .then_some((GUARD_INSIDE, self.step(GUARD_INSIDE, change.change, change.made.iter())));
                let person = (GUARD_OF_PERSON, self.manual_step(GUARD_OF_PERSON, std::iter::empty(), Vec::new()));
                inside.into_iter().chain([person]).map(|(id, step)| (id.to_owned(), step)).collect()
            }
            _ => vec![own()],
        }
    }

    /// The steps of a version that is required: where it is written, and where nothing but a declaration tells it.
    fn version_steps(&self, change: &ChangeSites) -> Vec<(String, RemedyStep)> {
        let is_written = |site: &&Site| self.version_place(site).is_some_and(|place| place.is_written());
        let (written, declared): (Vec<&Site>, Vec<&Site>) = change.made.iter().partition(is_written);
        // What `docker compose run` starts has the labels of its service.
        let is_start = |site: &&Site| {
            let container = self.containers.get(site.container);
            container.is_some_and(|one| one.start.is_some() && one.timing.one_off_of.is_none())
        };
        let (started, described): (Vec<&Site>, Vec<&Site>) = declared.into_iter().partition(is_start);
        let is_workplace =
            |site: &&Site| self.containers.get(site.container).is_some_and(Container::is_of_devcontainer);
        let (workplaces, described): (Vec<&Site>, Vec<&Site>) = described.into_iter().partition(is_workplace);
        let of_starts = if described.is_empty() { DECLARE_START } else { DECLARE_START_TOO };
        let parts = [
            (REQUIRE_VERSION.to_owned(), written),
            ("declare-version".to_owned(), described),
            (of_starts.to_owned(), started),
            (DECLARE_DEVCONTAINER.to_owned(), workplaces),
        ];
        let parts = parts.into_iter().filter(|(_, sites)| !sites.is_empty());
        parts.map(|(id, sites)| (id.clone(), self.step(&id, change.change, sites.into_iter()))).collect()
    }

    /// What gives each of these containers a login of its own that it keeps: a volume, where it has none, and a login there.
    fn own_login_steps(&self, made: &[Site]) -> Vec<(String, RemedyStep)> {
        let is_kept = |site: &&Site| {
            let participant = self.report.participants.get(site.participant);
            participant.is_some_and(|one| !matches!(one.place.kind, "private" | "tmpfs"))
        };
        let mut steps = Vec::new();
        for site in made.iter().filter(|site| !is_kept(site)) {
            let id = match self.report.participants.get(site.participant).map(|one| one.origin) {
                Some("script") => OWN_VOLUME_OF_START,
                Some("devcontainer") => OWN_VOLUME_OF_DEVCONTAINER,
                _ => OWN_VOLUME,
            };
            let container = self.containers.get(site.container);
            let at = container.map(|one| one.mounts.last().map_or(one.span, |mount| mount.span));
            let edits = at.into_iter().map(|span| PlacedText { span, text: String::new() }).collect();
            steps.push((id.to_owned(), self.manual_step(id, std::iter::once(site), edits)));
        }
        steps.push((LOG_IN.to_owned(), self.manual_step(LOG_IN, made.iter(), Vec::new())));
        steps
    }

    /// A step that only a person can do.
    fn manual_step<'s>(
        &self,
        id: &str,
        sites: impl Iterator<Item = &'s Site> + Clone,
        edits: Vec<PlacedText>,
    ) -> RemedyStep {
        RemedyStep { text: self.text(id, sites), edits, unwritten: Vec::new() }
    }

    /// What follows from a change that a person should know.
    fn note(&self, change: Change) -> Option<String> {
        let mut advice = self.advice().filter(|advice| Change::of_remedy(&advice.id) == Some(change));
        advice.find_map(|advice| advice.note.clone())
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
        let mut unwritten: Vec<String> = Vec::new();
        let mut users: HashMap<Span, usize> = HashMap::new();
        for site in sites.clone() {
            *users.entry(site.span).or_default() += 1;
        }
        let mut mounts = 0;
        // What the configuration is to say of the host is written nowhere yet.
        for site in sites.clone().filter(|_| change != Change::SettleHost) {
            let Some(users) = users.remove(&site.span) else { continue };
            mounts += 1;
            match self.edits(change, site, users, mounts <= MOUNT_TEXTS) {
                Ok(placed) => edits.extend(placed),
                Err(why) => {
                    edits.push(PlacedText { span: site.span, text: String::new() });
                    unwritten.extend(Some(why).filter(|why| !why.is_empty() && !unwritten.contains(why)));
                }
            }
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
        if id == TAKE_FLOCK {
            text.extend(self.accepted_names(sites.clone()).map(|names| format!(" (of {names} too)")));
        }
        // Where no text can be given, as for what runs, the file is named at least.
        if change == Change::TakeFlock && edits.iter().all(|edit| edit.text.is_empty()) {
            text.extend(self.flock_file(sites).map(|path| format!(", on {path}")));
        }
        RemedyStep { text, edits, unwritten }
    }

    /// The containers of these sites whose hits do not count, where there are any: what was accepted is called so.
    fn accepted_names<'s>(&self, sites: impl Iterator<Item = &'s Site>) -> Option<String> {
        let login = self.login?;
        let accepted = accepted_hits(login, self.report).flat_map(|hit| hit_participants(hit, hit.login, self.report));
        let accepted: HashSet<usize> = accepted.collect();
        let hits = login.findings.iter().flat_map(|finding| counting_hits(finding, self.report));
        let told = hits.flat_map(|(_, hit)| hit_participants(hit, hit.login, self.report));
        let told: HashSet<usize> = told.collect();
        let is_accepted = |site: &&Site| accepted.contains(&site.participant) && !told.contains(&site.participant);
        let names = sites.filter(is_accepted).filter_map(|site| self.report.participants.get(site.participant));
        let names: BTreeSet<&str> = names.map(|one| one.label.as_str()).collect();
        let names = match names.into_iter().collect::<Vec<_>>().as_slice() {
            [] => return None,
            [one] => (*one).to_owned(),
            [first @ .., last] if first.len() < NAMES => format!("{} and {last}", first.join(", ")),
            [first, second, rest @ ..] => format!("{first}, {second} and {} more", rest.len()),
        };
        let by = |hit: &Hit| hit.suppressed.as_ref().map(|suppressed| suppressed.by);
        let is_unchanged = accepted_hits(login, self.report).all(|hit| by(hit) == Some(SuppressedBy::Unchanged));
        Some(if is_unchanged { names } else { format!("the accepted {names}") })
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
    ///
    /// # Errors
    /// Why that is not known, as a clause; empty where it is a person's matter anyway.
    fn edits(&self, change: Change, site: &Site, users: usize, tried: bool) -> Result<Vec<PlacedText>, String> {
        let decision = String::new;
        let profile = self.profile.ok_or_else(decision)?;
        let container = self.containers.get(site.container).ok_or_else(decision)?;
        let sources = self.given.sources;
        let participant = self.plain.get(&site.participant).ok_or_else(decision)?;
        let shown = self.report.participants.get(site.participant).ok_or_else(decision)?;
        let is_shown = shown.state_dir == participant.state_dir;
        Ok(match change {
            Change::RequireVersion | Change::VersionOnHost => {
                let place = self.version_place(site).ok_or_else(decision)?;
                vec![version_text(&place, container, profile, sources)?]
            }
            // A path that is not to be shown is not to be written either.
            Change::TakeFlock | Change::GuardOnHost | Change::UsualFlock if !is_shown => {
                return Err("the path of the flock has a value of the environment in it".to_owned());
            }
            Change::TakeFlock | Change::GuardOnHost => {
                vec![flock_text(site.span, &site.value, container, profile, sources)?]
            }
            Change::WaitLonger => vec![wait_text(site.span, profile, sources)?],
            Change::UsualFlock => {
                let why = || "the path of the flock is not written there as it is meant".to_owned();
                vec![self.flock_path_text(container, site).ok_or_else(why)?]
            }
            Change::OneUser => {
                let why = || "the user is not written there as it is meant".to_owned();
                let old = container.user.as_ref().filter(|user| user.concealed().is_none()).ok_or_else(why)?;
                vec![word_text(site.span, &old.text, &site.value, sources).ok_or_else(why)?]
            }
            Change::OwnLogin if tried && shown.origin == "script" => {
                let file = sources.get(site.span.file);
                vec![identity::separate_script_login(&file, site.span, &site.value)?]
            }
            Change::OwnLogin if tried && shown.origin == "devcontainer" => {
                vec![identity::separate_project_login(&sources.get(site.span.file), site.span, shown, profile)?]
            }
            Change::OwnLogin | Change::MountWritable | Change::MountDirectory | Change::MountStateOnly if tried => {
                self.mount_fix(change, site, users, shown)?.edits
            }
            _ => return Err(decision()),
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
    fn text<'s>(&self, id: &str, sites: impl Iterator<Item = &'s Site> + Clone) -> String {
        let mut known = HashSet::new();
        let state_dirs = sites.clone().filter_map(|site| self.report.participants.get(site.participant));
        let state_dirs: BTreeSet<&str> = state_dirs.map(|one| one.state_dir.as_str()).collect();
        let state_dirs: Vec<&str> = state_dirs.into_iter().collect();
        let container = sites.clone().next().and_then(|site| self.containers.get(site.container));
        let own_volume = container.and_then(|one| own_names(one).into_iter().next());
        let own_volume = own_volume.map_or_else(|| "own-login".to_owned(), |name| format!("{name}-login"));
        let participants = sites.filter_map(|site| self.report.participants.get(site.participant));
        let names: Vec<&str> = participants.map(|one| one.label.as_str()).filter(|name| known.insert(*name)).collect();
        let mut is_known = true;
        let message = self.given.rules.matrix.remedies.get(id);
        let text = message.map(|message| {
            message.fill_with(|placeholder| match (placeholder, self.profile) {
                (Placeholder::Container, _) => list_names(&names),
                (Placeholder::Place, _) => self.login.map_or_else(String::new, |login| login.place.text.clone()),
                (Placeholder::GuardFile, Some(profile)) => self.flock.unwrap_or(&profile.guard.file).to_owned(),
                (Placeholder::StateDir, _) => state_dirs.join(" or "),
                (Placeholder::OwnVolume, _) => own_volume.clone(),
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
