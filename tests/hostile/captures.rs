//! Captures of a hostile host, through every command that reads one.

use std::fs;

use super::bounded;
use super::writing::host;

/// Every command that reads a capture.
const COMMANDS: [&[&str]; 5] = [
    &["audit", "--from"],
    &["report", "--state", "state", "--from"],
    &["where", "agents", "/home/agent/.claude", "--from"],
    &["graph", "--from"],
    &["capture", "--from"],
];

#[test]
fn capture_that_is_none_ends_at_once_and_is_refused() {
    let files = host();
    let at = |name: &str| files.path().join(name);
    let whole = fs::read_to_string(at("host.json")).unwrap();
    fs::write(at("deep.json"), "[".repeat(2_000_000)).unwrap();
    fs::write(at("deep-inside.json"), format!("{{\"overlock_capture\":1,\"x\":{}", "[".repeat(2_000_000))).unwrap();
    fs::write(at("torn.json"), &whole[..whole.len() / 2]).unwrap();
    fs::write(at("bytes.json"), [0xff, 0xfe, 0x00]).unwrap();
    fs::File::create(at("sparse.json")).unwrap().set_len(1 << 40).unwrap();
    for command in COMMANDS {
        for name in
            ["deep.json", "deep-inside.json", "torn.json", "bytes.json", "sparse.json", "/dev/zero", "/proc/kmsg"]
        {
            let run = bounded(files.path(), &[command, &[name]].concat());
            assert_eq!(run.status, 2, "{command:?} {name}: {}", run.err);
            // A report says so in every output.
            assert!(run.out.is_empty() || command[0] == "report", "{command:?} {name}: {}", run.out);
            assert!(!run.err.contains("panicked") && run.err.len() < 2_000, "{command:?} {name}: {}", run.err);
        }
        // A whole one is read.
        let run = bounded(files.path(), &[command, &["host.json"]].concat());
        assert!(run.status != 2 && !run.out.is_empty(), "{command:?}: {}", run.err);
    }
}

#[test]
fn name_without_end_is_refused() {
    let files = host();
    let whole = fs::read_to_string(files.path().join("host.json")).unwrap();
    let named = |length: usize| whole.replace("\"agents\"", &format!("{:?}", "a".repeat(length)));
    fs::write(files.path().join("long.json"), named(4 << 20)).unwrap();
    fs::write(files.path().join("usual.json"), named(255)).unwrap();
    for command in COMMANDS.into_iter().filter(|command| command[0] != "where") {
        let run = bounded(files.path(), &[command, &["long.json"]].concat());
        assert!(run.status == 2 && run.err.contains("has more than 1024 bytes"), "{command:?}: {}", run.status);
        let run = bounded(files.path(), &[command, &["usual.json"]].concat());
        assert!(run.status != 2 && run.out.contains(&"a".repeat(99)), "{command:?}: {}", run.err);
    }
}
