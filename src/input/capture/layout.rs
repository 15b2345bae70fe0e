//! From a capture to the layout that is judged. Uses `super`, `call`, `host`, `mounts` and `told`.

use std::sync::Arc;

use super::call::{call, environment};
use super::host::Host;
use super::mounts::{self, by_engine, by_kernel};
use super::told::{self, Fact, Lines, Told};
use super::tree;
use super::{Capture, Inspection, Running};
use crate::model::{
    Container, Diagnostic, Flag, Installed, KernelFacts, KernelMount, Label, Layout, Level, Live, Mount, ProcessFacts,
    Unseen, Value,
};
use crate::rules::{Profile, Ruleset};
use crate::text::Sources;

/// The name of the participant that stands for the host's own user.
pub const HOST: &str = "host";

/// The containers of a host, and the host itself. `named` says that several hosts are judged together, so that each
/// container carries the name of its own.
pub fn layout(capture: &Capture, rules: &Ruleset, named: bool, sources: &Sources) -> Layout {
    let host = Host::of(capture, &rules.filesystems);
    let maker = Maker { capture, host, profiles: &rules.profiles, named, sources };
    let mut layout = Layout { home: capture.home.clone(), ..Layout::default() };
    layout.containers = capture.containers.iter().map(|running| maker.container(running)).collect();
    if let Some(own) = &capture.own {
        layout.containers.push(maker.host(own));
    }
    let gaps = capture.gaps.iter().map(|gap| Diagnostic::about(Level::Gap, None, format!("{}: {gap}", capture.host)));
    layout.diagnostics.extend(gaps);
    layout
}

struct Maker<'a> {
    capture: &'a Capture,
    host: Host<'a>,
    profiles: &'a [Profile],
    named: bool,
    sources: &'a Sources,
}

impl Maker<'_> {
    fn container(&self, running: &Running) -> Container {
        let mut lines = Lines::default();
        told::engine(running, self.profiles, &mut lines);
        let mounts = match &running.kernel {
            Some(kernel) => {
                told::kernel(kernel, self.profiles, &mut lines);
                by_kernel(kernel, Some(running), &self.host, &mut lines)
            }
            None => by_engine(&running.mounts, &self.host, &mut lines),
        };
        let told = lines.done(self.name(&running.name), self.sources);
        let kernel = running.kernel.as_ref();
        let processes = kernel.map_or(&[][..], |kernel| &kernel.processes);
        let mut script = running.script.clone();
        for (at, call) in script.invocations.iter_mut().enumerate() {
            call.span = told.span(&Fact::Call(at));
            for lock in &mut call.locks {
                lock.span = call.span;
                lock.opened = lock.opened.map(|_| call.span);
            }
        }
        script.invocations.extend(processes.iter().filter_map(|process| call(process, self.profiles, &told)));
        let gap = |(at, gap): (usize, &String)| Unseen { what: gap.clone(), span: told.span(&Fact::Gap(at)) };
        let flag = |on: bool, fact: Fact| on.then(|| Flag { on, span: told.span(&fact) });
        let text = |text: &str, fact: Fact| Some(Value::known(text, Some(told.span(&fact))));
        let directory = if running.working_dir.is_empty() { "/" } else { &running.working_dir };
        let root = kernel.and_then(|kernel| tree::root(&kernel.mounts));
        Container {
            name: self.name(&running.name),
            project: running.project.clone(),
            service: running.service.clone(),
            span: told.span(&Fact::Whole),
            replicas: 1,
            image: text(&running.image, Fact::Image),
            script,
            unseen: running.gaps.iter().enumerate().map(gap).chain(blind(processes, &told)).collect(),
            user: text(&user(running), Fact::User),
            working_dir: text(directory, Fact::Directory),
            tty: flag(running.tty, Fact::Terminal),
            stdin_open: flag(running.stdin_open, Fact::Input),
            read_only: root.map_or(running.read_only, KernelMount::is_read_only),
            labels: running.labels.iter().map(|(name, value)| label(name, value, &told)).collect(),
            env: environment(running, &told),
            mounts: placed(mounts, &told),
            live: Some(Box::new(Live {
                is_uninspected: !running.inspection.tells_program(),
                is_gone: running.inspection == Inspection::Gone,
                mounts_unknown: !running.inspection.tells_mounts() && kernel.is_none(),
                ..self.live(kernel, false, &told)
            })),
            ..Container::default()
        }
    }

    /// The host's own user, as one more participant: all its mounts, and the processes outside any container.
    fn host(&self, own: &KernelFacts) -> Container {
        let mut lines = Lines::default();
        lines.engine(Fact::Whole, format!("the host {}", self.capture.host));
        told::kernel(own, self.profiles, &mut lines);
        let mounts = by_kernel(own, None, &self.host, &mut lines);
        let told = lines.done(self.name(HOST), self.sources);
        let mut container = Container {
            name: self.name(HOST),
            span: told.span(&Fact::Whole),
            replicas: 1,
            unseen: blind(&own.processes, &told).collect(),
            mounts: placed(mounts, &told),
            live: Some(Box::new(self.live(Some(own), true, &told))),
            ..Container::default()
        };
        let calls = own.processes.iter().filter_map(|process| call(process, self.profiles, &told));
        container.script.invocations = calls.collect();
        container.script.unseen = Some("what else is called on the host is not seen".to_owned());
        container
    }

    fn name(&self, name: &str) -> String {
        self.capture.name_of(name, self.named)
    }

    fn live(&self, kernel: Option<&KernelFacts>, is_host: bool, told: &Told) -> Live {
        let mut live = Live {
            is_host,
            host: self.named.then(|| self.capture.host.clone()),
            tree: Arc::clone(&self.host.tree),
            volume_directory: self.capture.volume_directory.clone(),
            ..Live::default()
        };
        live.root = kernel.and_then(|kernel| tree::root(&kernel.mounts)).cloned().map(Box::new);
        live.kernel = kernel.map(|kernel| self.dated(kernel, told));
        live
    }

    /// What the kernel shows, with where it is told, and how old what it found was at the look.
    fn dated(&self, kernel: &KernelFacts, told: &Told) -> KernelFacts {
        let mut dated = kernel.clone();
        for (at, one) in dated.installed.iter_mut().enumerate() {
            one.span = Some(told.span(&Fact::Installed(at)));
        }
        let running = kernel.processes.iter().filter_map(|process| {
            let (program, version) = (process.program.clone(), Some(process.version.clone()?));
            let span = Some(told.span(&Fact::Process(process.pid)));
            Some(Installed { program, path: format!("process {}", process.pid), version, span })
        });
        dated.installed.splice(0..0, running);
        for entry in dated.entries.values_mut() {
            entry.age = self.capture.taken_at.saturating_sub(entry.modified);
        }
        dated.identity = kernel.caller().cloned();
        dated
    }
}

