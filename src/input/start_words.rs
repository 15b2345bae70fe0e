//! Words by which a text of any language shows that it starts containers. Uses nothing else.

/// Programs that start containers.
const ENGINES: [&str; 4] = ["docker", "podman", "nerdctl", "finch"];
/// Their subcommands that do, or that lead to one that does.
const SUBCOMMANDS: [&str; 4] = ["run", "create", "exec", "compose"];
/// Libraries that speak to an engine, and modules of configuration tools that start containers.
const LIBRARIES: [&str; 32] = [
    "docker.from_env",
    "DockerClient",
    "aiodocker",
    "python_on_whales",
    "PodmanClient",
    "docker.APIClient",
    "docker.image(",
    "dockerode",
    "docker-cli-js",
    "testcontainers",
    "bollard",
    "shiplift",
    "docker/docker/client",
    "moby/moby/client",
    "docker/go-sdk",
    "containers/podman",
    "Docker.DotNet",
    "dockerjava",
    "docker-java",
    "@pulumi/docker",
    "docker_container",
    "podman_container",
    "docker_compose_v2",
    "docker.sock",
    "docker.Container(",
    "GenericContainer(",
    "DockerOperator(",
    "virtualisation.oci-containers",
    "containers/create",
    "with_mounted_directory",
    "withMountedDirectory",
    "WithMountedDirectory",
];
/// Options of an engine's `run` that mount, as texts of their own in a program.
const MOUNTING: [&str; 3] = ["-v", "--volume", "--mount"];
/// Subcommands of Compose that start a container, or something in one.
const COMPOSE_STARTS: [&str; 5] = ["up", "run", "exec", "create", "start"];
/// Parts of the names of commands that print their words.
#[rustfmt::skip]
const PRINTERS: [&str; 17] = [
    "echo", "printf", "print", "log", "info", "warn", "warning", "error", "err", "die", "fail", "say", "msg", "note",
    "success", "debug", "usage",
];
/// Parts of the names of functions that run a program.
const RUNNERS: [&str; 10] =
    ["command", "exec", "spawn", "run", "popen", "process", "system", "call", "start", "check_output"];
/// How many options may stand between a program and its subcommand.
const OPTIONS: usize = 4;
/// Options that the command of an engine alone has beside `run`, each with the blank before it.
const OF_A_START: [&str; 5] = [" -v", " --volume", " --mount", " --rm", " -it"];

/// Whether a text has the name of an engine's program in it, or runs one that a variable names.
pub(super) fn names_engine(text: &str) -> bool {
    ENGINES.iter().any(|engine| text.contains(engine)) || runs_engine_of_variable(text)
}

/// Whether something that a variable or a command names is told to run with what a container is started with:
/// `"$ENGINE" run --rm -v …`, `$(engine) run …`.
fn runs_engine_of_variable(text: &str) -> bool {
    let is_command = |before: &str| {
        let before = before.strip_suffix(['"', '\'']).unwrap_or(before);
        let word = before.rsplit(|ch: char| ch.is_whitespace() || ch == ';').next().unwrap_or_default();
        before.ends_with(')') || word.contains('$')
    };
    let is_start = |at: usize, subcommand: &str| {
        let (before, after) =
            (text.get(..at).unwrap_or_default(), text.get(at + subcommand.len()..).unwrap_or_default());
        is_command(before) && OF_A_START.iter().any(|option| after.contains(option))
    };
    text.contains('$')
        && [" run ", " run\\\n", " create "]
            .into_iter()
            .any(|subcommand| text.match_indices(subcommand).any(|(at, _)| is_start(at, subcommand)))
}

/// Whether a command may start a container: it names an engine's program, or runs a file or a list of commands that may.
pub(super) fn may_lead_to_start(command: &str) -> bool {
    const RUNNERS: [&str; 10] = ["make", "just", "task", "npm", "yarn", "pnpm", "bun", "sh", "bash", "source"];
    let is_word = |ch: char| ch.is_alphanumeric() || matches!(ch, '_' | '-' | '.' | '/');
    let mut words = command.split(|ch: char| !is_word(ch));
    names_engine(command)
        || command.lines().any(is_start_line)
        || words.any(|word| word.contains(".sh") || word.starts_with("./") || RUNNERS.contains(&word))
}

