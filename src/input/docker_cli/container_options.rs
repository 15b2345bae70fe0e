//! The options that `run` and `exec` of an engine and of Compose have in common.
//! Uses `options`, `argument_text` and `model`.

use std::collections::BTreeMap;

use super::cli_family::CliFamily;
use super::options::{GivenOption, ParsedOptions};
use super::{Argument, CommandContext, ConditionalParts};
use crate::model::{
    Command, Container, EnvValue, EnvVar, Flag, Label, Mount, PartialText, Rights, Unseen, Value, VariableState,
};
use crate::text::Span;

/// Options that shape the container as a whole: it is reported where they are given on some ways only.
#[rustfmt::skip]
const SHAPING: [&str; 8] = [
    "entrypoint", "env-file", "label-file", "pid", "read-only", "user", "volumes-from", "env-from-file",
];

/// Options after which something about the container is not in these words.
const HIDING: [(&str, &str); 6] = [
    ("env-host", "`--env-host` hands over every variable of the host"),
    ("env-merge", "`--env-merge` builds variables from those of the image"),
    ("unsetenv", "`--unsetenv` takes variables of the image away"),
    ("unsetenv-all", "`--unsetenv-all` takes the image's variables away"),
    ("rootfs", "the container's root is a directory and no image"),
    ("image-volume", "`--image-volume` changes the volumes of the image"),
];

/// The options of a command that starts a container, and what is not sure about them.
pub(super) struct ContainerOptions<'a, 'b> {
    pub(super) parsed: ParsedOptions<'a>,
    pub(super) context: &'b CommandContext<'b>,
    pub(super) perhaps: ConditionalParts,
}

/// The words of a command that starts a container which have a place of their own, once they are read.
pub(super) struct ContainerWords {
    pub(super) name: Option<Value>,
    pub(super) image: Option<Value>,
    pub(super) entrypoint: Option<Command>,
    pub(super) command: Option<Command>,
    pub(super) mounts: Vec<Mount>,
}

impl<'a, 'b> ContainerOptions<'a, 'b> {
    /// The container that the options and words describe, as far as all commands that start one have them in common.
    pub(super) fn container(&mut self, words: ContainerWords, span: Span) -> Container {
        let ContainerWords { name, image, entrypoint, command, mounts } = words;
        Container {
            name: name.as_ref().or(image.as_ref()).map_or_else(String::new, |name| name.text.clone()),
            span,
            replicas: 1,
            image,
            command,
            entrypoint,
            hooks: self.health_command().into_iter().collect(),
            own_health: ["no-healthcheck", "health-cmd"].iter().any(|name| self.parsed.last_of(name).is_some()),
            user: self.user(),
            rights: self.rights(),
            working_dir: self.working_dir(),
            tty: self.switch("tty"),
            stdin_open: self.switch("interactive"),
            read_only: self.is_on("read-only"),
            labels: self.labels(),
            env: self.env(),
            mounts,
            ..Container::default()
        }
    }

    pub(super) fn new(parsed: ParsedOptions<'a>, context: &'b CommandContext<'b>) -> Self {
        Self { parsed, context, perhaps: ConditionalParts::default() }
    }

    fn note_unsure(&mut self, what: impl Into<String>, span: Span) {
        self.parsed.unseen.push(Unseen { what: what.into(), span });
    }

    pub(super) fn refuse(&mut self, what: impl Into<String>, span: Span) {
        self.parsed.refused.push(Unseen { what: what.into(), span });
    }

    /// Reports the options that are not sure, or that hide something.
    pub(super) fn note_unsure_options(&mut self, span: Span) {
        if self.parsed.asks_for_help() {
            self.refuse("it is asked for its help alone", span);
        }
        let ParsedOptions { given, unseen, .. } = &mut self.parsed;
        for given in given.iter() {
            let mut note = |what: String| unseen.push(Unseen { what, span: given.span });
            if let Some((_, what)) = HIDING.iter().find(|(name, _)| *name == given.name) {
                note((*what).to_owned());
            }
            if given.name == "secret" && HandedSecret::of_option(given) == HandedSecret::Unclear {
                note("what `--secret` hands over was not read".to_owned());
            }
            let shapes = SHAPING.contains(&given.name);
            if shapes && given.perhaps {
                note(format!("`--{}` is given on some ways to the command only", given.name));
            }
            if shapes && given.unclear {
                note(format!("what `--{}` is given is set in more than one way", given.name));
            }
        }
    }

    /// The last value of an option.
    pub(super) fn last_value(&self, name: &str) -> Option<Value> {
        self.parsed.last_of(name).map(GivenOption::as_value)
    }

    /// A switch.
    pub(super) fn switch(&mut self, name: &str) -> Option<Flag> {
        let given = self.parsed.last_of(name)?;
        let (on, span) = (given.is_on(), given.span);
        match on {
            Some(on) => return Some(Flag { on, span }),
            None if given.value.is_symbolic() => {
                self.note_unsure(format!("whether `--{name}` is on depends on a variable"), span);
            }
            None => self.refuse(format!("`--{name}` is given neither true nor false"), span),
        }
        None
    }

