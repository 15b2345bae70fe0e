//! What a devcontainer.json says of its container: the options that it stands for are handed to the one reader of
//! `docker run`, each with its place in the file. Uses `variables`, `docker_cli` and `model`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::variables::{Variables, is_of_project};
use crate::input::docker_cli::{self, AmbientChoice, Argument, CommandContext, DockerCommand, DockerRun};
use crate::model::{
    Build, Command, EnvValue, EnvVar, Feature, HandedVariables, PartialText, Value, VariableState, clean,
};
use crate::text::json::traced_string;
use crate::text::yaml::{Entry, Node};
use crate::text::{FileId, SourceFile, Sources, Span, TracedText};

/// The most items of one list that are read: a container has a handful.
const MANY: usize = 500;
/// The programs whose options a file may be written for, the usual one first.
const ENGINES: [&str; 2] = ["docker", "podman"];
/// The commands that are run in the container, each time that it is made, starts, or somebody attaches.
const SETUP: [&str; 5] =
    ["onCreateCommand", "updateContentCommand", "postCreateCommand", "postStartCommand", "postAttachCommand"];

/// One file, as it is read.
pub(super) struct Description<'a> {
    pub(super) root: &'a Node,
    pub(super) source: Arc<SourceFile>,
    pub(super) file: FileId,
    pub(super) sources: &'a Sources,
    /// The directory that the file is in, which paths in it start at.
    pub(super) directory: PathBuf,
    pub(super) variables: &'a Variables<'a>,
    /// Why the file was not read whole, with the place.
    pub(super) faults: Vec<(String, Span)>,
    /// The mounts whose sources are named after the project.
    pub(super) own_mounts: Vec<Span>,
    /// Whether the container's name is.
    pub(super) has_own_name: bool,
}

/// Whether the source of a mount is named after the project, in either form of a mount on the command line.
fn has_own_source(mount: &str) -> bool {
    let mount = mount.strip_prefix("--mount=").unwrap_or(mount);
    let field = mount.split(',').find(|field| field.starts_with("source=") || field.starts_with("src="));
    // Where a path begins after a colon, that is the target.
    let source = field.unwrap_or_else(|| mount.split(":/").next().unwrap_or_default());
    is_of_project(source) && !source.contains("/..")
}

