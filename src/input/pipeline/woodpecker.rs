//! Pipelines of Woodpecker: each step is a container that the agent starts on its machine, one after the other. Uses
//! `job_texts`.

use std::rc::Rc;

use super::job_order::JobOrder;
use super::job_texts::{JobContainer, PipelineJob, PipelineReader, items, runner_home};
use crate::input::outer_text::OuterText;
use crate::model::is_variable_name;
use crate::text::yaml::Node;
use crate::text::{TracedChar, TracedText};

/// Reads a pipeline.
pub(super) fn read_pipeline(reader: &mut PipelineReader<'_>) {
    let Some(root) = reader.root() else { return };
    let Some(steps) = root.get("steps").or_else(|| root.get("pipeline")).cloned() else { return };
    if steps.as_map().is_none() && steps.as_seq().is_none() {
        return reader.note_fault("the steps of a pipeline are a list or a mapping", &steps);
    }
    let services = root.get("services").map(named_items).unwrap_or_default();
    let steps = named_items(&steps);
    let is_at_once = steps.iter().any(|(_, step)| step.get("depends_on").is_some());
    let is_several = root.get("matrix").is_some();
    let mut names: Vec<String> = Vec::new();
    for entry in root.get("matrix").and_then(|matrix| matrix.as_map()).unwrap_or_default() {
        names.push(format!("ci_{}", entry.key));
    }
    let text = |node: &Rc<Node>| Some(node.as_scalar()?.text.clone());
    let needs = |step: &Rc<Node>| items(step.get("depends_on")).iter().filter_map(text).collect::<Vec<_>>();
    let order = JobOrder::of_needs(&steps.iter().map(|(name, step)| (name.clone(), needs(step))).collect());
    let new_job = |name: &str| PipelineJob {
        name: name.to_owned(),
        prelude: runner_home(),
        is_several,
        varying: names.clone(),
        ..PipelineJob::default()
    };
    let mut job = new_job("");
    for (_, service) in &services {
        add_step(reader, &mut job, service, true);
    }
    for (name, step) in &steps {
        if step.as_map().is_none() {
            reader.note_fault("a step is a mapping", step);
            continue;
        }
        let is_detached = step.get("detach").and_then(|node| node.as_scalar()).is_some_and(|one| one.text == "true");
        // A step that waits for others runs beside those that it does not wait for.
        if is_at_once {
            let mut own = PipelineJob { after: order.before(name), ..new_job(name) };
            add_step(reader, &mut own, step, is_detached);
            if !reader.add_job(own) {
                return;
            }
        } else {
            add_step(reader, &mut job, step, is_detached);
        }
    }
    reader.add_job(job);
}

/// The items of a list with their names, or the entries of a mapping.
fn named_items(node: &Rc<Node>) -> Vec<(String, Rc<Node>)> {
    if let Some(entries) = node.as_map() {
        return entries.iter().map(|entry| (entry.key.clone(), Rc::clone(&entry.value))).collect();
    }
    let name = |node: &Node| node.get("name").and_then(|name| Some(name.as_scalar()?.text.clone()));
    items(Some(node)).into_iter().map(|item| (name(&item).unwrap_or_default(), item)).collect()
}

fn add_step(reader: &mut PipelineReader<'_>, job: &mut PipelineJob, step: &Rc<Node>, is_beside: bool) {
    let Some(image) = step.get("image").and_then(|image| value(reader, image)) else {
        return reader.note_fault("a step has no image", step);
    };
    let mut container = JobContainer { image, ..JobContainer::default() };
    container.volumes = items(step.get("volumes")).iter().filter_map(|volume| value(reader, volume)).collect();
    container.variables = variables(reader, step);
    let commands = items(step.get("commands"));
    if !commands.is_empty() {
        let mut script = OuterText::default();
        for command in &commands {
            match value(reader, command) {
                Some(command) => script.push(&command),
                None => reader.note_fault("a command of a step is a text", command),
            }
            script.push(&OuterText::plain("\n"));
        }
        container.script = Some(script);
    } else if let Some(entrypoint) = step.get("entrypoint") {
        reader.note_unread("the entrypoint of a step is not read", entrypoint);
    }
    let before = job.texts.len();
    reader.add_container(job, &container, is_beside);
    let is_on = |key: &str, on: &str| step.get(key).and_then(|node| node.as_scalar()).is_some_and(|one| one.text == on);
    for text in job.texts.iter_mut().skip(before) {
        text.is_conditional = step.get("when").is_some();
        text.ignores_failure = is_on("failure", "ignore");
    }
}

fn variables(reader: &PipelineReader<'_>, step: &Node) -> Vec<(String, OuterText)> {
    let mut found = Vec::new();
    let Some(node) = step.get("environment") else { return found };
    for entry in node.as_map().unwrap_or_default().iter().filter(|entry| is_variable_name(&entry.key)) {
        let of_secret = || entry.value.get("from_secret").and_then(|secret| Some(secret.as_scalar()?.text.clone()));
        let given = value(reader, &entry.value);
        let given =
            given.or_else(|| Some(OuterText::unknown(&format!("secret_{}", of_secret()?), reader.place(&entry.value))));
        found.extend(given.map(|given| (entry.key.clone(), given)));
    }
    for item in node.as_seq().unwrap_or_default() {
        let pair = value(reader, item).and_then(|item| item.split_once(|ch| ch == '='));
        found.extend(pair.and_then(|(name, value)| Some((name.known()?, value))));
    }
    found
}

/// The text of a scalar: the agent puts values of the pipeline into braces, and takes one of two dollar signs away.
fn value(reader: &PipelineReader<'_>, node: &Node) -> Option<OuterText> {
    let text: TracedText = reader.text(node)?;
    let mut value = OuterText::default();
    let mut rest: &[TracedChar] = &text.0;
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if first.ch != '$' {
            value.push_char(*first);
            continue;
        }
        match after.first().map(|next| next.ch) {
            Some('$') => {
                value.push_char(*first);
                rest = after.get(1..).unwrap_or_default();
            }
            Some('{') => {
                let inner: String =
                    after.iter().skip(1).take(200).map(|one| one.ch).take_while(|ch| *ch != '}').collect();
                let length = inner.chars().count();
                if after.get(length + 1).is_none_or(|close| close.ch != '}') {
                    value.push_char(*first);
                    continue;
                }
                let name: String = inner.chars().take_while(|ch| ch.is_ascii_alphanumeric() || *ch == '_').collect();
                value.push(&OuterText::unknown(&format!("ci_{name}"), first.at));
                rest = after.get(length + 2..).unwrap_or_default();
            }
            _ => value.push_char(*first),
        }
    }
    Some(value)
}
