//! Changes made in a copy of a container, as if a person had carried a remedy out. May use `model`, `rules`, `finding`,
//! `judge` and earlier parts of `fix`.

use std::collections::HashMap;

use super::change::Change;
use super::same_files::SameFiles;
use super::version_place::VersionPlace;
use crate::finding::Participant;
use crate::judge::program_calls;
use crate::model::{
    Container, EnvValue, EnvVar, FileLock, GUARD_LABEL, Invocation, Mount, MountSource, Value, Wait, Witness, Word,
    join, parent_and_name, split_below,
};
use crate::rules::Profile;
use crate::text::Span;

/// Where a directory around the state directory is mounted in a copy.
const PARENT: &str = "/overlock-parent";
/// The volume that holds the login in a copy.
const VOLUME: &str = "overlock-login";

/// A container's use of a login, and what the others of it say of a change.
pub(super) struct Member<'a> {
    /// As the judge sees it, nothing hidden.
    pub(super) participant: &'a Participant,
    pub(super) profile: &'a Profile,
    /// The file that its flock is taken on, in the container.
    pub(super) flock: String,
    /// The user that most of the login's containers run as.
    pub(super) user: Option<&'a str>,
    /// The command that copies a login to where it looks.
    pub(super) copied: Option<Span>,
}

/// A change of one container alone.
pub(super) struct OwnChange {
    /// Where what changes is written.
    pub(super) span: Span,
    /// The user that it runs as then, or what the name of its login's source ends in.
    pub(super) value: String,
}

impl OwnChange {
    fn at(span: Span) -> Self {
        Self { span, value: String::new() }
    }
}

/// The places that a change concerns, each with the path of the flock that is taken there.
#[derive(Debug)]
pub(super) struct ChangedPlaces<'a> {
    flocks: HashMap<Span, String>,
    files: &'a SameFiles,
}

impl<'a> ChangedPlaces<'a> {
    pub(super) fn new(files: &'a SameFiles) -> Self {
        Self { flocks: HashMap::new(), files }
    }

    /// Takes a place in; the path of the flock there, which is the first one's that was given.
    pub(super) fn add(&mut self, span: Span, flock: String) -> String {
        self.flocks.entry(self.files.place(span)).or_insert(flock).clone()
    }

    pub(super) fn get(&self, span: Span) -> Option<&String> {
        self.flocks.get(&self.files.place(span))
    }

    pub(super) fn has(&self, span: Span) -> bool {
        self.get(span).is_some()
    }
}

/// Where a change that others may share is to be made for a member; empty where it cannot be.
pub(super) fn shared_places(change: Change, container: &Container, member: &Member<'_>) -> Vec<Span> {
    match change {
        Change::RequireVersion | Change::VersionOnHost => {
            let place = VersionPlace::unsettled(container, member.profile);
            place.map(|place| place.span(container)).into_iter().collect()
        }
        // An flock that is declared is around them where nobody sees it: a second one would wait for it for ever.
        Change::TakeFlock | Change::GuardOnHost if member.participant.guard == "held" => Vec::new(),
        Change::TakeFlock | Change::GuardOnHost => {
            bare_calls(container, member.profile).map(|call| call.span).collect()
        }
        _ => {
            let calls = program_calls(container, member.profile);
            let locks = calls.live.iter().flat_map(|call| &call.locks).filter(|lock| lock.exclusive);
            let declared = [&container.labels, &container.declared].into_iter().filter_map(|all| all.get(GUARD_LABEL));
            let declared = declared.map(|label| label.span).filter(|_| change == Change::UsualFlock);
            locks.map(|lock| lock.span).chain(declared).collect()
        }
    }
}

fn bare_calls<'a>(container: &'a Container, profile: &Profile) -> impl Iterator<Item = &'a Invocation> {
    let bare =
        |call: &&Invocation| call.witness != Witness::ProcessAlone && !call.locks.iter().any(|lock| lock.exclusive);
    program_calls(container, profile).live.into_iter().filter(bare)
}

