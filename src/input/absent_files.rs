//! Compose files that a script hands over on some ways only, as it does with one that somebody may have beside those of the
//! repository: the project is judged as it is without those that are not there. Uses `project`'s references and `input_kind`.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::docker_cli::ComposeProject;
use super::input_kind::{FoundInput, LoadContext, Piece};
use crate::model::{Diagnostic, Level};
use crate::text::{Span, quoted};

/// Leaves such files out of what commands call.
pub(super) fn leave_out_absent_files(pieces: &mut [Piece], found: &[FoundInput], context: &LoadContext<'_>) {
    let written: HashSet<PathBuf> =
        found.iter().filter_map(|input| Some(input.written.as_ref()?.path.clone())).collect();
    let is_there = |path: &Path| written.contains(path) || context.sources.reader().has_input(path);
    for piece in pieces {
        let mut left_out: Vec<(String, Span)> = Vec::new();
        for reference in &mut piece.references {
            let beside = reference.beside.clone();
            if let Some(project) = &mut reference.project {
                let files = take_absent(project, beside.as_deref(), &is_there);
                left_out.extend(files.into_iter().map(|file| (file, reference.span)));
            }
        }
        let besides: Vec<Option<PathBuf>> = piece.files.iter().map(|file| file.parent().map(Path::to_owned)).collect();
        let beside = besides.into_iter().flatten().next();
        for start in &mut piece.starts {
            if let Some(project) = start.command.started_project() {
                take_absent(project, beside.as_deref(), &is_there);
            }
        }
        left_out.dedup();
        for (file, span) in left_out {
            let name = quoted(file.rsplit('/').next().unwrap_or_default());
            let message = format!(
                "the file {name} is handed to Compose where it is there, and it is not: what it adds is not judged"
            );
            piece.layout.diagnostics.push(Diagnostic::at(Level::Warning, span, message));
        }
    }
}

/// Takes the files out of a project that are named on some ways only and are not there; which those are.
fn take_absent(project: &mut ComposeProject, beside: Option<&Path>, is_there: &dyn Fn(&Path) -> bool) -> Vec<String> {
    if project.files_on_some_ways.is_empty() {
        return Vec::new();
    }
    let runs_in = project.runs_in.as_ref().filter(|directory| !directory.is_symbolic());
    let is_absent = |text: &str| {
        let path = Path::new(text);
        let below = runs_in.and_then(|runs_in| path.strip_prefix(&runs_in.text).ok());
        let moved = below.zip(beside).map(|(below, beside)| beside.join(below));
        path.is_absolute() && !is_there(path) && moved.is_none_or(|moved| !is_there(&moved))
    };
    let on_some_ways = &project.files_on_some_ways;
    let is_taken =
        |text: &str, is_symbolic: bool| !is_symbolic && on_some_ways.iter().any(|file| file == text) && is_absent(text);
    let (taken, left): (Vec<_>, Vec<_>) =
        std::mem::take(&mut project.files).into_iter().partition(|file| is_taken(&file.text, file.is_symbolic()));
    // Without any file it would be another project.
    if left.is_empty() {
        project.files = taken;
        return Vec::new();
    }
    project.files = left;
    taken.into_iter().map(|file| file.text).collect()
}
