//! `docker run` and `docker create`, and the same of podman and nerdctl: options to a container.
//! Uses `option`, `mounted`, `phrase`, `program` and `model`.

use std::collections::BTreeMap;

use super::mounted::mounts;
use super::option::{Given, Parsed, parse};
use super::phrase::Phrase;
use super::program::Family;
use super::table::{self, Table};
use super::volume::absolute;
use super::{Arg, Perhaps, Run, Setting, Variable};
use crate::model::{Command, Container, EnvValue, EnvVar, Flag, Label, Rights, Unseen, Value};
use crate::text::Span;

/// Which command was started.
pub(super) struct Started<'a> {
    pub(super) family: Family,
    /// Whether it is `create`.
    pub(super) created: bool,
    /// The program's name.
    pub(super) first: &'a Arg,
    pub(super) engine: Option<Value>,
}

/// Options that shape the container and that no branch gives in part: given on some ways only, they are told.
#[rustfmt::skip]
const SHAPING: [&str; 9] = [
    "entrypoint", "env-file", "label-file", "pid", "read-only", "user", "volumes-from", "workdir", "env-from-file",
];

/// Options after which something about the container is not in these words.
const HIDING: [(&str, &str); 7] = [
    ("env-host", "`--env-host` hands over every variable of the host"),
    ("env-merge", "`--env-merge` builds variables from those of the image"),
    ("unsetenv", "`--unsetenv` takes variables of the image away"),
    ("unsetenv-all", "`--unsetenv-all` takes the image's variables away"),
    ("secret", "what `--secret` hands over was not read"),
    ("rootfs", "the container's root is a directory and no image"),
    ("image-volume", "`--image-volume` changes the volumes of the image"),
];

pub(super) fn read(args: &[Arg], started: &Started<'_>, before: Parsed<'_>, setting: &Setting<'_>) -> Run {
    let tables: &[&Table] = match started.family {
        Family::Docker => &[&table::RUN],
        Family::Podman => &[&table::RUN, &table::PODMAN_RUN],
        Family::Nerdctl => &[&table::RUN, &table::NERDCTL_RUN],
    };
    let mut parsed = parse(args, tables, false, setting);
    parsed.unseen.splice(..0, before.unseen);
    parsed.refused.splice(..0, before.refused);
    let mut reader = Reader::new(parsed, setting);
    let span = setting.span(started.first);
    reader.common(span);
    let image = reader.image(span);
    let entrypoint = reader.parsed.last("entrypoint").cloned().map(|given| reader.entrypoint(&given, started.family));
    let command = reader.command(1, entrypoint.as_ref());
    let name = reader.last("name");
    let mut all = mounts(&reader.parsed, started.family, setting);
    reader.parsed.unseen.append(&mut all.unseen);
    reader.parsed.refused.append(&mut all.refused);
    let container = Container {
        name: name.as_ref().or(image.as_ref()).map_or_else(String::new, |name| name.text.clone()),
        span,
        replicas: 1,
        image,
        command,
        entrypoint,
        hooks: reader.health(),
        own_health: ["no-healthcheck", "health-cmd"].iter().any(|name| reader.parsed.last(name).is_some()),
        user: reader.last("user").filter(|user| !user.text.is_empty()),
        rights: reader.rights(),
        working_dir: reader.directory(),
        tty: reader.flag("tty"),
        stdin_open: reader.flag("interactive"),
        read_only: reader.flag("read-only").is_some_and(|flag| flag.on),
        labels: reader.labels(),
        env: reader.env(),
        mounts: all.all,
        ..Container::default()
    };
    let on = |flag: Option<Flag>| flag.is_some_and(|flag| flag.on);
    Run {
        container,
        name,
        env_files: reader.files("env-file"),
        label_files: reader.files("label-file"),
        volumes_from: reader.parsed.all("volumes-from").map(Given::as_value).collect(),
        pid: reader.last("pid").filter(|pid| !pid.text.is_empty()),
        privileged: on(reader.flag("privileged")),
        detached: on(reader.flag("detach")),
        removed: on(reader.flag("rm")),
        only_created: started.created,
        engine: started.engine.clone(),
        perhaps: Perhaps { mounts: all.perhaps, ..reader.perhaps },
        unseen: reader.parsed.unseen,
        refused: reader.parsed.refused,
    }
}

