//! A container as a source describes it: environment, command, user, labels. Uses `mount`. May use `text`.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::engine::NOTHING_TOLD;
use super::kernel::NOTHING_SHOWN;
use super::{
    ContainerId, EngineFacts, EnvValue, EnvVar, HostCopy, Invocation, KernelFacts, Live, Mount, ProgramSources, Script,
    Timing, USUAL_PATH, Value, Workplace, split_below, upward,
};
use crate::text::Span;

/// The label that says who waits for a container.
pub const ROLE_LABEL: &str = "overlock.role";
/// The label that says which guard its calls go through.
pub const GUARD_LABEL: &str = "overlock.guard";
/// The label that says which version of the program it runs.
pub const VERSION_LABEL: &str = "overlock.version";
/// The labels that declare facts.
pub const DECLARING_LABELS: [&str; 3] = [ROLE_LABEL, GUARD_LABEL, VERSION_LABEL];

/// A part of a service that is left out: it is not as Compose wants it, or depends on a variable that is not set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MistakenPart {
    /// The service's key that it is under.
    pub key: String,
    /// Where it is.
    pub span: Span,
    /// Whether it may hold what declares something to this tool.
    pub may_declare: bool,
}

/// What is told of a service with such a part.
pub const MISTAKEN_PART: &str = "a part of it is not as Compose wants it";

/// A container, or a service that stands for several equal ones.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Container {
    /// The service's name (Compose) or the container's.
    pub name: String,
    /// The Compose project it belongs to.
    pub project: Option<String>,
    /// The Compose service that it is a container of, where it has a name of its own beside that.
    pub service: Option<String>,
    /// What it stays called from one start to the next, where it is removed when it ends and another takes its place.
    pub recurring_name: Option<String>,
    /// Where the container is described as a whole, such as the service's key.
    pub span: Span,
    /// How many equal containers are started (`deploy.replicas`, `scale`).
    pub replicas: u64,
    /// What is shown of `replicas`, where a value of the environment tells it: it is no more than two then.
    pub shown_replicas: Option<String>,
    /// Where `replicas` is written.
    pub replicas_span: Option<Span>,
    /// The profiles that start it; empty where it always starts (Compose spec, profiles).
    pub profiles: Vec<String>,
    /// The image's name.
    pub image: Option<Value>,
    /// Build arguments by name.
    pub build_args: BTreeMap<String, EnvVar>,
    /// How the image is built, where the project does so.
    pub build: Option<Box<Build>>,
    /// The commands that were run while the image was built, with build arguments put in.
    pub installs: Vec<Invocation>,
    /// What else brings programs into it.
    pub program_sources: ProgramSources,
    /// Other builds of that image.
    pub other_builds: Vec<OtherBuild>,
    /// The name that it is given, where that is another than its service's (`container_name`, `--name`).
    pub given_name: Option<Value>,
    /// What starts it, where that is a command of a script.
    pub start: Option<Start>,
    /// What it is called, where it is one that the same command starts on another way through its script: of these, one
    /// alone runs at a time.
    pub way_of: Option<String>,
    /// The files that describe it, where other files of its project describe a service of that name too: one of the
    /// variants runs at a time.
    pub variant: Option<String>,
    /// The ports of the host that it takes, as far as they are known.
    pub host_ports: Vec<HostPort>,
    /// Whose engine starts it.
    pub engine_host: EngineHost,
    /// Where it is written that its containers run on several hosts.
    pub spread: Option<Spread>,
    /// Whether it is a task of a job that Nomad places on a host of its cluster.
    pub is_of_job: bool,
    /// When it runs beside others, as far as what starts it says.
    pub timing: Timing,
    /// Whether all that its scripts start is described too, and they were seen whole.
    pub starts_described: bool,
    /// The command, which replaces the image's; `None` where the image's own is used.
    pub command: Option<Command>,
    /// The entrypoint, which replaces the image's; `None` where the image's own is used.
    pub entrypoint: Option<Command>,
    /// What else the engine runs in it: the health check and the lifecycle hooks.
    pub hooks: Vec<Command>,
    /// Whether it says itself what its health check is, or that there is none, so that the image's does not count.
    pub own_health: bool,
    /// Whether its image is built from what was looked at, and nothing there is a known program or names one; or is known to
    /// run a server of its own.
    pub names_no_program: bool,
    /// Whether its image's base is one that is known to start as root, with an entrypoint that leaves it at that.
    pub has_root_base: bool,
    /// Whether the `flock` in it is BusyBox's, which cannot be told how long to wait.
    pub has_busybox_flock: bool,
    /// What scripts of the host copy to where it looks.
    pub host_copies: Vec<HostCopy>,
    /// What its command, entrypoint and hooks were seen to run.
    pub script: Script,
    /// What belongs to it and could not be looked at, each as a clause.
    pub unseen: Vec<Unseen>,
    /// The parts of its description that are left out.
    pub mistakes: Vec<MistakenPart>,
    /// The files with variables of its environment that are not there: they set nothing that `env` has.
    pub missing_env_files: Vec<Unseen>,
    /// Why its mounts may not be all that it has: one of the texts of `unseen`.
    pub unseen_mounts: Option<Unseen>,
    /// That people work in it, whatever it runs by itself.
    pub workplace: Option<Box<Workplace>>,
    /// The user, `uid`, `uid:gid` or a name; `None` where the image's own is used.
    pub user: Option<Value>,
    /// What that user may do short of the usual, or beyond it.
    pub rights: Rights,
    /// The working directory; `None` where the image's own is used.
    pub working_dir: Option<Value>,
    /// Whether a terminal is allocated.
    pub tty: Option<Flag>,
    /// Whether standard input is kept open.
    pub stdin_open: Option<Flag>,
    /// Whether the container's own filesystem is mounted read-only.
    pub read_only: bool,
    /// Labels by name.
    pub labels: BTreeMap<String, Label>,
    /// What the configuration says in place of a label, by the label's name: weaker than the label itself.
    pub declared: BTreeMap<String, Label>,
    /// Environment by name; a later source has already won.
    pub env: BTreeMap<String, EnvVar>,
    /// Mounts, each target once, in no particular order.
    pub mounts: Vec<Mount>,
    /// The containers of other projects whose mounts it takes too, by their names, each perhaps with `:ro` or `:rw`.
    pub lenders: Vec<Value>,
    /// What a look at it shows, or for one that is planned, a look at the host that it would run on; `None` where
    /// nothing but a file describes it.
    pub live: Option<Box<Live>>,
}

