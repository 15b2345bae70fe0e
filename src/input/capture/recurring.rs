//! What a container stays called that is another one each time that it is started. Uses `super` and `redact`.

use super::redact;
use crate::model::Container;
use crate::rules::Profile;

/// The adjectives of the names that an engine makes up (`pkg/namesgenerator` of moby; Podman has the same).
const ADJECTIVES: &str = "admiring adoring affectionate agitated amazing angry awesome beautiful blissful bold boring \
                          brave busy charming clever compassionate competent condescending confident cool cranky crazy \
                          dazzling determined distracted dreamy eager ecstatic elastic elated elegant eloquent epic \
                          exciting fervent festive flamboyant focused friendly frosty funny gallant gifted goofy \
                          gracious great happy hardcore heuristic hopeful hungry infallible inspiring intelligent \
                          interesting jolly jovial keen kind laughing loving lucid magical modest musing mystifying \
                          naughty nervous nice nifty nostalgic objective optimistic peaceful pedantic pensive practical \
                          priceless quirky quizzical recursing relaxed reverent romantic sad serene sharp silly sleepy \
                          stoic strange stupefied suspicious sweet tender thirsty trusting unruffled upbeat vibrant \
                          vigilant vigorous wizardly wonderful xenodochial youthful zealous zen";
/// From so many digits on hexadecimal ones are an id, where a decimal one is among them; or so many of any.
const SHORT_ID: usize = 6;
const LONG_ID: usize = 12;
/// How many characters of a command are told at most.
const LONGEST_COMMAND: usize = 100;

/// What a container that is removed when it ends stays called from one start to the next; `None` of one that stays, whose
/// name is its own, and of one that an orchestrator keeps as a service.
pub(super) fn recurring_name(running: &Container, profiles: &[Profile]) -> Option<String> {
    if !running.engine().one_off && (!running.engine().auto_remove || running.service.is_some()) {
        return None;
    }
    let masked = mask_numbers(&running.name);
    if masked.contains(char::is_alphabetic) && !is_made_up(&running.name) {
        return Some(masked);
    }
    let command = running.script.invocations.first();
    let words = command.map(|call| redact::words(&call.argv, profiles).join(" ")).unwrap_or_default();
    let words: String = mask_numbers(&words).chars().take(LONGEST_COMMAND).collect();
    let image = running.image.as_ref().map_or("", |image| image.text.as_str());
    Some(if words.is_empty() { image.to_owned() } else { format!("{image} ({words})") })
}

/// Whether an engine made a name up: an adjective and a surname, with a digit where that pair was taken.
fn is_made_up(name: &str) -> bool {
    let Some((adjective, surname)) = name.split_once('_') else { return false };
    let surname = surname.strip_suffix(|last: char| last.is_ascii_digit()).unwrap_or(surname);
    let is_word = !surname.is_empty() && surname.chars().all(|letter| letter.is_ascii_lowercase());
    is_word && ADJECTIVES.split(' ').any(|known| known == adjective)
}

/// A text with `*` in the place of each number, hexadecimal id and UUID.
fn mask_numbers(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = match id_length(rest) {
            _ if masked.ends_with(|last: char| last.is_ascii_alphanumeric()) && !first.is_ascii_digit() => 0,
            length => length,
        };
        if length > 0 {
            if !masked.ends_with('*') {
                masked.push('*');
            }
            rest = rest.get(length..).unwrap_or("");
        } else {
            masked.push(first);
            rest = rest.get(first.len_utf8()..).unwrap_or("");
        }
    }
    masked
}

/// How many bytes at the beginning of a text are an id or a number.
fn id_length(text: &str) -> usize {
    let hex = text.bytes().take_while(u8::is_ascii_hexdigit).count();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let ends = |length: usize| !text.get(length..).is_some_and(|rest| rest.starts_with(|c: char| c.is_alphanumeric()));
    let has_digit = text.bytes().take(hex).any(|byte| byte.is_ascii_digit());
    match () {
        () if uuid_length(text) > 0 && ends(uuid_length(text)) => uuid_length(text),
        () if ends(hex) && (hex >= LONG_ID || hex >= SHORT_ID && has_digit) => hex,
        () => digits,
    }
}

