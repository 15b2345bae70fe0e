//! A job to the containers of its tasks: its groups, how many of each there are, on which hosts, and when they run. Uses
//! `stanza`, `job_scope`, `task` and `model`.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::evaluate::Scope;
use super::job_scope::{GroupFacts, JobScope};
use super::stanza::{Attribute, Stanza};
use super::task::TaskReader;
use crate::input::ProgramNames;
use crate::model::{Command, Container, Moment, PartialText, Spread, TimeSpan, Timing, Unseen};
use crate::text::{SourceFile, Span};

/// The most tasks of one file that are read.
const MANY: usize = 500;
/// What Nomad gives each allocation anew.
const VARYING: [&str; 5] =
    ["NOMAD_ALLOC_ID", "NOMAD_SHORT_ALLOC_ID", "NOMAD_ALLOC_INDEX", "NOMAD_ALLOC_NAME", "NOMAD_ALLOC_DIR"];
/// Drivers whose tasks are containers of an engine.
pub(super) const ENGINES: [&str; 2] = ["docker", "podman"];
/// The driver that runs commands of the host as they are.
const ON_HOST: &str = "raw_exec";

/// A part of a job that was not read.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) what: String,
    pub(super) span: Span,
    /// Whether there is no clean answer without it.
    pub(super) counts: bool,
}

/// A command that a job runs on the host itself.
#[derive(Debug)]
pub(super) struct HostCommand {
    pub(super) command: Command,
    /// The task.
    pub(super) name: String,
    /// Whether the task names a known program.
    pub(super) names_program: bool,
}

/// What the jobs of a file give.
#[derive(Debug, Default)]
pub(super) struct ReadJobs {
    pub(super) containers: Vec<Container>,
    pub(super) host_commands: Vec<HostCommand>,
    pub(super) faults: Vec<Fault>,
}

/// Reads the jobs of one file.
pub(super) struct JobReader<'a> {
    pub(super) lookup: JobScope<'a>,
    read: ReadJobs,
    tasks: usize,
}

/// How many allocations of a group there are at most, and where that is written.
struct Replicas {
    number: u64,
    span: Option<Span>,
}

impl<'a> JobReader<'a> {
    pub(super) fn new(top: &'a Stanza, scope: Scope<'a>, source: Arc<SourceFile>, programs: &'a ProgramNames) -> Self {
        let mut scope = scope;
        for variable in top.all("variable") {
            let default = variable.attribute("default").map(|default| &default.value);
            scope.variables.insert(variable.label().to_owned(), default);
        }
        let lists = top.all("variables").flat_map(|all| &all.attributes);
        scope.variables.extend(lists.map(|one| (one.name.clone(), Some(&one.value))));
        let locals = top.all("locals").flat_map(|all| &all.attributes);
        scope.locals.extend(locals.map(|one| (one.name.clone(), &one.value)));
        Self { lookup: JobScope { scope, source, programs }, read: ReadJobs::default(), tasks: 0 }
    }

    /// Reads all of them.
    pub(super) fn read_all(mut self, top: &'a Stanza) -> ReadJobs {
        for job in top.all("job") {
            self.read_job(job);
        }
        if self.lookup.scope.is_spent() {
            let span = top.kind_span;
            let what = "it is too large or too intricate to be read".to_owned();
            self.read.faults.insert(0, Fault { what, span, counts: true });
        }
        self.read
    }

    fn add_fault(&mut self, what: impl Into<String>, place: Span, within: Span) {
        let counts = self.lookup.names_program(within);
        self.read.faults.push(Fault { what: what.into(), span: place, counts });
    }

    fn read_job(&mut self, job: &'a Stanza) {
        self.lookup.scope.set_runtime(BTreeMap::new());
        for kind in ["group", "task"] {
            for made in job.dynamic(kind) {
                self.add_fault(format!("its {kind}s are made by a `dynamic` block"), made.kind_span, job.span);
            }
        }
        for group in job.all("group") {
            self.read_group(job, group, group.all("task").collect());
        }
        // A task that is in no group is one by itself (HCL of Nomad before 1.0).
        for task in job.all("task") {
            self.read_group(job, task, vec![task]);
        }
    }

