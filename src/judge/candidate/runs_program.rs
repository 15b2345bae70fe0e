//! Whether a container runs a program at all. May use `model`, `rules`, `finding` and earlier parts of `judge`.

use super::calls::{ProgramCalls, RunsProgram, find_declaration, mounts_program, seen_calls};
use super::installations::{installing_feature, last_installation};
use crate::finding::Evidence;
use crate::model::{Container, Invocation, ROLE_LABEL, Sight, program_name};
use crate::rules::Profile;
use crate::text::Span;

/// Whether the container runs the program.
pub(crate) fn runs_program(
    container: &Container,
    profile: &Profile,
    calls: &ProgramCalls<'_>,
    bystanders: &[String],
) -> RunsProgram {
    if container.replicas == 0 {
        return RunsProgram::No(Evidence::seen("it is started with no replica", container.replicas_span));
    }
    if let Some(call) = calls.live.first() {
        return RunsProgram::Yes(Evidence::seen(format!("it runs {}", profile.name), Some(call.span)));
    }
    if let Some(declared) = find_declaration(container, ROLE_LABEL).filter(|declared| declared.text() == "none") {
        let text = format!("{} says it does not run it", declared.who());
        return RunsProgram::No(Evidence::declared(text, Some(declared.span())));
    }
    if let Some(span) = installed_for_people(container, profile) {
        let text = format!("people work in it, and {} is installed for them", profile.name);
        return RunsProgram::Yes(Evidence::seen(text, Some(span)));
    }
    // What people start in their terminals is in no file.
    if container.workplace.is_some() {
        return RunsProgram::Unknown;
    }
    if container.names_no_program
        && find_declaration(container, ROLE_LABEL).is_none()
        && !mounts_program(container, profile)
    {
        let text = match &container.image {
            Some(image) if container.build.is_none() => {
                format!("`{}` comes without {}, and nothing that it runs names it", image.text, profile.name)
            }
            _ => format!("its image is built here without {}, and no code in it names it", profile.name),
        };
        return RunsProgram::No(Evidence::seen(text, Some(container.span)));
    }
    let seen: Vec<&Invocation> = seen_calls(container).collect();
    let other = |call: &&Invocation| !calls.idle.iter().any(|idle| std::ptr::eq(*idle, *call));
    let mut others = seen.iter().copied().filter(other);
    let harmless = others.all(|call| is_bystander(call, bystanders));
    match seen.first() {
        Some(call) if harmless && leads_nowhere_else(container) => {
            let text = match calls.idle.first() {
                Some(_) => format!("it runs {} only for its version or help", profile.name),
                None => format!("it runs only {}", program_name(call)),
            };
            RunsProgram::No(Evidence::seen(text, Some(call.span)))
        }
        _ => RunsProgram::Unknown,
    }
}

/// Where the program is installed in a container that people work in.
fn installed_for_people(container: &Container, profile: &Profile) -> Option<Span> {
    container.workplace.as_ref()?;
    let installed = last_installation(container, profile).and_then(|found| container.installs.get(found.command));
    installed.map(|call| call.span).or_else(|| Some(installing_feature(container, profile)?.span))
}

/// Whether the words seen are all that matters: an image's own entrypoint that was not read runs its arguments.
fn leads_nowhere_else(container: &Container) -> bool {
    container.script.sight != Sight::Partial
}

/// A bystander has something to do: alone, `cat` waits for its input and keeps the container alive.
fn is_bystander(call: &Invocation, bystanders: &[String]) -> bool {
    if matches!(program_name(call), "true" | "false") {
        return true;
    }
    let idles = call.argv.len() < 2 && call.output.is_none() && program_name(call) != "nginx";
    if idles {
        return false;
    }
    bystanders.iter().any(|name| name == program_name(call))
}
