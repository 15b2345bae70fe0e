//! `overlock completions` and `overlock man`: what a shell and `man` want to know. Reads nothing.

use std::ffi::OsStr;
use std::io::Write;

use anyhow::Context as _;

use super::World;
use crate::cli::{self, Completions, Man};
use crate::report::ExitStatus;
use crate::rules::Ruleset;
use crate::text::writer::{self, Folder};

pub(super) fn completions(arguments: &Completions, rules: &Ruleset, out: &mut dyn Write) -> anyhow::Result<ExitStatus> {
    out.write_all(&cli::completions(arguments.shell, rules.matrix.rules.keys().map(String::as_str)))?;
    Ok(ExitStatus::Clean)
}

pub(super) fn man(
    arguments: &Man,
    world: &World,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> anyhow::Result<ExitStatus> {
    let pages = cli::pages()?;
    let Some(directory) = &arguments.out else {
        if let Some(page) = pages.first() {
            out.write_all(&page.text)?;
        }
        return Ok(ExitStatus::Clean);
    };
    let directory = world.directory.join(directory);
    let folder =
        Folder::make(&directory).with_context(|| format!("cannot make the directory {}", directory.display()))?;
    for page in &pages {
        folder.write(OsStr::new(&page.name), &page.text).map_err(|error| {
            anyhow::anyhow!("cannot write {}: {}", directory.join(&page.name).display(), writer::failure(&error))
        })?;
    }
    writeln!(err, "{} pages written to {}", pages.len(), directory.display())?;
    Ok(ExitStatus::Clean)
}
