//! From a capture to the layout that is judged. Uses `super`, `host`, `told` and `model`.

use std::collections::BTreeMap;

use super::host::Host;
use super::told::{self, Fact, Lines, Told};
use super::tree::visible;
use super::{Capture, EngineMount, Held, Kernel, Process, Running, SourceNow};
use crate::model::{
    Container, Diagnostic, EnvValue, EnvVar, FileLock, Flag, Installed, Invocation, KernelMount, Label, Layout, Level,
    Live, Mount, MountSource, Symbol, Unseen, Value, Wait, Witness, clean,
};
use crate::ruleset::{Filesystems, Profile, Ruleset};
use crate::text::Sources;

/// The name of the participant that stands for the host's own user.
pub const HOST: &str = "host";

/// The containers of a host, and the host itself. `named` says that several hosts are judged together, so that each
/// container carries the name of its own.
pub fn layout(capture: &Capture, rules: &Ruleset, named: bool, sources: &Sources) -> Layout {
    let host = Host::of(capture, &rules.filesystems);
    let maker = Maker { capture, host, profiles: &rules.profiles, filesystems: &rules.filesystems, named, sources };
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
    filesystems: &'a Filesystems,
    named: bool,
    sources: &'a Sources,
}

impl Maker<'_> {
    fn container(&self, running: &Running) -> Container {
        let mut lines = Lines::default();
        told::engine(running, self.profiles, &mut lines);
        let mounts = match &running.kernel {
            Some(kernel) => self.kernel_mounts(kernel, Some(running), &mut lines),
            None => self.engine_mounts(&running.mounts, &mut lines),
        };
        let told = lines.done(self.name(&running.name), self.sources);
        let kernel = running.kernel.as_ref();
        let mut script = running.script.clone();
        for (at, call) in script.invocations.iter_mut().enumerate() {
            call.span = told.span(&Fact::Call(at));
            let span = call.span;
            call.locks.iter_mut().for_each(|lock| lock.span = span);
        }
        let processes = kernel.map_or(&[][..], |kernel| &kernel.processes);
        script.invocations.extend(processes.iter().filter_map(|process| self.call(process, &told)));
        let mut unseen: Vec<Unseen> = Vec::new();
        for (at, gap) in running.gaps.iter().enumerate() {
            unseen.push(Unseen { what: gap.clone(), span: told.span(&Fact::Gap(at)) });
        }
        unseen.extend(blind_processes(processes, &told));
        let flag = |on: bool, fact: Fact| on.then(|| Flag { on, span: told.span(&fact) });
        let text = |text: &str, fact: Fact| Value::known(text, Some(told.span(&fact)));
        let read_only =
            kernel.and_then(|kernel| root_mount(&kernel.mounts)).map_or(running.read_only, KernelMount::is_read_only);
        Container {
            name: self.name(&running.name),
            project: running.project.clone(),
            span: told.span(&Fact::Whole),
            replicas: 1,
            replicas_span: None,
            profiles: Vec::new(),
            image: Some(text(&running.image, Fact::Image)),
            build_args: BTreeMap::new(),
            builds: false,
            command: None,
            entrypoint: None,
            hooks: Vec::new(),
            script,
            unseen,
            user: Some(self.user(running, &told)),
            working_dir: Some(text(
                if running.working_dir.is_empty() { "/" } else { &running.working_dir },
                Fact::Directory,
            )),
            tty: flag(running.tty, Fact::Terminal),
            stdin_open: flag(running.stdin_open, Fact::Input),
            read_only,
            labels: running.labels.iter().map(|(name, value)| label(name, value, &told)).collect(),
            env: environment(running, &told),
            mounts: mounts.into_iter().map(|(fact, mount)| Mount { span: told.span(&fact), ..mount }).collect(),
            live: Some(Box::new(self.live(kernel, false, &told))),
        }
    }

    /// The host's own user, as one more participant: all its mounts, and the processes outside any container.
    fn host(&self, own: &Kernel) -> Container {
        let mut lines = Lines::default();
        lines.engine(Fact::Whole, format!("the host {}", self.capture.host));
        let mounts = self.kernel_mounts(own, None, &mut lines);
        let told = lines.done(self.name(HOST), self.sources);
        let mut container = Container {
            name: self.name(HOST),
            project: None,
            span: told.span(&Fact::Whole),
            replicas: 1,
            live: Some(Box::new(self.live(Some(own), true, &told))),
            ..Container::default()
        };
        container.script.invocations = own.processes.iter().filter_map(|process| self.call(process, &told)).collect();
        container.script.unseen = Some("what else is called on the host is not seen".to_owned());
        container.unseen = blind_processes(&own.processes, &told).collect();
        container.mounts = mounts.into_iter().map(|(fact, mount)| Mount { span: told.span(&fact), ..mount }).collect();
        container
    }

    fn name(&self, name: &str) -> String {
        if self.named { format!("{}:{name}", self.capture.host) } else { name.to_owned() }
    }

    fn live(&self, kernel: Option<&Kernel>, is_host: bool, told: &Told) -> Live {
        let mut live = Live { is_host, host: self.named.then(|| self.capture.host.clone()), ..Live::default() };
        live.volume_directory.clone_from(&self.capture.volume_directory);
        let Some(kernel) = kernel else { return live };
        let running = kernel.processes.iter().filter_map(|process| {
            let version = process.version.clone()?;
            let span = Some(told.span(&Fact::Process(process.pid)));
            Some(Installed {
                program: process.program.clone(),
                path: format!("process {}", process.pid),
                version: Some(version),
                span,
            })
        });
        let installed = kernel
            .installed
            .iter()
            .enumerate()
            .map(|(at, installed)| Installed { span: Some(told.span(&Fact::Installed(at))), ..installed.clone() });
        live.installed = running.chain(installed).collect();
        live.followed = kernel.followed;
        live.paths.clone_from(&kernel.paths);
        live.root = root_mount(&kernel.mounts).cloned().map(Box::new);
        live.links.clone_from(&kernel.links);
        live.entries.clone_from(&kernel.entries);
        for entry in live.entries.values_mut() {
            entry.age = self.capture.taken_at.saturating_sub(entry.modified);
        }
        live.logins.clone_from(&kernel.logins);
        let caller = kernel.processes.iter().find_map(|process| process.identity.clone());
        live.identity = caller.or_else(|| kernel.identity.clone());
        live
    }

    fn kernel_mounts(&self, kernel: &Kernel, running: Option<&Running>, lines: &mut Lines) -> Vec<(Fact, Mount)> {
        let mut mounts = Vec::new();
        for mount in visible(&kernel.mounts) {
            let point = &mount.mount_point;
            // A container's own root is its private layer; the host's is where everything else stands.
            if point == "/" && running.is_some() {
                continue;
            }
            let (source, subpath) = self.host.source(mount, kernel.inodes.get(&mount.id).copied());
            let place = describe(&source, subpath.as_deref());
            lines.kernel(Fact::Mount(point.clone()), told::mount(mount, &place));
            let told_by_engine = running.and_then(|one| one.mounts.iter().find(|told| clean(&told.target) == *point));
            let stale = stale(mount, kernel.sources.get(point).copied(), told_by_engine, &place);
            let target = Value::known(point.clone(), None);
            let read_only = mount.is_read_only();
            let kernel = Some(Box::new(mount.clone()));
            let (span, defined) = (crate::text::Span::default(), None);
            mounts.push((
                Fact::Mount(point.clone()),
                Mount { target, source, subpath, read_only, span, defined, kernel, stale },
            ));
        }
        if let Some(home) = &kernel.home {
            lines.kernel(Fact::Home, format!("home {home}"));
        }
        for process in &kernel.processes {
            lines.kernel(Fact::Process(process.pid), told::process(process, self.profiles));
        }
        for (at, installed) in kernel.installed.iter().enumerate() {
            let version = installed.version.as_ref().map_or_else(String::new, |version| format!(", version {version}"));
            lines.kernel(Fact::Installed(at), format!("installed: {}{version}", installed.path));
        }
        mounts
    }

    fn engine_mounts(&self, mounts: &[EngineMount], lines: &mut Lines) -> Vec<(Fact, Mount)> {
        let mut made = Vec::new();
        for mount in mounts {
            let target = clean(&mount.target);
            let (source, subpath) = match mount.kind.as_str() {
                "tmpfs" => (MountSource::Tmpfs, None),
                "bind" => (MountSource::Host(Value::known(clean(&mount.source), None)), None),
                "volume" => (self.volume(&mount.name), None),
                _ => (MountSource::Injected, None),
            };
            let access = if mount.writable { "rw" } else { "ro" };
            let place = describe(&source, subpath.as_deref());
            lines.engine(Fact::Mount(target.clone()), format!("mount {target} is {place} ({}, {access})", mount.kind));
            let (target, read_only) = (Value::known(target, None), !mount.writable);
            let fact = Fact::Mount(target.text.clone());
            let (span, defined, kernel, stale) = (crate::text::Span::default(), None, None, None);
            made.push((fact, Mount { target, source, subpath, read_only, span, defined, kernel, stale }));
        }
        made
    }

    /// A volume by name: a bind in disguise is the directory, a network one its export.
    fn volume(&self, name: &str) -> MountSource {
        let Some(options) = self.capture.volumes.get(name).filter(|options| !options.device.is_empty()) else {
            return MountSource::Volume(Value::known(name, None));
        };
        let binds = options.options.split(',').any(|option| option == "bind" || option == "rbind");
        if binds {
            return MountSource::Host(Value::known(clean(&options.device), None));
        }
        let (fstype, device) = (options.fstype.clone(), Value::known(options.device.clone(), None));
        if self.filesystems.is_network(&fstype) {
            return MountSource::Device { fstype, device, options: options.options.clone() };
        }
        MountSource::Volume(Value::known(name, None))
    }

    fn user(&self, running: &Running, told: &Told) -> Value {
        let span = Some(told.span(&Fact::User));
        let shown = running.kernel.as_ref().and_then(|kernel| kernel.identity.as_ref());
        match shown {
            Some(identity) => Value::known(identity.uid.to_string(), span),
            None if running.user.is_empty() => Value::known("root", span),
            None => Value::known(running.user.clone(), span),
        }
    }

    /// A running process as a call: what it was started with, and the locks that it is under.
    fn call(&self, process: &Process, told: &Told) -> Option<Invocation> {
        let profile = self.profiles.iter().find(|profile| profile.id == process.program)?;
        let span = told.span(&Fact::Process(process.pid));
        let name = |word: &str| word.rsplit('/').next().map(str::to_owned);
        let is_program = |word: &String| {
            name(word).is_some_and(|name| profile.commands.contains(&name))
                || profile.packages.iter().any(|package| word.contains(&format!("node_modules/{package}/")))
        };
        let rest = process
            .words
            .iter()
            .position(is_program)
            .map_or(&[][..], |at| process.words.get(at + 1..).unwrap_or_default());
        let mut argv = vec![profile.commands.first().cloned().unwrap_or_default()];
        argv.extend(rest.iter().cloned());
        let mut env = BTreeMap::new();
        if let Some(held) = &process.env {
            let named = profile.environment.iter().map(|variable| variable.name.as_str());
            for name in named.chain(["HOME", profile.state_directory.variable.as_str()]) {
                let value = held.get(name).map_or_else(String::new, written);
                env.insert(name.to_owned(), value);
            }
        }
        let held = process.locks.as_deref().unwrap_or_default();
        let witness = if process.locks.is_some() { Witness::Process } else { Witness::ProcessAlone };
        let lock = |lock: &super::HeldLock| FileLock {
            path: escaped(&lock.path),
            exclusive: lock.exclusive,
            wait: Wait::Unknown,
            failure_ignored: !lock.current,
            condition: None,
            test: None,
            span,
        };
        Some(Invocation { argv, env, locks: held.iter().map(lock).collect(), conditional: false, witness, span })
    }
}