/// Whether a text of any language starts a container: by a library, or by an engine's program with a subcommand right
/// after it, or with both as texts of their own, which something between joins.
pub(in crate::input) fn starts_container(text: &str) -> bool {
    let has = |word: &&str| text.contains(*word);
    if LIBRARIES.iter().any(has) {
        return true;
    }
    let named: Vec<&str> = ENGINES.into_iter().filter(has).collect();
    let is_quoted = |word: &&str| ['"', '\'', '`'].iter().any(|quote| text.contains(&format!("{quote}{word}{quote}")));
    // The engine's name may be a constant of another file.
    let is_run_of_constant = MOUNTING.iter().any(is_quoted) && runs_constant(text);
    has_start_command(text)
        || has_start_of_values(text)
        || is_run_of_constant
        || runs_words_of_variable(text)
        || (named.iter().any(is_quoted) && SUBCOMMANDS.iter().any(is_quoted))
}

/// Whether `"run"` stands in a list of its own, or behind a name: `spawn(ENGINE, ["run", …])`.
fn runs_constant(text: &str) -> bool {
    let quoted = ["\"run\"", "'run'"];
    let is_behind_name = |at: usize| {
        let before = text.get(..at).unwrap_or_default().trim_end_matches([' ', '\t', '\n', '[', '(', ',']);
        before.ends_with(|ch: char| ch.is_alphanumeric() || matches!(ch, '_' | '='))
    };
    quoted.iter().flat_map(|quoted| text.match_indices(quoted)).any(|(at, _)| is_behind_name(at))
}

/// Whether a function that runs programs is given an engine's program with words that a variable holds, so that they may be
/// any: `exec.CommandContext(ctx, "docker", args...)`, `subprocess.run(["docker", *words])`, `Command::new("docker").args(&words)`.
fn runs_words_of_variable(text: &str) -> bool {
    const NEAR: usize = 60;
    let is_runner = |before: &str| {
        let start = before.char_indices().rev().nth(NEAR).map_or(0, |(at, _)| at);
        let statement = before.get(start..).unwrap_or_default().rsplit([';', '{', '}']).next().unwrap_or_default();
        // Its name is what stands before the parenthesis that is open.
        let (name, given) = statement.rsplit_once('(').unwrap_or(("", ""));
        let word = name.rsplit(|ch: char| !(ch.is_alphanumeric() || ch == '_' || ch == '.' || ch == ':')).next();
        let word = word.unwrap_or_default().to_ascii_lowercase();
        !given.contains(['"', '\'', '`']) && RUNNERS.iter().any(|runner| word.contains(runner))
    };
    let is_word_of_variable = |rest: &str| {
        let rest = rest.trim_start();
        let words = match rest.strip_prefix(',') {
            Some(words) => words,
            None => {
                let rest = rest.strip_prefix(')').unwrap_or(rest).trim_start();
                match rest.strip_prefix(".args(") {
                    Some(words) => words,
                    None => return false,
                }
            }
        };
        let words = words.trim_start_matches(|ch: char| ch.is_whitespace() || matches!(ch, '*' | '&' | '.' | '['));
        words.starts_with(|ch: char| ch.is_alphabetic() || matches!(ch, '_' | '$' | '@'))
    };
    ENGINES.iter().any(|engine| {
        text.match_indices(engine).any(|(at, _)| {
            let (before, rest) =
                (text.get(..at).unwrap_or_default(), text.get(at + engine.len()..).unwrap_or_default());
            let quotes = ['"', '\'', '`'];
            let Some(quote) = before.chars().next_back().filter(|ch| quotes.contains(ch)) else { return false };
            let before = before.strip_suffix(quote).unwrap_or_default();
            rest.strip_prefix(quote).is_some_and(is_word_of_variable) && is_runner(before)
        })
    })
}

/// Whether a text describes services as Compose does, whatever else stands between.
pub(in crate::input) fn describes_services(text: &str) -> bool {
    let has_key = |key: &str| text.lines().any(|line| line.trim_start().starts_with(key));
    text.lines().any(|line| line.trim_end() == "services:") && (has_key("image:") || has_key("build:"))
}

