//! The blocks of a document in Markdown that hold commands for a shell. Uses nothing else.

use std::ops::Range;

use pulldown_cmark::{CodeBlockKind, Event, OffsetIter, Options, Parser, Tag, TagEnd};

/// What blocks of commands are marked as.
#[rustfmt::skip]
const LANGUAGES: [&str; 13] = [
    "bash", "bash-session", "console", "ksh", "sh", "sh-session", "shell", "shell-session", "shellscript", "shellsession",
    "terminal", "zsh", "zsh-session",
];

/// A block of commands.
#[derive(Debug, Default, PartialEq)]
pub(super) struct CommandBlock {
    /// Where it begins, in bytes.
    pub(super) start: usize,
    /// Whether it shows a terminal: commands behind prompts, and what they print.
    pub(super) is_session: bool,
    /// Its lines in the file, without what a list or a quote puts before them.
    pub(super) lines: Vec<Range<usize>>,
}

/// The blocks of commands of a document, in order.
pub(super) fn command_blocks(text: &str) -> impl Iterator<Item = CommandBlock> + '_ {
    CommandBlocks { events: Parser::new_ext(text, Options::empty()).into_offset_iter(), text }
}

struct CommandBlocks<'t> {
    events: OffsetIter<'t>,
    text: &'t str,
}

impl Iterator for CommandBlocks<'_> {
    type Item = CommandBlock;

    fn next(&mut self) -> Option<CommandBlock> {
        loop {
            let (event, at) = self.events.next()?;
            let Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) = event else { continue };
            let language = language_of(&info);
            if LANGUAGES.contains(&language.as_str()) {
                let is_session = language == "console" || language == "terminal" || language.ends_with("session");
                return Some(CommandBlock { start: at.start, is_session, lines: self.lines() });
            }
        }
    }
}

impl CommandBlocks<'_> {
    /// The lines of the block that has begun.
    fn lines(&mut self) -> Vec<Range<usize>> {
        let text = self.text;
        let ends_line = |line: &Range<usize>| text.get(line.clone()).is_some_and(|line| line.ends_with('\n'));
        let mut lines: Vec<Range<usize>> = Vec::new();
        for (event, at) in self.events.by_ref() {
            match event {
                Event::End(TagEnd::CodeBlock) => break,
                Event::Text(_) => {
                    let mut from = at.start;
                    for line in text.get(at).unwrap_or_default().split_inclusive('\n') {
                        let whole = from..from + line.len();
                        from = whole.end;
                        // A line may be given in parts.
                        match lines.last_mut().filter(|last| last.end == whole.start && !ends_line(last)) {
                            Some(last) => last.end = whole.end,
                            None => lines.push(whole),
                        }
                    }
                }
                _ => {}
            }
        }
        lines
    }
}

/// The language that a block is marked as: `bash`, `sh title="x"`, `{.bash}`, `shell{1,3}`.
fn language_of(info: &str) -> String {
    let name = info.trim_start_matches(['{', '.', ' ']);
    let end = name.find(|ch: char| !(ch.is_ascii_alphanumeric() || ch == '-')).unwrap_or(name.len());
    name.get(..end).unwrap_or_default().to_ascii_lowercase()
}
