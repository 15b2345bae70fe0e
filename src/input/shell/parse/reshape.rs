//! Corrects how the grammar groups statements: it gives the redirection of `a && b >file` to the whole list, and takes
//! that list for one part of a pipeline. Uses `syntax`.

use super::syntax::{ListOperator, Redirect, RedirectTarget, SimpleCommand, Statement, UnexpandedWord};

/// A statement with redirections, and words that stood behind them: both belong to its last command.
pub(crate) fn add_redirects(stmt: Statement, redirects: Vec<Redirect>, words: Vec<UnexpandedWord>) -> Statement {
    match stmt {
        Statement::Simple(simple) => Statement::Simple(add_redirects_to_command(simple, redirects, words)),
        Statement::List { first, mut rest } => match rest.pop() {
            Some((link, last)) => {
                rest.push((link, add_redirects(last, redirects, words)));
                Statement::List { first, rest }
            }
            None => add_redirects(*first, redirects, words),
        },
        Statement::Pipeline(mut parts) => {
            if let Some(last) = parts.pop() {
                parts.push(add_redirects(last, redirects, words));
            }
            Statement::Pipeline(parts)
        }
        Statement::Not(inner) => Statement::Not(Box::new(add_redirects(*inner, redirects, words))),
        body if redirects.is_empty() => body,
        body => Statement::Redirected { body: Box::new(body), redirects },
    }
}

fn add_redirects_to_command(
    mut simple: SimpleCommand,
    redirects: Vec<Redirect>,
    words: Vec<UnexpandedWord>,
) -> SimpleCommand {
    simple.words.extend(words);
    for redirect in &redirects {
        if let RedirectTarget::Named(name) = &redirect.target {
            let written = format!("{{{name}}}");
            if let Some(at) = simple.words.iter().rposition(|word| word.source.raw() == written) {
                simple.words.remove(at);
            }
        }
    }
    simple.redirects.extend(redirects);
    simple
}

/// A list whose first part may be one itself.
pub(crate) fn joined_list(first: Statement, rest: Vec<(ListOperator, Statement)>) -> Statement {
    match first {
        Statement::List { first, rest: mut before } => {
            before.extend(rest);
            Statement::List { first, rest: before }
        }
        first => Statement::List { first: Box::new(first), rest },
    }
}

/// A pipeline, of which a list among the parts is not a part: only its nearest statement is.
pub(crate) fn regrouped_pipeline(parts: Vec<Statement>) -> Statement {
    let mut done: Vec<(ListOperator, Statement)> = Vec::new();
    let mut pipe: Vec<Statement> = Vec::new();
    let mut link = ListOperator::And;
    for part in parts {
        match part {
            Statement::List { first, rest } => {
                pipe.push(*first);
                for (next, stmt) in rest {
                    done.push((link, pipeline_of(std::mem::take(&mut pipe))));
                    link = next;
                    pipe.push(stmt);
                }
            }
            part => pipe.push(part),
        }
    }
    done.push((link, pipeline_of(pipe)));
    let mut done = done.into_iter();
    match done.next() {
        Some((_, first)) if done.len() == 0 => first,
        Some((_, first)) => joined_list(first, done.collect()),
        None => Statement::Unread,
    }
}

/// `!` before a pipeline is the whole pipeline's.
fn pipeline_of(mut parts: Vec<Statement>) -> Statement {
    if parts.len() > 1
        && let Some(Statement::Not(_)) = parts.first()
        && let Statement::Not(inner) = parts.remove(0)
    {
        parts.insert(0, *inner);
        return Statement::Not(Box::new(Statement::Pipeline(parts)));
    }
    if parts.len() == 1 { parts.remove(0) } else { Statement::Pipeline(parts) }
}
