//! `ssh`: what it runs is run on another host, with nothing of this one's environment. Options are from its manual.
//! Uses `interpreter`, `unwrapped` and `shell_state`.

use std::rc::Rc;

use super::exit_states::ExitStates;
use super::interpreter::Interpreter;
use super::shell_state::{ShellState, WorkingDirectory};
use super::shell_word::ShellWord;
use super::unwrapped::{ShellCall, skip_options};
use super::variable_value::VariableValue;
use crate::text::TracedText;

/// Options of `ssh` that take a value.
const VALUED: &str = "BbcDEeFIiJLlmOoPpQRSWw";

/// A command for a shell of another host.
pub(super) struct RemoteCommand {
    host: ShellWord,
    /// The words, joined as `ssh` does; `None` where the shell reads its input.
    text: Option<ShellWord>,
}

/// What `ssh` runs on which host; `None` for another program, and where it runs nothing.
pub(super) fn remote_command(words: &[ShellWord]) -> Option<RemoteCommand> {
    let first = words.first().filter(|first| first.is_fixed())?.raw();
    if first.rsplit('/').next() != Some("ssh") {
        return None;
    }
    let mut at = skip_options(words, VALUED, &[]);
    let host = words.get(at)?.clone();
    // Options may follow the host too.
    at += skip_options(words.get(at..)?, VALUED, &[]);
    let rest = words.get(at..).unwrap_or_default();
    let Some((first, more)) = rest.split_first() else { return Some(RemoteCommand { host, text: None }) };
    let mut text = first.clone();
    for word in more {
        text.text.push(&TracedText::plain(" "));
        text.text.push(&word.text);
        text.source.push(&TracedText::plain(" "));
        text.source.push(&word.source);
        text.unclear |= word.unclear;
    }
    Some(RemoteCommand { host, text: Some(text) })
}

/// The words of a text without quotes.
fn words_of(text: &ShellWord) -> Vec<ShellWord> {
    let words = text.text.0.split(|traced| traced.ch.is_whitespace()).filter(|word| !word.is_empty());
    words.map(|word| ShellWord { text: TracedText(word.to_vec()), ..ShellWord::default() }).collect()
}

impl Interpreter<'_> {
    /// Runs what starts containers on another host. The programs that run there are not those of this one.
    /// `None` where none is started that way.
    pub(super) fn run_remotely(&mut self, remote: RemoteCommand, state: &ShellState) -> Option<ExitStates> {
        self.ways_in.as_ref()?;
        let input = self.input.clone();
        let reads_input = remote.text.is_some() && input.is_some();
        let text = remote.text.or(input)?;
        let started = self.started.len();
        let found = self.found.len();
        let told = (self.unread.len(), self.more_unseen.len(), self.unseen.clone(), self.unseen_span, self.misread);
        let mut child = state.child_process(true);
        child.vars.clear();
        child.functions = Rc::default();
        child.cwd = Rc::new(WorkingDirectory::Unclear);
        let mut address = TracedText::plain("ssh://");
        address.push(&remote.host.text);
        let engine = if remote.host.unclear { VariableValue::Unclear } else { VariableValue::Text(address) };
        self.assign_value("DOCKER_HOST", engine, true, &mut child);
        self.forbid_keeping();
        if reads_input {
            // What it runs there reads the here-document.
            self.start_program(&words_of(&text), child);
        } else {
            self.run_shell_text(&ShellCall::plain(text), &child);
        }
        self.found.truncate(found);
        if self.started.len() > started {
            return Some(ExitStates::either_way(state.clone()));
        }
        // What runs there and starts nothing is told as before, by the words alone.
        let (unread, more) = (told.0, told.1);
        self.unread.truncate(unread);
        self.more_unseen.truncate(more);
        (self.unseen, self.unseen_span, self.misread) = (told.2, told.3, told.4);
        None
    }
}
