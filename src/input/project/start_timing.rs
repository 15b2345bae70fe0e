//! When a container runs that a script starts, and how many of it there may be at once.
//! Uses `docker_cli`, `shell` and `model`.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::stopped_containers::is_left;
use crate::input::docker_cli::DockerCommand;
use crate::input::shell::{ContainerStart, WayIn};
use crate::model::{Container, FixedName, Moment, TimeSpan, Timing, Value};
use crate::text::{Sources, Span};

/// The command that makes a file or a directory that was not there before.
const MADE_ANEW: &str = "mktemp";

/// Numbers of processes from here on are those of the ways of a start, of which each has no more than so many.
const WAYS: usize = usize::MAX / 4;
const MANY_WAYS: usize = 128;

/// A place in a file, by the file's name.
pub(super) type SourcePlace = (String, u32, u32);

pub(super) fn source_place(span: Span, sources: &Sources) -> SourcePlace {
    (sources.get(span.file).name().to_owned(), span.start.line, span.start.column)
}

/// Leaves out what a function or an alias starts that nobody calls where it is defined, but another script does: who calls
/// it is known. So is what is started alike there.
pub fn drop_called_ways_in(starts: &mut Vec<ContainerStart>, called: &BTreeSet<Span>, sources: &Sources) {
    if starts.iter().all(|start| start.ways_in.is_empty()) {
        return;
    }
    // A file may have been opened more than once.
    let called: HashSet<SourcePlace> = called.iter().map(|span| source_place(*span, sources)).collect();
    let mut known: HashMap<SourcePlace, HashSet<String>> = HashMap::new();
    for start in starts.iter().filter(|start| start.ways_in.is_empty()) {
        known.entry(source_place(start.span, sources)).or_default().insert(text_of(start));
    }
    let is_called =
        |way_in: &WayIn| way_in.defined_at.iter().any(|span| called.contains(&source_place(*span, sources)));
    let is_known = |start: &ContainerStart| {
        known.get(&source_place(start.span, sources)).is_some_and(|known| known.contains(&text_of(start)))
    };
    starts.retain(|start| start.ways_in.is_empty() || !start.ways_in.iter().all(is_called) && !is_known(start));
}

/// What a start starts, in each way that it may, as a text to compare.
fn text_of(started: &ContainerStart) -> String {
    format!("{:?} {:?}", started.command, started.alternatives)
}

/// What tells one start from another, whenever it is made.
pub(super) fn start_key(started: &ContainerStart) -> String {
    let ContainerStart { command, alternatives, possible, when, locks, span, .. } = started;
    format!("{command:?} {alternatives:?} {possible} {when:?} {locks:?} {span:?}")
}

/// The timing of a container of this start, which is given a name or none.
pub(super) fn timing_of(started: &ContainerStart, by: Option<&Container>, name: Option<&Value>) -> Timing {
    let name = name.filter(|_| !started.command.perhaps().is_some_and(|perhaps| perhaps.name));
    let fixed_name = name
        .filter(|name| !name.is_symbolic())
        .map(|name| FixedName { name: name.text.clone(), engine: started.command.name_scope().to_owned() });
    // The tasks of a service of a swarm have names of their own.
    let is_service = matches!(&started.command, DockerCommand::Run(run) if run.replicas.is_some());
    let symbols = name.filter(|_| !is_service).map_or(&[][..], |name| &name.symbols);
    let name_symbols = symbols.iter().map(|symbol| symbol.name.clone()).collect();
    let moments = match by {
        // Several of what starts it do so at once.
        Some(by) if by.replicas > 1 => Vec::new(),
        Some(by) => {
            let run = format!("{}/{}", by.project.as_deref().unwrap_or(""), by.name).into();
            vec![Moment { run, ..started.moment.clone() }]
        }
        None => vec![started.moment.clone()],
    };
    let may_end = !goes_on(started) || started.command.is_perhaps_detached();
    let may_overlap = by.is_none() && fixed_name.is_none() && may_end && !started.is_single;
    let open_start = may_overlap.then_some(started.span);
    // Each run of the script makes one of its own; a loop may use one several times, unless each of its rounds makes one.
    let made = (!started.repeats || started.is_made_each_round).then(|| MADE_ANEW.to_owned());
    let varying = started.varying.iter().cloned().chain(made).collect();
    let restarts = started.command.may_start_again();
    Timing { moments, fixed_name, name_symbols, may_overlap, open_start, varying, restarts, ..Timing::default() }
}

