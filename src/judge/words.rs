//! The names that a message or a remedy of the matrix asks for. May use `finding` and earlier parts of `judge`.

use super::program::{Contradiction, declaration};
use super::verdict::{Case, names};
use crate::model::split_below;
use crate::ruleset::{Placeholder, Role};

/// Fills the placeholders of one participant's texts.
pub(crate) struct Words<'a, 'b, 'c> {
    pub(crate) case: &'c Case<'a, 'b>,
    pub(crate) contradiction: Option<&'c Contradiction>,
}

impl Words<'_, '_, '_> {
    /// What is filled in for a placeholder.
    pub(crate) fn word(&self, placeholder: Placeholder) -> String {
        let (case, subject) = (self.case, self.case.subject);
        let profile = subject.profile;
        let lock = subject.locks.first();
        match placeholder {
            Placeholder::AuthUnknown => {
                subject.auth.unknown.as_ref().map_or_else(String::new, |variable| format!("{variable} is not set here"))
            }
            Placeholder::Container => subject.container.name.clone(),
            Placeholder::Contradiction => {
                self.contradiction.map_or_else(String::new, |found| found.evidence.text.clone())
            }
            Placeholder::Copied => subject.clone.as_ref().map_or_else(String::new, |copied| copied.from.clone()),
            Placeholder::Declaration => {
                let declared = self.contradiction.and_then(|found| declaration(subject.container, found.label));
                declared.map_or_else(String::new, |declared| declared.who_of(&subject.container.name))
            }
            Placeholder::GuardCondition => subject.guard.condition.clone().unwrap_or_default(),
            Placeholder::GuardDefault => format!("{}/{}", subject.state.path, profile.guard.file),
            Placeholder::GuardFile => profile.guard.file.clone(),
            Placeholder::GuardPath => self.guard_path(),
            Placeholder::GuardProblem => self.guard_problem(),
            Placeholder::FilesystemProblem => {
                super::subject::flock_problem(subject, &case.rules.filesystems, case.relation.hosts_differ)
                    .unwrap_or_default()
            }
            Placeholder::KeyName => subject.auth.key.as_ref().map_or_else(String::new, |(name, _)| name.clone()),
            Placeholder::LeftoverAge => {
                subject.left.as_ref().map_or_else(String::new, |left| duration(left.age.unsigned_abs()))
            }
            Placeholder::LeftoverPath => subject.left.as_ref().map_or_else(String::new, |left| left.path.clone()),
            Placeholder::LockPath => {
                lock.map_or_else(|| "(none that all versions in the range take)".to_owned(), |lock| lock.path.clone())
            }
            Placeholder::LockPlace => lock.map_or_else(|| "no known place".to_owned(), |lock| lock.place.name().text),
            Placeholder::LongestCall => profile.guard.longest_call_seconds.to_string(),
            Placeholder::Mounted => self.mounted(),
            Placeholder::Peers => {
                listed(&names(case.subjects, &case.relation.others, subject.container), self.others())
            }
            Placeholder::UnsafePeers => {
                let unsafe_peers = names(case.subjects, &case.relation.unsafe_peers, subject.container);
                listed(&unsafe_peers, self.others())
            }
            Placeholder::PeerUnknown => self.peer_unknown(),
            Placeholder::Place => subject.login_directory().name().text,
            Placeholder::RoleNote if subject.role.role == Role::Unknown => {
                " (its role is not known; judged as batch)".to_owned()
            }
            Placeholder::Settle => self.settle(),
            Placeholder::SettledSince => profile.settled_since.to_string(),
            Placeholder::SidePath => subject.side_file.as_ref().map_or_else(String::new, |(path, _)| path.clone()),
            Placeholder::SightProblem => case.blind.as_ref().map_or_else(String::new, |blind| blind.problem.clone()),
            Placeholder::StaleProblem => subject.login.mount.and_then(|mount| mount.stale.clone()).unwrap_or_default(),
            Placeholder::StateDir => subject.state.path.clone(),
            Placeholder::StateVariable => profile.state_directory.variable.clone(),
            Placeholder::Uncreatable => lock.and_then(|lock| lock.uncreatable.clone()).unwrap_or_default(),
            Placeholder::UnknownVersions => self.unknown_versions(),
            Placeholder::User => {
                subject.container.user.as_ref().map_or_else(|| "the image's user".to_owned(), |user| user.text.clone())
            }
            Placeholder::Version => {
                subject.version.range.as_ref().map_or_else(|| "version unknown".to_owned(), ToString::to_string)
            }
            // Those of other tables, which fill in their own.
            Placeholder::RoleNote | Placeholder::Places => String::new(),
        }
    }

    /// What to call the others where none has a name of its own: the container's replicas.
    fn others(&self) -> String {
        match self.case.subject.container.replicas {
            0 | 1 => "others".to_owned(),
            replicas => format!("its own {replicas} replicas"),
        }
    }

    fn guard_path(&self) -> String {
        let subject = self.case.subject;
        let default = || format!("{}/{}", subject.state.path, subject.profile.guard.file);
        subject.guard.path.clone().unwrap_or_else(default)
    }

    fn guard_problem(&self) -> String {
        let (subject, relation) = (self.case.subject, self.case.relation);
        if !subject.guard.problem.is_empty() {
            return subject.guard.problem.clone();
        }
        let place = subject.guard.landing.as_ref().map(|landing| landing.place.name().text);
        let other = relation.others.iter().filter_map(|at| self.case.subjects.get(*at)).find_map(|other| {
            let theirs = other.guard.landing.as_ref().map(|landing| landing.place.name().text);
            (theirs.is_some() && theirs != place).then_some((&other.container.name, theirs?))
        });
        match (place, other) {
            (Some(place), Some((name, theirs))) => format!("it locks {place}, {name} locks {theirs}"),
            _ => "they lock another file".to_owned(),
        }
    }

    fn mounted(&self) -> String {
        let subject = self.case.subject;
        subject.login.mount.map_or_else(String::new, |mount| {
            let rest = split_below(&subject.state.path, &mount.target.text).unwrap_or("");
            let place = subject.place.name().text;
            let above = place.strip_suffix(rest).unwrap_or(&place).trim_end_matches('/');
            let above = if above.is_empty() { "/" } else { above };
            format!("{above} at {}", mount.target.text)
        })
    }

    fn peer_unknown(&self) -> String {
        let peers = self.case.relation.unsafe_peers.iter().filter_map(|at| self.case.subjects.get(*at));
        let mut unknown = peers.filter_map(|peer| Some((&peer.container.name, peer.auth.unknown.as_ref()?)));
        unknown.next().map_or_else(String::new, |(name, variable)| format!("{variable} of {name} is not set here"))
    }

    fn settle(&self) -> String {
        if let Some(blind) = &self.case.blind {
            return blind.settle.clone();
        }
        let own = self.case.subject.auth.unknown.clone();
        let peers = self.case.relation.unsafe_peers.iter().filter_map(|at| self.case.subjects.get(*at));
        let variable = own.or_else(|| peers.into_iter().find_map(|peer| peer.auth.unknown.clone()));
        variable.map_or_else(String::new, |name| {
            format!(
                "Set {name} where overlock runs (any value will do), or write ${{{name}:?}} so that it cannot be empty."
            )
        })
    }

    fn unknown_versions(&self) -> String {
        let case = self.case;
        let others = case.relation.others.iter().filter_map(|at| case.subjects.get(*at));
        let unsettled =
            |subject: &&super::subject::Subject<'_>| !subject.profile.is_settled(subject.version.range.as_ref());
        let all = std::iter::once(case.subject).chain(others).filter(unsettled);
        let mut names: Vec<String> = all.map(|subject| subject.container.name.clone()).collect();
        names.sort();
        names.dedup();
        listed(&names, "none".to_owned())
    }
}

/// A time in the largest unit that it fills.
fn duration(seconds: u64) -> String {
    let units = [(86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")];
    let (size, name) = units.into_iter().find(|(size, _)| seconds >= *size).unwrap_or((1, "second"));
    let count = seconds / size;
    format!("{count} {name}{}", if count == 1 { "" } else { "s" })
}

/// Up to three names, then how many more.
pub(crate) fn listed(names: &[String], none: String) -> String {
    match names {
        [] => none,
        [one] => one.clone(),
        [one, two] => format!("{one} and {two}"),
        [one, two, three] => format!("{one}, {two} and {three}"),
        [one, two, rest @ ..] => format!("{one}, {two} and {} more", rest.len()),
    }
}