/// Why a mount is not what the engine's path suggests.
fn stale(mount: &KernelMount, now: Option<SourceNow>, told: Option<&EngineMount>, place: &str) -> Option<String> {
    let source = told.map_or("its source", |told| told.source.as_str());
    let (root, deleted) = mount.root();
    if deleted {
        let name = told.map_or(root, |told| told.source.as_str());
        return Some(format!("{name} was deleted on the host since it was mounted"));
    }
    match now? {
        SourceNow::Same => None,
        SourceNow::Gone => Some(format!("{source} is gone from the host, and what is mounted is now {place}")),
        SourceNow::Other => {
            Some(format!("{source} is another directory on the host now, and what is mounted is {place}"))
        }
    }
}

fn root_mount(mounts: &[KernelMount]) -> Option<&KernelMount> {
    visible(mounts).into_iter().find(|mount| mount.mount_point == "/")
}

/// What a mount shows, as part of a sentence.
fn describe(source: &MountSource, subpath: Option<&str>) -> String {
    let name = match source {
        MountSource::Host(path) => path.text.clone(),
        MountSource::Volume(name) => format!("volume {}", name.text),
        MountSource::Device { fstype, device, .. } => format!("{fstype} {}", device.text),
        MountSource::Unlisted { filesystem, path } if path == "/" => filesystem.clone(),
        MountSource::Unlisted { filesystem, path } => format!("{filesystem} at {path}"),
        MountSource::Tmpfs => "a tmpfs of its own".to_owned(),
        MountSource::Anonymous | MountSource::Injected | MountSource::Unresolved(_) => "its own".to_owned(),
    };
    subpath.map_or(name.clone(), |below| format!("{name} at /{below}"))
}