/// Makes a change at the places of a container that are among these; which ones they were.
pub(super) fn change_places(
    change: Change,
    container: &mut Container,
    profile: &Profile,
    places: &ChangedPlaces<'_>,
) -> Vec<Span> {
    match change {
        Change::RequireVersion | Change::VersionOnHost => {
            let place = VersionPlace::unsettled(container, profile);
            let Some(place) = place.filter(|place| places.has(place.span(container))) else {
                return Vec::new();
            };
            let span = place.span(container);
            place.change(container, profile);
            vec![span]
        }
        Change::TakeFlock | Change::GuardOnHost => {
            let bare: Vec<Span> = bare_calls(container, profile).map(|call| call.span).collect();
            let mut changed = Vec::new();
            let longest = f64::from(profile.guard.longest_call_seconds);
            for call in container.script.invocations.iter_mut().filter(|call| bare.contains(&call.span)) {
                let Some(path) = places.get(call.span) else { continue };
                let wait = if container.has_busybox_flock { Wait::Forever } else { Wait::Seconds(longest) };
                call.locks.push(flock_on(path, wait, call.span));
                changed.push(call.span);
            }
            changed
        }
        _ => change_locks(change, container, profile, places),
    }
}

fn flock_on(path: &str, wait: Wait, span: Span) -> FileLock {
    FileLock {
        path: Word::literal(path),
        exclusive: true,
        wait,
        failure_ignored: false,
        perhaps: false,
        condition: None,
        test: None,
        span,
        outside: false,
        opened: None,
    }
}

fn change_locks(change: Change, container: &mut Container, profile: &Profile, places: &ChangedPlaces<'_>) -> Vec<Span> {
    let longest = f64::from(profile.guard.longest_call_seconds);
    let mut changed = Vec::new();
    for call in &mut container.script.invocations {
        for lock in &mut call.locks {
            let Some(path) = places.get(lock.span) else { continue };
            changed.push(lock.span);
            match change {
                Change::WaitLonger => lock.wait = Wait::Seconds(longest),
                Change::HeedFailure => (lock.failure_ignored, lock.perhaps) = (false, false),
                Change::UsualFlock if !lock.outside => lock.path = Word::literal(path),
                _ => {}
            }
        }
        if change == Change::LeaveFlock {
            call.locks.retain(|lock| !places.has(lock.span));
        }
    }
    if change == Change::UsualFlock {
        for labels in [&mut container.labels, &mut container.declared] {
            let label = labels.get_mut(GUARD_LABEL);
            if let Some((label, path)) = label.and_then(|label| places.get(label.span).map(|path| (label, path))) {
                changed.push(label.span);
                *label.value = Value::known(path.clone(), label.value.span);
            }
        }
    }
    changed
}

/// Makes a change that concerns a member alone; where that is written, or `None` where it cannot be made.
pub(super) fn change_member(
    change: Change,
    container: &mut Container,
    member: &Member<'_>,
    is_taken: impl Fn(&str) -> bool,
) -> Option<OwnChange> {
    let participant = member.participant;
    match change {
        Change::OneUser => {
            let user = member.user?;
            let span = container.user.as_ref().and_then(|user| user.span);
            if container.user.as_ref().is_some_and(|own| own.text == user) {
                return None;
            }
            container.user = Some(Value::known(user, span));
            return Some(OwnChange { span: span.unwrap_or(container.span), value: user.to_owned() });
        }
        Change::DropMount => {
            let at = login_mount(container, participant)?;
            return Some(OwnChange::at(container.mounts.remove(at).span));
        }
        Change::DropCopy => return drop_copy(container, member),
        Change::SettleHost => {
            let at = login_mount(container, participant)?;
            return container.mounts.get(at).map(|mount| OwnChange::at(mount.span));
        }
        _ => {}
    }
    let names = own_names(container);
    let at = login_mount(container, participant)?;
    let variable = &member.profile.state_directory.variable;
    let mount = container.mounts.get_mut(at)?;
    let span = mount.span;
    match change {
        Change::OwnLogin if ["state-dir", "dedicated-parent"].contains(&participant.scope) => {
            let (MountSource::Host(source) | MountSource::Volume(source)) = &mut mount.source else { return None };
            let sources = names.into_iter().map(|name| (format!("{}-{name}", source.text.trim_end_matches('/')), name));
            let (own, name) = sources.into_iter().find(|(own, _)| !is_taken(own))?;
            *source = Value { text: own, ..source.clone() };
            return Some(OwnChange { span, value: name });
        }
        Change::MountWritable if mount.read_only => mount.read_only = false,
        Change::MountDirectory => mount_directory(mount, &participant.state_dir)?,
        Change::MountStateOnly => {
            let rest = split_below(&participant.state_dir, &mount.target.text)?.to_owned();
            let MountSource::Host(source) = &mut mount.source else { return None };
            source.text = join(&source.text, &format!("./{rest}"));
            mount.target = Value::known(participant.state_dir.clone(), mount.target.span);
        }
        Change::NamedVolume => mount.source = MountSource::Volume(Value::known(VOLUME, None)),
        Change::DedicatedParent => {
            let (MountSource::Host(source) | MountSource::Volume(source)) = &mut mount.source else { return None };
            source.text.push_str("-parent");
            mount.target = Value::known(PARENT, None);
            let value = EnvValue::set(Value::known(format!("{PARENT}/state"), None));
            container.env.insert(variable.clone(), EnvVar::new(value, span));
            move_flocks(container, &participant.state_dir);
        }
        _ => return None,
    }
    Some(OwnChange::at(span))
}

