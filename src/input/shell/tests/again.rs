//! Calls of functions and files that were called before: what differs between two calls is seen, and what they run has its
//! place in the order of all.

use super::{check, shell};
use crate::model::Sight;

#[test]
fn a_call_that_is_made_again_runs_again() {
    check(&[
        ("f() { p; }; f; q; f", "p ; q ; p"),
        ("f() { p; q; }; f; f & f; wait", "p ; q ; p ; q ; p ; q ; wait"),
        ("a() { echo A > /f; }; b() { echo B > /f; }; a; b; a", "echo A ; echo B ; echo A"),
        ("f() { g; }; g() { p; }; f; q; f; g", "p ; q ; p ; p"),
        ("f() { [ -z \"$E\" ] || p; }; f; f", "?p ; ?p"),
        ("f() { for x in 1 2; do p; done; }; f; f", "p ; p"),
    ]);
}

#[test]
fn what_was_set_between_two_calls_is_seen() {
    check(&[
        ("f() { p \"$V\"; }; V=a; f; V=b; f; V=a; f", "p a ; p b ; p a"),
        ("f() { p; }; V=a; f; export V=b; f; unset V; f; export -n V; f", "p ; V=b p ; V= p ; V= p"),
        ("f() { V=b; }; V=a; f; p \"$V\"; V=c; f; p \"$V\"", "p b ; p b"),
        ("f() { local V=b; p \"$V\"; }; V=a; f; f; q \"$V\"", "p b ; p b ; q a"),
        ("f() { p \"$1\"; }; f a; f b; f a", "p a ; p b ; p a"),
        ("f() { p \"${L[@]}\"; }; L=(a); f; L+=(b); f", "p a ; p a b"),
        ("f() { p \"$0\" \"$1\"; }; set -- a; f \"$1\"; set -- b; f \"$1\"", "p bash a ; p bash b"),
    ]);
}

#[test]
fn what_was_defined_between_two_calls_is_called() {
    check(&[
        ("f() { p; }; f; f() { q; }; f", "p ; q"),
        ("f() { g; }; g() { p; }; f; g() { q; }; f; unset -f g; f", "p ; q ; g"),
        ("f() { g() { q; }; }; g() { p; }; g; f; g; f; g", "p ; q ; q"),
        (
            "shopt -s expand_aliases; f() { a x; }; f; alias a='p'; f; alias a='q'; f",
            "shopt -s expand_aliases ; a x ; alias a=p ; p x ; alias a=q ; q x",
        ),
    ]);
}

#[test]
fn directories_and_users_are_those_of_each_call() {
    let script = shell("f() { p; cd sub; }; f; f; cd /; f");
    let directories = script.invocations.iter().map(|call| call.directory.as_deref().unwrap_or("").to_owned());
    assert_eq!(directories.collect::<Vec<_>>(), ["", "sub", "/"]);
    let script = shell("f() { su u -c p; }; f; useradd -d /one u; f; useradd -o -d /two u; f");
    let homes = script.invocations.iter().filter(|call| call.command_line() == "p");
    let homes = homes.map(|call| call.env.get("HOME").map_or_else(String::new, ToString::to_string));
    assert_eq!(homes.collect::<Vec<_>>(), ["$(echo ~u)", "/one", "/two"]);
}

#[test]
fn locks_are_those_of_each_call() {
    check(&[
        ("f() { p; }; exec 9>/l; f; flock 9; f; flock -u 9; f", "p ; p @/l ; p"),
        ("f() { flock 9; p; }; exec 9>/l; f; f; q", "p @/l ; p @/l ; q @/l"),
        ("f() { ( flock 9; p ) 9>/l; }; f; f; q", "p @/l ; p @/l ; q"),
        ("f() { p; }; exec 9>/l; flock 9; f & f; wait; f", "p @/l ; p @/l ; wait @/l ; p @/l"),
        ("f() { p; }; f; exec 9>/l; flock 9; f 9>&- & wait", "p ; p @/l ; wait @/l"),
        ("f() { p; }; f; exec 9>/l; flock 9; f 9>&- & flock -u 9; wait", "p ; p ; wait"),
    ]);
}

#[test]
fn many_calls_are_not_all_recorded() {
    let level = |at: usize| format!("f{at}() {{ f{0}; f{0}; }}; ", at + 1);
    let script = shell(&((0..10).map(level).collect::<String>() + "f10() { p; }; f0"));
    assert_eq!(script.sight, Sight::Whole);
    let count = script.invocations.len();
    // Each is recorded again a few times in turn, and not a thousand times.
    assert!((4..64).contains(&count), "{count}");
}

#[test]
fn a_call_that_stands_for_others_is_on_the_branches_of_all() {
    // Too many programs to be recorded again.
    let long = format!("f() {{ p; {}}}; ", "q; ".repeat(300));
    let sides = |text: &str| {
        let script = shell(&format!("{long}{text}"));
        script.invocations.iter().find(|call| call.command_line() == "p").map(|call| call.branches.len())
    };
    assert_eq!(sides("if [ -f /x ]; then f; fi"), Some(1));
    assert_eq!(sides("if [ -f /x ]; then f; f; fi"), Some(1));
    assert_eq!(sides("if [ -f /x ]; then f; else f; fi"), Some(0));
    assert_eq!(sides("if [ -f /x ]; then f; fi; if [ -f /y ]; then f; fi"), Some(0));
}
