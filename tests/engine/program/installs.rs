//! Layouts that differ by how the program is installed, and by which copy of it runs.

use super::layout::{CALL, Image, LOOP, Layout, NEW, OLD, SHARED, Service, direct, looping, script, two};

/// The packages for Python that bring these versions.
pub(super) const SDK_OLD: &str = "0.1.73";
pub(super) const SDK_NEW: &str = "0.2.189";

const REAL_FILE: &str = "/usr/local/lib/node_modules/@anthropic-ai/claude-code/bin/claude.exe";

/// An agent in Python, which calls the copy that its package brings.
const AGENT: &str = "\
import asyncio, os, time
from claude_agent_sdk import query

async def main():
    async for message in query(prompt='hi'):
        print(type(message).__name__, flush=True)

while not os.path.exists('/go/go'):
    time.sleep(.1)
try:
    asyncio.run(main())
except Exception as error:
    print(repr(error)[:300], flush=True)
";

pub(super) fn layouts() -> Vec<Layout> {
    [native(), python(), replaced(), other_names()].concat()
}

fn native() -> Vec<Layout> {
    vec![
        direct("native-new", 1, &Image::Native(vec![NEW]), CALL),
        direct("native-old", 2, &Image::Native(vec![OLD]), CALL),
    ]
}

/// A service that runs the agent by itself.
fn agent(name: &'static str, image: Image) -> Service {
    let service = Service::new(name, image, "command: [python3, -u, /app/agent.py]");
    service.mount("./agent.py:/app/agent.py:ro").mount(SHARED)
}

fn python() -> Vec<Layout> {
    let staying = format!("{AGENT}time.sleep(600)\n");
    let agents = |name: &str, count, one: Image, other: Image| {
        Layout::new(name, count, vec![agent("a", one), agent("b", other)]).file("proj/agent.py", staying.clone())
    };
    let beside = || Image::SdkBesideNpm(SDK_OLD, NEW);
    let by_script = |name| {
        Service::of_script(name, Image::Sdk(SDK_OLD), "work.sh").mount("./agent.py:/app/agent.py:ro").mount(SHARED)
    };
    let call = "flock -w 600 /home/agent/.claude/session.lock python3 -u /app/agent.py";
    let one_plain = vec![agent("a", beside()), Service::of_script("b", Image::Npm(NEW), "work.sh").mount(SHARED)];
    vec![
        agents("sdk-new-new", 1, Image::Sdk(SDK_NEW), Image::Sdk(SDK_NEW)),
        agents("sdk-old-old", 2, Image::Sdk(SDK_OLD), Image::Sdk(SDK_OLD)),
        agents("sdk-old-new", 2, Image::Sdk(SDK_OLD), Image::Sdk(SDK_NEW)),
        agents("sdkold-npmnew", 2, beside(), beside()),
        Layout::new("sdkold-npmnew-oneplain", 2, one_plain)
            .file("proj/agent.py", staying.clone())
            .file("proj/work.sh", LOOP),
        Layout::new("sdk-flock-old", 1, vec![by_script("a"), by_script("b")])
            .file("proj/agent.py", AGENT)
            .file("proj/work.sh", looping(call)),
    ]
}

/// A program that is replaced while it runs.
fn replaced() -> Vec<Layout> {
    let updating = |command: &str| {
        format!(
            "#!/bin/bash\nuntil [ -e /go/go ]; do sleep 0.1; done\nclaude -p hi &\nsleep 1.5\n{command}\nwait\nsleep 600\n"
        )
    };
    let link = "ln -sfn /home/agent/.local/share/claude/versions/2.1.332 /home/agent/.local/bin/claude";
    let package = "/usr/local/lib/node_modules/@anthropic-ai/claude-code";
    let file = format!(
        "sed -i s/2.1.128/2.1.332/ {package}/package.json; mv {REAL_FILE} /tmp/old; cp /usr/bin/true {REAL_FILE}; rm /tmp/old"
    );
    let native = |name| Service::of_script(name, Image::Native(vec![NEW, OLD]), "work.sh").mount(SHARED);
    vec![
        Layout::new("native-updated", 2, vec![native("a"), native("b")]).file("proj/work.sh", updating(link)),
        script(two("npm-updated", 2, [OLD, OLD], &[SHARED]), updating(&file)),
    ]
}

/// The program by another name or path.
fn other_names() -> Vec<Layout> {
    let copy = "[bash, -c, \"cp /usr/local/bin/claude /usr/local/bin/agent-cli; exec agent-cli -p hi\"]";
    // What pnpm puts beside the program.
    let shim = format!("#!/bin/sh\nexec {REAL_FILE} \"$@\"\n");
    let shimmed = |name| {
        let service = Service::of_script(name, Image::Npm(NEW), "work.sh").mount("./shim:/usr/bin/claude:ro");
        service.mount(SHARED).env("PATH", "/usr/bin:/bin")
    };
    vec![
        script(two("claude-exe-old", 2, [OLD, OLD], &[SHARED]), looping(&format!("{REAL_FILE} -p hi"))),
        direct("claude-exe-direct-old", 2, &Image::Npm(OLD), &format!("[{REAL_FILE}, -p, hi]")),
        direct("copied-binary-old", 2, &Image::Npm(OLD), copy),
        Layout::new("pnpm-shim-new", 1, vec![shimmed("a"), shimmed("b")])
            .file("proj/work.sh", LOOP)
            .file("proj/shim", shim),
    ]
}
