//! A plan beside what a capture of its host says runs there: what of that the plan replaces. Uses `capture` and `model`.

use std::collections::{BTreeMap, BTreeSet};

use super::{Capture, layout, settle_volumes};
use crate::model::{Container, Layout, WORKPLACE_LABEL};
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
    // A container that people work in is the one that is there already for its folder.
    let folders = planned.containers.iter().filter_map(|one| one.workplace.as_ref()?.project_directory.as_deref());
    let folders: BTreeSet<&str> = folders.collect();
    let mut rest = running.clone();
    rest.containers.retain(|running| {
        let is_planned = compose_service(running).is_some_and(|service| services.contains_key(&service));
        let folder = running.labels.get(WORKPLACE_LABEL).map(|label| label.value.text.as_str());
        let is_workplace = folder.is_some_and(|folder| folders.contains(folder));
        !is_planned && !is_workplace && !given.contains(running.name.as_str())
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Label, Workplace};

    #[test]
    fn container_that_people_work_in_is_the_one_that_runs_for_its_folder() {
        let running = |name: &str, folder: Option<&str>| {
            let label = folder.map(|folder| (WORKPLACE_LABEL.to_owned(), Label::unplaced(folder)));
            Container { name: name.to_owned(), labels: label.into_iter().collect(), ..Container::default() }
        };
        let workplace = Workplace { project_directory: Some("/work/shop".to_owned()), ..Workplace::default() };
        let planned = Container { workplace: Some(Box::new(workplace)), ..running("devcontainer", None) };
        let planned = Layout { containers: vec![planned], ..Layout::default() };
        let containers = vec![running("a", Some("/work/shop")), running("b", Some("/work/other")), running("c", None)];
        let left = without_replaced(&planned, &Capture { containers, ..Capture::default() });
        assert_eq!(left.containers.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["b", "c"]);
        // A plan without one replaces none.
        let left = without_replaced(&Layout::default(), &left);
        assert_eq!(left.containers.len(), 2);
    }
}
