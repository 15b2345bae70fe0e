//! A layout as files: the compose file that `check` reads, and beside it what only the tests need: a network, the names
//! of the servers, the file that all wait for.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use super::endpoint::{Endpoint, NAMES};
use super::images::MadeImage;
use super::layout::{Image, Layout, Login, LoginPlace, Service};

/// The files of a layout that is to be started.
pub(super) struct Project {
    pub(super) name: String,
    /// All of it.
    pub(super) folder: PathBuf,
    /// What a person would have: the compose file and what it names.
    pub(super) directory: PathBuf,
}

impl Project {
    /// Writes them. `images` are the names of the images by how the program is installed.
    pub(super) fn write(
        name: &str,
        folder: PathBuf,
        layout: &Layout,
        images: &BTreeMap<Image, MadeImage>,
        endpoint: &Endpoint,
    ) -> Self {
        let project = Self { name: name.to_owned(), directory: folder.join("proj"), folder };
        for directory in ["proj", "go", "state/.claude"] {
            fs::create_dir_all(project.folder.join(directory)).unwrap();
        }
        for (path, text) in &layout.files {
            let mode = if text.starts_with("#!") { 0o755 } else { 0o644 };
            project.put(path, &project.filled(text), mode);
        }
        for login in &layout.logins {
            if let LoginPlace::Folder(path) = login.place {
                project.put(path, &project.credentials(login), 0o600);
            }
        }
        project.put("proj/compose.yaml", &project.compose(layout, images), 0o644);
        project.put("beside.json", &project.beside(layout, endpoint), 0o644);
        project
    }

    pub(super) fn put(&self, path: &str, text: &str, mode: u32) {
        let file = self.folder.join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, text).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
    }

    /// A login that has expired. No two that are started have one token.
    pub(super) fn credentials(&self, login: &Login) -> String {
        let stem = format!("{}-{}", self.name, login.identity);
        let login = json!({"claudeAiOauth": {
            "accessToken": format!("sk-ant-oat01-{stem}"),
            "refreshToken": format!("sk-ant-ort01-{stem}"),
            "expiresAt": 1_000_000_000_000_u64,
            "scopes": ["user:inference", "user:profile", "user:sessions:claude_code"],
            "subscriptionType": "max",
            "rateLimitTier": "default_claude_max_5x",
        }});
        login.to_string()
    }

    fn filled(&self, text: &str) -> String {
        let folder = self.folder.display().to_string();
        text.replace("@state", &format!("{folder}/state")).replace("@folder", &folder)
    }

    fn compose(&self, layout: &Layout, images: &BTreeMap<Image, MadeImage>) -> String {
        let mut text = "services:\n".to_owned();
        for service in &layout.services {
            let Service { name, image, lines, mounts, environment } = service;
            let made = &images[image];
            text.push_str(&format!("  {name}:\n    image: {}\n", made.name));
            // Of the others the tag tells the version.
            if !matches!(image, Image::Npm(_)) {
                text.push_str(&format!("    build: ./{name}\n"));
                self.put(&format!("proj/{name}/Dockerfile"), &made.dockerfile, 0o644);
            }
            for line in lines {
                text.push_str(&format!("    {line}\n"));
            }
            for (key, all) in [("environment", environment), ("volumes", mounts)] {
                if !all.is_empty() {
                    text.push_str(&format!("    {key}:\n"));
                }
                for one in all {
                    let mark = if key == "volumes" { "- " } else { "" };
                    text.push_str(&format!("      {mark}{one}\n"));
                }
            }
        }
        if layout.has_volume {
            text.push_str("volumes:\n  home: {}\n");
        }
        self.filled(&text)
    }

    fn beside(&self, layout: &Layout, endpoint: &Endpoint) -> String {
        let hosts: Vec<String> = NAMES.iter().map(|name| format!("{name}:{}", endpoint.address)).collect();
        let go = format!("{}/go:/go:ro", self.folder.display());
        let of_service = json!({"networks": ["lab"], "extra_hosts": hosts, "volumes": [go]});
        let services: Map<String, Value> =
            layout.services.iter().map(|service| (service.name.to_owned(), of_service.clone())).collect();
        let network = json!({"lab": {"external": true, "name": endpoint.network}});
        json!({"services": services, "networks": network}).to_string()
    }

    /// Lets the containers begin.
    pub(super) fn begin(&self) {
        fs::write(self.folder.join("go/go"), "").unwrap();
    }

    pub(super) fn compose_file(&self) -> PathBuf {
        self.directory.join("compose.yaml")
    }

    pub(super) fn state(&self) -> PathBuf {
        Path::new(&self.folder).join("state")
    }
}
