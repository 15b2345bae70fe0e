//! Containers that never run at the same time: variants of one service, services of one name in folders of one name, and
//! services of different profiles that take one port of the host. May use `model` and earlier parts of `judge`.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::candidate::Candidate;
use crate::model::{Container, HostPort};

/// How many of one service, or of one port, are compared with each other; where there are more they count as peers.
const MAX_COMPARED: usize = 64;

/// For each candidate of a group, by its index, those that never run while it does.
pub(super) type NeverAtOnce = HashMap<usize, BTreeSet<usize>>;

/// Finds the candidates of a group that never run at once: only those that `up` starts, which takes their ports.
pub(super) fn find_never_at_once(candidates: &[Candidate<'_>], group: &[usize]) -> NeverAtOnce {
    let planned = group.iter().filter_map(|at| Some((*at, candidates.get(*at)?.container)));
    let planned: Vec<(usize, &Container)> =
        planned.filter(|(_, container)| container.start.is_none() && !container.is_running()).collect();
    let mut rivals: BTreeMap<RivalKey<'_>, Vec<(usize, &Container)>> = BTreeMap::new();
    for (at, container) in planned {
        let project = container.project.as_deref();
        // A volume of the project is one volume only where both are called alike.
        let on_own_volume = candidates.get(at).is_some_and(Candidate::is_of_project);
        if let Some((name, _)) = project.filter(|_| on_own_volume).and_then(|project| project.split_once(' ')) {
            rivals.entry(RivalKey::Replaced(name, &container.name)).or_default().push((at, container));
        }
        if container.variant.is_some() {
            rivals.entry(RivalKey::Service(project, &container.name)).or_default().push((at, container));
        }
        for port in container.host_ports.iter().filter(|_| !container.profiles.is_empty()) {
            let key = RivalKey::Port(project, port.number, &port.protocol);
            rivals.entry(key).or_default().push((at, container));
        }
    }
    let mut never = NeverAtOnce::new();
    for (key, rivals) in rivals.iter().filter(|(_, rivals)| rivals.len() <= MAX_COMPARED) {
        for (at, one) in rivals {
            let excluded = rivals.iter().filter(|(_, other)| match key {
                RivalKey::Service(..) => one.variant != other.variant,
                RivalKey::Replaced(..) => one.project != other.project,
                RivalKey::Port(_, number, protocol) => exclude_by_port(one, other, *number, protocol),
            });
            never.entry(*at).or_default().extend(excluded.map(|(other, _)| *other));
        }
    }
    never
}

/// What two containers of one project want, of which one alone can have it.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum RivalKey<'a> {
    /// To be the containers of a service.
    Service(Option<&'a str>, &'a str),
    /// The same of projects that have one name to Compose, as they share its volumes: `up` in one folder takes the place of what another one started.
    Replaced(&'a str, &'a str),
    /// A port of the host.
    Port(Option<&'a str>, u16, &'a str),
}

/// Whether two services that no profile starts together take one port of one address.
fn exclude_by_port(one: &Container, other: &Container, number: u16, protocol: &str) -> bool {
    let is_apart = one.profiles.iter().all(|profile| !other.profiles.contains(profile));
    is_apart
        && ports_of(one, number, protocol)
            .any(|mine| ports_of(other, number, protocol).any(|theirs| addresses_meet(mine.address, theirs.address)))
}

fn ports_of<'c>(container: &'c Container, number: u16, protocol: &str) -> impl Iterator<Item = &'c HostPort> {
    container.host_ports.iter().filter(move |port| port.number == number && port.protocol == protocol)
}

/// Whether a port of both addresses cannot be taken twice: where none is written all addresses are meant.
fn addresses_meet(one: Option<IpAddr>, other: Option<IpAddr>) -> bool {
    let (Some(one), Some(other)) = (one, other) else { return true };
    let covers = |wide: IpAddr, narrow: IpAddr| match wide {
        IpAddr::V4(wide) => wide == Ipv4Addr::UNSPECIFIED && narrow.is_ipv4(),
        IpAddr::V6(wide) => wide == Ipv6Addr::UNSPECIFIED && narrow.is_ipv6(),
    };
    one == other || covers(one, other) || covers(other, one)
}
