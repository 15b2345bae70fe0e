//! Runs the instructions of one stage. Uses `stages`, `words` and `expand`.

use std::collections::BTreeMap;
use std::ops::Range;
use std::rc::Rc;

use super::expand::{self, Bad, Scope};
use super::lines::{Ch, Instruction};
use super::stages::Build;
use super::words;
use super::{BASE_WORKDIR, Base, Image, Step};
use crate::model::{Command, EnvValue, EnvVar, Label, Symbol, Unseen, Value, clean};
use crate::text::{FileId, SourceFile, Span};

/// What a builder gives an image without one.
const DEFAULT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/// Words that are read of one instruction.
const MAX_WORDS: usize = 2000;
/// Variables that are kept of one stage.
const MAX_VARIABLES: usize = 500;

/// The place of some bytes of a file.
pub(super) fn span(file: FileId, source: &SourceFile, at: &Range<usize>) -> Span {
    Span { file, start: source.position(at.start), end: source.position(at.end) }
}

/// The image that is nothing yet.
pub(super) fn scratch(span: Span) -> Image {
    let path = EnvVar { value: EnvValue::Set(Value::known(DEFAULT_PATH, None)), span };
    Image { base: Base::Scratch, env: BTreeMap::from([("PATH".to_owned(), path)]), ..Image::default() }
}

pub(super) struct Stage<'s, 'b> {
    pub(super) build: &'s mut Build<'b>,
    pub(super) image: Image,
    /// Whether this stage itself has a `CMD` so far.
    commands: bool,
    /// The environment of a `RUN`, until it changes.
    pub(super) environment: Option<Rc<BTreeMap<String, EnvVar>>>,
}

impl<'s, 'b> Stage<'s, 'b> {
    pub(super) fn new(build: &'s mut Build<'b>, mut image: Image) -> Self {
        image.triggers.clear();
        Self { build, image, commands: false, environment: None }
    }

    pub(super) fn finished(self) -> Image {
        self.image
    }

    pub(super) fn instruction(&mut self, given: &Instruction) {
        let done = match given.keyword.as_str() {
            "ENV" | "ARG" | "LABEL" | "VOLUME" | "COPY" | "ADD" if words::fields(&given.rest).len() > MAX_WORDS => {
                Err("more words than are read")
            }
            "ENV" => self.env(given),
            "ARG" => self.arg(given),
            "LABEL" => self.label(given),
            "USER" => self.text(given, &given.rest).map(|user| self.image.user = Some(user)),
            "WORKDIR" => self.text(given, &given.rest).map(|path| {
                let path = self.below(path);
                self.image.directories.extend((!path.is_symbolic()).then(|| path.text.clone()));
                self.image.working_dir = Some(path);
            }),
            "ENTRYPOINT" => self.command(given, 0).map(|command| self.entrypoint(command)),
            "CMD" => self.command(given, 0).map(|command| {
                self.image.command = Some(command);
                self.commands = true;
            }),
            "HEALTHCHECK" => self.healthcheck(given),
            "SHELL" => self.shell(given),
            "VOLUME" => self.volume(given),
            "COPY" | "ADD" => self.copy(given),
            "RUN" => self.run(given),
            "ONBUILD" => self.trigger(given),
            "EXPOSE" | "STOPSIGNAL" | "MAINTAINER" => Ok(()),
            _ => {
                self.unread(given);
                Err("no instruction that is known")
            }
        };
        if let Err(why) = done {
            let what = match given.keyword.as_str() {
                "ENV" | "ARG" | "LABEL" | "USER" | "WORKDIR" | "SHELL" | "VOLUME" | "HEALTHCHECK" => {
                    format!("this `{}`: {why}", given.keyword)
                }
                "COPY" | "ADD" | "RUN" | "ENTRYPOINT" | "CMD" => {
                    self.unread(given);
                    format!("this `{}`: {why}", given.keyword)
                }
                _ => format!("this line: {why}; it was passed over"),
            };
            let span = self.span(given, &given.at);
            self.image.unseen.push(Unseen { what, span });
        }
    }