/// What `run` of an engine and of Compose have in common.
pub(super) struct Reader<'a, 'b> {
    pub(super) parsed: Parsed<'a>,
    pub(super) setting: &'b Setting<'b>,
    pub(super) perhaps: Perhaps,
}

impl Given {
    fn as_value(&self) -> Value {
        self.value.value(Some(self.span))
    }
}

impl<'a, 'b> Reader<'a, 'b> {
    pub(super) fn new(parsed: Parsed<'a>, setting: &'b Setting<'b>) -> Self {
        Self { parsed, setting, perhaps: Perhaps::default() }
    }

    fn rights(&mut self) -> Rights {
        let all = |reader: &Self, name: &str| -> Vec<String> {
            reader.parsed.all(name).map(|given| given.as_value().text).collect()
        };
        let privileged = self.flag("privileged").is_some_and(|flag| flag.on);
        Rights::of(all(self, "group-add").len(), &all(self, "cap-add"), &all(self, "cap-drop"), privileged)
    }

    fn miss(&mut self, what: impl Into<String>, span: Span) {
        self.parsed.unseen.push(Unseen { what: what.into(), span });
    }

    pub(super) fn refuse(&mut self, what: impl Into<String>, span: Span) {
        self.parsed.refused.push(Unseen { what: what.into(), span });
    }

    /// Tells what of the options is not sure.
    pub(super) fn common(&mut self, span: Span) {
        if self.parsed.informs() {
            self.refuse("it is asked for its help alone", span);
        }
        let mut told = Vec::new();
        for given in &self.parsed.given {
            let mut tell = |what: String| told.push(Unseen { what, span: given.span });
            if let Some((_, what)) = HIDING.iter().find(|(name, _)| *name == given.name) {
                tell((*what).to_owned());
            }
            if SHAPING.contains(&given.name) {
                if given.perhaps {
                    tell(format!("`--{}` is given on some ways to the command only", given.name));
                }
                if given.unclear {
                    tell(format!("what `--{}` is given is set in more than one way", given.name));
                }
            }
        }
        self.parsed.unseen.append(&mut told);
    }

    /// The last value of an option.
    pub(super) fn last(&self, name: &str) -> Option<Value> {
        self.parsed.last(name).map(Given::as_value)
    }

    /// A switch.
    pub(super) fn flag(&mut self, name: &str) -> Option<Flag> {
        let given = self.parsed.last(name)?;
        let (on, span) = (given.on(), given.span);
        match on {
            Some(on) => return Some(Flag { on, span }),
            None if given.value.is_symbolic() => {
                self.miss(format!("whether `--{name}` is on hangs on a variable"), span);
            }
            None => self.refuse(format!("`--{name}` is given neither true nor false"), span),
        }
        None
    }

    /// Files that the command reads, from its directory on.
    pub(super) fn files(&self, name: &str) -> Vec<Value> {
        let file = |given: &Given| absolute(&given.value, self.setting).value(Some(given.span));
        self.parsed.all(name).map(file).collect()
    }

    pub(super) fn directory(&mut self) -> Option<Value> {
        let given = self.parsed.last("workdir")?.clone();
        if given.value.is_empty() {
            return None;
        }
        if !given.value.starts_with('/') && given.value.first_hole().is_none() {
            self.refuse("the working directory is no absolute path", given.span);
            return None;
        }
        Some(given.value.cleaned().value(Some(given.span)))
    }

    fn image(&mut self, span: Span) -> Option<Value> {
        let Some(arg) = self.parsed.rest.first() else {
            self.refuse("no image is named", span);
            return None;
        };
        let place = self.setting.span(arg);
        if arg.unclear || arg.perhaps {
            self.miss("which image it is hangs on what runs before", place);
        }
        Some(Phrase::read(&arg.text, arg.unclear, self.setting).value(Some(place)))
    }