    pub(super) fn is_on(&mut self, name: &str) -> bool {
        self.switch(name).is_some_and(|flag| flag.on)
    }

    /// The name of the container.
    pub(super) fn read_name(&mut self) -> Option<Value> {
        self.perhaps.name = self.parsed.last_of("name").is_some_and(|given| given.perhaps);
        self.last_value("name")
    }

    /// Whether a switch is on on every way to the command.
    pub(super) fn is_surely_on(&mut self, name: &str) -> bool {
        self.is_on(name) && self.parsed.last_of(name).is_some_and(|given| !given.perhaps)
    }

    /// Reports switches that say nothing about the container, where their values are not switches' values.
    pub(super) fn check_switches(&mut self, names: &[&str]) {
        for name in names {
            self.switch(name);
        }
    }

    /// Files that the command reads, relative to its directory.
    pub(super) fn file_paths(&self, name: &str) -> Vec<Value> {
        let files = self.parsed.values_of(name);
        files.map(|given| given.value.absolute(self.context).to_value(Some(given.span))).collect()
    }

    pub(super) fn user(&self) -> Option<Value> {
        self.last_value("user").filter(|user| !user.text.is_empty())
    }

    pub(super) fn rights(&mut self) -> Rights {
        let privileged = self.is_on("privileged");
        let names =
            |name: &str| -> Vec<String> { self.parsed.values_of(name).map(|given| given.as_value().text).collect() };
        Rights::of(names("group-add").len(), &names("cap-add"), &names("cap-drop"), privileged)
    }

    pub(super) fn working_dir(&mut self) -> Option<Value> {
        let given = self.parsed.last_of("workdir").filter(|given| !given.value.is_empty())?;
        let span = given.span;
        if !given.value.starts_with('/') && given.value.first_unknown().is_none() {
            self.refuse("the working directory is no absolute path", span);
            return None;
        }
        if given.perhaps || given.unclear {
            // What runs there by a relative path is not known then, and nothing else.
            return Some(PartialText::variable("PWD").to_value(Some(span)));
        }
        Some(given.value.cleaned_path().to_value(Some(span)))
    }

    /// The first operand of `run`.
    pub(super) fn read_image(&mut self, span: Span) -> Option<Value> {
        let Some(arg) = self.parsed.rest.first() else {
            self.refuse("no image is named", span);
            return None;
        };
        let place = self.context.argument_span(arg);
        if arg.unclear || arg.perhaps {
            self.note_unsure("which of its words is the image depends on what runs before", place);
        }
        Some(PartialText::read(&arg.text, arg.unclear, self.context).to_value(Some(place)))
    }

    /// The value of `--entrypoint`: one word; an empty one removes the image's own. podman takes a list in JSON, too.
    pub(super) fn read_entrypoint(&mut self, family: CliFamily) -> Option<Command> {
        let given = self.parsed.last_of("entrypoint")?;
        let span = given.span;
        let known = given.value.known().filter(|text| family == CliFamily::Podman && text.starts_with('['));
        let words = match known.map(|text| json_strings(&text)) {
            Some(Some(words)) => words.into_iter().map(|word| Value::known(word, Some(span))).collect(),
            Some(None) => {
                self.note_unsure("the list that `--entrypoint` is given was not read", span);
                Vec::new()
            }
            None if given.value.is_empty() => Vec::new(),
            None => vec![given.as_value()],
        };
        Some(Command { words, span })
    }

    /// The words from an operand on. Where there are none, an entrypoint removes the image's own.
    pub(super) fn read_command(&mut self, from: usize, entrypoint: Option<&Command>) -> Option<Command> {
        let args = self.parsed.rest.get(from..).unwrap_or_default();
        let Some(first) = args.first() else {
            return entrypoint.map(|entrypoint| Command { words: Vec::new(), span: entrypoint.span });
        };
        let span = self.context.argument_span(first);
        let context = self.context;
        let word = |arg: &Argument| {
            PartialText::read(&arg.text, arg.unclear, context).to_value(Some(context.argument_span(arg)))
        };
        let sure = || Command { words: args.iter().filter(|arg| !arg.perhaps).map(word).collect(), span };
        self.perhaps.command = args.iter().any(|arg| arg.perhaps).then(sure);
        Some(Command { words: args.iter().map(word).collect(), span })
    }

    pub(super) fn health_command(&mut self) -> Option<Command> {
        let off = self.is_on("no-healthcheck");
        let given = self.parsed.last_of("health-cmd").filter(|given| !off && !given.value.is_empty())?;
        let start = Span::at(given.span.file, given.span.start);
        let shell = ["/bin/sh", "-c"].map(|word| Value::known(word, Some(start)));
        Some(Command { words: shell.into_iter().chain([given.as_value()]).collect(), span: given.span })
    }

