//! Compose projects that scripts write: inputs that are no files before a script runs. Uses `compose`, `script`'s written
//! texts and `input_kind`.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::compose::{WrittenFile, is_whole_project};
use super::input_kind::{FoundBy, FoundInput, Piece};
use super::script::written_texts::{PlacedText, WrittenText};
use super::{DEFAULT_KIND, SCRIPT};
use crate::model::HandedVariables;
use crate::text::Span;

/// The projects that scripts write, each once. A script of which such a text was not read as it becomes is not judged.
pub(super) fn find_written_projects(pieces: &mut [Piece]) -> Vec<FoundInput> {
    let all: Vec<(WrittenText, Option<WrittenFile>)> = pieces
        .iter_mut()
        .flat_map(|piece| std::mem::take(&mut piece.written))
        .map(|mut written| {
            let file = written.placed.take().and_then(|placed| file_of(placed, &written));
            (written, file)
        })
        .collect();
    let is_sure = |(written, file): &&(WrittenText, Option<WrittenFile>)| file.is_some() && !written.is_placed_here;
    let sure: HashSet<Span> = all.iter().filter(is_sure).map(|(written, _)| written.span).collect();
    // One script may know where the text goes that another one has of it.
    let best = || all.iter().filter(|one| is_sure(one) || one.0.is_unread || !sure.contains(&one.0.span));
    let mut files: Vec<Arc<WrittenFile>> = Vec::new();
    for file in best().filter_map(|(_, file)| file.as_ref()) {
        if !files.iter().any(|known| known.path == file.path && known.text == file.text) {
            files.push(Arc::new(file.clone()));
        }
    }
    let mut unread: BTreeMap<&str, (BTreeSet<String>, bool)> = BTreeMap::new();
    for (written, file) in best() {
        for fault in faults_of(written, file.is_some()) {
            let (told, counts) = unread.entry(&written.script).or_default();
            told.insert(fault);
            *counts |= written.counts;
        }
    }
    for (script, (told, counts)) in unread {
        let reason = told.into_iter().collect::<Vec<_>>().join("; ");
        if let Some(piece) = pieces.iter_mut().find(|piece| piece.layout.tells_of(script)) {
            piece.layout.leave_unjudged(script, SCRIPT, &reason, counts);
        }
    }
    files.into_iter().map(input_of).collect()
}

/// The file that a text becomes, where that is a project by itself.
fn file_of(placed: PlacedText, written: &WrittenText) -> Option<WrittenFile> {
    let PlacedText { path, text, unknown, .. } = placed;
    let value = |(name, place): (String, String)| {
        let value = HandedVariables::unknown_value(&name, &place, Vec::new());
        (name, value)
    };
    is_whole_project(&text).then(|| WrittenFile {
        path: PathBuf::from(path),
        script: written.script.clone(),
        place: format!("{}:{}", written.script, written.span.start.line),
        text,
        variables: unknown.into_iter().map(value).collect(),
    })
}

fn input_of(file: Arc<WrittenFile>) -> FoundInput {
    FoundInput {
        kind: DEFAULT_KIND,
        files: vec![file.path.clone()],
        directory: file.path.parent().map(Path::to_owned),
        found_by: FoundBy::Content,
        left_out: None,
        called: None,
        written: Some(file),
    }
}

/// Why a script is not judged whole that writes a text, each as a clause; none where the text was read as it becomes.
fn faults_of(written: &WrittenText, is_read: bool) -> Vec<String> {
    if !is_read {
        return vec![format!("it writes {}, which describes services and was not read", written.told)];
    }
    let placed = written
        .is_placed_here
        .then(|| format!("where it writes {} is not known, which was read as one beside the script", written.told));
    placed.into_iter().chain(written.changes.iter().cloned()).collect()
}
