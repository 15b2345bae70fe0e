//! A plan beside what a capture of its host says runs there: what of that the plan replaces. Uses `capture` and `model`.

use std::collections::{BTreeMap, BTreeSet};

use super::{Capture, layout, settle_volumes};
use crate::model::{Container, Layout};
use crate::rules::Ruleset;
use crate::text::Sources;

/// Puts the planned services beside what a capture of their host says runs there. A planned service takes the place of
/// the containers that Compose would replace.
pub fn join_running(planned: &mut Layout, running: &Capture, rules: &Ruleset, sources: &Sources) {
    settle_volumes(planned, running, &rules.filesystems);
    planned.join(layout(&without_replaced(planned, running), rules, false, sources));
}

/// Adds what another engine of the same host tells of it. Containers that are known already are left out, and one whose
/// name another has gets that of its engine before it.
pub fn join_engine(here: &mut Capture, other: Capture, engine: &str) {
    let ids: BTreeSet<String> = here.containers.iter().map(|one| one.engine().id.clone()).collect();
    let names: BTreeSet<String> = here.containers.iter().map(|one| one.name.clone()).collect();
    for mut container in other.containers {
        if ids.contains(&container.engine().id) {
            continue;
        }
        engine.clone_into(&mut container.engine_mut().engine);
        if names.contains(&container.name) {
            container.name = format!("{engine} {}", container.name);
        }
        here.containers.push(container);
    }
    here.gaps.extend(other.gaps.into_iter().map(|gap| format!("{engine}: {gap}")));
}

/// A host as a plan would leave it: without the containers that are replaced, which are those of the same project and
/// service, and those whose names its scripts give to their own. What `docker compose run` started stays.
fn without_replaced(planned: &Layout, running: &Capture) -> Capture {
    let services = planned_services(planned);
    // A script removes what has the name that it gives; Compose does not.
    let started = planned.containers.iter().filter(|one| one.start.is_some());
    let given = started.filter_map(|one| one.given_name.as_ref());
    let given: BTreeSet<&str> = given.filter(|name| !name.is_symbolic()).map(|name| name.text.as_str()).collect();
    let mut rest = running.clone();
    rest.containers.retain(|running| {
        let is_planned = compose_service(running).is_some_and(|service| services.contains_key(&service));
        !is_planned && !given.contains(running.name.as_str())
    });
    rest
}

/// The planned containers, by the project and service that Compose knows them by.
pub fn planned_services(planned: &Layout) -> BTreeMap<(&str, &str), &Container> {
    let named = |one| Some(((compose_project(one)?, one.name.as_str()), one));
    planned.containers.iter().filter_map(named).collect()
}

/// The project and service that Compose brought a container up for; `None` where it did not, or ran it once.
pub fn compose_service(running: &Container) -> Option<(&str, &str)> {
    running.project.as_deref().zip(running.service.as_deref()).filter(|_| !running.engine().one_off)
}

/// The project as Compose names it: projects of one name are told apart by their files, in parentheses.
pub fn compose_project(container: &Container) -> Option<&str> {
    let project = container.project.as_deref()?;
    Some(project.split_once(" (").map_or(project, |(name, _)| name))
}
