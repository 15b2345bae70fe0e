//! Layouts drawn at random: version, install, mount, lock, user and environment, each by itself.

use super::layout::{Before, Image, Layout, LoginPlace, MID, NEW, OLD, Service, looping};
use crate::oracle::dice::Dice;

/// How the login is mounted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum MountKind {
    Directory,
    Parent,
    Volume,
    ReadOnly,
    File,
}

/// What stands around a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Guard {
    None,
    Common,
    Private,
}

/// A layout that is the same for the same numbers; how often the token is posted follows from what was measured of each
/// part.
pub(super) fn layout(seed: u64, case: u64) -> Layout {
    let mut dice = Dice::of(seed, case);
    let mount = dice.pick(&[
        MountKind::Directory,
        MountKind::Directory,
        MountKind::Parent,
        MountKind::Volume,
        MountKind::ReadOnly,
        MountKind::File,
    ]);
    let guard = dice.pick(&[Guard::None, Guard::None, Guard::Common, Guard::Private]);
    // A lock cannot be made where nothing can be written, and what is behind it never runs.
    let guard = if mount == MountKind::ReadOnly && guard == Guard::Common { Guard::None } else { guard };
    let is_user = matches!(mount, MountKind::Directory | MountKind::Parent) && dice.once_in(3);
    let mut versions = Vec::new();
    let mut services = Vec::new();
    let mut refreshing = 0;
    for name in ["a", "b"] {
        let version = dice.pick(&[OLD, MID, NEW]);
        let image = if version == MID || dice.once_in(2) { Image::Npm(version) } else { Image::Native(vec![version]) };
        let mut service = Service::of_script(name, image, "work.sh");
        service = match mount {
            MountKind::Directory => service.mount(super::layout::SHARED),
            MountKind::Parent => service.mount("@state:/data/shared").env("CLAUDE_CONFIG_DIR", "/data/shared/.claude"),
            MountKind::Volume => service.mount("home:/home/agent/.claude"),
            MountKind::ReadOnly => service.mount(format!("{}:ro", super::layout::SHARED)),
            MountKind::File => service.mount("@state/.claude/.credentials.json:/home/agent/.claude/.credentials.json"),
        };
        if is_user {
            service = service.line("user: \"1000:1000\"");
        }
        let stops = match dice.below(6) {
            0 => {
                service = service.env("CLAUDE_CODE_OAUTH_TOKEN", "sk-ant-oat01-MADEUP");
                true
            }
            1 => {
                service = service.env("ANTHROPIC_API_KEY", "sk-ant-api03-MADEUP");
                false
            }
            2 => {
                service = service.env("CLAUDE_CODE_SIMPLE", "1");
                true
            }
            _ => false,
        };
        let stops = stops || mount == MountKind::ReadOnly && version != OLD;
        refreshing += usize::from(!stops);
        versions.push((version, stops));
        services.push(service);
    }
    let call = match guard {
        Guard::None => "claude -p hi",
        Guard::Common if mount == MountKind::Parent => "flock -w 600 /data/shared/session.lock claude -p hi",
        Guard::Common => "flock -w 600 ~/.claude/session.lock claude -p hi",
        Guard::Private => "flock -w 600 /tmp/session.lock claude -p hi",
    };
    let joined = guard == Guard::Common && !matches!(mount, MountKind::File | MountKind::ReadOnly)
        || mount != MountKind::File && have_common_lock(versions[0].0, versions[1].0, mount);
    let count = if refreshing < 2 || joined { refreshing.min(1) } else { 2 };
    let mut layout = Layout::new(&format!("drawn-{seed}-{case}"), count, services);
    layout = layout.file("proj/work.sh", looping(call));
    if mount == MountKind::Volume {
        layout.has_volume = true;
        layout = layout.login(LoginPlace::Volume(".credentials.json"), 'a');
    }
    if is_user { layout.before(Before::Own) } else { layout }
}

/// Whether two versions take a lock that both see.
fn have_common_lock(one: &str, other: &str, mount: MountKind) -> bool {
    let inside = |version: &str| version != OLD;
    let beside = |version: &str| version != MID && mount == MountKind::Parent;
    inside(one) && inside(other) || beside(one) && beside(other)
}
