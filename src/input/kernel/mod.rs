//! The kernel's own files: what it shows of each running container that the engine named, and of programs that run
//! outside any. Only looked at: nothing is written, run or locked. May use `text`, `model`, `rules`,
//! `source::capture`, `source::shell` and a type of `source::dockerfile`; the one home of procfs and rustix.

mod apart;
mod archive;
mod cgroup_name;
mod clock;
mod container;
mod exported;
mod files;
mod images;
mod layers;
pub mod locks;
mod login;
pub mod mountinfo;
mod outside;
pub mod pid;
mod places;
mod plan;
mod planned_paths;
mod pool;
pub mod process;
mod program;
mod root;
mod running_version;
mod scan;
mod scripts;
mod sight;
mod text;
mod unlisted;
mod user;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

pub use images::{Export, ImageFiles, ReadArchive};
pub use login::LoginIds;
pub use plan::{Planned, ResolveOptions, resolve_on_host};

use apart::{ApartProcesses, ApartSearch};
use container::{Host, LookOutcome, LookProgress, LookTask, Seen, odd_lines, see};
use files::said;
use login::Login;
use pid::{MOST_BYTES, Proc};
use pool::Job;
use root::Root;
use scan::Scan;
use sight::ProcessSight;
use unlisted::UnlistedContainer;

use super::capture::Capture;
use crate::model::{Container, Inspection, KernelFacts, KernelMount, ProcessFacts};
use crate::rules::Profile;

/// How to look.
#[derive(Debug, Clone)]
pub struct Look {
    /// The /proc of the engine's host.
    pub proc: PathBuf,
    /// How long all of it may take: a filesystem that does not answer is left behind then.
    pub timeout: Duration,
    /// Whether credentials are read and compared, in memory alone.
    pub compare_identities: bool,
    /// Further absolute paths to follow, by the container's id or name.
    pub extra: BTreeMap<String, Vec<String>>,
    /// Further absolute paths to follow on the host itself.
    pub on_host: Vec<String>,
    /// Whether containers that nobody listed are looked for, and processes that see something else than their container
    /// are looked at by themselves. Where containers are followed one by one, neither has a place.
    pub finds_others: bool,
    /// Is told of each container that was looked at.
    pub watcher: Watcher,
}

/// What is called for each container that was looked at, on whichever thread that was.
#[derive(Clone)]
pub struct Watcher(pub Arc<dyn Fn() + Send + Sync>);

impl Default for Watcher {
    fn default() -> Self {
        Self(Arc::new(|| {}))
    }
}

impl fmt::Debug for Watcher {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Watcher")
    }
}

impl Default for Look {
    fn default() -> Self {
        let (proc, timeout) = (PathBuf::from("/proc"), Duration::from_secs(10));
        Self {
            proc,
            timeout,
            compare_identities: false,
            extra: BTreeMap::new(),
            on_host: Vec::new(),
            finds_others: false,
            watcher: Watcher::default(),
        }
    }
}

/// A look that has begun: the processes of known programs are found, and not yet told to their containers.
pub struct Begun {
    host: Result<Arc<Host>, String>,
    scan: Scan,
    /// What the kernel shows of the host itself.
    own: Option<KernelFacts>,
    gaps: Vec<String>,
    /// When the rest must have ended.
    deadline: Instant,
}

/// The number of the user who runs this.
pub fn own_user() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// What this machine calls itself.
pub fn host_name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// Begins a look: finds the processes of known programs on the whole host.
pub fn begin(options: &Look, profiles: &[Profile]) -> Begun {
    let start = Instant::now();
    let (mut own, mut gaps, mut scan) = (None, Vec::new(), Scan::default());
    let host = host(options, &mut own, &mut gaps, profiles).map(Arc::new);
    if let Ok(host) = &host {
        // Half of the time is for finding processes, so that one that hangs leaves some for the rest.
        scan = scan::all_processes(host, start + options.timeout / 2, &mut gaps);
    }
    Begun { host, scan, own, gaps, deadline: start + options.timeout }
}

impl Begun {
    /// The ids of containers that processes were found in and that are not among these: the engine may have started them
    /// since it was asked for its list.
    pub fn unlisted(&self, containers: &[Container]) -> Vec<String> {
        let ids = |host| unlisted::unknown_ids(host, &self.scan.namespaces, containers);
        self.host.as_deref().map_or_else(|_| Vec::new(), ids)
    }

