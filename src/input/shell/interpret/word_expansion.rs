//! Expands words as the shell does, as far as values are known; runs the commands substituted in them.
//! Uses `interpreter`, `shell_state`, `parse` and `text`.

use super::alternatives::Alternatives;
use super::arguments::{ArgumentValue, Arguments};
use super::associative_arrays::associative_element;
use super::certainty::Certainty;
use super::engine_place::{are_engines, place_engine};
use super::interpreter::Interpreter;
use super::limits;
use super::list_item::{self, ListItem};
use super::quote_cursor::QuoteCursor;
use super::script_defaults::default_of_script;
use super::shell_state::{ShellState, WorkingDirectory};
use super::shell_word::ShellWord;
use super::split_words::SplitWords;
use super::variable_value::VariableValue;
use super::working_directory::changed_directory;
use crate::input::shell::parse::syntax::{Block, RedirectAction, UnexpandedWord, WordPart};
use crate::model::{Inherits, Parameter, Reach, is_variable_name};
use crate::text::TracedText;

/// The value of a parameter.
pub(super) enum ParameterValue {
    /// Several words, as of `"$@"`.
    Many(Vec<ListItem>),
    One(TracedText),
    /// A text, or nothing.
    Maybe(TracedText, Certainty),
    /// An outer layer's: the text stays.
    Outer,
    /// Set in more than one way.
    Unclear,
}

/// Variables that a shell sets by itself.
const OF_THE_SHELL: [&str; 12] = [
    "BASH",
    "BASH_SOURCE",
    "BASH_VERSION",
    "EUID",
    "HOSTNAME",
    "IFS",
    "OLDPWD",
    "PPID",
    "PWD",
    "RANDOM",
    "SHLVL",
    "UID",
];

