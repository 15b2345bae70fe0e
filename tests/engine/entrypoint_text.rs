//! Entrypoints drawn at random from idioms of real ones: what is done before, how the lock's path is written, how the lock
//! is taken, how the program is called. All of them call it once or twice and stay.

use crate::oracle::dice::Dice;

/// An entrypoint.
#[derive(Debug, Clone)]
pub(crate) struct Entrypoint {
    pub(crate) text: String,
    /// What Compose sets for it.
    pub(crate) environment: Vec<(&'static str, &'static str)>,
}

/// What others name, in `/opt/lib`.
pub(crate) const LIBRARIES: [(&str, &str); 2] = [
    (
        "guard.sh",
        "guarded() {\n  (\n    flock -w 900 9 || exit 75\n    \"$@\"\n  ) 9>\"${LOCK:-$HOME/.claude/session.lock}\"\n}\n",
    ),
    ("inner.sh", "#!/bin/sh\nexec claude -p work\n"),
];

/// What comes before and decides nothing.
const BEFORE: [&str; 14] = [
    "command -v claude >/dev/null 2>&1 || exit 1",
    "type claude >/dev/null",
    "if ! command -v claude >/dev/null; then echo 'no claude here' >&2; exit 1; fi",
    "mkdir -p \"$HOME/.cache\"",
    "[ -f /opt/lib/none.sh ] && . /opt/lib/none.sh",
    "for name in a b; do mkdir -p \"$HOME/$name\"; done",
    "case \"${MODE:-work}\" in chat) exec sleep 100 ;; *) : ;; esac",
    "if [ -n \"$DEBUG\" ]; then set -x; fi",
    "umask 022",
    "echo '{}' > \"$HOME/.claude.json\"",
    "export PATH=\"/usr/local/bin:$PATH\"",
    "count=$(( 1 + 1 ))",
    "cat <<'END' > /dev/null\nflock 9\nclaude -p nothing\nEND",
    "note() { echo \"$@\" >&2; }; note begins",
];

/// How the lock's path is written: what sets it, and the word.
const PATHS: [(&str, &str); 9] = [
    ("", "\"$HOME/.claude/session.lock\""),
    ("", "\"$HOME/.claude/session.lock\""),
    ("", "~/.claude/session.lock"),
    ("LOCK=\"${LOCK:-$HOME/.claude/session.lock}\"", "\"$LOCK\""),
    (": \"${LOCK:=$HOME/.claude/session.lock}\"", "\"$LOCK\""),
    ("[ -n \"$LOCK\" ] || LOCK=\"$HOME/.claude/session.lock\"", "\"$LOCK\""),
    ("export STATE=\"${STATE:-$HOME/.claude}\"", "\"$STATE/session.lock\""),
    ("cd \"$HOME/.claude\"", "session.lock"),
    ("", "/tmp/session.lock"),
];

/// Calls that a program may start.
const CALLS: [&str; 7] = [
    "claude -p work",
    "env A=1 claude -p work",
    "timeout 900 claude -p work",
    "nice -n 5 claude -p work",
    "sh -c 'claude -p work'",
    "sh -c 'exec claude -p work'",
    "sh /opt/lib/inner.sh",
];

/// Calls that the shell itself makes; `CALL` is one of those above.
const SHELL_CALLS: [&str; 8] = [
    "CALL",
    "CALL",
    "CALL >/dev/null",
    "CALL | cat",
    "( CALL )",
    "{ CALL; }",
    "run() { \"$@\"; }; run CALL",
    "if ! CALL; then exit 1; fi",
];

