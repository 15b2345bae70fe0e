//! Starts a layout, lets its containers call the program, looks with overlock while they do, and counts.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant, SystemTime};

use serde_json::Value;

use super::super::audit::overlock;
use super::super::{Engine, USER, docker, must, output};
use super::endpoint::{self, Certificates, Endpoint};
use super::images::{Images, MadeImage};
use super::layout::{Before, Image, Layout, LoginPlace};
use super::project::Project;
use crate::harness::run;

/// How long is waited for the first calls, and how long for those that had to wait for others.
const FIRST: Duration = Duration::from_secs(30);
const REST: Duration = Duration::from_secs(30);
/// After so long without anything posted nothing more is expected.
const STILL: Duration = Duration::from_secs(9);

/// All that layouts are started with.
pub(super) struct Lab<'a> {
    engine: &'a Engine,
    compose: PathBuf,
    images: Images,
    endpoint: Endpoint,
}

/// A look with overlock.
pub(super) struct Look {
    pub(super) report: Value,
    project: String,
}

/// What came of a layout.
pub(super) struct Played {
    pub(super) name: String,
    /// How often the token that was posted most was posted.
    pub(super) count: usize,
    pub(super) seconds: f64,
    pub(super) check: Look,
    pub(super) preflight: Look,
    pub(super) audit: Look,
    pub(super) compared: Look,
}

impl Played {
    /// The looks that are to be right, each with its verb.
    pub(super) fn looks(&self) -> impl Iterator<Item = (&'static str, &Look)> {
        [("check", &self.check), ("preflight", &self.preflight), ("audit", &self.audit)].into_iter()
    }
}

impl Look {
    pub(super) fn participants(&self) -> Vec<&Value> {
        let own = |one: &&Value| one["project"] == self.project.as_str();
        self.report["participants"].as_array().unwrap().iter().filter(own).collect()
    }

    pub(super) fn breaches(&self) -> Vec<&Value> {
        let own = |one: &&Value| one["project"] == self.project.as_str();
        self.report["breaches"].as_array().unwrap().iter().filter(own).collect()
    }

    /// The verdicts of its participants in short.
    pub(super) fn verdicts(&self) -> String {
        let verdicts: Vec<&str> =
            self.participants().iter().map(|one| one["verdict"].as_str().unwrap_or_default()).collect();
        verdicts.join("/")
    }
}

/// A layout that is up; it is taken down with all that is its own.
pub(super) struct Up<'a> {
    lab: &'a Lab<'a>,
    pub(super) project: Project,
    /// The containers' names, and their addresses in the same order.
    containers: Vec<String>,
    addresses: Vec<String>,
    /// How much had been posted before.
    posted_before: usize,
}

impl Drop for Up<'_> {
    fn drop(&mut self) {
        let _ = output(self.lab.compose(&self.project).args(["down", "-v", "-t", "0"]));
        for address in &self.addresses {
            self.lab.endpoint.forget(address);
        }
    }
}

impl Up<'_> {
    fn posted(&self) -> Posted {
        Posted::of(&self.lab.endpoint.since(self.posted_before), &self.addresses, &self.project.name)
    }

    /// How often the token that was posted most was posted.
    pub(super) fn refreshes(&self) -> usize {
        self.posted().count
    }

    /// Waits until each container has sent a message, or nothing more comes, or it takes too long.
    fn wait(&self, most: Duration) {
        let started = Instant::now();
        let (mut events, mut last) = (0, Instant::now());
        while started.elapsed() < most {
            let now = self.posted();
            if now.senders.len() == self.addresses.len() {
                break;
            }
            if now.events != events {
                (events, last) = (now.events, Instant::now());
            }
            if events > 0 && last.elapsed() > STILL {
                break;
            }
            std::thread::sleep(Duration::from_millis(300));
        }
    }

    /// What `audit` says of its containers.
    pub(super) fn audit(&self, options: &[&str]) -> Look {
        let names: Vec<&str> = self.containers.iter().map(String::as_str).collect();
        self.look(overlock(&[&["audit", "--format", "json"], options, &names].concat()))
    }

    fn check(&self) -> Look {
        let file = self.project.compose_file();
        let words = ["check", "--format", "json", "-p", &self.project.name, file.to_str().unwrap()];
        self.look(crate::harness::command(&self.project.directory, &words))
    }

    fn preflight(&self) -> Look {
        let file = self.project.compose_file();
        self.look(overlock(&["preflight", "-p", &self.project.name, "--format", "json", file.to_str().unwrap()]))
    }

    fn look(&self, command: Command) -> Look {
        let run = run(command);
        assert!([0, 1, 3].contains(&run.status), "it ends with {}: {}{}", run.status, run.err, run.out);
        Look { report: run.json(), project: self.project.name.clone() }
    }
}

impl<'a> Lab<'a> {
    pub(super) fn new(engine: &'a Engine, compose: PathBuf) -> Result<Self, String> {
        let certificates = Certificates::new(engine);
        let images = Images::new(engine, &certificates.authority())?;
        let endpoint = Endpoint::start(engine, &certificates, &images.base())?;
        Ok(Self { engine, compose, images, endpoint })
    }

