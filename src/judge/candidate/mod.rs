//! One container's use of one program: all that is known of it before it is compared with others.
//! May use `model`, `rules`, `finding` and the earlier parts of `judge`.

pub(super) mod auth;
mod bundled_copy;
mod call_guards;
pub(super) mod calls;
pub(super) mod guard;
mod guard_fact;
pub(super) mod installations;
pub(super) mod internal_locks;
mod known_version;
mod made_links;
mod program_file;
pub(super) mod program_version;
pub(super) mod role;
pub(super) mod runs_program;
pub(super) mod shell_effects;
pub(super) mod state_dir;
mod word_path;
mod written_logins;

use super::place::{Filesystem, MountLookup, MountedPath, Place};
use crate::finding::Evidence;
use crate::model::{Container, CopiedFrom, DECLARING_LABELS, EnvValue, Mount, MountSource, join, split_below};
use crate::rules::{Access, Auth, GuardFault, Profile, Refresh, Ruleset, Scope};
use crate::text::Span;
use auth::{AuthFact, read_auth};
use calls::{ProgramCalls, RunsProgram, find_declaration, mounts_program, program_calls};
use guard::read_guard;
use guard_fact::GuardFact;
use internal_locks::{ClosedDirectory, LeftLock, OwnLock, left_behind, own_locks};
use made_links::{made_links, replaced_link};
use program_version::{VersionFact, is_program_image, read_version};
use role::{RoleFact, read_role};
use runs_program::runs_program;
use shell_effects::{CopiedLogin, find_copied_logins, find_host_copies, removes_path};
use state_dir::{StateDir, is_home, state_directories};
use written_logins::written_logins;

/// A container's use of a program.
pub(crate) struct Candidate<'a> {
    pub(crate) index: usize,
    /// The container that it counts as to others: its own, but for processes that see something else than their
    /// container's first one, where nothing else in that runs the program on the same login.
    pub(crate) counts_as: usize,
    pub(crate) container: &'a Container,
    pub(crate) profile: &'a Profile,
    pub(crate) runs: RunsProgram,
    pub(crate) state: StateDir,
    /// Where the file that a refresh replaces lives: the identity that is shared or not.
    pub(crate) login: MountedPath<'a>,
    /// The state directory's place.
    pub(crate) place: Place,
    /// Whether the login is on a filesystem that several hosts can mount.
    pub(crate) is_on_network: bool,
    /// Whether it is on a filesystem that is not known to be its host's alone.
    pub(crate) is_beyond_host: bool,
    pub(crate) scope: Scope,
    pub(crate) access: Access,
    /// Whose the state directory is, where it cannot be written for that.
    pub(crate) closed: Option<ClosedDirectory>,
    pub(crate) side_file: Option<(String, Span)>,
    pub(crate) role: RoleFact,
    pub(crate) version: VersionFact,
    pub(crate) auth: AuthFact,
    pub(crate) refresh: Refresh,
    pub(crate) locks: Vec<OwnLock<'a>>,
    /// The one that was left behind.
    pub(crate) left: Option<LeftLock>,
    pub(crate) guard: GuardFact<'a>,
    /// Whether it is worth a line. Others are kept only until it is known that no shared directory is in their reach.
    pub(crate) listed: bool,
    /// What it copies into its state directory, with where that really comes from.
    pub(crate) copied: Vec<(CopiedLogin, Place)>,
    /// The copy that is of another's login.
    pub(crate) clone: Option<LoginCopy>,
    /// A state directory that it mounts, but not where it is known to look.
    pub(crate) reach: Option<&'a Mount>,
    /// A mount point with a variable in it that is not set, which may cover the state directory.
    pub(crate) loose_target: Option<&'a Mount>,
}

/// A copy of another's login.
#[derive(Debug, Clone)]
pub(crate) struct LoginCopy {
    /// What is copied, as it is shown.
    pub(crate) from: String,
    /// Where that really is.
    pub(crate) place: Place,
    /// Where the command is written.
    pub(crate) span: Span,
}