impl Interpreter<'_> {
    pub(super) fn expand_all(&mut self, words: &[UnexpandedWord], state: &mut ShellState) -> Vec<ShellWord> {
        let mut all = Vec::new();
        for word in words {
            let mut own = self.expand_word(word, state);
            place_engine(&mut own, word, self.context.sources);
            all.extend(own);
            if all.len() > limits::WORDS {
                self.note_unread("a command of the shell text has too many words to be read", None);
                break;
            }
        }
        all
    }

    /// The words that a word becomes: one, but for lists and values split at blanks.
    pub(super) fn expand_word(&mut self, word: &UnexpandedWord, state: &mut ShellState) -> Vec<ShellWord> {
        self.expand_parts(word, state, None)
    }

    /// What is assigned by a word: a text, or where that is built of parts that are there on some ways only, the words that
    /// it becomes once it is used without quotes.
    pub(super) fn expand_assigned(&mut self, word: &UnexpandedWord, state: &mut ShellState) -> VariableValue {
        let mut split = SplitWords::default();
        let all = self.expand_parts(word, state, Some(&mut split));
        let one = as_one_word(all, word);
        if !one.unclear {
            return VariableValue::Text(one.text);
        }
        let is_list = split.items.len() > 1 && split.items.len() <= limits::WORDS;
        if is_list { VariableValue::Words(split) } else { self.unclear_assigned(&one.text, state) }
    }

    /// The same as `expand_word`; `split` gets the words of the text as it is split later.
    fn expand_parts(
        &mut self,
        word: &UnexpandedWord,
        state: &mut ShellState,
        mut split: Option<&mut SplitWords>,
    ) -> Vec<ShellWord> {
        let mut quotes = QuoteCursor::new(&word.source);
        let mut done: Vec<ShellWord> = Vec::new();
        let mut open: Option<ShellWord> = None;
        let fresh = || ShellWord { source: word.source.clone(), ..ShellWord::default() };
        for part in &word.parts {
            match part {
                // Nothing is between a quote and an expansion.
                WordPart::Text { text, .. } if text.is_empty() && word.parts.len() > 1 => {}
                WordPart::Text { text, .. } => {
                    let text = if done.is_empty() && open.is_none() { expand_home(text, state) } else { text.clone() };
                    if let Some(split) = &mut split {
                        split.append(SplitWords::of_text(&text));
                    }
                    append_text(open.get_or_insert_with(fresh), &text);
                }
                WordPart::Computed { raw, blocks } => {
                    let is_quoted = quotes.is_quoted(raw);
                    let starts = self.started.len();
                    let printed = self.run_substitutions(raw, blocks, state);
                    let told = self.command_output(raw, blocks, state).or_else(|| array_element(raw, state));
                    let told = told.or_else(|| associative_element(raw, state));
                    let told = told.or_else(|| self.indirect_value(raw, state));
                    let told = told.or_else(|| self.made_file(raw));
                    let told = told.or_else(|| self.login_content(raw, blocks, state));
                    let told = told.or_else(|| self.kept_container_id(raw, blocks, starts));
                    let told = told.or_else(|| self.container_id_in_file(blocks, state));
                    let printed = printed.filter(|_| told.is_none() && is_substitution(raw));
                    let told = told.or_else(|| printed.as_ref().and_then(SplitWords::as_text));
                    if let Some(split) = &mut split {
                        let text = || SplitWords::of_text(told.as_ref().unwrap_or(raw));
                        split.append(printed.clone().unwrap_or_else(text));
                    }
                    match printed {
                        Some(words) if told.is_none() && !is_quoted => {
                            append_items(&words.items, &mut done, &mut open, fresh);
                        }
                        Some(_) if told.is_none() => {
                            let open = open.get_or_insert_with(fresh);
                            append_text(open, raw);
                            open.unclear = true;
                        }
                        _ if is_quoted => append_text(open.get_or_insert_with(fresh), told.as_ref().unwrap_or(raw)),
                        _ => append_split(told.as_ref().unwrap_or(raw), &mut done, &mut open, fresh),
                    }
                }
                WordPart::Param { param, raw, quoted, blocks } => {
                    quotes.is_quoted(raw);
                    let meant = self.whole_array_of_zsh(param, raw, *quoted, state);
                    let meant = meant.or_else(|| without_empty_default(param, state));
                    let param = meant.as_ref().unwrap_or(param);
                    self.run_substitutions(raw, blocks, state);
                    if let Some(split) = &mut split {
                        split.append(self.split_parameter(param, raw, state));
                    }
                    match self.parameter_value(param, *quoted, word.parts.len() == 1, state) {
                        ParameterValue::Outer => {
                            state.demand(param);
                            append_text(open.get_or_insert_with(fresh), raw);
                        }
                        ParameterValue::One(text) if *quoted => append_text(open.get_or_insert_with(fresh), &text),
                        ParameterValue::One(text) => append_split(&text, &mut done, &mut open, fresh),
                        ParameterValue::Maybe(text, certainty) if !*quoted && word.parts.len() == 1 => {
                            append_split(&text, &mut done, &mut open, || ShellWord {
                                certainty: certainty.clone(),
                                ..fresh()
                            });
                        }
                        ParameterValue::Unclear | ParameterValue::Maybe(..) => {
                            let open = open.get_or_insert_with(fresh);
                            append_text(open, &self.unclear_value(param, raw, state));
                            open.unclear = true;
                        }
                        ParameterValue::Many(texts) => append_items(&texts, &mut done, &mut open, fresh),
                    }
                }
            }
            if open.as_ref().is_some_and(|open| open.text.0.len() > limits::WORD_CHARS) || done.len() > limits::WORDS {
                self.note_unread("a word of the shell text is too long to be read", None);
                break;
            }
        }
        done.extend(open);
        done
    }

    /// A word that is not split: an assigned value, a redirection's file, what a test asks about.
    pub(super) fn expand_one(&mut self, word: &UnexpandedWord, state: &mut ShellState) -> ShellWord {
        as_one_word(self.expand_word(word, state), word)
    }

    /// A parameter that names an array in a file of zsh, where that stands for all elements, and not for the first alone.
    fn whole_array_of_zsh(
        &self,
        param: &Parameter,
        raw: &TracedText,
        is_quoted: bool,
        state: &ShellState,
    ) -> Option<Parameter> {
        if is_quoted || param.all || !param.op.is_empty() {
            return None;
        }
        let is_list = matches!(state.vars.value(&state.target_of(&param.name)), Some(VariableValue::List(_)));
        let written = raw.first_position(self.context.sources).filter(|_| is_list)?;
        let source = self.context.sources.get(written.file);
        is_of_zsh(source.name(), source.text()).then(|| Parameter { all: true, ..param.clone() })
    }

    /// The words of a parameter's value, quoted or not.
    fn split_parameter(&mut self, param: &Parameter, raw: &TracedText, state: &mut ShellState) -> SplitWords {
        let variable = state.vars.get(&state.target_of(&param.name)).filter(|_| param.op.is_empty() && !param.all);
        if let Some(words) = variable.and_then(|variable| variable.value.split_words()) {
            return words;
        }
        match self.parameter_value(param, true, false, state) {
            ParameterValue::One(text) => SplitWords::of_text(&text),
            ParameterValue::Outer => SplitWords::of_text(raw),
            ParameterValue::Maybe(text, certainty) => SplitWords::of_text(&text).only_where(&certainty),
            ParameterValue::Many(_) => SplitWords::of_unclear(raw),
            ParameterValue::Unclear => SplitWords::of_unclear(&self.unclear_value(param, raw, state)),
        }
    }

    /// Runs substituted commands, each in a process of its own; gives what the last one prints, where that is known.
    pub(super) fn run_substitutions(
        &mut self,
        raw: &TracedText,
        blocks: &[Block],
        state: &mut ShellState,
    ) -> Option<SplitWords> {
        let mut last = None;
        for block in blocks {
            let child = state.child_process(true);
            // `<(...)` runs while what reads it does.
            let is_beside = raw.0.first().is_some_and(|first| matches!(first.ch, '<' | '>'));
            if is_beside {
                let process = self.timeline.begin_beside(state.conditional);
                self.read_beside.push(process);
            }
            let (exits, printed) = self.with_printed(raw, |interpreter| {
                interpreter.in_child_process(state, child, |interpreter, child| interpreter.run_block(block, child))
            });
            if is_beside {
                self.timeline.leave_beside();
            }
            self.note_not_made(&exits, state);
            if let Some(after) = self.next_state(exits) {
                *state = after;
            }
            last = printed;
        }
        last
    }

    fn parameter_value(
        &mut self,
        param: &Parameter,
        quoted: bool,
        alone: bool,
        state: &mut ShellState,
    ) -> ParameterValue {
        if let Some(found) = self.alternative_value(param, quoted, alone, state) {
            return found;
        }
        if let Some(found) = positional_value(param, quoted, state) {
            return found;
        }
        let name = state.target_of(&param.name);
        let value = state.vars.value(&name).cloned();
        if let (None, "BASH_SOURCE", Some(file)) = (&value, param.name.as_str(), self.inside.last()) {
            let file = TracedText::plain(&file.path);
            return if param.is_value() {
                ParameterValue::One(file)
            } else {
                cut_pattern(&file, param).map_or(ParameterValue::Unclear, ParameterValue::One)
            };
        }
        if let (None, "PWD") = (&value, param.name.as_str())
            && *state.cwd != WorkingDirectory::Initial
        {
            let there = changed_directory(state);
            let there = there.and_then(|path| if param.is_value() { Some(path) } else { cut_pattern(&path, param) });
            return there.map_or(ParameterValue::Unclear, ParameterValue::One);
        }
        if let (None, "EUID" | "UID", true) = (&value, param.name.as_str(), param.is_value())
            && let Some(number) = Self::user_text(true, state)
        {
            return ParameterValue::One(number);
        }
        let value = match state.inherits {
            Inherits::All if state.taken.is_empty() || value.is_some() => value,
            Inherits::All => match Self::reach_in(&param.name, state) {
                Reach::No => Some(VariableValue::Unset),
                Reach::Perhaps if (self.context.is_set)(&param.name) => Some(VariableValue::Unclear),
                Reach::Yes | Reach::Perhaps => value,
            },
            _ if OF_THE_SHELL.contains(&param.name.as_str()) || state.keeps.contains(&param.name) => value,
            Inherits::Nothing => value.or(Some(VariableValue::Unset)),
            Inherits::ByPolicy => value.or(Some(VariableValue::Unclear)),
        };
        match value {
            None | Some(VariableValue::Inherited) if matches!(param.op.as_str(), ":=" | "=") => {
                let rest = default_of_script(&param.rest, state).unwrap_or_else(|| param.rest.clone());
                let text = format!("${{{}{}{rest}}}", param.name, param.op.replace('=', "-"));
                let text = TracedText::live(&text);
                self.assign_value(&param.name, VariableValue::Text(text.clone()), false, state);
                ParameterValue::One(text)
            }
            None | Some(VariableValue::Inherited) => {
                let rest = matches!(param.op.as_str(), ":-" | "-").then(|| default_of_script(&param.rest, state));
                let text = rest.flatten().map(|rest| format!("${{{}{}{rest}}}", param.name, param.op));
                text.map_or(ParameterValue::Outer, |text| ParameterValue::One(TracedText::live(&text)))
            }
            Some(VariableValue::Text(text)) if !param.is_value() => {
                cut_pattern(&text, param).map_or(ParameterValue::Unclear, ParameterValue::One)
            }
            Some(VariableValue::Words(words)) if param.op.is_empty() && !quoted => ParameterValue::Many(words.items),
            // One of them, whichever was printed: `BIN=$(engine_name)`.
            Some(VariableValue::Words(words)) if param.op.is_empty() && alone && are_engines(&words.items) => {
                ParameterValue::Many(words.items)
            }
            Some(_) if !param.is_value() => ParameterValue::Unclear,
            Some(VariableValue::Maybe(text, certainty)) if param.op.is_empty() => {
                ParameterValue::Maybe(text, certainty)
            }
            Some(
                VariableValue::Unclear
                | VariableValue::Either(_)
                | VariableValue::Maybe(..)
                | VariableValue::Words(_)
                | VariableValue::NameOf(_),
            ) => ParameterValue::Unclear,
            Some(VariableValue::Text(text)) if !text.is_empty() => match default_of_value(&text, param, state) {
                Some(whole) => self.default_value(param, whole, state),
                None => ParameterValue::One(text),
            },
            Some(VariableValue::List(texts)) if param.all && quoted => ParameterValue::Many(texts),
            Some(VariableValue::List(texts)) if param.all => ParameterValue::Many(list_item::split_items(texts)),
            Some(VariableValue::List(mut texts)) if !texts.is_empty() => single_item(texts.swap_remove(0)),
            Some(_) if param.op.is_empty() || param.op == ":?" => ParameterValue::One(TracedText::default()),
            // Empty is set, where it is not asked whether it is empty.
            Some(VariableValue::Text(_) | VariableValue::List(_)) if matches!(param.op.as_str(), "-" | "=") => {
                ParameterValue::One(TracedText::default())
            }
            Some(_) if param.rest.contains(['$', '`', '"', '\'', '\\']) => ParameterValue::Unclear,
            Some(_) => self.default_value(param, TracedText::plain(&param.rest), state),
        }
    }

    /// What a parameter's default gives, which `:=` keeps.
    fn default_value(&mut self, param: &Parameter, text: TracedText, state: &mut ShellState) -> ParameterValue {
        if matches!(param.op.as_str(), ":=" | "=") {
            self.assign_value(&param.name, VariableValue::Text(text.clone()), false, state);
        }
        ParameterValue::One(text)
    }

    /// The value of `${!NAME}`: of the variable whose name the other one holds, where that is known.
    fn indirect_value(&mut self, raw: &TracedText, state: &mut ShellState) -> Option<TracedText> {
        let text = raw.raw();
        let inner = text.strip_prefix("${!")?.strip_suffix('}')?;
        let end = inner.find(|ch: char| !(ch.is_ascii_alphanumeric() || ch == '_')).unwrap_or(inner.len());
        let (name, operation) = inner.split_at_checked(end)?;
        let target = match &state.vars.get(name)?.value {
            VariableValue::Text(target) if target.is_fixed() => target.raw(),
            _ => return None,
        };
        if operation.starts_with('[') {
            return None;
        }
        let is_name = target.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let whole = format!("${{{target}{operation}}}");
        let param = Parameter::parse(&whole).filter(|param| is_name && param.name == target && param.is_value())?;
        match self.parameter_value(&param, true, true, state) {
            ParameterValue::One(text) => Some(text),
            ParameterValue::Outer => Some(TracedText::live(&whole)),
            ParameterValue::Many(_) | ParameterValue::Maybe(..) | ParameterValue::Unclear => None,
        }
    }

    /// The commands substituted in a redirection's words.
    pub(super) fn run_here_document(&mut self, action: &RedirectAction, state: &mut ShellState) {
        let RedirectAction::Data(document) = action else { return };
        for part in document.word().map(|word| word.parts.as_slice()).unwrap_or_default() {
            if let WordPart::Computed { blocks, .. } | WordPart::Param { blocks, .. } = part {
                self.run_substitutions(&TracedText::default(), blocks, state);
            }
        }
    }
}

