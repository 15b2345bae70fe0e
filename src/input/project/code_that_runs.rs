//! Whether the code that a planned container runs was read: what is not there, or is fetched, may be anything. Uses
//! `repository`, `planned_files` and `source::dockerfile`.

use std::collections::BTreeSet;
use std::path::Path;
use std::rc::Rc;

use super::planned_files::PlannedFiles;
use super::repository::Repository;
use crate::input::dockerfile::{BuildStep, CopyOrigin, Image, PathContent};
use crate::input::package_manifest::PackageManifest;
use crate::input::shell::file_system::{FileSystem, Lookup};
use crate::model::{
    Container, EnvValue, Invocation, MountSource, Value, VariableState, Word, join, parent_and_name, split_below,
};

/// Programs that run a file that is given to them.
pub(super) const INTERPRETERS: [&str; 20] = [
    ".", "ash", "bash", "bun", "dash", "deno", "java", "ksh", "lua", "node", "nodejs", "perl", "php", "python",
    "python3", "ruby", "sh", "source", "tsx", "zsh",
];
/// Options of theirs with a value.
const VALUED: [&str; 9] = ["-r", "--require", "--import", "--loader", "-W", "-X", "-I", "-cp", "-o"];
/// Options after which there is no file.
const NO_FILE: [&str; 7] = ["-c", "-e", "-m", "-p", "--eval", "--print", "-s"];
/// Commands of package managers that run what a project's manifest says.
const MANIFEST_RUNNERS: [&str; 4] = ["npm", "pnpm", "yarn", "bun"];
/// Words of commands that make code of other code.
#[rustfmt::skip]
const BUILDERS: &[&str] = &[
    "build", "bundle", "cargo", "cc", "cmake", "compile", "dotnet", "esbuild", "gcc", "go", "gradle", "gradlew", "javac",
    "make", "meson", "mix", "mvn", "mvnw", "ninja", "nx", "parcel", "publish", "rollup", "sbt", "swc", "tsc", "tsup", "turbo",
    "vite", "webpack", "zig",
];
/// Endings of code in the commands of a manifest.
const CODE: [&str; 8] = ["cjs", "jar", "js", "mjs", "py", "rb", "sh", "ts"];
/// Stages that are copied from stages.
const DEPTH: usize = 8;

/// Whether all code that a container was seen to run is a program of its base, was read, or is made of what was read.
pub(super) fn is_code_read(container: &Container, image: &Rc<Image>, repository: &Repository<'_>) -> bool {
    let files = PlannedFiles::new(repository, container, Some(Rc::clone(image)));
    let fetched = fetched_names(image, repository);
    let code = RunCode { container, image, repository, files, is_built: builds_code(image, DEPTH) };
    container.script.invocations.iter().all(|call| {
        let program = call.argv.first().map(|word| word.rsplit('/').next().unwrap_or(word)).unwrap_or_default();
        !fetched.contains(program) && code.is_read(call)
    })
}

struct RunCode<'a> {
    container: &'a Container,
    image: &'a Image,
    repository: &'a Repository<'a>,
    files: PlannedFiles<'a>,
    /// Whether a build makes code, which is not there to be read.
    is_built: bool,
}

