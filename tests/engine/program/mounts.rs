//! Layouts that differ by what is mounted, and where.

use super::layout::{
    Before, Cause, HOME, Image, LOOP, Layout, LoginPlace, MID, NEW, OLD, SHARED, Service, both, direct, one, script,
    two,
};

/// The directory above the login's, and where the variable says the program is to look.
const PARENT: &str = "@state:/data/shared";
const PARENT_STATE: &str = "/data/shared/.claude";
/// The login alone.
const FILE: &str = "@state/.claude/.credentials.json:/home/agent/.claude/.credentials.json";
const READ_ONLY: &str = "@state/.claude:/home/agent/.claude:ro";

pub(super) fn layouts() -> Vec<Layout> {
    let all = [directories(), parents(), files(), read_only(), volumes(), links(), identities(), users()];
    all.concat()
}

/// The state directory itself, by version.
fn directories() -> Vec<Layout> {
    let pairs = [
        ("new-new", 1, [NEW, NEW]),
        ("old-old", 2, [OLD, OLD]),
        ("old-new", 2, [OLD, NEW]),
        ("211", 2, ["2.1.1", "2.1.1"]),
        ("mid-mid", 1, [MID, MID]),
        ("mid-new", 1, [MID, NEW]),
        ("132-142", 1, ["2.1.132", "2.1.142"]),
    ];
    let layouts = pairs.map(|(pair, count, versions)| two(&format!("dirbind-{pair}"), count, versions, &[SHARED]));
    layouts.into()
}

fn parents() -> Vec<Layout> {
    let pairs = [
        ("old-old", 1, [OLD, OLD]),
        ("old-mid", 2, [OLD, MID]),
        ("old-new", 1, [OLD, NEW]),
        ("mid-new", 1, [MID, NEW]),
    ];
    let moved = |layout| both(layout, |service| service.env("CLAUDE_CONFIG_DIR", PARENT_STATE));
    let mut all: Vec<Layout> =
        pairs.map(|(pair, count, versions)| moved(two(&format!("parent-{pair}"), count, versions, &[PARENT]))).into();
    let at_two_paths = one(two("parent-old-old-difftarget", 1, [OLD, OLD], &[]), 0, |service| {
        service.mount(PARENT).env("CLAUDE_CONFIG_DIR", PARENT_STATE)
    });
    all.push(one(at_two_paths, 1, |service| {
        service.mount("@state:/srv/other").env("CLAUDE_CONFIG_DIR", "/srv/other/.claude")
    }));
    all.push(two("homebind-old-old", 1, [OLD, OLD], &["@state:/home/agent"]));
    all
}

fn files() -> Vec<Layout> {
    let beside_directory = one(two("credfile-one-dir-new", 2, [NEW, NEW], &[]), 0, |service| service.mount(SHARED));
    vec![
        two("credfile-new-new", 2, [NEW, NEW], &[FILE]),
        two("credfile-old-old", 2, [OLD, OLD], &[FILE]),
        one(beside_directory, 1, |service| service.mount(FILE)),
        both(direct("credfile-bedrock-enabled", 2, &Image::Npm(NEW), super::layout::CALL), |service| {
            without_directory(service).env("CLAUDE_CODE_USE_BEDROCK", "enabled")
        }),
        both(direct("credfile-oatoken-blank", 2, &Image::Npm(NEW), super::layout::CALL), |service| {
            without_directory(service).env("CLAUDE_CODE_OAUTH_TOKEN", " ")
        }),
    ]
}

fn without_directory(mut service: Service) -> Service {
    service.mounts = vec![FILE.to_owned()];
    service
}

fn read_only() -> Vec<Layout> {
    let saved_nowhere = Cause::Rule("read-only-share");
    let mut all = vec![
        two("ro-old-old", 2, [OLD, OLD], &[READ_ONLY]),
        two("ro-new-new", 0, [NEW, NEW], &[READ_ONLY]).because(saved_nowhere),
    ];
    for (name, count, version) in [("ro-one-old", 2, OLD), ("ro-one-new", 1, NEW)] {
        let layout = one(two(name, count, [version, version], &[]), 0, |service| service.mount(SHARED));
        all.push(one(layout, 1, |service| service.mount(READ_ONLY)));
    }
    for version in ["2.1.132", "2.1.139", "2.1.142", "2.1.252"] {
        all.push(two(&format!("ro-{version}"), 0, [version, version], &[READ_ONLY]).because(saved_nowhere));
    }
    all
}

fn volumes() -> Vec<Layout> {
    vec![
        two("homevolume-old-old", 1, [OLD, OLD], &["home:/home/agent"]).in_volume(".claude/.credentials.json"),
        two("homevolume-old-mid", 2, [OLD, MID], &["home:/home/agent"]).in_volume(".claude/.credentials.json"),
        two("dirvolume-old-old", 2, [OLD, OLD], &["home:/home/agent/.claude"]).in_volume(".credentials.json"),
    ]
}