/// What stands for `${NAME:-default}` where NAME holds one variable of the environment, with nothing as its default:
/// that one with this default.
fn default_of_value(text: &TracedText, param: &Parameter, state: &ShellState) -> Option<TracedText> {
    let raw = text.raw();
    let inner = Parameter::parse(&raw).filter(|_| text.is_live() && matches!(param.op.as_str(), ":-" | ":="))?;
    let is_open = inner.op.is_empty() || matches!(inner.op.as_str(), ":-" | "-") && inner.rest.is_empty();
    if !is_open || inner.all || !is_variable_name(&inner.name) {
        return None;
    }
    let rest = default_of_script(&param.rest, state).unwrap_or_else(|| param.rest.clone());
    Some(TracedText::live(&format!("${{{}:-{rest}}}", inner.name)))
}

/// A parameter that has an empty default, of a variable that the script sets, as the variable itself: `${NAME:-}`.
fn without_empty_default(param: &Parameter, state: &ShellState) -> Option<Parameter> {
    let is_empty = matches!(param.op.as_str(), ":-" | "-") && param.rest.is_empty() && !param.all;
    let value = state.vars.value(&state.target_of(&param.name)).filter(|_| is_empty)?;
    let is_known = matches!(value, VariableValue::Unset | VariableValue::Inherited | VariableValue::List(_));
    (!is_known).then(|| Parameter { op: String::new(), ..param.clone() })
}