/// What is built of an image with the build arguments that a command of the host gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtherBuild {
    /// The commands that are run meanwhile.
    pub installs: Vec<Invocation>,
    /// The command of the host.
    pub span: Span,
}

impl Container {
    /// What `PATH` is in its environment, with `${PATH}` for what its image says.
    pub fn search_path(&self) -> &str {
        match self.env.get("PATH").map(|variable| &variable.value) {
            Some(EnvValue::Set(value)) if !value.text.is_empty() => &value.text,
            _ => USUAL_PATH,
        }
    }

    /// Whether its number of two stands for any: how often a loop or a further call of a script starts it is not known.
    pub fn has_any_number(&self) -> bool {
        self.start.is_some() && self.replicas == 2 && self.shown_replicas.is_none()
    }

    /// Its project and name.
    pub fn container_id(&self) -> ContainerId {
        ContainerId::new(self.project.as_deref(), &self.name)
    }

    /// Whether a devcontainer.json alone describes it.
    pub fn is_of_devcontainer(&self) -> bool {
        self.workplace.is_some() && self.project.is_none()
    }

    /// Whether it stands for the host's own user and is no container.
    pub fn is_host(&self) -> bool {
        self.live.as_ref().is_some_and(|live| live.is_host)
    }

    /// What it stays called when it is started again.
    pub fn lasting_name(&self) -> &str {
        self.recurring_name.as_ref().or(self.service.as_ref()).unwrap_or(&self.name)
    }

    /// What people are told that it is called: one name for all ways through a script to one start.
    pub fn told_name(&self) -> &str {
        self.way_of.as_ref().unwrap_or(&self.name)
    }

    /// The name that a script gives it, with `*` for what a variable tells; `None` where there is none, or one that is
    /// all of variables and tells nothing.
    pub fn name_of_start(&self) -> Option<String> {
        let given = self.given_name.as_ref().filter(|_| self.start.is_some())?;
        let masked = mask_variables(&given.shown.word(&given.text));
        masked.contains(|ch: char| ch.is_alphanumeric()).then_some(masked)
    }

    /// Whether it runs, rather than being planned.
    pub fn is_running(&self) -> bool {
        self.live.as_ref().is_some_and(|live| !live.is_planned)
    }

    /// The host that it runs on, where that is not the one that all is judged for.
    pub fn other_host(&self) -> Option<&str> {
        match &self.engine_host {
            EngineHost::Here => self.live.as_ref()?.host.as_deref(),
            EngineHost::Elsewhere(host) | EngineHost::Unclear(host) => Some(host),
        }
    }

    /// What the kernel shows of it; nothing where it could not be asked.
    pub fn shown(&self) -> &KernelFacts {
        self.live.as_ref().map_or(&NOTHING_SHOWN, |live| live.shown())
    }

    /// What the kernel shows of it; `None` where it could not be asked.
    pub fn kernel(&self) -> Option<&KernelFacts> {
        self.live.as_ref()?.kernel.as_ref()
    }

    /// What the engine tells of it; nothing where none has it.
    pub fn engine(&self) -> &EngineFacts {
        self.live.as_ref().map_or(&NOTHING_TOLD, |live| &live.engine)
    }

    /// The same, to be filled in.
    pub fn engine_mut(&mut self) -> &mut EngineFacts {
        &mut self.live.get_or_insert_default().engine
    }

