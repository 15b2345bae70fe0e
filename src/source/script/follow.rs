//! From a command's words to the file that it runs: script files, interpreters, `source`.
//! Uses `walk`, `disk`, `launch` and `state`.

use std::rc::Rc;

use super::disk::{Opened, mentioned};
use super::doubt::{Doubt, Piece};
use super::glyph::{Text, Word};
use super::outcome::{Kind, Last, Outcome};
use super::place;
use super::state::{Directory, State};
use super::syntax::Param;
use super::walk::Walker;
use super::wrapper::{ShellCall, is_shell};
use crate::model::{Command, clean, join};
use crate::text::{FileId, Span};

/// Where a program is looked for that is named without a directory, where nothing says otherwise (Docker's default).
const USUAL_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/// Files of the system that shells source and that call nothing of interest.
const HARMLESS: [&str; 5] = ["/etc/os-release", "/etc/profile", "/etc/environment", "/etc/bashrc", "/etc/bash.bashrc"];

/// A script's text.
pub(super) struct Code {
    /// The file that it is, or stands in.
    pub(super) file: FileId,
    pub(super) text: Text,
}

impl Code {
    fn first_line(&self) -> String {
        self.text.0.iter().map(|glyph| glyph.ch).take_while(|ch| *ch != '\n').collect()
    }

    /// What tells it from other texts.
    pub(super) fn key(&self) -> (FileId, u32) {
        let at = self.text.0.iter().find_map(|glyph| glyph.at);
        at.unwrap_or((self.file, 0))
    }
}

/// What became of a file that a command names.
pub(super) enum Followed {
    /// It was run.
    Ran(Outcome),
    /// It was not, and here is the state back; with what there is to say of that.
    Not(State, Option<Missed>),
}

/// Why a command's file was not gone through.
pub(super) struct Missed {
    pub(super) reason: String,
    /// Where in that file there is something to see.
    pub(super) span: Option<Span>,
    /// Whether it is known to be a script, whatever its name suggests.
    pub(super) is_script: bool,
}

impl Missed {
    pub(super) fn new(reason: String) -> Self {
        Self { reason, span: None, is_script: false }
    }
}