/// Whether a file is one of zsh, by its name or its first line.
fn is_of_zsh(path: &str, text: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let first = text.lines().next().filter(|first| first.starts_with("#!")).unwrap_or_default();
    let is_named = [".zsh", "zshrc", "zshenv", "zprofile", "zlogin"].iter().any(|ending| name.ends_with(ending));
    is_named || first.split(['/', ' ']).any(|word| word == "zsh")
}

/// What `${NAME[NUMBER]}` is of a list whose elements up to that one are certain.
fn array_element(raw: &TracedText, state: &ShellState) -> Option<TracedText> {
    let text = raw.raw();
    let (name, index) = text.strip_prefix("${")?.strip_suffix("]}")?.split_once('[')?;
    let index: usize = index.parse().ok()?;
    let Some(VariableValue::List(items)) = state.vars.value(&state.target_of(name)) else {
        return None;
    };
    let known = items.get(..=index).filter(|items| items.iter().all(|item| item.certainty == Certainty::Sure));
    known.and_then(|items| items.last()).filter(|item| !item.unclear).map(|item| item.text.clone())
}

/// Whether what is written is `$(...)` or in backquotes.
pub(super) fn is_substitution(raw: &TracedText) -> bool {
    raw.0.first().is_some_and(|first| matches!(first.ch, '$' | '`')) && !raw.raw().starts_with("$((")
}

