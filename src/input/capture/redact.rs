//! Takes out of a capture what may be secret, before it is written. Uses `super` and `rules`.

use super::Capture;
use crate::model::{Asks, EnvVar, Invocation, KeptValue, ProcessFacts, Script, VariableNames, Word};
use crate::rules::Profile;

/// What stands for a word that is not kept.
const TAKEN_OUT: &str = "…";

/// The capture without values that are nobody's business. Applied twice it gives the same.
pub fn redact(mut capture: Capture, profiles: &[Profile]) -> Capture {
    let keeper = Keeper { profiles };
    for running in &mut capture.containers {
        for (name, variable) in &mut running.env {
            *variable = EnvVar::of_kept(name, without_secret(variable.kept()));
        }
        keeper.script(&mut running.script);
    }
    let lives = capture.containers.iter_mut().filter_map(|running| running.live.as_mut());
    let kernels = lives.filter_map(|live| live.kernel.as_mut()).chain(&mut capture.own);
    for process in kernels.flat_map(|kernel| &mut kernel.processes) {
        keeper.process(process);
    }
    capture
}

/// The words of a call, those taken out that may be secret.
pub(super) fn words(words: &[impl AsRef<str>], profiles: &[Profile]) -> Vec<String> {
    Keeper { profiles }.words(words)
}

struct Keeper<'a> {
    profiles: &'a [Profile],
}

impl Keeper<'_> {
    fn process(&self, process: &mut ProcessFacts) {
        process.words = self.words(&process.words);
        for kept in process.env.iter_mut().flat_map(|env| env.values_mut()) {
            *kept = without_secret(kept.clone());
        }
    }

    fn script(&self, script: &mut Script) {
        for call in &mut script.invocations {
            self.call(call);
        }
    }

    fn call(&self, call: &mut Invocation) {
        call.argv = self.words(&call.argv).iter().map(|word| Word::parse(word)).collect();
        if let Some(output) = call.output.as_mut().filter(|output| !is_name(output.trim_start_matches("$HOME"))) {
            *output = Word::literal(TAKEN_OUT);
        }
        if let Some(directory) =
            call.directory.as_mut().filter(|directory| !is_name(directory.trim_start_matches("$HOME")))
        {
            *directory = Word::literal(TAKEN_OUT);
        }
        let is_public = |name: &String| self.profiles.iter().any(|profile| profile.public_variables.contains(name));
        let is_secret =
            |name: &String, value: &Word| !is_public(name) && !value.is_empty() && !value.is_unknown_variable(name);
        for (_, value) in call.env.iter_mut().filter(|(name, value)| is_secret(name, value)) {
            *value = Word::literal(TAKEN_OUT);
        }
        for taken in &mut call.taken {
            if let VariableNames::Containing(parts) = &mut taken.names {
                parts.retain(|part| self.is_part_of_known_variable(part));
            }
        }
        let asked = call.locks.iter_mut().filter_map(|lock| lock.test.as_mut());
        for test in asked.chain(call.when.iter_mut().map(|condition| &mut condition.test)) {
            if matches!(test.asks, Asks::Is(_) | Asks::IsNot(_) | Asks::OneOf(_) | Asks::NoneOf(_)) {
                test.asks = Asks::Unclear;
            }
            if let Some(default) = test.default.as_mut().filter(|default| !default.is_empty()) {
                TAKEN_OUT.clone_into(default);
            }
        }
    }

    /// Whether a text is part of the name of a variable that a program heeds.
    fn is_part_of_known_variable(&self, part: &str) -> bool {
        self.profiles.iter().any(|profile| {
            let own = profile.environment.iter().map(|variable| variable.name.as_str());
            let directory = &profile.state_directory;
            let moving = directory.credentials.as_ref().map(|moving| moving.variable.as_str());
            own.chain(moving).chain([directory.variable.as_str()]).any(|name| name.contains(part))
        })
    }

    fn words(&self, words: &[impl AsRef<str>]) -> Vec<String> {
        let first = words
            .first()
            .map(AsRef::as_ref)
            .map(|word| if is_name(word) { word.to_owned() } else { TAKEN_OUT.to_owned() });
        first.into_iter().chain(words.iter().skip(1).map(|word| self.word(word.as_ref()))).collect()
    }

    /// Names of programs and packages, options without their values, paths and numbers are kept.
    fn word(&self, word: &str) -> String {
        let known = self.profiles.iter().any(|profile| {
            let named = [&profile.commands, &profile.idle_arguments, &profile.batch_arguments];
            let package = profile.packages.iter().any(|package| {
                word.strip_prefix(package.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('@'))
            });
            let commands = profile.idle_commands.iter().chain(&profile.batch_commands);
            let subcommand = commands.flat_map(|command| command.split(' ')).any(|known| known == word);
            package || subcommand || named.iter().any(|words| words.iter().any(|known| known == word))
        });
        let number = !word.is_empty() && word.len() < 8 && word.bytes().all(|byte| byte.is_ascii_digit());
        if known || number || (word.starts_with('/') && is_name(word)) {
            return word.to_owned();
        }
        let (option, value) = word.split_once('=').map_or((word, ""), |(option, _)| (option, "=…"));
        let letters = option.trim_start_matches('-');
        let long = option.starts_with("--") && option.len() <= 40;
        let short = option.starts_with('-') && letters.len() <= 2;
        let plain = !letters.is_empty() && letters.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
        if (long || short) && plain { format!("{option}{value}") } else { TAKEN_OUT.to_owned() }
    }
}

/// Keeps what a switch is set to, which is no secret and decides what the program does, and no other value.
fn without_secret(kept: KeptValue) -> KeptValue {
    let KeptValue::Secret(value) = kept else { return kept };
    if value.trim().is_empty() {
        return KeptValue::Public(value);
    }
    let switch = ["0", "1", "true", "false", "yes", "no", "on", "off"];
    let known = switch.iter().find(|word| value.eq_ignore_ascii_case(word));
    known.map_or_else(|| KeptValue::Secret(String::new()), |word| KeptValue::Public((*word).to_owned()))
}

/// Whether a word looks like a program's name or a path, and not like a text.
fn is_name(word: &str) -> bool {
    word.len() <= 200 && word.chars().all(|c| c.is_alphanumeric() || "/._-@+:~".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::Ruleset;
    use crate::text::Sources;

    #[test]
    fn words_that_may_be_secret_are_taken_out() {
        let rules = Ruleset::load(&Sources::default(), None).unwrap();
        let typed = [
            "claude",
            "-p",
            "--model",
            "opus",
            "--token=abc",
            "/home/agent/x",
            "8080",
            "@anthropic-ai/claude-code@2.1.98",
            "-psecret",
            "A b",
        ];
        let typed: Vec<String> = typed.iter().map(|word| (*word).to_owned()).collect();
        let kept = words(&typed, &rules.profiles);
        let wanted = [
            "claude",
            "-p",
            "--model",
            "…",
            "--token=…",
            "/home/agent/x",
            "8080",
            "@anthropic-ai/claude-code@2.1.98",
            "…",
            "…",
        ];
        assert_eq!(kept, wanted);
        assert_eq!(words(&kept, &rules.profiles), wanted);
    }
}
