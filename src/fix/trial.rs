//! Changes tried in a copy of the containers concerned, and judged. A change is tried for all logins at once, so that the
//! cost grows with the kinds of changes and not with the logins or hits. May use `model`, `rules`, `finding`, `judge`,
//! `text` and earlier parts of `fix`.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::change::Change;
use super::change_site::{BrokenRule, ChangeSites, JudgedBefore, JudgedLayout, Site};
use super::concerned::{
    LoginCustoms, concerned_containers, ignored_rules, login_customs, match_participants, silent_containers,
};
use super::model_change::{ChangedPlaces, Member, OwnChange, change_member, change_places, shared_places};
use super::outcome::{BrokenRules, Ignored};
use super::same_files::SameFiles;
use super::site::YamlFiles;
use super::wanted::{WantedChanges, accepted_hits, changes_of, counting_hits, hit_participants, is_wanted};
use crate::finding::{Finding, Hit, Participant, Report};
use crate::judge::judge_again;
use crate::model::{Container, Layout, Mount, MountSource, join};
use crate::rules::{Answer, Config, VersionRange};
use crate::text::Span;

/// How many pairs of changes are tried where no single one ends a finding.
const PAIRS: usize = 4;

/// The containers concerned, in a layout of their own that changes are tried in.
pub(super) struct Trial<'a> {
    pub(super) given: &'a JudgedLayout<'a>,
    pub(super) report: &'a Report,
    pub(super) files: &'a SameFiles,
    pub(super) yaml: YamlFiles,
    pub(super) layout: Layout,
    /// Where each container of the whole layout is in it.
    places: HashMap<usize, usize>,
    /// For each participant of the report the same as judged here, nothing hidden.
    pub(super) plain: HashMap<usize, Participant>,
    /// The logins that each container uses.
    logins: HashMap<usize, BTreeSet<usize>>,
    customs: HashMap<usize, LoginCustoms>,
    before: BrokenRules,
    ignored: Ignored,
    /// The containers that nothing is told of, since it was there before.
    silent: HashSet<usize>,
    /// Every source that is mounted anywhere.
    taken: HashSet<String>,
    /// For each participant of the report that has a copy of a login, the command that makes it.
    copies: HashMap<usize, Span>,
    /// How many containers mount what is written at a place, where that is more than one.
    mount_users: HashMap<Span, usize>,
}

/// Changes that were made together, and what came of it for each login.
pub(super) struct Attempt {
    pub(super) changes: Vec<Change>,
    after: BrokenRules,
    /// For each login where they were made, which the change made nowhere worse.
    pub(super) sites: BTreeMap<usize, Vec<ChangeSites>>,
}

impl<'a> Trial<'a> {
    /// Takes the containers concerned out of the layout; `give_back` puts them back.
    pub(super) fn of(
        report: &'a Report,
        given: &'a mut JudgedLayout<'_>,
        files: &'a SameFiles,
        wanted: &WantedChanges,
    ) -> Self {
        let before = given.before.take();
        let mut logins: HashMap<usize, BTreeSet<usize>> = HashMap::new();
        for one in &report.participants {
            logins.entry(one.index).or_default().insert(one.login);
        }
        let concerned = concerned_containers(report, given, files, wanted, &logins);
        let all = &mut given.layout.containers;
        let taken = all.iter().flat_map(|container| &container.mounts).filter_map(written_source).collect();
        let mut mount_users: HashMap<Span, usize> = HashMap::new();
        for mount in all.iter().flat_map(|container| &container.mounts) {
            *mount_users.entry(files.place(mount.span)).or_default() += 1;
        }
        // One that no other mounts is most of them.
        mount_users.retain(|_, users| *users > 1);
        mount_users.shrink_to_fit();
        let are_all = concerned.len() == all.len();
        let chosen = all.iter_mut().enumerate().filter(|(at, _)| concerned.contains(at));
        let containers = chosen.map(|(_, container)| std::mem::take(container)).collect();
        if before.is_none() {
            // Where it is described may still be told.
            for one in all.iter_mut() {
                *one = Container { span: one.span, ..Container::default() };
            }
        }
        let layout = Layout { containers, home: given.layout.home.clone(), ..Layout::default() };
        let given: &'a JudgedLayout<'_> = given;
        let places: HashMap<usize, usize> = concerned.iter().enumerate().map(|(at, whole)| (*whole, at)).collect();
        let ignored = ignored_rules(report, &places);
        let known = before.filter(|_| are_all);
        let judged = known.unwrap_or_else(|| JudgedBefore::of_own(judge_again(&layout, given.rules, given.config)));
        let silent = silent_containers(report, &places);
        let before = BrokenRules::of(judged.broken, &given.rules.matrix, &ignored, &silent);
        let plain = match_participants(report, judged.participants, &places);
        let logins = logins.into_iter().filter_map(|(at, logins)| Some((*places.get(&at)?, logins))).collect();
        let customs = |login: &usize| (*login, login_customs(*login, report, &plain, &layout));
        let customs = wanted.keys().map(customs).collect();
        Self {
            mount_users,
            given,
            report,
            files,
            yaml: YamlFiles::default(),
            customs,
            layout,
            plain,
            logins,
            before,
            ignored,
            silent,
            taken,
            copies: copies_of(report),
            places,
        }
    }

