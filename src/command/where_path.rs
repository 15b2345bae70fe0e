//! `overlock where`: findmnt(8) for containers. May use everything but `main`.

use std::io::Write;

use anyhow::bail;

use super::observe;
use super::session::Session;
use super::wanted::{self, Target, Wanted};
use crate::cli::{Where, WhereFormat};
use crate::judge::locate_paths;
use crate::model::join;
use crate::render;
use crate::report::ExitStatus;

/// Says of each path which mount it is on, where that really lives and who else reaches it.
pub(super) fn run(
    arguments: &Where,
    session: &Session<'_>,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> anyhow::Result<ExitStatus> {
    let (target, paths) = target(arguments)?;
    let containers = match &target {
        Target::Container(name) => vec![name.clone()],
        Target::Host => Vec::new(),
    };
    let wanted = Wanted { containers, paths: Some((target.clone(), paths.clone())), ..Wanted::default() };
    let observed = observe::captures(&arguments.sight, &wanted, session)?;
    let captures = &observed.captures;
    let several = captures.len() > 1;
    let name = match &target {
        Target::Container(asked) => {
            let (capture, running) = wanted::find(captures, asked)?;
            capture.name_of(&running.name, several)
        }
        Target::Host if several => bail!("--host PATH is a path of one host: give --from once"),
        Target::Host => crate::input::capture::HOST.to_owned(),
    };
    let layout = observe::joined(&observed, session);
    let is_host = target == Target::Host;
    let Some(at) = layout.containers.iter().position(|one| one.name == name && one.is_host() == is_host) else {
        bail!("the host's own mounts could not be read; run overlock as root on the host, or give --proc");
    };
    let base =
        layout.containers.get(at).and_then(|one| one.working_dir.as_ref()).map_or("/", |directory| &directory.text);
    let paths: Vec<String> = paths.iter().map(|path| join(base, path)).collect();
    let located = locate_paths(&layout, session.rules, at, &paths);
    match arguments.format {
        WhereFormat::Text => render::located_text(&located, out)?,
        WhereFormat::Json => render::located_json(&located, out)?,
    }
    let mut status = ExitStatus::Clean;
    let gaps = layout.containers.get(at).map_or(&[][..], |one| &one.unseen);
    for gap in gaps {
        writeln!(err, "{}", render::safe(&format!("{name}: not inspected: {}", gap.what)))?;
        status = ExitStatus::NotInspected;
    }
    for located in located.iter().filter(|located| !located.followed) {
        let path = &located.path;
        writeln!(err, "{}", render::safe(&format!("{path}: not inspected: links on it were not looked at")))?;
        status = ExitStatus::NotInspected;
    }
    Ok(status)
}

fn target(arguments: &Where) -> anyhow::Result<(Target, Vec<String>)> {
    let words = arguments.words.iter();
    if let Some(path) = arguments.sight.host.iter().find(|host| host.starts_with('/')) {
        return Ok((Target::Host, std::iter::once(path).chain(words).cloned().collect()));
    }
    match arguments.words.split_first() {
        Some((container, paths)) if !paths.is_empty() => Ok((Target::Container(container.clone()), paths.to_vec())),
        _ => bail!("say which path of which container: overlock where CONTAINER PATH, or overlock where --host PATH"),
    }
}