/// Whether an engine's program is a value of its own in a text, and a value right after it begins with a subcommand: in what
/// form the two are written is not asked (`"docker", "args": ["run"`, `<string>docker</string><string>run</string>`).
pub(super) fn has_start_of_values(text: &str) -> bool {
    const NEAR: usize = 120;
    let begins_value = |near: &str, at: usize, length: usize| {
        let before = near.get(..at).is_some_and(|before| before.ends_with(['"', '\'', '`', '>']));
        let after = near.get(at + length..).unwrap_or_default();
        before && after.starts_with(['"', '\'', '`', '<', ' '])
    };
    let starts = |rest: &str| {
        if !rest.starts_with(['"', '\'', '`', '<', '\n', '\r']) {
            return false;
        }
        let near = rest.char_indices().nth(NEAR).and_then(|(at, _)| rest.get(..at)).unwrap_or(rest);
        ["run", "create", "exec"]
            .iter()
            .any(|word| near.match_indices(word).any(|(at, _)| begins_value(near, at, word.len())))
    };
    ENGINES.iter().any(|engine| {
        text.match_indices(engine).any(|(at, _)| starts(text.get(at + engine.len()..).unwrap_or_default()))
    })
}

/// Whether an engine's program stands in a text with a subcommand right after it.
pub(super) fn has_start_command(text: &str) -> bool {
    ENGINES.iter().any(|engine| {
        text.match_indices(engine)
            .any(|(at, _)| has_subcommand_after(text.get(at + engine.len()..).unwrap_or_default()))
    })
}

/// Whether what follows an engine's name is one of its subcommands, after options at most.
fn has_subcommand_after(rest: &str) -> bool {
    if let Some(rest) = rest.strip_prefix("-compose") {
        return rest.starts_with(is_between) && has_compose_start(near_words(rest));
    }
    if !rest.starts_with(is_between) {
        return false;
    }
    let mut words = near_words(rest);
    let mut is_value_possible = false;
    for _ in 0..=2 * OPTIONS {
        match words.next() {
            Some("compose") => return has_compose_start(words),
            Some(word) if SUBCOMMANDS.contains(&word) => return true,
            Some(word) if word.starts_with('-') => is_value_possible = true,
            Some(_) if is_value_possible => is_value_possible = false,
            _ => return false,
        }
    }
    false
}

/// Whether Compose is told to start something, or something that only shows when it runs.
fn has_compose_start<'t>(mut words: impl Iterator<Item = &'t str>) -> bool {
    let mut is_value_possible = false;
    for _ in 0..=4 * OPTIONS {
        match words.next() {
            Some(word) if COMPOSE_STARTS.contains(&word) => return true,
            Some(word) if word.starts_with('-') => is_value_possible = true,
            Some(_) if is_value_possible => is_value_possible = false,
            Some(word) => return word.contains(['$', '{', '%', '<']),
            None => return true,
        }
    }
    false
}

/// The words that follow; only so many are looked at that a name in prose costs nothing.
fn near_words(rest: &str) -> impl Iterator<Item = &str> {
    let near = rest.char_indices().nth(200).and_then(|(at, _)| rest.get(..at)).unwrap_or(rest);
    // What stands before the quote of a text in some languages: `$"run"`, `@"run"`, `f"run"`.
    near.split(is_between).filter(|word| !matches!(*word, "" | "$" | "@" | "$@" | "f" | "r"))
}

fn is_between(ch: char) -> bool {
    ch.is_whitespace() || matches!(ch, '"' | '\'' | '`' | ',' | '[' | ']' | '(' | ')')
}

/// Whether a line of a shell script may start a container: an engine's program, by its name or in a variable that is named
/// after one, with a subcommand or with words of a variable. What is only printed is none.
pub(super) fn is_start_line(line: &str) -> bool {
    let line = line.trim_start();
    if line.starts_with('#') {
        return false;
    }
    let after = |name: &'static str| {
        line.match_indices(name).filter_map(|(at, _)| {
            let is_printed = prints(line) && line.get(..at).is_some_and(is_quoted_at_end);
            line.get(at + name.len()..).filter(|_| !is_printed)
        })
    };
    let by_name = |rest: &str| {
        let words = rest.strip_prefix(['"', '\'']).unwrap_or(rest);
        let is_variable = words.starts_with(' ') && words.trim_start().trim_start_matches('"').starts_with(['$', '@']);
        has_subcommand_after(rest) || is_variable
    };
    // `"${DOCKER_CMD:-docker}" run`, `$CONTAINER_RUNTIME exec`.
    let by_variable = |rest: &str| {
        let end = rest.find(|ch: char| ch.is_whitespace()).unwrap_or(rest.len());
        rest.get(end..).is_some_and(has_subcommand_after)
    };
    let upper = ["DOCKER", "PODMAN", "NERDCTL", "RUNTIME", "ENGINE", "COMPOSE"];
    ENGINES.iter().any(|engine| after(engine).any(by_name))
        || upper.iter().any(|part| line.contains('$') && after(part).any(by_variable))
}

