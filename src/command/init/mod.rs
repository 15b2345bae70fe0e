//! `overlock init`: the first configuration of a repository, the step of its pipeline, and a baseline. Shows them, and
//! writes what is not there yet where that is asked for. May use everything but `main`.

mod first_configuration;
mod forge;

use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{anyhow, bail};

use self::first_configuration::ConfigurationGrounds;
use self::forge::{ForgeStep, StepPlace, find_steps, is_own_directory};
use super::World;
use super::accept::Acceptance;
use super::configuration::{Configuration, MISNAMED, absolute, directory_of};
use super::judged::{self, Read};
use super::session::Session;
use super::{check, programs};
use crate::cli::{self, Accept, Compose};
use crate::finding::Report;
use crate::input::project;
use crate::model::Level;
use crate::render::{self, safe};
use crate::report::{Baseline, ExitStatus, Names};
use crate::rules::CONFIG_FILE;
use crate::text::Reader;
use crate::text::writer::{self, Folder};

/// A file that is proposed.
struct ProposedFile {
    /// Its path below the repository's top.
    path: String,
    text: String,
    /// Whether later runs trust what is in it, so that nobody else may write where it is.
    is_trusted: bool,
}

/// The same world, at the top of the repository that is meant: all that is proposed belongs there.
///
/// # Errors
/// What is named is no directory.
pub(super) fn world_at_top(arguments: &cli::Init, world: &World) -> anyhow::Result<World> {
    let start = PathBuf::from(absolute(arguments.path.as_deref().unwrap_or(Path::new(".")), world));
    if directory_of(&start) != start {
        bail!("{} is no directory", start.display());
    }
    Ok(world.at(project::top(&start)))
}

/// Judges the repository as `check .` does at its top, and proposes files by what was found.
pub(super) fn run(
    arguments: &cli::Init,
    configuration: Configuration,
    session: &Session<'_>,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> anyhow::Result<ExitStatus> {
    let reader = session.sources.reader();
    let top = session.world.directory.as_path();
    let baseline = arguments.baseline.as_deref().map(|file| baseline_name(file, top)).transpose()?;
    let (report, status, names) = judge_repository(configuration, session, err)?;
    render::diagnostics(&report.diagnostics, session.sources, err)?;
    let steps = find_steps(top, baseline.as_deref(), reader);
    let mut files = vec![ProposedFile {
        path: CONFIG_FILE.to_owned(),
        text: first_configuration::text(&ConfigurationGrounds {
            report: &report,
            rules: session.rules,
            sources: session.sources,
        }),
        is_trusted: false,
    }];
    if let Some(path) = &baseline {
        if report.diagnostics.iter().any(|one| one.level == Level::Error) {
            bail!("there is no baseline of input that is not usable: mend what is listed above first");
        }
        let text = render::escape_json(&Baseline::of(&report, &names, session.sources).text()).into_owned();
        files.push(ProposedFile { path: path.clone(), text, is_trusted: true });
    }
    for step in &steps {
        if let StepPlace::NewFile(path) = step.place {
            files.push(ProposedFile { path: path.to_owned(), text: step.text.clone(), is_trusted: false });
        }
    }
    show(&files, &steps, top, reader, out)?;
    tell_steps(&steps, err)?;
    writeln!(err, "overlock: `overlock check .` exits with {} now: {}", status.code(), render::summary_line(&report))?;
    if !arguments.write {
        let names = listed(&files);
        writeln!(
            err,
            "overlock: nothing is written; `overlock init --write` writes {names}, to be looked through and committed"
        )?;
        return Ok(ExitStatus::Clean);
    }
    write_all(&files, top, reader, err)?;
    tell_commit(&files, &steps, err)?;
    Ok(ExitStatus::Clean)
}

/// Says what is left to do with what was written: nothing of it holds in a pipeline or for others before it is committed.
fn tell_commit(files: &[ProposedFile], steps: &[ForgeStep], err: &mut dyn Write) -> std::io::Result<()> {
    let changed = steps.iter().filter_map(|step| match step.place {
        StepPlace::AddTo(path) => Some(format!(" {path}")),
        StepPlace::NewFile(_) | StepPlace::Present(_) => None,
    });
    let changed: String = changed.collect();
    let names: Vec<&str> = files.iter().map(|file| file.path.as_str()).collect();
    let then = if changed.is_empty() { "look through them" } else { "look through them, add the step" };
    writeln!(err, "overlock: {then}, and commit: git add {}{changed}", names.join(" "))
}

/// The name of the baseline, which lies at the top of the repository: what it records is named from its own directory.
fn baseline_name(file: &Path, top: &Path) -> anyhow::Result<String> {
    let name = file.file_name().filter(|name| *name == file.as_os_str()).and_then(OsStr::to_str);
    let is_plain = |name: &&str| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
    match name.filter(is_plain).filter(|name| !name.starts_with('-') && *name != CONFIG_FILE) {
        Some(name) => Ok(name.to_owned()),
        None => bail!(
            "--baseline is the name of a file, such as overlock.baseline.json, which is written to {}",
            top.display()
        ),
    }
}

