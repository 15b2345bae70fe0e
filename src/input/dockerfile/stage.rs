//! Runs the instructions of one stage. Uses `arguments` and `build_variables`.

use std::collections::BTreeMap;
use std::ops::Range;
use std::rc::Rc;

use super::arguments;
use super::build_request::{BuildFile, span_in};
use super::build_variables::{self, BuildVariables, Reason};
use super::image::{BaseImage, BuildStep, CopyOrigin, Image};
use super::instructions::Instruction;
use super::source_chars::{SourceChar, text_of, trim_blanks};
use crate::model::{Command, EnvValue, EnvVar, Label, Symbol, USUAL_PATH, Unseen, Value, clean};
use crate::text::Span;

/// The symbol in a path that begins at the working directory of a base from elsewhere.
pub const BASE_WORKDIR: &str = "WORKDIR";

/// Words that are read of one instruction.
const MAX_WORDS: usize = 2000;
/// Variables that are kept of one stage.
const MAX_VARIABLES: usize = 500;

/// The image that is nothing yet.
pub(super) fn scratch(span: Span) -> Image {
    let path = EnvVar::new(EnvValue::set(Value::known(USUAL_PATH, None)), span);
    Image { base: BaseImage::Scratch, env: BTreeMap::from([("PATH".to_owned(), path)]), ..Image::default() }
}

/// A stage while its instructions run.
pub(super) struct Stage<'s, 'b> {
    pub(super) build: &'s BuildFile<'b>,
    /// What `--from` of a name means.
    pub(super) find_origin: &'s mut dyn FnMut(&str, Span) -> CopyOrigin,
    pub(super) image: Image,
    /// Whether this stage itself has a `CMD` so far.
    has_command: bool,
    /// The environment of a `RUN`, until it changes.
    pub(super) environment: Option<Rc<BTreeMap<String, EnvVar>>>,
}

impl<'s, 'b> Stage<'s, 'b> {
    pub(super) fn new(
        build: &'s BuildFile<'b>,
        mut image: Image,
        find_origin: &'s mut dyn FnMut(&str, Span) -> CopyOrigin,
    ) -> Self {
        image.triggers.clear();
        Self { build, find_origin, image, has_command: false, environment: None }
    }

    pub(super) fn into_image(self) -> Image {
        self.image
    }

    pub(super) fn run_instruction(&mut self, given: &Instruction) {
        let done = match given.keyword.as_str() {
            "ENV" | "ARG" | "LABEL" | "VOLUME" | "COPY" | "ADD"
                if arguments::split_blanks(&given.rest).len() > MAX_WORDS =>
            {
                Err("more words than are read")
            }
            "ENV" => self.set_env(given),
            "ARG" => self.declare_arg(given),
            "LABEL" => self.add_labels(given),
            "USER" => self.expand_argument(given, &given.rest).map(|user| self.image.user = Some(user)),
            "WORKDIR" => self.expand_argument(given, &given.rest).map(|path| {
                let path = self.below_working_dir(path);
                self.image.directories.extend((!path.is_symbolic()).then(|| path.text.clone()));
                self.image.working_dir = Some(path);
            }),
            "ENTRYPOINT" => self.parse_command(given, 0).map(|command| self.set_entrypoint(command)),
            "CMD" => self.parse_command(given, 0).map(|command| {
                self.image.command = Some(command);
                self.has_command = true;
            }),
            "HEALTHCHECK" => self.set_healthcheck(given),
            "SHELL" => self.set_shell(given),
            "VOLUME" => self.add_volumes(given),
            "COPY" | "ADD" => self.copy_files(given),
            "RUN" => self.run_command(given),
            "ONBUILD" => self.add_trigger(given),
            "EXPOSE" | "STOPSIGNAL" | "MAINTAINER" => Ok(()),
            _ => {
                self.mark_unread(given);
                Err("no instruction that is known")
            }
        };
        if let Err(why) = done {
            let what = match given.keyword.as_str() {
                "ENV" | "ARG" | "LABEL" | "USER" | "WORKDIR" | "SHELL" | "VOLUME" | "HEALTHCHECK" => {
                    format!("this `{}`: {why}", given.keyword)
                }
                "COPY" | "ADD" | "RUN" | "ENTRYPOINT" | "CMD" => {
                    self.mark_unread(given);
                    format!("this `{}`: {why}", given.keyword)
                }
                _ => format!("this line: {why}; it was passed over"),
            };
            let span = self.span_of(given, &given.at);
            self.image.unseen.push(Unseen { what, span });
        }
    }

