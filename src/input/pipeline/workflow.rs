//! Workflows of GitHub, Forgejo and Gitea: jobs with steps, on a machine that is there for one job or on one of one's own.
//! Uses `job_texts`.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::job_order::JobOrder;
use super::job_texts::{JobContainer, PipelineJob, PipelineReader, items, own_machine, runner_home};
use super::local_actions::{FlatStep, ReadsActions, WorkflowScope, add_action_steps};
use super::machines::is_made_for_one_job;
use crate::input::outer_text::OuterText;
use crate::input::shell::is_shell;
use crate::input::start_words::names_engine;
use crate::input::template_text::{directory_text, export_text, put_in};
use crate::model::is_variable_name;
use crate::text::yaml::{Entry, Node};
use crate::text::{FileId, TracedText};

/// Reads a workflow; `is_of_github`: whether machines are made for its jobs.
pub(super) fn read_workflow(reader: &mut PipelineReader<'_>, is_of_github: bool) {
    let Some(root) = reader.root() else { return };
    let Some(jobs) = root.get("jobs") else { return };
    let Some(entries) = jobs.as_map() else { return reader.note_fault("`jobs` of a workflow is a mapping", jobs) };
    let order = order_of(entries);
    // What the repository's other workflows run for a job.
    let called: BTreeMap<&str, CalledWorkflow> =
        entries.iter().filter_map(|entry| Some((entry.key.as_str(), called_workflow(reader, entry)?))).collect();
    let runs_of = |job: &String| match called.get(job.as_str()) {
        Some(called) => called.entries().iter().map(|inner| format!("{job}/{}", inner.key)).collect(),
        None => vec![job.clone()],
    };
    for entry in entries {
        let job = &entry.value;
        if job.as_map().is_none() {
            reader.note_fault("a job is a mapping", job);
            continue;
        }
        let before: Option<Vec<String>> =
            order.before(&entry.key).map(|before| before.iter().flat_map(runs_of).collect());
        let mut workflow =
            WorkflowJob { reader, root: &root, entry, is_of_github, inputs: WorkflowScope::new(), caller: None };
        let Some(called) = called.get(entry.key.as_str()) else {
            let Some(job) = workflow.job() else { continue };
            if !reader.add_job(PipelineJob { after: before, ..job }) {
                return;
            }
            continue;
        };
        let call = WorkflowCall { inputs: workflow.inputs_of_call(&called.root), entry, before };
        if !add_called_jobs(reader, called, &call, is_of_github) {
            return;
        }
    }
}

/// What a job hands to the workflow that it calls.
struct WorkflowCall<'n> {
    entry: &'n Entry,
    inputs: WorkflowScope,
    /// The jobs that have ended before it.
    before: Option<Vec<String>>,
}

/// Adds the jobs of a workflow that another one calls; whether there is room for more.
fn add_called_jobs(
    reader: &mut PipelineReader<'_>,
    called: &CalledWorkflow,
    call: &WorkflowCall<'_>,
    is_of_github: bool,
) -> bool {
    let order = order_of(called.entries());
    for entry in called.entries().iter().filter(|entry| entry.value.as_map().is_some()) {
        let inputs = call.inputs.clone();
        let mut workflow =
            WorkflowJob { reader, root: &called.root, entry, is_of_github, inputs, caller: Some(call.entry) };
        let Some(job) = workflow.job() else { continue };
        let within = order.before(&entry.key).map(|before| {
            let within = before.iter().map(|job| format!("{}/{job}", call.entry.key));
            call.before.iter().flatten().cloned().chain(within).collect()
        });
        if !reader.add_job(PipelineJob { after: within, ..job }) {
            return false;
        }
    }
    true
}

/// In which order jobs run, by those that each waits for.
fn order_of(entries: &[Entry]) -> JobOrder {
    let name = |node: &Rc<Node>| Some(node.as_scalar()?.text.clone());
    let needs = |entry: &Entry| items(entry.value.get("needs")).iter().filter_map(name).collect::<Vec<_>>();
    JobOrder::of_needs(&entries.iter().map(|entry| (entry.key.clone(), needs(entry))).collect())
}

