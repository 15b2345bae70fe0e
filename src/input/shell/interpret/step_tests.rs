//! How many steps texts take: they grow with the text and not faster.

use super::exit_states::LastCommand;
use super::interpreter::Interpreter;
use super::shell_state::ShellState;
use crate::input::shell::ExecContext;
use crate::text::{Sources, Span, TracedText};

/// The steps that a text of the host takes, ways into it included.
fn steps_of(text: &str) -> usize {
    let sources = Sources::default();
    let file = sources.add("gen.sh", text);
    let mut interpreter = Interpreter::new(ExecContext::unknown(&sources), Span::file_start(file));
    let text = TracedText::of_file(file, &sources);
    interpreter.run_text(&text, LastCommand::Forks, ShellState::new());
    assert!(interpreter.unread.is_empty());
    interpreter.steps()
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

#[test]
fn a_loop_in_a_loop_is_not_gone_round_twice_as_often() {
    let nested = |depth: usize| {
        let text = "for x in a b; do\n".repeat(depth) + "docker run --rm agents:1 claude\n" + &"done\n".repeat(depth);
        steps_of(&text)
    };
    let [two, four, eight] = [2, 4, 8].map(nested);
    assert!(four <= 4 * two && eight <= 4 * four, "{two}, {four}, {eight}");
}
