//! Expands words as the shell does, as far as values are known; runs the commands substituted in them.
//! Uses `walk`, `state`, `syntax` and `glyph`.

use std::rc::Rc;

use super::doubt::{Doubt, Piece};
use super::glyph::{Text, Word};
use super::state::{State, Value};
use super::syntax::{self, Action, Block, Param, Part};
use super::walk::Walker;

/// Characters that one word may become.
pub(super) const WIDE: usize = 64 * 1024;
/// Words that one word may become.
pub(super) const MANY: usize = 1024;

/// What a parameter stands for.
enum Found {
    /// Several words, as of `"$@"`.
    Many(Vec<Piece>),
    One(Text),
    /// A text, or nothing.
    Maybe(Text, Doubt),
    /// An outer layer's: the text stays.
    Outer,
    /// Set in more than one way.
    Unclear,
}

impl Walker<'_> {
    pub(super) fn expand_all(&mut self, words: &[syntax::Word], state: &mut State) -> Vec<Word> {
        let mut all = Vec::new();
        for word in words {
            all.extend(self.expand(word, state));
            if all.len() > MANY {
                self.miss("a command of the shell text has too many words to be read");
                break;
            }
        }
        all
    }

    /// The words that a word becomes: one, but for lists and values split at blanks.
    pub(super) fn expand(&mut self, word: &syntax::Word, state: &mut State) -> Vec<Word> {
        let mut done: Vec<Word> = Vec::new();
        let mut open: Option<Word> = None;
        let fresh = || Word { source: word.source.clone(), ..Word::default() };
        for part in &word.parts {
            match part {
                // What stands between quotes and an expansion: nothing.
                Part::Text { text, .. } if text.is_empty() && word.parts.len() > 1 => {}
                Part::Text { text, .. } => {
                    let text = if done.is_empty() && open.is_none() { home(text, state) } else { text.clone() };
                    grow(open.get_or_insert_with(fresh), &text);
                }
                Part::Computed { raw, blocks } => {
                    self.substitute(blocks, state);
                    let told = self.computed(raw, blocks, state);
                    grow(open.get_or_insert_with(fresh), told.as_ref().unwrap_or(raw));
                }
                Part::Param { param, raw, quoted, blocks } => {
                    self.substitute(blocks, state);
                    match self.find(param, *quoted, state) {
                        Found::Outer => grow(open.get_or_insert_with(fresh), raw),
                        Found::One(text) if *quoted => grow(open.get_or_insert_with(fresh), &text),
                        Found::One(text) => join_split(&text, &mut done, &mut open, fresh),
                        Found::Maybe(text, doubt) if !*quoted && word.parts.len() == 1 => {
                            join_split(&text, &mut done, &mut open, || Word { doubt: doubt.clone(), ..fresh() });
                        }
                        Found::Unclear | Found::Maybe(..) => {
                            let open = open.get_or_insert_with(fresh);
                            grow(open, raw);
                            open.unclear = true;
                        }
                        Found::Many(texts) => {
                            for (at, piece) in texts.iter().take(MANY).enumerate() {
                                if at > 0 {
                                    done.extend(open.take());
                                }
                                let alone = open.is_none();
                                let open = open.get_or_insert_with(fresh);
                                grow(open, &piece.text);
                                open.unclear |= piece.unclear;
                                if alone && !piece.source.is_empty() {
                                    // It is written where the list was made.
                                    open.source = piece.source.clone();
                                }
                                if alone {
                                    open.doubt = piece.doubt.clone();
                                } else {
                                    open.unclear |= piece.doubt != Doubt::Sure;
                                }
                            }
                        }
                    }
                }
            }
            if open.as_ref().is_some_and(|open| open.text.0.len() > WIDE) || done.len() > MANY {
                self.miss("a word of the shell text is too long to be read");
                break;
            }
        }
        done.extend(open);
        done
    }

    /// A word that is not split: an assigned value, a redirection's file, what a test asks about.
    pub(super) fn expand_one(&mut self, word: &syntax::Word, state: &mut State) -> Word {
        let mut all = self.expand(word, state).into_iter();
        let mut one = all.next().unwrap_or_else(|| Word { source: word.source.clone(), ..Word::default() });
        for more in all {
            one.text.push(&Text::plain(" "));
            one.text.push(&more.text);
            one.unclear |= more.unclear || more.doubt != Doubt::Sure;
        }
        one
    }

    /// Runs substituted commands, each in a process of its own.
    pub(super) fn substitute(&mut self, blocks: &[Block], state: &mut State) {
        for block in blocks {
            let child = state.child(true);
            let outcome = self.isolated(state, child, |walker, child| walker.block(block, child));
            if let Some(after) = self.settle(outcome) {
                *state = after;
            }
        }
    }

    fn find(&mut self, param: &Param, quoted: bool, state: &mut State) -> Found {
        if let Some(found) = positional(param, quoted, state) {
            return found;
        }
        let value = state.vars.get(&param.name).map(|var| var.value.clone());
        if let (None, "BASH_SOURCE", Some(file)) = (&value, param.name.as_str(), self.inside.last()) {
            let file = Text::plain(file);
            return if param.is_value() {
                Found::One(file)
            } else {
                cut_off(&file, param).map_or(Found::Unclear, Found::One)
            };
        }
        match value {
            None | Some(Value::Inherited) if matches!(param.op.as_str(), ":=" | "=") => {
                let text = format!("${{{}{}{}}}", param.name, param.op.replace('=', "-"), param.rest);
                let text = Text::live(&text);
                self.assign_value(&param.name, Value::Text(text.clone()), false, state);
                Found::One(text)
            }
            None | Some(Value::Inherited) => Found::Outer,
            Some(Value::Text(text)) if !param.is_value() => cut_off(&text, param).map_or(Found::Unclear, Found::One),
            Some(_) if !param.is_value() => Found::Unclear,
            Some(Value::Maybe(text, doubt)) if param.op.is_empty() => Found::Maybe(text, doubt),
            Some(Value::Unclear | Value::Maybe(..)) => Found::Unclear,
            Some(Value::Text(text)) if !text.is_empty() => Found::One(text),
            Some(Value::List(texts)) if param.all => Found::Many(texts),
            Some(Value::List(mut texts)) if !texts.is_empty() => one(texts.swap_remove(0)),
            Some(_) if param.op.is_empty() || param.op == ":?" => Found::One(Text::default()),
            Some(_) if param.rest.contains(['$', '`', '"', '\'', '\\']) => Found::Unclear,
            Some(_) => Found::One(Text::plain(&param.rest)),
        }
    }

    /// The commands substituted in a redirection's words.
    pub(super) fn data(&mut self, action: &Action, state: &mut State) {
        if let Action::Data(blocks) = action {
            self.substitute(blocks, state);
        }
    }
}

