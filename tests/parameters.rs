//! No function of `src` takes several values packed into one parameter: `(world, rules): (&World, &Rules)` hides how many
//! there are, and says nothing of what they are together. They are parameters of their own, or fields of a named struct.

use std::fs;
use std::path::Path;

use crate::harness::root;

/// The functions of a source text that take a tuple, by a pattern or by its type.
fn functions_with_packed_parameters(source: &str) -> Vec<String> {
    let code: Vec<&str> = source.lines().map(|line| line.split("//").next().unwrap()).collect();
    let code = code.join("\n");
    let mut found = Vec::new();
    for (at, _) in code.match_indices("fn ") {
        let is_word_start = !code[..at].ends_with(|before: char| before.is_alphanumeric() || before == '_');
        let name: String = code[at + 3..].chars().take_while(|one| one.is_alphanumeric() || *one == '_').collect();
        if !is_word_start || name.is_empty() {
            continue;
        }
        let after_name = &code[at + 3 + name.len()..];
        let generics = if after_name.starts_with('<') { closing(after_name) + 1 } else { 0 };
        let list = &after_name[generics..];
        if list.starts_with('(') && split(&list[1..closing(list)]).into_iter().any(is_packed) {
            found.push(name);
        }
    }
    found
}

/// Where what a text begins with ends: its bracket's partner.
fn closing(text: &str) -> usize {
    let mut depth = 0;
    let mut before = ' ';
    for (at, character) in text.char_indices() {
        match character {
            '(' | '[' | '{' | '<' => depth += 1,
            // The arrow of a function's type closes nothing.
            '>' if before == '-' => {}
            ')' | ']' | '}' | '>' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return at;
        }
        before = character;
    }
    panic!("a bracket is not closed in {text}");
}

/// The parts between commas that stand in no bracket.
fn split(text: &str) -> Vec<&str> {
    let (mut parts, mut from, mut at) = (Vec::new(), 0, 0);
    while let Some(character) = text[at..].chars().next() {
        match character {
            '(' | '[' | '{' | '<' => at += closing(&text[at..]),
            ',' => {
                parts.push(&text[from..at]);
                from = at + 1;
            }
            _ => {}
        }
        at += text[at..].chars().next().unwrap().len_utf8();
    }
    parts.push(&text[from..]);
    parts
}

fn is_packed(parameter: &str) -> bool {
    let mut parameter = parameter.trim();
    while parameter.starts_with('#') {
        parameter = parameter[closing(&parameter[1..]) + 2..].trim_start();
    }
    if is_tuple(parameter) {
        return true;
    }
    // `name: Type`; `self` alone has no type.
    parameter.split_once(':').is_some_and(|(_, of)| is_tuple(of))
}

/// Whether a pattern or a type begins with a tuple of two or more, behind references.
fn is_tuple(text: &str) -> bool {
    let mut text = text.trim_start();
    while let Some(rest) = text.strip_prefix('&') {
        text = rest.trim_start();
        if text.starts_with('\'') {
            text = text.split_once(' ').map_or("", |(_, rest)| rest.trim_start());
        }
        text = text.strip_prefix("mut ").unwrap_or(text).trim_start();
    }
    text.starts_with('(')
        && split(&text[1..closing(text)]).into_iter().filter(|part| !part.trim().is_empty()).count() > 1
}

#[test]
fn a_packed_parameter_is_seen_in_every_form() {
    let packed = [
        "fn named((world, rules): (&World, &Rules), out: &mut dyn Write) {}",
        "pub(super) fn named<'a>(\n    read: Read<'a>,\n    (world, style): (&'a World, Style),\n) -> Read<'a> {}",
        "fn named(&self, (mut layout, only): (Layout, &BTreeSet<String>)) {}",
        "fn named<F: Fn(&str) -> (u8, u8)>(then: F, (a, b): (u8, u8)) {}",
        "fn named(pair: (u8, u8)) {}",
        "fn named(map: BTreeMap<u8, u8>, pair: &'a mut (u8, &Mount)) {}",
        "fn named(&(number, mount): &(usize, &Mount)) {}",
        "fn named(#[allow(unused)] (a, _): (u8, u8)) {}",
        "fn named((a, b): Pair) {}",
        "fn other(a: u8) {}\nfn named(\n    // Both: the engine's, and ours.\n    (a, b): (u8, u8),\n) {}",
    ];
    for text in packed {
        assert_eq!(functions_with_packed_parameters(text), ["named"], "{text}");
    }
    let plain = [
        "fn named(world: &World, rules: &Rules) {}",
        "fn named(&self, pairs: &[(u8, u8)], one: Option<(u8, u8)>) -> (u8, u8) {}",
        "fn named(then: impl Fn((u8, u8)) -> (u8, u8), unit: ()) { then((1, 2)); }",
        "fn named() { let one = |((a, b), by): (Name, u8)| a; call((a, b), c) }",
        "fn named(&Session { world, rules, .. }: &Session<'_>) {}",
        "fn named<F: Fn((u8, u8))>(then: F) {}",
        "// fn named((a, b): (u8, u8)) {}",
    ];
    for text in plain {
        assert_eq!(functions_with_packed_parameters(text), [""; 0], "{text}");
    }
}

fn look_below(directory: &Path, looked_at: &mut usize, wrong: &mut Vec<String>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let stem = path.file_stem().unwrap();
        if path.is_dir() && stem != "tests" {
            look_below(&path, looked_at, wrong);
        } else if path.extension().is_some_and(|extension| extension == "rs") && stem != "tests" {
            let text = fs::read_to_string(&path).unwrap();
            let text = text.split("#[cfg(test)]\nmod ").next().unwrap();
            *looked_at += text.matches("fn ").count();
            let packed = functions_with_packed_parameters(text).into_iter();
            wrong.extend(packed.map(|name| format!("{}: {name}", path.display())));
        }
    }
}

#[test]
fn no_function_takes_values_packed_into_a_tuple() {
    let (mut looked_at, mut wrong) = (0, Vec::new());
    look_below(&root().join("src"), &mut looked_at, &mut wrong);
    assert!(looked_at > 1000, "{looked_at} functions are not all of src");
    assert!(wrong.is_empty(), "give these parameters of their own, or a named struct: {wrong:#?}");
}