/// A workflow of the repository that a job of another one runs.
struct CalledWorkflow {
    root: Rc<Node>,
}

impl CalledWorkflow {
    fn entries(&self) -> &[Entry] {
        self.root.get("jobs").and_then(|jobs| jobs.as_map()).unwrap_or_default()
    }
}

/// The workflow of the repository that a job names in the place of steps.
fn called_workflow(reader: &mut PipelineReader<'_>, entry: &Entry) -> Option<CalledWorkflow> {
    let uses = entry.value.get("uses")?;
    let path = uses.as_scalar()?.text.strip_prefix("./")?.to_owned();
    match reader.open_mapping(&path) {
        Some(root) => Some(CalledWorkflow { root }),
        None => {
            reader.note_unread("the workflow that a job runs was not read", uses);
            None
        }
    }
}

struct WorkflowJob<'r, 'a> {
    reader: &'r mut PipelineReader<'a>,
    root: &'r Node,
    entry: &'r Entry,
    is_of_github: bool,
    /// What the workflow is given by the one that calls it.
    inputs: WorkflowScope,
    /// The job of that one.
    caller: Option<&'r Entry>,
}

impl WorkflowJob<'_, '_> {
    fn node(&self, key: &str) -> Option<&Rc<Node>> {
        self.entry.value.get(key).filter(|node| !node.is_null())
    }

    fn job(&mut self) -> Option<PipelineJob> {
        let mut scope = self.inputs.clone();
        self.extend(&mut scope, self.root.get("env").cloned().as_deref());
        self.extend(&mut scope, self.node("env").cloned().as_deref());
        let labels = self.labels();
        let is_made = self.is_of_github && !labels.is_empty() && labels.iter().all(|label| is_made_for_one_job(label));
        let is_windows = labels.iter().any(|label| label.starts_with("windows"));
        let matrix = self.matrix_names();
        let is_in_turn = self.entry.value.get("strategy").and_then(|strategy| strategy.get("max-parallel"));
        let is_in_turn = is_in_turn.and_then(|node| node.as_scalar()).is_some_and(|one| one.text == "1");
        let mut job = PipelineJob {
            prelude: if is_made { own_machine(&self.name(), &self.reader.name) } else { runner_home() },
            name: self.name(),
            is_single: is_made || self.has_fixed_group(&scope),
            is_several: !matrix.is_empty() && !is_made && !is_in_turn,
            varying: matrix,
            ..PipelineJob::default()
        };
        for (name, value) in scope.iter().filter(|(name, _)| is_variable_name(name)) {
            job.prelude.push(&export_text(name, value));
        }
        for service in self.node("services").and_then(|services| services.as_map()).unwrap_or_default().to_vec() {
            if let Some(container) = self.container(&service.value, &scope) {
                self.reader.add_container(&mut job, &container, true);
            }
        }
        let steps = self.node("steps").cloned();
        if let Some(steps) = steps.as_ref().filter(|steps| steps.as_seq().is_none()) {
            self.reader.note_fault("the steps of a job are a list", steps);
            return None;
        }
        let steps = self.flat_steps(items(steps.as_ref()), &scope);
        match self.node("container").cloned() {
            Some(node) => {
                let mut container = self.container(&node, &scope)?;
                let mut script = OuterText::default();
                for step in &steps {
                    if let Some(text) = self.step_text(step, false) {
                        script.push(&text);
                        script.push(&OuterText::plain("\n"));
                    }
                }
                container.script = Some(script);
                self.reader.add_container(&mut job, &container, false);
            }
            None => {
                for step in &steps {
                    self.add_step(step, is_windows, &mut job);
                }
            }
        }
        Some(job)
    }

