//! A host that is not there: an engine behind a socket that answers as a test wants, and a tree of files in place of /proc.

use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash, Hasher};
use std::io::{Read, Write};
use std::os::unix::fs::symlink;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::{Run, command, request, run};

/// How a request is answered.
#[derive(Clone)]
pub(crate) enum Answer {
    /// With this status and body.
    Say(u16, String),
    /// With so many bytes of it, after which the connection ends.
    Torn(String, usize),
    /// Never.
    Hang,
    /// One byte a second.
    Trickle(String),
}

impl Answer {
    pub(crate) fn json(body: &Value) -> Self {
        Self::Say(200, body.to_string())
    }

    pub(crate) fn give(&self, stream: &mut UnixStream) {
        let head = |status: u16, body: &str| {
            format!("HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n", body.len())
        };
        let _ = match self {
            Self::Say(status, body) => stream.write_all(format!("{}{body}", head(*status, body)).as_bytes()),
            Self::Torn(body, bytes) => stream.write_all(format!("{}{}", head(200, body), &body[..*bytes]).as_bytes()),
            // Ends when the other side does.
            Self::Hang => stream.read(&mut [0; 64]).map(drop),
            Self::Trickle(body) => {
                let whole = format!("{}{body}", head(200, body));
                let mut bytes = whole.as_bytes().chunks(1);
                bytes.try_for_each(|byte| {
                    thread::sleep(Duration::from_secs(1));
                    stream.write_all(byte)
                })
            }
        };
    }
}

/// Answers on a socket, each connection on a thread of its own: what is handed in gets the path with its query. Ends with
/// the test.
pub(crate) fn serve(directory: &Path, answer: impl Fn(&str, &mut UnixStream) + Send + Sync + 'static) -> String {
    let socket = directory.join("engine.sock");
    let listener = UnixListener::bind(&socket).unwrap();
    let answer = Arc::new(answer);
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let answer = Arc::clone(&answer);
            thread::spawn(move || {
                let Some(request) = request(&mut stream) else { return };
                let text = String::from_utf8_lossy(&request).into_owned();
                answer(text.split(' ').nth(1).unwrap(), &mut stream);
            });
        }
    });
    format!("unix://{}", socket.display())
}

/// A container as a test describes it.
#[derive(Clone)]
pub(crate) struct Fake {
    pub(crate) name: &'static str,
    /// The number of its first process; none where it is 0.
    pub(crate) pid: i32,
    pub(crate) words: &'static [&'static str],
    /// `bind:/source:/target` or `volume:NAME:/target`.
    pub(crate) mounts: &'static [&'static str],
    pub(crate) env: &'static [&'static str],
    /// In place of what an inspection would tell.
    pub(crate) inspection: Option<Answer>,
}

impl Fake {
    /// An id as engines make them.
    pub(crate) fn id(&self) -> String {
        self.name.bytes().map(|byte| format!("{byte:02x}")).collect::<String>().repeat(64)[..64].to_owned()
    }

    fn mounts(&self) -> Value {
        let one = |mount: &&str| {
            let [kind, source, target] = mount.split(':').collect::<Vec<_>>()[..] else { panic!("{mount}") };
            match kind {
                "bind" => json!({"Type": kind, "Source": source, "Destination": target, "RW": true}),
                _ => json!({"Type": kind, "Name": source, "Driver": "local", "Destination": target, "RW": true,
                    "Source": format!("/var/lib/docker/volumes/{source}/_data")}),
            }
        };
        self.mounts.iter().map(one).collect()
    }

    fn inspect(&self) -> Answer {
        if let Some(answer) = &self.inspection {
            return answer.clone();
        }
        let (program, arguments) = self.words.split_first().unwrap();
        Answer::json(&json!({
            "Id": self.id(), "Name": format!("/{}", self.name), "Path": program, "Args": arguments,
            "State": {"Running": true, "Pid": self.pid},
            "Config": {"Image": "i", "Env": self.env, "Labels": {"overlock.role": "batch"}},
            "HostConfig": {}, "Mounts": self.mounts(),
        }))
    }
}

/// The host.
pub(crate) struct FakeHost {
    directory: TempDir,
}

impl FakeHost {
    /// A host with its first process alone, whose files are below `root`.
    pub(crate) fn new() -> Self {
        let host = Self { directory: tempfile::tempdir().unwrap() };
        fs::create_dir_all(host.root().join("srv")).unwrap();
        host.process(1, "/init.scope", b"init\0", &host.root());
        fs::write(host.proc().join("stat"), "btime 1700000000\n").unwrap();
        fs::write(host.proc().join("1/mountinfo"), "30 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw\n").unwrap();
        host
    }

    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    pub(crate) fn proc(&self) -> PathBuf {
        self.path().join("proc")
    }

    pub(crate) fn root(&self) -> PathBuf {
        self.path().join("root")
    }