    fn add_trigger(&mut self, given: &Instruction) -> Result<(), Reason> {
        let inner =
            given.triggered().filter(|inner| !matches!(inner.keyword.as_str(), "ONBUILD" | "FROM" | "MAINTAINER"));
        self.image.triggers.push(Rc::new(inner.ok_or("it cannot be a trigger")?));
        Ok(())
    }

    fn mark_unread(&mut self, given: &Instruction) {
        let span = self.span_of(given, &given.at);
        self.image.steps.push(Rc::new(BuildStep::Unread(span)));
    }

    /// A trigger may stand in another file.
    pub(super) fn span_of(&self, given: &Instruction, at: &Range<usize>) -> Span {
        if given.file == self.build.file {
            return self.build.span_of(at);
        }
        span_in(given.file, &self.build.sources.get(given.file), at)
    }

    pub(super) fn expand_variables(&self, chars: &[SourceChar], escape: char, quotes: bool) -> Result<Value, Reason> {
        let Image { env, args, unclear, base, .. } = &self.image;
        build_variables::expand_text(
            chars,
            escape,
            quotes,
            &BuildVariables { env, args, unclear, open: *base != BaseImage::Scratch },
        )
    }

    /// Some characters of an instruction, variables replaced.
    pub(super) fn expand_argument(&self, given: &Instruction, chars: &[SourceChar]) -> Result<Value, Reason> {
        let value = self.expand_variables(chars, given.escape, true)?;
        if value.text.is_empty() {
            return Err("it is empty");
        }
        Ok(Value { span: Some(self.span_of(given, &given.byte_range(chars))), ..value })
    }