    fn read_group(&mut self, job: &'a Stanza, group: &'a Stanza, tasks: Vec<&'a Stanza>) {
        self.lookup.scope.set_runtime(BTreeMap::new());
        for made in group.dynamic("task") {
            self.add_fault("its tasks are made by a `dynamic` block", made.kind_span, group.span);
        }
        let drivers: Vec<Option<String>> = tasks.iter().map(|task| self.lookup.known(task, "driver")).collect();
        let is_container = |driver: &Option<String>| driver.as_deref().is_some_and(|name| ENGINES.contains(&name));
        let has_siblings = drivers.iter().filter(|driver| is_container(driver)).count() > 1;
        let facts = self.group_facts(job, group, has_siblings);
        for (number, (task, driver)) in tasks.into_iter().zip(drivers).enumerate() {
            self.tasks += 1;
            if self.tasks > MANY {
                let what = format!("no more than {MANY} of its tasks were read");
                self.read.faults.push(Fault { what, span: task.kind_span, counts: true });
                return;
            }
            self.enter_task(&facts, task);
            match driver.as_deref() {
                Some(name) if ENGINES.contains(&name) => {
                    let mut container = TaskReader { reader: &self.lookup, facts: &facts, task }.container(name);
                    self.settle(&mut container, &facts, task, number);
                    self.read.containers.push(container);
                }
                Some(ON_HOST) => self.read_host_task(&facts, task),
                driver => {
                    let driver = driver.map(|name| format!("`{name}`"));
                    let driver = driver.unwrap_or_else(|| "one that is not known".to_owned());
                    if self.lookup.names_program(task.span) {
                        let what = format!("its task {} is run by another driver: {driver}", task.label());
                        self.add_fault(what, task.name_span(), task.span);
                    }
                }
            }
        }
    }

    /// What Nomad itself puts into the texts of a task.
    fn enter_task(&self, facts: &GroupFacts<'_>, task: &Stanza) {
        let mut names = vec![("NOMAD_GROUP_NAME", facts.group.label()), ("NOMAD_TASK_NAME", task.label())];
        if !facts.is_dispatched {
            names.extend(["NOMAD_JOB_NAME", "NOMAD_JOB_ID"].map(|name| (name, facts.job.as_str())));
        }
        let names = names.into_iter().map(|(name, value)| (name.to_owned(), PartialText::plain(value)));
        self.lookup.scope.set_runtime(names.collect());
    }

    fn read_host_task(&mut self, facts: &GroupFacts<'_>, task: &'a Stanza) {
        let command = TaskReader { reader: &self.lookup, facts, task }.host_command();
        let names_program = self.lookup.names_program(task.span);
        match command {
            Some(command) => {
                let name = task.label().to_owned();
                self.read.host_commands.push(HostCommand { command, name, names_program });
            }
            None if names_program => {
                let what = format!("what its task {} runs on the host is not known", task.label());
                self.add_fault(what, task.name_span(), task.span);
            }
            None => {}
        }
    }

