//! The reader from outside: a Dockerfile in, what the image is in one line.

mod bounds;
mod copies;
mod found_files;
mod runs;
mod settings;
mod stages;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::rc::Rc;

use super::{BaseImage, BuildContext, BuildRequest, ContextEntry, Image, PathContent, build_image};
use crate::model::{Command, EnvValue, EnvVar, Symbol, Value};
use crate::text::{FileId, Reader, Sources, Span};

/// A build context in memory: files by their paths.
#[derive(Debug)]
struct Memory(BTreeSet<String>);

impl BuildContext for Memory {
    fn kind(&self, path: &str) -> Option<ContextEntry> {
        let below = |file: &String| path.is_empty() || file.starts_with(&format!("{path}/"));
        match () {
            () if self.0.contains(path) => Some(ContextEntry::File),
            () if self.0.iter().any(below) => Some(ContextEntry::Directory),
            () => None,
        }
    }

    fn list(&self, path: &str) -> Option<Vec<String>> {
        let start = if path.is_empty() { String::new() } else { format!("{path}/") };
        let names = self.0.iter().filter_map(|file| file.strip_prefix(&start)?.split('/').next().map(str::to_owned));
        Some(names.collect::<BTreeSet<_>>().into_iter().collect())
    }

    fn locate(&self, path: &str) -> PathBuf {
        PathBuf::from(path)
    }
}

/// What the tests' build context holds.
const FILES: &[&str] =
    &["run.sh", "bin/run.sh", "bin/stop.sh", "bin/deep/run.sh", "app/main.py", "app/.hidden", "pack.tar.gz", "a.b/x"];

struct Made {
    image: Image,
    sources: Sources,
    file: FileId,
}

fn made_with(text: &str, target: Option<&str>, args: &[(&str, EnvValue)]) -> Made {
    let sources = Sources::reading(Reader::of_host());
    let file = sources.add("Dockerfile", text);
    let span = Span::file_start(file);
    let args = args.iter().map(|(name, value)| ((*name).to_owned(), EnvVar::new(value.clone(), span))).collect();
    let context: Rc<dyn BuildContext> = Rc::new(Memory(FILES.iter().map(|file| (*file).to_owned()).collect()));
    let request = BuildRequest { target, args: &args, context: Some(context), bases: &|_| None };
    Made { image: build_image(file, &sources, &request), sources, file }
}

fn made(text: &str) -> Made {
    made_with(text, None, &[])
}

fn given(value: &str) -> EnvValue {
    EnvValue::set(Value::known(value, None))
}

/// A value: its text, and after a bar the variables in it that are not set.
fn value(value: &Value) -> String {
    let names: Vec<&str> = value.symbols.iter().map(|symbol: &Symbol| symbol.name.as_str()).collect();
    if names.is_empty() { value.text.clone() } else { format!("{}|{}", value.text, names.join(",")) }
}

fn words(command: &Command) -> String {
    command.words.iter().map(|word| format!("[{}]", value(word))).collect()
}

fn var(var: &EnvVar) -> String {
    match &var.value {
        EnvValue::Set(set) => value(set),
        EnvValue::Inherited => "?".to_owned(),
    }
}

/// Everything that is set, parted by ` ; `, each with the letter it is known by.
fn shown(image: &Image) -> String {
    let mut parts = Vec::new();
    parts.push(match &image.base {
        BaseImage::Scratch => "scratch".to_owned(),
        BaseImage::Named(name) => format!("on {}", value(name)),
        BaseImage::Unread => "unread".to_owned(),
    });
    let env = image.env.iter().filter(|(name, _)| *name != "PATH" || image.base != BaseImage::Scratch);
    parts.extend(env.map(|(name, set)| format!("{name}={}", var(set))));
    parts.extend(image.user.iter().map(|user| format!("user {}", value(user))));
    parts.extend(image.working_dir.iter().map(|path| format!("in {}", value(path))));
    parts.extend(image.entrypoint.iter().map(|command| format!("entry {}", words(command))));
    parts.extend(image.command.iter().map(|command| format!("cmd {}", words(command))));
    parts.extend(image.healthcheck.iter().map(|command| format!("health {}", words(command))));
    parts.extend(image.labels.iter().map(|(name, label)| format!("label {name}={}", value(&label.value))));
    parts.extend(image.volumes.iter().map(|path| format!("volume {}", value(path))));
    parts.extend(image.unseen.iter().map(|unseen| format!("! {}", unseen.what)));
    parts.join(" ; ")
}

/// Each Dockerfile, without its first line `FROM scratch` where it has no FROM, and what it makes.
fn check(cases: &[(&str, &str)]) {
    let one = |text: &str| shown(&made(text).image);
    compare(cases, one);
}

fn compare(cases: &[(&str, &str)], one: impl Fn(&str) -> String) {
    let mut wrong = Vec::new();
    for (text, expected) in cases {
        let whole = if text.contains("FROM ") || text.contains("from ") || text.is_empty() {
            (*text).to_owned()
        } else {
            format!("FROM scratch\n{text}")
        };
        let found = one(&whole);
        if found != *expected {
            wrong.push(format!("{text}\n  expected {expected}\n  found    {found}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

/// What stands at a path, in one word.
fn at(text: &str, path: &str) -> String {
    let made = made(text);
    match made.image.find_file(path, &made.sources) {
        PathContent::File(path) => path.display().to_string(),
        PathContent::Text(text) => format!("<{}>", value(&text).replace('\n', "~")),
        PathContent::Link(target) => format!("-> {target}"),
        PathContent::Base => "base".to_owned(),
        PathContent::Absent => "absent".to_owned(),
        PathContent::Unknown { why, span } => {
            assert!(!made.sources.get(span.file).slice(span).is_empty(), "{text}: {why} stands nowhere");
            format!("? {why}")
        }
    }
}

/// Dockerfiles on `FROM debian`, and what then stands at a path.
fn find(path: &str, cases: &[(&str, &str)]) {
    let mut wrong = Vec::new();
    for (text, expected) in cases {
        let whole = if text.contains("FROM ") { (*text).to_owned() } else { format!("FROM debian\n{text}") };
        let found = at(&whole, path);
        let same = if *expected == "?" { found.starts_with('?') } else { found == *expected };
        if !same {
            wrong.push(format!("{text}\n  expected {expected}\n  found    {found}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

/// No arguments are given.
fn none() -> BTreeMap<String, EnvVar> {
    BTreeMap::new()
}
