//! Forms in which a lock is held, and traps in which it is not.

use super::{check, run, shown};

#[test]
fn lock_forms_that_hold_are_recorded() {
    check(&[
        ("flock /l prog", "prog @/l"),
        ("flock /l prog -p 'x y'", "prog -p x y @/l"),
        ("flock -w 5 /l prog", "prog @/l:5s"),
        ("flock -w5 /l prog", "prog @/l:5s"),
        ("flock --wait=5 /l prog", "prog @/l:5s"),
        ("flock --timeout 0.5 /l prog", "prog @/l:0.5s"),
        ("flock -n /l prog", "prog @/l:now"),
        ("flock -w 0 /l prog", "prog @/l:now"),
        ("flock --nonblock /l prog", "prog @/l:now"),
        ("flock -s /l prog", "prog @/l:shared"),
        ("flock -xn /l prog", "prog @/l:now"),
        ("flock -E 7 -ov /l prog", "prog @/l"),
        ("flock --conflict-exit-code 7 --close /l prog", "prog @/l"),
        ("flock -w \"$T\" /l prog", "prog @/l:?s"),
        ("T=600; flock -w $T /l prog", "prog @/l:600s"),
        ("flock /l -c 'prog a; other'", "prog a @/l ; other @/l"),
        ("flock -- /l prog", "prog @/l"),
        ("flock 9 prog", "prog @9"),
        ("( flock 9; prog ) 9>/l", "prog @/l"),
        ("{ flock 9; prog; } 9>/l", "prog @/l"),
        ("{ flock 9; prog; } 9>>/l", "prog @/l"),
        ("{ flock 9; prog; } 9</l", "prog @/l"),
        ("exec 9>/l; flock 9; prog", "prog @/l"),
        ("exec 9<>/l; flock 9; prog", "prog @/l"),
        ("exec 9>| /l; flock 9; prog", "prog @/l"),
        ("exec {fd}>/l; flock $fd; prog", "prog @/l"),
        ("exec {fd}>/l; flock \"${fd}\"; prog", "prog @/l"),
        ("exec 200>/l; flock -x 200; prog", "prog @/l"),
        ("exec 9>/l\nflock 9 ||\n  exit 1\nprog \\\n  a", "prog a @/l"),
        ("exec 9>/l && flock 9 && prog", "prog @/l"),
        ("exec 9>/l; flock -n 9 || exit 1; prog", "prog @/l:now"),
        ("exec 9>/l; flock -w 5 9 || { echo late; exit 1; }; prog", "?echo late ; prog @/l:5s"),
        ("exec 9>/l; if flock -n 9; then prog; fi", "prog @/l:now"),
        ("exec 9>/l; if ! flock -n 9; then exit 1; fi; prog", "prog @/l:now"),
        ("exec 9>/l; flock 9 && prog", "prog @/l"),
        ("exec 9>/l; while ! flock -n 9; do sleep 1; done; prog", "?sleep 1 ; prog @/l"),
        ("exec 9>/l; until flock -n 9; do sleep 1; done; prog", "?sleep 1 ; prog @/l"),
        ("set -e; exec 9>/l; flock -w 5 9; prog", "prog @/l:5s"),
        ("exec 9>/l 8>&9; flock 8; exec 8>&-; prog", "prog @/l"),
        ("exec 9>/l; flock 9; exec prog", "prog @/l"),
        ("exec 9>/l; flock 9; prog 9>&-", "prog @/l"),
        ("exec 9>/l; flock 9; (exec 9>&-; prog)", "prog @/l"),
        ("exec 9>/l; flock 9; prog & wait", "prog @/l ; wait @/l"),
        ("exec 9>/l; (flock 9); prog", "prog @/l"),
        ("exec 9>/l; flock 9; a | prog", "a @/l ; prog @/l"),
        ("exec 9>/l; flock 9; x=$(prog)", "prog @/l"),
        ("exec 9>/l; flock 9; x=`prog`; echo \"<$(prog b)>\"", "prog @/l ; prog b @/l ; echo <$(prog b)> @/l"),
        ("exec 9>/l; flock 9; sh -c 'prog a'", "prog a @/l"),
        ("exec 9>/l; sh -c 'flock 9; prog a'; prog b", "prog a @/l ; prog b @/l"),
        ("flock /a flock /b prog", "prog @/a @/b"),
        ("lock() { exec 9>/l; flock 9; }; lock; prog", "prog @/l"),
        ("with() { flock \"$1\" \"${@:2}\"; }; with /l prog a", "prog a @/l"),
        ("with() { exec 9>\"$1\"; shift; flock 9; \"$@\"; }; with /l prog -p 'a b'", "prog -p a b @/l"),
        ("f() { flock 9; prog; } 9>/l; f", "prog @/l"),
        ("f() ( flock 9; prog ); f 9>/l", "prog @/l"),
        ("LOCK=$HOME/.claude/session.lock; flock \"$LOCK\" prog", "prog @$HOME/.claude/session.lock"),
        ("flock \"${HOME}/.claude/${X:-d}\" prog", "prog @${HOME}/.claude/${X:-d}"),
        ("flock ~/.claude/session.lock prog", "prog @~/.claude/session.lock"),
        ("HOME=/h; flock ~/l prog", "prog @/h/l"),
        ("cd ~/.claude && flock session.lock prog", "prog @~/.claude/session.lock"),
        (": ${LOCK:=/l}; flock $LOCK prog", "prog @${LOCK:-/l}"),
        ("LOCK=${LOCK:-/l}; flock $LOCK prog", "prog @${LOCK:-/l}"),
        ("env X=1 flock /l timeout 5 prog", "X=1 prog @/l"),
        ("while true; do flock /l prog; sleep 5; done", "prog @/l ; sleep 5"),
        ("while :; do ( flock 9; prog ) 9>/l; sleep 5; done", "prog @/l ; sleep 5"),
    ]);
}

