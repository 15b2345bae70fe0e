//! A task of a job as a container: what its driver is told, its environment, its scripts. Uses `job`, `mounts`,
//! `task_templates` and `model`.

use std::collections::BTreeMap;

use super::hcl_value::{Evaluated, PlacedValue};
use super::job_scope::{GroupFacts, JobScope, filled_value};
use super::stanza::Stanza;
use crate::model::{
    Command, Container, EnvValue, EnvVar, Flag, Label, PartialText, Rights, TextSegment, Unseen, Value,
};
use crate::text::{ShownText, Span};

/// The most items of one list that are read.
pub(super) const MANY: usize = 500;
/// Directories of a task, as its container sees them.
const DIRECTORIES: [(&str, &str); 3] =
    [("NOMAD_ALLOC_DIR", "/alloc"), ("NOMAD_TASK_DIR", "/local"), ("NOMAD_SECRETS_DIR", "/secrets")];

/// Reads one task.
pub(super) struct TaskReader<'r, 'a> {
    pub(super) reader: &'r JobScope<'a>,
    pub(super) facts: &'r GroupFacts<'a>,
    pub(super) task: &'a Stanza,
}

impl<'a> TaskReader<'_, 'a> {
    /// The container that an engine starts for it.
    pub(super) fn container(&self, engine: &str) -> Container {
        let mut container = Container::default();
        let mut unseen = Vec::new();
        container.env = self.env(&mut unseen);
        self.add_templates(&mut container, &mut unseen);
        self.enter_environment(&container);
        let nothing = Stanza::default();
        let config = self.task.first("config").unwrap_or(&nothing);
        if let Some(made) = self.task.dynamic("config").next() {
            let what = "what its driver is told is made by a `dynamic` block".to_owned();
            let missed = Unseen { what, span: made.kind_span };
            container.unseen_mounts.get_or_insert_with(|| missed.clone());
            unseen.push(missed);
        }
        container.image = filled_value(self.reader.value(config, "image"));
        container.entrypoint = self.words(config, &["entrypoint"], &mut unseen);
        container.command = self.words(config, &["command", "args"], &mut unseen);
        container.working_dir = filled_value(self.reader.value(config, "work_dir"));
        container.user = filled_value(self.reader.value(self.task, "user"));
        container.read_only = self.reader.is_on(config, "readonly_rootfs") == Some(true);
        container.tty = self.flag(config, "tty");
        container.stdin_open = self.flag(config, "interactive");
        container.rights = self.rights(config);
        container.labels = self.labels(config);
        container.hooks = self.hooks(&mut unseen);
        self.add_mounts(config, engine, &mut container, &mut unseen);
        container.unseen.append(&mut unseen);
        container
    }

    /// Lets the texts of the driver name the variables of the task: they are shown by their names.
    fn enter_environment(&self, container: &Container) {
        let own = container.env.iter().filter(|(name, _)| !DIRECTORIES.iter().any(|(known, _)| known == name));
        for (name, variable) in own {
            if let EnvValue::Set(value) = &variable.value {
                let form = format!("${{{name}}}");
                let shown = ShownText::new(value.text.as_str(), form.clone(), form);
                self.reader.scope.add_runtime(name, PartialText::of_value(&Value { shown, ..(**value).clone() }));
            }
        }
        self.reader.scope.forget();
    }

    /// The command that it runs on the host.
    pub(super) fn host_command(&self) -> Option<Command> {
        let config = self.task.first("config")?;
        let mut unseen = Vec::new();
        let command = self.words(config, &["command", "args"], &mut unseen)?;
        (unseen.is_empty() && !command.words.is_empty()).then_some(command)
    }

    /// A text as the container has it: the directories of its task are known there.
    pub(super) fn in_container(text: &PartialText) -> PartialText {
        let mut known = PartialText::default();
        for segment in &text.0 {
            match segment {
                TextSegment::Unknown(part) => match DIRECTORIES.iter().find(|(name, _)| *name == part.name) {
                    Some((_, path)) => known.0.extend(PartialText::plain(path).0),
                    None => known.0.push(segment.clone()),
                },
                TextSegment::Char(..) => known.0.push(segment.clone()),
            }
        }
        known
    }

    /// Words of attributes, each a text or a list of them; `None` where none is there.
    fn words(&self, stanza: &Stanza, names: &[&str], unseen: &mut Vec<Unseen>) -> Option<Command> {
        let mut words = Vec::new();
        let mut span: Option<Span> = None;
        for name in names {
            let Some(given) = self.reader.value(stanza, name) else { continue };
            let whole = span.get_or_insert(given.span);
            whole.end = whole.end.max(given.span.end);
            let mut miss = |what: String| unseen.push(Unseen { what, span: given.span });
            match &*given.value {
                Evaluated::List(items) => {
                    if items.len() > MANY {
                        miss(format!("of its `{name}` no more than {MANY} were read"));
                    }
                    for item in items.iter().take(MANY) {
                        match word_of(item) {
                            Some(word) => words.push(word),
                            None => miss(format!("its `{name}` holds something that is no text")),
                        }
                    }
                }
                Evaluated::Unknown(_) if *name != "command" => {
                    miss(format!("its `{name}` depends on a value that is not known"));
                }
                _ => match word_of(&given) {
                    Some(word) => words.push(word),
                    None => miss(format!("its `{name}` is no text")),
                },
            }
        }
        let span = span?;
        Some(Command { words, span })
    }

    fn flag(&self, config: &Stanza, name: &str) -> Option<Flag> {
        let value = self.reader.value(config, name)?;
        Some(Flag { on: value.value.is_true()?, span: value.span })
    }

    fn rights(&self, config: &Stanza) -> Rights {
        let texts = |name: &str| -> Vec<String> {
            let value = self.reader.value(config, name);
            match value.as_ref().map(|value| &*value.value) {
                Some(Evaluated::List(items)) => items.iter().filter_map(|item| item.value.known()).collect(),
                _ => Vec::new(),
            }
        };
        let privileged = self.reader.value(config, "privileged").is_some_and(|on| on.value.is_true() != Some(false));
        Rights::of(texts("group_add").len(), &texts("cap_add"), &texts("cap_drop"), privileged)
    }

    /// The names and values of a stanza, or of an attribute that is an object or a list of objects.
    fn pairs(&self, stanza: &Stanza, name: &str) -> Vec<(String, Span, PlacedValue)> {
        let mut pairs = Vec::new();
        for given in stanza.all(name) {
            let written = given.attributes.iter();
            pairs.extend(written.map(|one| (one.name.clone(), one.name_span, self.reader.scope.placed(&one.value))));
        }
        if let Some(given) = self.reader.value(stanza, name) {
            add_pairs(&given, &mut pairs);
        }
        pairs
    }

    fn labels(&self, config: &Stanza) -> BTreeMap<String, Label> {
        let label = |(name, name_span, given): (String, Span, PlacedValue)| {
            let value = given.to_value()?;
            Some((name, Label::new(value, Span { end: given.span.end, ..name_span })))
        };
        self.pairs(config, "labels").into_iter().filter_map(label).collect()
    }

    fn env(&self, unseen: &mut Vec<Unseen>) -> BTreeMap<String, EnvVar> {
        for made in self.task.dynamic("env") {
            let what = "its environment is made by a `dynamic` block".to_owned();
            unseen.push(Unseen { what, span: made.kind_span });
        }
        let given = self.reader.value(self.task, "env");
        if let Some(given) = given.filter(|given| matches!(*given.value, Evaluated::Unknown(_))) {
            let what = "its environment depends on a value that is not known".to_owned();
            unseen.push(Unseen { what, span: given.span });
        }
        let mut env = BTreeMap::new();
        for (name, path) in DIRECTORIES {
            let value = EnvValue::set(Value::known(path, None));
            env.insert(name.to_owned(), EnvVar::new(value, self.task.name_span()));
        }
        for (name, name_span, given) in self.pairs(self.task, "env") {
            if let Some(text) = given.value.text() {
                let value = EnvValue::set(with_symbols(&Self::in_container(&text)).to_secret_value());
                env.insert(name, EnvVar::new(value, name_span));
            }
        }
        env
    }

    /// What else is run in its container: checks that are scripts, and actions that people start.
    fn hooks(&self, unseen: &mut Vec<Unseen>) -> Vec<Command> {
        let name = self.task.label();
        let is_script = |check: &&'a Stanza| self.reader.known(check, "type").as_deref() == Some("script");
        let own = self.task.all("service").flat_map(|service| service.all("check"));
        let of_group = self.facts.group.all("service").flat_map(|service| {
            let all = self.reader.known(service, "task");
            service.all("check").filter(move |check| {
                let task = self.reader.known(check, "task").or_else(|| all.clone());
                task.as_deref() == Some(name)
            })
        });
        let checks: Vec<&Stanza> = own.chain(of_group).filter(is_script).collect();
        let all = checks.into_iter().chain(self.task.all("action"));
        let hooks = all.filter_map(|hook| self.words(hook, &["command", "args"], unseen));
        hooks.filter(|hook| !hook.words.is_empty()).collect()
    }
}