    /// Notes what could not be looked at, as a clause.
    pub fn add_gap(&mut self, what: impl Into<String>) {
        self.unseen.push(Unseen { what: what.into(), span: Span::default() });
    }

    /// The mount that a path is on, and the rest of the path below it.
    pub fn mount_holding<'p>(&self, path: &'p str) -> Option<(&Mount, &'p str)> {
        upward(path).find_map(|above| {
            let mount = self.mounts.iter().find(|mount| mount.target.text == above)?;
            Some((mount, split_below(path, above)?))
        })
    }
}

/// A text with `*` in the place of each `${VARIABLE}`, with all that stands between its braces.
fn mask_variables(text: &str) -> String {
    let mut masked = String::new();
    let mut depth = 0_usize;
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '$' if letters.peek() == Some(&'{') => {
                letters.next();
                depth += 1;
                if depth == 1 {
                    masked.push('*');
                }
            }
            '}' if depth > 0 => depth -= 1,
            letter if depth == 0 => masked.push(letter),
            _ => {}
        }
    }
    masked
}

/// Whether a user is root: uid 0 or the name.
pub fn is_root(user: &Value) -> bool {
    matches!(user.text.split(':').next(), Some("0" | "root"))
}

/// What a container's user may do short of the usual, or beyond it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rights {
    /// Whether it is in further groups (`group_add`).
    pub more_groups: bool,
    /// Whether even root may not write where permissions say otherwise: `CAP_DAC_OVERRIDE` is taken away.
    pub no_override: bool,
}

impl Rights {
    /// What the options of a container say: the groups and capabilities that are added, those that are dropped.
    pub fn of(groups: usize, added: &[String], dropped: &[String], privileged: bool) -> Self {
        let named = |all: &[String]| {
            let plain = |name: &String| name.to_ascii_uppercase();
            all.iter().map(plain).any(|name| matches!(name.trim_start_matches("CAP_"), "ALL" | "DAC_OVERRIDE"))
        };
        Self { more_groups: groups > 0, no_override: named(dropped) && !named(added) && !privileged }
    }
}

/// A port of the host that a container takes as it starts, so that no other one can (Compose spec, "ports").
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HostPort {
    /// The port.
    pub number: u16,
    /// `tcp`, `udp` or `sctp`.
    pub protocol: String,
    /// The address of the host, as it is written; `None` for all of them.
    pub address: Option<IpAddr>,
}

/// Whose engine starts a container.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum EngineHost {
    /// That of the host that all is judged for.
    #[default]
    Here,
    /// One of another host, by what is shown of its address or context.
    Elsewhere(String),
    /// Whether it is this host's is not known: what is shown of the text that says it.
    Unclear(String),
}

/// How the containers of a service are spread over the hosts of a cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spread {
    /// Whether there is one on each host, however many there are.
    pub is_global: bool,
    /// Where that is written.
    pub span: Span,
}

/// A command that starts a container (`docker run`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Start {
    /// Whether it is only on some ways through its script that it is started.
    pub possible: bool,
    /// What stands for the container's id in the script that keeps what the command prints.
    pub id: Option<String>,
    /// The command's first word.
    pub span: Span,
}

/// How an image is built (Compose spec, "build").
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Build {
    /// The context: a directory of the host, clean and absolute, or a URL.
    pub context: Option<Value>,
    /// The Dockerfile, below the context where it is relative.
    pub dockerfile: Option<Value>,
    /// The Dockerfile's text (`dockerfile_inline`).
    pub inline: Option<Value>,
    /// The stage.
    pub target: Option<Value>,
    /// What further names in the Dockerfile stand for (`additional_contexts`).
    pub contexts: BTreeMap<String, Value>,
    /// The files of the host that it is lent (`secrets`), by their ids.
    pub secrets: BTreeMap<String, Value>,
    /// Where it is written.
    pub span: Span,
}

/// Something that belongs to a container and could not be looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unseen {
    /// What, and why not, as a clause.
    pub what: String,
    /// Where it is named.
    pub span: Span,
}

/// A boolean with where it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flag {
    /// The value.
    pub on: bool,
    /// Where it is written.
    pub span: Span,
}

impl Flag {
    /// One that no file says, where it is on.
    pub fn where_on(on: bool) -> Option<Self> {
        on.then(|| Self { on, span: Span::default() })
    }
}

/// Words to run, after Compose's splitting of a string.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Command {
    /// The words. Empty where the image's own is explicitly taken away.
    pub words: Vec<Value>,
    /// Where the whole is written.
    pub span: Span,
}

/// A label's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// The value. Apart, since a map has room for eleven where it holds one.
    pub value: Box<Value>,
    /// Where the label is written, name and value.
    pub span: Span,
}

impl Label {
    /// One with its place.
    pub fn new(value: Value, span: Span) -> Self {
        Self { value: Box::new(value), span }
    }

    /// One that no file says.
    pub fn unplaced(text: impl Into<String>) -> Self {
        Self::new(Value::known(text, None), Span::default())
    }
}