    fn trigger(&mut self, given: &Instruction) -> Result<(), Bad> {
        let inner = given.inner().filter(|inner| !matches!(inner.keyword.as_str(), "ONBUILD" | "FROM" | "MAINTAINER"));
        self.image.triggers.push(Rc::new(inner.ok_or("it cannot be a trigger")?));
        Ok(())
    }

    fn unread(&mut self, given: &Instruction) {
        let span = self.span(given, &given.at);
        self.image.steps.push(Rc::new(Step::Unread(span)));
    }

    /// A trigger may stand in another file.
    pub(super) fn span(&self, given: &Instruction, at: &Range<usize>) -> Span {
        if given.file == self.build.file {
            return self.build.span(at);
        }
        span(given.file, &self.build.sources.get(given.file), at)
    }

    pub(super) fn expand(&self, chars: &[Ch], escape: char, quotes: bool) -> Result<Value, Bad> {
        let Image { env, args, unclear, base, .. } = &self.image;
        expand::expand(chars, escape, quotes, &Scope { env, args, unclear, open: *base != Base::Scratch })
    }

    /// Some characters of an instruction, variables replaced.
    pub(super) fn text(&self, given: &Instruction, chars: &[Ch]) -> Result<Value, Bad> {
        let value = self.expand(chars, given.escape, true)?;
        if value.text.is_empty() {
            return Err("it is empty");
        }
        Ok(Value { span: Some(self.span(given, &given.bytes(chars))), ..value })
    }

    /// A path below the working directory.
    pub(super) fn below(&self, path: Value) -> Value {
        if path.text.starts_with('/') {
            return Value { text: clean(&path.text), ..path };
        }
        let begins = path.symbols.first().is_some_and(|first| path.text.starts_with(&format!("${{{}}}", first.name)));
        if begins {
            // It may be absolute or not.
            return path;
        }
        let directory = self.image.working_dir.clone().unwrap_or_else(|| match self.image.base {
            Base::Scratch => Value::known("/", None),
            Base::Named(_) | Base::Unread => {
                let symbols = vec![Symbol { name: BASE_WORKDIR.to_owned(), required: true }];
                Value { text: format!("${{{BASE_WORKDIR}}}"), symbols, ..Value::default() }
            }
        });
        let mut symbols = directory.symbols;
        symbols.extend(path.symbols);
        Value {
            text: clean(&format!("{}/{}", directory.text, path.text)),
            symbols,
            span: path.span,
            ..Value::default()
        }
    }

    fn env(&mut self, given: &Instruction) -> Result<(), Bad> {
        // All of one instruction see what held before it.
        let mut set = Vec::new();
        for (name, value) in words::pairs(&given.rest, given.escape) {
            let span = self.span(given, &given.bytes(name));
            let name = self.expand(name, given.escape, true)?;
            let text = self.expand(value.ok_or("a name without a value")?, given.escape, true)?;
            let at = self.span(given, &given.bytes(value.unwrap_or_default()));
            let value = Value { span: Some(at), ..text };
            set.push((name.text, EnvVar { value: EnvValue::Set(value), span }));
        }
        if self.image.env.len() + set.len() > MAX_VARIABLES {
            return Err("more variables than are kept");
        }
        for (name, _) in &set {
            self.image.unclear.remove(name);
        }
        self.image.env.extend(set);
        self.environment = None;
        Ok(())
    }

    fn arg(&mut self, given: &Instruction) -> Result<(), Bad> {
        if self.image.args.len() > MAX_VARIABLES {
            return Err("more arguments than are kept");
        }
        for word in words::named(&given.rest, given.escape) {
            let (written, default) = words::pair(word);
            let (name, span) = (words::text(written), self.span(given, &given.bytes(written)));
            let inherited = || EnvVar { value: EnvValue::Inherited, span };
            let value = match (self.build.request.args.get(&name), default) {
                (Some(argument), _) => argument.clone(),
                (None, Some(default)) => {
                    let value = self.expand(default, given.escape, true)?;
                    EnvVar { value: EnvValue::Set(value), span }
                }
                (None, None) => self.build.globals.get(&name).cloned().unwrap_or_else(inherited),
            };
            if self.image.env.get(&name).is_some_and(|env| env.value != value.value) {
                self.image.unclear.insert(name.clone());
            }
            self.image.args.insert(name, value);
        }
        self.environment = None;
        Ok(())
    }