/// Processes of which it could not be told whether they run under the guard.
fn blind_processes<'a>(processes: &'a [Process], told: &'a Told) -> impl Iterator<Item = Unseen> + 'a {
    processes.iter().filter(|process| process.locks.is_none()).map(|process| Unseen {
        what: format!("which locks process {} is under cannot be read without root", process.pid),
        span: told.span(&Fact::Process(process.pid)),
    })
}

fn label(name: &str, value: &str, told: &Told) -> (String, Label) {
    let span = told.span(&Fact::Label(name.to_owned()));
    (name.to_owned(), Label { value: Value::known(value, Some(span)), span })
}

/// The container's environment; its home as the kernel shows it where the engine names none.
fn environment(running: &Running, told: &Told) -> BTreeMap<String, EnvVar> {
    let variable = |(name, held): (&String, &Held)| {
        let span = told.span(&Fact::Variable(name.clone()));
        let value = match held {
            Held::Public(value) => Value::known(value.clone(), Some(span)),
            Held::Empty => Value::known("", Some(span)),
            // Read back from a file: set, to something that was taken out.
            Held::Secret(value) if value.is_empty() => Value {
                text: format!("${{{name}}}"),
                symbols: vec![Symbol { name: name.clone(), required: true }],
                span: Some(span),
            },
            Held::Secret(value) => Value::known(value.clone(), Some(span)),
        };
        (name.clone(), EnvVar { value: EnvValue::Set(value), span })
    };
    let mut env: BTreeMap<String, EnvVar> = running.env.iter().map(variable).collect();
    if let Some(home) = running.kernel.as_ref().and_then(|kernel| kernel.home.as_ref()) {
        let span = told.span(&Fact::Home);
        let home = || EnvVar { value: EnvValue::Set(Value::known(home.clone(), Some(span))), span };
        env.entry("HOME".to_owned()).or_insert_with(home);
    }
    env
}

/// A value as the words of a call write it.
fn written(held: &Held) -> String {
    match held {
        Held::Empty => String::new(),
        Held::Public(value) => escaped(value),
        Held::Secret(value) if value.is_empty() => "…".to_owned(),
        Held::Secret(value) => escaped(value),
    }
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (at, character) in text.chars().enumerate() {
        if matches!(character, '$' | '`' | '\\') || (at == 0 && character == '~') {
            out.push('\\');
        }
        out.push(character);
    }
    out
}
