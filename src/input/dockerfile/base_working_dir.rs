//! The working directory of bases from elsewhere of which it is known. Uses `model`.

use crate::model::Value;

/// Official images of Docker Hub that set no working directory, so that it is `/`.
const AT_ROOT: [&str; 22] = [
    "almalinux",
    "alpine",
    "amazoncorretto",
    "amazonlinux",
    "archlinux",
    "buildpack-deps",
    "busybox",
    "centos",
    "debian",
    "eclipse-temurin",
    "elixir",
    "erlang",
    "fedora",
    "gcc",
    "maven",
    "node",
    "openjdk",
    "python",
    "rockylinux",
    "ruby",
    "rust",
    "ubuntu",
];

/// The working directory of an image from elsewhere, by its name; `None` where that is not known.
pub(super) fn base_working_dir(image: &str) -> Option<Value> {
    let name = image.split('@').next().unwrap_or_default();
    let name = ["docker.io/library/", "docker.io/", "library/"]
        .iter()
        .find_map(|start| name.strip_prefix(start))
        .unwrap_or(name);
    let name = name.split(':').next().unwrap_or_default();
    AT_ROOT.contains(&name).then(|| Value::known("/", None))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_official_images_are_known() {
        for image in ["node", "python:3.12-slim", "docker.io/library/debian:12", "ubuntu@sha256:00"] {
            assert!(base_working_dir(image).is_some(), "{image}");
        }
        for image in ["golang:1", "oven/bun:1", "ghcr.io/acme/node:22", "localhost:5000/node", "node-of-mine"] {
            assert!(base_working_dir(image).is_none(), "{image}");
        }
    }
}