/// Whether a container goes on when its script has ended.
fn goes_on(started: &ContainerStart) -> bool {
    started.command.is_left_running() && !started.is_ended
}

/// Sets how many of a container run at once, by its start alone.
pub(super) fn count_instances(container: &mut Container, started: &ContainerStart, by: Option<&Container>) {
    let by_several = by.is_some_and(|by| by.replicas > 1);
    let goes_on = goes_on(started) && !started.command.is_perhaps_detached();
    let repeats = goes_on || started.repeats || by_several;
    let several = repeats && container.timing.fixed_name.is_none();
    container.replicas = container.replicas.max(if several { 2 } else { 1 });
    container.replicas_span = several.then_some(started.span);
}

/// Makes a container one that may have another name each time.
pub(super) fn forget_name(container: &mut Container, started: &ContainerStart, by: Option<&Container>) {
    let timing = &mut container.timing;
    (timing.fixed_name, timing.name_symbols) = (None, Vec::new());
    let unnamed = timing_of(started, by, None);
    timing.may_overlap |= unnamed.may_overlap;
    timing.open_start = timing.open_start.or(unnamed.open_start);
    count_instances(container, started, by);
}

/// Makes one of the ways of a start run beside the others, where it is left running: the script may be called again, and
/// take another way then.
pub(super) fn run_beside_other_ways(container: &mut Container, started: &ContainerStart, way: usize) {
    if !started.command.is_left_running() {
        return;
    }
    for moment in &mut container.timing.moments {
        let process = WAYS + moment.at.saturating_mul(MANY_WAYS) + way;
        match moment.spans.last_mut().filter(|last| is_left(last)) {
            Some(last) => last.process = process,
            None => moment.spans.push(TimeSpan { process, from: 0, until: usize::MAX, is_ended: false }),
        }
    }
}

/// Adds that a container is started once more, as another start says.
pub(super) fn add_start_again(container: &mut Container, again: &Timing, span: Span) {
    let one_name = again.fixed_name.is_some() && container.timing.fixed_name == again.fixed_name;
    // Two names are two containers, whoever makes which of them.
    let are_two = container.timing.fixed_name.is_some() && again.fixed_name.is_some() && !one_name;
    let are_beside = are_two && !container.timing.excludes(again);
    if !one_name {
        container.timing.fixed_name = None;
    }
    if container.timing.name_symbols != again.name_symbols {
        container.timing.name_symbols.clear();
    }
    let beside = container.timing.add_moments(&again.moments) || are_beside;
    if beside && !one_name && container.replicas < 2 {
        (container.replicas, container.replicas_span) = (2, Some(span));
    }
    let timing = &mut container.timing;
    timing.may_overlap |= again.may_overlap;
    timing.open_start = timing.open_start.filter(|start| again.open_start == Some(*start));
    let made = |name: &&String| *name == MADE_ANEW;
    // What one run makes, two of its containers may use at once.
    let is_one_per_run = timing.varying.iter().any(|name| made(&name)) && again.varying.iter().any(|name| made(&name));
    let known: Vec<String> =
        again.varying.iter().filter(|name| !timing.varying.contains(name) && !made(name)).cloned().collect();
    timing.varying.extend(known);
    if beside || !is_one_per_run {
        timing.varying.retain(|name| name != MADE_ANEW);
    }
}
