//! The scripts that a running container was started with, read in its own files. Uses `model`, `source::capture` and
//! `source::shell`.

use std::cell::RefCell;
use std::collections::HashMap;

use super::places::{home_in, known_value, working_directory};
use super::root::{Root, Unread};
use super::text::shown;
use crate::input::shell::file_system::{FileSystem, Lookup, is_of_interest};
use crate::input::shell::{self, ExecContext, read_no_recipes};
use crate::model::{Command, Container, Script, Value};
use crate::rules::Profile;
use crate::text::{Sources, Span};

/// The largest script that is read, in bytes.
pub(super) const MOST_SCRIPT: u64 = 256 << 10;
/// No `/etc/passwd` is read further.
pub(super) const MOST_PASSWD: u64 = 4 << 20;
/// Why a text is not read.
pub(super) const TOO_LONG: &str = "it is a text, and longer than any script that is read";

/// What the engine's words run, through the files of the container.
pub(super) fn read(container: &Container, root: &Root, home: Option<&str>, profiles: &[Profile]) -> Script {
    let (engine, sources) = (container.engine(), Sources::default());
    // What stands in no file has the place of this one.
    let nowhere = sources.add("", "");
    let programs: Vec<String> = profiles.iter().flat_map(|profile| profile.commands.clone()).collect();
    let disk = RunningFiles {
        root,
        sources: &sources,
        programs: &programs,
        first: engine.words.first(),
        seen: RefCell::default(),
    };
    let lookup = |name: &str| match container.env.get(name) {
        Some(variable) => known_value(variable).map(str::to_owned),
        None if name == "HOME" => home.map(str::to_owned),
        None => None,
    };
    let passwd = root.read_file("/etc/passwd", MOST_PASSWD).ok();
    let passwd = passwd.map(|bytes| shown(&bytes).into_owned()).unwrap_or_default();
    let home_of = |user: &str| home_in(&passwd, user);
    // The engine tells the user of every container: without one it is root.
    let user = container.user.as_ref().map_or("0", |user| user.text.split(':').next().unwrap_or_default());
    let user = Some(user.to_owned()).filter(|user| !user.is_empty());
    let setting = ExecContext {
        sources: &sources,
        file_system: &disk,
        directory: Some(working_directory(container)),
        environment: &lookup,
        search_path: container.search_path(),
        is_set: &|name| container.env.contains_key(name),
        decides: true,
        home: &home_of,
        user: user.as_deref(),
        hides: false,
        programs: &|| &programs,
        login_file: &|_| None,
        recipes: read_no_recipes,
    };
    let command = |words: &[String]| Command {
        words: words.iter().map(|word| Value::known(word.as_str(), None)).collect(),
        span: Span::file_start(nowhere),
    };
    let (mut script, _) = shell::run_commands(Some(&command(&engine.words)), None, &setting);
    if !engine.check.is_empty() {
        // What a check leads to that was not read is no reason to doubt what the container itself runs.
        script.invocations.extend(shell::run_commands(Some(&command(&engine.check)), None, &setting).0.invocations);
    }
    for call in &mut script.invocations {
        let file = sources.get(call.span.file);
        call.at = (!file.name().is_empty()).then(|| format!("{}:{}", file.name(), call.span.start.line));
    }
    script.unseen_span = None;
    script
}

/// The files of a running container.
struct RunningFiles<'a> {
    root: &'a Root,
    sources: &'a Sources,
    programs: &'a [String],
    /// The first of the words that the engine started: it is read wherever it is.
    first: Option<&'a String>,
    seen: RefCell<HashMap<String, Lookup>>,
}

impl RunningFiles<'_> {
    fn look(&self, path: &str) -> Lookup {
        let bytes = match self.root.read_head(path, MOST_SCRIPT) {
            Ok(head) if head.bytes.contains(&0) => return Lookup::Binary,
            Ok(head) if head.is_whole => head.bytes,
            Ok(_) | Err(Unread::TooLarge) => {
                return Lookup::Unseen(TOO_LONG.to_owned());
            }
            Err(Unread::Absent) => return Lookup::Absent,
            Err(Unread::Unfit) if self.root.is_directory(path) => return Lookup::Binary,
            Err(Unread::Unfit) => return Lookup::Unseen("it is no regular file".to_owned()),
            Err(Unread::Failed) => return Lookup::Unseen("it cannot be read".to_owned()),
        };
        let Ok(text) = String::from_utf8(bytes) else { return Lookup::Unseen("it is not UTF-8".to_owned()) };
        if !is_of_interest(path, &text, self.programs) && self.first.is_none_or(|first| first != path) {
            return Lookup::Binary;
        }
        Lookup::Text(self.sources.add(path, text))
    }
}

impl FileSystem for RunningFiles<'_> {
    fn open(&self, path: &str) -> Lookup {
        if let Some(opened) = self.seen.borrow().get(path) {
            return opened.clone();
        }
        let opened = self.look(path);
        self.seen.borrow_mut().insert(path.to_owned(), opened.clone());
        opened
    }
}
