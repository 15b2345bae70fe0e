//! Steps of a workflow that are in actions of the repository: those take the place of the step that uses them. Uses
//! `workflow`'s job through a trait.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::job_texts::items;
use crate::input::outer_text::OuterText;
use crate::model::is_variable_name;
use crate::text::yaml::Node;

/// Actions within each other, and steps of one job.
const DEPTH: usize = 5;
const STEPS: usize = 1_000;

/// The values that are known at a point: of `env` by their names, others by the expressions that name them.
pub(super) type WorkflowScope = BTreeMap<String, OuterText>;

/// A step, wherever it is written.
pub(super) struct FlatStep {
    pub(super) node: Rc<Node>,
    pub(super) scope: WorkflowScope,
    /// The variables that the steps around it set for it.
    pub(super) environment: Vec<(String, OuterText)>,
    /// Whether one of these runs on some ways only.
    pub(super) is_conditional: bool,
}

/// What actions are read with.
pub(super) trait ReadsActions {
    /// The file of the repository at a path from its top; `None` where it is no mapping that can be read.
    fn open(&mut self, path: &str) -> Option<Rc<Node>>;
    /// The inputs that a file describes, as they are given or by default.
    fn inputs(&self, described: Option<&Node>, given: Option<&Node>, scope: &WorkflowScope) -> WorkflowScope;
    /// Adds variables to those that are known.
    fn add_variables(&self, scope: &mut WorkflowScope, variables: Option<&Node>);
    /// Notes something that is not read.
    fn note(&mut self, what: &str, node: &Node);
}

/// Adds a step, or those of the action of the repository that it uses.
pub(super) fn add_action_steps(reader: &mut dyn ReadsActions, step: FlatStep, depth: usize, flat: &mut Vec<FlatStep>) {
    let uses = step.node.get("uses").and_then(|uses| uses.as_scalar());
    let path = uses.and_then(|uses| Some(uses.text.strip_prefix("./")?.trim_end_matches('/').to_owned()));
    let Some(path) = path else {
        if flat.len() < STEPS {
            flat.push(step);
        }
        return;
    };
    let names = ["action.yml", "action.yaml"]
        .map(|name| if path.is_empty() { name.to_owned() } else { format!("{path}/{name}") });
    let root = names.iter().find_map(|name| reader.open(name));
    let Some(root) = root.filter(|_| depth < DEPTH) else {
        return reader.note("an action of this repository was not read", &step.node);
    };
    let mut scope = step.scope.clone();
    reader.add_variables(&mut scope, step.node.get("env").map(Rc::as_ref));
    let mut environment = step.environment;
    for entry in step.node.get("env").and_then(|env| env.as_map()).unwrap_or_default() {
        let value = scope.get(&entry.key).filter(|_| is_variable_name(&entry.key));
        environment.extend(value.map(|value| (entry.key.clone(), value.clone())));
    }
    let inputs = reader.inputs(root.get("inputs").map(Rc::as_ref), step.node.get("with").map(Rc::as_ref), &scope);
    scope.retain(|name, _| is_variable_name(name));
    scope.extend(inputs);
    scope.insert("github.action_path".to_owned(), OuterText::plain(&format!("./{path}")));
    let is_conditional = step.is_conditional || step.node.get("if").is_some();
    for node in items(root.get("runs").and_then(|runs| runs.get("steps"))) {
        let (scope, environment) = (scope.clone(), environment.clone());
        add_action_steps(reader, FlatStep { node, scope, environment, is_conditional }, depth + 1, flat);
    }
}