    /// Puts the containers back where they were taken from.
    pub(super) fn give_back(self) -> Vec<(usize, Container)> {
        let mut containers: Vec<Option<Container>> = self.layout.containers.into_iter().map(Some).collect();
        let mut take = |at: usize| containers.get_mut(at).and_then(Option::take);
        self.places.into_iter().filter_map(|(whole, at)| Some((whole, take(at)?))).collect()
    }

    /// Tries every change for all logins that it is advised to, then pairs of changes where no single one was enough.
    pub(super) fn try_changes(&mut self, wanted: &WantedChanges) -> Vec<Attempt> {
        let changes: BTreeSet<Change> = wanted.values().flat_map(|changes| changes.keys().copied()).collect();
        let (small, large): (Vec<Change>, Vec<Change>) = changes.into_iter().partition(|change| change.is_small());
        let mut attempts: Vec<Attempt> = Vec::new();
        for change in small {
            attempts.push(self.attempt(&[change], wanted));
        }
        // Nobody moves a login where less is enough.
        let open = self.open_logins(&attempts);
        let still: WantedChanges =
            wanted.iter().filter(|(login, _)| open.contains(login)).map(|(login, of)| (*login, of.clone())).collect();
        for change in large.into_iter().filter(|change| still.values().any(|of| of.contains_key(change))) {
            attempts.push(self.attempt(&[change], &still));
        }
        let pairs = self.open_pairs(&attempts);
        for (one, other) in pairs.into_iter().take(PAIRS) {
            attempts.push(self.attempt(&[one, other], wanted));
        }
        attempts
    }

    /// The logins with a finding that nothing of what was tried ends.
    fn open_logins(&self, attempts: &[Attempt]) -> BTreeSet<usize> {
        let is_open = |(login, finding): &(usize, &Finding)| {
            let all = counting_hits(finding, self.report).count();
            attempts.iter().all(|attempt| self.ended(attempt, *login, finding).len() < all)
        };
        self.findings().filter(is_open).map(|(login, _)| login).collect()
    }

    /// Pairs of changes where an flock or a version helps some hits of a finding and others need something else.
    fn open_pairs(&self, attempts: &[Attempt]) -> BTreeSet<(Change, Change)> {
        let mut pairs = BTreeSet::new();
        for (login_at, finding) in self.findings() {
            let all = counting_hits(finding, self.report).count();
            let advised = self.advised_changes(login_at, finding);
            let first = [Change::TakeFlock, Change::RequireVersion].into_iter().filter(|one| advised.contains(one));
            let is_short = |one: &Change| {
                let mut alone = attempts.iter().filter(|attempt| attempt.changes == [*one]);
                alone.all(|attempt| self.ended(attempt, login_at, finding).len() < all)
            };
            let first = first.filter(is_short);
            for one in first {
                let others =
                    advised.iter().filter(|other| !matches!(other, Change::DedicatedParent | Change::DropMount));
                pairs.extend(others.filter(|other| **other > one).map(|other| (one, *other)));
            }
        }
        pairs
    }

    fn findings(&self) -> impl Iterator<Item = (usize, &'a Finding)> {
        let report = self.report;
        let all = report.logins.iter().enumerate();
        all.flat_map(move |(at, login)| {
            login.findings.iter().filter(|one| is_wanted(one, report)).map(move |one| (at, one))
        })
    }