impl Walker<'_> {
    /// The value of a variable of the environment, and what is shown of it.
    pub(super) fn look_up(&self, name: &str) -> Option<(String, String)> {
        let value = (self.setting.lookup)(name)?;
        // The directory that a script runs in may be shown.
        let hides = self.setting.hides && name != "PWD";
        let form = if hides { format!("${{{name}}}") } else { value.clone() };
        Some((value, form))
    }

    /// A text as it is once the environment is put in; `None` where a part of it is not known.
    pub(super) fn resolve(&self, text: &Text) -> Option<String> {
        Some(self.resolve_shown(text)?.0)
    }

    /// The same, and what is shown of it.
    pub(super) fn resolve_shown(&self, text: &Text) -> Option<(String, String)> {
        let (mut path, mut form) = (String::new(), String::new());
        let mut at = 0;
        while let Some(glyph) = text.0.get(at) {
            if !glyph.live {
                path.push(glyph.ch);
                form.push(glyph.ch);
                at += 1;
                continue;
            }
            let rest: String = text.0.iter().skip(at).take_while(|glyph| glyph.live).map(|glyph| glyph.ch).collect();
            if glyph.ch == '~' {
                let alone = at == 0 && text.0.get(1).is_none_or(|next| next.ch == '/');
                let home = self.look_up("HOME").filter(|_| alone)?;
                path.push_str(&home.0);
                form.push_str(&home.1);
                at += 1;
                continue;
            }
            let end = parameter_end(&rest)?;
            let param = Param::parse(rest.get(..end)?).filter(Param::is_value)?;
            // What is still to be replaced is the environment's.
            let value = self.look_up(&param.name).filter(|value| !value.0.is_empty());
            let default = || param.op.ends_with('-').then(|| &param.rest).filter(|rest| !rest.contains('$'));
            let (value, shown) = value.or_else(|| Some((default()?.clone(), default()?.clone())))?;
            path.push_str(&value);
            form.push_str(&shown);
            at += rest.get(..end)?.chars().count();
        }
        Some((path, form))
    }

    fn variable(&self, name: &str, state: &State) -> Option<String> {
        use super::state::Value;
        match state.vars.get(name).map(|variable| &variable.value) {
            Some(Value::Text(text)) if text.is_fixed() => Some(text.raw()),
            None | Some(Value::Inherited) => (self.setting.lookup)(name),
            _ => None,
        }
    }

    /// The absolute path that a word means here.
    pub(super) fn absolute(&self, text: &Text, state: &State) -> Option<String> {
        let path = self.resolve(text)?;
        if path.starts_with('/') {
            return Some(clean(&path));
        }
        Some(join(&self.directory(state)?, &path))
    }

    /// The working directory, where it is known.
    pub(super) fn directory(&self, state: &State) -> Option<String> {
        let initial = || self.setting.directory.map(str::to_owned);
        match state.cwd.as_ref() {
            Directory::Initial => initial(),
            Directory::At(directory) => {
                let path = self.resolve(directory)?;
                if path.starts_with('/') { Some(clean(&path)) } else { Some(join(&initial()?, &path)) }
            }
            Directory::Unclear => None,
        }
    }

    /// The file that a program's name means, by `PATH` where it has no directory.
    fn program_file(&self, word: &Word, state: &State) -> Option<(String, Opened)> {
        if word.unclear || word.doubt != Doubt::Sure {
            return None;
        }
        if word.text.raw().contains('/') {
            let path = self.absolute(&word.text, state)?;
            let opened = self.setting.disk.open(&path);
            return Some((path, opened));
        }
        let name = word.is_fixed().then(|| word.raw()).filter(|name| !name.is_empty())?;
        let path = self.variable("PATH", state).unwrap_or_else(|| USUAL_PATH.to_owned());
        let directories = path.split(':').filter(|directory| directory.starts_with('/')).take(64);
        let paths = directories.map(|directory| join(directory, &name));
        paths.map(|path| (self.setting.disk.open(&path), path)).find_map(|(opened, path)| match opened {
            Opened::Text(_) | Opened::Passage(_) | Opened::Binary => Some((path, opened)),
            Opened::Absent | Opened::Unseen(_) => None,
        })
    }

    /// Runs what a command names, where that is a shell script that can be read.
    pub(super) fn script_file(&mut self, words: &[Word], state: State) -> Followed {
        let Some(first) = words.first() else { return Followed::Not(state, None) };
        match self.program_file(first, &state) {
            Some((path, opened @ (Opened::Text(_) | Opened::Passage(_)))) => {
                let Some(code) = self.code(opened) else { return Followed::Not(state, None) };
                match Shebang::of(&code.first_line()) {
                    Shebang::Shell(options) => {
                        let mut call = ShellCall::plain(Word::default());
                        call.options(&options);
                        call.args = words.to_vec();
                        Followed::Ran(self.run_file(&path, &code, call, &state))
                    }
                    Shebang::Other(interpreter) => {
                        // The program itself is what is looked for, and not what it is made of, unless that names another.
                        let named = path.rsplit('/').next().unwrap_or_default();
                        let (own, others): (Vec<_>, Vec<_>) =
                            (self.setting.programs)().iter().cloned().partition(|program| program == named);
                        if !own.is_empty() && mentioned(code.file, self.setting.sources, &others).is_none() {
                            return Followed::Not(state, None);
                        }
                        let missed = self.foreign(&path, code.file, &interpreter);
                        Followed::Not(state, Some(missed))
                    }
                }
            }
            Some((path, Opened::Unseen(why))) if !why.is_empty() => {
                Followed::Not(state, Some(Missed::new(format!("the script `{path}` was not read: {why}"))))
            }
            Some((path, Opened::Absent)) => {
                Followed::Not(state, Some(Missed::new(format!("the script `{path}` was not found where it should be"))))
            }
            _ => Followed::Not(state, None),
        }
    }

    /// Runs `bash file` and the like.
    pub(super) fn shell_file(&mut self, mut call: ShellCall, words: &[Word], state: State) -> Followed {
        let word = call.text.clone();
        let named = word.is_fixed() || (!word.unclear && word.doubt == Doubt::Sure);
        let Some(path) = self.absolute(&word.text, &state).filter(|_| named) else {
            return Followed::Not(state, None);
        };
        let name = words.first().map(Word::raw).unwrap_or_default();
        match self.setting.disk.open(&path) {
            opened @ (Opened::Text(_) | Opened::Passage(_)) => {
                let Some(code) = self.code(opened) else { return Followed::Not(state, None) };
                call.args.insert(0, word);
                Followed::Ran(self.run_file(&path, &code, call, &state))
            }
            Opened::Unseen(why) if !why.is_empty() => Followed::Not(
                state,
                Some(Missed::new(format!("the script `{path}`, run by `{name}`, was not read: {why}"))),
            ),
            Opened::Absent => {
                Followed::Not(state, Some(Missed::new(format!("the script `{path}`, run by `{name}`, was not found"))))
            }
            Opened::Binary | Opened::Unseen(_) => Followed::Not(state, None),
        }
    }

    /// The text of what stands at a path.
    fn code(&self, opened: Opened) -> Option<Code> {
        match opened {
            Opened::Text(file) => Some(Code { file, text: Text::of_file(file, self.setting.sources) }),
            Opened::Passage(value) => {
                let span = value.span?;
                let words = place::words(&Command { words: vec![*value], span }, self.setting.sources);
                Some(Code { file: span.file, text: words.into_iter().next()?.text })
            }
            Opened::Binary | Opened::Absent | Opened::Unseen(_) => None,
        }
    }

    fn run_file(&mut self, path: &str, code: &Code, mut call: ShellCall, state: &State) -> Outcome {
        let Some(zeroth) = call.args.first_mut() else { return Outcome::either(state.clone()) };
        zeroth.text = Text::plain(path);
        if !self.enter(path) {
            return Outcome::either(state.clone());
        }
        let outcome = self.in_shell(&call, state, |walker, inner| walker.file_text(code, Last::Forks, inner));
        self.inside.pop();
        outcome
    }

    /// Goes into a file, unless that leads round in a circle.
    fn enter(&mut self, path: &str) -> bool {
        // A script may start itself once, under a lock; more is a circle.
        let before = self.inside.iter().filter(|inside| *inside == path).count();
        if before > 1 || self.inside.len() >= super::walk::FILES {
            self.miss(format!("the script `{path}` leads to itself"));
            return false;
        }
        self.inside.push(path.to_owned());
        true
    }

    /// `source file` and `. file`.
    pub(super) fn source(&mut self, words: &[Word], mut state: State) -> Outcome {
        let Some(word) = words.get(1) else { return Outcome { err: Some(state), ..Outcome::default() } };
        let shown = word.text.shown();
        let file = if word.unclear || word.doubt != Doubt::Sure {
            None
        } else if word.text.raw().contains('/') || !word.is_fixed() {
            self.absolute(&word.text, &state).map(|path| (self.setting.disk.open(&path), path))
        } else {
            self.program_file(word, &state).map(|(path, opened)| (opened, path)).or_else(|| {
                let path = self.absolute(&word.text, &state)?;
                Some((self.setting.disk.open(&path), path))
            })
        };
        let here = word.place(self.setting.sources);
        let (path, code) = match file {
            Some((opened @ (Opened::Text(_) | Opened::Passage(_)), path)) => match self.code(opened) {
                Some(code) => (path, code),
                None => return Outcome::either(state),
            },
            Some((_, path)) if HARMLESS.contains(&path.as_str()) => return Outcome::either(state),
            Some((Opened::Unseen(why), path)) if !why.is_empty() => {
                self.miss_at(format!("`{path}` is sourced and was not read: {why}"), here);
                return Outcome::either(state);
            }
            Some((Opened::Absent, path)) => {
                self.miss_at(format!("`{path}` is sourced and was not found"), here);
                return Outcome::either(state);
            }
            _ => {
                self.miss_at(format!("`{shown}` is sourced and was not read"), here);
                return Outcome::either(state);
            }
        };
        if !self.enter(&path) {
            return Outcome::either(state);
        }
        let before = state.args.clone();
        if words.len() > 2 {
            let zeroth = before.as_ref().and_then(|args| args.first().cloned()).unwrap_or_default();
            let own = words.iter().skip(2).cloned().map(Piece::from);
            state.args = Some(Rc::new(std::iter::once(zeroth).chain(own).collect()));
        }
        let (outcome, frame) = self.framed(Kind::Sourced, |walker| walker.file_text(&code, Last::Forks, state));
        self.inside.pop();
        outcome.merge(frame.ends).map(|mut state| {
            if words.len() > 2 {
                state.args.clone_from(&before);
            }
            state
        })
    }

    /// Why a file of another language is not seen through, with the line where it names a program that matters.
    fn foreign(&self, path: &str, file: FileId, interpreter: &str) -> Missed {
        let names = (self.setting.programs)();
        let found = mentioned(file, self.setting.sources, names).or_else(|| self.setting.disk.mention(names));
        let reason = match found {
            Some(span) => format!("{}: `{path}` is run by `{interpreter}`", self.naming(span)),
            None => format!("the script `{path}`, run by `{interpreter}`, was not read"),
        };
        // Where all that was put there was looked through, nothing in it names a program that matters.
        Missed { reason, span: found, is_script: found.is_some() || !self.setting.disk.is_searched() }
    }

    fn naming(&self, span: Span) -> String {
        let source = self.setting.sources.get(span.file);
        let (name, line, word) = (source.name(), span.start.line, source.slice(span));
        format!("{name}:{line} names `{word}`, and what it does with it was not read")
    }

    /// The same for an interpreter and its words; nothing where no file of the repository is known to be behind them.
    pub(super) fn interpreted_file(&self, words: &[Word], state: &State) -> Option<Missed> {
        let name = words.first().filter(|word| word.is_fixed()).map(Word::raw)?;
        let name = name.rsplit('/').next().unwrap_or(&name);
        let file = words.iter().skip(1).find(|word| !word.raw().starts_with('-'))?;
        let path = self.absolute(&file.text, state)?;
        if let Opened::Text(file) = self.setting.disk.open(&path) {
            return Some(self.foreign(&path, file, name));
        }
        let span = self.setting.disk.mention((self.setting.programs)())?;
        let reason = format!("{}: it is put beside what `{name}` runs", self.naming(span));
        Some(Missed { reason, span: Some(span), is_script: true })
    }

    /// What a test of a path comes to, where a file of the repository stands there.
    pub(super) fn stands(&self, operator: &str, word: &Word, state: &State) -> bool {
        let asks = matches!(operator, "-f" | "-e" | "-r" | "-s" | "-x");
        let path = self.absolute(&word.text, state).filter(|_| asks && !word.unclear);
        path.is_some_and(|path| matches!(self.setting.disk.open(&path), Opened::Text(_) | Opened::Passage(_)))
    }
}

