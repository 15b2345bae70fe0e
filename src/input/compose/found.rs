//! Which files make a project, its name, and the variables and profiles that it is read with. May use `text` and
//! `model`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::interpolate::{self, KnownVariables};
use super::project::Loading;
use super::{Mode, Profiles, discover, dotenv, read};
use crate::model::{Diagnostic, Level, UnsetVariable, Value, clean};
use crate::text::yaml::{self, Limits};
use crate::text::{Pos, Span, quoted};

impl Loading<'_> {
    /// The profiles that are active.
    pub(super) fn profiles(&self, variables: &BTreeMap<String, String>) -> Profiles {
        match &self.options.profiles {
            Profiles::Active(names) if names.is_empty() => {
                // Where none is named, the one without a name is active.
                let more = variables.get("COMPOSE_PROFILES").map_or("", String::as_str);
                Profiles::Active(more.split(',').map(|name| name.trim().to_owned()).collect())
            }
            profiles => profiles.clone(),
        }
    }

    /// The files, the project directory and the variables. `.env` is read where Compose runs, which may say where the
    /// files are, and then beside them.
    pub(super) fn found(&mut self) -> Option<(Vec<PathBuf>, String, BTreeMap<String, String>)> {
        let (context, options) = (self.context, self.options);
        let given = self.env_files_given();
        self.check_switches();
        let before = match (&options.runs_in, &options.project_directory) {
            (Some(runs_in), None) => clean(&context.cwd.join(runs_in).display().to_string()),
            _ => self.directory(&options.files),
        };
        let mut around = context.environment.clone();
        if options.runs_in.is_some() || !around.contains_key("PWD") {
            let runs_in = options.runs_in.as_deref().unwrap_or(Path::new(""));
            around.insert("PWD".to_owned(), clean(&context.cwd.join(runs_in).display().to_string()));
        }
        for (name, value) in options.handed.known() {
            around.insert(name.clone(), value.text.clone());
        }
        let mut variables = self.variables_of(&self.env_files(&before, &given), &around);
        let files = match options.files.as_slice() {
            [] => match discover(context, Path::new(&before), &variables, self.sources.reader()) {
                Ok(files) => {
                    self.show_found(&files, &variables);
                    files
                }
                Err(told) => {
                    self.tell(told);
                    return None;
                }
            },
            files => files.to_vec(),
        };
        let directory = self.directory(&files);
        if directory != before && given.is_empty() {
            variables = self.variables_of(&self.env_files(&directory, &given), &variables);
        }
        self.go_on()?;
        Some((files, directory, variables))
    }

    /// Remembers what is shown of files outside that the environment of the process names.
    fn show_found(&mut self, files: &[PathBuf], variables: &BTreeMap<String, String>) {
        let hidden = self.context.hidden().and_then(|hidden| hidden.get("COMPOSE_FILE"));
        if hidden.is_none() || hidden != variables.get("COMPOSE_FILE") {
            return;
        }
        for file in files {
            let path = self.context.cwd.join(file);
            if !path.starts_with(&self.context.cwd) {
                self.shown_files.insert(path, "${COMPOSE_FILE}".to_owned());
            }
        }
    }

    /// The files in the place of `.env`: as given, or `COMPOSE_ENV_FILES`.
    fn env_files_given(&self) -> Vec<PathBuf> {
        let named = self.context.environment.get("COMPOSE_ENV_FILES").filter(|files| !files.is_empty());
        match (self.options.env_files.as_slice(), named) {
            ([], Some(files)) => files.split(',').map(PathBuf::from).collect(),
            (given, _) => given.to_vec(),
        }
    }

    /// The project directory: as given, or where the first file is that is one.
    fn directory(&self, files: &[PathBuf]) -> String {
        let first = files.iter().find(|file| file.as_path() != Path::new("-"));
        let beside = first.and_then(|first| first.parent()).unwrap_or(Path::new(""));
        let directory = self.options.project_directory.as_deref().unwrap_or(beside);
        clean(&self.context.cwd.join(directory).display().to_string())
    }

    /// The project's name: as given, `COMPOSE_PROJECT_NAME`, the last top-level `name`, or after the directory. It is
    /// a variable of interpolation too.
    pub(super) fn name(
        &mut self,
        files: &[PathBuf],
        directory: &str,
        mut variables: BTreeMap<String, String>,
    ) -> Option<(Value, BTreeMap<String, String>)> {
        let given = self.options.project_name.clone().filter(|name| !name.is_empty());
        let known = self.known(&variables);
        let given = match given {
            Some(given) => Some(Value::known(given, None)),
            None => interpolate::expand("${COMPOSE_PROJECT_NAME:-}", &known, UnsetVariable::Empty)
                .ok()
                .map(|name| name.into_value(None)),
        };
        let name = match given.filter(|name| !name.text.is_empty()) {
            Some(name) => {
                if normalized(&name.text) != name.text {
                    let message = format!(
                        "the project name {} is not usable; it has lower-case letters, digits, `-` and `_`, and \
                         begins with a letter or a digit",
                        quoted(&name.shown.word(&name.text))
                    );
                    self.tell(Diagnostic::about(Level::Error, None, message));
                }
                name
            }
            None => self
                .written_name(files, &variables)
                .unwrap_or_else(|| Value::known(normalized(directory.rsplit('/').next().unwrap_or("")), None)),
        };
        if name.text.is_empty() {
            let message = "the project has no name; give it one with `name:` or --project-name";
            self.tell(Diagnostic::about(Level::Error, files.first().map(|file| file.display().to_string()), message));
        }
        self.go_on()?;
        if !name.is_symbolic() {
            variables.insert("COMPOSE_PROJECT_NAME".to_owned(), name.text.clone());
        }
        Some((name, variables))
    }

    /// The last `name` of the files. What is wrong with them is told when they are read for good.
    fn written_name(&mut self, files: &[PathBuf], variables: &BTreeMap<String, String>) -> Option<Value> {
        let mut name = None;
        for file in files {
            let path = if file == Path::new("-") { file.clone() } else { self.context.cwd.join(file) };
            let Some(text) = read::text(self.sources, &path, self.options) else { continue };
            // Most files have none, and parsing them twice is not free.
            if !text.lines().any(|line| line.starts_with(['n', '"', '\'', '{', '!', '?'])) {
                continue;
            }
            let Ok(stream) = yaml::parse(crate::text::FileId::default(), &text, Limits::default()) else { continue };
            for document in &stream.documents {
                let written = document.get("name").and_then(|name| super::tree::written(name));
                name = written.filter(|name| !name.is_empty()).or(name);
            }
        }
        let unset = if self.options.mode == Mode::Strict { UnsetVariable::Empty } else { UnsetVariable::Symbol };
        let known = self.known(variables);
        let name = interpolate::expand(&name?, &known, unset).ok()?.into_value(None);
        // What depends on a variable is no name yet, but as good as another of the same text.
        let text = if name.symbols.is_empty() { normalized(&name.text) } else { name.text };
        Some(Value { shown: name.shown.becomes(&text, str::to_owned), text, ..name })
    }

    /// Variables, with what is known of who set them.
    pub(super) fn known<'v>(&'v self, variables: &'v BTreeMap<String, String>) -> KnownVariables<'v> {
        KnownVariables { variables, hidden: self.context.hidden(), handed: &self.options.handed }
    }

    /// The `.env` of a directory, if it is there and is to be read, or the files given in its place.
    fn env_files(&self, directory: &str, given: &[PathBuf]) -> Vec<PathBuf> {
        let default = Path::new(directory).join(".env");
        match given {
            [] if self.sources.reader().has_input(&default) && !self.is_env_disabled() => vec![default],
            [] => Vec::new(),
            given => given.to_vec(),
        }
    }

    /// The variables of some files, a later one over an earlier one, under those that are set around them.
    pub(super) fn variables_of(
        &mut self,
        files: &[PathBuf],
        outer: &BTreeMap<String, String>,
    ) -> BTreeMap<String, String> {
        let mut own = BTreeMap::new();
        for file in files {
            let path = self.context.cwd.join(file);
            let name = self.shown(&path);
            let (id, text) = match read::read(self.sources, &path, &name) {
                Ok(read) => read,
                Err(told) => {
                    // Whoever runs the command may have it: a repository rarely does.
                    let is_of_command =
                        self.options.are_env_files_of_a_command && self.options.env_files.contains(file);
                    self.tell(if is_of_command { Diagnostic { level: Level::Warning, ..told } } else { told });
                    continue;
                }
            };
            if let Err(bad) = dotenv::parse(&text, &mut own, outer) {
                let span = Span::at(id, Pos { line: u32::try_from(bad.line).unwrap_or(1), column: 1 });
                let message = format!("{}; nothing from here on is used", bad.message);
                self.tell(Diagnostic::at(Level::Error, span, message));
            }
        }
        own.extend(outer.clone());
        own
    }

    fn is_env_disabled(&self) -> bool {
        let value = self.context.environment.get("COMPOSE_DISABLE_ENV_FILE").map(String::as_str);
        matches!(value, Some("1" | "t" | "T" | "true" | "TRUE" | "True"))
    }

    /// Compose refuses what is neither true nor false to it.
    fn check_switches(&mut self) {
        let value = self.context.environment.get("COMPOSE_DISABLE_ENV_FILE").map(String::as_str);
        let off = matches!(value, None | Some("0" | "f" | "F" | "false" | "FALSE" | "False"));
        let asked = self.options.env_files.is_empty() && !self.context.environment.contains_key("COMPOSE_ENV_FILES");
        if asked && !off && !self.is_env_disabled() {
            let message = "the variable COMPOSE_DISABLE_ENV_FILE is neither true nor false";
            self.tell(Diagnostic::about(Level::Error, None, message));
        }
    }
}

/// A directory's name as Compose makes a project's name of it.
fn normalized(name: &str) -> String {
    let lower = name.to_lowercase();
    let kept = lower.chars().filter(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-'));
    kept.collect::<String>().trim_start_matches(['_', '-']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_directories_become_names_of_projects() {
        assert_eq!(normalized("My App.2"), "myapp2");
        assert_eq!(normalized("_-x_y"), "x_y");
    }
}