#[test]
fn lock_condition_names_its_variable() {
    check(&[
        ("exec 9>/l; [ -n \"$USE\" ] && flock 9; prog", "prog @/l:if USE set"),
        ("exec 9>/l; if [ -n \"$USE\" ]; then flock 9; fi; prog", "prog @/l:if USE set"),
        ("exec 9>/l; if [[ -n $USE ]]; then flock 9; fi; prog", "prog @/l:if USE set"),
        ("exec 9>/l; test -n \"$USE\" && flock 9; prog", "prog @/l:if USE set"),
        ("exec 9>/l; [ \"$USE\" ] && flock 9; prog", "prog @/l:if USE set"),
        ("exec 9>/l; [ -z \"$SKIP\" ] && flock 9; prog", "prog @/l:if SKIP empty"),
        ("exec 9>/l; [ -n \"$SKIP\" ] || flock 9; prog", "prog @/l:if SKIP empty"),
        ("exec 9>/l; if [ -n \"$SKIP\" ]; then :; else flock 9; fi; prog", "prog @/l:if SKIP empty"),
        ("exec 9>/l; if [ \"${USE:-1}\" = 1 ]; then flock 9; fi; prog", "prog @/l:if USE/1 =1"),
        ("exec 9>/l; if [ \"$USE\" != no ]; then flock 9; fi; prog", "prog @/l:if USE !=no"),
        ("exec 9>/l; case \"$USE\" in yes) flock 9;; esac; prog", "prog @/l:if USE =yes"),
        ("exec 9>/l; case $USE in 1|yes) flock 9;; *) ;; esac; prog", "prog @/l:if USE =1|yes"),
        ("U=${USE:-}; exec 9>/l; [ -n \"$U\" ] && flock 9; prog", "prog @/l:if USE set"),
        ("[ -n \"$USE\" ] && exec 9>/l && flock 9; prog", "prog @/l:if USE set"),
        ("exec 9>/l; [ -n \"$USE\" ] && { flock 9 || exit 1; }; prog", "prog @/l:if USE set"),
        ("exec 9>/l; if [ -n \"$USE\" ]; then flock -w 5 9 || exit 1; fi; prog", "prog @/l:5s:if USE set"),
        ("if [ -n \"$USE\" ]; then flock /l prog; else prog b; fi", "?prog @/l ; ?prog b"),
        // Known in the text: no condition at all.
        ("USE=1; exec 9>/l; [ -n \"$USE\" ] && flock 9; prog", "prog @/l"),
        ("USE=; exec 9>/l; [ -n \"$USE\" ] && flock 9; prog", "prog"),
        // Not a variable: some way to the program has no lock.
        ("exec 9>/l; if [ -f /x ]; then flock 9; fi; prog", "prog @/l:perhaps"),
        ("exec 9>/l; check && flock 9; prog", "check ; prog @/l:perhaps"),
        ("exec 9>/l; [ -n \"$A\" ] && [ -n \"$B\" ] && flock 9; prog", "prog @/l:perhaps"),
    ]);
}

