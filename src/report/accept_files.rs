//! What the configuration accepts of files: those that it excludes, and those whose not being judged it accepts. May use
//! `finding`, `model`, `rules` and the other parts of `report`.

use std::path::Path;

use super::accept::Looked;
use crate::finding::{AcceptedBy, AcceptedFiles, Judged};
use crate::model::{Diagnostic, ExcludedFiles, Level, NotJudgedFile};
use crate::rules::{Config, FilePattern};

/// Takes what is accepted out of the files that were not judged, and tells which entries are about no file.
pub fn accept_files(judged: &mut Judged, config: &Config, looked: Looked<'_>) {
    let ExcludedFiles { counts, lifted, whole } = std::mem::take(&mut judged.excluded);
    let mut accepted: Vec<AcceptedFiles> = Vec::new();
    for (entry, count) in config.exclude.entries().iter().zip(counts) {
        accepted.push(AcceptedFiles { count, ..accepted_by(AcceptedBy::Exclude, entry) });
    }
    let mut unjudged: Vec<AcceptedFiles> =
        config.not_judged.entries().iter().map(|entry| accepted_by(AcceptedBy::NotJudged, entry)).collect();
    let mut left: Vec<NotJudgedFile> = Vec::new();
    for file in std::mem::take(&mut judged.unread_files) {
        let name = looked.names.kept(&file.file);
        let first = config.not_judged.matching(Path::new(&name)).into_iter().next();
        match first.and_then(|at| unjudged.get_mut(at)) {
            Some(entry) => {
                entry.count += 1;
                entry.files.push(file);
            }
            None => left.push(file),
        }
    }
    judged.unread_files = left;
    accepted.append(&mut unjudged);
    let unusable = judged.diagnostics.iter().any(|diagnostic| diagnostic.level == Level::Error);
    if whole && looked.whole && !unusable {
        judged.diagnostics.extend(accepted.iter().enumerate().filter(|(_, entry)| entry.count == 0).map(|(at, entry)| {
            let message = match entry.by {
                AcceptedBy::Exclude if lifted.contains(&at) => {
                    "this excludes nothing: a pattern that leaves out all of a PATH does not hold for it; name what is to be \
                     left out"
                }
                AcceptedBy::Exclude => "this excludes nothing: no file here matches; fix the pattern or remove it",
                AcceptedBy::NotJudged => {
                    "this accepts nothing: no file that is not judged matches; fix the pattern or remove it"
                }
            };
            Diagnostic::at(Level::Warning, entry.span, message).pressing()
        }));
    }
    accepted.retain(|entry| entry.count > 0);
    judged.accepted_files = accepted;
}

fn accepted_by(by: AcceptedBy, entry: &FilePattern) -> AcceptedFiles {
    let FilePattern { pattern, reason, span } = entry.clone();
    AcceptedFiles { by, pattern, reason, span, count: 0, files: Vec::new() }
}
