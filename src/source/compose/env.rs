//! A service's `env_file`s (Compose spec, "env_file"). May use `text` and `model`.

use std::collections::BTreeMap;
use std::path::Path;

use super::field::{flag, value};
use super::{Context, Project, dotenv, read};
use crate::model::{Diagnostic, EnvValue, EnvVar, Level, Unseen, Value, join};
use crate::text::yaml::Node;
use crate::text::{Pos, Sources, Span};

/// The variables of all files, a later file over an earlier one. They are located where the file is named: what is in
/// it may be secret.
pub(super) fn environment(
    node: &Node,
    project: &Project,
    context: &Context,
    sources: &Sources,
    told: &mut Vec<Diagnostic>,
    unseen: &mut Vec<Unseen>,
) -> BTreeMap<String, EnvVar> {
    let mut variables = BTreeMap::new();
    let items: Vec<&Node> = match node.as_seq() {
        Some(items) => items.iter().map(AsRef::as_ref).collect(),
        None => vec![node],
    };
    for item in items {
        let path = value(item).or_else(|| item.get("path").and_then(|node| value(node)));
        let Some(path) = path else { continue };
        let required = item.get("required").and_then(|node| flag(node, told)).is_none_or(|flag| flag.on);
        let raw = item.get("format").and_then(|node| value(node)).is_some_and(|format| format.text == "raw");
        let file = join(&project.directory, &path.text);
        if path.is_symbolic() {
            let what = "which env_file this is hangs on a variable that is not set";
            told.push(Diagnostic::at(Level::Gap, item.span, format!("{what}; what it sets is not judged")));
            unseen.push(Unseen { what: what.to_owned(), span: item.span });
            continue;
        }
        if !Path::new(&file).exists() && !required {
            let message = "this optional env_file is not here; what it would set elsewhere is not judged";
            told.push(Diagnostic::at(Level::Warning, item.span, message));
            continue;
        }
        let shown = Path::new(&file).strip_prefix(&context.cwd).unwrap_or(Path::new(&file)).display().to_string();
        match read::read(sources, Path::new(&file), &shown, None) {
            Err(diagnostic) => {
                // Secrets are often not where a review runs, so the rest is judged, but not as if nothing were missing.
                let message = format!("the env_file {shown} is not read: {}", diagnostic.message);
                told.push(Diagnostic::at(Level::Gap, item.span, message));
                unseen.push(Unseen { what: format!("its env_file {shown} was not read"), span: item.span });
            }
            Ok((id, text)) => match if raw { Ok(raw_lines(&text)) } else { dotenv::parse(&text, &project.variables) } {
                Ok(read) => {
                    let variable =
                        |text: String| EnvVar { value: EnvValue::Set(Value::known(text, None)), span: item.span };
                    variables.extend(read.into_iter().map(|(name, text)| (name, variable(text))));
                }
                Err(dotenv::BadLine(line)) => {
                    let pos = Pos { line: u32::try_from(line).unwrap_or(1), column: 1 };
                    let message = "this line is no NAME=value; nothing of the file is used";
                    told.push(Diagnostic::at(Level::Error, Span::at(id, pos), message));
                    unseen.push(Unseen { what: format!("its env_file {shown} was not read"), span: item.span });
                }
            },
        }
    }
    variables
}

/// `format: raw`: everything after the first `=` is the value.
fn raw_lines(text: &str) -> BTreeMap<String, String> {
    let lines = text.lines().map(str::trim_end).filter(|line| !line.trim_start().starts_with('#'));
    let pair = |line: &str| line.split_once('=').map(|(name, value)| (name.trim().to_owned(), value.to_owned()));
    lines.filter_map(pair).collect()
}
