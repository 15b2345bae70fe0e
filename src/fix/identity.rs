//! A login of its own for an interactive container: its own directory or volume. May use `text`,
//! `model`, `rules` and `finding`.

use super::mount_fixes::{MountParts, places_outside};
use super::site::{MountSite, contains_span};
use super::{Edit, Fix};
use crate::finding::Participant;
use crate::model::VARIABLE_OF_PROJECT;
use crate::rules::Profile;
use crate::text::yaml::{Entry, Node};
use crate::text::{Pos, SourceFile, Span, Syntax};

/// Mounts a directory or volume, named after the shared one with what its owner is called behind it, in its place.
pub(super) fn separate_login(site: &MountSite, participant: &Participant, owner: &str) -> Result<Fix, String> {
    if !["state-dir", "dedicated-parent"].contains(&participant.scope) {
        return Err("what it mounts is more or less than the state directory".to_owned());
    }
    let parts = MountParts::of(site)?;
    let source = parts.written_source()?;
    let is_host = participant.place.kind == "host";
    if source.contains('$') && !is_host {
        return Err("the mount depends on a variable that may name a volume".to_owned());
    }
    let new = own_source(source, owner)?;
    let mut edits = vec![parts.replace_source(&new)];
    let is_path = is_host && (source.contains('$') || source.starts_with(['.', '/', '~']));
    if !is_path {
        edits.push(declare_volume(site, source, &new)?);
    }
    let what = format!("mounts {new}, a {} of its own", if is_path { "directory" } else { "volume" });
    Ok(Fix { what, then: Some("log in there once"), edits })
}

/// The source of a login of one's own beside another one, as it is written.
fn own_source(source: &str, owner: &str) -> Result<String, String> {
    let stem = source.trim_end_matches('/');
    let last = stem.rsplit('/').next().unwrap_or("");
    // A default that ends in a slash would put the one into the other.
    if ["", ".", "..", "~"].contains(&last) || stem.ends_with("/}") {
        return Err(format!("a directory beside {source} cannot be named after it"));
    }
    Ok(format!("{stem}-{owner}"))
}

/// Mounts a login of its own in what a command of a script starts: the text of the mount, as it is written.
pub(super) fn separate_script_login(file: &SourceFile, span: Span, owner: &str) -> Result<Edit, String> {
    let unclear = || "the mount is not written out where the container is started".to_owned();
    let written = file.slice(span);
    if file.syntax() != Some(Syntax::Shell) || written.contains(['\\', '\n', '`']) {
        return Err(unclear());
    }
    let named = ["source=", "src="].iter().find_map(|key| {
        let at = written.match_indices(key).map(|(at, _)| at).find(|at| {
            written.get(..*at).is_some_and(|before| before.is_empty() || before.ends_with([',', '"', '\'', '=']))
        })?;
        let from = at + key.len();
        let rest = written.get(from..)?;
        Some(from..from + places_outside(rest, ',').next().unwrap_or(rest.trim_end_matches(['"', '\'']).len()))
    });
    let short = || {
        let from = written.len() - written.trim_start_matches(['"', '\'']).len();
        Some(from..from + places_outside(written.get(from..)?, ':').next()?)
    };
    let range = named.or_else(short).ok_or_else(unclear)?;
    let source = written.get(range.clone()).ok_or_else(unclear)?;
    // An option and its value in one word.
    let option = source.rfind("--volume=").map_or(0, |at| at + "--volume=".len());
    let source = source.get(option..).ok_or_else(unclear)?;
    if source.trim_start_matches(['"', '\'']).starts_with(['-', ':']) {
        return Err(unclear());
    }
    let own = own_source(source, owner)?;
    let text =
        format!("{}{own}{}", written.get(..range.start + option).unwrap_or(""), written.get(range.end..).unwrap_or(""));
    Ok(Edit { span, text })
}

/// Mounts a volume of each project's own in what a devcontainer.json describes: the text of the mount, as it is written.
pub(super) fn separate_project_login(
    file: &SourceFile,
    span: Span,
    participant: &Participant,
    profile: &Profile,
) -> Result<Edit, String> {
    let written = file.slice(span);
    let is_item = written.contains("target=") && !written.starts_with(['{', '-']) && !written.contains(['\\', '\n']);
    let target = &participant.state_dir;
    if file.syntax() != Some(Syntax::Json) || !is_item || participant.scope != "state-dir" || target.contains('$') {
        return Err("it is no text under `mounts` for the state directory alone".to_owned());
    }
    let text = format!("source={}-${{{VARIABLE_OF_PROJECT}}},target={target},type=volume", profile.id);
    Ok(Edit { span, text })
}