    /// The labels of the machine; one that is not known is no label of any.
    fn labels(&self) -> Vec<String> {
        let node = self.node("runs-on");
        let node = node.and_then(|node| node.get("labels")).or(node);
        let mut labels = Vec::new();
        for item in items(node) {
            let Some(scalar) = item.as_scalar() else { continue };
            let expression = scalar.text.trim().strip_prefix("${{").and_then(|rest| rest.strip_suffix("}}"));
            let named = expression.and_then(|expression| expression.trim().strip_prefix("matrix."));
            let values = named.and_then(|name| self.node("strategy")?.get("matrix")?.get(name));
            match (expression, values) {
                (None, _) => labels.push(scalar.text.clone()),
                (Some(_), Some(values)) => {
                    let values = items(Some(values));
                    labels.extend(
                        values.iter().map(|one| one.as_scalar().map_or_else(String::new, |one| one.text.clone())),
                    );
                }
                (Some(_), None) => labels.push(String::new()),
            }
        }
        labels
    }

    /// What stands for the values that each job of a matrix has of its own.
    fn matrix_names(&self) -> Vec<String> {
        let of_caller = self.caller.and_then(|caller| caller.value.get("strategy"));
        let strategies = self.node("strategy").into_iter().chain(of_caller);
        let mut names = Vec::new();
        for matrix in strategies.filter_map(|strategy| strategy.get("matrix")) {
            add_matrix_names(matrix, &mut names);
        }
        names.sort();
        names.dedup();
        names
    }

    /// Its name among all jobs that the pipeline leads to.
    fn name(&self) -> String {
        let caller = self.caller.map(|caller| format!("{}/", caller.key));
        format!("{}{}", caller.unwrap_or_default(), self.entry.key)
    }

    /// What another workflow is given that this job calls: what stands with the call, or its own defaults.
    fn inputs_of_call(&self, root: &Node) -> WorkflowScope {
        let on = root.get("on").and_then(|on| on.get("workflow_call")).and_then(|call| call.get("inputs"));
        self.given_inputs(on.map(Rc::as_ref), self.node("with").map(Rc::as_ref), &WorkflowScope::new())
    }

    /// The inputs that a file describes, as they are given or by default.
    fn given_inputs(&self, described: Option<&Node>, given: Option<&Node>, scope: &WorkflowScope) -> WorkflowScope {
        let mut inputs = WorkflowScope::new();
        for entry in described.and_then(Node::as_map).unwrap_or_default() {
            let given = given.and_then(|given| given.get(&entry.key));
            let value = given.or_else(|| entry.value.get("default")).and_then(|node| self.value(node, scope));
            inputs.extend(value.map(|value| (format!("inputs.{}", entry.key), value)));
        }
        inputs
    }

    /// Whether one job at a time runs of a group that is the same for all its runs.
    fn has_fixed_group(&mut self, scope: &WorkflowScope) -> bool {
        let of_caller = self.caller.and_then(|caller| caller.value.get("concurrency").cloned());
        let nodes = [self.root.get("concurrency").cloned(), self.node("concurrency").cloned(), of_caller];
        nodes.into_iter().flatten().any(|node| {
            let group = node.get("group").cloned().unwrap_or(node);
            self.value(&group, scope).is_some_and(|group| group.known().is_some())
        })
    }

    /// Adds variables to those that are known.
    fn extend(&self, scope: &mut WorkflowScope, variables: Option<&Node>) {
        for entry in variables.and_then(Node::as_map).unwrap_or_default() {
            if let Some(value) = self.value(&entry.value, scope).filter(|_| is_variable_name(&entry.key)) {
                scope.insert(entry.key.clone(), value);
            }
        }
    }

    /// A text with its expressions put in.
    fn value(&self, node: &Node, scope: &WorkflowScope) -> Option<OuterText> {
        let text = self.reader.text(node)?;
        let put = put_in(&text, ["${{", "}}"], &mut |expression, at| self.expression(expression, scope, at));
        Some(self.reader.bounded(put))
    }

