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
use crate::harness::{Run, run};

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
    fn of(run: &Run, project: &str) -> Self {
        assert!([0, 1, 3].contains(&run.status), "it ends with {}: {}{}", run.status, run.err, run.out);
        Self { report: run.json(), project: project.to_owned() }
    }

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

/// A project that is up; it is taken down with all that is its own.
struct Up<'a> {
    lab: &'a Lab<'a>,
    project: &'a Project,
    addresses: Vec<String>,
}

impl Drop for Up<'_> {
    fn drop(&mut self) {
        let _ = output(self.lab.compose(self.project).args(["down", "-v", "-t", "0"]));
        for address in &self.addresses {
            self.lab.endpoint.forget(address);
        }
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

    /// Starts a layout for the so-manieth time.
    pub(super) fn play(&self, layout: &Layout, time: usize) -> Played {
        let name = self.engine.name(&format!("{}-{time}", layout.name));
        let wanted: BTreeSet<&Image> = layout.services.iter().map(|service| &service.image).collect();
        let images: BTreeMap<Image, MadeImage> = wanted
            .into_iter()
            .map(|image| (image.clone(), self.images.of(image).unwrap_or_else(|why| panic!("{name}: {why}"))))
            .collect();
        let folder = self.engine.directory(&layout.name);
        let project = Project::write(&name, folder, layout, &images, &self.endpoint);
        let (started, began, posted_before) = (Instant::now(), SystemTime::now(), self.endpoint.length());
        let mut up = Up { lab: self, project: &project, addresses: Vec::new() };
        output(self.compose(&project).args(["up", "-d"])).unwrap_or_else(|why| panic!("{name}: {why}"));
        let containers = containers_of(&name);
        let addresses = containers.iter().map(|container| endpoint::address(container, &self.endpoint.network));
        up.addresses = addresses.collect::<Result<_, _>>().unwrap_or_else(|why| panic!("{name}: {why}"));
        self.endpoint.group(&up.addresses, began);
        self.fill_volume(&project, layout);
        for before in &layout.before {
            carry_out(before, &project, &containers);
        }
        let names: Vec<&str> = containers.iter().map(String::as_str).collect();
        // A refresh makes two copies of one login two logins.
        let compared = [&["audit", "--compare-identities", "--format", "json"], &names[..]].concat();
        let compared = Look::of(&run(overlock(&compared)), &name);
        project.begin();

        let posted = || Posted::of(&self.endpoint.since(posted_before), &up.addresses, &name);
        wait(FIRST, &posted, |posted| posted.senders.len() == up.addresses.len());
        let (check, preflight) = (self.check(&project), preflight(&project));
        let audit = Look::of(&run(overlock(&[&["audit", "--format", "json"], &names[..]].concat())), &name);
        up.addresses.iter().for_each(|address| self.endpoint.let_go(address));
        wait(REST, &posted, |posted| posted.senders.len() == up.addresses.len());
        let count = posted().count;
        drop(up);
        Played { name, count, seconds: started.elapsed().as_secs_f64(), check, preflight, audit, compared }
    }

    #[allow(clippy::unused_self, reason = "the same as the others")]
    fn check(&self, project: &Project) -> Look {
        let file = project.compose_file();
        let mut command =
            crate::harness::command(&project.directory, &["check", "--format", "json", "-p", &project.name]);
        Look::of(
            &run({
                command.arg(file);
                command
            }),
            &project.name,
        )
    }

    fn fill_volume(&self, project: &Project, layout: &Layout) {
        for login in &layout.logins {
            let LoginPlace::Volume(path) = login.place else { continue };
            let volume = format!("{}_home", project.name);
            let directory = must("docker", &["volume", "inspect", "-f", "{{.Mountpoint}}", &volume]);
            let file = PathBuf::from(directory).join(path);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(&file, project.credentials(login)).unwrap();
        }
    }
}

fn preflight(project: &Project) -> Look {
    let file = project.compose_file();
    let call = ["preflight", "-p", &project.name, "--format", "json", file.to_str().unwrap()];
    Look::of(&run(overlock(&call)), &project.name)
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

/// Waits until all is done, or nothing more comes, or it takes too long.
fn wait(most: Duration, posted: &dyn Fn() -> Posted, is_done: impl Fn(&Posted) -> bool) {
    let started = Instant::now();
    let (mut events, mut last) = (0, Instant::now());
    while started.elapsed() < most {
        let now = posted();
        if is_done(&now) {
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
