//! Who images are known to run as, and where these users' homes are. Uses `official_images` and `dockerfile`.

use super::official_images::hub_name;
use crate::input::dockerfile::{BaseImage, Image, RunStep};
use crate::model::{Invocation, home_given_to};

/// Official images that start as root, and whose entrypoints leave the user as it is.
const ROOT_BASES: [&str; 24] = [
    "almalinux",
    "alpine",
    "amazoncorretto",
    "amazonlinux",
    "archlinux",
    "buildpack-deps",
    "busybox",
    "debian",
    "eclipse-temurin",
    "fedora",
    "golang",
    "gradle",
    "julia",
    "maven",
    "node",
    "openjdk",
    "oven/bun",
    "perl",
    "php",
    "python",
    "rockylinux",
    "ruby",
    "rust",
    "ubuntu",
];

pub(super) fn has_root_base(image: &Image) -> bool {
    let BaseImage::Named(name) = &image.base else { return image.base == BaseImage::Scratch };
    ROOT_BASES.contains(&hub_name(&name.text))
}

/// Accounts of well-known images, by the last component of the image's name: the user, the number, the home.
pub(super) const ACCOUNTS: [(&str, &str, &str, &str); 12] = [
    ("node", "node", "1000", "/home/node"),
    ("javascript-node", "node", "1000", "/home/node"),
    ("typescript-node", "node", "1000", "/home/node"),
    ("ubuntu", "ubuntu", "1000", "/home/ubuntu"),
    ("bun", "bun", "1000", "/home/bun"),
    ("base", "vscode", "1000", "/home/vscode"),
    ("universal", "codespace", "1000", "/home/codespace"),
    ("python", "vscode", "1000", "/home/vscode"),
    ("go", "vscode", "1000", "/home/vscode"),
    ("rust", "vscode", "1000", "/home/vscode"),
    ("playwright", "pwuser", "1001", "/home/pwuser"),
    ("base-notebook", "jovyan", "1000", "/home/jovyan"),
];

/// The home of an account that an image's base is known to have.
pub(super) fn usual_home(image: &Image, user: &str) -> Option<String> {
    let BaseImage::Named(name) = &image.base else { return None };
    let name = name.text.split(['@', ':']).next().unwrap_or_default();
    let (from, last) = name.rsplit_once('/').unwrap_or(("", name));
    let known = |account: &&(&str, &str, &str, &str)| {
        let (image, name, number, _) = account;
        // Microsoft's images share their names with others.
        last == *image && [name, number].contains(&&user) && (*name != "vscode" || from.ends_with("devcontainers"))
    };
    ACCOUNTS.iter().find(known).map(|(_, _, _, home)| (*home).to_owned())
}

/// The home in which a RUN works, where a word may mean another one later: that of the user of its line, which the build
/// sets HOME to. `before` are the commands that ran before it. One that is not known is asked for as a shell would.
pub(super) fn home_in_run(ran: &RunStep, image: &Image, before: &[Invocation]) -> Option<String> {
    if ran.env.contains_key("HOME") {
        return None;
    }
    let name = match &ran.user {
        Some(user) if user.is_symbolic() => return None,
        Some(user) => user.text.split(':').next().unwrap_or_default(),
        None if has_root_base(image) => "root",
        None => return None,
    };
    if matches!(name, "root" | "0") {
        return Some("/root".to_owned());
    }
    let made = before.iter().rev().find_map(|call| home_given_to(name, &call.argv));
    let is_last = image.user == ran.user;
    made.or_else(|| usual_home(image, name)).or_else(|| (!is_last).then(|| format!("$(echo ~{name})")))
}
