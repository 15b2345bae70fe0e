//! What the `template` stanzas of a task give: variables, and files that its scripts may be. What Nomad fills in as the
//! task starts is not known. Uses `task` and `model`.

use super::hcl_value::PlacedValue;
use super::stanza::Stanza;
use super::task::TaskReader;
use crate::model::{Container, EnvValue, EnvVar, PartialText, Unseen, Value, clean, is_variable_name};

/// A file that a template is written to, below the directory of its task.
pub(super) struct RenderedFile {
    /// The path: `local/run.sh`.
    pub(super) path: String,
    /// Its text; `None` where Nomad fills something in.
    pub(super) text: Option<Value>,
}

impl TaskReader<'_, '_> {
    /// Adds the variables that templates set: over those that the task writes itself.
    pub(super) fn add_templates(&self, container: &mut Container, unseen: &mut Vec<Unseen>) {
        for made in self.task.dynamic("template") {
            let what = "its templates are made by a `dynamic` block".to_owned();
            unseen.push(Unseen { what, span: made.kind_span });
        }
        for template in self.task.all("template") {
            match self.reader.value(template, "env").map(|on| on.value.is_true()) {
                None | Some(Some(false)) => {}
                Some(Some(true)) => self.add_variables(template, container),
                Some(None) => container.missing_env_files.push(missed(template)),
            }
        }
    }

    fn add_variables(&self, template: &Stanza, container: &mut Container) {
        let data = self.reader.value(template, "data");
        let Some((data, text)) = data.and_then(|data| Some((data.clone(), data.value.known()?))) else {
            return container.missing_env_files.push(missed(template));
        };
        let is_literal = !text.contains("{{");
        for line in text.lines() {
            let Some(variable) = EnvLine::read(line) else { continue };
            let EnvLine { name: Some(name), value } = variable else {
                container.missing_env_files.push(missed(template));
                continue;
            };
            let value = value
                .filter(|_| is_literal)
                .map_or_else(|| PartialText::variable(&name), |text| PartialText::plain(&text));
            let value = EnvValue::set(value.to_secret_value());
            container.env.insert(name, EnvVar::new(value, place_of(&data)));
        }
    }

    /// The files that templates are written to.
    pub(super) fn rendered_files(&self) -> Vec<RenderedFile> {
        let file = |template: &Stanza| {
            let destination = self.reader.value(template, "destination")?.value.text()?;
            let path = task_path(&destination)?;
            let data = self.reader.value(template, "data")?;
            let text = data.to_value().filter(|text| !text.text.contains("{{"));
            // Other marks may be around what is filled in.
            let is_plain = template.attribute("left_delimiter").is_none();
            Some(RenderedFile { path, text: text.filter(|_| is_plain) })
        };
        self.task.all("template").filter_map(file).collect()
    }
}

/// A path below the directory of a task, from there on; `None` of any other.
pub(super) fn task_path(path: &PartialText) -> Option<String> {
    let (root, rest) = match path.first_unknown().map(|part| part.name.as_str()) {
        Some("NOMAD_TASK_DIR") => ("local", path.0.get(1..)?),
        Some("NOMAD_SECRETS_DIR") => ("secrets", path.0.get(1..)?),
        Some(_) => return None,
        None => ("", path.0.as_slice()),
    };
    let text = PartialText(rest.to_vec()).known()?;
    let whole = if root.is_empty() { text } else { format!("{root}/{}", text.trim_start_matches('/')) };
    let whole = clean(&whole);
    (!whole.starts_with('/') && !whole.starts_with("..") && !whole.contains("${")).then_some(whole)
}

/// Where the variables of a template are: never their values.
fn place_of(data: &PlacedValue) -> crate::text::Span {
    crate::text::Span { end: data.span.start, ..data.span }
}

fn missed(template: &Stanza) -> Unseen {
    let what = "which variables a template sets is known to Nomad alone".to_owned();
    Unseen { what, span: template.kind_span }
}

/// A line of a file of variables.
#[derive(Debug, PartialEq, Eq)]
struct EnvLine {
    /// `None` where it is filled in.
    name: Option<String>,
    /// `None` where it is filled in, or written in a way that is not read here.
    value: Option<String>,
}

impl EnvLine {
    /// Reads a line; `None` where it sets nothing.
    fn read(line: &str) -> Option<Self> {
        let mut name = String::new();
        let mut rest = line;
        let mut is_filled_in = false;
        // What decides whether the line is there sets nothing itself.
        loop {
            let equals = rest.find('=')?;
            let Some(open) = rest.find("{{").filter(|open| *open < equals) else {
                name.push_str(rest.get(..equals)?);
                rest = rest.get(equals + 1..)?;
                break;
            };
            name.push_str(rest.get(..open)?);
            let (action, after) = rest.get(open + 2..)?.split_once("}}")?;
            let word = action.trim_start_matches(['-', ' ']).split_whitespace().next().unwrap_or_default();
            is_filled_in |= !CONTROL.contains(&word) && !word.starts_with(['$', '/']);
            rest = after;
        }
        let name = name.trim().trim_start_matches("export ").trim();
        if name.starts_with('#') {
            return None;
        }
        let is_name = is_variable_name(name);
        let value = rest.trim();
        let is_plain = !value.contains(['\\', '#', '"', '\'']);
        let inner = ['"', '\''].iter().find_map(|quote| value.strip_prefix(*quote)?.strip_suffix(*quote));
        let inner = inner.filter(|inner| !inner.contains(['\\', '#', '"', '\'']));
        let value = inner.or(is_plain.then_some(value)).map(str::to_owned);
        Some(Self { name: (is_name && !is_filled_in).then(|| name.to_owned()), value })
    }
}

/// Words that begin what decides, and puts nothing in.
const CONTROL: [&str; 8] = ["with", "range", "if", "else", "end", "define", "block", "break"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_variables() {
        let read = |line: &str| EnvLine::read(line).map(|one| (one.name, one.value));
        let set = |name: &str, value: &str| Some((Some(name.to_owned()), Some(value.to_owned())));
        assert_eq!(read("A=b c "), set("A", "b c"));
        assert_eq!(read("export A = \"b\""), set("A", "b"));
        assert_eq!(read("A="), set("A", ""));
        assert_eq!(read("A=\"b\\n\""), Some((Some("A".to_owned()), None)));
        assert_eq!(read("# A=b"), None);
        assert_eq!(read("nothing"), None);
        assert_eq!(read("{{ with secret \"x=y\" }}A={{ .Data }}{{ end }}").unwrap().0.as_deref(), Some("A"));
        assert_eq!(read("{{- else -}} A=b").unwrap().0.as_deref(), Some("A"));
        assert_eq!(read("{{ .Key }}={{ .Value }}").unwrap().0, None);
        assert_eq!(read("X_{{ .Key }}=1").unwrap().0, None);
        assert_eq!(read("{{ range $k, $v := x }}={{ end }}").unwrap().0, None);
        assert_eq!(read("A{{ x = y"), None);
    }
}
