//! The reader for `cargo fuzz`, which builds with `--cfg fuzzing`; nothing else sees it.

use std::path::Path;

use super::MakefileKind;
use crate::input::compose::{Context, Options};
use crate::input::{InputKind, LoadContext, Piece, ProgramNames};
use crate::text::{Sources, Syntax};

/// What is read of a text.
pub fn read(text: &str, sources: &Sources, surroundings: &Context) -> Piece {
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
    let path = surroundings.cwd.join(Path::new("Makefile"));
    let mut piece = Piece { kind: MakefileKind.name(), ..Piece::default() };
    let file = sources.add_written("Makefile", text, Syntax::Shell);
    MakefileKind.add_file(file, &path, true, &repository, &mut piece);
    piece
}