    fn expression(&self, expression: &str, scope: &WorkflowScope, at: Option<(FileId, u32)>) -> OuterText {
        let literal = expression.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\''));
        if let Some(text) = literal.filter(|text| !text.contains('\'')) {
            return OuterText::plain(text);
        }
        if let Some(value) = scope.get(expression).filter(|_| !is_variable_name(expression)) {
            return value.clone();
        }
        if let Some(value) = expression.strip_prefix("env.").and_then(|name| scope.get(name)) {
            return value.clone();
        }
        match expression {
            "github.workspace" | "gitea.workspace" | "forge.workspace" => OuterText::plain(&self.reader.top),
            "github.workflow" | "github.repository" | "github.job" | "gitea.workflow" => OuterText::plain(expression),
            _ => {
                let is_dotted = |ch: char| ch.is_ascii_alphanumeric() || matches!(ch, '.' | '_' | '-');
                let place = at.map_or(0, |(_, at)| at);
                let plain = expression.strip_prefix("env.").unwrap_or(expression);
                if plain.chars().all(is_dotted) {
                    OuterText::unknown(plain, at)
                } else {
                    OuterText::unknown(&format!("expression_{place}"), at)
                }
            }
        }
    }

    /// A container that a job names, by its image alone or with more.
    fn container(&mut self, node: &Node, scope: &WorkflowScope) -> Option<JobContainer> {
        let image = if node.as_map().is_some() { node.get("image")?.as_ref() } else { node };
        let image = self.value(image, scope)?;
        let mut variables = WorkflowScope::new();
        self.extend(&mut variables, node.get("env").map(Rc::as_ref));
        let volumes = items(node.get("volumes"));
        Some(JobContainer {
            image,
            volumes: volumes.iter().filter_map(|volume| self.value(volume, scope)).collect(),
            variables: variables.into_iter().collect(),
            options: node.get("options").and_then(|options| self.value(options, scope)).unwrap_or_default(),
            ..JobContainer::default()
        })
    }

    /// The steps with those that actions of the repository hold in their place.
    fn flat_steps(&mut self, steps: Vec<Rc<Node>>, scope: &WorkflowScope) -> Vec<FlatStep> {
        let mut flat = Vec::new();
        for node in steps {
            let step = FlatStep { node, scope: scope.clone(), environment: Vec::new(), is_conditional: false };
            add_action_steps(self, step, 0, &mut flat);
        }
        flat
    }

    /// Adds what a step runs on the machine.
    fn add_step(&mut self, flat: &FlatStep, is_windows: bool, job: &mut PipelineJob) {
        let FlatStep { node: step, scope, is_conditional, .. } = flat;
        let text = |key: &str| step.get(key).and_then(|node| node.as_scalar()).map(|scalar| scalar.text.clone());
        if let Some(image) = text("uses").and_then(|uses| Some(uses.strip_prefix("docker://")?.to_owned())) {
            let with = step.get("with");
            let given = |key: &str| with.and_then(|with| with.get(key)).and_then(|node| self.value(node, scope));
            let mut options = OuterText::default();
            if let Some(entrypoint) = given("entrypoint") {
                options = OuterText::plain("--entrypoint ");
                options.push(&entrypoint);
            }
            let words = given("args").unwrap_or_default();
            let container = JobContainer { image: OuterText::plain(&image), options, words, ..JobContainer::default() };
            return self.reader.add_container(job, &container, false);
        }
        let Some(body) = self.step_text(flat, is_windows) else { return };
        let shell = self.shell_of(step, is_windows);
        self.reader.add_host_text(job, &body.to_shell(), &shell);
        if let Some(last) = job.texts.last_mut() {
            last.is_conditional = *is_conditional || step.get("if").is_some();
            last.ignores_failure = text("continue-on-error").is_some_and(|on| on == "true");
        }
    }

    /// The text of a step, with what gives it its environment; `None` where it runs none that a shell reads.
    fn step_text(&mut self, flat: &FlatStep, is_windows: bool) -> Option<OuterText> {
        let FlatStep { node: step, scope, environment, .. } = flat;
        let run = step.get("run")?;
        let shell = self.shell_of(step, is_windows);
        if !is_shell(shell.split_whitespace().next().unwrap_or_default()) {
            if run.as_scalar().is_some_and(|run| names_engine(&run.text)) {
                self.reader.note_unread("a step in another language than a shell's is not read", run);
            }
            return None;
        }
        // What is known is looked up by every step.
        if !self.reader.spend(10 * scope.len()) {
            return None;
        }
        let mut own = scope.clone();
        self.extend(&mut own, step.get("env").map(Rc::as_ref));
        let text = self.value(run, &own)?;
        let mut whole = OuterText::default();
        let mut prelude = TracedText::default();
        for (name, value) in environment {
            prelude.push(&export_text(name, value));
        }
        for entry in step.get("env").and_then(|env| env.as_map()).unwrap_or_default() {
            if let Some(value) = own.get(&entry.key) {
                prelude.push(&export_text(&entry.key, value));
            }
        }
        let defaults = [self.node("defaults").cloned(), self.root.get("defaults").cloned()];
        let defaults =
            defaults.into_iter().flatten().find_map(|node| node.get("run")?.get("working-directory").cloned());
        if let Some(directory) = step.get("working-directory").cloned().or(defaults) {
            let directory = self.value(&directory, &own)?;
            prelude.push(&directory_text(&directory));
        }
        whole.push(&OuterText::of_traced(&prelude));
        whole.push(&text);
        Some(whole)
    }

    /// The shell of a step, with its options.
    fn shell_of(&self, step: &Node, is_windows: bool) -> String {
        let defaults = [self.node("defaults"), self.root.get("defaults")];
        let named =
            step.get("shell").or_else(|| defaults.into_iter().flatten().find_map(|node| node.get("run")?.get("shell")));
        match named.and_then(|node| node.as_scalar()).map(|scalar| scalar.text.as_str()) {
            None if is_windows => "pwsh".to_owned(),
            None => "bash -e".to_owned(),
            Some("bash") => "bash -e -o pipefail".to_owned(),
            Some("sh") => "sh -e".to_owned(),
            Some(line) => {
                let mut words = line.split_whitespace();
                let name = words.next().and_then(|word| word.rsplit('/').next()).unwrap_or_default();
                std::iter::once(name).chain(words).collect::<Vec<_>>().join(" ")
            }
        }
    }
}

