//! One container as the kernel shows it, from its first process. Uses `model`, `rules` and `source::capture`.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use rustix::io::Errno;

use super::clock::agrees;
use super::files::{Files, said};
use super::locks::LockReader;
use super::login::Login;
use super::mountinfo;
use super::pid::{MOST_MOUNTS, MOST_WORDS, Pid, Proc, is_gone};
use super::places::{StateClues, home_in, known_value};
use super::process::{FoundProcess, variables};
use super::program::installed;
use super::root::{NoRoot, Root};
use super::running_version::{KernelView, note_versions};
use super::scripts::{self, MOST_PASSWD};
use super::sight::{MountNamespace, ProcessSight};
use super::text::shown;
use crate::input::capture::tree::{self, visible};
use crate::model::{
    Container, EngineMount, Inspection, Invocation, KernelFacts, KernelMount, Script, USUAL_PATH, clean,
};
use crate::rules::Profile;

/// An id that is shorter could stand in a cgroup's name by chance.
const SHORTEST_ID: usize = 12;

/// What looking at one container takes.
pub(super) struct LookTask {
    pub(super) host: Arc<Host>,
    pub(super) container: Container,
    /// The processes of known programs in it.
    pub(super) found: Vec<FoundProcess>,
    /// Further paths to follow.
    pub(super) extra: Vec<String>,
    /// Whether to read credentials.
    pub(super) compare: bool,
    /// What is known already, should the rest never come.
    pub(super) progress: LookProgress,
    /// When its first process started, in ticks since the machine did, where that was found by the kernel alone.
    pub(super) started: Option<u64>,
    /// The mount that is its root, where its own table does not show it.
    pub(super) root: Option<KernelMount>,
}

/// What all looks at one host share.
pub(super) struct Host {
    pub(super) proc: Proc,
    /// The host's root, where it may be opened.
    pub(super) root: Option<Root>,
    /// When the machine started, in seconds since 1970.
    pub(super) boot: Option<i64>,
    /// The pid namespace of its first process.
    pub(super) pids: Option<Vec<u8>>,
    /// What its own processes see.
    pub(super) sight: ProcessSight,
    /// The mount that is its root.
    pub(super) root_mount: Option<KernelMount>,
    pub(super) profiles: Vec<Profile>,
}

impl Host {
    /// Whether a mount namespace is the host's.
    pub(super) fn is_own(&self, namespace: &MountNamespace) -> bool {
        self.sight.namespace.as_ref() == Some(namespace)
    }

    /// Whether a root shows the host's own files.
    pub(super) fn has_root(&self, root: &KernelMount) -> bool {
        self.root_mount.as_ref().is_some_and(|own| (&own.device, &own.root) == (&root.device, &root.root))
    }
}

pub(super) type LookProgress = Arc<Mutex<Option<Seen>>>;

/// What came of it.
#[derive(Debug)]
pub(super) enum LookOutcome {
    /// This was seen.
    Seen(Box<Seen>),
    /// There is no such process: the container has ended, or been started anew, or nobody told which process it is. These
    /// are the mounts that the engine tells, each source with its links followed on the host.
    Gone(Vec<EngineMount>),
    /// The process is none of this container's: the engine counts processes elsewhere, or the number was used again.
    NotOurs,
}

/// What was seen of one container.
#[derive(Debug, Clone, Default)]
pub(super) struct Seen {
    pub(super) kernel: Option<KernelFacts>,
    /// What its own scripts run, where they could be read.
    pub(super) script: Option<Script>,
    pub(super) gaps: Vec<String>,
    /// The login in each state directory.
    pub(super) logins: BTreeMap<String, Login>,
}

/// Why a look at a container ended early.
enum LookStop {
    Gone,
    Failed(String),
}

impl LookStop {
    fn of(what: &str, errno: Errno) -> Self {
        if is_gone(errno) { Self::Gone } else { Self::Failed(format!("{what}: {}", said(errno))) }
    }
}