/// A word that is not split.
fn as_one_word(all: Vec<ShellWord>, word: &UnexpandedWord) -> ShellWord {
    let mut all = all.into_iter();
    let mut one = all.next().unwrap_or_else(|| ShellWord { source: word.source.clone(), ..ShellWord::default() });
    for more in all {
        one.text.push(&TracedText::plain(" "));
        one.text.push(&more.text);
        one.unclear |= more.unclear || more.certainty != Certainty::Sure;
    }
    one
}

/// A leading `~` where the text itself says what `HOME` is.
fn expand_home(text: &TracedText, state: &ShellState) -> TracedText {
    let tilde = text.0.first().is_some_and(|traced| traced.ch == '~' && traced.live);
    let alone = text.0.get(1).is_none_or(|next| next.ch == '/');
    match state.vars.value("HOME") {
        Some(VariableValue::Text(home)) if tilde && alone => {
            let mut whole = home.clone();
            whole.push(&text.part(1, text.0.len()));
            whole
        }
        _ => text.clone(),
    }
}

/// Adds to a word; one that may be missing altogether is not clear once it is part of a larger one.
fn append_text(word: &mut ShellWord, text: &TracedText) {
    word.unclear |= word.certainty != Certainty::Sure;
    word.either = Alternatives::default();
    word.text.push(text);
}

