//! Random strings: text with variables in it, and the lines of env files.

use super::dice::Dice;

/// Variables that may be set, in the environment or a `.env`, to anything.
pub(crate) const ANY: &[&str] = &["A", "B", "C", "D"];

/// Values of those. What a variable holds is not read for variables again.
pub(crate) const VALUES: &[&str] = &[
    "val",
    "two words",
    "",
    "true",
    "7",
    "1.50",
    "/srv/x",
    "a:b",
    "a$b",
    "$$",
    "${A}",
    "\"q\"",
    "it's",
    "back\\slash",
    "é",
    " pad ",
    "#x",
    "a=b",
];

/// Variables that stand where only some values are allowed: the values, each as good as the other.
pub(crate) const TYPED: &[(&str, &[&str])] = &[
    ("FLAG", &["true", "false", "True", "FALSE", "yes", "no", "on", "off", "y", "n"]),
    ("NUM", &["2", "3", "0", "1"]),
    ("DIR", &["./dir", "/srv/dir", "../dir", "~/dir", "/srv//dir/", "./a/../dir"]),
    ("AT", &["/at", "/at/", "/srv/../at"]),
];

const LITERALS: &[&str] = &[
    "x",
    "word",
    "a-b",
    "two words",
    "é",
    "k=v=w",
    "#no",
    "\"quoted\"",
    "it's",
    "back\\slash",
    "tab\there",
    " lead",
    "trail ",
    "100%",
    "a,b",
    "line\nbreak",
    "line\nbreak\n",
    "*star",
    "&and",
    "!bang",
    "@at",
    "a: b",
    "- dash",
    "{}",
    "[]",
    "\\n",
    "true",
    "null",
    "~",
    "1.0",
    "0x1F",
    "007",
    "1_000",
    "1e3",
    "yes",
    "=",
    "<<",
    "/",
    "//",
    "./",
    ":",
    "?",
    "|",
    ">",
    "`",
    "",
];

/// What stands for a variable and always means something.
const TEMPLATES: &[&str] = &[
    "$V",
    "${V}",
    "${V:-w}",
    "${V-w}",
    "${V:+w}",
    "${V+w}",
    "${V:-}",
    "${V-}",
    "${V:+}",
    "$$",
    "$$V",
    "$${V}",
    "$$$V",
    "$$$$",
    "${SET}",
    "$SET",
    "${SET:?must}",
    "${SET?must}",
    "${SET:?}",
    "${EMPTY?must}",
    "${EMPTY:-w}",
    "${EMPTY-w}",
    "${EMPTY:+w}",
    "${EMPTY+w}",
    "${UNSET}",
    "${UNSET:-w}",
    "${UNSET+w}",
    "${V:-${UNSET:-w}}",
    "${V:+$SET}",
    "${V-${SET:?must}}",
    "${UNSET:-${UNSET:-${SET}}}",
    "${V:-a b}",
    "${V:-./w}",
    "${V:-\"w\"}",
    "${V:-it's}",
    "${V:-a:b}",
    "${V:-a$$b}",
    "${V:-a-b}",
    "${V:-a?b}",
    "${V:-a:-b}",
    "${V:-:}",
    "${V}${V:-w}",
    "${V:-w}-$SET",
    "${V:+a}${UNSET-b}",
    "$SET.x",
    "${SET}x",
    "$SET_",
    "$V-w",
    "${V:-/a/b}",
    "${V:-{}}",
    "${V:-${SET}-w}",
    "${V:-w${SET:+x}}",
    "${EMPTY:-${EMPTY-w}}",
    "${V:+${EMPTY:-w}}",
    "${V:-a=b}",
    "${V:-#}",
    "${V:-a\\b}",
];

/// A variable in one of the ways to write it.
pub(crate) fn template(dice: &mut Dice) -> String {
    let name = dice.pick(ANY);
    dice.pick(TEMPLATES).replace('V', name)
}

/// A string, plain or with variables.
pub(crate) fn phrase(dice: &mut Dice) -> String {
    let pieces = dice.pick(&[1, 1, 1, 2, 3]);
    (0..pieces).map(|_| piece(dice)).collect()
}

fn piece(dice: &mut Dice) -> String {
    if dice.once_in(2) { template(dice) } else { dice.pick(LITERALS).to_owned() }
}

/// A word that may come from one of the typed variables, or is what it would have been.
pub(crate) fn typed(dice: &mut Dice, name: &str, plain: &str) -> String {
    match dice.below(5) {
        0 => format!("${{{name}:-{plain}}}"),
        1 => format!("${{{name}-{plain}}}"),
        2 => format!("${{UNSET:-${{{name}:-{plain}}}}}"),
        _ => plain.to_owned(),
    }
}

/// Lines of an env file in which `N` is a name of the file's own.
const LINES: &[&str] = &[
    "N=plain",
    "N=two words",
    "N=\"quoted # no comment\"",
    "N='single $B ${B}'",
    "export N=exported",
    "N=",
    "N",
    "N: colon",
    "N = spaced",
    "N=x # comment",
    "N=x#none",
    "# comment",
    "",
    "   ",
    "  N=indented",
    "N=trail   ",
    "N=\"a\\nb\"",
    "N=\"a\\\"b\"",
    "N='a\\nb'",
    "N=\"two\nlines\"",
    "N='two\nlines'",
    "N=$B",
    "N=${B}",
    "N=${B:-w}",
    "N=\"$B-${C}\"",
    "N=\"${B:-a b}\"",
    "N=\\$B",
    "N=\"\\$B\"",
    "N=$$B",
    "N=a$",
    "N=${B:+w}",
    "N=\"${UNSET}\"",
    "N=${UNSET-w}",
    "N=a\\b",
    "N=\"a\\\\b\"",
    "N=é",
    "N=\"\"",
    "N=''",
    "N='\"'",
    "N=\"'\"",
    "N=a\"b\"c",
    "N=a'b'c",
    "N=\"a\" # comment",
    "N='a' # comment",
    "N=a=b=c",
    "N=http://x/y?z#f",
    "N=\"a\\tb\"",
    "export N",
    "N=\"a\\r\\nb\"",
    "N=#x",
    "N= # x",
    "N=\t tab",
    "N=-1",
    "N=true",
    "N.M=dotted",
    "N_1=digit",
    "N=\"$$\"",
    "N=`x`",
    "N=!x",
    "N=%x%",
    "N=[a]",
    "N={a}",
    "N=\"\\u00e9\"",
    "N=a;b",
    "N=$(x)",
    "N=\r",
    "N=${SET:?must}",
    "N=${N}x",
    "export   N=x",
    "N=\"${N:-}y\"",
];

/// An env file of some lines about some names.
pub(crate) fn env_file(dice: &mut Dice, names: &[&str]) -> Vec<String> {
    let count = dice.between(0, 6);
    (0..count)
        .map(|_| {
            let line = dice.pick(LINES);
            line.replace('N', dice.pick(names))
        })
        .collect()
}

/// Lines of a file whose values are taken as they stand.
pub(crate) fn raw_file(dice: &mut Dice, names: &[&str]) -> Vec<String> {
    let lines = [
        "N=plain",
        "N=\"quoted\"",
        "N='single'",
        "N=$B",
        "N=x # no comment",
        "# comment",
        "",
        "N",
        "N=",
        "N=a=b",
        "N= lead",
        "N=\\n",
    ];
    let count = dice.between(0, 5);
    (0..count)
        .map(|_| {
            let line = dice.pick(&lines);
            line.replace('N', dice.pick(names))
        })
        .collect()
}
