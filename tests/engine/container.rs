//! One container: how it is started, and the talk with its first process.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use super::{Engine, docker, sweep};

/// What to start.
#[derive(Debug, Clone)]
pub(crate) struct Start {
    /// The container's name.
    pub(crate) name: String,
    /// Options of `docker run`.
    pub(crate) options: Vec<String>,
}

impl Start {
    pub(crate) fn new(name: &str) -> Self {
        Self { name: name.to_owned(), options: Vec::new() }
    }

    /// One of the tests' participants: it runs the program in batches, at the version that takes both locks.
    pub(crate) fn participant(name: &str) -> Self {
        Self::new(name).label("overlock.role", "batch").label("overlock.version", "2.1.330")
    }

    pub(crate) fn option(mut self, name: &str, value: &str) -> Self {
        self.options.extend([name.to_owned(), value.to_owned()]);
        self
    }

    pub(crate) fn label(self, name: &str, value: &str) -> Self {
        self.option("--label", &format!("{name}={value}"))
    }

    pub(crate) fn env(self, name: &str, value: &str) -> Self {
        self.option("--env", &format!("{name}={value}"))
    }

    /// A bind of a host path.
    pub(crate) fn bind(self, source: &std::path::Path, target: &str) -> Self {
        self.option("--mount", &format!("type=bind,source={},target={target}", source.display()))
    }
}

impl Engine {
    /// Starts a container and waits until it answers.
    pub(crate) fn start(&self, start: &Start) -> Probe {
        let mut probe = self.launch(start);
        probe.ready().unwrap_or_else(|error| panic!("{start:?}: {error}"));
        noted(&[&start.name]);
        probe
    }

    /// Begins to start a container. It is removed when what this returns goes away.
    pub(crate) fn launch(&self, start: &Start) -> Probe {
        // Without a network it starts sooner, and needs none.
        let label = format!("{}={}", sweep::LABEL, self.run);
        let mut child = Command::new("docker")
            .args([
                "run",
                "--interactive",
                "--rm",
                "--pull",
                "never",
                "--network",
                "none",
                "--label",
                &label,
                "--name",
                &start.name,
            ])
            .args(&start.options)
            .arg(&self.image)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (orders, answers) = (child.stdin.take(), BufReader::new(child.stdout.take().unwrap()));
        Probe { name: start.name.clone(), child, orders, answers, greeted: false }
    }
}

/// Waits until the engine knows that containers run. Their first process may answer before it has noted that, and then it
/// does not list them yet; to inspect one waits for the end of its start.
pub(crate) fn noted(names: &[&str]) {
    let states = docker(&[&["inspect", "--format", "{{.State.Running}}"], names].concat()).unwrap();
    assert!(states.lines().all(|state| state == "true"), "of {names:?} not all run: {states}");
}

/// The first process of a container, at the other end of `docker run`.
pub(crate) struct Probe {
    pub(crate) name: String,
    child: Child,
    orders: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    greeted: bool,
}

/// What the kernel refused: its number, and words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) number: i32,
    pub(crate) text: String,
}

impl Probe {
    /// Waits until it answers.
    pub(crate) fn ready(&mut self) -> Result<(), String> {
        if !self.greeted {
            self.answer().map_err(|refusal| refusal.text)?;
            self.greeted = true;
        }
        Ok(())
    }

    /// Gives an order and takes the answer.
    pub(crate) fn ask(&mut self, words: &[&str]) -> Result<Vec<String>, Refusal> {
        let line: Vec<String> = words.iter().map(|word| encoded(word)).collect();
        let orders = self.orders.as_mut().unwrap();
        // Where it is gone, the answer says why.
        let _ = orders.write_all(format!("{}\n", line.join("\t")).as_bytes());
        self.answer()
    }

    /// An order that must succeed.
    pub(crate) fn must(&mut self, words: &[&str]) -> Vec<String> {
        let answer = self.ask(words);
        answer.unwrap_or_else(|refusal| panic!("{}: {words:?}: {refusal:?}", self.name))
    }

    fn answer(&mut self) -> Result<Vec<String>, Refusal> {
        let mut line = String::new();
        let read = self.answers.read_line(&mut line).unwrap_or(0);
        if read == 0 {
            let mut said = String::new();
            let _ = self.child.stderr.take().map(|mut error| error.read_to_string(&mut said));
            return Err(Refusal { number: 0, text: format!("container {} is gone: {said}", self.name) });
        }
        let words: Vec<String> = line.trim_end_matches('\n').split('\t').map(decoded).collect();
        match words.as_slice() {
            [ok, rest @ ..] if ok == "ok" => Ok(rest.to_vec()),
            [_, number, text, ..] => Err(Refusal { number: number.parse().unwrap_or(0), text: text.clone() }),
            _ => Err(Refusal { number: 0, text: format!("no answer: {line}") }),
        }
    }

    /// Its first process, as the host numbers it.
    pub(crate) fn pid(&self) -> i32 {
        self.inspect("{{.State.Pid}}").parse().unwrap()
    }

    /// What the engine says of it.
    pub(crate) fn inspect(&self, format: &str) -> String {
        docker(&["inspect", "--format", format, &self.name]).unwrap()
    }

    /// Lets it end, and does not wait for that.
    pub(crate) fn dismiss(&mut self) {
        self.orders = None;
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        self.dismiss();
        // `docker run --rm` ends when the container is removed.
        let ended = self.child.wait();
        if !ended.is_ok_and(|status| status.success()) {
            let _ = docker(&["rm", "--force", "--volumes", &self.name]);
        }
        // The engine may list it for a moment more, and one that ends while it is looked at is told of.
        let name = format!("name=^{}$", self.name);
        while docker(&["ps", "--quiet", "--filter", &name]).is_ok_and(|listed| !listed.is_empty()) {
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
    }
}

fn encoded(word: &str) -> String {
    word.replace('%', "%25").replace('\t', "%09").replace('\n', "%0A").replace('\r', "%0D")
}

fn decoded(word: &str) -> String {
    word.replace("%09", "\t").replace("%0A", "\n").replace("%0D", "\r").replace("%25", "%")
}
