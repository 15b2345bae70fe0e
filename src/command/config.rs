//! `overlock config`: the resolved compose model, or what Compose would refuse in it. No rules, no runtime, no socket.

use std::io::Write;
use std::path::Path;

use anyhow::{Context as _, bail};

use super::World;
use super::reading::read_stdin;
use crate::cli::Config;
use crate::input::compose::{self, Context, Mode, Options, Profiles};
use crate::model::Level;
use crate::render;
use crate::report::ExitStatus;
use crate::text::{Reader, Sources};

pub(super) fn run(
    arguments: &Config,
    world: &World,
    sources: &Sources,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> anyhow::Result<ExitStatus> {
    let context = Context {
        environment: world.environment.clone(),
        cwd: world.directory.clone(),
        shows_values: true,
        ..Context::default()
    };
    let options = options(arguments, &context, sources.reader())?;
    let resolved = compose::resolve(sources, &context, &options);
    let printed = resolved.and_then(|project| {
        let document = compose::document(&project, &context, sources)?;
        Ok((document, project.diagnostics))
    });
    match printed {
        Ok((document, told)) => {
            render::diagnostics(&told, sources, err)?;
            render::document(&document, out)?;
            Ok(ExitStatus::Clean)
        }
        Err(mut told) => {
            told.sort_by_key(|diagnostic| std::cmp::Reverse(diagnostic.level == Level::Error));
            render::diagnostics(&told, sources, err)?;
            Ok(ExitStatus::Unusable)
        }
    }
}

fn options(arguments: &Config, context: &Context, reader: &Reader) -> anyhow::Result<Options> {
    let typed = &arguments.compose;
    let stdin = typed.file.iter().any(|file| file == Path::new("-"));
    let stdin = stdin.then(read_stdin).transpose().context("cannot read the compose file from standard input")?;
    let (files, runs_in) = match &arguments.path {
        None => (typed.file.clone(), None),
        Some(path) => match compose::find(path, context, reader) {
            Err(told) => bail!("{}: {}", path.display(), told.message),
            Ok(found) => match found.as_slice() {
                [one] => (one.files.clone(), one.runs_in.clone()),
                many => bail!("{} has {} projects below it; name one", path.display(), many.len()),
            },
        },
    };
    Ok(Options {
        files,
        runs_in,
        stdin,
        project_name: typed.project_name.clone(),
        project_directory: typed.project_directory.clone(),
        env_files: typed.env_file.clone(),
        profiles: Profiles::Active(typed.profile.clone()),
        mode: Mode::Strict,
        ..Options::default()
    })
}
