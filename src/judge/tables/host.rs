//! Table `host`: does a person on the host use the directory too?

use crate::judge::candidate::Candidate;
use crate::judge::exclusion::OnHost;
use crate::judge::place::Place;
use crate::model::split_below;
use crate::rules::{Answer, Host, HostConfig};

/// `is_persons` says that the login is in a person's home, so that they may use it.
pub(in crate::judge) fn host_fact(
    candidate: &Candidate<'_>,
    on_host: OnHost,
    is_persons: bool,
    config: &HostConfig,
) -> Host {
    match on_host {
        OnHost::Nobody if !is_persons => Host::Absent,
        OnHost::Covered => Host::Covered,
        OnHost::Nobody if is_covered(candidate, config) => Host::Covered,
        OnHost::Nobody if config.participates != Some(Answer::Yes) => Host::Presumed,
        OnHost::Exposed | OnHost::Nobody => Host::Shown,
    }
}

/// Whether a lock that the configuration says the person takes keeps them from the candidate.
fn is_covered(candidate: &Candidate<'_>, config: &HostConfig) -> bool {
    let directory = candidate.login_directory();
    let taken = candidate.profile.locks_of(config.version.as_ref());
    let mut theirs = taken.iter().map(|lock| directory.with_path(lock.path_in(&directory.path, &directory.path)));
    let internal = theirs.any(|place| candidate.locks.iter().any(|lock| lock.place == place));
    // The guard that they go through is the one that the containers do, in the directory that both have.
    let is_in_directory = |guard: &&Place| {
        directory.with_path(guard.path.clone()) == **guard && split_below(&guard.path, &directory.path).is_some()
    };
    internal || config.guard == Some(Answer::Yes) && candidate.guard_place().as_ref().is_some_and(is_in_directory)
}