impl RunCode<'_> {
    fn is_read(&self, call: &Invocation) -> bool {
        let Some((program, words)) = call.argv.split_first() else { return true };
        let name = program.rsplit('/').next().unwrap_or(program);
        if MANIFEST_RUNNERS.contains(&name) {
            let words: Vec<&str> = words.iter().map(|word| &**word).collect();
            if let Some(script) = run_of_manifest(&words) {
                return self.is_manifest_read(call, script);
            }
        }
        if !INTERPRETERS.contains(&name) && !program.contains(['/', '$', '`']) {
            return true;
        }
        let is_interpreter = INTERPRETERS.contains(&name);
        let file = if is_interpreter { given_file(words) } else { Some(program) };
        // What depends on a variable that is not known may be anything.
        file.is_none_or(|file| {
            let known = self.known_text(call, file);
            known.is_some_and(|file| !is_interpreter && !file.contains('/') || self.is_file_read(call, &file))
        })
    }

    /// A word with what is known of the environment put in.
    fn known_text(&self, call: &Invocation, word: &Word) -> Option<String> {
        word.expand(&|name| {
            if let Some(text) = call.env.get(name).and_then(Word::known) {
                return VariableState::Set(Value::known(text, None));
            }
            match self.container.env.get(name).map(|variable| &variable.value) {
                Some(EnvValue::Set(value)) if !value.is_symbolic() => VariableState::Set((**value).clone()),
                Some(EnvValue::Set(_) | EnvValue::Inherited) => VariableState::Unknown,
                None if call.env.contains_key(name) => VariableState::Unknown,
                None => VariableState::Unseen,
            }
        })
    }

    /// Whether a file at a path of a call was read, is the base's own, or may be made of what was read.
    fn is_file_read(&self, call: &Invocation, file: &str) -> bool {
        let Some(path) = self.path_of(call, file) else { return false };
        if let Some((mount, _)) = self.container.mount_holding(&path) {
            return match &mount.source {
                MountSource::Host(source) if self.repository.holds(Path::new(&source.text)) => {
                    matches!(self.files.open(&path), Lookup::Text(_))
                }
                _ => false,
            };
        }
        match self.image.find_file(&path, self.repository.sources) {
            PathContent::File(_) | PathContent::Text(_) => {
                matches!(self.files.open(&path), Lookup::Text(_) | Lookup::Passage(_))
            }
            // What links lead to is a program of the system.
            PathContent::Link(_) => true,
            PathContent::Base if self.container.build.is_none() => is_of_system(&path),
            PathContent::Base => self.is_built || !self.is_own_place(&path),
            PathContent::Absent | PathContent::Unknown { .. } => self.is_built,
        }
    }

    fn path_of(&self, call: &Invocation, file: &str) -> Option<String> {
        if file.starts_with('/') {
            return Some(join("/", file));
        }
        let own = self.container.working_dir.as_ref().map_or("/", |directory| directory.text.as_str());
        let directory = match &call.directory {
            Some(directory) => join(own, &self.known_text(call, directory)?),
            None => own.to_owned(),
        };
        Some(join(&directory, file))
    }

    /// Whether a path is where the image's own code is, and not the base's.
    fn is_own_place(&self, path: &str) -> bool {
        let working = self.container.working_dir.as_ref().map(|directory| directory.text.as_str());
        let copied = self.image.steps.iter().filter_map(|step| match step.as_ref() {
            BuildStep::Copy(copied) if matches!(copied.from, CopyOrigin::Context(_)) => {
                Some(copied.target.text.as_str())
            }
            _ => None,
        });
        let is_place = |place: &str| place != "/" && split_below(path, place.trim_end_matches('/')).is_some();
        working.into_iter().chain(copied).any(is_place)
    }

    /// Whether the files that a script of the manifest names were read.
    fn is_manifest_read(&self, call: &Invocation, script: &str) -> bool {
        let Some(path) = self.path_of(call, "package.json") else { return false };
        let Lookup::Text(file) = self.files.open(&path) else { return self.is_built };
        let source = self.repository.sources.get(file);
        let manifest = PackageManifest::parse(source.text());
        let text = manifest.as_ref().and_then(|manifest| manifest.script(script)).map(|script| script.command);
        let is_code = |word: &&str| word.rsplit_once('.').is_some_and(|(_, ending)| CODE.contains(&ending));
        let plain = |word: &&str| !word.starts_with('-') && !word.contains(['*', '$', '=']);
        text.is_none_or(|text| {
            let words = text.split([' ', ';', '&', '|', '(', ')', '"', '\'']);
            words.filter(is_code).filter(plain).all(|word| self.is_file_read(call, word))
        })
    }
}

/// Whether a path is where an image's publisher puts programs.
fn is_of_system(path: &str) -> bool {
    ["/bin", "/lib", "/opt", "/sbin", "/usr"].iter().any(|directory| split_below(path, directory).is_some())
}

/// The script of the manifest that `npm run NAME` and its kin run.
fn run_of_manifest<'w>(words: &[&'w str]) -> Option<&'w str> {
    let mut plain = words.iter().copied().filter(|word| !word.starts_with('-'));
    match plain.next()? {
        "run" | "run-script" => plain.next(),
        "start" => Some("start"),
        _ => None,
    }
}

/// The file among the words of an interpreter.
pub(super) fn given_file(words: &[Word]) -> Option<&Word> {
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match &**word {
            text if NO_FILE.contains(&text) => return None,
            text if VALUED.contains(&text) => _ = words.next(),
            "-jar" | "run" => {}
            text if text.starts_with('-') => {}
            _ => return Some(word),
        }
    }
    None
}

/// Whether a RUN of an image, or of one that it copies from, makes code.
fn builds_code(image: &Image, depth: usize) -> bool {
    depth > 0
        && image.steps.iter().any(|step| match step.as_ref() {
            BuildStep::Run(ran) => {
                let words = ran.command.words.iter().chain(&ran.script);
                words
                    .flat_map(|word| word.text.split(|ch: char| !ch.is_alphanumeric() && ch != '-' && ch != '_'))
                    .any(|word| BUILDERS.contains(&word))
            }
            BuildStep::Copy(copied) => match &copied.from {
                CopyOrigin::Stage(stage) => builds_code(stage, depth - 1),
                CopyOrigin::Context(_) | CopyOrigin::Image(_) => false,
            },
            BuildStep::Unread(_) => false,
        })
}

/// The names of files that commands of an image's build fetch.
fn fetched_names(image: &Image, repository: &Repository<'_>) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for step in &image.steps {
        let BuildStep::Run(ran) = step.as_ref() else { continue };
        for call in ran.build_calls(repository.sources) {
            let program = call.argv.first().map(|word| word.rsplit('/').next().unwrap_or(word)).unwrap_or_default();
            if !matches!(program, "curl" | "wget" | "aria2c" | "gsutil" | "aws") {
                continue;
            }
            let output = call.output.as_deref();
            let files = call.argv.iter().skip(1).map(|word| &**word).chain(output);
            names.extend(files.filter_map(|word| Some(parent_and_name(word)?.1.to_owned())));
        }
    }
    names
}
