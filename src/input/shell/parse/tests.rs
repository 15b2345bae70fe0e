//! Texts in, the first words of their commands out; and scripts of this machine beside another reader.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs};

use serde_json::Value;

use super::syntax::{
    AssignedValue, Assignment, Block, DeclareItem, Redirect, RedirectAction, Statement, TestExpr, WordPart,
};
use super::{ParsedText, parse_text};
use crate::text::TracedText;

/// Scripts of the machine that are compared.
const SCRIPTS: usize = 300;

fn parse(text: &str) -> ParsedText {
    parse_text(&TracedText::plain(text))
}

/// The first words of all commands, in order, and the names of functions.
fn commands(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    block(&parse(text).block, &mut out);
    out
}

fn block(items: &Block, out: &mut Vec<String>) {
    for item in items {
        statement(&item.stmt, out);
    }
}

fn blocks_of(parts: &[WordPart], out: &mut Vec<String>) {
    for part in parts {
        if let WordPart::Param { blocks, .. } | WordPart::Computed { blocks, .. } = part {
            for inner in blocks {
                block(inner, out);
            }
        }
    }
}

fn redirects_of(redirects: &[Redirect], out: &mut Vec<String>) {
    for redirect in redirects {
        match &redirect.action {
            RedirectAction::Open(word) | RedirectAction::Copy(word) => blocks_of(&word.parts, out),
            RedirectAction::Data(document) => {
                blocks_of(document.word().map(|word| word.parts.as_slice()).unwrap_or_default(), out);
            }
            RedirectAction::Close => {}
        }
    }
}

fn assign_of(assign: &Assignment, out: &mut Vec<String>) {
    match &assign.value {
        AssignedValue::Word(word) => blocks_of(&word.parts, out),
        AssignedValue::List(words) => words.iter().for_each(|word| blocks_of(&word.parts, out)),
    }
}

fn test_of(test: &TestExpr, out: &mut Vec<String>) {
    match test {
        TestExpr::Unary(_, word) | TestExpr::Bare(word) => blocks_of(&word.parts, out),
        TestExpr::Binary(left, _, right) => {
            blocks_of(&left.parts, out);
            blocks_of(&right.parts, out);
        }
        TestExpr::Not(inner) => test_of(inner, out),
        TestExpr::Arithmetic(_, blocks) | TestExpr::Other(blocks) => blocks.iter().for_each(|inner| block(inner, out)),
    }
}

/// The first words of all commands below a statement, and the names of its functions.
fn statement(stmt: &Statement, out: &mut Vec<String>) {
    match stmt {
        Statement::Simple(simple) => {
            if let Some(word) = simple.words.first() {
                out.push(word.source.raw());
            }
            simple.assigns.iter().for_each(|assign| assign_of(assign, out));
            simple.words.iter().for_each(|word| blocks_of(&word.parts, out));
            redirects_of(&simple.redirects, out);
        }
        Statement::Declare { keyword, items } => {
            out.push(keyword.clone());
            for item in items {
                match item {
                    DeclareItem::Assign(assign) => assign_of(assign, out),
                    DeclareItem::Word(word) => blocks_of(&word.parts, out),
                }
            }
        }
        Statement::Unset(words) => {
            out.push("unset".into());
            for word in words {
                blocks_of(&word.parts, out);
            }
        }
        Statement::List { first, rest } => {
            statement(first, out);
            for (_, stmt) in rest {
                statement(stmt, out);
            }
        }
        Statement::Pipeline(parts) => parts.iter().for_each(|stmt| statement(stmt, out)),
        Statement::Not(inner) => statement(inner, out),
        Statement::Group(items) | Statement::Subshell(items) => block(items, out),
        Statement::If { arms, otherwise } => {
            for (condition, body) in arms {
                block(condition, out);
                block(body, out);
            }
            block(otherwise, out);
        }
        Statement::While { condition, body, .. } => {
            block(condition, out);
            block(body, out);
        }
        Statement::For { words, body, .. } => {
            for word in words {
                blocks_of(&word.parts, out);
            }
            block(body, out);
        }
        Statement::Case { subject, arms } => {
            blocks_of(&subject.parts, out);
            for arm in arms {
                arm.patterns.iter().for_each(|word| blocks_of(&word.parts, out));
                block(&arm.body, out);
            }
        }
        Statement::Function { name, body } => {
            out.push(format!("{name}()"));
            statement(&body.statement, out);
        }
        Statement::Test(test) => test_of(test, out),
        Statement::Redirected { body, redirects } => {
            statement(body, out);
            redirects_of(redirects, out);
        }
        Statement::Unread => out.push("UNREAD".into()),
    }
}

