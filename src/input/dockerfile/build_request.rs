//! What is built: a Dockerfile's text, the stage and the arguments that are asked for. Uses `build_context` and `image`.

use std::collections::BTreeMap;
use std::ops::Range;
use std::rc::Rc;

use super::build_context::BuildContext;
use super::image::NamedSource;
use crate::model::EnvVar;
use crate::text::{FileId, SourceFile, Sources, Span};

/// What a build is asked for, beside the Dockerfile.
pub struct BuildRequest<'a> {
    /// The stage, by its name or number; the last where it is `None`.
    pub target: Option<&'a str>,
    /// Build arguments, which win over the defaults in the file.
    pub args: &'a BTreeMap<String, EnvVar>,
    /// What a COPY copies from; `None` where that is not at hand, such as a git repository.
    pub context: Option<Rc<dyn BuildContext>>,
    /// What a name in FROM or `--from` stands for, where it is no stage of the file and no image from elsewhere.
    pub bases: &'a dyn Fn(&str) -> Option<NamedSource>,
}

/// What all stages of one Dockerfile share.
pub(super) struct BuildFile<'a> {
    pub(super) file: FileId,
    pub(super) source: &'a SourceFile,
    pub(super) sources: &'a Sources,
    pub(super) request: &'a BuildRequest<'a>,
    /// `ARG` before the first `FROM`.
    pub(super) globals: BTreeMap<String, EnvVar>,
}

impl BuildFile<'_> {
    /// The place of some bytes of the Dockerfile.
    pub(super) fn span_of(&self, bytes: &Range<usize>) -> Span {
        span_in(self.file, self.source, bytes)
    }
}

/// The place of some bytes of a file.
pub(super) fn span_in(file: FileId, source: &SourceFile, bytes: &Range<usize>) -> Span {
    Span { file, start: source.position(bytes.start), end: source.position(bytes.end) }
}