/// A script that makes a link before it calls the program.
fn linking(command: &str) -> String {
    LOOP.replace("while :", &format!("{command}\nwhile :"))
}

fn links() -> Vec<Layout> {
    let to = |target: &str| linking(&format!("rm -rf {HOME}/.claude; ln -sfn {target} {HOME}/.claude"));
    let login = linking("mkdir -p ~/.claude; ln -sfn /data/.credentials.json ~/.claude/.credentials.json");
    let mut all = vec![
        script(two("symlink-dir-old", 2, [OLD, OLD], &["@state/.claude:/data/claude"]), to("/data/claude")),
        script(two("symlink-dir-new", 1, [NEW, NEW], &["@state/.claude:/data/claude"]), to("/data/claude")),
        script(two("symlink-parent-old", 1, [OLD, OLD], &["@state:/data"]), to("/data/.claude")),
        script(two("symlink-parent-mixed", 2, [OLD, MID], &["@state:/data"]), to("/data/.claude")),
        script(two("symlink-bind-old", 2, [OLD, OLD], &["@state/.claude:/data"]), to("/data")),
        script(two("symlink-vol-old", 2, [OLD, OLD], &["home:/data"]), to("/data")).in_volume(".credentials.json"),
    ];
    for (name, version) in [("symlink-credfile-new", NEW), ("symlink-credfile-old", OLD)] {
        let layout = script(two(name, 2, [version, version], &["home:/data"]), login.clone());
        all.push(layout.in_volume(".credentials.json"));
    }
    // Where there is no login yet the link is made, and here there is one.
    let kept =
        linking("[ -e ~/.claude/.credentials.json ] || ln -s /data/.credentials.json ~/.claude/.credentials.json");
    let own = one(two("symlink-credfile-not-made", 1, [OLD, OLD], &["home:/data"]), 0, |service| {
        service.mount("@folder/state/.claude:/home/agent/.claude")
    });
    let own = one(own, 1, |service| service.mount("@folder/state2/.claude:/home/agent/.claude"));
    let own = script(own, kept).in_volume(".credentials.json").login(LoginPlace::Folder(SECOND), 'b');
    all.push(own.hidden("which files the mounted directories hold"));
    let service = |name| Service::of_script(name, Image::Linked(OLD), "work.sh").mount("home:/data");
    let linked = Layout::new("imagelink-old", 2, vec![service("a"), service("b")]).file("proj/work.sh", LOOP);
    all.push(linked.in_volume(".credentials.json"));
    all
}

const SECOND: &str = "state2/.claude/.credentials.json";

/// Two directories, each with a login of its own, or both with one.
fn identities() -> Vec<Layout> {
    let apart = |name: &str, count, version| {
        let layout = one(two(name, count, [version, version], &[]), 0, |service| service.mount(SHARED));
        one(layout, 1, |service| service.mount("@folder/state2/.claude:/home/agent/.claude"))
    };
    let cloned = |layout: Layout| Layout { is_clone: true, ..layout.login(LoginPlace::Folder(SECOND), 'a') };
    let idle = both(apart("cloned-idle", 0, NEW), |mut service| {
        service.lines = vec!["command: [sleep, \"3600\"]".to_owned()];
        service.mounts.remove(0);
        service
    });
    vec![
        apart("separate", 1, OLD).login(LoginPlace::Folder(SECOND), 'b'),
        cloned(apart("cloned", 2, OLD)),
        cloned(apart("cloned-new", 2, NEW)),
        cloned(idle).because(Cause::NoCall),
    ]
}

fn users() -> Vec<Layout> {
    let saved_nowhere = Cause::RuleOfRunning("read-only-share");
    let user = |layout| both(layout, |service| service.line("user: \"1000:1000\""));
    let mut all = vec![user(two("uidmis-old", 2, [OLD, OLD], &[SHARED])).before(Before::OpenLogin)];
    for version in ["2.1.132", "2.1.252", NEW] {
        let layout = user(two(&format!("uidmis-{version}"), 0, [version, version], &[SHARED]));
        all.push(layout.before(Before::OpenLogin).because(saved_nowhere));
    }
    for (name, count, version) in [("rootdir-old", 0, OLD), ("rootdir-new", 1, NEW)] {
        let layout = user(two(name, count, [version, version], &["@state/.claude:/claude"])).before(Before::Own);
        let layout = both(layout, |service| service.env("CLAUDE_CONFIG_DIR", "/claude"));
        all.push(if count == 0 { layout.because(Cause::Rule("lock-uncreatable")) } else { layout });
    }
    let leave = |name, count, seconds| two(name, count, [NEW, NEW], &[SHARED]).before(Before::LeaveLock(seconds));
    all.push(leave("lock-future-new", 0, 7200).because(Cause::RuleOfRunning("lock-left-behind")));
    all.push(leave("lock-stale-new", 1, -7200));
    all
}
