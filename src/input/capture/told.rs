//! What was told of a container, a fact a line: what its spans point at and a person is shown. Nothing secret is in it.
//! Uses `super` and `text`.

use std::collections::HashMap;

use super::redact::words;
use crate::model::{Container, Invocation, KeptValue, KernelFacts, KernelMount, ProcessFacts};
use crate::rules::Profile;
use crate::text::{Pos, Sources, Span, Teller};

/// Names a fact.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Fact {
    Whole,
    Image,
    User,
    Directory,
    Terminal,
    Input,
    Home,
    Variable(String),
    Label(String),
    Call(usize),
    Mount(String),
    Process(i32),
    Installed(usize),
    Gap(usize),
}

/// The lines on their way in.
#[derive(Debug, Default)]
pub(super) struct Lines {
    lines: Vec<(Teller, String)>,
    at: HashMap<Fact, u32>,
}

impl Lines {
    pub(super) fn engine(&mut self, fact: Fact, text: impl Into<String>) {
        self.add(fact, Teller::Engine, text.into());
    }

    pub(super) fn kernel(&mut self, fact: Fact, text: impl Into<String>) {
        self.add(fact, Teller::Kernel, text.into());
    }

    fn add(&mut self, fact: Fact, teller: Teller, text: String) {
        const BREAKS: [char; 2] = ['\n', '\r'];
        // A line break in a name would move every line after it.
        self.lines.push((teller, if text.contains(BREAKS) { text.replace(BREAKS, " ") } else { text }));
        self.at.insert(fact, u32::try_from(self.lines.len()).unwrap_or(u32::MAX));
    }

    /// Hands the lines to the sources.
    pub(super) fn done(self, name: String, sources: &Sources) -> FactLines {
        let ends = self.lines.iter().map(|(_, text)| u32::try_from(text.chars().count()).unwrap_or(u32::MAX)).collect();
        let file = sources.add_told(name, self.lines);
        FactLines { whole: Span::file_start(file), at: self.at, ends }
    }
}

/// Where each fact stands.
#[derive(Debug)]
pub(super) struct FactLines {
    whole: Span,
    at: HashMap<Fact, u32>,
    /// The length of each line, in characters.
    ends: Vec<u32>,
}

impl FactLines {
    /// The line of a fact; the first one where it has none.
    pub(super) fn span(&self, fact: &Fact) -> Span {
        let line = self.at.get(fact).copied().unwrap_or(1);
        let length = (line as usize).checked_sub(1).and_then(|at| self.ends.get(at)).copied().unwrap_or(0);
        let pos = |column| Pos { line, column };
        Span { file: self.whole.file, start: pos(1), end: pos(length.saturating_add(1)) }
    }
}

/// What the engine tells of a container, but its mounts.
pub(super) fn engine(running: &Container, profiles: &[Profile], lines: &mut Lines) {
    let short: String = running.engine().id.chars().take(12).collect();
    let mut whole = format!("container {}", running.name);
    for (what, text) in
        [("id", Some(&short)), ("project", running.project.as_ref()), ("service", running.service.as_ref())]
    {
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            whole.push_str(&format!(", {what} {text}"));
        }
    }
    lines.engine(Fact::Whole, whole);
    let texts = [
        (Fact::Image, "image", running.image.as_ref()),
        (Fact::User, "user", running.user.as_ref()),
        (Fact::Directory, "working directory", running.working_dir.as_ref()),
    ];
    for (fact, what, text) in texts {
        if let Some(text) = text.map(|value| &value.text).filter(|text| !text.is_empty()) {
            lines.engine(fact, format!("{what} {text}"));
        }
    }
    if running.tty.is_some_and(|flag| flag.on) {
        lines.engine(Fact::Terminal, "a terminal is allocated");
    }
    if running.stdin_open.is_some_and(|flag| flag.on) {
        lines.engine(Fact::Input, "standard input is kept open");
    }
    for (name, told) in &running.env {
        lines.engine(Fact::Variable(name.clone()), variable(name, &told.kept()));
    }
    for (name, label) in &running.labels {
        lines.engine(Fact::Label(name.clone()), format!("label {name}={}", label.value.text));
    }
    for (at, call) in running.script.invocations.iter().enumerate() {
        lines.engine(Fact::Call(at), self::call(call, profiles));
    }
    for (at, gap) in running.unseen.iter().enumerate() {
        lines.engine(Fact::Gap(at), format!("not seen: {}", gap.what));
    }
}

/// What the kernel shows of a container, but its mounts.
pub(super) fn kernel(kernel: &KernelFacts, profiles: &[Profile], lines: &mut Lines) {
    if let Some(home) = &kernel.home {
        lines.kernel(Fact::Home, format!("home {home}"));
    }
    for process in &kernel.processes {
        lines.kernel(Fact::Process(process.pid), self::process(process, profiles));
    }
    for (at, installed) in kernel.installed.iter().enumerate() {
        let version = installed.version.as_ref().map_or_else(String::new, |version| format!(", version {version}"));
        lines.kernel(Fact::Installed(at), format!("installed: {}{version}", installed.path));
    }
}

/// A variable's line; its value only where that is no secret.
fn variable(name: &str, held: &KeptValue) -> String {
    match held {
        KeptValue::Public(value) => format!("variable {name}={value}"),
        KeptValue::Empty => format!("variable {name} is empty"),
        KeptValue::Secret(_) => format!("variable {name} is set"),
    }
}

fn call(call: &Invocation, profiles: &[Profile]) -> String {
    let mut text = format!("runs {}", words(&call.argv, profiles).join(" "));
    if let Some(at) = &call.at {
        text.push_str(&format!(" at {at}"));
    }
    for lock in &call.locks {
        text.push_str(&format!(", under flock on {}", lock.path));
    }
    text
}

/// A mount's line: what a person can compare with findmnt(8).
pub(super) fn mount(mount: &KernelMount, place: &str) -> String {
    let source = if mount.root == "/" { mount.source.clone() } else { format!("{}[{}]", mount.source, mount.root) };
    let access = if mount.is_read_only() { "ro" } else { "rw" };
    let (target, fstype) = (&mount.mount_point, &mount.fstype);
    format!("mount {target} is {place} ({fstype} {source} on {}, {access}, mount {})", mount.device, mount.id)
}

/// A process's line.
fn process(process: &ProcessFacts, profiles: &[Profile]) -> String {
    let mut text = format!("process {}: {}", process.pid, words(&process.words, profiles).join(" "));
    match &process.locks {
        None => text.push_str(", its locks could not be read"),
        Some(locks) if locks.is_empty() => text.push_str(", under no flock"),
        Some(locks) => {
            for lock in locks {
                let kind = if lock.exclusive { "" } else { "a shared " };
                text.push_str(&format!(", under {kind}flock on {} (held by {})", lock.path, lock.holder));
            }
        }
    }
    text
}
