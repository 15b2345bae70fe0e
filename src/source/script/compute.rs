//! Substituted commands whose output follows from the text: where a script stands, and how it is called.
//! Uses `walk`, `expand` and `syntax`.

use super::glyph::{Text, Word};
use super::state::{Directory, State};
use super::syntax::{Block, Link, Simple, Stmt};
use super::walk::Walker;
use crate::model::parent_and_name;

impl Walker<'_> {
    /// What `$(...)` gives, where that is known: `dirname`, `basename`, `realpath`, `readlink -f`, `pwd`,
    /// `cd DIR && pwd`, `echo`, `command -v`.
    pub(super) fn computed(&mut self, raw: &Text, blocks: &[Block], state: &State) -> Option<Text> {
        let [block] = blocks else { return None };
        if !raw.0.first().is_some_and(|first| matches!(first.ch, '$' | '`')) || raw.raw().starts_with("$((") {
            return None;
        }
        let [only] = block.as_slice() else { return None };
        // What is worked out here has been gone through already.
        self.muted(|walker| walker.output(&only.stmt, state))
    }

    fn output(&mut self, stmt: &Stmt, state: &State) -> Option<Text> {
        match stmt {
            Stmt::Simple(simple) => self.output_of(simple, state),
            Stmt::Redirected { body, .. } => self.output(body, state),
            Stmt::List { first, rest } => {
                let Stmt::Simple(enters) = innermost(first) else { return None };
                let ([(Link::And, then)], Stmt::Simple(_)) = (rest.as_slice(), innermost(&rest.first()?.1)) else {
                    return None;
                };
                let words = self.words(enters, state)?;
                if words.first().map(Word::raw).as_deref() != Some("cd") {
                    return None;
                }
                let target = words.iter().skip(1).find(|word| !word.raw().starts_with('-'))?;
                let path = self.absolute(&target.text, state)?;
                let mut inside = state.clone();
                inside.cwd = std::rc::Rc::new(Directory::At(Text::plain(&path)));
                self.output(then, &inside)
            }
            _ => None,
        }
    }

    fn words(&mut self, simple: &Simple, state: &State) -> Option<Vec<Word>> {
        let mut state = state.clone();
        let words = self.expand_all(&simple.words, &mut state);
        words.iter().all(|word| !word.unclear).then_some(words)
    }

    fn output_of(&mut self, simple: &Simple, state: &State) -> Option<Text> {
        let words = self.words(simple, state)?;
        let (first, rest) = words.split_first()?;
        let name = first.is_fixed().then(|| first.raw())?;
        let operand = || rest.iter().rfind(|word| !word.raw().starts_with('-'));
        let fixed = || operand().filter(|word| word.is_fixed()).map(Word::raw);
        let text = match name.as_str() {
            "pwd" => self.directory(state)?,
            "dirname" => {
                let path = fixed()?;
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
                    _ => last.strip_suffix(&fixed()?).map_or_else(|| last.clone(), str::to_owned),
                }
            }
            "realpath" | "readlink" => {
                let follows = name == "realpath"
                    || rest.iter().any(|word| matches!(word.raw().as_str(), "-f" | "-e" | "-m" | "--canonicalize"));
                self.absolute(&operand().filter(|_| follows)?.text, state)?
            }
            "echo" => match rest {
                [word] if word.is_fixed() && !word.raw().starts_with('-') => word.raw(),
                _ => return None,
            },
            // The name does as well as the path: both call the same program.
            "command" if rest.first().is_some_and(|word| word.raw() == "-v") => fixed()?,
            "which" if rest.len() == 1 => fixed()?,
            _ => return None,
        };
        Some(Text::plain(&text))
    }
}

fn innermost(stmt: &Stmt) -> &Stmt {
    match stmt {
        Stmt::Redirected { body, .. } => innermost(body),
        other => other,
    }
}
