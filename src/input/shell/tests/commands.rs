//! Which commands run: wrappers, environment, branches, scripts.

use super::{check, list, run, shell, shown};
use crate::input::shell::read_commands;
use crate::model::{Command, Sight, Value};
use crate::text::yaml::Symbol;

#[test]
fn wrapped_commands_are_found() {
    for (words, expected) in [
        ("env A=b -u C prog x", "A=b C= prog x"),
        ("env -S prog x", "prog x"),
        ("exec prog", "prog"),
        ("nohup nice -n 5 ionice -c 3 prog", "prog"),
        ("time -p timeout -k 5 --signal=KILL 60 prog x", "prog x"),
        ("setsid -w stdbuf -oL prog", "prog"),
        ("tini -g -p SIGTERM -- prog -g", "prog -g"),
        ("/sbin/tini -- /usr/bin/dumb-init -v prog", "prog"),
        ("docker-init -- catatonit -- prog", "prog"),
        ("su-exec agent:agent prog", "HOME=$(echo ~agent) prog"),
        ("gosu root prog", "HOME=/root prog"),
        ("setpriv --reuid 1000 --regid=1000 --clear-groups prog", "prog"),
        ("runuser -u agent -- prog x", "HOME=$(echo ~agent) prog x"),
        ("sudo -E -u agent A=b prog", "A=b prog"),
        ("sudo -u agent prog", "HOME=$(echo ~agent) prog"),
        ("chroot --userspec=a /root prog", "prog ; ~"),
        ("xargs -0 -n 1 -I{} prog {}", "prog {}"),
        ("watch -n 5 prog x", "prog x"),
        ("watch -x prog x", "prog x"),
        ("busybox sh -c prog", "prog"),
        ("find . -name x -exec prog {} ;", "prog {}"),
        ("npx -y @anthropic-ai/claude-code@2.1.98 -p", "npx -y @anthropic-ai/claude-code@2.1.98 -p"),
        ("bunx claude", "bunx claude"),
        ("pnpm dlx claude", "pnpm dlx claude"),
        ("bash -lc prog", "prog"),
        ("bash -euxo pipefail -c prog", "prog"),
        ("bash --norc -e -c prog", "prog"),
        ("claude", "claude"),
        ("/usr/local/bin/claude -p", "/usr/local/bin/claude -p"),
        ("sleep infinity", "sleep infinity"),
        ("tail -f /dev/null", "tail -f /dev/null"),
    ] {
        let words: Vec<&str> = words.split(' ').collect();
        assert_eq!(shown(&run(&words)), expected, "{words:?}");
    }
    check(&[
        ("su agent -c 'prog a'", "HOME=$(echo ~agent) prog a"),
        ("su -s /bin/sh -c 'prog a' agent", "HOME=$(echo ~agent) prog a"),
        ("script -qec 'prog a' /dev/null", "prog a"),
        ("script -q /dev/null -c 'prog a'", "prog a"),
        ("script -q /dev/null prog a", "prog a"),
        ("sg docker -c 'prog a'", "prog a"),
        ("sg - docker 'prog a'", "prog a"),
        ("sh -c 'exec \"$@\"' -- prog a", "prog a"),
        ("bash -ec 'prog \"$1\"' x 'a b'", "prog a b"),
        ("command prog; builtin echo x", "prog ; echo x"),
        ("a | xargs prog", "a ; prog"),
        ("f() { flock /l \"$@\"; }; export -f f; xargs bash -c 'f prog a'; sh -c 'f prog b'", "prog a @/l ; f prog b"),
        ("f() { prog; }; bash -c f", "f"),
        ("f() { prog; }; declare -fx f; bash -c f", "prog"),
        ("diff <(prog a) >(prog b)", "prog a ; prog b ; diff <(prog a) >(prog b)"),
    ]);
}

#[test]
fn rare_constructs_are_read() {
    check(&[
        ("set -- a b; for x do prog \"$x\"; done", "prog $x"),
        ("f() { for x do\n prog; done; }; f a", "prog"),
        ("echo for me do; prog", "echo for me do ; prog"),
        ("prog $(grep -v ^x$) a", "grep -v ^x\\$ ; prog $(grep -v ^x$) a"),
        ("cat <<\\E\n$(other)\nE\nprog", "cat ; prog"),
        ("cat <<E\n$(other)\nE\nprog", "other ; cat ; prog"),
    ]);
}

#[test]
fn hidden_programs_under_a_lock_are_covered() {
    let script = shell("flock /l python3 x.py; other");
    assert_eq!((shown(&script).as_str(), script.covered), ("python3 x.py @/l ; other ; ~", true));
    for open in [
        "python3 x.py",
        "flock -s /l python3 x.py",
        "flock /l python3 x.py; node y.js",
        "flock /l python3; . z",
        "flock /l supervisord -n",
        "flock /l crond",
    ] {
        let script = shell(open);
        assert_eq!((script.sight, script.covered), (Sight::Partial, false), "{open}");
    }
    // A terminal goes on by itself: what runs in it is seen, and runs under no lock.
    let terminal = shell("flock /l tmux new -d x");
    assert_eq!((shown(&terminal).as_str(), terminal.sight), ("x", Sight::Whole));
}

