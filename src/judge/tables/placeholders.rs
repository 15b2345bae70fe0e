//! The names that a message or a remedy of the matrix asks for. May use `finding` and earlier parts of `judge`.

use super::case::{Case, peer_names};
use super::filesystem::flock_problem;
use crate::judge::candidate::auth::UnknownVariable;
use crate::judge::candidate::calls::{Contradiction, find_declaration};
use crate::judge::candidate::internal_locks::ClosedDirectory;
use crate::judge::place::Filesystem;
use crate::model::{EnvValue, parent_and_name, split_below};
use crate::rules::{Guard, Placeholder, Role};

/// Fills the placeholders of one participant's texts.
pub(crate) struct PlaceholderValues<'a, 'b, 'c> {
    pub(crate) case: &'c Case<'a, 'b>,
    pub(crate) contradiction: Option<&'c Contradiction>,
}

impl PlaceholderValues<'_, '_, '_> {
    /// What is filled in for a placeholder.
    pub(super) fn value(&self, placeholder: Placeholder) -> String {
        let (case, candidate) = (self.case, self.case.candidate);
        let profile = candidate.profile;
        let lock = candidate.locks.first();
        match placeholder {
            Placeholder::AuthUnknown => {
                candidate.auth.unknown.as_ref().map_or_else(String::new, |variable| variable.told(None))
            }
            Placeholder::Closed => candidate.closed.map_or_else(String::new, ClosedDirectory::told),
            Placeholder::Container => candidate.container.told_name().to_owned(),
            Placeholder::Contradiction => {
                self.contradiction.map_or_else(String::new, |found| found.evidence.text.clone())
            }
            Placeholder::Copied => candidate.clone.as_ref().map_or_else(String::new, |copied| copied.from.clone()),
            Placeholder::CopiedFrom => match peer_names(case.candidates, case.copied_from, candidate.container) {
                names if names.is_empty() => "the original".to_owned(),
                names => format!("the login of {}", list_names(&names, String::new())),
            },
            Placeholder::Declaration => {
                let declared = self.contradiction.and_then(|found| find_declaration(candidate.container, found.label));
                declared.map_or_else(String::new, |declared| declared.who_of(candidate.container.told_name()))
            }
            Placeholder::GuardCondition => candidate.guard.condition.clone().unwrap_or_default(),
            Placeholder::GuardDefault => self.guard_default(),
            Placeholder::GuardFile => self.guard_file(),
            Placeholder::GuardPath => self.guard_path(),
            Placeholder::GuardProblem => self.guard_problem(),
            Placeholder::GuardUnknown if candidate.guard.is_elsewhere => {
                "an external flock is seen, but nothing shows that all calls take it".to_owned()
            }
            Placeholder::GuardUnknown => "nothing shows that its calls take an external flock".to_owned(),
            Placeholder::GuardUnknownShort if candidate.guard.is_elsewhere => {
                "a flock is seen, but nothing shows that all calls take it".to_owned()
            }
            Placeholder::GuardUnknownShort => "nothing shows a flock".to_owned(),
            Placeholder::FilesystemProblem => {
                flock_problem(candidate, &case.rules.filesystems, case.relation.hosts_differ).unwrap_or_default()
            }
            Placeholder::KeyName => candidate.auth.key.as_ref().map_or_else(String::new, |(name, _)| name.clone()),
            Placeholder::LeftoverAge => {
                candidate.left.as_ref().map_or_else(String::new, |left| format_duration(left.age.unsigned_abs()))
            }
            Placeholder::LeftoverPath => candidate.left.as_ref().map_or_else(String::new, |left| left.path.clone()),
            Placeholder::LockPath => lock.map_or_else(|| "no lock".to_owned(), |lock| lock.path.clone()),
            Placeholder::LockPlace => lock.map_or_else(|| "no known place".to_owned(), |lock| lock.place.name().text),
            Placeholder::LongestCall => profile.guard.longest_call_seconds.to_string(),
            Placeholder::Mounted => self.mounted(),
            Placeholder::OpenDirectory => self.open_directory(),
            Placeholder::Peers => {
                list_names(&peer_names(case.candidates, &case.relation.others, candidate.container), self.others())
            }
            Placeholder::UnsafePeers => {
                let unsafe_peers = peer_names(case.candidates, &case.relation.unsafe_peers, candidate.container);
                list_names(&unsafe_peers, self.others())
            }
            Placeholder::PeerUnknown => self.peer_unknown(),
            Placeholder::Place => candidate.login_directory().name().text,
            Placeholder::RoleNote if candidate.role.role == Role::Unknown => {
                " (its role is not known; judged as batch)".to_owned()
            }
            Placeholder::Settle => self.settle(),
            Placeholder::SettledSince => profile.settled_since.to_string(),
            Placeholder::SidePath => candidate.side_file.as_ref().map_or_else(String::new, |(path, _)| path.clone()),
            Placeholder::SightDetail => {
                case.unknown_fact.as_ref().map_or_else(String::new, |unknown_fact| unknown_fact.detail.clone())
            }
            Placeholder::SightProblem => {
                case.unknown_fact.as_ref().map_or_else(String::new, |unknown_fact| unknown_fact.problem.clone())
            }
            Placeholder::StaleProblem => {
                candidate.login.mount.and_then(|mount| mount.stale.clone()).unwrap_or_default()
            }
            Placeholder::StateDir => candidate.state.path.clone(),
            Placeholder::StateVariable => profile.state_directory.variable.clone(),
            Placeholder::Uncreatable => {
                lock.and_then(|lock| lock.uncreatable.as_ref()).map_or_else(String::new, |found| found.why.clone())
            }
            Placeholder::WritableParent => self.writable_parent(),
            Placeholder::User => candidate
                .container
                .user
                .as_ref()
                .map_or_else(|| "the image's user".to_owned(), |user| user.text.clone()),
            Placeholder::Version => {
                candidate.version.range.as_ref().map_or_else(|| "version unknown".to_owned(), ToString::to_string)
            }
            Placeholder::Program => profile.name.clone(),
            Placeholder::VersionKnown => self.version_known(),
            // Those of other tables, and of sentences about several containers, which fill in their own.
            Placeholder::RoleNote | Placeholder::Places | Placeholder::Containers | Placeholder::OwnVolume => {
                String::new()
            }
        }
    }

    fn version_known(&self) -> String {
        let candidate = self.case.candidate;
        let program = &candidate.profile.name;
        let settled = &candidate.profile.settled_since;
        match &candidate.version.range {
            Some(range) => format!("{program} is {range}"),
            None if candidate.version.unpinned.is_some() => {
                format!("{program} is unpinned and counts as older than {settled}")
            }
            None => format!("the version of {program} is not known and counts as older than {settled}"),
        }
    }

    /// What to call the others where none has a name of its own: the container's replicas.
    fn others(&self) -> String {
        let container = self.case.candidate.container;
        match (container.replicas, &container.shown_replicas) {
            (0 | 1, _) => "others".to_owned(),
            // How many a loop or a second call of the script starts is not known.
            _ if container.has_any_number() => "others that the same command starts".to_owned(),
            (_, Some(shown)) => format!("its own {shown} replicas"),
            (replicas, None) => format!("its own {replicas} replicas"),
        }
    }

    /// A file for the guard: in the state directory, unless nobody else has that; the one that it or a peer takes
    /// there already.
    fn guard_default(&self) -> String {
        let candidate = self.case.candidate;
        if candidate.place.is_private() && !candidate.login.place.is_private() {
            return format!("{} in a directory that all of them mount", candidate.profile.guard.file);
        }
        format!("{}/{}", candidate.state.path, self.guard_file())
    }

    /// The file below the state directory that it or a peer takes an flock on already, or else the usual one.
    fn guard_file(&self) -> String {
        let candidate = self.case.candidate;
        let others = self.case.relation.others.iter().filter_map(|at| self.case.candidates.get(*at));
        let mut taken = std::iter::once(candidate)
            .chain(others)
            .filter(|other| other.guard.state == Guard::Held)
            .filter_map(|other| {
                let below = split_below(other.guard.path.as_deref()?, &other.state.path)?.trim_start_matches('/');
                (!below.is_empty()).then(|| below.to_owned())
            });
        taken.next().unwrap_or_else(|| candidate.profile.guard.file.clone())
    }

    fn guard_path(&self) -> String {
        let candidate = self.case.candidate;
        let default = || format!("{}/{}", candidate.state.path, candidate.profile.guard.file);
        candidate.guard.path.clone().unwrap_or_else(default)
    }

    fn guard_problem(&self) -> String {
        let (candidate, relation) = (self.case.candidate, self.case.relation);
        if !candidate.guard.problem.is_empty() {
            return candidate.guard.problem.clone();
        }
        let place = candidate.guard.landing.as_ref().map(|landing| landing.place.name().text);
        let other = relation.others.iter().filter_map(|at| self.case.candidates.get(*at)).find_map(|other| {
            let theirs = other.guard.landing.as_ref().map(|landing| landing.place.name().text);
            (theirs.is_some() && theirs != place).then_some((other.container.told_name(), theirs?))
        });
        match (place, other) {
            (Some(place), Some((name, theirs))) => format!("it locks {place}, {name} locks {theirs}"),
            _ => "they lock another file".to_owned(),
        }
    }

    /// What lets the program create its lock.
    fn writable_parent(&self) -> String {
        let candidate = self.case.candidate;
        let obstacle = candidate.locks.first().and_then(|lock| lock.uncreatable.as_ref());
        if let Some(way_out) = obstacle.and_then(|obstacle| obstacle.way_out.as_ref()) {
            return way_out.clone();
        }
        let name = parent_and_name(&candidate.state.main).map_or("state", |(_, name)| name);
        let user = candidate
            .container
            .user
            .as_ref()
            .map_or_else(|| "its user".to_owned(), |user| format!("user {}", user.text));
        let variable = &candidate.profile.state_directory.variable;
        format!(
            "mount the state directory at a path beside which {user} can write, such as /tmp/{name}, and set {variable} to it"
        )
    }

    /// What lets the program write a state directory that belongs to others: it becomes its user's, or, where others use it
    /// too as somebody to whom it belongs, the program runs as them.
    fn open_directory(&self) -> String {
        let candidate = self.case.candidate;
        let Some(ClosedDirectory { owner, user, .. }) = candidate.closed else { return String::new() };
        let others = self.case.relation.others.iter().filter_map(|at| self.case.candidates.get(*at));
        let is_theirs = owner != 0 && others.into_iter().any(|other| other.closed.is_none());
        if is_theirs {
            return format!("run {} as uid {owner}, to whom it belongs", candidate.container.told_name());
        }
        let place = candidate.login_directory();
        match place.filesystem {
            Filesystem::Host => {
                format!("let uid {user} write it: `chown -R {user}` on {} of the host", place.name().text)
            }
            _ => format!(
                "let uid {user} write it: `chown -R {user}` on {} as root in the container",
                candidate.state.path
            ),
        }
    }

    fn mounted(&self) -> String {
        let candidate = self.case.candidate;
        candidate.login.mount.map_or_else(String::new, |mount| {
            let rest = split_below(&candidate.state.path, &mount.target.text).unwrap_or("");
            let place = candidate.place.name().text;
            let above = place.strip_suffix(rest).unwrap_or(&place).trim_end_matches('/');
            let above = if above.is_empty() { "/" } else { above };
            format!("{above} at {}", mount.target.text)
        })
    }

    fn peer_unknown(&self) -> String {
        let peers = self.case.relation.unsafe_peers.iter().filter_map(|at| self.case.candidates.get(*at));
        let mut unknown = peers.filter_map(|peer| Some((peer.container.told_name(), peer.auth.unknown.as_ref()?)));
        unknown.next().map_or_else(String::new, |(name, variable)| variable.told(Some(name)))
    }

    fn settle(&self) -> String {
        if let Some(unknown_fact) = &self.case.unknown_fact {
            return unknown_fact.settle.clone();
        }
        let own = self.case.candidate.auth.unknown.clone();
        let peers = self.case.relation.unsafe_peers.iter().filter_map(|at| self.case.candidates.get(*at));
        let variable = own.or_else(|| peers.into_iter().find_map(|peer| peer.auth.unknown.clone()));
        variable.map_or_else(String::new, |UnknownVariable { name, by_script }| {
            if by_script {
                return format!("let the script leave {name} as it is, or give it a value in the call itself");
            }
            let set = self.case.candidate.container.env.get(&name).map(|variable| &variable.value);
            if matches!(set, Some(EnvValue::Set(value)) if !value.is_symbolic()) {
                return format!("give {name} a value, or do not set it at all");
            }
            format!(
                "set {name} where overlock runs (any value will do), or write ${{{name}:?}} so that it cannot be empty"
            )
        })
    }
}

/// A time in the largest unit that it fills.
fn format_duration(seconds: u64) -> String {
    let units = [(86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")];
    let (size, name) = units.into_iter().find(|(size, _)| seconds >= *size).unwrap_or((1, "second"));
    let count = seconds / size;
    format!("{count} {name}{}", if count == 1 { "" } else { "s" })
}

/// Up to three names, then how many more.
pub(super) fn list_names(names: &[String], none: String) -> String {
    match names {
        [] => none,
        [one] => one.clone(),
        [one, two] => format!("{one} and {two}"),
        [one, two, three] => format!("{one}, {two} and {three}"),
        [one, two, rest @ ..] => format!("{one}, {two} and {} more", rest.len()),
    }
}