    fn compose(&self, project: &Project) -> Command {
        let mut command = Command::new(&self.compose);
        let version = docker(&["version", "--format", "{{.Server.APIVersion}}"]).unwrap_or_default();
        command.env("DOCKER_API_VERSION", version).args(["-p", &project.name, "--project-directory"]);
        command.arg(&project.directory).arg("-f").arg(project.compose_file());
        command.arg("-f").arg(project.folder.join("beside.json"));
        command
    }

    /// Starts a layout; its containers wait to be let begin.
    pub(super) fn start(&'a self, layout: &Layout, time: usize) -> Up<'a> {
        let name = self.engine.name(&format!("{}-{time}", layout.name));
        let wanted: BTreeSet<&Image> = layout.services.iter().map(|service| &service.image).collect();
        let made = |image: &Image| self.images.of(image).unwrap_or_else(|why| panic!("{name}: {why}"));
        let images: BTreeMap<Image, MadeImage> = wanted.into_iter().map(|image| (image.clone(), made(image))).collect();
        let folder = self.engine.directory(&layout.name);
        let project = Project::write(&name, folder, layout, &images, &self.endpoint);
        let (began, posted_before) = (SystemTime::now(), self.endpoint.length());
        let mut up = Up { lab: self, project, containers: Vec::new(), addresses: Vec::new(), posted_before };
        output(self.compose(&up.project).args(["up", "-d"])).unwrap_or_else(|why| panic!("{name}: {why}"));
        up.containers = containers_of(&name);
        let addresses = up.containers.iter().map(|container| endpoint::address(container, &self.endpoint.network));
        up.addresses = addresses.collect::<Result<_, _>>().unwrap_or_else(|why| panic!("{name}: {why}"));
        self.endpoint.group(&up.addresses, began);
        fill_volume(&up.project, layout);
        for before in &layout.before {
            carry_out(before, &up.project, &up.containers);
        }
        up
    }

    /// Starts a layout for the so-manieth time, and lets it do all that it does.
    pub(super) fn play(&'a self, layout: &Layout, time: usize) -> Played {
        let started = Instant::now();
        let up = self.start(layout, time);
        // A refresh makes two copies of one login two logins.
        let compared = up.audit(&["--compare-identities"]);
        up.project.begin();
        up.wait(FIRST);
        let (check, preflight, audit) = (up.check(), up.preflight(), up.audit(&[]));
        for address in &up.addresses {
            self.endpoint.let_go(address);
        }
        up.wait(REST);
        let (name, count) = (up.project.name.clone(), up.refreshes());
        Played { name, count, seconds: started.elapsed().as_secs_f64(), check, preflight, audit, compared }
    }
}

/// Puts the logins of a layout into its volume.
fn fill_volume(project: &Project, layout: &Layout) {
    for login in &layout.logins {
        let LoginPlace::Volume(path) = login.place else { continue };
        let volume = format!("{}_home", project.name);
        let directory = must("docker", &["volume", "inspect", "-f", "{{.Mountpoint}}", &volume]);
        let file = PathBuf::from(directory).join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, project.credentials(login)).unwrap();
    }
}

/// The names of a project's containers.
fn containers_of(project: &str) -> Vec<String> {
    let filter = format!("label=com.docker.compose.project={project}");
    let listed = must("docker", &["ps", "--filter", &filter, "--format", "{{.Names}}"]);
    let mut names: Vec<String> = listed.lines().map(str::to_owned).collect();
    names.sort();
    names
}

fn carry_out(before: &Before, project: &Project, containers: &[String]) {
    let state = project.state();
    match before {
        Before::Own => _ = must("chown", &["-R", &format!("{USER}:{USER}"), state.to_str().unwrap()]),
        Before::OpenLogin => {
            _ = must("chmod", &["644", state.join(".claude/.credentials.json").to_str().unwrap()]);
        }
        Before::LeaveLock(seconds) => {
            let lock = state.join(".claude/.oauth_refresh.lock");
            fs::create_dir(&lock).unwrap();
            let now = SystemTime::now();
            let by = Duration::from_secs(seconds.unsigned_abs());
            let time = if *seconds < 0 { now - by } else { now + by };
            fs::File::open(&lock).unwrap().set_modified(time).unwrap();
        }
        Before::Call(call) => {
            let call = format!("until [ -e /go/go ]; do sleep .1; done; exec {call}");
            for container in containers {
                must("docker", &["exec", "-d", container, "bash", "-c", &call]);
            }
        }
    }
}

/// What the containers of one layout posted.
struct Posted {
    /// Those that sent a message.
    senders: BTreeSet<String>,
    /// How often the token that was posted most was posted.
    count: usize,
    /// How much was posted or asked at all.
    events: usize,
}

impl Posted {
    fn of(lines: &[Value], addresses: &[String], name: &str) -> Self {
        let is_own =
            |line: &&Value| line["sender"].as_str().is_some_and(|sender| addresses.iter().any(|own| own == sender));
        let own: Vec<&Value> = lines.iter().filter(is_own).collect();
        let of = |event: &str| own.iter().filter(|line| line["event"] == event).copied().collect::<Vec<_>>();
        let senders = of("message").iter().filter_map(|line| line["sender"].as_str().map(str::to_owned)).collect();
        let mut tokens: BTreeMap<&str, usize> = BTreeMap::new();
        for token in of("refresh").iter().filter_map(|line| line["token"].as_str()).filter(|token| token.contains(name))
        {
            *tokens.entry(token).or_default() += 1;
        }
        Self { senders, count: tokens.values().copied().max().unwrap_or(0), events: own.len() }
    }
}