/// Looks at one container.
pub(super) fn see(task: &LookTask) -> LookOutcome {
    let number = task.container.engine().pid;
    let pid = match task.host.proc.pid(number) {
        Ok(pid) if number > 0 => pid,
        Err(errno) if !is_gone(errno) => {
            return failed(format!("its process {number} was not looked at: {}", said(errno)));
        }
        _ => return gone(task),
    };
    // From here on the directory is held: a number used again later is another process's.
    let looked = match is_ours(task, &pid) {
        Ok(false) => return LookOutcome::NotOurs,
        Ok(true) => look(task, &pid),
        Err(errno) => Err(LookStop::of("whose process it is was not looked at", errno)),
    };
    // What a process that has ended did not show proves nothing.
    match (looked, has_ended(&pid)) {
        (Err(LookStop::Gone), _) | (_, true) => gone(task),
        (Err(LookStop::Failed(gap)), _) => failed(gap),
        (Ok(seen), false) => LookOutcome::Seen(Box::new(seen)),
    }
}

/// Whether a process has ended, or is about to: it gives its mounts up before it is gone, and what was mounted is then no
/// longer there to be followed, though its root still is.
pub(super) fn has_ended(pid: &Pid) -> bool {
    pid.facts().is_err() || pid.link("ns/mnt").is_err_and(is_gone)
}

fn gone(task: &LookTask) -> LookOutcome {
    let resolve = |mount: &EngineMount| match &task.host.root {
        Some(root) if mount.kind == "bind" => EngineMount { source: root.follow(&mount.source).real, ..mount.clone() },
        _ => mount.clone(),
    };
    LookOutcome::Gone(task.container.engine().mounts.iter().map(resolve).collect())
}

fn failed(gap: String) -> LookOutcome {
    LookOutcome::Seen(Box::new(Seen { gaps: vec![gap], ..Seen::default() }))
}

/// Whether the process is the container's: its cgroup says so, or it started when the engine started it.
fn is_ours(task: &LookTask, pid: &Pid) -> Result<bool, Errno> {
    let (engine, host) = (task.container.engine(), &task.host);
    if let Some(started) = task.started {
        return Ok(pid.facts()?.started == started);
    }
    if is_in(pid, &engine.id)? {
        return Ok(true);
    }
    let facts = pid.facts()?;
    Ok(host.boot.is_some_and(|boot| agrees(facts.started, boot, &engine.started_at)))
}

fn is_in(pid: &Pid, id: &str) -> Result<bool, Errno> {
    Ok(id.len() >= SHORTEST_ID && pid.cgroup()?.contains(id))
}

