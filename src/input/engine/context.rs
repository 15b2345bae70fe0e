//! Which engine is meant, with the precedence of the Docker CLI (docker/cli, cli/command/cli.go, resolveContextName):
//! `--context`, `--host`, `DOCKER_HOST`, `DOCKER_CONTEXT`, `currentContext` of its configuration, the usual socket.
//! Uses `address` and `error`; reads files and no environment but the one handed in.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::address::{self, Address};
use super::error::EngineError;
use super::options::{Options, Tls};
use crate::text::{ReadError, Reader};

/// The name of the context that stands for `DOCKER_HOST` and the TLS options.
const DEFAULT: &str = "default";
/// The largest file of the CLI that is read, in bytes, and how many contexts it may keep.
const MAX_BYTES: u64 = 4 << 20;
const MAX_CONTEXTS: usize = 10_000;

/// An engine's address and how to trust it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Endpoint {
    pub(super) address: Address,
    /// `None` for a connection without TLS.
    pub(super) tls: Option<Material>,
}

/// What TLS is made with. A file that is `None` was not asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Material {
    /// Whether the engine's certificate is looked at.
    pub(super) verify: bool,
    /// The only authorities that are trusted; the machine's own where there is none.
    pub(super) authorities: Option<PathBuf>,
    pub(super) certificate: Option<PathBuf>,
    pub(super) key: Option<PathBuf>,
}

/// The engine that the options and the environment name.
pub(super) fn endpoint(options: &Options) -> Result<Endpoint, EngineError> {
    let context = options.context.as_deref().filter(|name| !name.is_empty());
    if options.host.is_some() && context.is_some() {
        return Err(EngineError::HostAndContext);
    }
    let named = match context {
        Some(name) => Some(name.to_owned()),
        None if options.host.is_some() || variable(options, "DOCKER_HOST").is_some() => None,
        None => match variable(options, "DOCKER_CONTEXT") {
            Some(name) => Some(name.to_owned()),
            None => current(&directory(options))?,
        },
    };
    match named {
        Some(name) if name != DEFAULT => context_endpoint(&name, &directory(options)),
        _ => default_endpoint(options),
    }
}

/// A variable that is set and not empty.
pub(super) fn variable<'a>(options: &'a Options, name: &str) -> Option<&'a str> {
    options.environment.get(name).map(String::as_str).filter(|value| !value.is_empty())
}

/// Where the Docker CLI keeps its configuration.
fn directory(options: &Options) -> PathBuf {
    match variable(options, "DOCKER_CONFIG") {
        Some(directory) => PathBuf::from(directory),
        None => Path::new(variable(options, "HOME").unwrap_or("/")).join(".docker"),
    }
}

fn configuration(path: &Path, why: impl Into<String>) -> EngineError {
    EngineError::Configuration { path: path.to_owned(), why: why.into() }
}

/// The context that `docker context use` chose. The CLI warns of a file that it cannot read and goes on with the usual
/// socket; that would be a look at another engine than the one meant, so that here it is an error.
fn current(directory: &Path) -> Result<Option<String>, EngineError> {
    let path = directory.join("config.json");
    let text = match Reader::of_host().read(&path, MAX_BYTES) {
        Ok(text) => text,
        Err(ReadError::Absent) => return Ok(None),
        Err(error) => return Err(configuration(&path, error.to_string())),
    };
    if text.trim_ascii().is_empty() {
        return Ok(None);
    }
    // The parser's own message could repeat what the file holds, which may be a registry's password.
    let parsed: Value = serde_json::from_slice(&text).map_err(|error| {
        configuration(&path, format!("line {}, column {} is not JSON", error.line(), error.column()))
    })?;
    let name = parsed.get("currentContext").and_then(Value::as_str).unwrap_or_default();
    Ok(Some(name).filter(|name| !name.is_empty()).map(str::to_owned))
}

/// The `default` context (docker/cli, cli/flags/options.go, SetDefaultOptions, and resolveDefaultDockerEndpoint).
fn default_endpoint(options: &Options) -> Result<Endpoint, EngineError> {
    let tls = default_tls(options);
    let host = options.host.as_deref().or_else(|| variable(options, "DOCKER_HOST")).unwrap_or_default().trim();
    let host = if host.is_empty() && tls.is_some() { "tcp://localhost:2376" } else { host };
    with_tls(host, tls)
}