    /// One word; none takes the image's own away. podman takes a list in JSON, too.
    fn entrypoint(&mut self, given: &Given, family: Family) -> Command {
        let span = given.span;
        let known = given.value.known();
        let list = known.as_deref().filter(|text| family == Family::Podman && text.starts_with('[')).map(list);
        let words = match list {
            Some(Some(words)) => words.into_iter().map(|word| Value::known(word, Some(span))).collect(),
            Some(None) => {
                self.miss("the list that `--entrypoint` is given was not read", span);
                Vec::new()
            }
            None if given.value.is_empty() => Vec::new(),
            None => vec![given.as_value()],
        };
        Command { words, span }
    }

    /// The words from an operand on. Where there are none, an entrypoint takes the image's own away.
    pub(super) fn command(&mut self, from: usize, entrypoint: Option<&Command>) -> Option<Command> {
        let args = self.parsed.rest.get(from..).unwrap_or_default();
        let Some(first) = args.first() else {
            return entrypoint.map(|entrypoint| Command { words: Vec::new(), span: entrypoint.span });
        };
        self.perhaps.command = args.iter().any(|arg| arg.perhaps);
        let word = |arg: &Arg| Phrase::read(&arg.text, arg.unclear, self.setting).value(Some(self.setting.span(arg)));
        Some(Command { words: args.iter().map(word).collect(), span: self.setting.span(first) })
    }

    fn health(&mut self) -> Vec<Command> {
        let off = self.flag("no-healthcheck").is_some_and(|flag| flag.on);
        let Some(given) = self.parsed.last("health-cmd").filter(|given| !off && !given.value.is_empty()) else {
            return Vec::new();
        };
        let start = Span::at(given.span.file, given.span.start);
        let shell = ["/bin/sh", "-c"].map(|word| Value::known(word, Some(start)));
        vec![Command { words: shell.into_iter().chain([given.as_value()]).collect(), span: given.span }]
    }

    pub(super) fn labels(&mut self) -> BTreeMap<String, Label> {
        let mut labels = BTreeMap::new();
        for given in self.parsed.given.clone().iter().filter(|given| matches!(given.name, "label" | "labels")) {
            let (name, value) = given.value.split_once('=').unwrap_or_else(|| (given.value.clone(), Phrase::default()));
            match name.known() {
                Some(name) if name.is_empty() => self.refuse("a label has no name", given.span),
                Some(name) => {
                    if (given.perhaps || given.unclear) && name.starts_with("overlock.") {
                        self.miss(format!("the label `{name}` hangs on what runs before"), given.span);
                    }
                    let value = Value { span: Some(given.span), ..value.secret() };
                    labels.insert(name, Label { value, span: given.span });
                }
                None => self.miss("the name of a label hangs on a variable", given.span),
            }
        }
        labels
    }

    pub(super) fn env(&mut self) -> BTreeMap<String, EnvVar> {
        let mut env = BTreeMap::new();
        for given in self.parsed.given.clone().iter().filter(|given| given.name == "env") {
            let (name, value) = match given.value.split_once('=') {
                Some((name, value)) => (name, Some(value)),
                None => (given.value.clone(), None),
            };
            let end = given.text.0.iter().position(|glyph| glyph.ch == '=').unwrap_or(given.text.0.len());
            // Never the value, which may be secret.
            let start = Span::at(given.span.file, given.span.start);
            let span = self.setting.spot(&given.text.part(0, end)).unwrap_or(start);
            let Some(name) = name.known() else {
                self.miss("the name of a variable hangs on another", span);
                continue;
            };
            if name.is_empty() {
                self.refuse("a variable has no name", span);
                continue;
            }
            if name.ends_with('*') && value.is_none() {
                // To podman a pattern, to docker an odd name.
                self.miss("which variables are handed over hangs on the names of those that there are", span);
                continue;
            }
            if given.perhaps {
                self.perhaps.env.push(name.clone());
            }
            let inherited = |name: &str| match (self.setting.lookup)(name) {
                Variable::Set(value) => EnvValue::Set(Phrase::of(&value).secret()),
                Variable::Unset | Variable::Unknown => EnvValue::Inherited,
            };
            let value = value.map_or_else(|| inherited(&name), |value| EnvValue::Set(value.secret()));
            env.insert(name, EnvVar { value, span });
        }
        self.perhaps.env.sort();
        self.perhaps.env.dedup();
        env
    }
}

/// The strings of a list in JSON, where none needs an escape.
fn list(text: &str) -> Option<Vec<String>> {
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