/// Adds the elements of a list to what is open: what stands beside them is part of the first and the last one.
fn append_items(
    items: &[ListItem],
    done: &mut Vec<ShellWord>,
    open: &mut Option<ShellWord>,
    fresh: impl Fn() -> ShellWord,
) {
    for (at, piece) in items.iter().take(limits::WORDS).enumerate() {
        if at > 0 {
            done.extend(open.take());
        }
        let alone = open.is_none();
        let open = open.get_or_insert_with(&fresh);
        append_text(open, &piece.text);
        open.unclear |= piece.unclear;
        if alone && !piece.source.is_empty() {
            // It is written where the list was made.
            open.source = piece.source.clone();
        }
        open.rest.clone_from(&piece.rest);
        open.either = if alone { piece.either.clone() } else { Alternatives::default() };
        if alone {
            open.certainty = piece.certainty.clone();
            open.sides = piece.sides.clone();
        } else {
            open.unclear |= piece.certainty != Certainty::Sure;
        }
    }
}

fn single_item(piece: ListItem) -> ParameterValue {
    if piece.unclear || piece.certainty != Certainty::Sure {
        ParameterValue::Unclear
    } else {
        ParameterValue::One(piece.text)
    }
}

/// What `%`, `%%`, `#` and `##` leave of a text that is fixed, for a pattern of one star and plain characters.
fn cut_pattern(text: &TracedText, param: &Parameter) -> Option<TracedText> {
    let (operator, twice) = (param.op.as_str(), param.rest.starts_with(&param.op));
    let pattern = if twice { param.rest.get(1..)? } else { param.rest.as_str() };
    if !text.is_fixed() {
        return None;
    }
    let raw = text.raw();
    let cut = match operator {
        "%" => match pattern.strip_suffix('*').filter(|start| is_plain(start) && !start.is_empty()) {
            Some(start) => if twice { raw.find(start) } else { raw.rfind(start) }.map(|at| (0, at)),
            None if is_plain(pattern) => raw.strip_suffix(pattern).map(|rest| (0, rest.len())),
            None => return None,
        },
        "#" => match pattern.strip_prefix('*').filter(|end| is_plain(end) && !end.is_empty()) {
            Some(end) => if twice { raw.rfind(end) } else { raw.find(end) }.map(|at| (at + end.len(), raw.len())),
            None if is_plain(pattern) => raw.strip_prefix(pattern).map(|rest| (raw.len() - rest.len(), raw.len())),
            None => return None,
        },
        _ => return None,
    };
    let (from, to) = cut.unwrap_or((0, raw.len()));
    let chars = [from, to].map(|bytes| raw.get(..bytes).map_or(0, |part| part.chars().count()));
    Some(text.part(chars[0], chars[1]))
}

