//! The token endpoint: a server on a network of its own that leads nowhere, with certificates of an authority that only
//! the images of this run trust.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use serde_json::Value;

use super::super::{Engine, docker, must, sweep};

const SERVER: &str = include_str!("token_endpoint.py");

/// The names that the program asks.
pub(super) const NAMES: [&str; 6] = [
    "platform.claude.com",
    "console.anthropic.com",
    "api.anthropic.com",
    "claude.ai",
    "claude.com",
    "statsig.anthropic.com",
];

/// How long the first post of a token is held for a second one once both programs were heard of, in seconds: shorter than
/// the program waits for a lock.
const HOLD: &str = "5";

/// The certificate authority: a file that the images are made with, and the server's own.
pub(super) struct Certificates {
    folder: PathBuf,
}

impl Certificates {
    pub(super) fn new(engine: &Engine) -> Self {
        let folder = engine.directory("endpoint");
        let path = |name: &str| folder.join(name).display().to_string();
        let (authority, authority_key) = (path("authority.pem"), path("authority.key"));
        let (server, server_key, request) = (path("server.pem"), path("server.key"), path("server.csr"));
        let new = ["req", "-newkey", "rsa:2048", "-nodes", "-keyout"];
        let own = [&authority_key, "-x509", "-days", "30", "-subj", "/CN=overlock", "-out", &authority];
        must("openssl", &[&new[..], &own].concat());
        let asked = [server_key.as_str(), "-subj", "/CN=platform.claude.com", "-out", &request];
        must("openssl", &[&new[..], &asked].concat());
        let names: Vec<String> = NAMES.iter().map(|name| format!("DNS:{name}")).collect();
        let extensions = path("extensions");
        fs::write(&extensions, format!("subjectAltName={}\nextendedKeyUsage=serverAuth\n", names.join(","))).unwrap();
        let signed = ["x509", "-req", "-in", &request, "-CA", &authority, "-CAkey", &authority_key, "-CAcreateserial"];
        must("openssl", &[&signed[..], &["-days", "30", "-extfile", &extensions, "-out", &server]].concat());
        fs::write(folder.join("token_endpoint.py"), SERVER).unwrap();
        Self { folder }
    }

    pub(super) fn authority(&self) -> PathBuf {
        self.folder.join("authority.pem")
    }
}

/// The server, as long as the run lasts.
pub(super) struct Endpoint {
    pub(super) network: String,
    pub(super) address: String,
    control: PathBuf,
}

impl Endpoint {
    pub(super) fn start(engine: &Engine, certificates: &Certificates, image: &str) -> Result<Self, String> {
        let label = format!("{}={}", sweep::LABEL, engine.run);
        let (network, name) = (engine.name("network"), engine.name("endpoint"));
        docker(&["network", "create", "--internal", "--label", &label, &network])?;
        let control = engine.directory("control");
        for directory in ["go", "group"] {
            fs::create_dir(control.join(directory)).unwrap();
        }
        let mounts =
            [format!("{}:/endpoint:ro", certificates.folder.display()), format!("{}:/control", control.display())];
        let run = [
            "run",
            "-d",
            "--label",
            &label,
            "--name",
            &name,
            "--network",
            &network,
            "-v",
            &mounts[0],
            "-v",
            &mounts[1],
        ];
        let server = [image, "python3", "-u", "/endpoint/token_endpoint.py", HOLD];
        docker(&[&run[..], &server].concat())?;
        let address = address(&name, &network)?;
        let endpoint = Self { network, address, control };
        let deadline = Instant::now() + Duration::from_secs(30);
        while endpoint.since(0).is_empty() {
            if Instant::now() > deadline {
                return Err(format!(
                    "the token endpoint does not start: {}",
                    docker(&["logs", &name]).unwrap_or_default()
                ));
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        Ok(endpoint)
    }

    /// How much of its log there is.
    pub(super) fn length(&self) -> usize {
        fs::metadata(self.log()).map_or(0, |file| usize::try_from(file.len()).unwrap())
    }

    /// What was posted since its log was as long as this.
    pub(super) fn since(&self, length: usize) -> Vec<Value> {
        let text = fs::read_to_string(self.log()).unwrap_or_default();
        let lines = text.get(length..).unwrap_or_default().lines();
        lines.filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    fn log(&self) -> PathBuf {
        self.control.join("log")
    }

    /// Lets the messages of a sender be answered from now on.
    pub(super) fn let_go(&self, sender: &str) {
        fs::write(self.held(sender), "").unwrap();
    }

    /// These belong together, since this time.
    pub(super) fn group(&self, senders: &[String], since: SystemTime) {
        let since = since.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs_f64();
        let text = format!("{since} {}", senders.join(" "));
        for sender in senders {
            fs::write(self.control.join("group").join(sender), &text).unwrap();
        }
    }

    /// The address is free for another.
    pub(super) fn forget(&self, sender: &str) {
        let _ = fs::remove_file(self.held(sender));
        let _ = fs::remove_file(self.control.join("group").join(sender));
    }

    fn held(&self, sender: &str) -> PathBuf {
        Path::new(&self.control).join("go").join(sender)
    }
}

/// A container's address in a network.
pub(super) fn address(container: &str, network: &str) -> Result<String, String> {
    docker(&["inspect", "-f", &format!("{{{{(index .NetworkSettings.Networks {network:?}).IPAddress}}}}"), container])
}
