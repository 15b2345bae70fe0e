//! The settings that a container takes over from its image: environment, user, command, labels, volumes; and what was
//! installed while the image was built. Uses `source::dockerfile` and `source::shell`.

use crate::input::dockerfile::{BaseImage, BuildStep, Image};
use crate::model::{Command, Container, EnvValue, EnvVar, Invocation, Mount, MountSource, Value, Word, clean};
use crate::text::{Sources, Span};

/// Fills in what the container leaves to its image.
pub(super) fn apply_image_defaults(container: &mut Container, image: &Image, sources: &Sources) {
    for (name, variable) in &image.env {
        container.env.entry(name.clone()).or_insert_with(|| variable.clone());
    }
    for (name, label) in &image.labels {
        container.labels.entry(name.clone()).or_insert_with(|| label.clone());
    }
    container.user = container.user.take().or_else(|| image.user.clone());
    container.working_dir = container.working_dir.take().or_else(|| image.working_dir.clone());
    // An entrypoint of its own takes the image's command away (Compose spec, "entrypoint").
    if container.entrypoint.is_none() {
        container.entrypoint = image.entrypoint.clone().or_else(|| scratch_entrypoint(image, container.span));
        container.command = container.command.take().or_else(|| image.command.clone());
    }
    let health = image.healthcheck.iter().filter(|health| !container.own_health && !health.words.is_empty());
    container.hooks.extend(health.cloned());
    for path in image.volumes.iter().filter(|path| !path.is_symbolic()) {
        let target = clean(&path.text);
        if container.mounts.iter().all(|mount| mount.target.text != target) {
            container.mounts.push(anonymous_mount(path, target, container.span));
        }
    }
    let ran = image.steps.iter().filter_map(|step| match step.as_ref() {
        BuildStep::Run(ran) => Some(ran),
        BuildStep::Copy(_) | BuildStep::Unread(_) => None,
    });
    container.installs = ran.flat_map(|ran| ran.build_calls(sources).iter().cloned()).collect();
    set_home(container, image);
}

/// An image that begins with nothing has no entrypoint but its own.
fn scratch_entrypoint(image: &Image, span: Span) -> Option<Command> {
    (image.base == BaseImage::Scratch).then(|| Command { words: Vec::new(), span })
}

fn anonymous_mount(path: &Value, target: String, span: Span) -> Mount {
    let span = path.span.unwrap_or(span);
    Mount::new(Value::known(target, path.span), MountSource::Anonymous, span)
}

/// Sets the home of the user that the container starts as. The engine sets `HOME` where nothing else does.
fn set_home(container: &mut Container, image: &Image) {
    let Some(user) = container.user.as_ref().filter(|user| !user.is_symbolic() && !container.env.contains_key("HOME"))
    else {
        return;
    };
    let name = user.text.split(':').next().unwrap_or("");
    let made = container.installs.iter().find_map(|call| created_home(call, name).map(|home| (home, call.span)));
    let known = || Some((usual_home(image, name)?, user.span.unwrap_or(container.span)));
    if let Some((home, span)) = made.or_else(known) {
        let variable = EnvVar::new(EnvValue::Set(Value::known(home, Some(span))), span);
        container.env.insert("HOME".to_owned(), variable);
    }
}

/// The home of a user of a container: of one that the image's build makes, or that the base is known to have.
pub(super) fn home_of_user(container: &Container, image: Option<&Image>, user: &str) -> Option<String> {
    let made = container.installs.iter().rev().find_map(|call| created_home(call, user));
    made.or_else(|| usual_home(image?, user))
}

/// Accounts of well-known images, by the last component of the image's name: the user, the number, the home.
const ACCOUNTS: [(&str, &str, &str, &str); 12] = [
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
fn usual_home(image: &Image, user: &str) -> Option<String> {
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

/// The home that a command gives to a user as it makes it (useradd(8), Debian's and busybox's adduser).
fn created_home(call: &Invocation, user: &str) -> Option<String> {
    let (program, words) = call.argv.split_first()?;
    let name = program.rsplit('/').next().unwrap_or(program);
    if !matches!(name, "useradd" | "adduser") {
        return None;
    }
    let (home_options, uid_options) = match name {
        "useradd" => (["-d", "--home-dir", "--home"], ["-u", "--uid"]),
        // To busybox -h is the home; Debian's has --home.
        _ => (["-h", "--home", "--home-dir"], ["-u", "--uid"]),
    };
    let (mut home, mut uid, mut last) = (None, None, None);
    let mut rest = words.iter();
    while let Some(word) = rest.next() {
        let (option, own) = match word.split_once('=') {
            Some((option, value)) if option.starts_with("--") => (option, Some(value.to_owned())),
            _ => (&**word, None),
        };
        let mut value = || own.clone().or_else(|| rest.next().map(Word::to_string));
        match option {
            _ if home_options.contains(&option) => home = value(),
            _ if uid_options.contains(&option) => uid = value(),
            "-s" | "--shell" | "-g" | "--gid" | "-G" | "--groups" | "-c" | "--comment" | "--gecos" | "-k" | "-e"
            | "-f" | "-b" | "-K" | "-p" | "-r"
                if option != "-r" =>
            {
                _ = value();
            }
            "--ingroup" => _ = value(),
            _ if option.starts_with('-') => {}
            _ => last = Some(&**word),
        }
    }
    let made = last.filter(|made| *made == user || uid.as_deref() == Some(user))?;
    let home = home.unwrap_or_else(|| format!("/home/{made}"));
    home.starts_with('/').then_some(home)
}