    fn label(&mut self, given: &Instruction) -> Result<(), Bad> {
        for (name, value) in words::pairs(&given.rest, given.escape) {
            let value = value.ok_or("a name without a value")?;
            let key = self.expand(name, given.escape, true)?.text;
            let text = self.expand(value, given.escape, true)?;
            let (from, at) = (given.bytes(name), given.bytes(value));
            let span = self.span(given, &(from.start..if value.is_empty() { from.end + 1 } else { at.end }));
            let value = Value { span: Some(self.span(given, &at)), ..text };
            self.image.labels.insert(key, Label { value, span });
        }
        Ok(())
    }

    fn volume(&mut self, given: &Instruction) -> Result<(), Bad> {
        let quoted = words::json(&given.rest).map(|words| words.into_iter().map(|word| word.written).collect());
        for word in quoted.unwrap_or_else(|| words::fields(&given.rest)) {
            let path = self.text(given, word)?;
            self.image.volumes.push(path);
        }
        Ok(())
    }

    fn shell(&mut self, given: &Instruction) -> Result<(), Bad> {
        let words = words::json(&given.rest).filter(|words| !words.is_empty()).ok_or("no JSON array of words")?;
        self.image.shell = Some(self.listed(given, &words));
        Ok(())
    }

    fn entrypoint(&mut self, command: Command) {
        if !self.commands {
            self.image.command = Some(Command { words: Vec::new(), span: command.span });
        }
        self.image.entrypoint = Some(command);
    }

    fn listed(&self, given: &Instruction, words: &[words::Quoted]) -> Command {
        let value =
            |word: &words::Quoted| Value::known(word.text.clone(), Some(self.span(given, &given.bytes(word.written))));
        let words = words.iter().map(value).collect();
        Command { words, span: self.span(given, &given.bytes(&given.rest)) }
    }

    /// The words of the shell in force before its text.
    pub(super) fn in_shell(&self, text: Value, span: Span) -> Command {
        let default = || ["/bin/sh", "-c"].map(|word| Value::known(word, None)).to_vec();
        let mut words = self.image.shell.as_ref().map_or_else(default, |shell| shell.words.clone());
        words.push(text);
        Command { words, span }
    }

    /// The command that begins at a character of the arguments.
    pub(super) fn command(&self, given: &Instruction, from: usize) -> Result<Command, Bad> {
        let chars = given.rest.get(from..).unwrap_or_default();
        if chars.is_empty() {
            return Err("there is nothing to run");
        }
        if let Some(words) = words::json(chars) {
            if words.len() > MAX_WORDS {
                return Err("more words than are read");
            }
            let command = self.listed(given, &words);
            return Ok(Command { span: self.span(given, &given.bytes(chars)), ..command });
        }
        let span = self.span(given, &given.bytes(chars));
        Ok(self.in_shell(Value::known(given.shell_text(from), Some(span)), span))
    }

    fn healthcheck(&mut self, given: &Instruction) -> Result<(), Bad> {
        let (_, rest) = words::flags(&given.rest, given.escape);
        let kind = words::text(words::fields(rest).into_iter().next().unwrap_or_default());
        let after = words::trimmed(rest.get(kind.chars().count()..).unwrap_or_default());
        let span = self.span(given, &given.bytes(rest));
        self.image.healthcheck = Some(match kind.to_ascii_uppercase().as_str() {
            "NONE" => Command { words: Vec::new(), span },
            "CMD" => self.command(given, given.rest.len() - after.len())?,
            _ => return Err("neither `CMD` nor `NONE`"),
        });
        Ok(())
    }
}
