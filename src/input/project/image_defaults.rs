//! The settings that a container takes over from its image: environment, user, command, labels, volumes; and what was
//! installed while the image was built. Uses `source::dockerfile` and `source::shell`.

use super::build_commands::BuildCommands;
use super::image_users::{ACCOUNTS, has_root_base, usual_home};
use super::official_images::hub_name;
use super::repository::Repository;
use crate::input::dockerfile::{BaseImage, BuildStep, Image};
use crate::model::{Command, Container, EnvValue, EnvVar, Mount, MountSource, Value, clean, home_given_to};
use crate::text::Span;

/// Fills in what the container leaves to its image.
pub(super) fn apply_image_defaults(
    container: &mut Container,
    image: &Image,
    commands: &BuildCommands,
    repository: &Repository<'_>,
) {
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
        container.entrypoint =
            image.entrypoint.clone().or_else(|| entrypoint_of_base(image, repository, container.span));
        container.command = container.command.take().or_else(|| image.command.clone());
    }
    let health = image.healthcheck.iter().filter(|health| !container.own_health && !health.words.is_empty());
    let health: Vec<Command> = health.filter(|health| !container.hooks.contains(health)).cloned().collect();
    container.hooks.extend(health);
    for path in image.volumes.iter().filter(|path| !path.is_symbolic()) {
        let target = clean(&path.text);
        if container.mounts.iter().all(|mount| mount.target.text != target) {
            container.mounts.push(anonymous_mount(path, target, container.span));
        }
    }
    container.installs.clone_from(&commands.calls);
    set_home(container, image);
    container.has_root_base = has_root_base(image);
    container.has_busybox_flock = has_busybox_flock(image, repository);
}

/// Packages that bring another `flock`, by words that stand for them.
const OTHER_FLOCK: [&str; 2] = ["util-linux", "flock"];

/// Whether an image has BusyBox's `flock` alone, as Alpine's have unless a package brings another one.
fn has_busybox_flock(image: &Image, repository: &Repository<'_>) -> bool {
    let BaseImage::Named(name) = &image.base else { return false };
    let tag = name.text.rsplit_once(':').map_or("", |(_, tag)| tag);
    let is_alpine = ["alpine", "busybox"].contains(&hub_name(&name.text)) || tag.contains("alpine");
    let brings_other = |step: &BuildStep| match step {
        BuildStep::Run(ran) => {
            let source = repository.sources.get(ran.span.file);
            let text = source.slice(ran.span);
            OTHER_FLOCK.iter().any(|word| text.contains(word))
        }
        BuildStep::Copy(_) | BuildStep::Unread(_) => false,
    };
    is_alpine && !image.steps.iter().any(|step| brings_other(step))
}

/// Of these bases those with an entrypoint, a script that ends in running its words.
const RUNNING_BASES: [&str; 5] = ["eclipse-temurin", "maven", "node", "oven/bun", "php"];
/// Where those scripts are.
const SCRIPT_FOLDERS: [&str; 4] = ["/", "/usr", "/usr/local", "/usr/local/bin"];

/// The entrypoint that an image has of a base of which it is known: none, or one that runs its words as they are. So it is
/// of an image that begins with nothing, and of official ones, unless something may have put another script in its place.
fn entrypoint_of_base(image: &Image, repository: &Repository<'_>, span: Span) -> Option<Command> {
    let is_known = match &image.base {
        BaseImage::Scratch => true,
        BaseImage::Named(name) if name.is_symbolic() || image.stored => false,
        BaseImage::Named(name) if RUNNING_BASES.contains(&hub_name(&name.text)) => {
            image.steps.iter().all(|step| leaves_entrypoint(step, repository))
        }
        BaseImage::Named(_) => has_root_base(image),
        BaseImage::Unread => false,
    };
    is_known.then(|| Command { words: Vec::new(), span })
}

fn leaves_entrypoint(step: &BuildStep, repository: &Repository<'_>) -> bool {
    let names_one = |span: Span| repository.sources.get(span.file).slice(span).contains("entrypoint");
    match step {
        BuildStep::Copy(copied) => {
            let target = copied.target.text.as_str();
            !copied.target.is_symbolic() && !SCRIPT_FOLDERS.contains(&target) && !names_one(copied.span)
        }
        BuildStep::Run(ran) => !names_one(ran.span),
        BuildStep::Unread(_) => false,
    }
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
    let made = container.installs.iter().rev().find_map(|call| Some((home_given_to(name, &call.argv)?, call.span)));
    let known = || Some((usual_home(image, name)?, user.span.unwrap_or(container.span)));
    if let Some((home, span)) = made.or_else(known) {
        let variable = EnvVar::new(EnvValue::set(Value::known(home, Some(span))), span);
        container.env.insert("HOME".to_owned(), variable);
    }
}

/// The user and the home of those who work in a container, where its image is one that says who that is, whatever a
/// Dockerfile on top of it says (the images of `devcontainers`, by their label `devcontainer.metadata`).
pub(super) fn apply_usual_worker(container: &mut Container, image: Option<&Image>) {
    let base = match image.map(|image| &image.base) {
        Some(BaseImage::Named(name)) => name.text.clone(),
        _ => container.image.as_ref().map(|image| image.text.clone()).unwrap_or_default(),
    };
    let name = base.split(['@', ':']).next().unwrap_or_default();
    let Some((_, last)) = name.rsplit_once('/').filter(|(from, _)| from.ends_with("mcr.microsoft.com/devcontainers"))
    else {
        return;
    };
    let known = ACCOUNTS.iter().find(|(image, ..)| *image == last).map_or("vscode", |(_, user, ..)| user);
    let span = container.span;
    let user = container.user.get_or_insert_with(|| Value::known(known, Some(span)));
    if user.text == known && !container.env.contains_key("HOME") {
        let home = Value::known(format!("/home/{known}"), None);
        container.env.insert("HOME".to_owned(), EnvVar::new(EnvValue::set(home), span));
    }
}

/// The home of a user of a container: of one that the image's build makes, or that the base is known to have.
pub(super) fn home_of_user(container: &Container, image: Option<&Image>, user: &str) -> Option<String> {
    let made = container.installs.iter().rev().find_map(|call| home_given_to(user, &call.argv));
    made.or_else(|| usual_home(image?, user))
}
