//! Puts statements into the shape the shell gives them where the grammar's own is another: it hangs the redirection of
//! `a && b >file` on the whole list, and takes that list for one part of a pipeline. Uses `syntax`.

use crate::source::script::syntax::{Link, Redirect, Simple, Stmt, Target, Word};

/// A statement with redirections, and words that stood behind them: both belong to its last command.
pub(super) fn redirect(stmt: Stmt, redirects: Vec<Redirect>, words: Vec<Word>) -> Stmt {
    match stmt {
        Stmt::Simple(simple) => Stmt::Simple(redirect_simple(simple, redirects, words)),
        Stmt::List { first, mut rest } => match rest.pop() {
            Some((link, last)) => {
                rest.push((link, redirect(last, redirects, words)));
                Stmt::List { first, rest }
            }
            None => redirect(*first, redirects, words),
        },
        Stmt::Pipeline(mut parts) => {
            if let Some(last) = parts.pop() {
                parts.push(redirect(last, redirects, words));
            }
            Stmt::Pipeline(parts)
        }
        Stmt::Not(inner) => Stmt::Not(Box::new(redirect(*inner, redirects, words))),
        body if redirects.is_empty() => body,
        body => Stmt::Redirected { body: Box::new(body), redirects },
    }
}

fn redirect_simple(mut simple: Simple, redirects: Vec<Redirect>, words: Vec<Word>) -> Simple {
    simple.words.extend(words);
    for redirect in &redirects {
        if let Target::Named(name) = &redirect.target {
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
pub(super) fn list(first: Stmt, rest: Vec<(Link, Stmt)>) -> Stmt {
    match first {
        Stmt::List { first, rest: mut before } => {
            before.extend(rest);
            Stmt::List { first, rest: before }
        }
        first => Stmt::List { first: Box::new(first), rest },
    }
}

/// A pipeline, of which a list among the parts is not a part: only its nearest statement is.
pub(super) fn pipeline(parts: Vec<Stmt>) -> Stmt {
    let mut done: Vec<(Link, Stmt)> = Vec::new();
    let mut pipe: Vec<Stmt> = Vec::new();
    let mut link = Link::And;
    for part in parts {
        match part {
            Stmt::List { first, rest } => {
                pipe.push(*first);
                for (next, stmt) in rest {
                    done.push((link, piped(std::mem::take(&mut pipe))));
                    link = next;
                    pipe.push(stmt);
                }
            }
            part => pipe.push(part),
        }
    }
    done.push((link, piped(pipe)));
    let mut done = done.into_iter();
    match done.next() {
        Some((_, first)) if done.len() == 0 => first,
        Some((_, first)) => list(first, done.collect()),
        None => Stmt::Unread,
    }
}

/// `!` before a pipeline is the whole pipeline's.
fn piped(mut parts: Vec<Stmt>) -> Stmt {
    if parts.len() > 1
        && let Some(Stmt::Not(_)) = parts.first()
        && let Stmt::Not(inner) = parts.remove(0)
    {
        parts.insert(0, *inner);
        return Stmt::Not(Box::new(Stmt::Pipeline(parts)));
    }
    if parts.len() == 1 { parts.remove(0) } else { Stmt::Pipeline(parts) }
}