    pub(super) fn labels(&mut self) -> BTreeMap<String, Label> {
        let mut labels = BTreeMap::new();
        let ParsedOptions { given, unseen, refused, .. } = &mut self.parsed;
        for given in given.iter().filter(|given| matches!(given.name, "label" | "labels" | "container-label")) {
            let span = given.span;
            let (name, value) = given.value.name_and_value();
            match name.known() {
                Some(name) if name.is_empty() => {
                    refused.push(Unseen { what: "a label has no name".to_owned(), span });
                }
                Some(name) => {
                    if (given.perhaps || given.unclear) && name.starts_with("overlock.") {
                        unseen.push(Unseen { what: format!("the label `{name}` depends on what runs before"), span });
                    }
                    let value = Value { span: Some(span), ..value.unwrap_or_default().to_secret_value() };
                    labels.insert(name, Label::new(value, span));
                }
                None => unseen.push(Unseen { what: "the name of a label depends on a variable".to_owned(), span }),
            }
        }
        labels
    }

    pub(super) fn env(&mut self) -> BTreeMap<String, EnvVar> {
        let mut env = BTreeMap::new();
        let ParsedOptions { given, unseen, refused, .. } = &mut self.parsed;
        for given in given.iter().filter(|given| given.name == "secret") {
            if let HandedSecret::Variable(name) = HandedSecret::of_option(given) {
                env.insert(name, EnvVar::new(EnvValue::Inherited, given.span));
            }
        }
        for given in given.iter().filter(|given| given.name == "env") {
            let (name, value) = given.value.name_and_value();
            // Never the value, which may be secret.
            let span = given.span_before('=', self.context);
            let mut miss = |what: &str| unseen.push(Unseen { what: what.to_owned(), span });
            let Some(name) = name.known() else {
                miss("the name of a variable depends on another");
                continue;
            };
            if name.is_empty() {
                refused.push(Unseen { what: "a variable has no name".to_owned(), span });
                continue;
            }
            if name.ends_with('*') && value.is_none() {
                // To podman a pattern, to docker an odd name.
                miss("which variables are handed over depends on the names of those that there are");
                continue;
            }
            if given.perhaps {
                self.perhaps.env.push(name.clone());
                let sure = env.get(&name).filter(|_| !self.perhaps.sure_env.contains_key(&name)).cloned();
                let was_sure = !self.perhaps.env.iter().rev().skip(1).any(|known| *known == name);
                self.perhaps.sure_env.extend(sure.filter(|_| was_sure).map(|sure| (name.clone(), sure)));
            } else {
                // Of several the last one counts.
                self.perhaps.env.retain(|known| *known != name);
                self.perhaps.sure_env.remove(&name);
            }
            let value = match value {
                Some(value) => EnvValue::set(value.to_secret_value()),
                None => match (self.context.environment)(&name) {
                    VariableState::Set(value) => EnvValue::set(PartialText::of_value(&value).to_secret_value()),
                    VariableState::Unset | VariableState::Unseen | VariableState::Unknown => EnvValue::Inherited,
                },
            };
            env.insert(name, EnvVar::new(value, span));
        }
        self.perhaps.env.sort();
        self.perhaps.env.dedup();
        env
    }
}

/// What becomes of a secret of podman in the container.
#[derive(Debug, PartialEq, Eq)]
enum HandedSecret {
    /// A variable with this name.
    Variable(String),
    /// A file below `/run/secrets`.
    File,
    /// It may be any file.
    Unclear,
}

impl HandedSecret {
    /// `NAME[,type=mount|env][,target=…]`: a target that is no absolute path is below `/run/secrets`.
    fn of_option(given: &GivenOption) -> Self {
        let Some(text) = given.value.known().filter(|_| !given.unclear) else { return Self::Unclear };
        let mut parts = text.split(',');
        let name = parts.next().unwrap_or_default().to_owned();
        let (mut is_variable, mut target) = (false, None);
        for part in parts {
            match part.split_once('=') {
                Some(("type", kind)) => is_variable = kind == "env",
                Some(("target", path)) => target = Some(path.to_owned()),
                _ => {}
            }
        }
        match target {
            target if is_variable => Self::Variable(target.unwrap_or(name)),
            Some(path) if path.starts_with('/') && !path.starts_with("/run/secrets/") => Self::Unclear,
            _ => Self::File,
        }
    }
}

/// The strings of a list in JSON, where none needs an escape.
fn json_strings(text: &str) -> Option<Vec<String>> {
    let inner = text.trim().strip_prefix('[')?.strip_suffix(']')?.trim();
    if inner.contains('\\') {
        return None;
    }
    let mut words = Vec::new();
    let mut rest = inner;
    while !rest.is_empty() {
        let (word, after) = rest.strip_prefix('"')?.split_once('"')?;
        words.push(word.to_owned());
        let after = after.trim_start();
        rest = match after.strip_prefix(',') {
            Some(more) => more.trim_start(),
            None if after.is_empty() => after,
            None => return None,
        };
    }
    Some(words)
}
