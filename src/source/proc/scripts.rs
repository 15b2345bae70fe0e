//! The scripts that a running container was started with, read in its own files. Uses `model`, `source::capture` and
//! `source::script`.

use std::cell::RefCell;
use std::collections::HashMap;

use super::places::value;
use super::root::{Root, Unread};
use crate::model::{Command, Script, Value};
use crate::ruleset::Profile;
use crate::source::capture::Running;
use crate::source::script::disk::{Disk, Opened, is_of_interest};
use crate::source::script::{self, Setting};
use crate::text::{Sources, Span};

/// The largest script that is read, in bytes.
pub(super) const MOST_SCRIPT: u64 = 256 << 10;
/// Why a text is not read.
pub(super) const TOO_LONG: &str = "it is a text, and longer than any script that is read";

/// What the engine's words run, through the files of the container.
pub(super) fn read(running: &Running, root: &Root, home: Option<&str>, profiles: &[Profile]) -> Script {
    let sources = Sources::default();
    // What stands in no file has the place of this one.
    let nowhere = sources.add("", "");
    let programs: Vec<String> = profiles.iter().flat_map(|profile| profile.commands.clone()).collect();
    let disk =
        Live { root, sources: &sources, programs: &programs, first: running.words.first(), seen: RefCell::default() };
    let lookup = |name: &str| match running.env.get(name) {
        Some(held) => value(held).map(str::to_owned),
        None if name == "HOME" => home.map(str::to_owned),
        None => None,
    };
    let directory = if running.working_dir.is_empty() { "/" } else { &running.working_dir };
    let setting = Setting {
        sources: &sources,
        disk: &disk,
        directory: Some(directory),
        lookup: &lookup,
        hides: false,
        programs: &|| &programs,
    };
    let command = |words: &[String]| Command {
        words: words.iter().map(|word| Value::known(word.as_str(), None)).collect(),
        span: Span::file_start(nowhere),
    };
    let (mut script, _) = script::follow(Some(&command(&running.words)), None, &setting);
    if !running.check.is_empty() {
        // What a check leads to that was not read is no reason to doubt what the container itself runs.
        script.invocations.extend(script::follow(Some(&command(&running.check)), None, &setting).0.invocations);
    }
    for call in &mut script.invocations {
        let file = sources.get(call.span.file);
        call.at = (!file.name().is_empty()).then(|| format!("{}:{}", file.name(), call.span.start.line));
    }
    script.unseen_span = None;
    script
}

/// The files of a running container.
struct Live<'a> {
    root: &'a Root,
    sources: &'a Sources,
    programs: &'a [String],
    /// The first of the words that the engine started: it is read wherever it is.
    first: Option<&'a String>,
    seen: RefCell<HashMap<String, Opened>>,
}

impl Live<'_> {
    fn look(&self, path: &str) -> Opened {
        let bytes = match self.root.read_head(path, MOST_SCRIPT) {
            Ok(head) if head.bytes.contains(&0) => return Opened::Binary,
            Ok(head) if head.is_whole => head.bytes,
            Ok(_) | Err(Unread::TooLarge) => {
                return Opened::Unseen(TOO_LONG.to_owned());
            }
            Err(Unread::Absent) => return Opened::Absent,
            Err(Unread::Unfit) if self.root.is_directory(path) => return Opened::Binary,
            Err(Unread::Unfit) => return Opened::Unseen("it is no regular file".to_owned()),
            Err(Unread::Failed) => return Opened::Unseen("it cannot be read".to_owned()),
        };
        let Ok(text) = String::from_utf8(bytes) else { return Opened::Unseen("it is not UTF-8".to_owned()) };
        if !is_of_interest(path, &text, self.programs) && self.first.is_none_or(|first| first != path) {
            return Opened::Binary;
        }
        Opened::Text(self.sources.add(path, text))
    }
}

impl Disk for Live<'_> {
    fn open(&self, path: &str) -> Opened {
        if let Some(opened) = self.seen.borrow().get(path) {
            return opened.clone();
        }
        let opened = self.look(path);
        self.seen.borrow_mut().insert(path.to_owned(), opened.clone());
        opened
    }
}
