//! Readers of single kinds for `cargo fuzz`, which builds with `--cfg fuzzing`; nothing else sees them.

use std::path::Path;

use super::compose::{Context, Options};
use super::crontab::CrontabKind;
use super::devcontainer::DevelopmentContainerKind;
use super::document::DocumentKind;
use super::input_kind::FoundBy;
use super::justfile::JustfileKind;
use super::makefile::MakefileKind;
use super::nomad::NomadKind;
use super::package_json::PackageJsonKind;
use super::procfile::ProcfileKind;
use super::project::Repository;
use super::script::{self, HoldsEntries};
use super::systemd::SystemdServiceKind;
use super::taskfile::TaskfileKind;
use super::{InputKind as _, LoadContext, Piece, ProgramNames, pipeline};
use crate::model::Layout;
use crate::text::{Sources, Syntax};

/// What is read of a text that holds commands, as a file of a name which says of what kind it is.
pub fn read_entries(name: &str, text: &str, sources: &Sources, surroundings: &Context) -> Piece {
    let kinds: [(&str, &dyn HoldsEntries); 11] = [
        ("Makefile", &MakefileKind),
        ("package.json", &PackageJsonKind),
        ("justfile", &JustfileKind),
        ("crontab", &CrontabKind),
        ("Procfile", &ProcfileKind),
        ("Taskfile.yml", &TaskfileKind),
        (".github/workflows/agents.yml", &pipeline::WORKFLOW),
        (".gitlab-ci.yml", &pipeline::GITLAB),
        (".woodpecker.yml", &pipeline::WOODPECKER),
        ("agents.service", &SystemdServiceKind),
        ("README.md", &DocumentKind),
    ];
    let mut piece = Piece::default();
    with_context(sources, surroundings, |_, repository| {
        for (_, kind) in kinds.into_iter().filter(|(known, _)| *known == name) {
            let file = sources.add_written(name, text, Syntax::Shell);
            script::add_entries(kind, file, &surroundings.cwd.join(name), FoundBy::Path, repository, &mut piece);
        }
    });
    piece
}

/// What is read of the text of a devcontainer.json.
pub fn read_devcontainer(text: &str, sources: &Sources, surroundings: &Context) -> Layout {
    let path = surroundings.cwd.join(Path::new(".devcontainer/devcontainer.json"));
    let mut piece = Piece::default();
    with_context(sources, surroundings, |context, repository| {
        DevelopmentContainerKind.add_text(text, &path, false, context, repository, &mut piece);
    });
    piece.layout.containers.extend(piece.additions.into_iter().map(|addition| addition.container));
    piece.layout
}

/// What is read of the text of a job of Nomad, as a file of a name, which says whether it is HCL or JSON.
pub fn read_nomad(name: &str, text: &str, sources: &Sources, surroundings: &Context) -> Piece {
    let path = surroundings.cwd.join(Path::new(name));
    let mut piece = Piece { kind: NomadKind.name(), ..Piece::default() };
    with_context(sources, surroundings, |context, repository| {
        NomadKind.add_text(text, &path, true, context, repository, &mut piece);
    });
    piece
}

fn with_context(sources: &Sources, surroundings: &Context, run: impl FnOnce(&LoadContext<'_>, &Repository<'_>)) {
    let programs = ProgramNames { commands: vec!["claude".to_owned()], ..ProgramNames::default() };
    let context = LoadContext {
        sources,
        surroundings,
        compose: &Options::default(),
        programs: &programs,
        store: None,
        on_loaded: &|| {},
    };
    run(&context, &context.open_repository());
}
