//! Substituted commands whose output is known without running them, such as the directory of a script.
//! Uses `interpreter`, `shell_state` and `parse`.

use super::interpreter::Interpreter;
use super::shell_state::{ShellState, WorkingDirectory};
use super::shell_word::ShellWord;
use super::working_directory::changed_directory;
use crate::input::docker_cli::is_engine_program;
use crate::input::shell::parse::syntax::{Block, ListOperator, SimpleCommand, Statement};
use crate::model::{join, parent_and_name};
use crate::text::TracedText;

impl Interpreter<'_> {
    /// What `$(...)` prints, where that is known: `dirname`, `basename`, `realpath`, `readlink -f`, `pwd`,
    /// `cd DIR && pwd`, `echo`, `command -v`.
    pub(super) fn command_output(
        &mut self,
        raw: &TracedText,
        blocks: &[Block],
        state: &ShellState,
    ) -> Option<TracedText> {
        let [block] = blocks else { return None };
        if !raw.0.first().is_some_and(|first| matches!(first.ch, '$' | '`')) || raw.raw().starts_with("$((") {
            return None;
        }
        // The commands in it were recorded before.
        self.without_recording(|interpreter| match block.as_slice() {
            [only] => interpreter.statement_output(&only.stmt, state),
            [enters, then] if !enters.background => interpreter.output_below(&enters.stmt, &then.stmt, state),
            _ => None,
        })
    }

    fn statement_output(&mut self, stmt: &Statement, state: &ShellState) -> Option<TracedText> {
        match stmt {
            Statement::Simple(simple) => self.simple_output(simple, state),
            Statement::Redirected { body, .. } => self.statement_output(body, state),
            Statement::List { first, rest } if rest.iter().all(|(operator, _)| *operator == ListOperator::Or) => {
                self.engine_output(first, rest.iter().map(|(_, other)| other), state)
            }
            Statement::List { first, rest } => {
                match rest.as_slice() {
                    [(ListOperator::And, then)] => self.output_below(first, then, state),
                    // `mkdir -p D && cd D && pwd`
                    [(ListOperator::And, enters), (ListOperator::And, then)]
                        if self.program_of(first, state)? == "mkdir" =>
                    {
                        self.output_below(enters, then, state)
                    }
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// `command -v podman || command -v docker`: an engine's program, whichever is there. It is docker where it may be: that is
    /// the one that other commands mean, whose volumes they then share.
    fn engine_output<'s>(
        &mut self,
        first: &Statement,
        others: impl Iterator<Item = &'s Statement>,
        state: &ShellState,
    ) -> Option<TracedText> {
        let is_engine = |text: &TracedText| text.is_fixed() && is_engine_program(&text.raw());
        let first = self.statement_output(first, state).filter(is_engine)?;
        let mut others = others.filter_map(|other| self.statement_output(other, state)).filter(is_engine);
        let is_docker = first.raw() == "docker" || others.any(|other| other.raw() == "docker");
        Some(if is_docker { TracedText::plain("docker") } else { first })
    }

    /// What a command prints after `cd`.
    fn output_below(&mut self, enters: &Statement, then: &Statement, state: &ShellState) -> Option<TracedText> {
        let (Statement::Simple(enters), Statement::Simple(_)) = (without_redirects(enters), without_redirects(then))
        else {
            return None;
        };
        let words = self.plain_words(enters, state)?;
        if words.first().map(ShellWord::raw).as_deref() != Some("cd") {
            return None;
        }
        let target = words.iter().skip(1).find(|word| !word.raw().starts_with('-'))?;
        let Some(path) = self.absolute_path(&target.text, state) else {
            // It is that directory, whatever the variable holds.
            return (self.program_of(then, state)? == "pwd").then(|| target.text.clone());
        };
        let mut inside = state.clone();
        inside.cwd = std::rc::Rc::new(WorkingDirectory::At(TracedText::plain(&path)));
        self.statement_output(then, &inside)
    }

    /// The program that a command runs, where that is plain.
    fn program_of(&mut self, stmt: &Statement, state: &ShellState) -> Option<String> {
        let Statement::Simple(simple) = without_redirects(stmt) else { return None };
        self.plain_words(simple, state)?.first().filter(|first| first.is_fixed()).map(ShellWord::raw)
    }

    fn plain_words(&mut self, simple: &SimpleCommand, state: &ShellState) -> Option<Vec<ShellWord>> {
        let mut state = state.clone();
        let words = self.expand_all(&simple.words, &mut state);
        words.iter().all(|word| !word.unclear).then_some(words)
    }

    fn simple_output(&mut self, simple: &SimpleCommand, state: &ShellState) -> Option<TracedText> {
        let words = self.plain_words(simple, state)?;
        let (first, rest) = words.split_first()?;
        let name = first.is_fixed().then(|| first.raw())?;
        let text = match name.as_str() {
            "whoami" => return Self::user_text(false, state),
            "id" => match rest {
                [option] if matches!(option.raw().as_str(), "-u" | "--user") => return Self::user_text(true, state),
                [option] if option.raw() == "-un" => return Self::user_text(false, state),
                [option, name] if option.raw() == "-u" && name.raw() == "-n" => return Self::user_text(false, state),
                _ => return None,
            },
            // Where a script of the host is called, whoever calls it decides.
            "pwd" if self.ways_in.is_some() && *state.cwd == WorkingDirectory::Initial => {
                return Some(TracedText::live("$PWD"));
            }
            "pwd" => match self.current_directory(state) {
                Some(path) => path,
                None if state.cwd.is_unclear() => {
                    let written =
                        simple.words.first().and_then(|word| word.source.first_position(self.context.sources));
                    return Some(self.unclear_directory(written.unwrap_or(self.here)));
                }
                None => return changed_directory(state),
            },
            // A name that nobody else has: it stands for itself. A script that others call may run twice at once.
            "mktemp" if self.ways_in.is_none() => new_directory(rest)?,
            "dirname" => {
                let path = fixed_operand(rest)?;
                match path.trim_end_matches('/').rsplit_once('/') {
                    Some(("", _)) => "/".to_owned(),
                    Some((parent, _)) => parent.to_owned(),
                    None => ".".to_owned(),
                }
            }
            "basename" => {
                let path = rest.iter().find(|word| !word.raw().starts_with('-')).filter(|word| word.is_fixed())?.raw();
                let last = parent_and_name(&path).map_or(path.as_str(), |(_, last)| last).to_owned();
                match rest.len() {
                    1 => last,
                    _ => last.strip_suffix(&fixed_operand(rest)?).map_or_else(|| last.clone(), str::to_owned),
                }
            }
            "realpath" | "readlink" => {
                let follows = name == "realpath"
                    || rest.iter().any(|word| matches!(word.raw().as_str(), "-f" | "-e" | "-m" | "--canonicalize"));
                self.absolute_path(&last_operand(rest).filter(|_| follows)?.text, state)?
            }
            "echo" => match rest {
                [word] if word.is_fixed() && !word.raw().starts_with('-') => word.raw(),
                _ => return None,
            },
            // The name does as well as the path: both call the same program.
            "command" if rest.first().is_some_and(|word| word.raw() == "-v") => fixed_operand(rest)?,
            // What is called by its path is no function of that name.
            "which" if rest.len() == 1 => {
                let program = fixed_operand(rest)?;
                if state.functions.contains_key(&program) { join("/usr/local/bin", &program) } else { program }
            }
            _ => return None,
        };
        Some(TracedText::plain(&text))
    }
}

/// The path that `mktemp -d` gives its new directory, with the pattern in the place of what is chosen.
fn new_directory(options: &[ShellWord]) -> Option<String> {
    let words: Vec<String> = options.iter().filter(|word| word.is_fixed()).map(ShellWord::raw).collect();
    let is_directory =
        |word: &String| word == "--directory" || word.starts_with('-') && !word.starts_with("--") && word.contains('d');
    if words.len() < options.len() || !words.iter().any(is_directory) {
        return None;
    }
    let parent = words.iter().zip(words.iter().skip(1)).find(|(option, _)| *option == "-p").map(|(_, parent)| parent);
    let parent = parent.map(String::as_str).or_else(|| words.iter().find_map(|word| word.strip_prefix("--tmpdir=")));
    let template = words.last().filter(|word| word.contains("XXX") && !word.starts_with('-'));
    let name = template.map_or("tmp.XXXXXXXXXX", String::as_str);
    match parent {
        Some(parent) => Some(join(parent, name)),
        None if template.is_some_and(|name| name.contains('/')) => Some(name.to_owned()),
        None => Some(join("/tmp", name)),
    }
}

fn without_redirects(stmt: &Statement) -> &Statement {
    match stmt {
        Statement::Redirected { body, .. } => without_redirects(body),
        other => other,
    }
}

fn last_operand(arguments: &[ShellWord]) -> Option<&ShellWord> {
    arguments.iter().rfind(|word| !word.raw().starts_with('-'))
}

fn fixed_operand(arguments: &[ShellWord]) -> Option<String> {
    last_operand(arguments).filter(|word| word.is_fixed()).map(ShellWord::raw)
}
