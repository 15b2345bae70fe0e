//! Commands after which containers run no more: `stop`, `kill`, `wait`, `rm -f`, those that show what they print until
//! they end, and those of Compose.
//! Uses `options`, `argument_text` and `model`.

use super::options::CommandPrefix;
use super::{Argument, CommandContext, DockerStop};
use crate::model::{PartialText, Value};

/// Signals that end a program which does not ask for them.
const ENDING: [&str; 8] = ["2", "3", "9", "15", "INT", "KILL", "QUIT", "TERM"];
/// Options of `logs` and `attach` that take a value, and those with which `logs` goes on until the container ends.
const VALUED_OF_FOLLOWING: [&str; 5] = ["-n", "--tail", "--since", "--until", "--detach-keys"];
const FOLLOWING: [&str; 5] = ["-f", "--follow", "--follow=true", "-ft", "-tf"];
/// Options of these commands that take a value.
const VALUED: [&str; 6] = ["-t", "--time", "--timeout", "-s", "--signal", "--rmi"];

/// Reads what follows the subcommand; `None` where nothing ends for certain.
pub(super) fn read_stop(
    command: &str,
    args: &[Argument],
    prefix: &CommandPrefix<'_>,
    context: &CommandContext<'_>,
) -> Option<DockerStop> {
    let is_forced = ["-f", "--force", "-fv", "-vf"];
    if command == "rm" && !has_option(args, &is_forced) || command == "kill" && !is_ending_signal(args) {
        return None;
    }
    let names = operands(args, context);
    let name_scope = prefix.name_scope(context);
    let only_waits = command == "wait";
    (!names.is_empty()).then(|| DockerStop { names, name_scope, only_waits, ..DockerStop::default() })
}

/// Reads `logs -f` and `attach`, which go on until the container ends.
pub(super) fn read_follow(
    command: &str,
    args: &[Argument],
    prefix: &CommandPrefix<'_>,
    context: &CommandContext<'_>,
) -> Option<DockerStop> {
    // With an end it shows what was printed until then.
    if command == "logs" && (!has_option(args, &FOLLOWING) || args.iter().any(|arg| is_option(arg, "--until"))) {
        return None;
    }
    let names = operands_after(args, &VALUED_OF_FOLLOWING, context);
    let name_scope = prefix.name_scope(context);
    (names.len() == 1).then(|| DockerStop {
        names,
        name_scope,
        only_waits: true,
        only_follows: true,
        ..DockerStop::default()
    })
}

fn is_option(arg: &Argument, option: &str) -> bool {
    arg.text.raw().split('=').next() == Some(option)
}

/// The same of Compose, for the services of a project; none stands for all of them.
pub(super) fn read_compose_stop(
    command: &str,
    args: &[Argument],
    prefix: &CommandPrefix<'_>,
    context: &CommandContext<'_>,
) -> Option<DockerStop> {
    if command == "rm" && !has_option(args, &["-s", "--stop", "-fs", "-sf", "-sfv", "-fsv"]) {
        return None;
    }
    let project = Some(prefix.named_project(context));
    Some(DockerStop { names: operands(args, context), project, ..DockerStop::default() })
}

/// Whether `kill` sends what ends a program, which it does without an option.
fn is_ending_signal(args: &[Argument]) -> bool {
    let mut words = args.iter().map(|arg| arg.text.raw());
    while let Some(word) = words.next() {
        let given = match word.as_str() {
            "-s" | "--signal" => words.next(),
            _ => word.strip_prefix("--signal=").or_else(|| word.strip_prefix("-s")).map(str::to_owned),
        };
        if let Some(signal) = given {
            return ENDING.contains(&signal.to_uppercase().trim_start_matches("SIG"));
        }
    }
    true
}

fn has_option(args: &[Argument], options: &[&str]) -> bool {
    args.iter().any(|arg| !arg.perhaps && options.contains(&arg.text.raw().as_str()))
}

/// The containers or services that are named.
pub(super) fn operands(args: &[Argument], context: &CommandContext<'_>) -> Vec<Value> {
    operands_after(args, &VALUED, context)
}

fn operands_after(args: &[Argument], valued: &[&str], context: &CommandContext<'_>) -> Vec<Value> {
    let mut names = Vec::new();
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        let text = arg.text.raw();
        if valued.contains(&text.as_str()) {
            args.next();
        } else if !text.starts_with('-') {
            names.push(PartialText::read(&arg.text, arg.unclear || arg.perhaps, context).to_value(arg.span));
        }
    }
    names
}