#[test]
fn lock_of_a_shell_that_waits_is_around_what_it_waits_for() {
    check(&[
        ("exec 9>/l; flock 9; prog 9>&- & wait", "prog @/l ; wait @/l"),
        ("exec 9>/l; flock 9; ( exec 9>&-; prog ) & wait", "prog @/l ; wait @/l"),
        ("flock -o /l sh -c 'prog & wait'", "prog @/l ; wait @/l"),
        (
            "exec 9>/l; flock 9; prog 9>&- & pid=$!; sleep 1; wait $pid; other",
            "prog @/l ; sleep 1 @/l ; wait $! @/l ; other @/l",
        ),
        ("exec 9>/l; flock 9; for x in 1 2; do prog 9>&- & done; wait", "prog @/l ; wait @/l"),
        ("f() { prog 9>&- & }; exec 9>/l; flock 9; f; wait", "prog @/l ; wait @/l"),
        ("( flock 9; prog 9>&- & wait ) 9>/l", "prog @/l ; wait @/l"),
        // The container ends with its first shell.
        ("exec 9>/l; flock 9; prog 9>&- & sleep 5", "prog @/l ; sleep 5 @/l"),
    ]);
}

#[test]
fn lock_that_a_shell_lets_go_is_not_around_what_still_runs() {
    check(&[
        ("exec 9>/l; flock 9; prog 9>&- & exec 9>&-; wait", "prog ; wait"),
        ("exec 9>/l; flock 9; prog & exec 9>&-; wait", "prog @/l ; wait"),
        ("exec 9>/l; flock 9; prog & flock -u 9; wait", "prog ; wait"),
        ("exec 9>/l; flock 9; prog & ( flock -u 9 ); wait", "prog ; wait"),
        ("exec 9>/l; flock 9; prog & wait; flock -u 9; other", "prog @/l ; wait @/l ; other"),
        ("( flock 9; prog 9>&- & ) 9>/l; wait", "prog ; wait"),
        ("( flock 9; prog & ) 9>/l; wait", "prog @/l ; wait"),
        ("exec 9>/l; flock 9; prog 9>&- & flock -u 9; flock 9; wait", "prog ; wait @/l"),
        ("exec 9>/l; while true; do flock 9; prog & sleep 1; flock -u 9; done", "prog ; sleep 1 @/l"),
        ("exec 9>/l; while true; do flock -u 9; flock 9; prog & done", "prog"),
        ("exec 9>/l; while true; do flock -u 9; flock 9; prog & wait; done", "prog @/l ; wait @/l"),
    ]);
}

