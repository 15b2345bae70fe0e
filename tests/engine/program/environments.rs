//! Layouts that differ by the environment of the program, and by its terminal.

use super::layout::{
    CALL, Cause, Image, LOOP, Layout, LoginPlace, MID, NEW, OLD, SHARED, Service, both, direct, one, script, two,
};

/// Moves the credentials, and nothing else.
const MOVED: &str = "CLAUDE_SECURESTORAGE_CONFIG_DIR";

pub(super) fn layouts() -> Vec<Layout> {
    [keys(), tokens(), terminals(), moved_credentials()].concat()
}

fn with_key(service: Service) -> Service {
    service.env("ANTHROPIC_API_KEY", "sk-ant-api03-MADEUP")
}

fn with_token(service: Service) -> Service {
    service.env("CLAUDE_CODE_OAUTH_TOKEN", "sk-ant-oat01-MADEUP")
}

fn keys() -> Vec<Layout> {
    vec![
        both(two("key-both-old", 2, [OLD, OLD], &[SHARED]), with_key),
        both(two("key-both-new", 1, [NEW, NEW], &[SHARED]), with_key),
        one(two("key-one-old", 2, [OLD, OLD], &[SHARED]), 0, with_key),
        both(direct("direct-key-old", 2, &Image::Npm(OLD), CALL), with_key),
        direct("direct-old", 2, &Image::Npm(OLD), CALL),
        direct("direct-new", 1, &Image::Npm(NEW), CALL),
    ]
}

fn tokens() -> Vec<Layout> {
    let empty = |service: Service| service.env("CLAUDE_CODE_OAUTH_TOKEN", "");
    vec![
        both(two("oatoken-both-old", 0, [OLD, OLD], &[SHARED]), with_token).because(Cause::Environment),
        both(two("oatoken-both-new", 0, [NEW, NEW], &[SHARED]), with_token).because(Cause::Environment),
        one(two("oatoken-one-old", 1, [OLD, OLD], &[SHARED]), 0, with_token),
        both(two("oatoken-empty-old", 2, [OLD, OLD], &[SHARED]), empty),
        both(direct("direct-oatoken-old", 0, &Image::Npm(OLD), CALL), with_token).because(Cause::Environment),
        one(direct("direct-oatoken-one-old", 1, &Image::Npm(OLD), CALL), 0, with_token),
    ]
}

/// An interactive session, where the questions of the first start are answered.
fn terminals() -> Vec<Layout> {
    let known = "{\"hasCompletedOnboarding\":true,\"theme\":\"dark\",\"projects\":{\"/home/agent\":{\"hasTrustDialogAccepted\":true}}}";
    let answered = format!("echo '{known}' > ~/.claude.json\nwhile :");
    let session = LOOP.replace("  claude -p hi\n", "  claude\n").replace("while :", &answered);
    let with_terminal = |service: Service| service.line("tty: true").line("stdin_open: true");
    let mut all = Vec::new();
    for (version, name, count) in [(OLD, "old", 2), (NEW, "new", 1)] {
        let layout = two(&format!("tty-onboarded-{name}"), count, [version, version], &[SHARED]);
        all.push(both(script(layout, session.clone()), with_terminal));
        let bare = direct(&format!("tty-{name}"), count, &Image::Npm(version), "[claude]");
        all.push(both(bare, with_terminal));
    }
    let one_session = two("tty-one-new", 1, [NEW, NEW], &[SHARED]).file("proj/session.sh", session);
    all.push(one(one_session, 0, |service| {
        let mut service = with_terminal(service);
        "./session.sh:/work.sh:ro".clone_into(&mut service.mounts[0]);
        service
    }));
    all
}

fn moved_credentials() -> Vec<Layout> {
    let mut all = Vec::new();
    for (version, count) in [(OLD, 0), (MID, 0), ("2.1.142", 0), ("2.1.252", 1), (NEW, 1)] {
        let layout = two(&format!("secstore-{version}"), count, [version, version], &["@state/.claude:/cred"]);
        let layout = both(layout, |service| service.env(MOVED, "/cred"));
        all.push(if count == 0 { layout.because(Cause::NoLogin) } else { layout });
    }
    // Everything else is shared.
    let apart = both(two("secstore-private", 1, [NEW, NEW], &[SHARED]), |service| service.env(MOVED, "/cred"));
    let apart = one(apart, 0, |service| service.mount("@folder/one:/cred"));
    let apart = one(apart, 1, |service| service.mount("@folder/other:/cred"));
    let apart = apart.login(LoginPlace::Folder("one/.credentials.json"), 'a');
    all.push(apart.login(LoginPlace::Folder("other/.credentials.json"), 'b'));
    let skewed = one(two("secstore-skew", 2, [NEW, OLD], &[]), 0, |service| {
        service.mount("@state/.claude:/cred").env(MOVED, "/cred")
    });
    all.push(one(skewed, 1, |service| service.mount(SHARED)));
    all
}