    /// A path below the working directory.
    pub(super) fn below_working_dir(&self, path: Value) -> Value {
        if path.text.starts_with('/') {
            return Value { text: clean(&path.text), ..path };
        }
        let begins = path.symbols.first().is_some_and(|first| path.text.starts_with(&format!("${{{}}}", first.name)));
        if begins {
            // It may be absolute or not.
            return path;
        }
        let directory = self.image.working_dir.clone().unwrap_or_else(|| match self.image.base {
            BaseImage::Scratch => Value::known("/", None),
            BaseImage::Named(_) | BaseImage::Unread => {
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

    fn set_env(&mut self, given: &Instruction) -> Result<(), Reason> {
        // All of one instruction see what held before it.
        let mut set = Vec::new();
        for (name, value) in arguments::split_pairs(&given.rest, given.escape) {
            let span = self.span_of(given, &given.byte_range(name));
            let name = self.expand_variables(name, given.escape, true)?;
            let text = self.expand_variables(value.ok_or("a name without a value")?, given.escape, true)?;
            let at = self.span_of(given, &given.byte_range(value.unwrap_or_default()));
            let value = Value { span: Some(at), ..text };
            set.push((name.text, EnvVar::new(EnvValue::set(value), span)));
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

    fn declare_arg(&mut self, given: &Instruction) -> Result<(), Reason> {
        if self.image.args.len() > MAX_VARIABLES {
            return Err("more arguments than are kept");
        }
        for word in arguments::split_words(&given.rest, given.escape) {
            let (written, default) = arguments::split_pair(word);
            let (name, span) = (text_of(written), self.span_of(given, &given.byte_range(written)));
            let inherited = || EnvVar::new(EnvValue::Inherited, span);
            let value = match (self.build.request.args.get(&name), default) {
                (Some(argument), _) => argument.clone(),
                (None, Some(default)) => {
                    let value = self.expand_variables(default, given.escape, true)?;
                    EnvVar::new(EnvValue::set(value), span)
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

    fn add_labels(&mut self, given: &Instruction) -> Result<(), Reason> {
        for (name, value) in arguments::split_pairs(&given.rest, given.escape) {
            let value = value.ok_or("a name without a value")?;
            let key = self.expand_variables(name, given.escape, true)?.text;
            let text = self.expand_variables(value, given.escape, true)?;
            let (from, at) = (given.byte_range(name), given.byte_range(value));
            let span = self.span_of(given, &(from.start..if value.is_empty() { from.end + 1 } else { at.end }));
            let value = Value { span: Some(self.span_of(given, &at)), ..text };
            self.image.labels.insert(key, Label::new(value, span));
        }
        Ok(())
    }

    fn add_volumes(&mut self, given: &Instruction) -> Result<(), Reason> {
        let quoted =
            arguments::json_words(&given.rest).map(|words| words.into_iter().map(|word| word.written).collect());
        for word in quoted.unwrap_or_else(|| arguments::split_blanks(&given.rest)) {
            let path = self.expand_argument(given, word)?;
            self.image.volumes.push(path);
        }
        Ok(())
    }

    fn set_shell(&mut self, given: &Instruction) -> Result<(), Reason> {
        let words =
            arguments::json_words(&given.rest).filter(|words| !words.is_empty()).ok_or("no JSON array of words")?;
        self.image.shell = Some(self.json_command(given, &words));
        Ok(())
    }

    fn set_entrypoint(&mut self, command: Command) {
        if !self.has_command {
            self.image.command = Some(Command { words: Vec::new(), span: command.span });
        }
        self.image.entrypoint = Some(command);
    }

    fn json_command(&self, given: &Instruction, words: &[arguments::JsonWord]) -> Command {
        let value = |word: &arguments::JsonWord| {
            Value::known(word.text.clone(), Some(self.span_of(given, &given.byte_range(word.written))))
        };
        let words = words.iter().map(value).collect();
        Command { words, span: self.span_of(given, &given.byte_range(&given.rest)) }
    }

    /// The words of the shell in force before its text.
    pub(super) fn shell_command(&self, text: Value, span: Span) -> Command {
        let mut words = match &self.image.shell {
            Some(shell) => shell.words.clone(),
            None => vec![Value::known("/bin/sh", None), Value::known("-c", None)],
        };
        words.push(text);
        Command { words, span }
    }

    /// The command that begins at a character of the arguments.
    pub(super) fn parse_command(&self, given: &Instruction, from: usize) -> Result<Command, Reason> {
        let chars = given.rest.get(from..).unwrap_or_default();
        if chars.is_empty() {
            return Err("there is nothing to run");
        }
        if let Some(words) = arguments::json_words(chars) {
            if words.len() > MAX_WORDS {
                return Err("more words than are read");
            }
            let command = self.json_command(given, &words);
            return Ok(Command { span: self.span_of(given, &given.byte_range(chars)), ..command });
        }
        let span = self.span_of(given, &given.byte_range(chars));
        Ok(self.shell_command(Value::known(given.shell_text(from), Some(span)), span))
    }

    fn set_healthcheck(&mut self, given: &Instruction) -> Result<(), Reason> {
        let (_, rest) = arguments::split_flags(&given.rest, given.escape);
        let kind = text_of(arguments::split_blanks(rest).into_iter().next().unwrap_or_default());
        let after = trim_blanks(rest.get(kind.chars().count()..).unwrap_or_default());
        let span = self.span_of(given, &given.byte_range(rest));
        self.image.healthcheck = Some(match kind.to_ascii_uppercase().as_str() {
            "NONE" => Command { words: Vec::new(), span },
            "CMD" => self.parse_command(given, given.rest.len() - after.len())?,
            _ => return Err("neither `CMD` nor `NONE`"),
        });
        Ok(())
    }
}
