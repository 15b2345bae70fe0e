//! The reader for `cargo fuzz`, which builds with `--cfg fuzzing`; nothing else sees it.

use std::path::Path;

use super::NomadKind;
use crate::input::compose::{Context, Options};
use crate::input::{InputKind, LoadContext, Piece, ProgramNames};
use crate::text::Sources;

/// What is read of a text, as a file of a name.
pub fn read(name: &str, text: &str, sources: &Sources, surroundings: &Context) -> Piece {
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
    let path = surroundings.cwd.join(Path::new(name));
    let mut piece = Piece { kind: NomadKind.name(), ..Piece::default() };
    NomadKind.add_text(text, &path, true, &context, &repository, &mut piece);
    piece
}