/// How the lock is taken: `PATH` is its path, `CALL` a call that a program may start, `SHELL` one of the shell.
const GUARDS: [&str; 38] = [
    "SHELL",
    "SHELL",
    "exec CALL",
    "flock PATH CALL",
    "exec flock -w 900 PATH CALL",
    "flock PATH -c 'claude -p work'",
    "( flock 9 || exit 1; SHELL ) 9>PATH",
    "{ flock 9; SHELL; } 9>PATH",
    "exec 9>PATH; flock 9; SHELL",
    "exec 9>PATH; flock -w 10 9 || exit 75; SHELL",
    "exec 9>PATH && flock 9 && SHELL",
    "set -e; exec 9>PATH; flock -w 10 9; SHELL",
    "guarded() { exec 8>PATH; flock 8; \"$@\"; }; guarded CALL",
    "guarded() { ( flock 9; \"$@\" ) 9>PATH; }; guarded CALL",
    ". /opt/lib/guard.sh; guarded CALL",
    ". /opt/lib/guard.sh; CALL",
    "exec 9>PATH; flock 9; flock -u 9; SHELL",
    "exec 9>PATH; flock 9; exec 9>&-; SHELL",
    "exec 9>PATH; flock 9; exec 9>PATH; SHELL",
    "exec 9>PATH; flock 9; CALL 9>&-",
    "exec 9>PATH; flock 9; exec CALL 9>&-",
    "exec 9>PATH; flock 9; CALL 9>&- & wait",
    "exec 9>PATH; flock 9; CALL & wait",
    "exec 9>PATH; flock 9; CALL & pid=$!; wait \"$pid\"",
    "exec 9>PATH; flock 9; CALL & flock -u 9; wait",
    "exec 9>PATH; flock 9; CALL 9>&- & exec 9>&-; wait",
    "exec 9>PATH; flock 9; CALL & exec 9>&-; wait",
    "start() { CALL 9>&- & }; exec 9>PATH; flock 9; start; wait",
    "( flock 9; CALL 9>&- & ) 9>PATH; sleep 600",
    "( flock 9; CALL & ) 9>PATH; sleep 600",
    "exec 9>PATH; if [ -n \"$GUARD\" ]; then flock 9; fi; SHELL",
    "exec 9>PATH; case \"$GUARD\" in yes) flock 9 ;; esac; SHELL",
    "exec 9>PATH; [ \"${GUARD:-yes}\" = yes ] && flock 9; SHELL",
    "flock /tmp/queue flock PATH CALL",
    "flock -s PATH CALL",
    "exec 9>PATH; while ! flock -n 9; do sleep 1; done; SHELL",
    "exec 8>PATH; flock 8; exec 9>&8 8>&-; SHELL",
    "CALL & flock PATH CALL; wait",
];

/// Runs the script again as a user.
const AGAIN: &str =
    "if [ \"$(id -u)\" = 0 ]; then\n  exec setpriv --reuid 1000 --regid 1000 --clear-groups \"$0\" \"$@\"\nfi";

/// The entrypoint of a case of a seed.
pub(crate) fn draw(seed: u64, case: u64) -> Entrypoint {
    let mut dice = Dice::of(seed, case);
    let mut lines = vec![dice.pick(&["#!/bin/sh", "#!/bin/bash"]).to_owned()];
    if dice.once_in(6) {
        lines.push(AGAIN.to_owned());
    }
    lines.extend(dice.some(&BEFORE, 0, 3).into_iter().map(str::to_owned));
    let (setting, path) = dice.pick(&PATHS);
    lines.extend(Some(setting.to_owned()).filter(|setting| !setting.is_empty()));
    let call = dice.pick(&CALLS);
    let shell = dice.pick(&SHELL_CALLS).replace("CALL", call);
    let guard = dice.pick(&GUARDS);
    // What stands before `&` or before a redirection is one command.
    let guard = guard.replace("SHELL", &shell).replace("CALL", call).replace("PATH", path);
    lines.push(if dice.once_in(4) { format!("main() {{\n{guard}\n}}\nmain \"$@\"") } else { guard });
    let mut environment = Vec::new();
    for (name, values) in [
        ("GUARD", &["yes", "", "no"][..]),
        ("LOCK", &["/home/agent/.claude/session.lock", "/tmp/other.lock"]),
        ("DEBUG", &["1"]),
    ] {
        if dice.once_in(if name == "GUARD" { 1 } else { 5 }) {
            environment.push((name, dice.pick(values)));
        }
    }
    Entrypoint { text: format!("{}\n", lines.join("\n")), environment }
}
