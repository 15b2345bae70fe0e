//! What the tables and configurations of a container name, as commands that its cron or supervisor runs. Uses `shell`.

use super::shell::file_system::Lookup;
use super::shell::{EntryText, ExecContext, RecipeCall, RecipeFile, RecipeSource, traced_scalar};
use crate::text::TracedText;

/// The commands of a table or configuration, each of which runs by itself.
pub(super) struct Schedule {
    pub(super) texts: Vec<EntryText>,
}

impl RecipeFile for Schedule {
    fn directory(&self) -> &'static str {
        "/"
    }

    fn find_texts(&self, _: &RecipeCall, _: &ExecContext<'_>) -> Option<Vec<EntryText>> {
        Some(self.texts.clone())
    }
}

/// The text of the file that is named, where it can be read.
pub(super) fn table_text(source: &RecipeSource, context: &ExecContext<'_>) -> Option<TracedText> {
    if source.text.is_some() {
        return source.text.clone();
    }
    match context.file_system.open(source.file.as_deref()?) {
        Lookup::Text(file) => Some(TracedText::of_file(file, context.sources)),
        Lookup::Passage(value) => Some(match value.span {
            Some(span) => traced_scalar(&value.text, span, context.sources),
            None => TracedText::plain(&value.text),
        }),
        Lookup::Binary | Lookup::Absent | Lookup::Unseen(_) => None,
    }
}