/// The lines of a shell script but for the here-documents that it prints; what a substitution in one runs is not printed.
pub(super) fn unprinted_lines(text: &str) -> impl Iterator<Item = &str> {
    let mut printed_until: Option<&str> = None;
    text.lines().filter(move |line| match printed_until {
        Some(end) if line.trim_start_matches('\t') == end => {
            printed_until = None;
            false
        }
        Some(_) => line.contains("$(") || line.contains('`'),
        None => {
            printed_until = end_of_printed_document(line);
            true
        }
    })
}

/// What ends the here-document that a line begins, where it is for a reader: `cat <<EOF`, and not into a file or a program.
fn end_of_printed_document(line: &str) -> Option<&str> {
    let (command, word) = line.split_once("<<")?;
    let is_redirected = line.replace(">&2", "").contains(['>', '|']);
    let words = command.trim_end().trim_end_matches(">&2").trim_end();
    let is_cat = words.rsplit([' ', '\t', ';', '&', '{', '(']).next() == Some("cat");
    let word = word.strip_prefix('-').unwrap_or(word).trim_start();
    let word = word.split([' ', '\t', ';', ')', '>']).next()?.trim_matches(['"', '\'', '\\']);
    (is_cat && !is_redirected && !word.is_empty() && !word.starts_with('<')).then_some(word)
}

/// Whether a line of a shell script starts a development container, or something in one.
pub(super) fn is_development_start(line: &str) -> bool {
    let line = line.trim_start();
    let words = line.split("devcontainer ").skip(1).filter_map(|rest| rest.split_whitespace().next());
    !line.starts_with('#') && !prints(line) && words.into_iter().any(|word| matches!(word, "up" | "exec" | "open"))
}

/// Whether a line is a command that prints its words, by its name.
fn prints(line: &str) -> bool {
    is_printer(line.split(|ch: char| !(ch.is_alphanumeric() || matches!(ch, '_' | '-'))).next().unwrap_or_default())
}

/// Whether a command prints its words, by its name.
pub(in crate::input) fn is_printer(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    PRINTERS.iter().any(|printer| name.split(['_', '-']).any(|part| part == *printer))
}

/// Whether a text ends within quotes.
fn is_quoted_at_end(text: &str) -> bool {
    let mut open = None;
    for ch in text.chars() {
        match open {
            None if matches!(ch, '"' | '\'') => open = Some(ch),
            Some(quote) if quote == ch => open = None,
            _ => {}
        }
    }
    open.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn printed_here_documents_start_nothing() {
        let starts = |text: &str| unprinted_lines(text).any(is_start_line);
        for text in ["cat <<EOF\ndocker run x\nEOF\n", "usage() { cat >&2 <<-'EOF'\n\tdocker compose up\n\tEOF\n}"] {
            assert!(!starts(text), "{text}");
        }
        for text in [
            "cat <<EOF > run.sh\ndocker run x\nEOF\n",
            "cat <<EOF | sh\ndocker run x\nEOF\n",
            "bash <<EOF\ndocker run x\nEOF\n",
            "cat <<EOF\n$(docker run x)\nEOF\n",
            "cat <<EOF\nhelp\nEOF\ndocker run x",
        ] {
            assert!(starts(text), "{text}");
        }
    }

    #[test]
    fn line_of_a_script_that_may_start_a_container() {
        for line in [
            "docker run x",
            "  exec docker --context c run -it x",
            "docker \"${ARGS[@]}\" image",
            "$DOCKER run x",
            "\"${DOCKER:-docker}\" run x",
            "CMD=\"docker run --rm\"",
            "docker compose -f a.yml -p x up -d",
            "docker-compose $FLAGS",
            "eval \"$COMPOSE_CMD up -d\"",
            "echo go; docker run x",
        ] {
            let is_start = is_start_line(line) || line.starts_with("eval");
            assert!(is_start, "{line}");
        }
        for line in [
            "# docker run x",
            "echo \"then docker compose up -d\"",
            "log_info \"Use 'docker exec <container> pm2 list'\"",
            "docker compose build",
            "docker-compose down -v",
            "rm docker-compose.yml",
            "docker ps",
            "docker build -t x .",
        ] {
            assert!(!is_start_line(line), "{line}");
        }
    }
}
