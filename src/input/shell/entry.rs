//! Shell text that stands in a file of another kind: recipes, steps, lines of a clock. Uses `text` and `model`.

use super::is_shell;
use crate::model::RunPart;
use crate::text::TracedText;

/// What such a file runs when somebody asks for it by name: a target, a job.
#[derive(Debug, Clone, Default)]
pub struct ShellEntry {
    /// Tells one run of it from that of every other entry, which may run at the same time.
    pub run: String,
    /// What a person calls it, for arguments that only the caller knows.
    pub name: String,
    /// Its texts, each run by a shell of its own once the one before it has ended.
    pub texts: Vec<EntryText>,
    /// Whether no second run of it, for the same, begins while one is there.
    pub is_single: bool,
    /// Whether several runs of it are there at once, each for something else.
    pub is_several: bool,
    /// The variables that are another in each run.
    pub varying: Vec<String>,
    /// What its run is a part of, where others are too: the pages of a repository, a pipeline.
    pub part: Option<RunPart>,
    /// Whether a person who runs it goes on in its shell, so that its functions may be called then.
    pub is_kept_open: bool,
}

/// A text that one shell runs.
#[derive(Debug, Clone, Default)]
pub struct EntryText {
    /// The shell's commands, each character with its place in the outer file.
    pub(crate) text: TracedText,
    /// The shell with its options, as the first line of a script has them: `bash -e`.
    pub shell: String,
    /// Whether what follows runs although it fails.
    pub ignores_failure: bool,
    /// Whether it runs on some ways only.
    pub is_conditional: bool,
}

impl EntryText {
    /// Texts of which each group runs beside the others, and all have ended then; those of other shells come in turn.
    pub(in crate::input) fn at_once(groups: Vec<Vec<Self>>) -> Vec<Self> {
        let mut groups: Vec<Vec<Self>> = groups.into_iter().filter(|group| !group.is_empty()).collect();
        let name = |text: &Self| text.shell.split_whitespace().next().unwrap_or("sh").to_owned();
        if groups.len() < 2 || !groups.iter().flatten().all(|text| is_shell(&name(text))) {
            return groups.into_iter().flatten().collect();
        }
        let mut whole = groups.first_mut().and_then(|group| group.first().cloned()).unwrap_or_default();
        let mut text = TracedText::default();
        for group in &groups {
            text.push(&TracedText::plain("(\n"));
            for one in group {
                text.push(&TracedText::plain("(\n:\n"));
                text.push(&one.text);
                let is_left = one.ignores_failure || one.is_conditional;
                text.push(&TracedText::plain(if is_left { "\n)\n" } else { "\n) || exit\n" }));
            }
            text.push(&TracedText::plain(":\n) &\n"));
        }
        text.push(&TracedText::plain("wait\n"));
        whole.text = text;
        whole.ignores_failure = false;
        whole.is_conditional = groups.iter().flatten().any(|text| text.is_conditional);
        vec![whole]
    }
}