impl ReadsActions for WorkflowJob<'_, '_> {
    fn open(&mut self, path: &str) -> Option<Rc<Node>> {
        self.reader.open_mapping(path)
    }

    fn inputs(&self, described: Option<&Node>, given: Option<&Node>, scope: &WorkflowScope) -> WorkflowScope {
        self.given_inputs(described, given, scope)
    }

    fn add_variables(&self, scope: &mut WorkflowScope, variables: Option<&Node>) {
        self.extend(scope, variables);
    }

    fn note(&mut self, what: &str, node: &Node) {
        self.reader.note_unread(what, node);
    }
}

/// Adds what stands for the values of a matrix.
fn add_matrix_names(matrix: &Node, names: &mut Vec<String>) {
    let Some(entries) = matrix.as_map() else { return names.push("matrix".to_owned()) };
    for entry in entries {
        match entry.key.as_str() {
            "exclude" => {}
            "include" => {
                let given = items(Some(&entry.value));
                let keys = given.iter().filter_map(|item| item.as_map()).flatten();
                names.extend(keys.map(|entry| format!("matrix_{}", plain_name(&entry.key))));
            }
            key => names.push(format!("matrix_{}", plain_name(key))),
        }
    }
}

fn plain_name(key: &str) -> String {
    key.chars().map(|ch| if ch.is_ascii_alphanumeric() { ch } else { '_' }).collect()
}