    /// Makes changes for every login that they are advised to, judges, and takes them back.
    fn attempt(&mut self, changes: &[Change], wanted: &WantedChanges) -> Attempt {
        let mut saved: BTreeMap<usize, Container> = BTreeMap::new();
        let mut sites: BTreeMap<usize, Vec<ChangeSites>> = BTreeMap::new();
        let mut users: HashMap<Span, BTreeSet<usize>> = HashMap::new();
        let wanting = wanted.iter().filter(|(_, of)| changes.iter().all(|change| of.contains_key(change)));
        let wanting: Vec<_> = wanting.collect();
        for &change in changes {
            let mut places = ChangedPlaces::new(self.files);
            for (login, of) in &wanting {
                let members = of.get(&change).into_iter().flatten();
                let made = if change.is_shared() {
                    self.plan_shared(change, members, &mut places)
                } else {
                    self.make_own(change, members, &mut saved)
                };
                sites.entry(**login).or_default().push(ChangeSites { change, made });
            }
            if change.is_shared() {
                self.make_shared(change, &places, &mut saved, &mut users);
            }
        }
        let judged = judge_again(&self.layout, self.given.rules, &self.config_after(changes));
        let broken = BrokenRule::of_judged(&judged);
        let after = BrokenRules::of(broken, &self.given.rules.matrix, &self.ignored, &self.silent);
        for (at, container) in saved {
            if let Some(slot) = self.layout.containers.get_mut(at) {
                *slot = container;
            }
        }
        let worse = after.worse_than(&self.before);
        let bad: BTreeSet<usize> = worse.iter().filter_map(|at| self.logins.get(at)).flatten().copied().collect();
        sites.retain(|login, made| {
            let all = made.iter().flat_map(|one| &one.made);
            let touched = all.filter_map(|site| users.get(&site.span)).flatten();
            let mut touched = touched.filter_map(|at| self.logins.get(at)).flatten().chain([login]);
            let is_made = |one: &ChangeSites| !one.made.is_empty() || one.change.is_about_host();
            let alone = made.iter().all(|one| is_made(one) && self.changes_nobody_else(one));
            alone && !touched.any(|login| bad.contains(login))
        });
        Attempt { changes: changes.to_vec(), after, sites }
    }

    /// The configuration as it would be after changes.
    fn config_after(&self, changes: &[Change]) -> Cow<'a, Config> {
        let config = self.given.config;
        if !changes.iter().any(|change| change.is_about_host()) {
            return Cow::Borrowed(config);
        }
        let mut after = config.clone();
        for change in changes {
            match change {
                Change::GuardOnHost => after.host.guard = Some(Answer::Yes),
                Change::VersionOnHost => {
                    // What is said of the host is said of all programs there.
                    let settled = self.given.rules.profiles.iter().map(|profile| &profile.settled_since).max();
                    after.host.version = settled.and_then(|version| VersionRange::parse(&format!(">={version}")));
                }
                Change::SettleHost => after.host.participates = Some(Answer::No),
                _ => {}
            }
        }
        Cow::Owned(after)
    }

    /// Whether a change that was made in single containers is written where no other container would change with it.
    fn changes_nobody_else(&self, made: &ChangeSites) -> bool {
        if made.change.is_shared() || made.change.is_about_host() {
            return true;
        }
        let mut changed: HashMap<Span, BTreeSet<usize>> = HashMap::new();
        for site in &made.made {
            changed.entry(site.span).or_default().insert(site.container);
        }
        changed
            .iter()
            .all(|(span, containers)| self.mount_users.get(span).is_none_or(|users| *users <= containers.len()))
    }

    /// The file in a login's state directory that some of its containers take an flock on already.
    pub(super) fn flock_of(&self, login: usize) -> Option<&str> {
        self.customs.get(&login)?.flock.as_deref()
    }

    fn member(&self, at: usize) -> Option<(usize, Member<'_>)> {
        let participant = self.plain.get(&at)?;
        let customs = self.customs.get(&self.report.participants.get(at)?.login)?;
        let profile = self.given.rules.profiles.iter().find(|profile| profile.id == participant.program)?;
        let file = customs.flock.as_ref().unwrap_or(&profile.guard.file);
        let flock = join(&participant.state_dir, &format!("./{file}"));
        let copied = self.copies.get(&at).copied();
        Some((participant.index, Member { participant, profile, flock, user: customs.user.as_deref(), copied }))
    }

    /// Where a shared change is to be made for members.
    fn plan_shared<'m>(
        &self,
        change: Change,
        members: impl Iterator<Item = &'m usize>,
        places: &mut ChangedPlaces<'_>,
    ) -> Vec<Site> {
        let mut sites = Vec::new();
        for &participant in members {
            let Some((container, member)) = self.member(participant) else { continue };
            let Some(described) = self.layout.containers.get(container) else { continue };
            for span in shared_places(change, described, &member) {
                // Where two would take it on different paths, the first one's is written.
                let flock = places.add(span, member.flock.clone());
                sites.push(Site { container, participant, span: self.files.place(span), value: flock });
            }
        }
        sites
    }

    /// Makes a shared change in every container that has one of the places.
    fn make_shared(
        &mut self,
        change: Change,
        places: &ChangedPlaces<'_>,
        saved: &mut BTreeMap<usize, Container>,
        users: &mut HashMap<Span, BTreeSet<usize>>,
    ) {
        for profile in &self.given.rules.profiles {
            for (at, container) in self.layout.containers.iter_mut().enumerate() {
                if !has_place(container, places) {
                    continue;
                }
                let before = container.clone();
                let changed = change_places(change, container, profile, places);
                if !changed.is_empty() {
                    saved.entry(at).or_insert(before);
                }
                for span in changed {
                    users.entry(self.files.place(span)).or_default().insert(at);
                }
            }
        }
    }

    /// Makes a change that concerns each member alone.
    fn make_own<'m>(
        &mut self,
        change: Change,
        members: impl Iterator<Item = &'m usize>,
        saved: &mut BTreeMap<usize, Container>,
    ) -> Vec<Site> {
        let mut sites = Vec::new();
        let mut given: HashSet<String> = HashSet::new();
        for &participant in members {
            let Some((at, member)) = self.member(participant) else { continue };
            let Some(container) = self.layout.containers.get(at) else { continue };
            let mut changed = container.clone();
            let is_taken = |source: &str| self.taken.contains(source) || given.contains(source);
            let Some(OwnChange { span, value }) = change_member(change, &mut changed, &member, is_taken) else {
                continue;
            };
            if change == Change::OwnLogin {
                given.extend(changed.mounts.iter().filter(|mount| mount.span == span).filter_map(written_source));
            }
            if let Some(slot) = self.layout.containers.get_mut(at) {
                let before = std::mem::replace(slot, changed);
                saved.entry(at).or_insert(before);
            }
            sites.push(Site { container: at, participant, span, value });
        }
        sites
    }

    /// The hits of a finding that changes end: what is left of one is of another, less severe finding.
    pub(super) fn ended(&self, attempt: &Attempt, login: usize, finding: &Finding) -> Vec<usize> {
        if !attempt.sites.contains_key(&login) {
            return Vec::new();
        }
        let is_ended = |hit: &Hit| {
            let mut all = hit_participants(hit, login, self.report).peekable();
            all.peek().is_some()
                && all.all(|at| {
                    let index = self.report.participants.get(at).and_then(|one| self.places.get(&one.index));
                    let has = |outcome: &BrokenRules, at: usize| outcome.has(at, finding, hit);
                    index.is_some_and(|at| {
                        has(&self.before, *at) && !has(&attempt.after, *at) && !attempt.after.is_alone(*at)
                    })
                })
        };
        counting_hits(finding, self.report).filter(|(_, hit)| is_ended(hit)).map(|(at, _)| at).collect()
    }

    /// The changes that are tried for a login, those that a finding's own hits advise first.
    pub(super) fn advised_changes(&self, login: usize, finding: &Finding) -> Vec<Change> {
        let of_login = self.report.logins.get(login).into_iter().flat_map(|login| &login.findings);
        let of_login = of_login.filter(|one| is_wanted(one, self.report));
        let mut order: Vec<Change> = Vec::new();
        for (number, one) in std::iter::once(finding).chain(of_login).enumerate() {
            for change in counting_hits(one, self.report).flat_map(|(_, hit)| changes_of(hit, one.severity)) {
                if !order.contains(&change) && (number == 0 || change.is_small()) {
                    order.push(change);
                }
            }
        }
        // A person among those whose hits were accepted is not to wait for the flock of others.
        let of_accepted = self.report.logins.get(login).into_iter().flat_map(|of| accepted_hits(of, self.report));
        let mut of_accepted = of_accepted.flat_map(|hit| changes_of(hit, hit.severity()));
        if order.contains(&Change::TakeFlock) && !order.contains(&Change::OwnLogin) {
            order.extend(of_accepted.find(|change| *change == Change::OwnLogin));
        }
        order
    }
}

