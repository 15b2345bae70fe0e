//! Crontabs: each line is a command that starts again by the clock, whether the one before it has ended or not. The forms are
//! from crontab(5): of a person, and of the system, with the user's name before the command. Uses `script`'s entries and
//! `shell`.

use std::path::Path;
use std::rc::Rc;

use super::project::Repository;
use super::schedule::{Schedule, table_text};
use super::script::{self, EntryFile, HoldsEntries};
use super::shell::{EntryText, ExecContext, RecipeFile, RecipeSource, ShellEntry};
use super::start_words::names_engine;
use super::{CandidateFile, FoundInput, InputKind, LoadContext, Piece, UnreadWeight};
use crate::model::{Unseen, is_variable_name};
use crate::text::{FileId, Span, TracedChar, TracedText};

/// Programs that a line of a person begins with, and that no user is called.
#[rustfmt::skip]
const NO_USERS: [&str; 24] = [
    "bash", "cd", "chronic", "command", "curl", "docker", "docker-compose", "echo", "env", "exec", "find", "finch", "flock", "ionice",
    "nerdctl", "nice", "podman", "sh", "sleep", "sudo", "systemd-run", "test", "timeout", "zsh",
];

/// Characters of all lines together, each with the variables that are set before it.
const CHARS: usize = 1024 * 1024;

/// Tables of cron.
#[derive(Debug)]
pub(super) struct CrontabKind;

impl InputKind for CrontabKind {
    fn name(&self) -> &'static str {
        "crontab"
    }

    fn looks_like(&self, file: &CandidateFile<'_>) -> bool {
        file.name() == "crontab" || matches!(file.ending(), Some("cron" | "crontab")) || file.is_in("cron.d")
    }

    fn is_found(&self, file: &CandidateFile<'_>) -> bool {
        self.looks_like(file) && names_engine(file.beginning())
    }

    fn may_call(&self, file: &CandidateFile<'_>) -> bool {
        self.looks_like(file)
    }

    fn weigh_text(&self, text: &str, context: &LoadContext<'_>) -> UnreadWeight {
        script::weigh_entries(text, context)
    }

    fn load(&self, input: &FoundInput, context: &LoadContext<'_>, repository: &Repository<'_>) -> Piece {
        script::load_entries(self, input, context, repository)
    }
}

impl HoldsEntries for CrontabKind {
    fn read_entries(&self, file: FileId, directory: &Path, repository: &Repository<'_>) -> EntryFile {
        let source = repository.sources.get(file);
        let text = TracedText::of_file(file, repository.sources);
        let is_of_system =
            directory.ends_with("cron.d") || directory.ends_with("etc") && source.name().ends_with("crontab");
        let mut read = EntryFile::default();
        // A script that is called like a table.
        if let Some(first) = source.text().strip_prefix("#!") {
            let shell = first.lines().next().unwrap_or_default().rsplit(['/', ' ']).next().unwrap_or("sh").to_owned();
            let text = EntryText { text, shell, ..EntryText::default() };
            read.entries.push(ShellEntry {
                run: source.name().to_owned(),
                name: source.name().to_owned(),
                texts: vec![text],
                ..ShellEntry::default()
            });
            return read;
        }
        let mut chars = 0;
        let mut table = CronTable { is_of_system, shell: "sh".to_owned(), variables: TracedText::default() };
        for (number, line) in text.0.split(|traced| traced.ch == '\n').enumerate() {
            let line = script_line(line);
            if line.first().is_none_or(|first| first.ch == '#') || table.take_variable(line) {
                continue;
            }
            let span = source.line_span(file, number + 1);
            chars += table.variables.0.len() + line.len();
            if chars > CHARS {
                let what = "the crontab is too large to be read".to_owned();
                read.unread.push(Unseen { what, span: Span::at(file, span.start) });
                break;
            }
            match table.command(line) {
                Some(command) => read.entries.push(ShellEntry {
                    run: format!("{}#{}", source.name(), number + 1),
                    name: format!("line {} of {}", number + 1, source.name()),
                    texts: vec![command],
                    is_single: is_at_start(line),
                    ..ShellEntry::default()
                }),
                None => read.faults.push(Unseen {
                    what: "this line is neither a time with a command nor a variable".to_owned(),
                    span: Span::at(file, span.start),
                }),
            }
        }
        read
    }
}

