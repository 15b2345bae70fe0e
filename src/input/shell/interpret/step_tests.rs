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
    let repeated = |part: &dyn Fn(usize) -> String, count: usize| (0..count).map(part).collect::<String>();
    let kinds: [(&str, Box<dyn Fn(usize) -> String>); 5] = [
        ("branches", Box::new(|at| format!("if [ \"$X{at}\" = a ]; then {start}; V={at}; else W={at}; fi\n"))),
        ("functions", Box::new(|at| format!("f{at}() {{ {start}; }}\nf{at} \"$@\"\n"))),
        ("loops", Box::new(|at| format!("for x in a b \"$@\"; do {start}; V{at}=$x; done\n"))),
        ("case arms", Box::new(|at| format!("case \"$1\" in a{at}) {start} ;; b) V={at} ;; *) : ;; esac\n"))),
        ("calls", Box::new(|at| format!("g() {{ {start}; }}\ng \"$V{at}\" &\nwait\n"))),
    ];
    for (kind, part) in &kinds {
        let [one, two, four] = [20, 40, 80].map(|count| steps_of(&repeated(part, count)));
        assert!(two <= 2 * one + 20 && four <= 4 * one + 40, "{kind}: {one}, {two}, {four}");
    }
}