fn default_tls(options: &Options) -> Option<Material> {
    let Tls { on, verify, cacert, cert, key } = &options.tls;
    let verify_by_variable = variable(options, "DOCKER_TLS_VERIFY").is_some();
    // Given at all, `--tlsverify` turns TLS on, also as `--tlsverify=false`.
    if !(*on || verify.is_some() || verify_by_variable || variable(options, "DOCKER_TLS").is_some()) {
        return None;
    }
    let usual = match variable(options, "DOCKER_CERT_PATH") {
        Some(path) => PathBuf::from(path),
        None => directory(options),
    };
    // A client's certificate is left out where nobody gave one; the authorities are not, since anybody would be trusted.
    let given_or_there = |given: &Option<PathBuf>, name: &str| {
        given.clone().or_else(|| Some(usual.join(name)).filter(|path| Reader::of_host().kind(path).is_ok()))
    };
    Some(Material {
        verify: verify.unwrap_or(verify_by_variable),
        authorities: Some(cacert.clone().unwrap_or_else(|| usual.join("ca.pem"))),
        certificate: given_or_there(cert, "cert.pem"),
        key: given_or_there(key, "key.pem"),
    })
}

/// TLS is for TCP alone; `https` says by itself that it is wanted.
fn with_tls(host: &str, tls: Option<Material>) -> Result<Endpoint, EngineError> {
    let address = address::parse(host)?;
    let tls = match address {
        Address::Tcp { tls: true, .. } => Some(tls.unwrap_or(Material { verify: true, ..Material::default() })),
        Address::Tcp { .. } => tls,
        Address::Unix(_) | Address::Ssh { .. } => None,
    };
    Ok(Endpoint { address, tls })
}

/// A context of the CLI's store: `meta/ID/meta.json`, and its TLS files in `tls/ID/docker`. The id is a digest of the
/// name, but the name is in the file too.
fn context_endpoint(name: &str, directory: &Path) -> Result<Endpoint, EngineError> {
    let store = directory.join("contexts");
    let mut known = Vec::new();
    let mut unread = None;
    for folder in folders(&store.join("meta")) {
        let path = folder.join("meta.json");
        let text = Reader::of_host().read(&path, MAX_BYTES).ok();
        let Some(meta) = text.and_then(|text| serde_json::from_slice::<Value>(&text).ok()) else {
            unread = Some(path);
            continue;
        };
        let own = meta.get("Name").and_then(Value::as_str).unwrap_or_default();
        if own != name {
            known.push(own.to_owned());
            continue;
        }
        let Some(docker) = meta.pointer("/Endpoints/docker") else {
            return Err(configuration(&path, "the context names no Docker engine"));
        };
        let host = docker.get("Host").and_then(Value::as_str).unwrap_or_default();
        let skips = docker.get("SkipTLSVerify").and_then(Value::as_bool).unwrap_or_default();
        let files = folder.file_name().map(|id| store.join("tls").join(id).join("docker")).unwrap_or_default();
        return with_tls(host, context_tls(&files, !skips));
    }
    if let Some(path) = unread {
        let why = format!("it cannot be read as JSON, and it may be the context {name:?}");
        return Err(configuration(&path, why));
    }
    known.sort();
    let known = if known.is_empty() {
        "`docker context create` makes one".to_owned()
    } else {
        format!("there are {}, and `{DEFAULT}`", known.join(", "))
    };
    Err(EngineError::NoSuchContext { name: name.to_owned(), directory: store, known })
}

fn folders(directory: &Path) -> Vec<PathBuf> {
    let reader = Reader::of_host();
    let entries = reader.list(directory, MAX_CONTEXTS).into_iter().flatten();
    entries.map(|entry| directory.join(entry.name)).filter(|path| reader.is_directory(path)).collect()
}