    /// Where the files of a container are: those of the host, where it binds all at the same path.
    pub(crate) fn files(&self, container: &Fake) -> PathBuf {
        let is_same = |mount: &&str| mount.split(':').nth(1) == mount.split(':').nth(2);
        let as_host = !container.mounts.is_empty() && container.mounts.iter().all(is_same);
        if as_host { self.root() } else { self.root().join("c").join(container.name) }
    }

    /// A process whose root is that directory.
    pub(crate) fn process(&self, pid: i32, cgroup: &str, cmdline: &[u8], root: &Path) {
        let directory = self.proc().join(pid.to_string());
        fs::create_dir_all(directory.join("ns")).unwrap();
        fs::create_dir_all(directory.join("fd")).unwrap();
        let name = if pid == 1 { "init" } else { "run" };
        let stat = format!(
            "{pid} ({name}) S 1 {pid} {pid} 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 987654 100 200 18446744073709551615 1 1 \
             0 0 0 0 0 4096 0 0 0 0 17 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n"
        );
        let cgroup = format!("0::{cgroup}\n");
        let texts = [("stat", stat.as_str()), ("cgroup", &cgroup), ("comm", name), ("status", ""), ("environ", "")];
        for (file, text) in texts {
            fs::write(directory.join(file), text).unwrap();
        }
        fs::write(directory.join("cmdline"), cmdline).unwrap();
        symlink(root, directory.join("root")).unwrap();
        symlink("/usr/bin/run", directory.join("exe")).unwrap();
        symlink(format!("pid:[{pid}]"), directory.join("ns/pid")).unwrap();
        let mut hasher = DefaultHasher::new();
        cgroup.hash(&mut hasher);
        symlink(format!("mnt:[{}]", hasher.finish()), directory.join("ns/mnt")).unwrap();
    }

    /// A container's first process and files: what it binds from `/srv` is the same on the host.
    pub(crate) fn start(&self, container: &Fake) {
        let files = self.files(container);
        let mut table = "100 90 0:50 / / rw,relatime - overlay overlay rw\n".to_owned();
        for (at, mount) in container.mounts.iter().enumerate() {
            let [_, source, target] = mount.split(':').collect::<Vec<_>>()[..] else { panic!("{mount}") };
            fs::create_dir_all(files.join(&target[1..])).unwrap();
            table += &format!("{} 100 8:1 {source} {target} rw - ext4 /dev/sda1 rw\n", 101 + at);
            let on_host = self.root().join(&source[1..]);
            if fs::symlink_metadata(&on_host).is_err() {
                fs::create_dir_all(on_host.parent().unwrap()).unwrap();
                symlink(format!("/c/{}{target}", container.name), on_host).unwrap();
            }
        }
        fs::create_dir_all(&files).unwrap();
        let words: Vec<u8> = container.words.iter().flat_map(|word| [word.as_bytes(), b"\0"].concat()).collect();
        self.process(container.pid, &format!("/docker/{}", container.id()), &words, &files);
        let process = self.proc().join(container.pid.to_string());
        fs::write(process.join("mountinfo"), table).unwrap();
        fs::write(process.join("environ"), container.env.join("\0")).unwrap();
    }

    /// An engine that runs these containers.
    pub(crate) fn engine(&self, containers: Vec<Fake>) -> String {
        serve(self.path(), Self::answers(containers))
    }

    /// What such an engine answers.
    pub(crate) fn answers(containers: Vec<Fake>) -> impl Fn(&str, &mut UnixStream) + Send + Sync + use<> {
        move |path, stream| {
            let path = path.split('?').next().unwrap();
            let of = |one: &&Fake| path == format!("/containers/{}/json", one.id());
            let listed =
                |one: &Fake| json!({"Id": one.id(), "Names": [format!("/{}", one.name)], "Mounts": one.mounts()});
            let answer = match containers.iter().find(of) {
                Some(container) => container.inspect(),
                None if path == "/containers/json" => Answer::json(&containers.iter().map(listed).collect()),
                None if path == "/volumes" => Answer::json(&json!({"Volumes": []})),
                None if path == "/info" => Answer::json(&json!({"Name": "fake", "DockerRootDir": "/var/lib/docker"})),
                None => Answer::Say(404, "{}".to_owned()),
            };
            answer.give(stream);
        }
    }

    /// Runs a command on it.
    pub(crate) fn run(&self, address: &str, arguments: &[&str]) -> Run {
        let proc = self.proc();
        let own = ["--host", address, "--proc", proc.to_str().unwrap()];
        run(command(self.path(), &[arguments, &own].concat()))
    }
}

/// The verdict on a container in a report.
pub(crate) fn verdict<'a>(report: &'a Value, name: &str) -> Option<&'a str> {
    let all = report["participants"].as_array().unwrap();
    all.iter().find(|one| one["container"] == name)?["verdict"].as_str()
}