fn placed(mounts: Vec<mounts::Told>, told: &Told) -> Vec<Mount> {
    mounts.into_iter().map(|(fact, mount)| Mount { span: told.span(&fact), ..mount }).collect()
}

/// Who the container runs as: a uid where the kernel shows it, else what it was configured with.
fn user(running: &Running) -> String {
    match running.kernel.as_ref().and_then(KernelFacts::caller) {
        Some(identity) => identity.uid.to_string(),
        None if running.user.is_empty() => "root".to_owned(),
        None => running.user.clone(),
    }
}

/// Processes of which it could not be told whether they run under the guard.
fn blind<'a>(processes: &'a [ProcessFacts], told: &'a Told) -> impl Iterator<Item = Unseen> + 'a {
    processes.iter().filter(|process| process.locks.is_none()).map(|process| Unseen {
        what: format!("which locks process {} is under cannot be read without root", process.pid),
        span: told.span(&Fact::Process(process.pid)),
    })
}

fn label(name: &str, value: &str, told: &Told) -> (String, Label) {
    let span = told.span(&Fact::Label(name.to_owned()));
    (name.to_owned(), Label { value: Value::known(value, Some(span)), span })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{FileLock, Invocation, Script, Wait, Witness};
    use crate::text::{Pos, Span};

    #[test]
    fn what_a_script_shows_is_told_of_its_own_container() {
        let sources = Sources::default();
        // Where it was read, a file had another number.
        let foreign = Span { file: sources.add("another", "x"), start: Pos::START, end: Pos::START };
        let lock = FileLock {
            path: crate::model::Word::literal("/lock"),
            exclusive: true,
            wait: Wait::Forever,
            failure_ignored: false,
            condition: None,
            test: None,
            span: foreign,
            outside: false,
            opened: Some(foreign),
        };
        let call = Invocation {
            argv: vec![crate::model::Word::literal("claude")],
            env: std::collections::BTreeMap::new(),
            locks: vec![lock],
            conditional: false,
            when: Vec::new(),
            output: None,
            at: None,
            hides: false,
            witness: Witness::Words,
            span: foreign,
        };
        let script = Script { invocations: vec![call], ..Script::default() };
        let running = Running { name: "agents".to_owned(), script, ..Running::default() };
        let capture = Capture { containers: vec![running], ..Capture::default() };
        let rules = Ruleset::load(&sources, None).unwrap();
        let layout = layout(&capture, &rules, false, &sources);
        let call = &layout.containers[0].script.invocations[0];
        let lock = &call.locks[0];
        for span in [call.span, lock.span, lock.opened.unwrap()] {
            assert_eq!(sources.get(span.file).name(), "agents");
        }
    }
}
