//! The instructions that make files: COPY, ADD and RUN, with their here-documents. Uses `stage` and `arguments`.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::arguments::{self, InstructionFlag};
use super::build_variables::Reason;
use super::image::{BuildStep, CopyOrigin, CopySource, CopyStep, Image, RunStep, SecretMount};
use super::instructions::{Heredoc, Instruction};
use super::source_chars::{SourceChar, text_of};
use super::stage::Stage;
use crate::model::{Command, EnvValue, EnvVar, Symbol, Value};

impl Stage<'_, '_> {
    pub(super) fn copy_files(&mut self, given: &Instruction) -> Result<(), Reason> {
        let (flags, rest) = arguments::split_flags(&given.rest, given.escape);
        let quoted = arguments::json_words(rest).map(|words| words.into_iter().map(|word| word.written).collect());
        let mut words: Vec<&[SourceChar]> = quoted.unwrap_or_else(|| arguments::split_blanks(rest));
        let target = words.pop().filter(|_| !words.is_empty()).ok_or("a source and a target are needed")?;
        let target = self.expand_argument(given, target)?;
        let into = target.text.ends_with('/') || target.text == "." || target.text.ends_with("/.");
        let adds = given.keyword == "ADD";
        let mut heredocs = given.heredocs.iter();
        let mut sources = Vec::new();
        for word in words {
            let begins = matches!(word, [('<', _), ('<', _), ..]);
            sources.push(match begins.then(|| heredocs.next()).flatten() {
                Some(heredoc) => self.heredoc_source(given, heredoc)?,
                None => {
                    let path = self.expand_argument(given, word)?;
                    if adds && is_remote(&path.text) { CopySource::Remote(path) } else { CopySource::Path(path) }
                }
            });
        }
        let from =
            flags.iter().find(|flag| flag.name == "from").map(|flag| self.copy_origin(given, flag)).transpose()?;
        let excludes = flags.iter().filter(|flag| flag.name == "exclude");
        let copied = CopyStep {
            from: from.unwrap_or_else(|| CopyOrigin::Context(self.build.request.context.clone())),
            sources,
            target: self.below_working_dir(target),
            into,
            parents: flags.iter().any(|flag| flag.name == "parents" && text_of(flag.value) != "false"),
            excludes: excludes.map(|flag| self.expand_argument(given, flag.value)).collect::<Result<_, _>>()?,
            unpacks: adds,
            span: self.span_of(given, &given.at),
        };
        self.image.steps.push(Rc::new(BuildStep::Copy(copied)));
        Ok(())
    }

    fn copy_origin(&mut self, given: &Instruction, flag: &InstructionFlag) -> Result<CopyOrigin, Reason> {
        let name = self.expand_argument(given, flag.value)?;
        let span = name.span.unwrap_or_default();
        Ok(if name.is_symbolic() { CopyOrigin::Image(name) } else { (self.find_origin)(&name.text, span) })
    }

    fn heredoc_source(&self, given: &Instruction, heredoc: &Heredoc) -> Result<CopySource, Reason> {
        let value = self.heredoc_body(given, heredoc);
        let mut text =
            if heredoc.chomp { value.text.split_inclusive('\n').map(strip_tabs).collect() } else { value.text };
        let mut symbols = Vec::new();
        if heredoc.expand {
            let chars: Vec<SourceChar> = text.chars().map(|ch| (ch, 0)).collect();
            let expanded = self.expand_variables(&chars, given.escape, false)?;
            (text, symbols) = (expanded.text, expanded.symbols);
        }
        Ok(CopySource::Text {
            name: heredoc.name.clone(),
            text: Value { text, symbols, span: value.span, ..Value::default() },
        })
    }

    fn heredoc_body(&self, given: &Instruction, heredoc: &Heredoc) -> Value {
        let source = self.build.sources.get(given.file);
        let text = source.text().get(heredoc.body.clone()).unwrap_or_default();
        Value::known(text.replace("\r\n", "\n"), Some(self.span_of(given, &heredoc.body)))
    }

    pub(super) fn run_command(&mut self, given: &Instruction) -> Result<(), Reason> {
        let (flags, rest) = arguments::split_flags(&given.rest, given.escape);
        let from = given.rest.len() - rest.len();
        let mounts = flags.iter().filter(|flag| flag.name == "mount");
        let binds = mounts.clone().filter_map(|flag| self.bind_of(given, flag)).collect();
        let secrets = mounts.filter_map(|flag| self.secret_of(given, flag)).collect();
        let mut command = self.parse_command(given, from)?;
        let mut script = None;
        let shown = text_of(rest);
        if let Some(heredoc) = given.heredocs.first() {
            // The name of a here-document alone: its text is what runs.
            let begins = shown.trim_start_matches(|ch: char| ch.is_ascii_digit()).starts_with("<<");
            let alone = arguments::split_blanks(rest).len() == 1 && begins;
            let body = self.heredoc_body(given, heredoc);
            let shebang = body.text.lines().next().and_then(|line| line.strip_prefix("#!")).map(str::to_owned);
            let span = body.span.unwrap_or_default();
            command = match (alone, shebang) {
                (true, Some(interpreter)) => shebang_command(&interpreter, heredoc, body, &mut script),
                (true, None) => self.shell_command(body, span),
                (false, _) => self.with_heredocs(given, from),
            };
        }
        let environment = self.run_environment();
        let Image { user, working_dir, .. } = &self.image;
        let (user, working_dir) = (user.clone(), working_dir.clone());
        let span = self.span_of(given, &given.at);
        let ran = RunStep {
            command,
            script,
            env: environment,
            user,
            working_dir,
            binds,
            secrets,
            span,
            read: Box::default(),
        };
        self.image.steps.push(Rc::new(BuildStep::Run(ran)));
        Ok(())
    }