/// Whether a pattern is plain text.
fn is_plain(pattern: &str) -> bool {
    !pattern.contains(['*', '?', '[', '$', '`', '\\', '"', '\''])
}

fn positional_value(param: &Parameter, quoted: bool, state: &ShellState) -> Option<ParameterValue> {
    let args = state.args.as_ref();
    match param.name.as_str() {
        "@" | "*" => {
            let from = if param.op == ":" { param.rest.trim().parse().ok() } else { param.is_value().then_some(1) };
            let from = from.filter(|from| *from > 0);
            let Some(texts) = args.zip(from).map(|(args, from)| args.items_from(from)) else {
                return Some(ParameterValue::Outer);
            };
            if param.name == "*" && quoted {
                if texts.iter().any(|text| text.rest.is_some()) {
                    return Some(ParameterValue::Outer);
                }
                let mut whole = TracedText::default();
                for (at, piece) in texts.into_iter().enumerate() {
                    let ParameterValue::One(text) = single_item(piece) else { return Some(ParameterValue::Unclear) };
                    if at > 0 {
                        whole.push(&TracedText::plain(" "));
                    }
                    whole.push(&text);
                }
                return Some(ParameterValue::One(whole));
            }
            Some(ParameterValue::Many(if quoted { texts } else { list_item::split_items(texts) }))
        }
        "#" => {
            let count = args.and_then(Arguments::count);
            Some(
                count.map_or(ParameterValue::Outer, |count| ParameterValue::One(TracedText::plain(&count.to_string()))),
            )
        }
        "?" | "!" | "$" | "-" => Some(ParameterValue::Outer),
        name => {
            let number: usize = name.parse().ok()?;
            let Some(args) = args else { return Some(ParameterValue::Outer) };
            Some(argument_value(args, number, param))
        }
    }
}

/// The value of `$1`, `${1:-default}` and their kin.
fn argument_value(args: &Arguments, number: usize, param: &Parameter) -> ParameterValue {
    let literal = !param.rest.contains(['$', '`', '"', '\'', '\\', '}']);
    let default = match param.op.as_str() {
        ":-" | "-" if literal => format!("{}{}", param.op, param.rest),
        _ => String::new(),
    };
    let value = match args.value(number, &default) {
        ArgumentValue::Known(item) => item.text,
        ArgumentValue::Symbol(symbol) if matches!(param.op.as_str(), "" | ":?" | "?") || !default.is_empty() => {
            return ParameterValue::One(symbol);
        }
        ArgumentValue::Symbol(_) | ArgumentValue::Unclear => return ParameterValue::Unclear,
    };
    match param.op.as_str() {
        "" | ":?" | "?" => ParameterValue::One(value),
        ":-" | "-" if !value.is_empty() => ParameterValue::One(value),
        ":-" | "-" if literal => ParameterValue::One(TracedText::plain(&param.rest)),
        _ => cut_pattern(&value, param).map_or(ParameterValue::Unclear, ParameterValue::One),
    }
}

/// Splits a value without quotes at its blanks.
fn append_split(
    text: &TracedText,
    done: &mut Vec<ShellWord>,
    open: &mut Option<ShellWord>,
    fresh: impl Fn() -> ShellWord,
) {
    for traced in &text.0 {
        if traced.ch.is_ascii_whitespace() && !traced.live {
            done.extend(open.take());
        } else {
            open.get_or_insert_with(&fresh).text.0.push(*traced);
        }
    }
}
