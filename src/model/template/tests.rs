//! Each dialect, by what it makes of templates.

use super::*;
use crate::model::Value;
use crate::text::yaml::Symbol;

/// `A` is `a`, `E` is empty, `S` has a symbol in it, `X` is unknown; others are unset.
fn expand(word: &str, dialect: Dialect, unset: UnsetVariable, keeps_unknown: bool) -> Result<Expanded, TemplateError> {
    let symbolic =
        Value { text: "${Q}".into(), symbols: vec![Symbol { name: "Q".into(), required: false }], ..Value::default() };
    let expander = Expander {
        lookup: &|name| match name {
            "A" => Binding::Text("a"),
            "E" => Binding::Text(""),
            "S" => Binding::Value(&symbolic),
            "X" => Binding::Unknown,
            _ => Binding::Unset,
        },
        unset,
        keeps_unknown,
        limit: 1000,
    };
    Template::parse(word, dialect)?.expand(expander)
}

fn symbols(expanded: &Expanded) -> Vec<(&str, bool)> {
    expanded.symbols.iter().map(|symbol| (symbol.name.as_str(), symbol.required)).collect()
}

#[test]
fn compose_expands_every_operator() {
    let cases = [
        ("$A-${A}", "a-a"),
        ("$$A", "$A"),
        ("${A:-x}${E:-x}${E-x}${U-x}${U:-x}", "axxx"),
        ("${A:+y}${E:+y}${E+y}${U+y}${U:+y}", "yy"),
        ("${A:?m}${A?m}${E?m}", "aa"),
        ("${U:-${A}/${V:-w}}", "a/w"),
        ("$ $1 $(x) $ '\\\"`", "$ $1 $(x) $ '\\\"`"),
        ("~/.claude", "~/.claude"),
        ("${U-a:-b}", "a:-b"),
        ("${U:-{x}", "{x"),
        ("${U:-{}}!", "{}!"),
        ("${U:-a} and ${U:-b}", "a and b"),
    ];
    for (word, wanted) in cases {
        let expanded = expand(word, Dialect::COMPOSE, UnsetVariable::Empty, false);
        assert_eq!(expanded.unwrap().text, wanted, "{word}");
    }
    for word in ["${", "${}", "${A", "${A!x}", "${A:}", "${1}", "${U:-\n}", "${A:-${}}"] {
        assert!(expand(word, Dialect::COMPOSE, UnsetVariable::Empty, false).is_err(), "{word}");
    }
    let required = TemplateError::Required { name: "U".into(), reason: "why $A".into() };
    assert_eq!(expand("${A:-${U?why $A}}", Dialect::COMPOSE, UnsetVariable::Empty, false), Err(required));
}

#[test]
fn unset_variables_stay_as_symbols_where_they_are_asked_for() {
    let expanded = expand("/x/${U}/$V:${W:?why}", Dialect::COMPOSE, UnsetVariable::Symbol, false).unwrap();
    assert_eq!((expanded.text.as_str(), expanded.unset.len()), ("/x/${U}/${V}:${W}", 3));
    assert_eq!(symbols(&expanded), [("U", false), ("V", false), ("W", true)]);
    let handed = expand("${S:-c}", Dialect::COMPOSE, UnsetVariable::Symbol, false).unwrap();
    assert_eq!((handed.text.as_str(), symbols(&handed)), ("${Q}", vec![("Q", false)]));
}

#[test]
fn dockerfiles_have_quotes_escapes_and_unknown_variables() {
    let cases = [
        ("\"$A\" '$A' \\$A \"\\$\\x\"", "a $A $A $\\x"),
        ("${U}${U:-$A}${E:+y}$X${X:-b}${S:-c}", "a${X}${X}${S}"),
        ("${U:-'}'}$1$@$$", "}"),
        ("${A#a}${U%x}", "${A}"),
    ];
    for (word, wanted) in cases {
        let expanded = expand(word, Dialect::dockerfile('\\', true), UnsetVariable::EmptyUnlessRequired, false);
        assert_eq!(expanded.unwrap().text, wanted, "{word}");
    }
    let required = expand("${U:?}${X?}", Dialect::dockerfile('`', true), UnsetVariable::EmptyUnlessRequired, false);
    assert_eq!(symbols(&required.unwrap()), [("U", true), ("X", false)]);
    let here = expand("'$A' `$A", Dialect::dockerfile('`', false), UnsetVariable::EmptyUnlessRequired, false);
    assert_eq!(here.unwrap().text, "'a' $A");
}

#[test]
fn words_of_a_call_keep_what_is_unknown_as_it_is_written() {
    let kept = Dialect { escape: Escape::ShellKept, commands: false, ..Dialect::SHELL_WORD };
    for (word, wanted) in [
        ("$A/${X}/\\$A\\n", "a/${X}/\\$A\\n"),
        ("x@${X:-$A}", "x@${X:-a}"),
        ("$(echo $A) ${!X} ${#A", "$(echo a) ${!X} ${#A"),
    ] {
        assert_eq!(expand(word, kept, UnsetVariable::Empty, true).unwrap().text, wanted, "{word}");
    }
    let template = Template::parse("a\\$b$(c $(d))e`f`g", Dialect::SHELL_WORD).unwrap();
    let opaque = template.segments.iter().filter(|segment| matches!(segment, Segment::Opaque(_))).count();
    assert_eq!((opaque, &template.segments[0]), (2, &Segment::Text("a$b".into())));
}

#[test]
fn length_and_depth_are_bounded() {
    let deep = format!("{}x{}", "${U:-".repeat(10_000), "}".repeat(10_000));
    for dialect in [Dialect::COMPOSE, Dialect::dockerfile('\\', true), Dialect::SHELL_WORD] {
        assert_eq!(Template::parse(&deep, dialect), Err(TemplateError::TooDeep));
        let long = expand(&"${A}".repeat(1001), dialect, UnsetVariable::Empty, false);
        assert_eq!(long, Err(TemplateError::TooLong));
    }
}