#[test]
fn what_bash_accepts_is_read() {
    for (text, expected) in [
        ("x=$(<f); a", "a"),
        ("{ if a; then b; fi }; c", "a b c"),
        ("{ case x in y) a;; esac }; { { b; } }; { (c) }", "a b c"),
        ("x=$(a) 2>/dev/null; b", "a b"),
        ("x=$((10#$d)); y=$(( ( R ) + 1 )); a", "a"),
        ("echo ${l:$i:1} ${M:-$(( ( R ) + 1 ))} ${F:-[\"a\",\"b\"]} ${1//&/\\&amp;} ${#a[@]} ${a[-1]}; a", "echo a"),
        ("cmd > o <<< a; b", "cmd b"),
        ("[[ $s = *[A-Z]* && $t != b ]] && a", "a"),
        ("[[ $l =~ \\'?\\{[^}]*$ ]] || a; [[ $x =~ ^(a b|c)$ ]]; b", "a b"),
        ("[[ ! ( -n $a || b ) ]] && c; [[ a < b ]]", "c"),
        ("sed s/\\\\$/x/; b", "sed b"),
        ("cmd << EOF &\n$(a)\nEOF\nb", "cmd a b"),
        ("cat <<A <<-'B' | c\n$(x) `y`\nA\n\t$(z)\n\tB\nd", "cat x y c d"),
        ("x=$(cat <<E\n)'\"\nE\n); a", "cat a"),
        ("cat <<E\\\n | b\nc\nE\nd", "cat b d"),
        ("case $x in (a|b) c;; @(d|e)*) f;& *) g; esac; h", "c f g h"),
        (
            "for x; do a; done; for x in b c; { d; }; select y in e; do f; done; for ((i=$(g);i<1;i++)); do h; done",
            "a d f g h",
        ),
        ("while a; do b; done < <(c); until d; do e; done 9>f", "a b c d e"),
        ("((x = (1 << 2))); ((a) | b); x=$((c) | d); x=$(( (1) )); e", "a b c d e"),
        ("f() { a; } >x; function g { b; }; function h.i-j () ( c )\nk()\n{ d; }", "f() a g() b h.i-j() c k() d"),
        ("! a; ! ! b; time -p c; time { d; }; a=1 b[$i]+=2 c=(d [x y]=$(e)) f", "a b c d f e"),
        ("export A=\"$(a)\" B; local -n x=y; readonly z; unset q", "export a local readonly unset"),
        ("coproc { a; }; coproc N { b; }; coproc c", "a b coproc"),
        ("a |& b &>> c; d 2>&1 {fd}>e <>f >|g; h>&-", "a b d h"),
        ("echo \"$(a \"$(b \"c\")\")\" `d \\`e\\`` $'f\\'g' $\"h$(i)\"", "echo a b d e i"),
        ("a # b\n# c\n d#e f", "a d#e"),
        ("a \\\n b; c &\n d && \\\n e ||\n f | # g\n h", "a c d e f h"),
        ("echo ${x#*'}'} \"${x%\"}\"}\" ${x:-$(a '}')} \"${y:-it's}\"; b", "echo a b"),
        ("echo [a-z]* {b,c} $[1+(2)] $ a$; d", "echo d"),
        ("if a; then b; elif c; then d; else e; fi 2>f | g", "a b c d e g"),
        ("if (a) then b; fi; { c; } | { d; }", "a b c d"),
    ] {
        let mut found = commands(text);
        let mut expected: Vec<String> = expected.split(' ').map(str::to_owned).collect();
        let problem = parse(text).problem;
        assert!(problem.is_none(), "{text}: {problem:?}");
        found.sort();
        expected.sort();
        assert_eq!(found, expected, "{text}");
    }
}

#[test]
fn reading_goes_on_after_what_is_no_shell() {
    for (text, line, expected) in [
        ("a\n)\nb", 2, "a UNREAD b"),
        ("if a; then\n b ( c\n d\nfi\ne", 2, "a b UNREAD d e"),
        ("f() { a; ;; b; }\nc", 1, "f() a UNREAD b c"),
        ("a\nx=\"$(b\nc", 2, "a UNREAD c"),
        ("a\nwhile b; do c\nd", 2, "a b c d"),
        ("a; fi; b", 1, "a UNREAD b"),
        ("case x in a) b;; esac esac\nc", 1, "b UNREAD c"),
        ("[[ a b ]]\nc", 1, "UNREAD c"),
    ] {
        let parsed = parse(text);
        assert_eq!(parsed.problem.map(|(line, _)| line), Some(line), "{text}");
        assert_eq!(commands(text).join(" "), expected, "{text}");
    }
}

#[test]
fn here_documents_are_words() {
    let parsed = parse("cat <<E <<-'F'\na $x \\$y\nE\n\tb $z\n\tF\n");
    let Statement::Simple(simple) = &parsed.block[0].stmt else { panic!() };
    let texts: Vec<(String, usize)> = simple
        .redirects
        .iter()
        .map(|redirect| match &redirect.action {
            RedirectAction::Data(document) => {
                let word = document.word().unwrap();
                (word.source.raw(), word.parts.len())
            }
            _ => panic!(),
        })
        .collect();
    assert_eq!(texts, [("a $x \\$y\n".to_owned(), 3), ("b $z\n".to_owned(), 1)]);
}