fn look(task: &LookTask, pid: &Pid) -> Result<Seen, LookStop> {
    let bytes =
        pid.read("mountinfo", MOST_MOUNTS).map_err(|errno| LookStop::of("its mounts were not looked at", errno))?;
    if bytes.len() as u64 >= MOST_MOUNTS {
        // What was not read may lie over what was.
        return Err(LookStop::Failed(format!(
            "its mount table is longer than {MOST_MOUNTS} bytes, and was not looked at"
        )));
    }
    let mut table = mountinfo::parse(&bytes);
    table.mounts.extend(task.root.clone());
    if is_being_set_up(task, &table.mounts) {
        return Err(LookStop::Failed(format!(
            "its first process, {}, was still being set up by the runtime",
            pid.number
        )));
    }
    let mut gaps: Vec<String> = odd_lines("its mount table", &table, false).into_iter().collect();
    let found: Vec<FoundProcess> = task.found.iter().filter(|found| still(&task.host.proc, found)).cloned().collect();
    gaps.extend(nested(pid, &found));
    let first = variables(&pid.read("environ", MOST_WORDS).unwrap_or_default());
    let mut kernel = KernelFacts {
        identity: pid.identity(),
        home: first.get("HOME").cloned().or_else(|| Some(known_value(task.container.env.get("HOME")?)?.to_owned())),
        processes: found.into_iter().map(|found| found.process).collect(),
        mounts: table.mounts,
        ..KernelFacts::default()
    };
    let early = Seen { kernel: Some(kernel.clone()), gaps: gaps.clone(), ..Seen::default() };
    *task.progress.lock().unwrap_or_else(PoisonError::into_inner) = Some(early);

    let root = match pid.root() {
        Ok(root) => root,
        Err(NoRoot::Unopened(errno)) if is_gone(errno) => return Err(LookStop::Gone),
        Err(reason) => {
            gaps.push(unfollowed(pid.number, reason));
            return Ok(Seen { kernel: Some(kernel), gaps, ..Seen::default() });
        }
    };
    locks(task, pid, &mut kernel);
    let passwd = home_by_passwd(task, &root);
    kernel.home = kernel.home.take().or_else(|| passwd.clone());
    // What could not even be inspected has no words.
    let words = !task.container.engine().words.is_empty();
    let script = words.then(|| scripts::read(&task.container, &root, kernel.home.as_deref(), &task.host.profiles));
    let calls = &script.as_ref().unwrap_or(&task.container.script).invocations;
    let told = PathClues { first: &first, passwd, calls };
    let logins = files(task, &root, told, &mut kernel, &mut gaps);
    kernel.followed = true;
    Ok(Seen { kernel: Some(kernel), script, gaps, logins })
}

/// Whether a process that the engine did not tell, found by its cgroup, is still the runtime's own: that joins the container's
/// cgroup first, then makes its mounts one by one, and changes its root last. Until then its table shows neither what the
/// container mounts nor that it does not.
fn is_being_set_up(task: &LookTask, mounts: &[KernelMount]) -> bool {
    let engine = task.container.engine();
    if engine.inspection.tells_program() {
        return false;
    }
    let is_there = |told: &EngineMount| mounts.iter().any(|mount| mount.mount_point == clean(&told.target));
    tree::root(mounts).is_none_or(|root| task.host.has_root(root)) || !engine.mounts.iter().all(is_there)
}

/// A gap for lines of a mount table that are not as they should be.
pub(super) fn odd_lines(whose: &str, table: &mountinfo::Table, is_cut: bool) -> Option<String> {
    let numbers: Vec<String> = table.odd.iter().take(5).map(ToString::to_string).collect();
    let more = if table.odd.len() > numbers.len() { " and more" } else { "" };
    let odd = (!numbers.is_empty())
        .then(|| format!("{whose} has lines that are no mount or not UTF-8: line {}{more}", numbers.join(", ")));
    is_cut.then(|| format!("{whose} is longer than was read")).or(odd)
}

/// Why no path was followed.
fn unfollowed(number: i32, reason: NoRoot) -> String {
    let why = match reason {
        NoRoot::Unconfined => "the kernel does not offer openat2 here (Linux 5.6 and later do)".to_owned(),
        NoRoot::Unopened(Errno::ACCESS | Errno::PERM) => {
            format!("the root of process {number} cannot be opened without root and the capability SYS_PTRACE")
        }
        NoRoot::Unopened(errno) => format!("the root of process {number} cannot be opened: {}", said(errno)),
    };
    format!("links, lock files and running calls were not looked at: {why}")
}

/// Whether a process is still the one that was found.
pub(super) fn still(proc: &Proc, found: &FoundProcess) -> bool {
    let facts = proc.pid(found.process.pid).and_then(|pid| pid.facts());
    facts.is_ok_and(|facts| facts.started == found.facts.started)
}

/// A gap for processes that see something else than their container.
fn nested(pid: &Pid, found: &[FoundProcess]) -> Option<String> {
    let own = ProcessSight::of(pid);
    let apart = found.iter().filter(|found| !own.agrees(&found.sight));
    let apart: Vec<String> = apart.map(|found| found.process.pid.to_string()).collect();
    let which = if apart.len() == 1 { "process" } else { "processes" };
    (!apart.is_empty())
        .then(|| format!("{which} {} in it runs with mounts of its own, which were not looked at", apart.join(", ")))
}

