//! The reader for `cargo fuzz`, which builds with `--cfg fuzzing`; nothing else sees it.

use std::path::Path;

use super::DevelopmentContainerKind;
use crate::input::compose::{Context, Options};
use crate::input::{LoadContext, Piece, ProgramNames};
use crate::model::Layout;
use crate::text::Sources;

/// What is read of a text.
pub fn read(text: &str, sources: &Sources, surroundings: &Context) -> Layout {
    let programs = ProgramNames { commands: vec!["claude".to_owned()], ..ProgramNames::default() };
    let context = LoadContext {
        sources,
        surroundings,
        compose: &Options::default(),
        programs: &programs,
        store: None,
        on_loaded: &|| {},
    };
    let repository = context.open_repository();
    let path = surroundings.cwd.join(Path::new(".devcontainer/devcontainer.json"));
    let mut piece = Piece::default();
    DevelopmentContainerKind.add_text(text, &path, false, &context, &repository, &mut piece);
    piece.layout.containers.extend(piece.additions.into_iter().map(|addition| addition.container));
    piece.layout
}
