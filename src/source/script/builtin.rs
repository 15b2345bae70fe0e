//! The shell's own commands that change what comes after them.
//! Uses `walk`, `state` and `glyph`.

use std::rc::Rc;

use super::doubt::{Doubt, Piece};
use super::glyph::{Text, Word};
use super::outcome::{Kind, Last, Outcome};
use super::question::{Answer, test_words};
use super::state::{Directory, State, Value, join};
use super::walk::Walker;

/// What a text may do without any program running, so that a trap may hold it.
const HARMLESS: [&str; 20] = [
    "", ":", "-", "break", "cd", "echo", "exit", "flock", "kill", "pkill", "printf", "return", "rm", "rmdir", "sleep",
    "stty", "sync", "true", "wait", "trap",
];

impl Walker<'_> {
    pub(super) fn builtin(&mut self, name: &str, words: &[Word], mut state: State) -> Outcome {
        let operand = words.get(1).map(Word::raw);
        match name {
            ":" | "true" => Outcome::ok(state),
            "false" => Outcome { err: Some(state), ..Outcome::default() },
            "[" | "test" => {
                let end = words.len() - usize::from(name == "[" && words.len() > 1);
                let asked = words.get(1..end).unwrap_or_default();
                let stands = matches!(asked, [operator, word] if self.stands(&operator.raw(), word, &state));
                self.answered(if stands { Answer::Known(true) } else { test_words(asked) }, state)
            }
            "exit" | "return" => {
                let kind = if name == "exit" { Kind::Process } else { Kind::Function };
                let ends = match operand.as_deref() {
                    Some("0") => Outcome::ok(state),
                    Some(code) if code.parse::<i32>().is_ok() => Outcome { err: Some(state), ..Outcome::default() },
                    _ => Outcome::either(state),
                };
                self.leave(kind, 1, ends);
                Outcome::default()
            }
            "break" | "continue" => {
                let levels = operand.and_then(|levels| levels.parse().ok()).unwrap_or(1);
                if name == "break" {
                    self.leave(Kind::Loop, levels, Outcome::ok(state));
                } else if let Some(frame) = self.frames.iter_mut().rev().find(|frame| frame.kind == Kind::Loop) {
                    frame.again = join(frame.again.take(), Some(state));
                }
                Outcome::default()
            }
            "cd" | "pushd" | "popd" => {
                state.cwd = Rc::new(directory(words, name, &state.cwd));
                Outcome::either(state)
            }
            "set" => Outcome::ok(set(words, state)),
            "shift" => {
                let by = operand.map_or(Some(1), |by| by.parse().ok());
                // Where an argument may be missing, which ones are shifted away is not known.
                let known = state.args.as_ref().filter(|args| args.iter().all(|arg| arg.doubt == Doubt::Sure));
                let rest = known.zip(by).map(|(args, by)| {
                    let zeroth = args.first().cloned().into_iter();
                    Rc::new(zeroth.chain(args.iter().skip(1 + by).cloned()).collect())
                });
                state.args = rest;
                Outcome::either(state)
            }
            "read" | "mapfile" | "readarray" | "getopts" => {
                for word in words.iter().skip(1).filter(|word| !word.raw().starts_with('-')) {
                    self.assign_value(&word.raw(), Value::Unclear, false, &mut state);
                }
                Outcome::either(state)
            }
            "trap" => self.trap(words, state),
            "eval" => self.eval(words, state),
            _ => self.source(words, state),
        }
    }

    fn eval(&mut self, words: &[Word], state: State) -> Outcome {
        let mut text = Text::default();
        for word in words.iter().skip(1) {
            if !word.is_fixed() {
                self.miss("`eval` runs what is known only when it runs");
            }
            text.push(&word.text);
            text.push(&Text::plain(" "));
        }
        self.text(&text, Last::Forks, state)
    }

    /// A trap's text runs at some time from here on, under locks that are not known.
    fn trap(&mut self, words: &[Word], state: State) -> Outcome {
        let Some(text) = words.get(1).filter(|word| words.len() > 2 && !word.raw().starts_with('-')) else {
            return Outcome::ok(state);
        };
        let found = self.found.len();
        let inner = State { conditional: true, errexit: false, ..state.child(true) };
        self.isolated(&state, inner, |walker, inner| walker.text(&text.text, Last::Forks, inner));
        let ran = self.found.get(found..).unwrap_or_default();
        let harmless = |argv: &[String]| argv.first().is_none_or(|name| HARMLESS.contains(&name.as_str()));
        if !ran.iter().all(|invocation| harmless(&invocation.argv)) {
            self.miss("a trap runs a program, at a time that is not known");
        }
        Outcome::ok(state)
    }
}

pub(super) fn is_builtin(name: &str) -> bool {
    matches!(
        name,
        ":" | "true"
            | "false"
            | "["
            | "test"
            | "exit"
            | "return"
            | "break"
            | "continue"
            | "cd"
            | "pushd"
            | "popd"
            | "set"
            | "shift"
            | "read"
            | "mapfile"
            | "readarray"
            | "getopts"
            | "trap"
            | "eval"
            | "source"
            | "."
    )
}

fn directory(words: &[Word], name: &str, from: &Directory) -> Directory {
    let target = words.iter().skip(1).find(|word| !matches!(word.raw().as_str(), "--" | "-P" | "-L"));
    let Some(target) = target.filter(|word| !word.unclear && word.raw() != "-") else {
        return if name == "cd" && words.len() == 1 { Directory::At(Text::live("$HOME")) } else { Directory::Unclear };
    };
    let absolute = target.text.0.first().is_some_and(|first| first.ch == '/' || first.live);
    match from {
        _ if absolute => Directory::At(target.text.clone()),
        Directory::Initial => Directory::At(target.text.clone()),
        Directory::At(directory) => {
            let mut path = directory.clone();
            path.push(&Text::plain("/"));
            path.push(&target.text);
            Directory::At(path)
        }
        Directory::Unclear => Directory::Unclear,
    }
}

/// `set` with options and arguments.
fn set(words: &[Word], mut state: State) -> State {
    let mut rest = words.iter().enumerate().skip(1);
    while let Some((at, word)) = rest.next() {
        let text = word.raw();
        if text == "--" || !text.starts_with(['-', '+']) {
            let from = at + usize::from(text == "--");
            let zeroth = state.args.as_ref().and_then(|args| args.first().cloned()).unwrap_or_default();
            let args = words.iter().skip(from).cloned().map(Piece::from);
            state.args = Some(Rc::new(std::iter::once(zeroth).chain(args).collect()));
            break;
        }
        let on = text.starts_with('-');
        for letter in text.chars().skip(1) {
            match letter {
                'e' => state.errexit = on,
                'a' => state.allexport = on,
                'o' => match rest.next().map(|(_, word)| word.raw()).as_deref() {
                    Some("errexit") => state.errexit = on,
                    Some("allexport") => state.allexport = on,
                    Some("pipefail") => state.pipefail = on,
                    _ => {}
                },
                _ => {}
            }
        }
    }
    state
}