/// The byte after the parameter or substitution that a text begins with.
fn parameter_end(text: &str) -> Option<usize> {
    let inner = text.strip_prefix('$')?;
    if let Some(braced) = inner.strip_prefix('{') {
        return Some(braced.find('}')? + 3);
    }
    let name = inner.find(|ch: char| !(ch.is_ascii_alphanumeric() || ch == '_')).unwrap_or(inner.len());
    (name > 0).then_some(name + 1)
}

/// What a file says it is run by.
enum Shebang {
    /// A shell, with these options.
    Shell(String),
    /// Another program.
    Other(String),
}

impl Shebang {
    fn of(text: &str) -> Self {
        let first = text.lines().next().unwrap_or("").trim_start_matches('\u{feff}').trim_end();
        // Without a line of its own a shell runs it.
        let Some(line) = first.strip_prefix("#!") else { return Self::Shell("sh".to_owned()) };
        let mut words = line.split_whitespace().peekable();
        let file = |word: Option<&str>| word.and_then(|word| word.rsplit('/').next()).unwrap_or("sh").to_owned();
        let mut name = file(words.next());
        if name == "env" {
            while words.peek().is_some_and(|word| word.starts_with('-') || word.contains('=')) {
                words.next();
            }
            name = file(words.next());
        }
        let options: Vec<&str> = words.collect();
        if is_shell(&name) { Self::Shell(format!("{name} {}", options.join(" "))) } else { Self::Other(name) }
    }
}
