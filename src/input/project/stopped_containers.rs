//! Containers that a script stops before it starts the next ones. Uses `docker_cli`, `shell` and `model`.

use std::sync::Arc;

use crate::input::docker_cli::{DockerCommand, DockerStop};
use crate::input::shell::ContainerStart;
use crate::model::{Container, Moment, TimeSpan, Value};

/// Numbers of processes from here on are those of services.
const SERVICES: usize = usize::MAX / 2;

/// A command that surely ends containers, with its moment.
#[derive(Debug, Clone)]
pub(super) struct Stop {
    names: Vec<Value>,
    /// Tells the engine whose containers have no two of one name.
    name_scope: String,
    /// Whether it only waits until they end by themselves.
    only_waits: bool,
    moment: Moment,
}

impl Stop {
    /// Whether it ends one that an engine knows by this name, and may start again when it ends by itself.
    fn ends(&self, name: &str, engine: &str, restarts: bool) -> bool {
        let names = self.names.iter().any(|value| !value.is_symbolic() && value.text == name);
        names && self.ends_of(engine, restarts)
    }

    fn ends_of(&self, engine: &str, restarts: bool) -> bool {
        self.name_scope == engine && !(self.only_waits && restarts)
    }
}

/// What a start is, where it ends containers each time its script runs to that place.
pub(super) fn sure_stop(started: &ContainerStart) -> Option<&DockerStop> {
    let DockerCommand::Stop(stop) = &started.command else { return None };
    let is_sure = !started.possible && !started.in_loop && started.ways_in.is_empty() && started.when.is_empty();
    is_sure.then_some(&**stop)
}

/// The commands that end containers by their names.
pub(super) fn stops_of_containers(starts: &[ContainerStart]) -> Vec<Stop> {
    let stops = starts.iter().filter_map(|started| {
        let stop = sure_stop(started).filter(|stop| stop.project.is_none())?;
        let DockerStop { names, name_scope, only_waits, .. } = stop.clone();
        Some(Stop { names, name_scope, only_waits, moment: started.moment.clone() })
    });
    stops.collect()
}

/// The commands that start containers again by their names.
pub(super) fn restarts_of_containers(starts: &[ContainerStart]) -> Vec<(Vec<Value>, Moment)> {
    let again = starts.iter().filter_map(|start| match &start.command {
        DockerCommand::Existing(names) if !names.is_empty() => Some((names.clone(), start.moment.clone())),
        _ => None,
    });
    again.collect()
}

/// Adds the times from which containers of fixed names run again.
pub(super) fn apply_restarts(restarts: &[(Vec<Value>, Moment)], containers: &mut [Container]) {
    for container in containers.iter_mut().filter(|container| container.start.is_some()) {
        let Some(name) = container.timing.fixed_name.clone() else { continue };
        let is_it = |value: &Value| !value.is_symbolic() && value.text == name.name;
        let of_it = restarts.iter().filter(|(names, _)| names.iter().any(is_it)).map(|(_, moment)| moment.clone());
        let moments: Vec<Moment> = of_it.collect();
        container.timing.add_moments(&moments);
    }
}

/// Ends the containers of fixed names where commands end them.
pub(super) fn apply_stops(stops: &[Stop], containers: &mut [Container]) {
    for container in containers.iter_mut().filter(|container| container.start.is_some()) {
        let Some(name) = container.timing.fixed_name.clone() else { continue };
        let restarts = container.timing.restarts;
        let of_it: Vec<&Stop> = stops.iter().filter(|stop| stop.ends(&name.name, &name.engine, restarts)).collect();
        for moment in &mut container.timing.moments {
            end_moment(moment, &of_it);
        }
    }
}

/// Ends the starts whose ids a script keeps, where it ends the containers by these.
pub(super) fn end_kept_starts(starts: &mut [ContainerStart], stops: &[Stop]) {
    // What a loop starts several times is ended once.
    for start in starts.iter_mut().filter(|start| !start.in_loop) {
        let Some(id) = &start.kept_id else { continue };
        let (engine, restarts) = (start.command.name_scope(), start.command.may_start_again());
        let is_it = |stop: &&Stop| stop.ends_of(engine, restarts) && stop.names.iter().any(|name| name.text == *id);
        let of_it: Vec<&Stop> = stops.iter().filter(is_it).collect();
        start.is_ended = end_moment(&mut start.moment, &of_it);
    }
}

/// Ends what is left running from a moment on with the first command that does so there; whether one does.
fn end_moment(moment: &mut Moment, stops: &[&Stop]) -> bool {
    let ends = stops.iter().filter(|stop| stop.moment.run == moment.run && stop.moment.at > moment.at);
    let around = moment.spans.len().saturating_sub(1);
    let beside = ends.filter(|stop| Some(&stop.moment.spans[..]) == moment.spans.get(..around));
    let end = beside.map(|stop| stop.moment.at).min();
    let at = moment.at;
    let Some((last, end)) = moment.spans.last_mut().filter(|last| is_left(last)).zip(end) else { return false };
    (last.from, last.until, last.is_ended) = (at, end, true);
    true
}

/// Whether nobody waits for what runs.
pub(super) fn is_left(span: &TimeSpan) -> bool {
    span.from == 0 && span.until == usize::MAX && span.process != usize::MAX
}

/// When a service runs that scripts bring up and take down again; empty where none takes it down.
pub(super) fn moments_of_service(ups: &[Moment], downs: &[Moment]) -> Vec<Moment> {
    let mut moments = Vec::new();
    if downs.is_empty() {
        return moments;
    }
    let mut runs: Vec<&Arc<str>> = ups.iter().chain(downs).map(|moment| &moment.run).collect();
    runs.sort();
    runs.dedup();
    for run in runs {
        let of_run = |all: &[Moment]| -> Vec<Moment> { all.iter().filter(|one| one.run == *run).cloned().collect() };
        let (ups, downs) = (of_run(ups), of_run(downs));
        let first = downs.iter().map(|down| down.at).min();
        // What runs as the script begins ends with the first command that takes it down.
        if let Some(until) = first.filter(|first| ups.iter().all(|up| up.at > *first)) {
            let span = TimeSpan { process: SERVICES, from: 0, until, is_ended: true };
            moments.push(Moment { run: Arc::clone(run), spans: vec![span], at: 0 });
        }
        for up in ups {
            let end = downs.iter().filter(|down| down.at > up.at).map(|down| down.at).min();
            let is_taken_down = first.is_some();
            let span = TimeSpan {
                process: SERVICES + up.at,
                from: if is_taken_down { up.at } else { 0 },
                until: end.unwrap_or(usize::MAX),
                is_ended: end.is_some(),
            };
            let around = up.spans.len().saturating_sub(1);
            let spans = up.spans.iter().take(around).copied().chain([span]).collect();
            moments.push(Moment { spans, ..up });
        }
    }
    moments
}