/// How many starts of one script have a login of their own each.
const SAME_STARTS: usize = 4;

/// What a login of a container's own may be called after: its service; of a script's start, the name that it gives, or
/// else the script, with a number where there are several.
pub(super) fn own_names(container: &Container) -> Vec<String> {
    if container.start.is_none() {
        return vec![container.service.clone().unwrap_or_else(|| container.name.clone())];
    }
    let is_plain = |name: &String| {
        name.starts_with(|c: char| c.is_ascii_alphanumeric())
            && name.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
    };
    if let Some(given) = container.name_of_start().filter(is_plain) {
        return vec![given];
    }
    let script = container.name.rsplit('(').next().unwrap_or_default();
    let script = script.split(['.', ':', ')']).next().unwrap_or_default().to_owned();
    let numbered = (2..=SAME_STARTS).map(|number| format!("{script}-{number}"));
    std::iter::once(script.clone()).chain(numbered).filter(is_plain).collect()
}

/// Takes away the command that copies a login, or of one that runs, that its login is the same as another's.
fn drop_copy(container: &mut Container, member: &Member<'_>) -> Option<OwnChange> {
    let span = member.copied?;
    container.host_copies.retain(|copy| copy.span != span);
    container.script.invocations.retain(|call| call.span != span);
    if let Some(kernel) = container.live.as_mut().and_then(|live| live.kernel.as_mut()) {
        kernel.logins.remove(&member.participant.state_dir);
    }
    Some(OwnChange::at(span))
}

/// The mount of a container that brings a login.
fn login_mount(container: &Container, participant: &Participant) -> Option<usize> {
    let known = participant.mount.as_ref()?;
    container.mounts.iter().position(|mount| mount.span == known.span && mount.target.text == known.target)
}

fn mount_directory(mount: &mut Mount, state_dir: &str) -> Option<()> {
    let (target, file) = parent_and_name(&mount.target.text)?;
    let MountSource::Host(source) = &mut mount.source else { return None };
    let (directory, name) = parent_and_name(&source.text)?;
    if target != state_dir || name != file {
        return None;
    }
    let (directory, target) = (directory.to_owned(), target.to_owned());
    source.text = directory;
    mount.target = Value::known(target, mount.target.span);
    Some(())
}

/// Moves flocks on files of a state directory along with it.
fn move_flocks(container: &mut Container, state_dir: &str) {
    let calls = container.script.invocations.iter_mut();
    for lock in calls.flat_map(|call| &mut call.locks).filter(|lock| !lock.outside) {
        let moved = lock.path.known().and_then(|path| split_below(path, state_dir));
        if let Some(path) = moved.map(|rest| format!("{PARENT}/state/{rest}")) {
            lock.path = Word::literal(&path);
        }
    }
}