/// Every use of a program by a container: none, one, or one for each directory that may be the state directory.
pub(crate) fn candidates_of<'a>(
    index: usize,
    container: &'a Container,
    profile: &'a Profile,
    rules: &'a Ruleset,
    home: Option<&str>,
) -> Vec<Candidate<'a>> {
    let calls = program_calls(container, profile);
    // The host stands for those who run the program on it, and for nobody where nobody does.
    if container.is_host() && calls.live.is_empty() {
        return Vec::new();
    }
    let runs = runs_program(container, profile, &calls, &rules.filesystems.bystander_commands);
    let version = read_version(container, profile, &calls).range;
    let found = state_directories(container, profile, &calls, version.as_ref());
    let candidates = found.into_iter().map(|used| {
        let parts = Parts { index, container, profile, rules, home, calls: &used.calls, runs: runs.clone() };
        let mut candidate = parts.candidate(used.state);
        candidate.listed = candidate.concerns() && (candidate.runs != RunsProgram::Unknown || candidate.is_likely());
        candidate
    });
    candidates.collect()
}

impl Candidate<'_> {
    /// Whether something suggests that the program runs here, where no call of it was seen.
    fn is_likely(&self) -> bool {
        let moved = &self.profile.state_directory.variable;
        // Everything is on a root that is a mount: that says nothing.
        let is_on_root = self.login.mount.is_some_and(|mount| mount.target.text == "/");
        (!is_on_root && (self.scope != Scope::Private || self.login.mount.is_some()))
            || DECLARING_LABELS.iter().any(|label| find_declaration(self.container, label).is_some())
            || self
                .container
                .env
                .get(moved)
                .is_some_and(|value| !matches!(&value.value, EnvValue::Set(value) if value.text.is_empty()))
            || is_program_image(self.container, self.profile)
            || mounts_program(self.container, self.profile)
            || self.installed().next().is_some()
            || self.copied.iter().any(|(_, place)| !place.is_private())
    }

    /// The program as it is installed in the container.
    pub(crate) fn installed(&self) -> impl Iterator<Item = &crate::model::Installed> {
        self.container.shown().installed.iter().filter(|installed| installed.program == self.profile.id)
    }

    /// Whether a container that does not run the program has its state directory all the same.
    fn concerns(&self) -> bool {
        !matches!(self.runs, RunsProgram::No(_)) || self.login.mount.is_some()
    }

    /// Whether its own environment says where the state directory is, whatever files with variables may add.
    pub(crate) fn is_state_said(&self) -> bool {
        let moved = self.container.env.get(&self.profile.state_directory.variable).map(|variable| &variable.value);
        matches!(moved, Some(EnvValue::Set(value)) if !value.is_symbolic() && !value.text.is_empty())
    }

    /// Whether it takes part in a refresh, as far as its own facts say.
    pub(crate) fn takes_part(&self) -> bool {
        self.listed && !matches!(self.runs, RunsProgram::No(_))
    }

    /// Whether anything is mounted that another container could mount too.
    pub(crate) fn mounts_something(&self) -> bool {
        let own =
            |mount: &Mount| matches!(mount.source, MountSource::Anonymous | MountSource::Tmpfs | MountSource::Injected);
        self.container.mounts.iter().any(|mount| !own(mount))
    }

    /// The place that is shared: the state directory, or where only the login is mounted, that file.
    pub(crate) fn login_directory(&self) -> Place {
        if matches!(self.scope, Scope::File | Scope::Link) {
            return self.login.place.clone();
        }
        self.place.clone()
    }

    /// Every place that is told of it.
    pub(crate) fn places_mut(&mut self) -> impl Iterator<Item = &mut Place> {
        let locks = self.locks.iter_mut().map(|lock| &mut lock.place);
        let guard = self.guard.landing.as_mut().map(|landing| &mut landing.place);
        [&mut self.place, &mut self.login.place].into_iter().chain(locks).chain(guard)
    }

    /// The type of the filesystem that its login is on, where neither its places nor its locks are known to other hosts.
    pub(crate) fn unknown_type(&self, rules: &Ruleset) -> Option<&'_ str> {
        let fstype = &self.login.mount?.kernel.as_ref()?.fstype;
        (rules.filesystems.is_unknown(fstype) && self.takes_part()).then_some(fstype.as_str())
    }

    /// How many containers share its login: its replicas in all projects, unless each has its login to itself. Of a
    /// service with one on each host those on several hosts meet on a filesystem alone that is not known to be a host's own.
    pub(crate) fn containers(&self) -> u64 {
        let place = &self.login.place;
        if place.is_private() || place.names_any(|name| self.container.timing.varying.iter().any(|one| one == name)) {
            return 1;
        }
        // The engine refuses a second one of a name, and one of another name has another login.
        if place.hangs_on(&self.container.timing.name_symbols) {
            return 1;
        }
        let is_global = self.container.spread.is_some_and(|spread| spread.is_global);
        let replicas = match () {
            () if is_global && self.is_beyond_host => self.container.replicas.max(2),
            () if is_global => 1,
            () => self.container.replicas,
        };
        let projects = if self.is_of_one_project() { 1 } else { self.container.timing.projects.max(1) };
        replicas.saturating_mul(projects)
    }

    /// How many containers it is to others. A service that is only run has its runs in its place.
    pub(crate) fn rivals(&self) -> u64 {
        if self.container.timing.only_one_offs { 0 } else { self.containers() }
    }

    /// Whether its login is on a volume that each project has for itself.
    pub(crate) fn is_of_project(&self) -> bool {
        let project = self.container.project.as_deref().and_then(|name| name.split(" (").next());
        match (&self.login.place.filesystem, project) {
            (Filesystem::Volume(volume), Some(project)) => {
                volume.strip_prefix(project).is_some_and(|rest| rest.starts_with(['_', '-']))
            }
            _ => false,
        }
    }

    /// Whether each project that it is brought up in has a login of its own.
    fn is_of_one_project(&self) -> bool {
        let (timing, place) = (&self.container.timing, &self.login.place);
        let is_below = |directory: &String| split_below(&place.path, directory).is_some();
        let is_in_directory =
            place.filesystem == Filesystem::Host && timing.project_directory.as_ref().is_some_and(is_below);
        self.is_of_project() || is_in_directory || place.hangs_on(&timing.project_symbols)
    }

    /// Whether anybody may start a second one that uses the same login while it runs.
    pub(crate) fn may_overlap(&self) -> bool {
        let timing = &self.container.timing;
        let place = &self.login.place;
        // Two calls with one argument use what that names.
        let is_shared = !place.is_private() && !place.is_new_each_time() && !self.is_of_folder();
        // Each project has its own volumes.
        let is_of_any_project = timing.has_open_project && !self.is_of_one_project();
        let is_one_of_name = place.hangs_on(&timing.name_symbols);
        let is_open = timing.may_overlap && !is_one_of_name || timing.only_one_offs || is_of_any_project;
        is_open && is_shared && self.containers() <= 1
    }

    /// Whether its login is what each project that people work on in such a container has for itself: a volume that is
    /// named after it, or something in the directory that is opened.
    fn is_of_folder(&self) -> bool {
        let Some(workplace) = &self.container.workplace else { return false };
        let place = &self.login.place;
        let is_inside = || {
            let directory = workplace.project_directory.as_deref();
            directory.is_some_and(|directory| split_below(&place.path, directory).is_some())
        };
        self.is_of_project()
            || self.login.mount.is_some_and(|mount| workplace.own_mounts.contains(&mount.span))
            || place.filesystem == Filesystem::Host && is_inside()
    }

    /// The span to point at: the mount that brings the login, else the container.
    pub(crate) fn span(&self) -> Span {
        self.login.mount.map_or(self.container.span, |mount| mount.span)
    }

    /// Whether the kernel showed that no login is where it looks for one, and nothing is mounted there.
    pub(crate) fn is_without_login(&self) -> bool {
        let shown = self.container.shown();
        let login = join(&self.state.path, &self.profile.credentials);
        let was_followed = self.container.is_running() && shown.followed && shown.paths.contains(&login);
        was_followed && self.login.mount.is_none() && !shown.entries.contains_key(&self.login.place.path)
    }

    /// Whether its version cannot create the only locks it takes, so that it never refreshes.
    pub(crate) fn cannot_lock(&self) -> bool {
        let all = !self.locks.is_empty() && self.locks.iter().all(|lock| lock.uncreatable.is_some());
        all || self.locks.iter().any(|lock| lock.blocked)
    }

    /// The guard's place, where the guard is one that excludes: not private, its failure heeded, no lock of the program.
    pub(crate) fn guard_place(&self) -> Option<&Place> {
        let sound = self.guard.state == crate::rules::Guard::Held;
        let place = self.guard.landing.as_ref().map(|landing| &landing.place);
        place.filter(|place| sound && !place.is_private())
    }
}