#[test]
fn lock_forms_that_do_not_hold_are_not_recorded() {
    check(&[
        ("exec 9>/l; prog; flock 9", "prog"),
        ("exec 9>/l; flock 8; prog", "prog"),
        ("exec 8>/a 9>/b; flock 8; prog", "prog @/a"),
        ("flock 9; prog", "prog"),
        ("exec 9>/l; flock 9; flock -u 9; prog", "prog"),
        ("exec 9>/l; flock 9; exec 9>&-; prog", "prog"),
        ("exec {fd}>/l; flock $fd; exec {fd}>&-; prog", "prog"),
        ("exec 9>/l; flock 9; exec prog 9>&-", "prog"),
        ("( flock 9 ) 9>/l; prog", "prog"),
        ("{ flock 9; } 9>/l; prog", "prog"),
        ("( exec 9>/l; flock 9 ); prog", "prog"),
        ("flock 9 9>/l; prog", "prog"),
        ("flock /l true; prog", "true @/l ; prog"),
        ("flock /l; prog", "prog"),
        ("flock -u /l prog", "prog"),
        ("exec 9>/l; flock -w 5 9 || true; prog", "prog @/l:5s:ignored"),
        ("exec 9>/l; flock 9 || true; prog", "prog @/l:ignored"),
        ("exec 9>/l; flock -w 5 9; prog", "prog @/l:5s:ignored"),
        ("exec 9>/l; flock -n 9; prog", "prog @/l:now:ignored"),
        ("exec 9>/l; flock 9; prog", "prog @/l"),
        ("set -e; exec 9>/l; flock -w 5 9 || true; prog", "prog @/l:5s:ignored"),
        ("set -e; exec 9>/l; if flock -w 5 9; then :; fi; prog", "prog @/l:5s:ignored"),
        ("set -e; set +e; exec 9>/l; flock -w 5 9; prog", "prog @/l:5s:ignored"),
        ("set -e; exec 9>/l; f() { flock -w 5 9; prog; }; f", "prog @/l:5s"),
        ("set -e; exec 9>/l; f() { flock -w 5 9; prog; }; f || true", "prog @/l:5s:ignored"),
        ("exec 9>/l; flock -w 5 9 && prog; other", "prog @/l:5s ; other @/l:5s:ignored"),
        ("exec 9>/l; if flock -n 9; then prog; else prog b; fi", "prog @/l:now ; ?prog b"),
        ("exec 9>/l; flock -n 9 || prog b", "?prog b"),
        ("exec 9>/l; flock -s 9; prog", "prog @/l:shared"),
        ("exec 9>/l; flock 9 & prog", "prog"),
        ("exec 9>/l; flock 9 | prog", "prog"),
        ("exec 9>/l; flock 9; exec 8>&9; flock -u 8; prog", "prog"),
        ("exec 9>/l; flock 9; sh -c 'exec 9>&-; prog'; prog", "prog @/l ; prog @/l"),
        ("exec 9>/l; flock 9; sh -c 'exec 9>&-; prog'", "prog"),
        ("exec 9>/l; flock 9; sudo prog; other", "HOME=/root prog @/l ; other @/l"),
        ("exec 9>/l; flock 9; exec sudo prog", "HOME=/root prog"),
        ("exec 9>/l; flock 9; ( prog ) & wait", "prog @/l ; wait @/l"),
        ("( flock 9; prog ) 9>/l & wait", "prog @/l ; wait"),
        ("flock /l sh -c 'prog & wait'", "prog @/l ; wait @/l"),
        ("flock -o /l prog", "prog @/l"),
        ("flock /l sudo prog", "HOME=/root prog @/l"),
        ("( flock 9; prog 9>&- ) 9>/l", "prog @/l"),
        ("sh -c '( flock 9; prog 9>&- ) 9>/l'", "prog"),
        ("a | b >x && exec 9>/l | c; flock 9; prog", "a ; b ; ?c ; prog"),
        ("a && exec 9>/l || b; flock 9; prog", "a ; ?b ; prog @/l:perhaps"),
        ("exec 9>/l; for i in 1 2 3; do flock -n 9 && break; sleep 1; done; prog", "sleep 1 ; prog @/l:now:ignored"),
        ("exec 9>/l; flock 9; while true; do prog; flock -u 9; done", "prog @/l:perhaps"),
        ("exec 9>/l; flock 9; exec 9>/m; prog", "prog"),
        ("exec 9>/l; flock 9; trap 'flock -u 9' EXIT; prog", "prog @/l"),
        ("f() { flock 9; return; } 9>/l; f; prog", "prog"),
        ("f() { { flock 9; return; } 9>/l; }; f; prog", "prog"),
        ("f() { local LOCK=/a; }; LOCK=/b; f; flock $LOCK prog", "prog @/b"),
        ("f() { flock 9; }; exec 9>/l; prog", "prog"),
        ("cat <<EOF\nflock 9\nprog\nEOF\nother", "cat ; other"),
        ("echo 'flock /l prog'; prog", "echo flock /l prog ; prog"),
        ("# flock 9\nprog", "prog"),
        ("exec 9>/l; true || flock 9; prog", "prog"),
        ("exec 9>/l; false && flock 9; prog", "prog"),
        ("flock '$HOME/l' prog", "prog @\\$HOME/l"),
        ("flock '~/l' prog", "prog @\\~/l"),
        ("sh -c 'flock $LOCK prog'", "prog @$LOCK"),
        ("LOCK=/l; sh -c 'flock $LOCK prog'", "prog @$LOCK"),
        ("export LOCK=/l; sh -c 'flock $LOCK prog'", "LOCK=/l prog @/l"),
        ("LOCK=/l; sh -c \"flock $LOCK prog\"", "prog @/l"),
        ("su - agent -c 'flock $HOME/l prog'", "HOME=$(echo ~agent) prog @$(echo ~agent)/l"),
        ("gosu agent sh -c 'flock ~/l prog'", "HOME=$(echo ~agent) prog @$(echo ~agent)/l"),
    ]);
}

