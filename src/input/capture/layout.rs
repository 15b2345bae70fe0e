//! From a capture to the layout that is judged. Uses `super`, `call`, `host`, `mounts`, `recurring` and `told`.

use std::sync::Arc;

use super::Capture;
use super::call::{call, environment};
use super::host::Host;
use super::mounts::{self, by_engine, by_kernel};
use super::recurring::recurring_name;
use super::told::{self, Fact, FactLines, Lines};
use super::tree;
use crate::model::{Container, Diagnostic, KernelFacts, Layout, Level, Live, Mount, ProcessFacts, Unseen, Value};
use crate::rules::{Profile, Ruleset};
use crate::text::Sources;

/// The name of the participant that stands for the host's own user.
pub const HOST: &str = "host";

/// The containers of a host, and the host itself. `named` says that several hosts are judged together, so that each
/// container carries the name of its own.
pub fn layout(capture: &Capture, rules: &Ruleset, named: bool, sources: &Sources) -> Layout {
    let host = Host::of(capture, &rules.filesystems, named);
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
    fn container(&self, running: &Container) -> Container {
        let mut lines = Lines::default();
        told::engine(running, self.profiles, &mut lines);
        let mounts = match running.kernel() {
            Some(kernel) => {
                told::kernel(kernel, self.profiles, &mut lines);
                by_kernel(kernel, Some(running), &self.host, &mut lines)
            }
            None => by_engine(running.engine(), &self.host, &mut lines),
        };
        let told = lines.done(self.name(&running.name), self.sources);
        let mut container = running.clone();
        container.name = self.name(&running.name);
        container.replicas = 1;
        container.recurring_name = recurring_name(running, self.profiles).map(|name| self.name(&name));
        container.mounts = placed(mounts, &told);
        container.env = environment(running, &told);
        self.complete_live(container.live.get_or_insert_default(), &told);
        self.place_facts(&mut container, &told);
        // Of a thousand hosts thousands are kept, each with room for more of everything than it has.
        container.mounts.shrink_to_fit();
        container.script.invocations.shrink_to_fit();
        container
    }

    /// Gives what the engine told its lines, and puts what the kernel shows in its place.
    fn place_facts(&self, container: &mut Container, told: &FactLines) {
        container.span = told.span(&Fact::Whole);
        for (at, unseen) in container.unseen.iter_mut().enumerate() {
            unseen.span = told.span(&Fact::Gap(at));
        }
        for (name, label) in &mut container.labels {
            label.span = told.span(&Fact::Label(name.clone()));
            label.value.span = Some(label.span);
        }
        for (flag, fact) in [(&mut container.tty, Fact::Terminal), (&mut container.stdin_open, Fact::Input)] {
            if let Some(flag) = flag {
                flag.span = told.span(&fact);
            }
        }
        let user = user(container);
        let directory = container.working_dir.take().map_or_else(|| "/".to_owned(), |directory| directory.text);
        container.user = Some(Value::known(user, Some(told.span(&Fact::User))));
        container.working_dir = Some(Value::known(directory, Some(told.span(&Fact::Directory))));
        if let Some(image) = &mut container.image {
            image.span = Some(told.span(&Fact::Image));
        }
        for (at, call) in container.script.invocations.iter_mut().enumerate() {
            call.span = told.span(&Fact::Call(at));
            for lock in &mut call.locks {
                lock.span = call.span;
                lock.opened = lock.opened.map(|_| call.span);
            }
        }
        let processes = container.live.as_ref().map_or(&[][..], |live| &live.shown().processes);
        let calls: Vec<_> = processes.iter().filter_map(|process| call(process, self.profiles, told)).collect();
        let blind: Vec<_> = blind(processes, told).collect();
        if let Some(root) = container.live.as_ref().and_then(|live| live.root.as_ref()) {
            container.read_only = root.is_read_only();
        }
        container.script.invocations.extend(calls);
        container.unseen.extend(blind);
    }

    /// The host's own user, as one more participant: all its mounts, and the processes outside any container.
    fn host(&self, own: &KernelFacts) -> Container {
        let mut lines = Lines::default();
        lines.engine(Fact::Whole, format!("the host {}", self.capture.host));
        told::kernel(own, self.profiles, &mut lines);
        let mounts = by_kernel(own, None, &self.host, &mut lines);
        let told = lines.done(self.name(HOST), self.sources);
        let mut live = Live { is_host: true, kernel: Some(own.clone()), ..Live::default() };
        self.complete_live(&mut live, &told);
        let mut container = Container {
            name: self.name(HOST),
            span: told.span(&Fact::Whole),
            replicas: 1,
            unseen: blind(&own.processes, &told).collect(),
            mounts: placed(mounts, &told),
            live: Some(Box::new(live)),
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

    /// Adds what is known of the host, and of what the kernel shows where it is told and how old it was at the look.
    fn complete_live(&self, live: &mut Live, told: &FactLines) {
        live.host = self.named.then(|| self.capture.host.clone());
        live.tree = Arc::clone(&self.host.tree);
        // Volumes of two engines may have one name: those of all but the first are the directories that they are.
        if live.engine.engine.is_empty() {
            live.volume_directory.clone_from(&self.capture.volume_directory);
        }
        let Some(kernel) = &mut live.kernel else { return };
        live.root = tree::root(&kernel.mounts).cloned().map(Box::new);
        for (at, one) in kernel.installed.iter_mut().enumerate() {
            one.span = Some(told.span(&Fact::Installed(at)));
        }
        for entry in kernel.entries.values_mut() {
            entry.age = self.capture.taken_at.saturating_sub(entry.modified);
        }
        kernel.identity = kernel.caller().cloned();
    }
}

fn placed(mounts: Vec<mounts::MountOfFact>, told: &FactLines) -> Vec<Mount> {
    mounts.into_iter().map(|(fact, mount)| Mount { span: told.span(&fact), ..mount }).collect()
}

/// Who the container runs as: a uid where the kernel shows it, else what it was configured with.
fn user(container: &Container) -> String {
    match (container.shown().caller(), &container.user) {
        (Some(identity), _) => identity.uid.to_string(),
        (None, Some(user)) => user.text.clone(),
        (None, None) => "root".to_owned(),
    }
}

/// Processes of which it could not be told whether they run under the guard, or where they keep their state.
fn blind<'a>(processes: &'a [ProcessFacts], told: &'a FactLines) -> impl Iterator<Item = Unseen> + 'a {
    let unseen = |process: &ProcessFacts| match (&process.locks, &process.env) {
        (None, _) => Some(format!("which locks process {} is under cannot be read without root", process.pid)),
        (_, None) => Some(format!("the environment of process {} could not be read whole", process.pid)),
        _ => None,
    };
    processes.iter().filter_map(move |process| {
        Some(Unseen { what: unseen(process)?, span: told.span(&Fact::Process(process.pid)) })
    })
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
            perhaps: false,
            condition: None,
            test: None,
            span: foreign,
            outside: false,
            opened: Some(foreign),
        };
        let call = Invocation {
            argv: vec![crate::model::Word::literal("claude")],
            locks: vec![lock],
            witness: Witness::Words,
            span: foreign,
            ..Invocation::default()
        };
        let script = Script { invocations: vec![call], ..Script::default() };
        let running = Container { name: "agents".to_owned(), script, ..Container::default() };
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