#[test]
fn environment_and_words_are_recorded() {
    check(&[
        ("A=b prog", "A=b prog"),
        ("export A=b; prog", "A=b prog"),
        ("export A; A=b; prog", "A=b prog"),
        ("A=b; export A; prog", "A=b prog"),
        ("A=b; prog", "prog"),
        ("set -a; A=b; prog", "A=b prog"),
        ("unset A; prog", "A= prog"),
        ("export A=$HOME/x B=\"a b\"; prog", "A=$HOME/x B=a b prog"),
        ("export \"A=b\"; prog", "A=b prog"),
        ("(export A=b; prog); prog", "A=b prog ; prog"),
        ("if x; then export A=b; fi; prog", "x ; A=$(printenv A) prog"),
        ("C='claude -p'; $C x", "claude -p x"),
        ("C=(claude -p); C+=('a b'); \"${C[@]}\"", "claude -p a b"),
        ("C=(claude -p); [ -n \"$M\" ] && C+=(--model \"$M\"); \"${C[@]}\"", "claude -p"),
        ("prog \"a$B\"c'd' $'e\\tf' {x,y} *.z", "prog a$Bcd e\tf {x,y} *.z"),
        ("prog >o a 2>&1 b", "prog a b"),
        ("prog <<<\"$(inner)\"", "inner ; prog"),
        ("cat <<EOF | prog\n$(inner)\nEOF", "inner ; cat ; prog"),
        ("prog 'costs $5'", "prog costs \\$5"),
        ("set -- a b; prog \"$@\" $#", "prog a b 2"),
    ]);
}

#[test]
fn branches_make_commands_conditional() {
    check(&[
        ("a && b", "a ; ?b"),
        ("cd /x && mkdir -p y && b", "mkdir -p y ; b"),
        ("a || b", "a ; ?b"),
        ("if a; then b; elif c; then d; else e; fi; f", "a ; ?b ; ?c ; ?d ; ?e ; f"),
        ("case $x in a) b;; *) c;; esac; d", "?b ; ?c ; d"),
        ("for x in 1 2; do a; done; b", "a ; b"),
        ("for x in *.t; do a $x; done", "a $x"),
        ("for x in $L; do a; done; b", "?a ; b"),
        ("while a; do b; done; c", "a ; ?b ; c"),
        ("while true; do a; done; b", "a"),
        ("while true; do a && break; done; b", "a ; b"),
        ("[ -n \"$X\" ] || exit 0; b", "?b"),
        ("[ -n \"$X\" ] && exit 0; b", "?b"),
        ("a || exit 1; b", "a ; b"),
        ("[ -n \"$X\" ] && a && b", "?a ; ?b"),
        ("exit 0; a", ""),
        ("exec a; b", "a"),
        ("(exec a); b", "a ; b"),
        ("a & b", "a ; b"),
        ("! a; b", "a ; b"),
        ("f() { a; return; b; }; f; c", "a ; c"),
        ("unused() { a; }; b", "b"),
        ("(( x++ )); [[ a == b && -n $(c) ]]; d", "c ; d"),
        ("coproc a; time b", "a ; b"),
        ("a && b >x | c && d 2>y", "a ; ?b ; ?c ; ?d"),
        ("! a | b && c", "a ; b ; ?c"),
        ("\"$@\"", ""),
        ("for ((i=0;i<3;i++)); do a; done", "?a"),
    ]);
}

#[test]
fn unread_files_are_named() {
    for words in [
        "/entrypoint.sh",
        "./run",
        "/app/start",
        "docker-entrypoint.sh",
        "bash /x.sh",
        "sh -e /x",
        "python run.py",
        "python3.12 -m app",
        "node x.js",
        "npm run x",
        "yarn start",
        "make",
        "make deploy",
        "bash",
        "supervisord -n",
    ] {
        let words: Vec<&str> = words.split(' ').collect();
        let script = run(&words);
        assert_eq!(script.sight, Sight::Partial, "{words:?}");
        assert_eq!(script.invocations[0].argv, words);
    }
    assert_eq!(run(&["/entrypoint.sh", "claude"]).unseen.unwrap(), "the script `/entrypoint.sh` was not read");
    assert_eq!(run(&["bash", "/x.sh"]).unseen.unwrap(), "the script `/x.sh`, run by `bash`, was not read");
    for words in ["node --version", "npm install x", "nginx -g x", "claude -p hi", "pnpm dlx x"] {
        let words: Vec<&str> = words.split(' ').collect();
        assert_eq!(run(&words).sight, Sight::Whole, "{words:?}");
    }
    assert!(!shell("node --token hunter2 x.js").unseen.unwrap().contains("hunter2"));
}

#[test]
fn entrypoint_and_command_are_joined() {
    let (sources, entrypoint) = list(&["flock", "/l", "prog", "a"]);
    let mut command = entrypoint.clone();
    let mut words = command.words.split_off(2);
    std::mem::swap(&mut command.words, &mut words);
    let front = Command { words, ..entrypoint.clone() };
    assert_eq!(shown(&read_commands(Some(&front), Some(&command), &sources)), "prog a @/l");
    let nothing = Command { words: Vec::new(), ..entrypoint.clone() };
    assert_eq!(shown(&read_commands(Some(&nothing), Some(&command), &sources)), "prog a");
    assert_eq!(shown(&read_commands(None, Some(&entrypoint), &sources)), "prog a @/l ; (arguments)");
    assert_eq!(shown(&read_commands(None, None, &sources)), "~");
    assert_eq!(shown(&read_commands(Some(&nothing), None, &sources)), "~");
}

#[test]
fn compose_variable_is_kept() {
    let (sources, mut command) = list(&["${TOOL}", "x"]);
    let symbol = Symbol { name: "TOOL".into(), required: false };
    command.words[0].symbols = vec![symbol.clone()];
    assert_eq!(shown(&read_commands(Some(&command), None, &sources)), "${TOOL} x ; ~");
    let (sources, mut command) = list(&["sh", "-c", "TOOL=/x; flock ${TOOL} prog"]);
    command.words[2] = Value { symbols: vec![symbol], ..command.words[2].clone() };
    assert_eq!(shown(&read_commands(Some(&command), None, &sources)), "prog @${TOOL}");
}
