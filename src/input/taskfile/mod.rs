//! Taskfiles (go-task): each task is something that others call, and its commands are shell text in which templates put values
//! first. Uses `template_text`, `shell` and `script`'s entries.
//!
//! ```text
//! reader           text -> tasks and variables, through included files
//! values, writer   variables and templates -> values;  tasks -> texts for the shell
//! ```

mod reader;
#[cfg(test)]
mod tests;
mod values;
mod writer;

use std::path::{Path, PathBuf};
use std::rc::Rc;

use reader::{NAMES, TaskPlace, Taskfile};
use writer::TaskWriter;

use super::outer_text::OuterText;
use super::project::Repository;
use super::script::{self, EntryFile, HoldsEntries};
use super::shell::{EntryText, ExecContext, RecipeCall, RecipeFile, RecipeSource, find_recipe_file};
use super::start_words::names_engine;
use super::{CandidateFile, FoundInput, InputKind, LoadContext, Piece, SearchedDirectory, UnreadWeight};
use crate::model::join;
use crate::text::{FileId, Syntax, TracedText};

/// Taskfiles.
#[derive(Debug)]
pub(super) struct TaskfileKind;

impl InputKind for TaskfileKind {
    fn name(&self) -> &'static str {
        "taskfile"
    }

    fn looks_like(&self, file: &CandidateFile<'_>) -> bool {
        NAMES.contains(&file.name())
    }

    fn is_found(&self, file: &CandidateFile<'_>) -> bool {
        self.looks_like(file) && (names_engine(file.beginning()) || file.has_top_key("includes"))
    }

    fn may_call(&self, file: &CandidateFile<'_>) -> bool {
        self.looks_like(file)
    }

    fn is_run_by_commands(&self) -> bool {
        true
    }

    /// A file that another one includes is a part of that.
    fn group_files(&self, searched: &SearchedDirectory<'_>, files: Vec<FoundInput>) -> Vec<FoundInput> {
        let mut included: Vec<PathBuf> = Vec::new();
        for path in files.iter().flat_map(|input| &input.files) {
            let file = CandidateFile::new(path, searched.reader);
            let directory = path.parent().unwrap_or(Path::new("/")).display().to_string();
            for name in included_names(file.beginning()) {
                let named = join(&directory, name);
                included.extend(NAMES.iter().map(|name| PathBuf::from(join(&named, name))));
                included.push(PathBuf::from(named));
            }
        }
        files.into_iter().filter(|input| !input.files.iter().all(|file| included.contains(file))).collect()
    }

    fn weigh_text(&self, text: &str, context: &LoadContext<'_>) -> UnreadWeight {
        script::weigh_entries(text, context)
    }

    fn load(&self, input: &FoundInput, context: &LoadContext<'_>, repository: &Repository<'_>) -> Piece {
        script::load_entries(self, input, context, repository)
    }
}

impl HoldsEntries for TaskfileKind {
    fn syntax(&self) -> Syntax {
        Syntax::Yaml
    }

    fn read_entries(&self, file: FileId, directory: &Path, repository: &Repository<'_>) -> EntryFile {
        let directory = directory.display().to_string();
        let place = TaskPlace {
            sources: repository.sources,
            directory: &directory,
            open: &|path| repository.open(Path::new(path)),
        };
        let taskfile = Taskfile::read(file, &place);
        let mut writer = TaskWriter::new(&taskfile, file, repository.sources);
        let entries = writer.write();
        let mut unread = std::mem::take(&mut writer.unread);
        let Taskfile { included, faults, unread: more, unseen, .. } = taskfile;
        unread.extend(more);
        EntryFile { entries, included, faults, unread, unseen }
    }
}

/// A Taskfile of which a command runs tasks.
struct CalledTaskfile {
    taskfile: Taskfile,
    file: FileId,
    directory: String,
    /// The variables that the command sets.
    given: Vec<(String, OuterText)>,
}

/// Reads the Taskfile of a command: that of its directory, or of the nearest one above. `None` where it is not there, or not
/// read whole.
pub(super) fn read_recipes(source: &RecipeSource, context: &ExecContext<'_>) -> Option<Rc<dyn RecipeFile>> {
    let (path, opened) = find_recipe_file(source, &NAMES, context)?;
    let directory = path.rsplit_once('/').map_or("/", |(directory, _)| directory).to_owned();
    let text = context.sources.get(opened);
    let file = context.sources.add_written(text.name(), text.text(), Syntax::Yaml);
    let open = |path: &str| context.file_system.open(path);
    let taskfile = Taskfile::read(file, &TaskPlace { sources: context.sources, directory: &directory, open: &open });
    let given = source.variables.iter().map(|(name, value)| (name.clone(), OuterText::of_word(value))).collect();
    let is_whole = taskfile.faults.is_empty() && taskfile.unread.is_empty() && taskfile.unseen.is_empty();
    is_whole.then(|| Rc::new(CalledTaskfile { taskfile, file, directory, given }) as Rc<dyn RecipeFile>)
}

impl RecipeFile for CalledTaskfile {
    fn directory(&self) -> &str {
        &self.directory
    }

    fn find_texts(&self, call: &RecipeCall, context: &ExecContext<'_>) -> Option<Vec<EntryText>> {
        let is_known = |word: &&TracedText| word.is_fixed();
        let names: Vec<String> = call.words.iter().filter(is_known).map(TracedText::raw).collect();
        let mut given = self.given.clone();
        let mut handed_on = OuterText::default();
        for word in &call.handed_on {
            handed_on.push(&OuterText::plain(if handed_on.0.is_empty() { "" } else { " " }));
            handed_on.push(&OuterText::of_traced(&OuterText::of_word(word).to_quoted_shell()));
        }
        given.push(("CLI_ARGS".to_owned(), handed_on));
        let mut writer = TaskWriter::new(&self.taskfile, self.file, context.sources);
        let texts = (names.len() == call.words.len()).then(|| writer.texts_of_tasks(&names, given))??;
        writer.unread.is_empty().then_some(texts)
    }
}

/// The files that a Taskfile may include: what stands behind `includes:`, indented, and is no other key.
fn included_names(text: &str) -> impl Iterator<Item = &str> {
    let lines = text.lines().skip_while(|line| !line.starts_with("includes:")).skip(1);
    let inside = lines.take_while(|line| line.is_empty() || line.starts_with([' ', '\t', '#']));
    inside.filter_map(|line| {
        let (key, value) = line.trim().split_once(':')?;
        let value = value.trim().trim_matches(['"', '\'']);
        (!value.is_empty() && !matches!(key, "dir" | "optional" | "internal" | "flatten")).then_some(value)
    })
}