/// A leading `~` where the text itself says what `HOME` is.
fn home(text: &Text, state: &State) -> Text {
    let tilde = text.0.first().is_some_and(|glyph| glyph.ch == '~' && glyph.live);
    let alone = text.0.get(1).is_none_or(|next| next.ch == '/');
    match state.vars.get("HOME").map(|var| &var.value) {
        Some(Value::Text(home)) if tilde && alone => {
            let mut whole = home.clone();
            whole.push(&text.part(1, text.0.len()));
            whole
        }
        _ => text.clone(),
    }
}

/// Adds to a word; one that may be missing altogether is not clear once it is part of a larger one.
fn grow(word: &mut Word, text: &Text) {
    word.unclear |= word.doubt != Doubt::Sure;
    word.text.push(text);
}

fn one(piece: Piece) -> Found {
    if piece.unclear || piece.doubt != Doubt::Sure { Found::Unclear } else { Found::One(piece.text) }
}

/// What `%`, `%%`, `#` and `##` leave of a text that is fixed, for a pattern of one star and plain characters.
fn cut_off(text: &Text, param: &Param) -> Option<Text> {
    let (operator, twice) = (param.op.as_str(), param.rest.starts_with(&param.op));
    let pattern = if twice { param.rest.get(1..)? } else { param.rest.as_str() };
    let plain = |pattern: &str| !pattern.contains(['*', '?', '[', '$', '`', '\\', '"', '\'']);
    if !text.is_fixed() {
        return None;
    }
    let raw = text.raw();
    let cut = match operator {
        "%" => match pattern.strip_suffix('*').filter(|start| plain(start) && !start.is_empty()) {
            Some(start) => if twice { raw.find(start) } else { raw.rfind(start) }.map(|at| (0, at)),
            None if plain(pattern) => raw.strip_suffix(pattern).map(|rest| (0, rest.len())),
            None => return None,
        },
        "#" => match pattern.strip_prefix('*').filter(|end| plain(end) && !end.is_empty()) {
            Some(end) => if twice { raw.rfind(end) } else { raw.find(end) }.map(|at| (at + end.len(), raw.len())),
            None if plain(pattern) => raw.strip_prefix(pattern).map(|rest| (raw.len() - rest.len(), raw.len())),
            None => return None,
        },
        _ => return None,
    };
    let (from, to) = cut.unwrap_or((0, raw.len()));
    let characters = |bytes: usize| raw.get(..bytes).map_or(0, |part| part.chars().count());
    Some(text.part(characters(from), characters(to)))
}