/// Declares a volume beside another one, with its driver and what that is told, and without its outside name.
fn declare_volume(site: &MountSite, like: &str, new: &str) -> Result<Edit, String> {
    let missing = || format!("the volume `{like}` is not declared in the same file");
    let volumes = site.document.entry("volumes").ok_or_else(missing)?;
    let entry = volumes.value.entry(like).ok_or_else(missing)?;
    let own = entry.value.is_null() || entry.value.span.start >= entry.key_span.end;
    if !contains_span(volumes.value.span, entry.key_span) || !own {
        return Err(format!("the volume `{like}` is declared through an anchor"));
    }
    if volumes.value.get(new).is_some() {
        return Err(format!("there is a volume `{new}` already"));
    }
    let settings = volume_settings(site, entry)?;
    // In a mapping between braces everything before the key is punctuation; on lines, what follows may be a comment.
    if site.file.slice(volumes.value.span).starts_with('{') {
        let inner: Vec<String> = settings.iter().map(|(key, value)| format!("{key}: {value}")).collect();
        let text = format!("{new}: {{{}}}, ", inner.join(", "));
        return Ok(Edit { span: Span { end: entry.key_span.start, ..entry.key_span }, text });
    }
    let at = last_line(site, &entry.value).unwrap_or(entry.key_span.end.line).max(entry.key_span.end.line);
    let indent = " ".repeat(entry.key_span.start.column.saturating_sub(1) as usize);
    let mut text = format!("{}{indent}{new}:", site.line_end());
    if settings.is_empty() {
        text.push_str(" {}");
    }
    for (key, value) in &settings {
        text.push_str(&format!("{}{indent}  {key}: {value}", site.line_end()));
    }
    let column = u32::try_from(site.file.line(at).chars().count()).unwrap_or(u32::MAX).saturating_add(1);
    Ok(Edit { span: Span::at(entry.key_span.file, Pos { line: at, column }), text })
}

/// What the new volume's declaration says, as it is written for the other one.
fn volume_settings(site: &MountSite, entry: &Entry) -> Result<Vec<(&'static str, String)>, String> {
    let mut found = Vec::new();
    let driver = entry.value.get("driver").map(|driver| flow_text(site, driver)).transpose()?;
    let local = driver.as_deref().is_none_or(|driver| driver.trim_matches(['"', '\'']) == "local");
    found.extend(driver.map(|driver| ("driver", driver)));
    if let Some(options) = entry.value.get("driver_opts").and_then(|options| options.as_map()) {
        // A device is where the data is, and so may be any option of another driver: a second volume made with it
        // would hold the same login.
        if !local || options.iter().any(|option| option.key == "device") {
            return Err(format!("the options of the volume `{}` say where its data is", entry.key));
        }
        let all = options.iter().map(|option| flow_entry(site, option)).collect::<Result<Vec<_>, _>>()?;
        found.push(("driver_opts", format!("{{{}}}", all.join(", "))));
    }
    if found.iter().any(|(_, value)| value.contains('$')) {
        return Err(format!("the declaration of the volume `{}` depends on a variable", entry.key));
    }
    Ok(found)
}

/// A value as it is written between braces, where a comma and a brace end what is not in quotes.
fn flow_text(site: &MountSite, node: &Node) -> Result<String, String> {
    let text = site.literal_text(node)?.as_written();
    let bare = !text.starts_with(['"', '\'']) && text.contains([',', '[', ']', '{', '}']);
    Ok(if bare { format!("'{}'", text.replace('\'', "''")) } else { text })
}

fn flow_entry(site: &MountSite, option: &Entry) -> Result<String, String> {
    if !option.key.chars().all(|one| one.is_alphanumeric() || "_-.".contains(one)) {
        return Err(format!("the option `{}` has an odd name", option.key));
    }
    Ok(format!("{}: {}", option.key, flow_text(site, &option.value)?))
}

/// The last line on which something of a node is written. The end of a mapping on lines is where the next thing begins,
/// so its parts are asked.
fn last_line(site: &MountSite, node: &Node) -> Option<u32> {
    if let Ok(literal) = site.literal_text(node) {
        return Some(literal.span.start.line);
    }
    let slice = site.file.slice(node.span).trim_end();
    if node.as_scalar().is_some() || slice.starts_with(['{', '[']) {
        let more = u32::try_from(slice.lines().count().saturating_sub(1)).unwrap_or(0);
        return (!slice.is_empty()).then_some(node.span.start.line + more);
    }
    let items = node.as_seq().unwrap_or_default().iter().filter_map(|item| last_line(site, item));
    let entries = node.as_map().unwrap_or_default().iter();
    let entries = entries.flat_map(|entry| [Some(entry.key_span.end.line), last_line(site, &entry.value)]).flatten();
    items.chain(entries).max()
}