/// The length of a UUID at the beginning of a text; 0 where there is none.
fn uuid_length(text: &str) -> usize {
    let mut parts = text.splitn(5, '-');
    let is_part = |part: Option<&str>, length: usize| {
        part.and_then(|part| part.get(..length)).is_some_and(|part| part.bytes().all(|byte| byte.is_ascii_hexdigit()))
    };
    let exact = |part: Option<&str>, length: usize| part.map(str::len) == Some(length) && is_part(part, length);
    let is_uuid = [8, 4, 4, 4].into_iter().all(|length| exact(parts.next(), length)) && is_part(parts.next(), 12);
    if is_uuid { 36 } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{EngineFacts, Invocation, Live, Script, Value, Witness, Word};
    use crate::text::Span;

    fn container(name: &str, one_off: bool, auto_remove: bool) -> Container {
        let engine = EngineFacts { one_off, auto_remove, ..EngineFacts::default() };
        let live = Some(Box::new(Live { engine, ..Live::default() }));
        Container { name: name.to_owned(), image: Some(Value::known("agent:1", None)), live, ..Container::default() }
    }

    fn transient(name: &str) -> Container {
        container(name, false, true)
    }

    fn named(name: &str) -> Option<String> {
        recurring_name(&transient(name), &[])
    }

    #[test]
    fn numbers_and_ids_in_the_name_of_a_transient_container_are_masked() {
        for (name, masked) in [
            ("vault-runner-17", "vault-runner-*"),
            ("vault-runner", "vault-runner"),
            ("job_20261126T131453", "job_*T*"),
            ("p-chat-run-1a2b3c4d5e6f", "p-chat-run-*"),
            ("job-0f8fad5b-d9cb-469f-a165-70867728950e-x", "job-*-x"),
            ("runner12", "runner*"),
            ("facade-decade", "facade-decade"),
            ("feedbacc-runner", "feedbacc-runner"),
            ("cafe12ab-runner", "*-runner"),
            ("vault_runner", "vault_runner"),
        ] {
            assert_eq!(named(name).as_deref(), Some(masked), "{name}");
        }
    }

    #[test]
    fn a_container_that_stays_is_known_by_its_own_name() {
        let stays = |name: &str| container(name, false, false);
        assert_eq!(recurring_name(&stays("runner-1"), &[]), None);
        assert_eq!(recurring_name(&stays("romantic_curie"), &[]), None);
        let service = Some("agents".to_owned());
        let task = Container { service: service.clone(), ..transient("stack_agents.1.x7k2") };
        assert_eq!(recurring_name(&task, &[]), None, "it is known by its service");
        let one_off = Container { service, ..container("p-agents-run-0123456789ab", true, false) };
        assert_eq!(recurring_name(&one_off, &[]).as_deref(), Some("p-agents-run-*"));
    }

    #[test]
    fn one_whose_name_the_engine_made_up_is_known_by_image_and_command() {
        let call = Invocation {
            argv: ["claude", "-p", "hunter2 17"].map(Word::literal).to_vec(),
            witness: Witness::Words,
            span: Span::default(),
            ..Invocation::default()
        };
        let script = Script { invocations: vec![call], ..Script::default() };
        let one = |name: &str| Container { script: script.clone(), ..transient(name) };
        let known = recurring_name(&one("romantic_curie"), &[]).unwrap();
        assert!(known.starts_with("agent:1 (claude -p ") && !known.contains("hunter2"), "{known}");
        for other in ["sad_hopper3", "0123456789ab", "17"] {
            assert_eq!(recurring_name(&one(other), &[]).as_deref(), Some(known.as_str()), "{other}");
        }
        assert_eq!(named("sad_hopper").as_deref(), Some("agent:1"));
        assert_eq!(named("night_runner").as_deref(), Some("night_runner"), "a person gave it that name");
    }
}