fn positional(param: &Param, quoted: bool, state: &State) -> Option<Found> {
    let args = state.args.as_ref().map(Rc::as_ref);
    match param.name.as_str() {
        "@" | "*" => {
            let from = if param.op == ":" { param.rest.trim().parse().ok() } else { param.is_value().then_some(1) };
            let from = from.filter(|from| *from > 0);
            let Some(texts) =
                args.zip(from).map(|(args, from): (_, usize)| args.get(from..).unwrap_or_default().to_vec())
            else {
                return Some(Found::Outer);
            };
            if param.name == "*" && quoted {
                let mut whole = Text::default();
                for (at, piece) in texts.into_iter().enumerate() {
                    let Found::One(text) = one(piece) else { return Some(Found::Unclear) };
                    if at > 0 {
                        whole.push(&Text::plain(" "));
                    }
                    whole.push(&text);
                }
                return Some(Found::One(whole));
            }
            Some(Found::Many(texts))
        }
        "#" => {
            let known = args.filter(|args| args.iter().all(|arg| arg.doubt == Doubt::Sure));
            Some(known.map_or(Found::Outer, |args| Found::One(Text::plain(&args.len().saturating_sub(1).to_string()))))
        }
        "?" | "!" | "$" | "-" => Some(Found::Outer),
        name => {
            let number: usize = name.parse().ok()?;
            let Some(args) = args else { return Some(Found::Outer) };
            // One that may be missing moves all after it.
            if args.iter().take(number + 1).any(|arg| arg.doubt != Doubt::Sure || arg.unclear) {
                return Some(Found::Unclear);
            }
            let value = args.get(number).cloned().unwrap_or_default().text;
            let literal = !param.rest.contains(['$', '`', '"', '\'', '\\']);
            Some(match param.op.as_str() {
                "" | ":?" | "?" => Found::One(value),
                ":-" | "-" if !value.is_empty() => Found::One(value),
                ":-" | "-" if literal => Found::One(Text::plain(&param.rest)),
                _ => cut_off(&value, param).map_or(Found::Unclear, Found::One),
            })
        }
    }
}

/// Splits a value that stands without quotes at its blanks.
fn join_split(text: &Text, done: &mut Vec<Word>, open: &mut Option<Word>, fresh: impl Fn() -> Word) {
    for glyph in &text.0 {
        if glyph.ch.is_ascii_whitespace() && !glyph.live {
            done.extend(open.take());
        } else {
            open.get_or_insert_with(&fresh).text.0.push(*glyph);
        }
    }
}