    /// What a `--mount=type=bind` has at its target while a RUN runs.
    fn bind_of(&mut self, given: &Instruction, flag: &InstructionFlag) -> Option<CopyStep> {
        let value = self.expand_argument(given, flag.value).ok().filter(|value| !value.is_symbolic())?;
        let fields: Vec<(&str, &str)> = value.text.split(',').filter_map(|field| field.split_once('=')).collect();
        let field = |names: &[&str]| fields.iter().find(|(name, _)| names.contains(name)).map(|(_, value)| *value);
        let target = field(&["target", "dst", "destination"])?;
        if field(&["type"]).is_some_and(|kind| kind != "bind") {
            return None;
        }
        let span = value.span.unwrap_or_default();
        let from = match field(&["from"]) {
            Some(name) => (self.find_origin)(name, span),
            None => CopyOrigin::Context(self.build.request.context.clone()),
        };
        let source = Value::known(field(&["source", "src"]).unwrap_or("/"), Some(span));
        Some(CopyStep {
            from,
            sources: vec![CopySource::Path(source)],
            target: self.below_working_dir(Value::known(target, Some(span))),
            into: false,
            parents: false,
            excludes: Vec::new(),
            unpacks: false,
            span,
        })
    }

    /// The file that a `--mount=type=secret` lends; in `/run/secrets` where no place is given.
    fn secret_of(&self, given: &Instruction, flag: &InstructionFlag) -> Option<SecretMount> {
        let value = self.expand_argument(given, flag.value).ok().filter(|value| !value.is_symbolic())?;
        let fields: Vec<(&str, &str)> = value.text.split(',').filter_map(|field| field.split_once('=')).collect();
        let field = |names: &[&str]| fields.iter().find(|(name, _)| names.contains(name)).map(|(_, value)| *value);
        if field(&["type"]) != Some("secret") {
            return None;
        }
        let target = field(&["target", "dst", "destination"]);
        let id = field(&["id", "source"]).or_else(|| target?.rsplit('/').next())?;
        let target = target.map_or_else(|| format!("/run/secrets/{id}"), str::to_owned);
        Some(SecretMount { id: id.to_owned(), target: self.below_working_dir(Value::known(target, value.span)) })
    }

    /// The command with the here-documents after it, for the shell to read.
    fn with_heredocs(&self, given: &Instruction, from: usize) -> Command {
        let source = self.build.sources.get(given.file);
        let mut text = given.shell_text(from);
        let mut end = given.at.end;
        for heredoc in &given.heredocs {
            let body = source.text().get(heredoc.body.start..heredoc.end).unwrap_or_default();
            text.push('\n');
            text.push_str(&body.replace("\r\n", "\n"));
            end = heredoc.end;
        }
        let start = given.byte_range(given.rest.get(from..).unwrap_or_default()).start;
        let span = self.span_of(given, &(start..end));
        self.shell_command(Value::known(text, Some(span)), span)
    }

    fn run_environment(&mut self) -> Rc<BTreeMap<String, EnvVar>> {
        let Image { env, args, unclear, .. } = &self.image;
        let merged = || {
            let mut all = args.clone();
            all.extend(env.iter().map(|(name, var)| (name.clone(), var.clone())));
            for (name, var) in all.iter_mut().filter(|(name, _)| unclear.contains(*name)) {
                let symbols = vec![Symbol { name: name.clone(), required: false }];
                var.value = EnvValue::set(Value { text: format!("${{{name}}}"), symbols, ..Value::default() });
            }
            Rc::new(all)
        };
        Rc::clone(self.environment.get_or_insert_with(merged))
    }
}

fn strip_tabs(line: &str) -> &str {
    line.trim_start_matches('\t')
}

/// A here-document that begins with `#!`: a shell is given its text, anything else its name.
fn shebang_command(interpreter: &str, heredoc: &Heredoc, body: Value, script: &mut Option<Value>) -> Command {
    let span = body.span.unwrap_or_default();
    let mut words: Vec<Value> = interpreter.split_whitespace().map(|word| Value::known(word, None)).collect();
    // `/usr/bin/env bash` too, and options after either.
    let shells = ["sh", "bash", "dash", "ash", "zsh", "ksh"];
    let shell =
        words.iter().take(2).any(|word| word.text.rsplit('/').next().is_some_and(|name| shells.contains(&name)));
    if shell {
        words.push(Value::known("-c", None));
        words.push(body);
    } else {
        words.push(Value::known(format!("/dev/pipes/{}", heredoc.name), None));
        *script = Some(body);
    }
    Command { words, span }
}

/// Whether an `ADD` fetches it (Dockerfile reference, "ADD").
fn is_remote(source: &str) -> bool {
    ["http://", "https://", "git@", "git://", "ssh://", "ftp://"].iter().any(|start| source.starts_with(start))
}
