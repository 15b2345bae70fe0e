//! Terraform: configurations are recognized and not read. The files of a directory are one module, and another one calls it
//! by its directory, so that what starts a container and what names a login often stand in two files. Uses `start_words` and
//! `model`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::project::Repository;
use super::start_words::starts_container;
use super::{CandidateFile, FoundInput, InputKind, LoadContext, Piece, SearchedDirectory, UnreadWeight};
use crate::model::{Diagnostic, Level, join};
use crate::text::Reader;

/// The most that is read of such a file, in bytes.
const MAX_BYTES: u64 = 256 * 1024;
/// The most directories of modules that call each other.
const MOST_MODULES: usize = 100;
/// Endings of configurations, and of the files that give their variables values.
const ENDINGS: [&str; 3] = ["tf", "tofu", "tfvars"];

/// Modules of Terraform.
#[derive(Debug)]
pub(super) struct TerraformKind;

impl InputKind for TerraformKind {
    fn name(&self) -> &'static str {
        "terraform"
    }

    fn looks_like(&self, file: &CandidateFile<'_>) -> bool {
        file.ending().is_some_and(|ending| ENDINGS.contains(&ending))
    }

    /// Those of a directory whose files start a container are one input, with the modules that call it.
    fn group_files(&self, searched: &SearchedDirectory<'_>, files: Vec<FoundInput>) -> Vec<FoundInput> {
        let mut modules: BTreeMap<PathBuf, Module> = BTreeMap::new();
        for input in files {
            let Some(directory) = input.files.first().and_then(|file| file.parent()).map(Path::to_owned) else {
                continue;
            };
            modules.entry(directory.clone()).or_default().add(input, &directory, searched);
        }
        let mut callers: BTreeMap<&Path, Vec<&Path>> = BTreeMap::new();
        for (directory, module) in &modules {
            for called in &module.calls {
                callers.entry(called).or_default().push(directory);
            }
        }
        let starting = modules.iter().filter(|(_, module)| module.starts);
        let inputs = starting.filter_map(|(directory, module)| {
            let mut around = vec![directory.as_path()];
            let mut known: BTreeSet<&Path> = around.iter().copied().collect();
            let mut at = 0;
            while let Some(directory) = around.get(at).copied().filter(|_| at < MOST_MODULES) {
                around.extend(
                    callers.get(directory).into_iter().flatten().copied().filter(|caller| known.insert(*caller)),
                );
                at += 1;
            }
            let of_all = around.iter().filter_map(|directory| modules.get(*directory));
            let of_all = of_all.flat_map(|module| &module.inputs);
            // What is left out alone is left out of the others.
            let is_read = |input: &&FoundInput| input.left_out.is_none();
            let first = module.inputs.iter().find(is_read).or(module.inputs.first())?;
            let files = of_all.filter(|input| input.left_out.is_none() || first.left_out.is_some());
            Some(FoundInput { files: files.flat_map(|input| &input.files).cloned().collect(), ..first.clone() })
        });
        inputs.collect()
    }

    fn is_named_if_ignored(&self) -> bool {
        false
    }

    fn weigh_text(&self, text: &str, context: &LoadContext<'_>) -> UnreadWeight {
        match () {
            () if !starts_container(text) => UnreadWeight::Nothing,
            () if context.names_state(text) => UnreadWeight::Counts,
            () if context.names_program(text) => UnreadWeight::Named,
            () => UnreadWeight::Nothing,
        }
    }

    fn load(&self, input: &FoundInput, context: &LoadContext<'_>, repository: &Repository<'_>) -> Piece {
        let mut piece = Piece::default();
        let mut all = String::new();
        let mut told = String::new();
        let mut is_unseen = false;
        let (mut start, mut state) = (None, None);
        for file in &input.files {
            let path = repository.cwd.join(file);
            let shown = repository.shown(&path);
            match context.sources.reader().read_start(&path, MAX_BYTES) {
                Ok(bytes) => {
                    let text = String::from_utf8_lossy(&bytes).into_owned();
                    let line_of = |is_it: &dyn Fn(&str) -> bool| {
                        let line = text.lines().position(is_it)?;
                        Some(format!("{shown}:{}", line + 1))
                    };
                    if start.is_none() && starts_container(&text) {
                        start = Some(line_of(&starts_container).unwrap_or_else(|| shown.clone()));
                        told.clone_from(&shown);
                    }
                    state = state.or_else(|| line_of(&|line: &str| context.names_state(line)));
                    all.push_str(&text);
                    all.push('\n');
                }
                Err(error) => {
                    // What cannot be looked at may be anything.
                    is_unseen = true;
                    let reason = format!("a Terraform configuration cannot be read: {error}");
                    piece.add_not_judged(shown, self, reason, true);
                }
            }
            piece.files.push(path);
        }
        let weight = self.weigh_text(&all, context);
        if told.is_empty() && input.is_typed() {
            told = piece.files.first().map(|path| repository.shown(path)).unwrap_or_default();
        }
        if !told.is_empty() && !is_unseen && (input.is_typed() || weight != UnreadWeight::Nothing) {
            let parts = [(start, "starts a container"), (state, "names a state directory")];
            let parts = parts.into_iter().filter_map(|(place, what)| Some(format!("; {} {what}", place?)));
            let reason = format!("a Terraform configuration is not read yet{}", parts.collect::<String>());
            if input.is_typed() {
                let message = "this is a Terraform configuration: not read yet".to_owned();
                piece.layout.diagnostics.push(Diagnostic::about(Level::Gap, Some(told.clone()), message));
            }
            piece.add_not_judged(told, self, reason, weight == UnreadWeight::Counts);
        }
        piece
    }
}

/// The files of one directory.
#[derive(Default)]
struct Module {
    inputs: Vec<FoundInput>,
    /// Whether one of them starts a container.
    starts: bool,
    /// The directories of the modules that it calls.
    calls: Vec<PathBuf>,
}

impl Module {
    fn add(&mut self, input: FoundInput, directory: &Path, searched: &SearchedDirectory<'_>) {
        for file in &input.files {
            let text = read_beginning(&searched.context.cwd.join(file), searched.reader);
            self.starts |= starts_container(&text);
            let called = called_directories(&text);
            self.calls.extend(called.map(|below| PathBuf::from(join(&directory.display().to_string(), below))));
        }
        self.inputs.push(input);
    }
}

fn read_beginning(path: &Path, reader: &Reader) -> String {
    String::from_utf8_lossy(&reader.read_start(path, MAX_BYTES).unwrap_or_default()).into_owned()
}

/// The directories of modules that a text calls: `source = "./agent"`.
fn called_directories(text: &str) -> impl Iterator<Item = &str> {
    let sources = text.lines().filter_map(|line| line.trim_start().strip_prefix("source"));
    let values = sources.filter_map(|rest| rest.trim_start().strip_prefix('=')?.trim_start().strip_prefix('"'));
    let values = values.filter_map(|value| value.split_once('"').map(|(value, _)| value));
    values.filter(|value| value.starts_with("./") || value.starts_with("../"))
}

#[cfg(test)]
mod tests {
    use super::called_directories;

    #[test]
    fn only_directories_are_called_modules() {
        let text = "module \"a\" {\n  source = \"./agent\"\n}\nmodule \"b\" {\n  source  =  \"../b\" # x\n}\n\
                    module \"c\" { \n  source = \"hashicorp/x\"\n}\nsource_of = \"./d\"\n";
        assert_eq!(called_directories(text).collect::<Vec<_>>(), ["./agent", "../b"]);
    }
}