fn word_of(given: &PlacedValue) -> Option<Value> {
    Some(TaskReader::in_container(&given.value.text()?).to_value(Some(given.span)))
}

fn add_pairs(given: &PlacedValue, pairs: &mut Vec<(String, Span, PlacedValue)>) {
    match &*given.value {
        Evaluated::Map(entries) => pairs.extend(entries.iter().cloned()),
        Evaluated::List(items) => items.iter().take(MANY).for_each(|item| add_pairs(item, pairs)),
        _ => {}
    }
}

/// A text in which `${NAME}` that Nomad leaves as it is may be what another program puts in first.
pub(super) fn with_symbols(text: &PartialText) -> PartialText {
    let mut made = PartialText::default();
    let mut rest = text.0.as_slice();
    let is = |segment: Option<&TextSegment>, wanted: char| matches!(segment, Some(TextSegment::Char(letter, _)) if *letter == wanted);
    while let Some(segment) = rest.first() {
        let opens = is(rest.first(), '$') && is(rest.get(1), '{');
        let end = if opens { rest.iter().position(|segment| is(Some(segment), '}')) } else { None };
        let name = end.and_then(|end| PartialText(rest.get(2..end)?.to_vec()).known());
        match (end, name) {
            (Some(end), Some(name)) if !name.is_empty() && !name.contains('{') => {
                made.0.extend(PartialText::variable(&name).0);
                rest = rest.get(end + 1..).unwrap_or_default();
            }
            _ => {
                made.0.push(segment.clone());
                rest = rest.get(1..).unwrap_or_default();
            }
        }
    }
    made
}