    /// Looks at every container of a capture, at the host's mounts and at programs outside containers, and fills in what
    /// is seen and what could not be. Looks of one capture share the numbers of their logins.
    ///
    /// Gives the ids of containers whose process was no longer there: the engine may have started them anew meanwhile.
    /// Each has a gap that says so.
    pub fn finish(self, options: &Look, capture: &mut Capture, numbers: &mut LoginIds) -> Vec<String> {
        let host = match self.host {
            Ok(host) => host,
            Err(gap) => {
                for container in &mut capture.containers {
                    container.add_gap(format!("the kernel was not asked: {gap}"));
                }
                capture.gaps.push(gap);
                return Vec::new();
            }
        };
        capture.own = self.own;
        capture.gaps.extend(self.gaps);
        scan::find_first_processes(&host, &mut capture.containers, options.finds_others);
        let Scan { found, namespaces } = self.scan;
        let others =
            if options.finds_others { unlisted::unlisted(&host, &namespaces, &capture.containers) } else { Vec::new() };
        let mut starts: BTreeMap<usize, FirstProcess> = BTreeMap::new();
        for UnlistedContainer { container, started, mounts } in others {
            starts.insert(capture.containers.len(), FirstProcess { started: Some(started), root: None, mounts });
            capture.containers.push(container);
        }
        let mut inside = scan::assign(&host, found, &capture.containers);
        if options.finds_others {
            let own = capture.own.as_ref().map_or(&[][..], |own| &own.mounts);
            let known = ApartSearch { host: &host, namespaces: &namespaces, containers: &capture.containers, own };
            for ApartProcesses { container, found, started, root } in known.split(&mut inside) {
                let at = capture.containers.len();
                starts.insert(at, FirstProcess { started: Some(started), root, mounts: Vec::new() });
                inside.insert(Some(at), found);
                capture.containers.push(container);
            }
        }
        let outside = inside.remove(&None).unwrap_or_default();

        let mut jobs: Vec<Job<LookAnswer>> = Vec::new();
        let mut progress = Vec::new();
        for (at, container) in capture.containers.iter().enumerate() {
            let first = starts.remove(&at).unwrap_or_default();
            let task = LookTask {
                host: Arc::clone(&host),
                container: container.clone(),
                found: inside.remove(&Some(at)).unwrap_or_default(),
                extra: extra_paths(options, container),
                compare: options.compare_identities,
                progress: first.early(),
                started: first.started,
                root: first.root,
            };
            progress.push(Arc::clone(&task.progress));
            let watcher = options.watcher.clone();
            jobs.push(Box::new(move || {
                let answer = LookAnswer::Container(see(&task));
                (watcher.0)();
                answer
            }));
        }
        let without_locks: Vec<ProcessFacts> = outside.iter().map(|found| found.process.clone()).collect();
        capture.gaps.extend(scan::foreign(&host, &outside));
        let shared = Arc::clone(&host);
        let (on_host, compare) = (options.on_host.clone(), options.compare_identities);
        jobs.push(Box::new(move || LookAnswer::Outside(Box::new(outside::see(&shared, outside, &on_host, compare)))));

        let mut answers = pool::run(jobs, self.deadline);
        match answers.pop().flatten() {
            Some(LookAnswer::Outside(seen)) => put_outside(*seen, capture, numbers),
            _ => {
                capture.gaps.push(format!("the host's own files did not answer{}", within(options)));
                if let Some(own) = &mut capture.own {
                    own.processes = without_locks;
                }
            }
        }
        fill(options, capture, answers, &progress, numbers)
    }
}

/// What is known of the first process of a container that no engine told.
#[derive(Default)]
struct FirstProcess {
    started: Option<u64>,
    root: Option<KernelMount>,
    mounts: Vec<KernelMount>,
}

impl FirstProcess {
    /// What was seen before anybody looks at it.
    fn early(&self) -> LookProgress {
        let kernel = KernelFacts { mounts: self.mounts.clone(), ..KernelFacts::default() };
        let seen = (!self.mounts.is_empty()).then(|| Seen { kernel: Some(kernel), ..Seen::default() });
        Arc::new(Mutex::new(seen))
    }
}