/// Reads the lines of a table that a cron runs; `None` where one of them is not known.
pub(super) fn read_recipes(source: &RecipeSource, context: &ExecContext<'_>) -> Option<Rc<dyn RecipeFile>> {
    let text = table_text(source, context)?;
    let is_of_system = source.program == "cron";
    let mut table = CronTable { is_of_system, shell: "sh".to_owned(), variables: TracedText::default() };
    let (mut texts, mut chars) = (Vec::new(), 0);
    for line in text.0.split(|traced| traced.ch == '\n') {
        let line = script_line(line);
        if line.first().is_none_or(|first| first.ch == '#') || table.take_variable(line) {
            continue;
        }
        chars += table.variables.0.len() + line.len();
        texts.push(table.command(line).filter(|_| chars <= CHARS)?);
    }
    Some(Rc::new(Schedule { texts }))
}

/// What lines of a table mean so far.
struct CronTable {
    is_of_system: bool,
    shell: String,
    /// What sets the variables of the lines that follow.
    variables: TracedText,
}

impl CronTable {
    /// Takes a line in that sets a variable; whether it does.
    fn take_variable(&mut self, line: &[TracedChar]) -> bool {
        let Some(equals) = line.iter().position(|traced| traced.ch == '=') else { return false };
        let (name, value) = line.split_at(equals);
        let name: String = trimmed(name).iter().map(|traced| traced.ch).collect();
        let name = name.trim_matches(['"', '\'']);
        if !is_variable_name(name) {
            return false;
        }
        let mut value = trimmed(value.get(1..).unwrap_or_default());
        let quote = value.first().map(|first| first.ch).filter(|first| matches!(first, '"' | '\''));
        if quote.is_some() && value.len() > 1 && value.last().map(|last| last.ch) == quote {
            value = value.get(1..value.len() - 1).unwrap_or_default();
        }
        if name == "SHELL" {
            let path: String = value.iter().map(|traced| traced.ch).collect();
            path.rsplit('/').next().unwrap_or("sh").clone_into(&mut self.shell);
        }
        // Nothing is put into a value.
        self.variables.push(&TracedText::plain(&format!("export {name}='")));
        self.variables.0.extend(value.iter().filter(|traced| traced.ch != '\''));
        self.variables.push(&TracedText::plain("'\n"));
        true
    }

    /// The command of a line.
    fn command(&self, line: &[TracedChar]) -> Option<EntryText> {
        let is_named_time = line.first().is_some_and(|first| first.ch == '@');
        let (mut rest, fields) = match after_symbol(line) {
            Some(after) => match leading_times(after) {
                // One variable is the whole schedule, or the minutes.
                0 => (after, 0),
                4 => (after, 4),
                _ => return None,
            },
            None => (line, if is_named_time { 1 } else { 5 }),
        };
        for _ in 0..fields {
            let (field, after) = split_word(rest);
            let is_time = |ch: char| ch.is_ascii_alphanumeric() || "*/,-~?#@".contains(ch);
            if field.is_empty() || !field.iter().all(|traced| is_time(traced.ch)) || after.is_empty() {
                return None;
            }
            rest = after;
        }
        let mut text = self.variables.clone();
        if self.is_of_system || begins_with_user(rest) {
            let (user, after) = split_word(rest);
            if after.is_empty() {
                return None;
            }
            rest = after;
            let user: String = user.iter().map(|traced| traced.ch).collect();
            let is_name = |ch: char| ch.is_ascii_alphanumeric() || matches!(ch, '_' | '-' | '.');
            if !user.chars().all(is_name) {
                return None;
            }
            if !self.variables.raw().contains("export HOME=") {
                let home = if user == "root" { "/root".to_owned() } else { format!("~{user}") };
                text.push(&TracedText::plain(&format!("export HOME={home}\n")));
            }
        }
        // It runs in that user's home.
        text.push(&TracedText::plain("cd \"$HOME\"\n"));
        text.push(&without_input(rest));
        Some(EntryText { text, shell: self.shell.clone(), ..EntryText::default() })
    }
}

/// Whether a line runs as the system starts, which is once while it is up.
fn is_at_start(line: &[TracedChar]) -> bool {
    line.iter().map(|traced| traced.ch).take(7).eq("@reboot".chars())
}

/// A command up to what it is given to read: behind a percent sign that nothing takes the meaning from.
fn without_input(command: &[TracedChar]) -> TracedText {
    let mut text = TracedText::default();
    for traced in command {
        if traced.ch == '%' {
            if text.0.last().is_none_or(|last| last.ch != '\\') {
                break;
            }
            text.0.pop();
        }
        text.0.push(*traced);
    }
    text
}