/// The commands that copy a login, by the participant that has the copy.
fn copies_of(report: &Report) -> HashMap<usize, Span> {
    let breaches = report.hits.iter().flat_map(|hit| &hit.breaches);
    let copying = breaches
        .filter(|breach| breach.remedies.iter().any(|advice| Change::of_remedy(&advice.id) == Some(Change::DropCopy)));
    copying.filter_map(|breach| Some((breach.participant?, breach.primary()?))).collect()
}

/// What a mount takes from the host or the engine, by its name.
fn written_source(mount: &Mount) -> Option<String> {
    match &mount.source {
        MountSource::Host(source) | MountSource::Volume(source) => Some(source.text.clone()),
        _ => None,
    }
}

/// Whether something of a container is written at one of these places.
fn has_place(container: &Container, places: &ChangedPlaces<'_>) -> bool {
    let calls = container.installs.iter().chain(&container.script.invocations);
    let calls = calls.flat_map(|call| call.locks.iter().map(|lock| lock.span).chain([call.span]));
    let labels = container.labels.values().chain(container.declared.values()).map(|label| label.span);
    let arguments = container.build_args.values().map(|argument| argument.span);
    let image = container.image.as_ref().and_then(|image| image.span);
    let mut all = calls.chain(labels).chain(arguments).chain(image).chain([container.span]);
    all.any(|span| places.has(span))
}
