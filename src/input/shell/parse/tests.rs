//! Texts in, statements out, in one line each; and scripts of this machine beside another reader.

use std::fmt::Write as _;

use super::parse_text;
use super::syntax::*;
use crate::text::TracedText;

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
        TestExpr::Other(blocks) => blocks.iter().for_each(|inner| block(inner, out)),
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
            words.iter().for_each(|word| blocks_of(&word.parts, out));
        }
        Statement::List { first, rest } => {
            statement(first, out);
            rest.iter().for_each(|(_, stmt)| statement(stmt, out));
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
            words.iter().for_each(|word| blocks_of(&word.parts, out));
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
            statement(body, out);
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
fn dump() {
    let Ok(list) = std::env::var("DUMP_LIST") else { return };
    let mut all = String::new();
    for path in std::fs::read_to_string(list).unwrap().lines() {
        let Ok(text) = std::fs::read_to_string(path) else { continue };
        let text = text.replace('\r', "");
        let start = std::time::Instant::now();
        let parsed = parse_text(&TracedText::plain(&text));
        let mut out = Vec::new();
        block(&parsed.block, &mut out);
        out.sort();
        let problem = parsed.problem.map(|(line, what)| format!("{line} {what}")).unwrap_or_default();
        writeln!(all, "{}", serde_json::json!({"path": path, "problem": problem, "words": out, "us": start.elapsed().as_micros() as u64})).unwrap();
    }
    std::fs::write(std::env::var("DUMP_OUT").unwrap(), all).unwrap();
}