struct Parts<'a, 'b> {
    index: usize,
    container: &'a Container,
    profile: &'a Profile,
    rules: &'a Ruleset,
    home: Option<&'b str>,
    calls: &'b ProgramCalls<'a>,
    runs: RunsProgram,
}

impl<'a> Parts<'a, '_> {
    fn candidate(self, mut state: StateDir) -> Candidate<'a> {
        let (container, profile) = (self.container, self.profile);
        let mounts = MountLookup::new(self.index, container, &self.rules.filesystems);
        // What its commands would link has been linked, or not, where the kernel showed its files.
        let followed = container.shown().followed;
        let made = || made_links(container, state.home.as_deref()).into_iter();
        let made = || made().filter(|made| !made.is_kept_off(container)).map(|made| made.link).collect();
        let mounts = if followed { mounts } else { mounts.through(made()) };
        let mounts = mounts.with_unseen(container.unseen_mounts.is_some());
        let directory = mounts.land(&state.path);
        let login_path = join(&state.path, &profile.credentials);
        let replaced =
            followed.then(|| replaced_link(container, state.home.as_deref(), &login_path, &mounts)).flatten();
        let mounts = mounts.through(replaced.iter().map(|made| made.link.clone()).collect());
        if let Some(made) = replaced {
            let text = format!(
                "a refresh put a file in the place of the link to {} that it makes: its next start puts the link back",
                made.link.target
            );
            state.evidence.push(Evidence::seen(text, Some(made.span)));
        }
        let login = mounts.land(&login_path);
        let version = read_version(container, profile, self.calls);
        let auth = read_auth(container, profile, self.calls, version.range.as_ref());
        // Before it runs there is no login but one that is mounted.
        let is_there = login.mount.is_some() || container.is_running();
        let read_only = is_there && login.is_read_only(container);
        let closed = ClosedDirectory::of(container, &mounts.real(&state.path));
        let left = left_behind(container, profile, &state, &mounts, &version);
        let mut locks = own_locks(container, profile, &self.rules.filesystems, &state, &mounts, &version);
        for lock in locks.iter_mut().filter(|_| !is_there) {
            lock.uncreatable = None;
        }
        let find_fault = |guard: &mut GuardFact<'a>| self.fault(guard, &state, &directory);
        let mut guard = read_guard(container, profile, self.calls, &state, &mounts, &find_fault);
        find_fault(&mut guard);
        let mut candidate = Candidate {
            index: self.index,
            counts_as: self.index,
            scope: self.scope(&mounts.real(&state.path), &directory, &login),
            access: match closed {
                _ if read_only => Access::ReadOnly,
                Some(_) => Access::Closed,
                None => Access::ReadWrite,
            },
            closed,
            side_file: self.side_file(&state),
            role: read_role(container, profile, self.calls),
            loose_target: self.loose_target(&state),
            copied: find_copied_logins(container, &state, profile)
                .into_iter()
                .map(|copied| (copied.clone(), mounts.land(&copied.from).place))
                .chain(written_logins(container, profile, &state, self.home))
                .chain(find_host_copies(container, &state, profile).filter_map(|copy| {
                    let copied = CopiedLogin { from: copy.shown.clone(), span: copy.span };
                    // What is in other containers is looked at where all of them are known.
                    let CopiedFrom::Host(path) = &copy.from else { return None };
                    Some((copied, MountedPath::on_host(path).place))
                }))
                .collect(),
            clone: None,
            place: directory.place,
            is_on_network: login.mount.is_some_and(|mount| self.is_on_network(mount)),
            is_beyond_host: login.mount.is_some_and(|mount| self.is_beyond_host(mount)),
            refresh: Refresh::Yes,
            listed: false,
            reach: None,
            container,
            profile,
            runs: self.runs,
            state,
            login,
            version,
            auth,
            locks,
            left,
            guard,
        };
        candidate.refresh = decide_refresh(&candidate);
        candidate
    }

    fn scope(&self, state: &str, directory: &MountedPath<'_>, login: &MountedPath<'_>) -> Scope {
        let Some(mount) = login.mount.filter(|_| !login.place.is_private()) else { return Scope::Private };
        let inside = directory.place.with_path(join(&directory.place.path, self.profile.credentials.as_str()));
        if login.place != inside {
            let is_file = mount.target.text == format!("{state}/{}", self.profile.credentials);
            return if is_file { Scope::File } else { Scope::Link };
        }
        if self.container.is_host() || mount.target.text == "/" {
            return Scope::StateDir;
        }
        if mount.target.text == state {
            return Scope::StateDir;
        }
        let rest = split_below(state, &mount.target.text).unwrap_or("");
        let above = directory.place.path.strip_suffix(rest).map_or("", |path| path.trim_end_matches('/'));
        let host = directory.place.filesystem == Filesystem::Host;
        let is_a_home = is_home(above) || self.home == Some(above) || holds_homes(above);
        if host && is_a_home { Scope::Home } else { Scope::DedicatedParent }
    }

    fn is_on_network(&self, mount: &Mount) -> bool {
        matches!(&mount.source, MountSource::Device { fstype, .. } if self.rules.filesystems.is_network(fstype))
    }

    fn is_beyond_host(&self, mount: &Mount) -> bool {
        matches!(&mount.source, MountSource::Device { fstype, .. } if !self.rules.filesystems.is_local(fstype))
    }

    fn side_file(&self, state: &StateDir) -> Option<(String, Span)> {
        let base = if state.moved { Some(state.main.as_str()) } else { state.home.as_deref() };
        let paths = self.profile.side_files.iter().filter_map(|file| Some(format!("{}/{}", base?, file.name)));
        paths.into_iter().find_map(|path| {
            let mount = self.container.mounts.iter().find(|mount| mount.target.text == path)?;
            Some((path, mount.span))
        })
    }

    fn loose_target(&self, state: &StateDir) -> Option<&'a Mount> {
        let loose =
            |mount: &&Mount| mount.target.is_symbolic() && split_below(&state.path, &mount.target.text).is_none();
        self.container.mounts.iter().find(loose)
    }

    /// What is wrong with the guard's path, known from this container alone.
    fn fault(&self, guard: &mut GuardFact<'_>, state: &StateDir, directory: &MountedPath<'_>) {
        use crate::rules::Guard;
        let (Guard::Held | Guard::Broken, Some(path), Some(landing)) = (guard.state, &guard.path, &guard.landing)
        else {
            return;
        };
        let inside = split_below(path, &state.path).is_some();
        let same_filesystem = landing.place.filesystem == directory.place.filesystem;
        let below = split_below(&landing.place.path, &directory.place.path).is_some();
        let (fault, problem) = if self.is_own_lock(path, state) {
            (GuardFault::Collides, "the program uses that path as a lock".to_owned())
        } else if landing.place.is_private() {
            (GuardFault::Private, format!("{path} lands on {}", landing.place.name().text))
        } else if landing.is_read_only(self.container) {
            (GuardFault::ReadOnly, format!("{path} is on a read-only mount and cannot be created"))
        } else if self.is_replaced(path, state) {
            (
                GuardFault::Removed,
                format!("the program replaces {path}, and a lock on the old file keeps nobody from the new one"),
            )
        } else if removes_path(self.container, state, path) {
            (GuardFault::Removed, format!("it removes {path}, so that the next call locks another file of that name"))
        } else if guard.fault != GuardFault::None {
            return;
        } else if !(inside || same_filesystem && below) {
            (GuardFault::Outside, format!("{path} is outside {}", state.path))
        } else {
            return;
        };
        if fault != GuardFault::Outside {
            guard.state = Guard::Broken;
        }
        (guard.fault, guard.problem) = (fault, problem);
    }

    /// Whether a path is a file that the program replaces by a new one.
    fn is_replaced(&self, path: &str, state: &StateDir) -> bool {
        let side = self.profile.side_files.iter().map(|file| &file.name);
        let names = side.chain([&self.profile.credentials]);
        let bases = [Some(state.path.as_str()), state.home.as_deref()];
        names.into_iter().any(|name| bases.iter().flatten().any(|base| join(base, name) == path))
    }

    /// Whether a path is one of the program's own locks, whatever its version and wherever its side files are.
    fn is_own_lock(&self, path: &str, state: &StateDir) -> bool {
        let own = self.profile.locks.iter().map(|lock| lock.path_in(&state.main, &state.path));
        let bases = [Some(state.path.as_str()), state.home.as_deref()].into_iter().flatten();
        let side =
            bases.flat_map(|base| self.profile.side_files.iter().map(move |file| format!("{base}/{}", file.lock)));
        own.chain(side).any(|lock| lock == path)
    }
}

/// Whether a host directory holds homes: `/`, `/home` and the like.
fn holds_homes(path: &str) -> bool {
    matches!(path, "" | "/" | "/home" | "/Users" | "/var/home")
}

/// All things considered, does it refresh the login? A read-only or lockless one of some versions does not.
fn decide_refresh(candidate: &Candidate<'_>) -> Refresh {
    let safe_when_read_only = candidate.profile.read_only_is_safe(candidate.version.range.as_ref());
    match candidate.auth.auth {
        _ if matches!(candidate.runs, RunsProgram::No(_)) => Refresh::No,
        Auth::Stopped => Refresh::No,
        _ if candidate.access != Access::ReadWrite && safe_when_read_only => Refresh::No,
        Auth::Unknown => Refresh::Unknown,
        Auth::Refreshes => Refresh::Yes,
    }
}