impl Description<'_> {
    pub(super) fn entry(&self, key: &str) -> Option<&Entry> {
        self.root.entry(key).filter(|entry| !entry.value.is_null())
    }

    /// Notes a part of the file that is not what the specification says.
    fn note_fault(&mut self, what: String, span: Span) {
        self.faults.push((what, span));
    }

    /// The text of a string with the place of every character, and where that is; a number or a truth value as it stands.
    pub(super) fn traced(&self, node: &Node) -> Option<(TracedText, Span)> {
        let scalar = node.as_scalar().filter(|_| !node.is_null())?;
        if !scalar.quoted {
            return Some((TracedText::plain(&scalar.text), node.span));
        }
        let mut span = node.span;
        span.start.column += 1;
        span.end.column = span.end.column.saturating_sub(1);
        let from = self.source.offset(span.start)?;
        Some((traced_string(self.source.slice(span), self.file, from), span))
    }

    /// A string with its variables put in.
    pub(super) fn value(&self, node: &Node) -> Option<Value> {
        let (text, span) = self.traced(node)?;
        Some(self.variables.expand(&text).to_value(Some(span)))
    }

    /// The string of a key, where it is there and not empty.
    pub(super) fn value_of(&self, key: &str) -> Option<Value> {
        self.value(&self.entry(key)?.value).filter(|value| !value.text.is_empty())
    }

    /// The strings of a key that is a list of them, or one string.
    pub(super) fn strings(&mut self, key: &str) -> Vec<(TracedText, Span)> {
        let Some(entry) = self.entry(key) else { return Vec::new() };
        let (node, span) = (entry.value.clone(), entry.key_span);
        let items = match node.as_seq() {
            Some(items) => items.to_vec(),
            None => vec![node],
        };
        if items.len() > MANY {
            self.note_fault(format!("of `{key}` no more than {MANY} were read"), span);
        }
        let mut found = Vec::new();
        for item in items.iter().take(MANY) {
            match self.traced(item) {
                Some(text) => found.push(text),
                None => self.note_fault(format!("`{key}` holds something that is no text"), item.span),
            }
        }
        found
    }

    /// The keys and values of a key that is an object.
    pub(super) fn entries(&mut self, key: &str) -> Vec<Entry> {
        let Some(entry) = self.entry(key) else { return Vec::new() };
        let (node, span) = (entry.value.clone(), entry.key_span);
        let Some(entries) = node.as_map() else {
            self.note_fault(format!("`{key}` is no object"), node.span);
            return Vec::new();
        };
        if entries.len() > MANY {
            self.note_fault(format!("of `{key}` no more than {MANY} were read"), span);
        }
        entries.iter().take(MANY).cloned().collect()
    }

    /// An option with a value that is written in the file.
    fn option(&self, name: &str, text: &TracedText, span: Span) -> [Argument; 2] {
        let option = Argument { text: TracedText::plain(name), span: Some(span), ..Argument::default() };
        [option, Argument { text: self.variables.put_into(text), span: Some(span), ..Argument::default() }]
    }

    /// The mounts, each as `--mount` has it.
    fn mount_options(&mut self) -> Vec<Argument> {
        let Some(entry) = self.entry("mounts") else { return Vec::new() };
        let (node, span) = (entry.value.clone(), entry.key_span);
        let Some(items) = node.as_seq() else {
            self.note_fault("`mounts` is no list".to_owned(), node.span);
            return Vec::new();
        };
        if items.len() > MANY {
            self.note_fault(format!("of `mounts` no more than {MANY} were read"), span);
        }
        let mut words = Vec::new();
        for item in items.iter().take(MANY) {
            match (item.as_map(), self.traced(item)) {
                (Some(fields), _) => {
                    let text = self.mount_text(fields);
                    self.own_mounts.extend(has_own_source(&text.raw()).then_some(item.span));
                    words.extend(self.option("--mount", &text, item.span));
                }
                (None, Some((text, span))) => {
                    self.own_mounts.extend(has_own_source(&text.raw()).then_some(span));
                    words.extend(self.option("--mount", &text, span));
                }
                (None, None) => self.note_fault("a mount is neither a text nor an object".to_owned(), item.span),
            }
        }
        words
    }

    /// A mount that is an object: its other fields mean nothing to those who start the container.
    fn mount_text(&mut self, fields: &[Entry]) -> TracedText {
        let mut text = TracedText::default();
        for field in fields.iter().filter(|field| matches!(field.key.as_str(), "type" | "source" | "target")) {
            let Some((value, _)) = self.traced(&field.value) else {
                self.note_fault(format!("the `{}` of a mount is no text", field.key), field.value.span);
                continue;
            };
            let separator = if text.is_empty() { "" } else { "," };
            text.push(&TracedText::plain(&format!("{separator}{}=", field.key)));
            let raw = value.raw();
            if raw.contains([',', '"', '\n']) {
                // As a line of CSV has it.
                text.push(&TracedText::plain(&format!("\"{}\"", raw.replace('"', "\"\""))));
            } else {
                text.push(&value);
            }
        }
        text
    }

    fn env_options(&mut self, key: &str) -> Vec<Argument> {
        let mut words = Vec::new();
        for entry in self.entries(key) {
            let Some((value, span)) = self.traced(&entry.value) else {
                if !entry.value.is_null() {
                    self.note_fault(format!("a value of `{key}` is no text"), entry.value.span);
                }
                continue;
            };
            let mut text = self.key_text(&entry);
            text.push(&TracedText::plain("="));
            text.push(&value);
            words.extend(self.option("--env", &text, Span { end: span.end, ..entry.key_span }));
        }
        words
    }

    /// A key with the place of every character.
    fn key_text(&self, entry: &Entry) -> TracedText {
        let node = Node::text(entry.key_span, entry.key.as_str());
        let mut span = node.span;
        span.start.column += 1;
        span.end.column = span.end.column.saturating_sub(1);
        let from = self.source.offset(span.start).unwrap_or_default();
        traced_string(self.source.slice(span), self.file, from)
    }

    /// Where a key is written, without its quotes.
    pub(super) fn key_span(entry: &Entry) -> Span {
        let mut span = entry.key_span;
        span.start.column += 1;
        span.end.column = span.end.column.saturating_sub(1);
        span
    }

    /// Whether a switch is on.
    fn is_on(&self, key: &str) -> Option<bool> {
        let scalar = self.entry(key)?.value.as_scalar()?;
        Some(scalar.text == "true")
    }

    /// Whether the container's own command is replaced by one that waits.
    pub(super) fn overrides_command(&self, by_default: bool) -> bool {
        self.is_on("overrideCommand").unwrap_or(by_default)
    }

    /// The command that waits, in the place of the container's own.
    pub(super) fn waiting_command(&self) -> [Command; 2] {
        let span = Span::at(self.file, self.place().start);
        let command = |words: &[&str]| Command {
            words: words.iter().map(|word| Value::known(*word, Some(span))).collect(),
            span,
        };
        [command(&["/bin/sh"]), command(&["-c", "while sleep 1000; do :; done"])]
    }

    /// The options that a feature may add too.
    pub(super) fn container_options(&mut self) -> Vec<Argument> {
        let mut words = self.mount_options();
        words.extend(self.env_options("containerEnv"));
        for (key, option) in [("privileged", "--privileged"), ("init", "--init")] {
            if self.is_on(key) == Some(true) {
                words.push(Argument { text: TracedText::plain(option), ..Argument::default() });
            }
        }
        for (key, option) in [("capAdd", "--cap-add"), ("securityOpt", "--security-opt")] {
            for (text, span) in self.strings(key) {
                words.extend(self.option(option, &text, span));
            }
        }
        words
    }

    /// The container that the file describes, as a command line with `more` options starts it; a service of Compose takes
    /// some of it alone.
    /// What the first engine would refuse may be for the other one.
    pub(super) fn run(&mut self, more: Vec<Argument>, is_service: bool) -> Option<DockerRun> {
        let mut words = more;
        words.extend(self.container_options());
        if let Some((text, span)) = self.entry("containerUser").and_then(|entry| self.traced(&entry.value)) {
            words.extend(self.option("--user", &text, span));
        }
        if !is_service {
            let mut is_name = false;
            for (text, span) in self.strings("runArgs") {
                let raw = text.raw();
                self.has_own_name |= (is_name || raw.starts_with("--name=")) && is_of_project(&raw);
                is_name = raw == "--name";
                self.own_mounts.extend(has_own_source(&raw).then_some(span));
                let text = self.variables.put_into(&text);
                words.push(Argument { text, span: Some(span), ..Argument::default() });
            }
        }
        let runs = ENGINES.map(|engine| self.read_options(engine, &words));
        let [first, second] = runs;
        let is_for_other =
            first.as_ref().is_some_and(|run| !run.refused.is_empty() || run.container.unseen_mounts.is_some())
                && second.as_ref().is_some_and(|run| run.refused.is_empty());
        if is_for_other { second } else { first }
    }

    fn read_options(&self, engine: &str, options: &[Argument]) -> Option<DockerRun> {
        let here = self.place();
        let plain = |word: &str| Argument { text: TracedText::plain(word), span: Some(here), ..Argument::default() };
        let mut words = vec![plain(engine), plain("run"), plain("--detach")];
        words.extend(options.iter().cloned());
        let image = self.entry("image").and_then(|entry| self.traced(&entry.value));
        match image {
            Some((text, span)) => {
                let text = self.variables.put_into(&text);
                words.push(Argument { text, span: Some(span), ..Argument::default() });
            }
            None => words.push(plain("image")),
        }
        let base = Value::known(self.variables.local_folder.as_str(), None);
        let environment = |name: &str| match name {
            "PWD" => VariableState::Set(base.clone()),
            _ => self.variables.state_of(name),
        };
        let context = CommandContext {
            sources: self.sources,
            here,
            base: Some(base.clone()),
            base_words: None,
            environment: &environment,
            ambient: AmbientChoice::default(),
            handed: &HandedVariables::default,
        };
        match docker_cli::read(&words, &context)? {
            DockerCommand::Run(mut run) => {
                run.container.span = here;
                if self.entry("image").is_none() {
                    run.container.image = None;
                }
                Some(*run)
            }
            _ => None,
        }
    }

    /// Where the container as a whole is described.
    pub(super) fn place(&self) -> Span {
        let keys = ["image", "build", "dockerFile", "service", "dockerComposeFile", "name"];
        let entry = keys.iter().find_map(|key| self.entry(key));
        entry.map_or(Span::at(self.file, self.root.span.start), |entry| entry.key_span)
    }

    /// The mount of the directory that is opened, and where that is in the container.
    pub(super) fn workspace(&self, top: &Path) -> (Vec<Argument>, Option<Value>) {
        let local = Path::new(&self.variables.local_folder);
        let said = self.value_of("workspaceFolder").map(|folder| Value { text: clean(&folder.text), ..folder });
        if let Some((text, span)) = self.entry("workspaceMount").and_then(|entry| self.traced(&entry.value)) {
            let mount = if text.is_empty() { Vec::new() } else { self.option("--mount", &text, span).to_vec() };
            return (mount, said);
        }
        // The whole repository is mounted, where the directory is in one.
        let mounted = if local.starts_with(top) { top } else { local };
        let name = mounted.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        let target = format!("/workspaces/{name}");
        let below = local.strip_prefix(mounted).map(|below| below.display().to_string()).unwrap_or_default();
        let folder = said.unwrap_or_else(|| Value::known(clean(&format!("{target}/{below}")), None));
        let quoted = |text: &str| text.replace('"', "\"\"");
        let source = quoted(&mounted.display().to_string());
        let text = format!("type=bind,\"source={source}\",\"target={}\"", quoted(&target));
        (self.option("--mount", &TracedText::plain(&text), self.place()).to_vec(), Some(folder))
    }

    /// How its image is built.
    pub(super) fn build(&mut self) -> Option<Build> {
        let build = self.entry("build").map(|entry| entry.value.clone());
        let of = |key: &str| build.as_ref().and_then(|build| build.get(key)).and_then(|node| self.value(node));
        let dockerfile = of("dockerfile").or_else(|| self.value_of("dockerFile"))?;
        let context = of("context").or_else(|| self.value_of("context")).unwrap_or_else(|| Value::known(".", None));
        Some(Build {
            secrets: std::collections::BTreeMap::new(),
            context: Some(self.path(context)),
            dockerfile: Some(self.path(dockerfile)),
            inline: None,
            target: of("target").filter(|target| !target.text.is_empty()),
            contexts: std::collections::BTreeMap::new(),
            span: build.map_or_else(|| self.place(), |build| build.span),
        })
    }

    /// The arguments of the build.
    pub(super) fn build_args(&self) -> std::collections::BTreeMap<String, EnvVar> {
        let args = self.entry("build").and_then(|entry| entry.value.get("args")).cloned();
        let entries = args.as_ref().and_then(|args| args.as_map()).unwrap_or_default();
        let argument = |entry: &Entry| {
            let (text, _) = self.traced(&entry.value)?;
            let value = EnvValue::set(self.variables.expand(&text).to_secret_value());
            Some((entry.key.clone(), EnvVar::new(value, Self::key_span(entry))))
        };
        entries.iter().take(MANY).filter_map(argument).collect()
    }

    /// A path that starts at the directory of the file.
    pub(super) fn path(&self, value: Value) -> Value {
        if value.text.starts_with('/') || value.text.starts_with("${") {
            return Value { text: clean(&value.text), ..value };
        }
        Value { text: clean(&self.directory.join(&value.text).display().to_string()), ..value }
    }

    /// The variables of those who work in it, over those of the container: `None` takes one away.
    pub(super) fn remote_env(&mut self) -> Vec<(String, Option<EnvVar>)> {
        let mut found = Vec::new();
        for entry in self.entries("remoteEnv") {
            let span = Self::key_span(&entry);
            if entry.value.is_null() {
                found.push((entry.key.clone(), None));
                continue;
            }
            let Some((text, _)) = self.traced(&entry.value) else {
                self.note_fault("a value of `remoteEnv` is no text".to_owned(), entry.value.span);
                continue;
            };
            // What is put before or behind the container's own path says nothing of the rest.
            if entry.key == "PATH" && text.raw().contains("${containerEnv:PATH") {
                continue;
            }
            let value = EnvValue::set(self.variables.expand(&text).to_secret_value());
            found.push((entry.key.clone(), Some(EnvVar::new(value, span))));
        }
        found
    }

    /// What is installed beside the image.
    pub(super) fn features(&mut self) -> Vec<Feature> {
        let entries = self.entries("features");
        let feature = |entry: &Entry| {
            let (before, last) = entry.key.rsplit_once('/').map_or(("", entry.key.as_str()), |(a, b)| (a, b));
            let last = last.split([':', '@']).next().unwrap_or_default();
            let name = if before.is_empty() { last.to_owned() } else { format!("{before}/{last}") };
            // A text in the place of the options is the version.
            let version = entry.value.get("version").or(Some(&entry.value)).and_then(|node| self.value(node));
            Feature { name, version, span: Self::key_span(entry) }
        };
        entries.iter().map(feature).collect()
    }

    /// The commands of a key: a text for a shell, words, or several of both by name.
    pub(super) fn commands(&mut self, key: &str) -> Vec<Command> {
        let Some(entry) = self.entry(key) else { return Vec::new() };
        let node = entry.value.clone();
        let nodes = match node.as_map() {
            Some(entries) => entries.iter().take(MANY).map(|entry| entry.value.clone()).collect(),
            None => vec![node],
        };
        let mut commands = Vec::new();
        for node in nodes.iter().filter(|node| !node.is_null()) {
            match self.command(node) {
                Some(command) => commands.push(command),
                None => self.note_fault(format!("`{key}` is neither a text nor a list of words"), node.span),
            }
        }
        commands
    }

    fn command(&self, node: &Node) -> Option<Command> {
        let start = Span::at(self.file, node.span.start);
        let word = |node: &Node| {
            let (text, _) = self.traced(node)?;
            Some(self.variables.expand(&text).to_value(Some(node.span)))
        };
        let words = match node.as_seq() {
            Some(items) => items.iter().take(MANY).map(|item| word(item)).collect::<Option<Vec<_>>>()?,
            None => {
                let shell = ["/bin/sh", "-c"].map(|word| Value::known(word, Some(start)));
                shell.into_iter().chain([word(node)?]).collect()
            }
        };
        Some(Command { words, span: node.span })
    }

    /// The commands that are run in the container.
    pub(super) fn setup(&mut self) -> Vec<Command> {
        SETUP.iter().flat_map(|key| self.commands(key)).filter(|command| !command.words.is_empty()).collect()
    }

    /// What is known of the container's variables, for those that name them.
    pub(super) fn keep_container_env(&self, run: &DockerRun) {
        let known = run.container.env.iter().filter_map(|(name, variable)| match &variable.value {
            EnvValue::Set(value) => Some((name.clone(), (**value).clone())),
            EnvValue::Inherited => match self.variables.state_of(name) {
                VariableState::Set(value) => Some((name.clone(), PartialText::of_value(&value).to_secret_value())),
                _ => None,
            },
        });
        self.variables.container_env.borrow_mut().extend(known);
    }
}