fn locks(task: &LookTask, first: &Pid, kernel: &mut KernelFacts) {
    let engine = task.container.engine();
    let own = |pids: &Vec<u8>| !engine.host_pid && Some(pids) != task.host.pids.as_ref();
    let pids = first.link("ns/pid").ok().filter(own);
    // Of the host's own processes all but the first are ancestors in a sense that matters.
    let is_of_host = engine.inspection == Inspection::Unlisted && engine.id.is_empty();
    let inside = |pid: &Pid| {
        is_in(pid, &engine.id).unwrap_or(false)
            || (pids.is_some() && pid.link("ns/pid").ok() == pids)
            || (is_of_host && pid.number > 1)
    };
    let mut reader = LockReader::new(&task.host.proc);
    for process in &mut kernel.processes {
        process.locks = reader.under(process.pid, inside);
    }
    // A process that ended while its locks were read shows none: that is no answer.
    let ended = |pid: i32| !task.found.iter().any(|found| found.process.pid == pid && still(&task.host.proc, found));
    kernel.processes.retain(|process| !ended(process.pid));
}

/// The home of the container's user by its `/etc/passwd`.
fn home_by_passwd(task: &LookTask, root: &Root) -> Option<String> {
    let user = task.container.user.as_ref().map_or("", |user| user.text.as_str());
    let passwd = root.read_file("/etc/passwd", MOST_PASSWD).ok()?;
    home_in(&shown(&passwd), user)
}

/// What tells which paths of a container are followed.
struct PathClues<'a> {
    /// The environment of the first process.
    first: &'a BTreeMap<String, String>,
    /// The home of its user.
    passwd: Option<String>,
    /// What it was seen to run.
    calls: &'a [Invocation],
}

fn files(
    task: &LookTask,
    root: &Root,
    told: PathClues<'_>,
    kernel: &mut KernelFacts,
    gaps: &mut Vec<String>,
) -> BTreeMap<String, Login> {
    let profiles = &task.host.profiles;
    let table: Vec<KernelMount> = kernel.mounts.clone();
    let mounts = visible(&table);
    let processes = kernel.processes.clone();
    let PathClues { first, passwd, calls } = told;
    let known = StateClues { container: &task.container, calls, first, processes: &processes, passwd, mounts: &mounts };
    let homes = known.homes(profiles);
    let path = task.container.env.get("PATH").and_then(known_value).or(first.get("PATH").map(String::as_str));
    kernel.installed = installed(root, profiles, path.filter(|path| !path.is_empty()).unwrap_or(USUAL_PATH), &homes);

    let view = KernelView { proc: &task.host.proc, boot: task.host.boot, profiles };
    note_versions(&mut kernel.processes, view, &kernel.installed);

    let mut logins = BTreeMap::new();
    let mut files = Files::new(root, kernel);
    for profile in profiles {
        for state in known.states(profile, &homes) {
            let names = files.state(profile, &state, &homes);
            if !task.compare {
                continue;
            }
            match files.login(profile, &state) {
                Ok(login) => logins.extend(names.into_iter().filter_map(|name| Some((name, login.clone()?)))),
                Err(gap) => gaps.push(gap),
            }
        }
    }
    let held = processes.iter().filter_map(|process| process.locks.as_ref()).flatten().map(|lock| lock.path.as_str());
    let asked = task.extra.iter().map(String::as_str).filter(|path| path.starts_with('/'));
    for path in known.guards().chain(known.link_targets()).chain(held).chain(asked) {
        files.note(path);
    }
    if let Some(host) = &task.host.root {
        files.sources(host, &task.container.engine().mounts, &table, &mounts);
    }
    files.deleted(&mounts);
    gaps.extend(files.gaps());
    logins
}
