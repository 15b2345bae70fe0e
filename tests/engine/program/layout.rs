//! What a layout is: its services, its files, the logins in it, what happens before the calls, and what is known of it.
//! In texts of it `@folder` is the folder that all of it is in, `@state` the one of the shared login.

/// The versions of the program: before the lock inside the directory, with that lock alone, with both.
pub(crate) const OLD: &str = "2.1.128";
pub(crate) const MID: &str = "2.1.139";
pub(crate) const NEW: &str = "2.1.332";

/// The home of all containers.
pub(crate) const HOME: &str = "/home/agent";
/// The shared login's directory where the program looks.
pub(crate) const SHARED: &str = "@state/.claude:/home/agent/.claude";

/// A layout.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    pub(crate) name: String,
    /// How often the token was posted when it was measured.
    pub(crate) count: usize,
    pub(crate) services: Vec<Service>,
    /// Whether there is a volume `home`.
    pub(crate) has_volume: bool,
    /// Files below the folder; what begins with `#!` may be run.
    pub(crate) files: Vec<(String, String)>,
    pub(crate) logins: Vec<Login>,
    pub(crate) before: Vec<Before>,
    /// Why nothing is refreshed, where that is so.
    pub(crate) cause: Option<Cause>,
    /// Whether only `--compare-identities` can see that two logins are one.
    pub(crate) is_clone: bool,
    /// What no file tells, so that `check` may say the worse.
    pub(crate) hidden_from_files: Option<&'static str>,
}

/// A service of the compose file.
#[derive(Debug, Clone)]
pub(crate) struct Service {
    pub(crate) name: &'static str,
    pub(crate) image: Image,
    /// What follows the image, line by line, such as `command: [bash, /work.sh]`.
    pub(crate) lines: Vec<String>,
    pub(crate) mounts: Vec<String>,
    pub(crate) environment: Vec<String>,
}

/// How the program is installed.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Image {
    /// As npm does; the tag is the version.
    Npm(&'static str),
    /// As the native installer does; the last one is the one that runs.
    Native(Vec<&'static str>),
    /// By the package for Python of that version, which brings a copy.
    Sdk(&'static str),
    /// The same beside npm's.
    SdkBesideNpm(&'static str, &'static str),
    /// As npm does, with a state directory that is a link to `/data`.
    Linked(&'static str),
}

/// A file with a login in it.
#[derive(Debug, Clone)]
pub(crate) struct Login {
    pub(crate) place: LoginPlace,
    /// Which of the made-up logins it is.
    pub(crate) identity: char,
}

#[derive(Debug, Clone)]
pub(crate) enum LoginPlace {
    /// Below the layout's folder.
    Folder(&'static str),
    /// In the volume `home`.
    Volume(&'static str),
}

/// What happens once the containers are up and before they call the program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Before {
    /// The shared directory is given to the user 1000.
    Own,
    /// Everybody may read the login.
    OpenLogin,
    /// A lock of the program stands there, dated so many seconds from now.
    LeaveLock(i64),
    /// Somebody calls this in each container, from outside.
    Call(&'static str),
}

/// Why nothing is refreshed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cause {
    /// The environment stops it.
    Environment,
    /// A rule names it.
    Rule(&'static str),
    /// The same, where only a look at what runs can see it.
    RuleOfRunning(&'static str),
    /// There is no login where the version looks.
    NoLogin,
    /// Nobody calls the program.
    NoCall,
}

impl Layout {
    pub(crate) fn new(name: &str, count: usize, services: Vec<Service>) -> Self {
        let login = Login { place: LoginPlace::Folder("state/.claude/.credentials.json"), identity: 'a' };
        Self {
            name: name.replace('.', ""),
            count,
            services,
            has_volume: false,
            files: Vec::new(),
            logins: vec![login],
            before: Vec::new(),
            cause: None,
            is_clone: false,
            hidden_from_files: None,
        }
    }

    pub(crate) fn file(mut self, path: &str, text: impl Into<String>) -> Self {
        self.files.push((path.to_owned(), text.into()));
        self
    }

    pub(crate) fn login(mut self, place: LoginPlace, identity: char) -> Self {
        self.logins.push(Login { place, identity });
        self
    }

    /// The login is in the volume, at this path.
    pub(crate) fn in_volume(mut self, path: &'static str) -> Self {
        self.has_volume = true;
        self.login(LoginPlace::Volume(path), 'a')
    }

    pub(crate) fn before(mut self, before: Before) -> Self {
        self.before.push(before);
        self
    }

    pub(crate) fn because(mut self, cause: Cause) -> Self {
        self.cause = Some(cause);
        self
    }

    pub(crate) fn hidden(mut self, what: &'static str) -> Self {
        self.hidden_from_files = Some(what);
        self
    }
}

impl Service {
    /// One that runs a script of the project.
    pub(crate) fn of_script(name: &'static str, image: Image, script: &str) -> Self {
        let mount = format!("./{script}:/work.sh:ro");
        let lines = vec!["command: [bash, /work.sh]".to_owned()];
        Self { name, image, lines, mounts: vec![mount], environment: Vec::new() }
    }

    pub(crate) fn new(name: &'static str, image: Image, line: &str) -> Self {
        Self { name, image, lines: vec![line.to_owned()], mounts: Vec::new(), environment: Vec::new() }
    }

    pub(crate) fn mount(mut self, mount: impl Into<String>) -> Self {
        self.mounts.push(mount.into());
        self
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push(format!("{name}: {value:?}"));
        self
    }

    pub(crate) fn line(mut self, line: impl Into<String>) -> Self {
        self.lines.push(line.into());
        self
    }
}

/// Waits until all are up, calls the program once, stays.
pub(crate) const LOOP: &str = "\
#!/bin/bash
until [ -e /go/go ]; do sleep 0.1; done
while :; do
  claude -p hi
  sleep 600
done
";

/// The same with another call.
pub(crate) fn looping(call: &str) -> String {
    LOOP.replace("claude -p hi", call)
}

/// Two services that run the script `work.sh`, each with the mounts.
pub(crate) fn two(name: &str, count: usize, versions: [&'static str; 2], mounts: &[&str]) -> Layout {
    let service = |name, version| {
        let service = Service::of_script(name, Image::Npm(version), "work.sh");
        mounts.iter().fold(service, |service, mount| service.mount(*mount))
    };
    let services = vec![service("a", versions[0]), service("b", versions[1])];
    Layout::new(name, count, services).file("proj/work.sh", LOOP)
}

/// The same with something changed in both services.
pub(crate) fn both(mut layout: Layout, change: impl Fn(Service) -> Service) -> Layout {
    layout.services = layout.services.into_iter().map(change).collect();
    layout
}

/// The same with something changed in the first or second service.
pub(crate) fn one(mut layout: Layout, at: usize, change: impl Fn(Service) -> Service) -> Layout {
    let service = layout.services[at].clone();
    layout.services[at] = change(service);
    layout
}

/// The same with another script in the place of `work.sh`.
pub(crate) fn script(mut layout: Layout, text: impl Into<String>) -> Layout {
    let text = text.into();
    layout.files.retain(|(path, _)| path != "proj/work.sh");
    layout.file("proj/work.sh", text)
}

/// Two services that call the program themselves, in no script.
pub(crate) fn direct(name: &str, count: usize, image: &Image, words: &str) -> Layout {
    let service = |name| Service::new(name, image.clone(), &format!("entrypoint: {words}")).mount(SHARED);
    Layout::new(name, count, vec![service("a"), service("b")])
}

/// The words of the simplest call.
pub(crate) const CALL: &str = "[claude, -p, hi]";