#[test]
fn nothing_is_expanded_without_a_shell() {
    assert_eq!(shown(&run(&["flock", "$HOME/l", "prog"])), "prog @\\$HOME/l");
    assert_eq!(shown(&run(&["flock", "~/l", "prog"])), "prog @\\~/l");
    assert_eq!(shown(&run(&["flock", "-n", "/l", "-c", "prog a"])), "prog a @/l:now");
}

#[test]
fn unknown_flock_usage_is_reported() {
    check(&[
        ("eval \"$CODE\"; prog", "$CODE ; prog ; ~"),
        (". /lib.sh; prog", "prog ; ~"),
        ("source \"$LIB\"; prog", "prog ; ~"),
        ("flock \"$FD\"; prog", "prog ; ~"),
        ("flock --fcntl /l prog", "~"),
        ("if x; then exec 9>/a; else exec 9>/b; fi; flock 9; prog", "x ; prog ; ~"),
        ("if x; then L=/a; else L=/b; fi; flock $L prog", "x ; prog @${L at compose.yaml:1} ; ~"),
        ("prog; )", "prog ; ~"),
        ("if flock 9; then prog", "prog ; ~"),
        ("$PROG -p", "$PROG -p ; ~"),
        ("f() { f; }; f", "~"),
        ("trap 'prog' EXIT; other", "?prog ; other"),
        ("echo prog | sh", "echo prog ; sh ; ~"),
    ]);
}

#[test]
fn a_call_that_runs_beside_a_lock_is_gone_through_each_time() {
    check(&[
        (
            "f() { prog; }; exec 9>/l; flock 9; f 9>&- & wait; f 9>&- & wait",
            "prog @/l ; wait @/l ; prog @/l ; wait @/l",
        ),
        ("f() { prog; }; exec 9>/l; flock 9; f 9>&- & wait; f 9>&- & flock -u 9", "prog @/l ; wait @/l ; prog"),
    ]);
}
