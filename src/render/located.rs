//! Where paths live, for people and for programs. May use `finding` and `model`.

use std::io;

use serde::Serialize;

use super::json::{JsonPlace, json_place, write as document};
use super::safe::safe;
use crate::finding::Located;
use crate::model::KernelMount;

/// The version of the JSON.
const SCHEMA_VERSION: u32 = 1;

#[derive(Serialize)]
struct LocatedDocument<'a> {
    schema_version: u32,
    paths: Vec<JsonLocated<'a>>,
}

#[derive(Serialize)]
struct JsonLocated<'a> {
    path: &'a str,
    real: &'a str,
    followed: bool,
    place: JsonPlace<'a>,
    private: bool,
    mount: Option<JsonMount<'a>>,
    reached_by: Vec<JsonReach<'a>>,
}

#[derive(Serialize)]
struct JsonMount<'a> {
    id: i32,
    parent: i32,
    target: &'a str,
    source: &'a str,
    fstype: &'a str,
    root: &'a str,
    device: &'a str,
    options: String,
}

#[derive(Serialize)]
struct JsonReach<'a> {
    container: &'a str,
    path: &'a str,
}

/// Writes where paths live as JSON.
///
/// # Errors
/// What the stream says.
pub fn write_json(located: &[Located], out: &mut dyn io::Write) -> io::Result<()> {
    document(
        &LocatedDocument { schema_version: SCHEMA_VERSION, paths: located.iter().map(located_object).collect() },
        out,
    )
}

/// Writes where paths live for a person.
///
/// # Errors
/// What the stream says.
pub fn write_text(located: &[Located], out: &mut dyn io::Write) -> io::Result<()> {
    for (at, one) in located.iter().enumerate() {
        if at > 0 {
            writeln!(out)?;
        }
        write_located(one, out)?;
    }
    Ok(())
}

fn located_object(one: &Located) -> JsonLocated<'_> {
    let reach = one.reached_by.iter().map(|reach| JsonReach { container: &reach.container, path: &reach.path });
    JsonLocated {
        path: &one.path,
        real: &one.real,
        followed: one.followed,
        place: json_place(&one.place),
        private: one.private,
        mount: one.mount.as_ref().map(|mount| JsonMount {
            id: mount.id,
            parent: mount.parent,
            target: &mount.mount_point,
            source: &mount.source,
            fstype: &mount.fstype,
            root: &mount.root,
            device: &mount.device,
            options: mount_options(mount),
        }),
        reached_by: reach.collect(),
    }
}

/// The options of the mount, then those of the superblock that it does not repeat, as findmnt(8) joins them; but one of
/// `ro` and `rw`: nothing can be written where either of the two is read-only.
fn mount_options(mount: &KernelMount) -> String {
    let is_read_only = mount.super_options.iter().any(|option| option == "ro");
    let own = mount.options.iter().map(|option| if is_read_only && option == "rw" { "ro" } else { option });
    let more = mount
        .super_options
        .iter()
        .filter(|option| !mount.options.contains(option) && !matches!(option.as_str(), "rw" | "ro"));
    own.chain(more.map(String::as_str)).collect::<Vec<_>>().join(",")
}

fn write_located(one: &Located, out: &mut dyn io::Write) -> io::Result<()> {
    let mut line = |what: &str, text: &str| writeln!(out, "{what:<11} {}", safe(text));
    line("path", &one.path)?;
    if one.real != one.path {
        line("leads to", &one.real)?;
    }
    let sharing = match (one.private, one.reached_by.len()) {
        (true, _) => "private: no other container reaches it",
        (false, 0) => "nobody else that was seen reaches it",
        (false, _) => "shared",
    };
    line("place", &format!("{} ({sharing})", one.place.text))?;
    match &one.mount {
        Some(mount) => {
            let root = if mount.root == "/" { String::new() } else { format!("[{}]", mount.root) };
            let (point, fstype, source, id) = (&mount.mount_point, &mount.fstype, &mount.source, mount.id);
            line("mount", &format!("{id} on {point}, type {fstype}, source {source}{root}, on {}", mount.device))?;
            line("options", &mount_options(mount))?;
        }
        None => line("mount", "not shown by the kernel")?,
    }
    for (at, reach) in one.reached_by.iter().enumerate() {
        line(if at == 0 { "reached by" } else { "" }, &format!("{} at {}", reach.container, reach.path))?;
    }
    Ok(())
}