/// `shfmt` writes down what it read as JSON; where it is not there, nothing is compared. The scripts are those of this
/// machine, or those that are listed in the file that `OVERLOCK_SHELL_SCRIPTS` names.
#[test]
#[expect(clippy::print_stdout, reason = "a figure to read with --nocapture")]
fn scripts_are_read_as_shfmt_reads_them() {
    if Command::new("shfmt").arg("--version").stdout(Stdio::null()).status().is_err() {
        println!("skipped: there is no shfmt");
        return;
    }
    let listed = env::var_os("OVERLOCK_SHELL_SCRIPTS").map(|list| fs::read_to_string(list).unwrap());
    let scripts = listed.map_or_else(scripts_of_this_machine, |list| list.lines().map(PathBuf::from).collect());
    let (mut compared, mut different) = (0, Vec::new());
    for path in scripts {
        let Ok(text) = fs::read_to_string(&path) else { continue };
        let text = text.replace('\r', "");
        let Some(theirs) = read_by_shfmt(&text) else { continue };
        compared += 1;
        let problem = parse(&text).problem;
        let ours = count(commands(&text));
        if problem.is_some() || ours != theirs {
            let odd = |one: &BTreeMap<String, usize>, other: &BTreeMap<String, usize>| -> Vec<String> {
                one.iter()
                    .filter(|(word, count)| other.get(*word) != Some(count))
                    .map(|(word, _)| word.clone())
                    .collect()
            };
            different.push(format!(
                "{}: {problem:?} {:?} {:?}",
                path.display(),
                odd(&ours, &theirs),
                odd(&theirs, &ours)
            ));
        }
    }
    println!("{compared} scripts are compared");
    assert!(different.is_empty(), "{} of {compared}:\n{}", different.len(), different.join("\n"));
}

/// How often each word is there. `[` and backslashes are written down in more than one way.
fn count(words: Vec<String>) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for word in words.into_iter().filter(|word| word != "[") {
        *counts.entry(word.replace("\\\n", "").replace('\\', "")).or_default() += 1;
    }
    counts
}

fn read_by_shfmt(text: &str) -> Option<BTreeMap<String, usize>> {
    let languages: &[&str] = if text.lines().next()?.contains("bash") { &["bash"] } else { &["bash", "posix"] };
    languages.iter().find_map(|language| {
        let mut shfmt = Command::new("shfmt")
            .args(["-tojson", "-ln", language])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut stdin = shfmt.stdin.take().unwrap();
        let given = text.to_owned();
        let writer = std::thread::spawn(move || drop(stdin.write_all(given.as_bytes())));
        let output = shfmt.wait_with_output().unwrap();
        writer.join().unwrap();
        let tree: Value = serde_json::from_slice(&output.stdout).ok().filter(|_| output.status.success())?;
        let mut words = Vec::new();
        add_words(&tree, text, &mut words);
        Some(count(words))
    })
}

fn add_words(node: &Value, text: &str, words: &mut Vec<String>) {
    match node {
        Value::Array(items) => items.iter().for_each(|item| add_words(item, text, words)),
        Value::Object(fields) => {
            let offset = |word: &Value, end: &str| usize::try_from(word[end]["Offset"].as_u64().unwrap()).unwrap();
            match node["Type"].as_str() {
                Some("CallExpr") => words
                    .extend(node["Args"].get(0).map(|word| text[offset(word, "Pos")..offset(word, "End")].to_owned())),
                Some("DeclClause") => words.extend(node["Variant"]["Value"].as_str().map(str::to_owned)),
                Some("FuncDecl") => words.push(format!("{}()", node["Name"]["Value"].as_str().unwrap())),
                Some("LetClause") => words.push("let".to_owned()),
                _ => {}
            }
            fields.values().for_each(|field| add_words(field, text, words));
        }
        _ => {}
    }
}

fn scripts_of_this_machine() -> Vec<PathBuf> {
    let mut found = Vec::new();
    for directory in
        ["/usr/bin", "/usr/sbin", "/etc/init.d", "/etc/cron.daily", "/var/lib/dpkg/info", "/usr/lib/git-core"]
    {
        let entries = fs::read_dir(directory).into_iter().flatten().flatten();
        found.extend(entries.map(|entry| entry.path()).filter(|path| is_shell(path)));
    }
    found.sort();
    found.truncate(SCRIPTS);
    found
}

fn is_shell(path: &Path) -> bool {
    let small = fs::metadata(path).is_ok_and(|metadata| metadata.is_file() && metadata.len() < 256 * 1024);
    let text = small.then(|| fs::read(path).ok()).flatten().unwrap_or_default();
    let line = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
    line.starts_with(b"#!") && (line.ends_with(b"sh") || line.ends_with(b"sh -e")) && !line.ends_with(b"zsh")
}
