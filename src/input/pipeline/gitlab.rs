//! Pipelines of GitLab: jobs with scripts, whose parts come from templates, from defaults, and from other files, which are not
//! read. Uses `job_texts`.

use std::collections::HashMap;
use std::rc::Rc;

use super::job_texts::{PipelineJob, PipelineReader, items, own_machine, runner_home};
use crate::model::is_variable_name;
use crate::text::yaml::Node;
use crate::text::{TracedChar, TracedText};

/// Templates within each other.
const DEPTH: usize = 10;
/// Keys at the top that are no jobs.
const NO_JOBS: [&str; 12] = [
    "after_script",
    "before_script",
    "cache",
    "default",
    "image",
    "include",
    "services",
    "spec",
    "stages",
    "types",
    "variables",
    "workflow",
];

/// Reads a pipeline.
pub(super) fn read_pipeline(reader: &mut PipelineReader<'_>) {
    let Some(root) = reader.root() else { return };
    let has_include = root.get("include").filter(|node| !node.is_null()).cloned();
    if let Some(include) = &has_include {
        reader.note_unread("the files that it includes are not read", include);
    }
    let entries = root.as_map().unwrap_or_default();
    let all: Templates<'_> = entries.iter().map(|entry| (entry.key.as_str(), &entry.value)).collect();
    for entry in entries {
        let is_job = !NO_JOBS.contains(&entry.key.as_str()) && !entry.key.starts_with('.');
        if !is_job || entry.value.is_null() {
            continue;
        }
        if entry.value.as_map().is_none() {
            reader.note_fault("a job is a mapping", &entry.value);
            continue;
        }
        let mut parts = vec![Rc::clone(&entry.value)];
        let mut is_known = has_include.is_none();
        add_templates(&entry.value, &all, DEPTH, &mut parts, &mut is_known);
        if !is_known && has_include.is_none() {
            reader.note_unread("a template that a job extends is not here", &entry.value);
        }
        let job = GitlabJob { reader, root: &root, name: &entry.key, parts }.job();
        if let Some(job) = job
            && !reader.add_job(job)
        {
            return;
        }
    }
}

/// All that stands at the top, by name.
type Templates<'n> = HashMap<&'n str, &'n Rc<Node>>;

/// Adds the templates that a job is made of, the nearest first.
fn add_templates(job: &Node, all: &Templates<'_>, depth: usize, parts: &mut Vec<Rc<Node>>, is_known: &mut bool) {
    for named in items(job.get("extends")).iter().rev() {
        let template = named.as_scalar().and_then(|name| all.get(name.text.as_str()).copied());
        match template {
            Some(template) if depth > 0 && parts.len() < 100 => {
                parts.push(Rc::clone(template));
                add_templates(template, all, depth - 1, parts, is_known);
            }
            _ => *is_known = false,
        }
    }
}

struct GitlabJob<'r, 'a> {
    reader: &'r mut PipelineReader<'a>,
    root: &'r Node,
    name: &'r str,
    /// The job, and the templates that it is made of, the nearest first.
    parts: Vec<Rc<Node>>,
}

impl GitlabJob<'_, '_> {
    /// What a key of the job holds, by itself, a template, or the defaults of all jobs.
    fn node(&self, key: &str) -> Option<Rc<Node>> {
        let own = self.parts.iter().find_map(|part| part.get(key));
        let default = || self.root.get("default").and_then(|default| default.get(key));
        own.or_else(default).or_else(|| self.root.get(key)).cloned()
    }

    fn job(&mut self) -> Option<PipelineJob> {
        if let Some(steps) = self.node("run") {
            self.reader.note_unread("the steps of a job are not read", &steps);
        }
        let script = self.node("script")?;
        let services = items(self.node("services").as_ref());
        let has_own_engine = services.iter().any(|service| {
            let name = service.get("name").unwrap_or(service);
            name.as_scalar().is_some_and(|name| name.text.contains("dind"))
        });
        let group = self.node("resource_group").and_then(|group| Some(group.as_scalar()?.text.clone()));
        let mut job = PipelineJob {
            name: self.name.to_owned(),
            prelude: if has_own_engine { own_machine(self.name, &self.reader.name) } else { runner_home() },
            is_single: has_own_engine || group.is_some_and(|group| !group.contains('$')),
            is_several: !has_own_engine && self.node("parallel").is_some(),
            ..PipelineJob::default()
        };
        let variables = self.variables();
        job.prelude.push(&variables);
        let mut text = self.lines(self.node("before_script").as_ref());
        text.push(&self.lines(Some(&script)));
        self.reader.add_host_text(&mut job, &text, "bash -e -o pipefail");
        let after = self.lines(self.node("after_script").as_ref());
        if !after.is_empty() {
            self.reader.add_host_text(&mut job, &after, "bash -e -o pipefail");
        }
        // What follows runs however the script ends.
        if let Some(first) = job.texts.first_mut() {
            first.ignores_failure = true;
        }
        Some(job)
    }

    /// The lines of a script, one after the other.
    fn lines(&mut self, node: Option<&Rc<Node>>) -> TracedText {
        let mut text = TracedText::default();
        let mut rest = items(node);
        rest.reverse();
        let mut count = 0;
        while let Some(line) = rest.pop() {
            count += 1;
            if count > 5_000 {
                self.reader.note_unread("a script has more lines than are read", &line);
                break;
            }
            if line.tag.is_some() {
                self.reader.note_unread("what is referred to in a script is not followed", &line);
            } else if let Some(inner) = line.as_seq() {
                // Lists of others are put in as lists.
                rest.extend(inner.iter().rev().cloned());
            } else if let Some(line) = self.reader.text(&line) {
                text.push(&line);
                text.0.push(TracedChar { ch: '\n', at: None, live: false });
            } else if !line.is_null() {
                self.reader.note_fault("a line of a script is a text", &line);
            }
        }
        text
    }

    /// What sets the variables of the job: other variables are put into their values.
    fn variables(&mut self) -> TracedText {
        let mut text = TracedText::default();
        let of_all = self.root.get("variables");
        let of_parts = self.parts.iter().rev().filter_map(|part| part.get("variables"));
        for entry in of_all.into_iter().chain(of_parts).filter_map(|node| node.as_map()).flatten() {
            let value = entry.value.get("value").unwrap_or(&entry.value);
            let Some(value) = self.reader.text(value).filter(|_| is_variable_name(&entry.key)) else { continue };
            text.push(&TracedText::plain(&format!("export {}=\"", entry.key)));
            for traced in value.0 {
                if matches!(traced.ch, '"' | '\\' | '`') {
                    text.0.push(TracedChar { ch: '\\', ..traced });
                }
                text.0.push(traced);
            }
            text.push(&TracedText::plain("\"\n"));
        }
        text
    }
}