    fn group_facts(&self, job: &'a Stanza, group: &'a Stanza, has_siblings: bool) -> GroupFacts<'a> {
        let kind = self.lookup.known(job, "type").unwrap_or_else(|| "service".to_owned());
        let namespace = self.lookup.known(job, "namespace").filter(|name| !matches!(name.as_str(), "" | "default"));
        let file = self.lookup.scope.sources.get(job.kind_span.file);
        let name = if job.label().is_empty() { file.name() } else { job.label() };
        let mut unseen = Vec::new();
        let replicas = self.replicas(group, &mut unseen);
        let is_dispatched = job.first("parameterized").is_some();
        let repeats =
            job.first("periodic").is_some_and(|periodic| self.lookup.is_on(periodic, "prohibit_overlap") != Some(true));
        let canaries = [job, group].into_iter().filter_map(|one| self.lookup.known(one.first("update")?, "canary"));
        let is_beside_old = canaries.into_iter().any(|canary| canary != "0");
        GroupFacts {
            project: namespace.map_or_else(|| name.to_owned(), |namespace| format!("{namespace}/{name}")),
            job: name.to_owned(),
            is_dispatched,
            group,
            volumes: group.all("volume").map(|volume| (volume.label().to_owned(), volume)).collect(),
            spread: self.spread(job, group, &kind, &replicas),
            replicas: replicas.number,
            replicas_span: replicas.span,
            may_overlap: is_dispatched || repeats || is_beside_old,
            restarts: matches!(kind.as_str(), "service" | "system"),
            has_siblings,
            unseen,
        }
    }

    /// How many allocations of a group there are at most.
    fn replicas(&self, group: &Stanza, unseen: &mut Vec<Unseen>) -> Replicas {
        let scaling = group.first("scaling");
        let given = [(Some(group), "count"), (scaling, "max")];
        let mut most = Replicas { number: 1, span: None };
        for (stanza, name) in given {
            let Some(Attribute { value, .. }) = stanza.and_then(|stanza| stanza.attribute(name)) else { continue };
            let known = self.lookup.scope.evaluate(value).known();
            match known.and_then(|text| text.parse::<u64>().ok()) {
                Some(number) => {
                    // Far more than any cluster has.
                    let number = number.min(1_000_000);
                    if most.span.is_none() || number > most.number {
                        most = Replicas { number, span: Some(value.span) };
                    }
                }
                None => {
                    let what = "how often it is started depends on a variable that has no value".to_owned();
                    unseen.push(Unseen { what, span: value.span });
                }
            }
        }
        most
    }

    /// On which hosts its containers run: any of a cluster, and of some jobs one on each.
    fn spread(&self, job: &Stanza, group: &Stanza, kind: &str, replicas: &Replicas) -> Spread {
        if matches!(kind, "system" | "sysbatch") {
            let span = job.attribute("type").map_or(job.kind_span, |attribute| attribute.value.span);
            return Spread { is_global: true, span };
        }
        let mut constraints = [job, group].into_iter().flat_map(|stanza| stanza.all("constraint"));
        let apart = constraints.find(|constraint| self.keeps_apart(constraint)).filter(|_| replicas.number > 1);
        if let Some(apart) = apart {
            return Spread { is_global: true, span: apart.kind_span };
        }
        let named = [job, group].into_iter().find_map(|stanza| stanza.first("spread"));
        let span = named.map(|spread| spread.kind_span).or(replicas.span);
        Spread { is_global: false, span: span.unwrap_or_else(|| group.name_span()) }
    }

    /// Whether a constraint puts each allocation on a host of its own.
    fn keeps_apart(&self, constraint: &Stanza) -> bool {
        let operator = self.lookup.known(constraint, "operator");
        let is_off = self.lookup.is_on(constraint, "value") == Some(false);
        match operator.as_deref() {
            Some("distinct_hosts") => !is_off,
            // No more than so many with one value of an attribute.
            Some("distinct_property") => {
                let of_node = self.lookup.value(constraint, "attribute").and_then(|value| value.value.text());
                let name = of_node.map(|text| text.to_value(None).text).unwrap_or_default();
                let most = self.lookup.known(constraint, "value");
                name.contains("node.unique.") && most.is_none_or(|most| most == "1")
            }
            _ => self.lookup.is_on(constraint, "distinct_hosts") == Some(true),
        }
    }

    /// Adds what a container has from its group.
    fn settle(&self, container: &mut Container, facts: &GroupFacts<'_>, task: &Stanza, number: usize) {
        container.project = Some(facts.project.clone());
        let (group, name) = (facts.group.label(), task.label());
        container.name = if group == name || group.is_empty() { name.to_owned() } else { format!("{group}.{name}") };
        container.span = task.name_span();
        container.is_of_job = true;
        (container.replicas, container.replicas_span) = (facts.replicas, facts.replicas_span);
        container.spread = Some(facts.spread);
        container.unseen.extend(facts.unseen.iter().cloned());
        container.timing = Timing {
            may_overlap: facts.may_overlap,
            varying: VARYING.map(str::to_owned).to_vec(),
            restarts: facts.restarts,
            moments: if facts.is_single() { self.moments(facts, task, number) } else { Vec::new() },
            ..Timing::default()
        };
    }

    /// When a task runs beside the others of its allocation: what is `prestart` has ended before the others begin, unless
    /// it stays beside them.
    fn moments(&self, facts: &GroupFacts<'_>, task: &Stanza, number: usize) -> Vec<Moment> {
        if !facts.has_siblings {
            return Vec::new();
        }
        let lifecycle = task.first("lifecycle");
        let hook = lifecycle.and_then(|lifecycle| self.lookup.known(lifecycle, "hook"));
        let stays = lifecycle.is_some_and(|lifecycle| self.lookup.is_on(lifecycle, "sidecar").unwrap_or(false));
        let is_unclear = lifecycle.is_some_and(|lifecycle| {
            hook.is_none()
                || lifecycle.attribute("sidecar").is_some() && self.lookup.is_on(lifecycle, "sidecar").is_none()
        });
        let (from, until) = match hook.as_deref() {
            _ if is_unclear || !task.dynamic("lifecycle").collect::<Vec<_>>().is_empty() => (0, 9),
            Some("prestart") if stays => (0, 2),
            Some("prestart") => (0, 0),
            Some("poststop") => (3, 3),
            _ => (1, 2),
        };
        let run: Arc<str> = format!("{} {}", facts.project, facts.group.label()).into();
        let span = TimeSpan { process: number + 1, from, until, is_ended: false };
        vec![Moment { run, spans: vec![span], at: from, ..Moment::default() }]
    }
}