/// What a job gives.
enum LookAnswer {
    Container(LookOutcome),
    Outside(Box<Seen>),
}

/// Further paths to follow in a container, by its id or its name.
fn extra_paths(options: &Look, container: &Container) -> Vec<String> {
    let extra = &options.extra;
    extra.get(&container.engine().id).or_else(|| extra.get(&container.name)).cloned().unwrap_or_default()
}

fn within(options: &Look) -> String {
    format!(" within {} s", options.timeout.as_secs_f64())
}

fn host(
    options: &Look,
    own: &mut Option<KernelFacts>,
    gaps: &mut Vec<String>,
    profiles: &[Profile],
) -> Result<Host, String> {
    let shown = options.proc.display();
    let hint = "give the /proc of the engine's host with --proc";
    let proc = Proc::open(&options.proc).map_err(|errno| format!("cannot open {shown}: {}; {hint}", said(errno)))?;
    let first = proc.pid(1).map_err(|errno| {
        format!(
            "{shown} does not show process 1: {}; run as root if it hides processes (hidepid), or {hint}",
            said(errno)
        )
    })?;
    match first.read("mountinfo", MOST_BYTES) {
        Ok(bytes) => {
            let table = mountinfo::parse(&bytes);
            gaps.extend(odd_lines("the host's mount table", &table, bytes.len() as u64 >= MOST_BYTES));
            *own = Some(KernelFacts { mounts: table.mounts, ..KernelFacts::default() });
        }
        Err(errno) => gaps.push(format!(
            "the host's own mounts were not looked at: cannot read {shown}/1/mountinfo: {}; run as root",
            said(errno)
        )),
    }
    let mounts = own.as_ref().map_or(&[][..], |own| &own.mounts);
    let root = root_of_host(&proc, &first, mounts);
    if root.is_none() {
        gaps.push(format!(
            "where the sources of binds and volumes lead now was not looked at: {shown}/1/root cannot be opened without root and the capability SYS_PTRACE"
        ));
    }
    let (boot, pids) = (proc.boot_time(), first.link("ns/pid").ok());
    let root_mount = mounts.iter().find(|mount| mount.mount_point == "/").cloned();
    let (root, sight) = root.map(|own| (own.root, own.sight)).unzip();
    let sight = sight.unwrap_or_else(|| ProcessSight::of(&first));
    Ok(Host { proc, root, boot, pids, sight, root_mount, profiles: profiles.to_vec() })
}

/// The host's root, and what its processes see.
struct OwnRoot {
    root: Root,
    sight: ProcessSight,
}

impl OwnRoot {
    fn of(pid: &pid::Pid) -> Option<Self> {
        Some(Self { root: pid.root().ok()?, sight: ProcessSight::of(pid) })
    }
}

/// The host's root: that of its first process, or of another one that has the same.
fn root_of_host(proc: &Proc, first: &pid::Pid, mounts: &[KernelMount]) -> Option<OwnRoot> {
    OwnRoot::of(first).or_else(|| other_root(proc, mounts))
}

/// The root of this process, or of another one, where that is the host's too: the same mount by its id, which the kernel
/// gives once. So who may not look at process 1 follows the host's paths all the same.
fn other_root(shown: &Proc, hosts: &[KernelMount]) -> Option<OwnRoot> {
    /// Mount tables that are read; the first processes of a host are its own. One that may not be looked at costs little.
    const TABLES: usize = 200;
    let top = |mounts: &[KernelMount]| Some(mounts.iter().find(|mount| mount.mount_point == "/")?.id);
    let hosts = top(hosts)?;
    let root_of = |(pid, root): (pid::Pid, OwnRoot)| {
        let table = mountinfo::parse(&pid.read("mountinfo", MOST_BYTES).ok()?);
        (top(&table.mounts)? == hosts).then_some(root)
    };
    let opened = |pid: pid::Pid| OwnRoot::of(&pid).map(|root| (pid, root));
    let own =
        || Proc::open(Path::new("/proc")).and_then(|proc| proc.pid(std::process::id().try_into().unwrap_or(0))).ok();
    own().and_then(opened).and_then(root_of).or_else(|| {
        let numbers = shown.numbers().ok()?;
        let roots = numbers.into_iter().filter_map(|number| opened(shown.pid(number).ok()?));
        roots.take(TABLES).find_map(root_of)
    })
}

