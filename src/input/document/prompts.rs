//! The commands of a block: behind prompts where it has them, and with variables for what a reader is asked to put in. Uses
//! `blocks` and `outer_text`.

use super::blocks::CommandBlock;
use crate::input::outer_text::OuterText;
use crate::text::{FileId, TracedChar, TracedText};

/// The commands of a block, each character with its place in the file.
pub(super) fn commands_of(block: &CommandBlock, text: &str, file: FileId) -> TracedText {
    let lines: Vec<&str> = block.lines.iter().map(|line| text.get(line.clone()).unwrap_or_default()).collect();
    let prompts = Prompts::of(&lines, block.is_session);
    let mut commands = OuterText::default();
    let mut is_open = false;
    for (range, line) in block.lines.iter().zip(&lines) {
        let start = match prompts {
            Prompts::None => Some(0),
            _ => prompts.width(line).or_else(|| continued(line, is_open)),
        };
        let Some(start) = start else {
            is_open = false;
            continue;
        };
        let rest = line.get(start..).unwrap_or_default();
        let ended = rest.trim_end_matches(['\n', '\r']);
        is_open = (ended.len() - ended.trim_end_matches('\\').len()) % 2 == 1;
        push_line(&mut commands, rest, range.start + start, file);
        if !rest.ends_with('\n') {
            commands.push(&OuterText::plain("\n"));
        }
    }
    commands.to_shell()
}

/// How a block shows which of its lines are commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Prompts {
    /// All of them are.
    None,
    /// `$ `, with who and where before it or not.
    User,
    /// `# `, as root.
    Root,
}

impl Prompts {
    fn of(lines: &[&str], is_session: bool) -> Self {
        let has = |prompts: Self| lines.iter().any(|line| prompts.width(line).is_some());
        let first = lines.iter().find(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#'));
        if first.is_some_and(|first| Self::User.width(first).is_some()) || is_session && has(Self::User) {
            return Self::User;
        }
        // What stands alone beside comments is a command; what is printed stands beside commands.
        let is_root = is_session && lines.first().is_some_and(|first| Self::Root.width(first).is_some());
        let last = lines.iter().rfind(|line| !line.trim().is_empty());
        let is_command = |line: &&str| line.trim_start().starts_with(char::is_alphabetic);
        if is_root && !last.is_some_and(is_command) { Self::Root } else { Self::None }
    }

    /// How many bytes a prompt takes at the beginning of a line; `None` where there is none.
    fn width(self, line: &str) -> Option<usize> {
        let sign = match self {
            Self::None => return None,
            Self::User => ["$ ", "% ", "❯ ", "➜ "].into_iter().find(|sign| line.contains(sign))?,
            Self::Root => "# ",
        };
        let (before, _) = line.split_once(sign)?;
        let is_prompt = |ch: char| ch.is_alphanumeric() || "_.@:~/-[]()".contains(ch);
        let before = before.trim_start();
        let in_brackets = before.starts_with(['[', '(']) && before.trim_end().ends_with([']', ')']);
        let is_plain = before.chars().all(|ch| is_prompt(ch) || in_brackets && ch == ' ');
        is_plain.then(|| line.find(sign).map(|at| at + sign.len()))?
    }
}

/// Where a line goes on with the command before it, behind a prompt of its own or not.
fn continued(line: &str, is_open: bool) -> Option<usize> {
    let indent = line.len() - line.trim_start().len();
    let is_prompt = line.get(indent..).is_some_and(|rest| rest.starts_with("> "));
    is_open.then_some(if is_prompt { indent + 2 } else { 0 })
}

/// Adds a line, with a variable for each `<name>` that a reader is asked to put in.
fn push_line(commands: &mut OuterText, line: &str, from: usize, file: FileId) {
    let place = |at: usize| u32::try_from(from + at).ok().map(|at| (file, at));
    let mut after = 0;
    for (at, ch) in line.char_indices().filter(|(_, ch)| *ch != '\r') {
        if at < after {
            continue;
        }
        match placeholder(line, at) {
            Some(name) => {
                commands.push(&OuterText::unknown(name, place(at)));
                after = at + name.len() + 2;
            }
            None => commands.push_char(TracedChar { ch, at: place(at), live: false }),
        }
    }
}

/// The name between `<` and `>` at a place of a line, where that is no redirection.
fn placeholder(line: &str, at: usize) -> Option<&str> {
    let rest = line.get(at..)?.strip_prefix('<')?;
    let name = rest.split('>').next().filter(|name| name.len() < rest.len() && name.len() < 60)?;
    let is_name = |ch: char| ch.is_alphanumeric() || matches!(ch, '_' | '-' | ' ' | '.' | ':' | '/');
    let is_whole = name.starts_with(char::is_alphabetic) && !name.ends_with(' ') && name.chars().all(is_name);
    let before = line.get(..at).and_then(|before| before.chars().next_back());
    (is_whole && before.is_none_or(|before| before != '<' && !before.is_ascii_digit())).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commands(language_is_session: bool, text: &str) -> String {
        let mut lines = Vec::new();
        let mut from = 0;
        for line in text.split_inclusive('\n') {
            lines.push(from..from + line.len());
            from += line.len();
        }
        let block = CommandBlock { start: 0, is_session: language_is_session, lines };
        commands_of(&block, text, FileId::default()).raw()
    }

    #[test]
    fn commands_stand_behind_prompts_where_there_are_some() {
        for (is_session, text, wanted) in [
            (false, "a\nb", "a\nb\n"),
            (false, "# say\n$ a\n$ b\n", "a\nb\n"),
            (true, "$ a\nprinted\n", "a\n"),
            (true, "me@host:~/x$ a\n[me@host x]$ b\n", "a\nb\n"),
            (true, "$ a \\\n> b\n$ c \\\n  d\nprinted\n", "a \\\nb\nc \\\n  d\n"),
            (true, "a  # comment\nb\n", "a  # comment\nb\n"),
            (true, "# say\na\n", "# say\na\n"),
            (true, "# a\n# b\n", "a\nb\n"),
            (false, "echo cost$ x\n", "echo cost$ x\n"),
            (false, "run <your image> -v <path>:/c <in.txt >out\n", "run ${your_image} -v ${path}:/c <in.txt >out\n"),
            (false, "cat <<EOF > a\nEOF\n", "cat <<EOF > a\nEOF\n"),
        ] {
            assert_eq!(commands(is_session, text), wanted, "{text}");
        }
    }
}
