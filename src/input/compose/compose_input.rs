//! Compose projects as a kind of input. Uses `content`, `search`, `project` and `service`.

use std::path::Path;

use super::content::find_content;
use super::project::ProjectFile;
use super::search::find_projects;
use super::{Options, is_default_name, layout, load_project};
use crate::input::project::Repository;
use crate::input::{CandidateFile, FoundBy, FoundInput, InputKind, LoadContext, Piece, SearchedDirectory};
use crate::model::{Layout, Level};

/// Compose projects: their default files, what looks like one, and what a person names that is nothing else.
#[derive(Debug)]
pub struct ComposeKind;

impl ComposeKind {
    /// The kind's name.
    pub const NAME: &str = "compose";
}

impl InputKind for ComposeKind {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn looks_like(&self, file: &CandidateFile<'_>) -> bool {
        is_default_name(file.name()) || find_content(file).is_some()
    }

    fn group_files(&self, searched: &SearchedDirectory<'_>, files: Vec<FoundInput>) -> Vec<FoundInput> {
        find_projects(&Self, searched, files)
    }

    fn inputs_per_thread(&self) -> usize {
        8
    }

    fn load(&self, input: &FoundInput, context: &LoadContext<'_>, _: &Repository<'_>) -> Piece {
        let loaded = load_project(context.sources, context.surroundings, &options_of(input, context.compose));
        let mut unusable = None;
        let layout = match loaded.project {
            Ok(project) => layout(&project, context.surroundings, context.sources),
            Err(diagnostics) => {
                unusable = diagnostics.first().map(|first| first.message.clone());
                Layout { diagnostics, ..Layout::default() }
            }
        };
        let mut piece = Piece { layout, ..Piece::default() };
        if input.found_by == FoundBy::Content {
            lower_levels(&mut piece.layout);
        } else {
            // That is told as an error.
            unusable = None;
        }
        for ProjectFile { path, shown, text, fault } in loaded.files {
            match fault.or_else(|| unusable.clone()) {
                None => piece.add_judged(shown, self),
                Some(reason) => {
                    // What cannot be looked at may name anything.
                    let counts = text.is_none_or(|text| context.names_program(&text));
                    piece.add_not_judged(shown, self, reason, counts);
                }
            }
            piece.files.push(path);
        }
        piece
    }
}

/// What is wrong in a file that may be no compose file at all is told, and decides nothing. Where a service was not seen
/// whole, it says so itself, and a file of which nothing was read is not judged.
fn lower_levels(layout: &mut Layout) {
    for diagnostic in &mut layout.diagnostics {
        diagnostic.level = Level::Warning;
    }
}

/// The options of one project: its files, and what the command line says of all.
fn options_of(input: &FoundInput, typed: &Options) -> Options {
    let is_stdin = |file: &Path| file == Path::new("-");
    Options {
        files: input.files.clone(),
        runs_in: input.directory.clone(),
        project_name: typed.project_name.clone(),
        project_directory: typed.project_directory.clone(),
        env_files: typed.env_files.clone(),
        profiles: typed.profiles.clone(),
        stdin: typed.stdin.as_ref().filter(|_| input.files.iter().any(|file| is_stdin(file))).cloned(),
        mode: typed.mode,
    }
}
