//! Compose projects as a kind of input. Uses `discover`, `project` and `service`.

use std::path::Path;

use super::project::ProjectFile;
use super::{Options, find, is_default_name, layout, load_project};
use crate::input::project::Repository;
use crate::input::{CandidateFile, FoundInput, FoundInputs, InputKind, LoadContext, Piece, SearchedDirectory};
use crate::model::Layout;

/// Compose projects: their default files, and what a person names that is nothing else.
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
        is_default_name(file.name())
    }

    fn is_found(&self, _: &CandidateFile<'_>) -> bool {
        false
    }

    fn discover(&self, searched: &SearchedDirectory<'_>, found: &mut FoundInputs) {
        match find(searched.typed, searched.context, searched.reader, Some(searched.tree)) {
            Ok(projects) => found.inputs.extend(projects.into_iter().map(|project| FoundInput {
                kind: &ComposeKind,
                files: project.files,
                directory: project.runs_in,
                named: false,
            })),
            Err(diagnostic) => found.diagnostics.push(diagnostic),
        }
    }

    fn inputs_per_thread(&self) -> usize {
        8
    }

    fn load(&self, input: &FoundInput, context: &LoadContext<'_>, _: &Repository<'_>) -> Piece {
        let loaded = load_project(context.sources, context.surroundings, &options_of(input, context.compose));
        let mut piece = Piece {
            layout: match loaded.project {
                Ok(project) => layout(&project, context.surroundings, context.sources),
                Err(diagnostics) => Layout { diagnostics, ..Layout::default() },
            },
            ..Piece::default()
        };
        for ProjectFile { path, shown, text, fault } in loaded.files {
            match fault {
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
