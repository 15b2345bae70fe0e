//! Any input is read in bounded time and depth, and what is too much is said to be unseen.

use super::{run, shell};
use crate::model::Sight;

#[test]
fn deep_nesting_is_reported_as_partial() {
    let deep = 3_000;
    for text in [
        "(".repeat(deep),
        format!("{}prog{}", "( ".repeat(deep), " )".repeat(deep)),
        format!("{}prog{}", "{ ".repeat(deep), "; }".repeat(deep)),
        format!("{}prog{}", "$(".repeat(deep), ")".repeat(deep)),
        format!("x={}prog{}", "\"$(".repeat(deep), ")\"".repeat(deep)),
        format!("{}prog{}", "if true; then ".repeat(deep), "; fi".repeat(deep)),
        format!("{}prog{}", "while true; do ".repeat(deep), "; done".repeat(deep)),
        format!("{}x", "! ".repeat(deep)),
        format!("echo ${{{}x}}", "a:-${".repeat(deep)),
        "`".repeat(deep + 1),
        "case x in ".repeat(deep),
    ] {
        let script = shell(&text);
        let start: String = text.chars().take(20).collect();
        assert_eq!(script.sight, Sight::Partial, "{start}");
    }
}

#[test]
fn unfinished_texts_are_read_in_linear_time() {
    for text in [
        "x=\"$(\n",
        "${x:-\n",
        "((\n",
        "$((\n",
        "a[\n",
        "'\n\"\n",
        "`\n",
        "<<E\n",
        "@(\n",
        "[[ (\n",
        "case x in\n",
        "\"$'\n",
        "if $(\n",
        "x=(\n",
        "<(",
        "$((a) ",
        "((a) ",
        "f() ",
        "! ",
        "time ",
        "coproc x ",
    ] {
        for repeated in [200, 4_000] {
            let _ = shell(&text.repeat(repeated));
        }
    }
    // Each of them may be closed by the last character.
    let _ = shell(&"$(".repeat(100_000));
    let _ = shell(&format!("{}{}", "${".repeat(50_000), "}".repeat(50_000)));
}

#[test]
fn too_many_nested_shells_are_reported_as_partial() {
    let mut words = vec!["sh", "-c"];
    words.extend(["exec \"$@\"", "--", "sh", "-c"].repeat(50));
    words.push("prog");
    assert_eq!(run(&words).sight, Sight::Partial);
    let mut wrapped = ["env", "nice"].repeat(500);
    wrapped.push("prog");
    assert_eq!(run(&wrapped).sight, Sight::Partial);
}

#[test]
fn self_growing_text_is_stopped() {
    let mut calls = String::from("f0() { prog; }\n");
    for n in 1..40 {
        calls.push_str(&format!("f{n}() {{ f{m}; f{m}; }}\n", m = n - 1));
    }
    calls.push_str("f39");
    assert_eq!(shell(&calls).sight, Sight::Partial);
    let doubling = format!("a=xxxxxxxx; {} prog $a", "a=$a$a;".repeat(60));
    assert_eq!(shell(&doubling).sight, Sight::Partial);
    let words = format!("a='x x x x'; {} prog $a", "a=\"$a $a\";".repeat(60));
    assert_eq!(shell(&words).sight, Sight::Partial);
    let loops = |count: usize| format!("{} prog; {}", "while x; do ".repeat(count), "done;".repeat(count));
    assert_eq!(shell(&loops(12)).sight, Sight::Whole, "loops within loops do not multiply");
    assert_eq!(shell(&loops(20)).sight, Sight::Partial);
}

#[test]
fn long_flat_text_is_read_whole() {
    let long = "prog x && ".repeat(500) + "prog y";
    assert_eq!(shell(&long).sight, Sight::Whole);
    assert_eq!(shell(&long).invocations.len(), 501);
    assert_eq!(shell(&"prog\n".repeat(100_000)).sight, Sight::Partial);
    assert_eq!(shell(&"a=b\n".repeat(3_000)).sight, Sight::Whole);
    let many: Vec<String> = (0..3_000).map(|n| format!("a{n}=b; ")).collect();
    assert_eq!(shell(&many.concat()).sight, Sight::Partial);
}

/// Texts put together at random, the same in each run.
#[test]
fn random_text_never_panics() {
    const PIECES: [&str; 48] = [
        "flock ",
        "9 ",
        "9>/l ",
        "exec ",
        "( ",
        ") ",
        "{ ",
        "; } ",
        "; ",
        "&& ",
        "|| ",
        "| ",
        "& ",
        "if ",
        "; then ",
        "; else ",
        "; fi ",
        "while ",
        "; do ",
        "; done ",
        "case x in ",
        ") ",
        ";; ",
        "esac ",
        "f() ",
        "f ",
        "$(",
        "`",
        "\"",
        "'",
        "$x",
        "${x:-",
        "}",
        "x=",
        "<<E\n",
        "\nE\n",
        "sh -c ",
        "eval ",
        "trap ",
        "return ",
        "break ",
        "exit ",
        "set -e ",
        "\\",
        "\u{0}",
        "é",
        "[ -n ",
        "] ",
    ];
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = |below: usize| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        usize::try_from(seed % below as u64).unwrap()
    };
    for round in 0..1_500 {
        let pieces = 1 + random(40);
        let text: String = if round % 4 == 0 {
            let bytes: Vec<u8> = (0..pieces * 3).map(|_| u8::try_from(random(256)).unwrap()).collect();
            String::from_utf8_lossy(&bytes).into_owned()
        } else {
            (0..pieces).map(|_| PIECES[random(PIECES.len())]).collect()
        };
        let script = shell(&text);
        assert_eq!(script.sight == Sight::Partial, script.unseen.is_some());
    }
}

#[test]
fn comments_are_found_by_shell_rules() {
    let of = |text: &str| {
        crate::input::shell::find_comments(text).into_iter().map(|at| text[at].to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(of("#!/bin/sh\na # b\nc\t#d\r\n"), ["#!/bin/sh", "# b", "#d\r"]);
    assert_eq!(of("a '# b' \"# c\" d#e ${f#g} $#\n"), Vec::<String>::new());
    assert_eq!(of("cat <<E\n# in\nE\na # out\n"), ["# out"]);
    assert_eq!(of("a <<'E' # b\n# in\nE\n"), ["# b"]);
    assert_eq!(of(&"# x".repeat(200_000)), Vec::<String>::new(), "what is too long to be read has none");
    let _ = of("if ( ( $(( # \u{0}");
}
