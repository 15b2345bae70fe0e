//! Who waits for a container: nobody (batch), a person (interactive), or not known.
//! May use `model`, `rules`, `finding` and `judge::program`.

use super::calls::{Contradiction, ProgramCalls, ROLE_LABEL, begins_with, find_declaration, program_arguments};
use crate::finding::Evidence;
use crate::model::{Container, Invocation};
use crate::rules::{Profile, Role};

/// What is known of who waits for the container.
pub(crate) struct RoleFact {
    pub(crate) role: Role,
    pub(crate) evidence: Vec<Evidence>,
    /// Whether only a terminal suggests it.
    pub(crate) weak: bool,
    pub(crate) contradiction: Option<Contradiction>,
    /// A label whose value means nothing.
    pub(crate) unreadable: Option<Evidence>,
}

/// Batch, interactive or unknown: the call's own arguments, then the label, then a terminal kept open.
pub(crate) fn read_role(container: &Container, profile: &Profile, calls: &ProgramCalls<'_>) -> RoleFact {
    let terminal = container.tty.filter(|flag| flag.on).zip(container.stdin_open.filter(|flag| flag.on));
    let prints = |call: &&Invocation| {
        program_arguments(call, profile).is_some_and(|words| {
            words.iter().any(|word| is_batch(word, profile))
                || profile.batch_commands.iter().any(|command| begins_with(words, command))
        })
    };
    let batch_call = calls.live.iter().copied().find(|call| prints(call));
    let talk_call = calls.live.iter().copied().find(|call| !prints(call));
    let name = &profile.name;
    let seen = match (batch_call, talk_call, terminal) {
        // People work in it besides.
        (Some(call), None, _) if container.workplace.is_none() => {
            Some((Role::Batch, Evidence::seen(format!("{name} is called to print and end"), Some(call.span))))
        }
        (None, Some(call), Some(_)) => {
            Some((Role::Interactive, Evidence::seen(format!("{name} is called on a terminal"), Some(call.span))))
        }
        _ => None,
    };
    let mut fact =
        RoleFact { role: Role::Unknown, evidence: Vec::new(), weak: false, contradiction: None, unreadable: None };
    let declared = find_declaration(container, ROLE_LABEL).and_then(|declared| {
        let role = match declared.text() {
            "batch" => Some(Role::Batch),
            "interactive" => Some(Role::Interactive),
            "none" => None,
            _ => {
                let text = format!("{} is none of batch, interactive, none", declared.who());
                fact.unreadable = Some(Evidence::declared(text, Some(declared.span())));
                None
            }
        };
        let evidence =
            |role: Role| Evidence::declared(format!("{} says {}", declared.who(), role.name()), Some(declared.span()));
        if let (None, Some(call)) = (role, calls.live.first().filter(|_| declared.text() == "none")) {
            let text = format!("it calls {name}");
            fact.contradiction =
                Some(Contradiction { label: ROLE_LABEL, evidence: Evidence::seen(text, Some(call.span)) });
        }
        role.map(|role| (role, evidence(role)))
    });
    match (seen, declared) {
        (Some((seen, evidence)), Some((declared, _))) if seen != declared => {
            fact.contradiction = Some(Contradiction { label: ROLE_LABEL, evidence: evidence.clone() });
            (fact.role, fact.evidence) = (seen, vec![evidence]);
        }
        (Some((role, evidence)), _) | (None, Some((role, evidence))) => {
            (fact.role, fact.evidence) = (role, vec![evidence]);
        }
        (None, None) => {
            if let Some(workplace) = &container.workplace {
                fact.role = Role::Interactive;
                fact.evidence = vec![Evidence::seen("people work in it, in terminals", Some(workplace.span))];
            } else if let Some((tty, stdin)) = terminal {
                fact.role = Role::Interactive;
                fact.weak = true;
                fact.evidence = vec![
                    Evidence::seen("it has a terminal", Some(tty.span)),
                    Evidence::seen("its standard input is kept open", Some(stdin.span)),
                ];
            }
        }
    }
    fact
}

fn is_batch(word: &str, profile: &Profile) -> bool {
    let name = word.split_once('=').map_or(word, |(name, _)| name);
    profile.batch_arguments.iter().any(|argument| argument == name)
}