/// Puts what was seen of the host itself beside its mounts.
fn put_outside(seen: Seen, capture: &mut Capture, numbers: &mut LoginIds) {
    capture.gaps.extend(seen.gaps);
    if let (Some(own), Some(mut kernel)) = (&mut capture.own, seen.kernel) {
        kernel.mounts = std::mem::take(&mut own.mounts);
        kernel.logins = seen.logins.into_iter().map(|(state, login)| (state, numbers.of(login))).collect();
        *own = kernel;
    }
}

/// Whether the processes that are looked at are those of this process's own PID namespace, and not of the host's first.
fn is_in_own_namespace(options: &Look) -> bool {
    /// How the kernel names the first PID namespace (PROC_PID_INIT_INO).
    const FIRST: &str = "pid:[4026531836]";
    let own = || std::fs::read_link("/proc/self/ns/pid");
    options.proc == Path::new("/proc") && own().is_ok_and(|own| own != Path::new(FIRST))
}

/// Puts what was seen where it belongs; the ids of containers that were gone.
fn fill(
    options: &Look,
    capture: &mut Capture,
    answers: Vec<Option<LookAnswer>>,
    progress: &[LookProgress],
    numbers: &mut LoginIds,
) -> Vec<String> {
    let mut gone = Vec::new();
    for ((container, answer), progress) in capture.containers.iter_mut().zip(answers).zip(progress) {
        // Of one that is gone the sources were followed on the host.
        let is_gone = matches!(answer, Some(LookAnswer::Container(LookOutcome::Gone(_))));
        let mut seen = match answer {
            Some(LookAnswer::Container(LookOutcome::Seen(seen))) => *seen,
            Some(LookAnswer::Container(LookOutcome::Gone(_)))
                if container.engine().inspection == Inspection::Unlisted =>
            {
                let mut seen = progress.lock().unwrap_or_else(PoisonError::into_inner).take().unwrap_or_default();
                seen.gaps.push("it ended while it was looked at".to_owned());
                seen
            }
            Some(LookAnswer::Container(LookOutcome::Gone(mounts))) => {
                let engine = container.engine_mut();
                gone.push(engine.id.clone());
                engine.mounts = mounts;
                let gap = match engine.pid {
                    // Why nothing is known of it is told already.
                    0 if !engine.inspection.tells_program() => continue,
                    0 => "none of its processes ran: it waits to be started again (`docker ps -a` tells how it ended), and \
                          can be looked at once it stays up"
                        .to_owned(),
                    pid if is_in_own_namespace(options) => format!(
                        "its first process, {pid}, is not in {} here, where the host's processes are not seen: overlock is in \
                         a PID namespace of its own",
                        options.proc.display()
                    ),
                    pid => format!("its first process, {pid}, ended before it could be looked at"),
                };
                Seen { gaps: vec![gap], ..Seen::default() }
            }
            Some(LookAnswer::Container(LookOutcome::NotOurs)) => {
                let gap = format!(
                    "process {} in {} is not the container's: the engine counts processes elsewhere; run this on the \
                     engine's own host, or give its /proc with --proc",
                    container.engine().pid,
                    options.proc.display()
                );
                Seen { gaps: vec![gap], ..Seen::default() }
            }
            _ => {
                let mut seen = progress.lock().unwrap_or_else(PoisonError::into_inner).take().unwrap_or_default();
                seen.gaps.push(format!("its files did not answer{}", within(options)));
                seen
            }
        };
        if seen.kernel.is_none() && !is_gone {
            let engine = container.engine_mut();
            engine.inspection = engine.inspection.without_places();
        }
        if let Some(kernel) = &mut seen.kernel {
            let number = |(state, login): (String, Login)| (state, numbers.of(login));
            kernel.logins = std::mem::take(&mut seen.logins).into_iter().map(number).collect();
        }
        container.live.get_or_insert_default().kernel = seen.kernel;
        if let Some(script) = seen.script {
            container.script = script;
        }
        for gap in seen.gaps {
            container.add_gap(gap);
        }
    }
    gone
}

#[cfg(test)]
mod tests;