/// A context's TLS files; none at all means a connection without TLS, unless it says not to verify one.
fn context_tls(files: &Path, verify: bool) -> Option<Material> {
    let there = |name: &str| Some(files.join(name)).filter(|path| Reader::of_host().kind(path).is_ok());
    let (authorities, certificate, key) = (there("ca.pem"), there("cert.pem"), there("key.pem"));
    let wanted = !verify || authorities.is_some() || certificate.is_some() || key.is_some();
    wanted.then_some(Material { verify, authorities, certificate, key })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn options(environment: &[(&str, &str)]) -> Options {
        let environment = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Options { environment, ..Options::default() }
    }

    /// A configuration with a context `far` over TLS, the current one, and a context `near`.
    fn config() -> tempfile::TempDir {
        let directory = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = directory.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write("config.json", r#"{"currentContext": "far", "auths": {}}"#);
        let far =
            r#"{"Name":"far","Metadata":{},"Endpoints":{"docker":{"Host":"tcp://far:2376","SkipTLSVerify":false}}}"#;
        write("contexts/meta/aa/meta.json", far);
        write("contexts/tls/aa/docker/ca.pem", "");
        let near = r#"{"Name":"near","Endpoints":{"docker":{"Host":"unix:///run/near.sock"}}}"#;
        write("contexts/meta/bb/meta.json", near);
        directory
    }

    #[test]
    fn the_docker_cli_would_ask_the_same_engine() {
        let directory = config();
        let config = directory.path().to_str().unwrap();
        let shown = |options: &Options| endpoint(options).unwrap().address.to_string();
        let current = options(&[("DOCKER_CONFIG", config)]);
        assert_eq!(shown(&current), "tcp://far:2376");
        let found = endpoint(&current).unwrap().tls.unwrap();
        let files = directory.path().join("contexts/tls/aa/docker");
        assert_eq!(found, Material { verify: true, authorities: Some(files.join("ca.pem")), ..Material::default() });

        let by_variable = options(&[("DOCKER_CONFIG", config), ("DOCKER_CONTEXT", "near")]);
        assert_eq!(shown(&by_variable), "unix:///run/near.sock");
        let both = options(&[("DOCKER_CONFIG", config), ("DOCKER_CONTEXT", "near"), ("DOCKER_HOST", "tcp://other")]);
        assert_eq!(shown(&both), "tcp://other:2375");
        assert_eq!(shown(&Options { context: Some("near".into()), ..both.clone() }), "unix:///run/near.sock");
        assert_eq!(shown(&Options { context: Some("default".into()), ..both.clone() }), "tcp://other:2375");
        assert_eq!(shown(&Options { host: Some("unix:///x".into()), ..both }), "unix:///x");
        assert_eq!(shown(&options(&[("DOCKER_CONFIG", "/nowhere")])), "unix:///var/run/docker.sock");
        assert_eq!(
            shown(&options(&[("DOCKER_CONFIG", config), ("DOCKER_CONTEXT", "default")])),
            "unix:///var/run/docker.sock"
        );
    }

    #[test]
    fn what_cannot_be_meant_is_told() {
        let directory = config();
        let config = directory.path().to_str().unwrap();
        let mut wrong = options(&[("DOCKER_CONFIG", config), ("DOCKER_CONTEXT", "naer")]);
        let told = endpoint(&wrong).unwrap_err().to_string();
        assert!(told.contains("\"naer\"") && told.contains("far, near"), "{told}");
        wrong.context = Some("near".into());
        wrong.host = Some(String::new());
        assert!(matches!(endpoint(&wrong), Err(EngineError::HostAndContext)));
        fs::write(directory.path().join("config.json"), "{\"auths\": hunter2}").unwrap();
        let told = endpoint(&options(&[("DOCKER_CONFIG", config)])).unwrap_err().to_string();
        assert!(told.contains("config.json") && told.contains("not JSON") && !told.contains("hunter2"), "{told}");
    }

    #[test]
    fn tls_is_asked_for_as_with_docker() {
        let plain = options(&[("DOCKER_HOST", "tcp://h:1")]);
        assert_eq!(endpoint(&plain).unwrap().tls, None);
        let path = [("DOCKER_HOST", "tcp://h:1"), ("DOCKER_CERT_PATH", "/certs")];
        assert_eq!(endpoint(&options(&path)).unwrap().tls, None);
        let verified = options(&[path[0], path[1], ("DOCKER_TLS_VERIFY", "1")]);
        let tls = endpoint(&verified).unwrap().tls.unwrap();
        assert_eq!((tls.verify, tls.authorities, tls.key), (true, Some(PathBuf::from("/certs/ca.pem")), None));
        let unverified = Options { tls: Tls { verify: Some(false), ..Tls::default() }, ..verified };
        assert!(!endpoint(&unverified).unwrap().tls.unwrap().verify);
        let nowhere = options(&[("DOCKER_TLS", "1"), ("HOME", "/h")]);
        assert_eq!(endpoint(&nowhere).unwrap().address.to_string(), "tcp://localhost:2376");
        assert!(endpoint(&options(&[("DOCKER_HOST", "https://h:1")])).unwrap().tls.unwrap().verify);
        let socket = options(&[("DOCKER_HOST", "unix:///s"), ("DOCKER_TLS_VERIFY", "1")]);
        assert_eq!(endpoint(&socket).unwrap().tls, None);
    }
}
