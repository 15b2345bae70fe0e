//! What an entrypoint and a command run, and which file locks are held around each call: argument lists and shell text.
//! May use `text` and `model`; the one home of tree-sitter.

mod argv;
mod branch;
mod flock;
mod names;
mod shell;
mod spot;
mod walk;
mod word;

use crate::model::{Command, Invocation, Script, Sight, Value};
use crate::text::{Sources, Span};
use shell::Shell;
use spot::Spot;

/// How deep commands, functions and shells may stand in each other.
const MAX_DEPTH: usize = 48;
/// How many commands are followed, functions counted each time they are called.
const MAX_COMMANDS: usize = 20_000;
/// How many bytes of shell text are followed.
const MAX_TEXT: usize = 256 * 1024;

/// Reads what an entrypoint and a command run. `None` for the entrypoint means the image's own, which is not seen.
pub fn read(entrypoint: Option<&Command>, command: Option<&Command>, sources: &Sources) -> Script {
    let none: &[Value] = &[];
    let of = |command: Option<&Command>| command.map_or(none, |command| command.words.as_slice()).to_vec();
    let values = [of(entrypoint), of(command)].concat();
    let whole = entrypoint.or(command).map(|command| command.span);
    let (Some(whole), false) = (whole, values.is_empty()) else {
        let unseen = Some("the image's own command was not read".to_owned());
        return Script { unseen, ..Script::default() };
    };
    let mut reader = Reader { invocations: Vec::new(), unseen: None, commands: 0, returns: Vec::new() };
    let words: Vec<Word> = values.iter().map(|value| Word::of_value(value, sources, whole)).collect();
    let mut shell = Shell::default();
    reader.argv(&words, &mut shell, 0);
    let (sight, unseen) = match (reader.unseen, entrypoint.is_none()) {
        (Some(why), _) => (Sight::Partial, Some(why)),
        (None, true) => (Sight::Arguments, Some("the image's own entrypoint was not read".to_owned())),
        (None, false) => (Sight::Whole, None),
    };
    Script { invocations: reader.invocations, sight, unseen }
}

/// A word to run, with where it is written.
#[derive(Debug, Clone)]
struct Word {
    text: String,
    /// Where the word can be pointed at: never more than the word.
    span: Span,
    /// For text that may be a script of its own: how offsets in it become positions.
    spot: Spot,
    /// Whether it hangs on something that is not known.
    unknown: bool,
}

impl Word {
    fn of_value(value: &Value, sources: &Sources, whole: Span) -> Self {
        let span = value.span.unwrap_or(Span { end: whole.start, ..whole });
        let spot = Spot::of(value, sources, span);
        let shown = spot.locate(&value.text, 0, value.text.len());
        Self { text: value.text.clone(), span: shown, spot, unknown: value.is_symbolic() }
    }

    /// The last component of a path.
    fn name(&self) -> &str {
        self.text.rsplit('/').next().unwrap_or(&self.text)
    }
}

struct Reader {
    invocations: Vec<Invocation>,
    /// The first reason why something was not seen.
    unseen: Option<String>,
    commands: usize,
    /// The states in which the functions being followed return.
    returns: Vec<Vec<Shell>>,
}

impl Reader {
    fn unseen(&mut self, why: impl Into<String>) {
        self.unseen.get_or_insert_with(|| why.into());
    }

    /// Whether one more command may be followed.
    fn fuel(&mut self, depth: usize) -> bool {
        self.commands += 1;
        let enough = depth < MAX_DEPTH && self.commands < MAX_COMMANDS;
        if !enough {
            self.unseen("its shell text is nested too deep or too long to follow");
        }
        enough
    }

    fn call(&mut self, words: &[Word], shell: &Shell) {
        let Some(first) = words.first() else { return };
        self.invocations.push(Invocation {
            argv: words.iter().map(|word| word.text.clone()).collect(),
            env: shell.env.clone(),
            locks: shell.held.iter().map(|held| held.lock.clone()).collect(),
            conditional: shell.conditional,
            span: first.span,
        });
    }
}

#[cfg(test)]
mod tests;