/// Whether the name of a user stands before a command, in a table of which its place does not say so.
fn begins_with_user(rest: &[TracedChar]) -> bool {
    let (first, after) = split_word(rest);
    let (second, _) = split_word(after);
    let word = |word: &[TracedChar]| word.iter().map(|traced| traced.ch).collect::<String>();
    let (first, second) = (word(first), word(second));
    let is_name = first.starts_with(|letter: char| letter.is_ascii_lowercase() || letter == '_')
        && first.chars().all(|ch| ch.is_ascii_lowercase() || ch.is_ascii_digit() || matches!(ch, '_' | '-'));
    let is_command = second.starts_with('/') || second.contains('=') || NO_USERS.contains(&second.as_str());
    first == "root" || is_name && is_command && !NO_USERS.contains(&first.as_str())
}

/// What follows a variable that a line begins with, in place of a time; `None` where it begins with none.
fn after_symbol(line: &[TracedChar]) -> Option<&[TracedChar]> {
    let length = line.iter().take_while(|traced| traced.live).count();
    let (symbol, after) = line.split_at(length);
    let is_symbol = symbol.first().is_some_and(|first| first.ch == '$');
    let is_apart = after.first().is_some_and(|next| next.ch.is_whitespace());
    (is_symbol && is_apart).then(|| script_line(after))
}

/// How many words at the beginning are surely times, of four.
fn leading_times(mut rest: &[TracedChar]) -> usize {
    let mut count = 0;
    while count < 4 {
        let (word, after) = split_word(rest);
        let is_time = |ch: char| ch.is_ascii_digit() || "*/,-".contains(ch);
        if word.is_empty() || !word.iter().all(|traced| is_time(traced.ch)) {
            break;
        }
        (count, rest) = (count + 1, after);
    }
    count
}

fn script_line(line: &[TracedChar]) -> &[TracedChar] {
    let blanks = line.iter().take_while(|traced| traced.ch.is_whitespace()).count();
    line.get(blanks..).unwrap_or_default()
}

fn split_word(text: &[TracedChar]) -> (&[TracedChar], &[TracedChar]) {
    let end = text.iter().position(|traced| traced.ch.is_whitespace()).unwrap_or(text.len());
    let (word, rest) = text.split_at(end);
    (word, script_line(rest))
}

fn trimmed(text: &[TracedChar]) -> &[TracedChar] {
    let text = script_line(text);
    let end = text.iter().rev().take_while(|traced| traced.ch.is_whitespace()).count();
    text.get(..text.len() - end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::entry_file_tests::read_text;

    fn commands(name: &str, text: &str) -> Vec<String> {
        let read = read_text(&CrontabKind, name, text);
        assert_eq!(read.faults, Vec::<String>::new(), "{text}");
        read.entries
    }

    #[test]
    fn each_line_is_a_command_of_its_user() {
        for (name, text, wanted) in [
            ("crontab", "0 3 * * * docker run x", "1: cd \"$HOME\"\ndocker run x"),
            ("crontab", "*/5 1-3,7 * JAN mon-fri  docker run x  # y", "1: cd \"$HOME\"\ndocker run x  # y"),
            ("crontab", "@daily docker run x", "1: cd \"$HOME\"\ndocker run x"),
            ("crontab", "0 3 * * * date +\\%F; docker run x%y%z", "1: cd \"$HOME\"\ndate +%F; docker run x"),
            ("crontab", "0 3 * * * root docker run x", "1: export HOME=/root\ncd \"$HOME\"\ndocker run x"),
            (
                "crontab",
                "0 3 * * * agent /usr/bin/docker run x",
                "1: export HOME=~agent\ncd \"$HOME\"\n/usr/bin/docker run x",
            ),
            ("crontab", "0 3 * * * flock /x docker run x", "1: cd \"$HOME\"\nflock /x docker run x"),
            ("cron.d/a", "@reboot app run it", "1: export HOME=~app\ncd \"$HOME\"\nrun it"),
            ("etc/crontab", "0 3 * * * app run it", "1: export HOME=~app\ncd \"$HOME\"\nrun it"),
            (
                "a.cron",
                "A = \"b c\"\nHOME='/srv'\n0 3 * * * root run",
                "3: export A='b c'\nexport HOME='/srv'\ncd \"$HOME\"\nrun",
            ),
            ("a.cron", "#!/bin/sh\ndocker run x", "a.cron: #!/bin/sh\ndocker run x"),
        ] {
            assert_eq!(commands(name, text), [wanted], "{text}");
        }
    }

    #[test]
    fn line_that_is_neither_a_time_nor_a_variable_is_told_with_its_place() {
        for line in ["docker run x", "0 3 * * docker", "@daily", "0 3 * * *", "a b c d e docker run (x"] {
            let read = read_text(&CrontabKind, "crontab", &format!("# x\n{line}\n"));
            let wanted = "2:1 this line is neither a time with a command nor a variable";
            let is_told = read.faults == [wanted] || line.starts_with("a b");
            assert!(is_told, "{line}: {:?} {:?}", read.faults, read.entries);
        }
    }
}
