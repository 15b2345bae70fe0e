//! The instructions that make files: COPY, ADD and RUN, with their here-documents. Uses `stage` and `words`.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::expand::Bad;
use super::lines::{Ch, Heredoc, Instruction};
use super::stage::Stage;
use super::words::{self, Flag};
use super::{Copied, From, Image, Ran, Source, Step};
use crate::model::{Command, EnvValue, EnvVar, Symbol, Value};

impl Stage<'_, '_> {
    pub(super) fn copy(&mut self, given: &Instruction) -> Result<(), Bad> {
        let (flags, rest) = words::flags(&given.rest, given.escape);
        let quoted = words::json(rest).map(|words| words.into_iter().map(|word| word.written).collect());
        let mut words: Vec<&[Ch]> = quoted.unwrap_or_else(|| words::fields(rest));
        let target = words.pop().filter(|_| !words.is_empty()).ok_or("a source and a target are needed")?;
        let target = self.text(given, target)?;
        let into = target.text.ends_with('/') || target.text == "." || target.text.ends_with("/.");
        let adds = given.keyword == "ADD";
        let mut heredocs = given.heredocs.iter();
        let mut sources = Vec::new();
        for word in words {
            let begins = matches!(word, [('<', _), ('<', _), ..]);
            sources.push(match begins.then(|| heredocs.next()).flatten() {
                Some(heredoc) => self.heredoc(given, heredoc)?,
                None => {
                    let path = self.text(given, word)?;
                    if adds && is_remote(&path.text) { Source::Remote(path) } else { Source::Path(path) }
                }
            });
        }
        let from = flags.iter().find(|flag| flag.name == "from").map(|flag| self.from(given, flag)).transpose()?;
        let excludes = flags.iter().filter(|flag| flag.name == "exclude");
        let copied = Copied {
            from: from.unwrap_or_else(|| From::Context(self.build.request.context.clone())),
            sources,
            target: self.below(target),
            into,
            parents: flags.iter().any(|flag| flag.name == "parents" && words::text(flag.value) != "false"),
            excludes: excludes.map(|flag| self.text(given, flag.value)).collect::<Result<_, _>>()?,
            unpacks: adds,
            span: self.span(given, &given.at),
        };
        self.image.steps.push(Rc::new(Step::Copy(copied)));
        Ok(())
    }

    fn from(&mut self, given: &Instruction, flag: &Flag) -> Result<From, Bad> {
        let name = self.text(given, flag.value)?;
        let span = name.span.unwrap_or_default();
        Ok(if name.is_symbolic() { From::Image(name) } else { self.build.source(&name.text, span) })
    }

    fn heredoc(&self, given: &Instruction, heredoc: &Heredoc) -> Result<Source, Bad> {
        let value = self.body(given, heredoc);
        let mut text =
            if heredoc.chomp { value.text.split_inclusive('\n').map(untabbed).collect() } else { value.text };
        let mut symbols = Vec::new();
        if heredoc.expand {
            let chars: Vec<Ch> = text.chars().map(|ch| (ch, 0)).collect();
            let expanded = self.expand(&chars, given.escape, false)?;
            (text, symbols) = (expanded.text, expanded.symbols);
        }
        Ok(Source::Text {
            name: heredoc.name.clone(),
            text: Value { text, symbols, span: value.span, ..Value::default() },
        })
    }

    fn body(&self, given: &Instruction, heredoc: &Heredoc) -> Value {
        let source = self.build.sources.get(given.file);
        let text = source.text().get(heredoc.body.clone()).unwrap_or_default();
        Value::known(text.replace("\r\n", "\n"), Some(self.span(given, &heredoc.body)))
    }

    pub(super) fn run(&mut self, given: &Instruction) -> Result<(), Bad> {
        let (_, rest) = words::flags(&given.rest, given.escape);
        let from = given.rest.len() - rest.len();
        let mut command = self.command(given, from)?;
        let mut script = None;
        let shown = words::text(rest);
        if let Some(heredoc) = given.heredocs.first() {
            // The name of a here-document alone: its text is what runs.
            let begins = shown.trim_start_matches(|ch: char| ch.is_ascii_digit()).starts_with("<<");
            let alone = words::fields(rest).len() == 1 && begins;
            let body = self.body(given, heredoc);
            let shebang = body.text.lines().next().and_then(|line| line.strip_prefix("#!")).map(str::to_owned);
            let span = body.span.unwrap_or_default();
            command = match (alone, shebang) {
                (true, Some(interpreter)) => interpreted(&interpreter, heredoc, body, &mut script),
                (true, None) => self.in_shell(body, span),
                (false, _) => self.with_heredocs(given, from),
            };
        }
        let environment = self.environment();
        let Image { user, working_dir, .. } = &self.image;
        let (user, working_dir) = (user.clone(), working_dir.clone());
        let span = self.span(given, &given.at);
        let ran = Ran { command, script, env: environment, user, working_dir, span };
        self.image.steps.push(Rc::new(Step::Run(ran)));
        Ok(())
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
        let start = given.bytes(given.rest.get(from..).unwrap_or_default()).start;
        let span = self.span(given, &(start..end));
        self.in_shell(Value::known(text, Some(span)), span)
    }

    fn environment(&mut self) -> Rc<BTreeMap<String, EnvVar>> {
        let Image { env, args, unclear, .. } = &self.image;
        let merged = || {
            let mut all = args.clone();
            all.extend(env.iter().map(|(name, var)| (name.clone(), var.clone())));
            for (name, var) in all.iter_mut().filter(|(name, _)| unclear.contains(*name)) {
                let symbols = vec![Symbol { name: name.clone(), required: false }];
                var.value = EnvValue::Set(Value { text: format!("${{{name}}}"), symbols, ..Value::default() });
            }
            Rc::new(all)
        };
        Rc::clone(self.environment.get_or_insert_with(merged))
    }
}

fn untabbed(line: &str) -> &str {
    line.trim_start_matches('\t')
}

/// A here-document that begins with `#!`: a shell is given its text, anything else its name.
fn interpreted(interpreter: &str, heredoc: &Heredoc, body: Value, script: &mut Option<Value>) -> Command {
    let span = body.span.unwrap_or_default();
    let mut words: Vec<Value> = interpreter.split_whitespace().map(|word| Value::known(word, None)).collect();
    let name = |word: &Value| word.text.rsplit('/').next().unwrap_or_default().to_owned();
    // `/usr/bin/env bash` too, and options after either.
    let shells = ["sh", "bash", "dash", "ash", "zsh", "ksh"];
    let shell = words.iter().take(2).map(name).any(|name| shells.contains(&name.as_str()));
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
    let has = |start: &&str| source.starts_with(*start);
    ["http://", "https://", "git@", "git://", "ssh://", "ftp://"].iter().any(has)
}
