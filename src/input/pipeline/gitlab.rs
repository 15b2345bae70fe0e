//! Pipelines of GitLab: jobs with scripts, whose parts come from templates, from defaults, and from other files of the
//! repository. Uses `job_texts` and `job_order`.

use std::collections::HashMap;
use std::rc::Rc;

use super::job_order::{JOBS, JobOrder};
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
    let mut roots = vec![root];
    let is_whole = add_included(reader, 0, &mut roots);
    let mut all = Templates::new();
    let mut names: Vec<&str> = Vec::new();
    for entry in roots.iter().filter_map(|root| root.as_map()).flatten() {
        all.entry(&entry.key).or_default().push(&entry.value);
        let is_job = !NO_JOBS.contains(&entry.key.as_str()) && !entry.key.starts_with('.');
        if is_job && !entry.value.is_null() && all.get(entry.key.as_str()).is_some_and(|known| known.len() == 1) {
            names.push(&entry.key);
        }
    }
    let mut jobs = Vec::with_capacity(names.len());
    for name in names {
        let own = all.get(name).map(Vec::as_slice).unwrap_or_default();
        if let Some(wrong) = own.iter().find(|node| node.as_map().is_none()) {
            reader.note_fault("a job is a mapping", wrong);
            continue;
        }
        let mut parts: Vec<Rc<Node>> = own.iter().map(|node| Rc::clone(node)).collect();
        let mut is_known = is_whole;
        for node in own {
            add_templates(node, &all, DEPTH, &mut parts, &mut is_known);
        }
        if let Some(first) = own.first().filter(|_| !is_known && is_whole) {
            reader.note_unread("a template that a job extends is not here", first);
        }
        jobs.push((name, parts));
    }
    let order = if is_whole { order_of(&roots, &jobs) } else { JobOrder::default() };
    for (name, parts) in jobs {
        let after = order.before(name);
        let job = GitlabJob { reader, roots: &roots, name, parts }.job();
        if let Some(job) = job
            && !reader.add_job(PipelineJob { after, ..job })
        {
            return;
        }
    }
}

/// Adds the files of the repository that one of some files includes, each below what includes it; whether all were read.
fn add_included(reader: &mut PipelineReader<'_>, depth: usize, roots: &mut Vec<Rc<Node>>) -> bool {
    let Some(including) = roots.last().cloned() else { return true };
    let mut is_whole = true;
    for item in items(including.get("include")) {
        let local = item.get("local").unwrap_or(&item);
        let path = local.as_scalar().map(|path| path.text.clone());
        let is_local = |path: &String| !path.contains(['*', '$']) && !path.contains("://");
        let path = path.filter(|path| is_local(path) && depth < DEPTH && item.get("inputs").is_none());
        match path.and_then(|path| reader.open_mapping(path.trim_start_matches('/'))) {
            Some(root) => {
                roots.push(root);
                is_whole &= add_included(reader, depth + 1, roots);
            }
            None => {
                reader.note_unread("a file that it includes is not read", &item);
                is_whole = false;
            }
        }
    }
    is_whole
}

/// In which order jobs run: by those that each waits for, or else by their stages.
fn order_of(roots: &[Rc<Node>], jobs: &[(&str, Vec<Rc<Node>>)]) -> JobOrder {
    let text = |node: &Rc<Node>| Some(node.as_scalar()?.text.clone());
    let named = roots.iter().find_map(|root| root.get("stages"));
    let mut stages: Vec<String> = match named {
        Some(named) => items(Some(named)).iter().filter_map(text).collect(),
        None => ["build", "test", "deploy"].map(str::to_owned).to_vec(),
    };
    stages.insert(0, ".pre".to_owned());
    stages.push(".post".to_owned());
    let key = |parts: &[Rc<Node>], key: &str| parts.iter().find_map(|part| part.get(key)).cloned();
    let stage_of = |parts: &[Rc<Node>]| {
        let stage = key(parts, "stage").as_ref().and_then(text).unwrap_or_else(|| "test".to_owned());
        stages.iter().position(|known| *known == stage)
    };
    // One that a person starts may be started at any time.
    let is_waited_for = |parts: &[Rc<Node>]| key(parts, "when").is_none() && key(parts, "rules").is_none();
    let needs = jobs.iter().map(|(name, parts)| {
        let needed: Vec<String> = match key(parts, "needs") {
            Some(needs) => {
                let name = |need: &Rc<Node>| text(need.get("job").unwrap_or(need));
                items(Some(&needs)).iter().filter_map(name).collect()
            }
            None => {
                let own = stage_of(parts);
                let is_before = |other: &&(&str, Vec<Rc<Node>>)| {
                    let stages = stage_of(&other.1).zip(own);
                    stages.is_some_and(|(other, own)| other < own) && is_waited_for(&other.1)
                };
                jobs.iter().filter(is_before).map(|(name, _)| (*name).to_owned()).collect()
            }
        };
        ((*name).to_owned(), needed)
    });
    if jobs.len() > JOBS { JobOrder::default() } else { JobOrder::of_needs(&needs.collect()) }
}

/// All that stands at the top of all files, by name, the nearest first.
type Templates<'n> = HashMap<&'n str, Vec<&'n Rc<Node>>>;

/// Adds the templates that a job is made of, the nearest first.
fn add_templates(job: &Node, all: &Templates<'_>, depth: usize, parts: &mut Vec<Rc<Node>>, is_known: &mut bool) {
    for named in items(job.get("extends")).iter().rev() {
        let templates = named.as_scalar().and_then(|name| all.get(name.text.as_str()));
        match templates {
            Some(templates) if depth > 0 && parts.len() < 100 => {
                for template in templates {
                    parts.push(Rc::clone(template));
                    add_templates(template, all, depth - 1, parts, is_known);
                }
            }
            _ => *is_known = false,
        }
    }
}

/// The keys that are defaults of all jobs where they stand at the top. Any other key there is a job, or about the pipeline.
const DEFAULTS_AT_THE_TOP: [&str; 5] = ["after_script", "before_script", "cache", "image", "services"];

struct GitlabJob<'r, 'a> {
    reader: &'r mut PipelineReader<'a>,
    /// The file, and those that it includes.
    roots: &'r [Rc<Node>],
    name: &'r str,
    /// The job, and the templates that it is made of, the nearest first.
    parts: Vec<Rc<Node>>,
}

impl GitlabJob<'_, '_> {
    /// What a key of the job holds, by itself, a template, or the defaults of all jobs.
    fn node(&self, key: &str) -> Option<Rc<Node>> {
        let own = self.parts.iter().find_map(|part| part.get(key));
        let default = || self.roots.iter().find_map(|root| root.get("default")?.get(key));
        let is_default = DEFAULTS_AT_THE_TOP.contains(&key);
        let at_the_top = || self.roots.iter().filter(|_| is_default).find_map(|root| root.get(key));
        own.or_else(default).or_else(at_the_top).cloned()
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
        let of_all = self.roots.iter().rev().filter_map(|root| root.get("variables"));
        let of_parts = self.parts.iter().rev().filter_map(|part| part.get("variables"));
        for entry in of_all.chain(of_parts).filter_map(|node| node.as_map()).flatten() {
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
