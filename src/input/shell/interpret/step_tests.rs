//! How many steps texts take: they grow with the text and not faster.

use super::exit_states::LastCommand;
use super::interpreter::Interpreter;
use crate::input::shell::ExecContext;
use crate::text::{Sources, Span, TracedText};

/// The steps that a text of the host takes, ways into it included. It is read whole.
fn steps_of(text: &str) -> usize {
    let (steps, is_whole) = steps_and_sight(text);
    assert!(is_whole, "{text}");
    steps
}

fn steps_and_sight(text: &str) -> (usize, bool) {
    let sources = Sources::default();
    let file = sources.add("gen.sh", text);
    let mut interpreter = Interpreter::new(ExecContext::unknown(&sources), Span::file_start(file));
    let text = TracedText::of_file(file, &sources);
    let state = interpreter.first_state();
    interpreter.run_text(&text, LastCommand::Forks, state);
    (interpreter.steps(), interpreter.unread.is_empty())
}

#[test]
fn steps_grow_with_the_text_and_not_faster() {
    let start = "docker run --rm -e A=\"$1\" agents:1 claude";
    // `@` is the number of the part, `START` what starts a container.
    let kinds = [
        ("branches", "if [ \"$X@\" = a ]; then START; V=@; else W=@; fi\n"),
        ("functions", "f@() { START; }\nf@ \"$*\"\n"),
        ("loops", "for x in a b \"$*\"; do START; V@=$x; done\n"),
        ("case arms", "case \"$1\" in a@) START ;; b) V=@ ;; *) : ;; esac\n"),
        ("calls", "g() { START; }\ng \"$V@\" &\nwait\n"),
        ("loops in loops", "for x in a b; do while read -r y; do until [ \"$V@\" = b ]; do START; done; done; done\n"),
        ("arrays", "A=(docker run)\nif [ \"$X@\" = a ]; then A+=(-v \"/a@:/a\"); fi\n\"${A[*]}\" agents:1\n"),
        ("functions in functions", "f@() { START; }\ng@() { f@; }\ng@\n"),
    ];
    for (kind, template) in kinds {
        let part = |at: usize| template.replace('@', &at.to_string()).replace("START", start);
        let [one, two, four] = [20, 40, 80].map(|count| steps_of(&(0..count).map(part).collect::<String>()));
        assert!(two <= 2 * one + 20 && four <= 4 * one + 40, "{kind}: {one}, {two}, {four}");
    }
}

/// What is called twice at every level, down to what starts a container; `@` is the level, `NEXT` the one below.
const NESTED: [(&str, &str); 12] = [
    ("functions", "f@() { NEXT; NEXT; }\n"),
    ("functions with variables", "f@() { V@=1; NEXT; local W@=\"$1\"; NEXT a; NEXT b; }\n"),
    ("variables that only the caller knows", "f@() { V@=1; NEXT; V@=2; NEXT; }\n"),
    ("arguments", "f@() { NEXT \"$1\"; NEXT \"$1\"; NEXT x; }\n"),
    ("questions", "f@() { [ -n \"$Q\" ] || exit 1; NEXT; [ \"$R@\" = a ] || return; NEXT; }\n"),
    ("branches", "f@() { if [ \"$X@\" = a ]; then NEXT; V=1; else NEXT; fi; NEXT && NEXT || NEXT; }\n"),
    ("loops", "f@() { for x@ in a b; do NEXT; while read -r y; do NEXT; done; done; }\n"),
    ("case arms", "f@() { case \"$1\" in a) NEXT ;; b) NEXT ;; *) NEXT \"$2\" ;; esac; }\n"),
    ("subshells and pipes", "f@() { ( NEXT; NEXT ); NEXT | tee log; V=$(NEXT; NEXT); }\n"),
    ("processes beside each other", "f@() { NEXT & NEXT & wait; }\n"),
    ("locks", "f@() { ( flock 9; NEXT; NEXT ) 9>/tmp/lock@; }\n"),
    ("directories", "f@() { cd sub@; NEXT; cd ..; NEXT; (cd /tmp/@ && NEXT); }\n"),
];

#[test]
fn what_is_called_twice_at_every_level_is_gone_through_once() {
    for (kind, template) in NESTED {
        let level = |depth: usize, at: usize| {
            let start = "docker run --rm -v /srv:/tree agents:1 claude".to_owned();
            let next = if at + 1 < depth { format!("f{}", at + 1) } else { start };
            template.replace('@', &at.to_string()).replace("NEXT", &next)
        };
        let nested = |depth: usize| (0..depth).map(|at| level(depth, at)).collect::<String>() + "f0 main\n";
        let [one, two, four] = [3, 6, 12].map(|depth| steps_of(&nested(depth)));
        // Some starts are told apart first, and then no more: the ways through twelve levels are 64 times those through six.
        assert!(two <= 16 * one && four <= 4 * two, "{kind}: {one}, {two}, {four}");
    }
}

#[test]
fn ever_new_locks_end_where_they_are_not_followed() {
    // Which locks are held is never left open, so that there are ever new starts.
    let level = |at: usize| {
        format!("f{at}() {{ ( flock 9; f{0}; f{0} ) 9>/tmp/{at}; exec 8>/tmp/o; flock 8; f{0}; }}\n", at + 1)
    };
    let text = (0..12).map(level).collect::<String>() + "f12() { docker run --rm agents:1 claude; }\nf0\n";
    let (steps, is_whole) = steps_and_sight(&text);
    assert!(steps < 20_000 && !is_whole, "{steps}");
}

#[test]
fn functions_that_call_each_other_by_name_are_gone_through_once() {
    let text = |count: usize| {
        let each = |at: usize| format!("do_{at}() {{ docker run --rm agents:{at} claude; \"do_$1\" \"$2\"; }}\n");
        (0..count).map(each).collect::<String>() + "\"do_$1\" \"$2\"\n"
    };
    let [one, two, four] = [3, 6, 12].map(|count| steps_of(&text(count)));
    // Each of them may call each.
    assert!(two <= 5 * one && four <= 5 * two, "{one}, {two}, {four}");
}

#[test]
fn a_loop_in_a_loop_is_not_gone_round_twice_as_often() {
    let nested = |depth: usize| {
        let text = "for x in a b; do\n".repeat(depth) + "docker run --rm agents:1 claude\n" + &"done\n".repeat(depth);
        steps_of(&text)
    };
    let [three, six, twelve] = [3, 6, 12].map(nested);
    assert!(six <= 2 * three + 20 && twelve <= 2 * six + 20, "{three}, {six}, {twelve}");
}