/// What `check .` finds, how it ends, and what its findings are named by.
fn judge_repository(
    configuration: Configuration,
    session: &Session<'_>,
    err: &mut dyn Write,
) -> anyhow::Result<(Report, ExitStatus, Names)> {
    let &Session { world, rules, sources, .. } = session;
    let (paths, compose, accept) = ([PathBuf::from(".")], Compose::default(), Accept::default());
    let asked = check::PlanRequest {
        paths: &paths,
        compose: &compose,
        store: None,
        shows_values: false,
        exclusion: configuration.exclusion(),
    };
    let layout = check::read(&asked, world, &programs(rules), sources)?;
    let acceptance = Acceptance::of_plan(world, configuration, &paths, &compose, &accept);
    let names = acceptance.names();
    let (report, status) = judged::judged(Read::of(layout, acceptance), None, session, err)?;
    Ok((report, status, names))
}

/// Prints each file under its name, and what a person has to add to one that is there.
fn show(
    files: &[ProposedFile],
    steps: &[ForgeStep],
    top: &Path,
    reader: &Reader,
    out: &mut dyn Write,
) -> std::io::Result<()> {
    for file in files {
        let is_there = if is_there(file, top, reader) { " (is there already, and stays as it is)" } else { "" };
        writeln!(out, "==> {}{is_there} <==\n{}", file.path, file.text)?;
    }
    for step in steps {
        if let StepPlace::AddTo(path) = step.place {
            writeln!(out, "==> to be added to {path} by hand <==\n{}", step.text)?;
        }
    }
    Ok(())
}

/// Says which forges were found, where that is not to be seen from the files.
fn tell_steps(steps: &[ForgeStep], err: &mut dyn Write) -> std::io::Result<()> {
    if steps.is_empty() {
        let looked_for = ".github, .forgejo/workflows, .gitea/workflows, .woodpecker, .woodpecker.yml, .gitlab-ci.yml";
        writeln!(
            err,
            "overlock: no pipeline of a known forge is here ({looked_for}); https://github.com/overlock/overlock/blob/main/docs/ci.md has steps for others"
        )?;
    }
    for ForgeStep { forge, place, .. } in steps {
        match place {
            StepPlace::Present(file) => {
                writeln!(err, "overlock: {forge}: {} calls overlock already; no step is proposed", safe(file))?;
            }
            StepPlace::AddTo(file) => {
                writeln!(err, "overlock: {forge}: add the step to {file} by hand, which is not changed")?;
            }
            StepPlace::NewFile(_) => {}
        }
    }
    Ok(())
}

/// Writes all of them, or where one is there already, none.
fn write_all(files: &[ProposedFile], top: &Path, reader: &Reader, err: &mut dyn Write) -> anyhow::Result<()> {
    let present: Vec<&str> =
        files.iter().filter(|file| is_there(file, top, reader)).map(|file| file.path.as_str()).collect();
    if !present.is_empty() {
        let are = if present.len() == 1 { "is" } else { "are" };
        bail!("{} {are} there already, and nothing is overwritten: no file is written", present.join(", "));
    }
    if let Some(name) = MISNAMED.iter().find(|name| reader.own_kind(&top.join(name)).is_ok()) {
        bail!("{name} is a configuration that is not read: rename it to {CONFIG_FILE}; no file is written");
    }
    for file in files {
        write_new(file, top, reader)
            .map_err(|error| anyhow!("cannot write {}: {}", top.join(&file.path).display(), writer::failure(&error)))?;
        writeln!(err, "overlock: wrote {}", file.path)?;
    }
    Ok(())
}

/// Whether anything has a file's name, a link that leads nowhere too.
fn is_there(file: &ProposedFile, top: &Path, reader: &Reader) -> bool {
    reader.own_kind(&top.join(&file.path)).is_ok()
}

fn write_new(file: &ProposedFile, top: &Path, reader: &Reader) -> std::io::Result<()> {
    let path = top.join(&file.path);
    let (directory, name) = writer::split(&path)?;
    let folder = if file.is_trusted {
        Folder::open_trusted(directory)?
    } else if directory == top {
        Folder::open(directory)?
    } else {
        let below = directory.strip_prefix(top).unwrap_or(directory).to_string_lossy().into_owned();
        // Where a part of it is missing, only what is there is asked.
        let is_missing = reader.own_kind(directory).is_err();
        let parent = Path::new(&below).parent().map(|parent| parent.to_string_lossy().into_owned()).unwrap_or_default();
        if !is_own_directory(top, if is_missing { &parent } else { &below }, reader) {
            return Err(std::io::Error::other("a part of its path is a link, or no directory"));
        }
        Folder::make(directory)?
    };
    folder.create(name, file.text.as_bytes())
}

fn listed(files: &[ProposedFile]) -> String {
    files.iter().map(|file| file.path.as_str()).collect::<Vec<_>>().join(", ")
}
