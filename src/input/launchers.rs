//! Programs and lists of commands that may start containers, in languages that are not read: those of them are named as
//! not judged that start a container and name where a known program keeps its state. Uses `unread` and `model`.

use super::CandidateFile;
use super::start_words::{has_start_command, has_start_of_values, is_start_line, starts_container};
use super::unread::{NamedWhere, UnreadKind};

macro_rules! launcher {
    ($constant:ident, $name:literal, $phrase:literal, $is_of_kind:expr) => {
        launcher!($constant, $name, $phrase, $is_of_kind, starts_container);
    };
    ($constant:ident, $name:literal, $phrase:literal, $is_of_kind:expr, $has_container:expr) => {
        #[doc = concat!("Files that are ", $phrase, ".")]
        pub(super) static $constant: UnreadKind = UnreadKind {
            name: $name,
            phrase: $phrase,
            is_of_kind: $is_of_kind,
            has_container: $has_container,
            named: NamedWhere::Both,
        };
    };
}

launcher!(PYTHON, "python", "a Python program", |file| { ends_in(file, &["py"]) || is_run_by(file, &["python"]) });
launcher!(JAVASCRIPT, "javascript", "a JavaScript or TypeScript program", |file| {
    ends_in(file, &["js", "mjs", "cjs", "jsx", "ts", "mts", "cts", "tsx"]) || is_run_by(file, &["node", "bun", "deno"])
});
launcher!(GO, "go", "a Go program", |file| ends_in(file, &["go"]));
launcher!(RUST, "rust", "a Rust program", |file| ends_in(file, &["rs"]));
launcher!(RUBY, "ruby", "a Ruby program", |file| {
    ends_in(file, &["rb"]) || file.name() == "Rakefile" || is_run_by(file, &["ruby"])
});
launcher!(PERL, "perl", "a Perl program", |file| ends_in(file, &["pl"]) || is_run_by(file, &["perl"]));
launcher!(DOTNET, "dotnet", "a program for .NET", |file| ends_in(file, &["cs", "csx", "fs", "fsx", "vb"]));
launcher!(JAVA, "java", "a program for the Java machine", |file| {
    ends_in(file, &["java", "kt", "kts", "groovy", "scala", "clj"])
});
launcher!(PHP, "php", "a PHP program", |file| ends_in(file, &["php"]) || is_run_by(file, &["php"]));
launcher!(SWIFT, "swift", "a Swift program", |file| ends_in(file, &["swift"]));
launcher!(LUA, "lua", "a Lua program", |file| ends_in(file, &["lua"]) || is_run_by(file, &["lua"]));
launcher!(NIX, "nix", "a Nix expression", |file| ends_in(file, &["nix"]));
launcher!(OTHER_PROGRAM, "program", "a program of a language that is not read", |file| {
    ends_in(file, &["ex", "exs", "erl", "hs", "ml", "zig", "nim", "cr", "dart", "el", "vim", "jl", "d", "tcl", "exp"])
});
launcher!(FISH, "fish", "a fish script", |file| ends_in(file, &["fish"]), starts_by_words);
launcher!(NUSHELL, "nushell", "a Nushell script", |file| ends_in(file, &["nu"]), starts_by_words);
launcher!(
    POWERSHELL,
    "powershell",
    "a PowerShell script",
    |file| ends_in(file, &["ps1", "psm1"]) || is_run_by(file, &["pwsh"]),
    starts_by_words
);
launcher!(BATCH, "batch", "a batch file of Windows", |file| ends_in(file, &["bat", "cmd"]), starts_by_words);
launcher!(VAGRANT, "vagrant", "a Vagrantfile", |file| file.name() == "Vagrantfile", |text| text.contains("docker"));
// After all kinds that a YAML file may be of: a playbook has no name of its own.
launcher!(ANSIBLE, "ansible", "an Ansible playbook", |file| {
    ends_in(file, &["yml", "yaml"]) && ["hosts", "tasks", "name"].iter().any(|key| has_item_key(file, key))
});

// Behind all others: lists of tasks, hooks and settings, which have no form in common.
launcher!(SETTINGS, "settings", "a file of settings or tasks", is_settings, starts_or_enters);

/// Whether a file may list commands, and has one that starts a container. JSON is for data more often than not.
fn is_settings(file: &CandidateFile<'_>) -> bool {
    const NAMES: [&str; 4] = ["Earthfile", "Tiltfile", "Brewfile", "Jakefile"];
    const JSON_NAMES: [&str; 9] = [
        "tasks.json",
        "settings.json",
        "settings.local.json",
        "launch.json",
        "composer.json",
        "deno.json",
        "project.json",
        "mcp.json",
        ".mcp.json",
    ];
    let is_listed = NAMES.contains(&file.name()) || JSON_NAMES.contains(&file.name());
    let is_other = ["toml", "yaml", "yml", "ini", "cfg", "conf", "desktop", "code-workspace"];
    (is_listed || ends_in(file, &is_other)) && starts_or_enters(file.beginning())
}

/// Whether a text has a command that starts a container, or an address in one, as tools have that copy files into it.
fn starts_or_enters(text: &str) -> bool {
    starts_by_command(text) || text.contains("docker://")
}

/// Whether a text has a command that starts a container, in one text or with its words as values of their own.
fn starts_by_command(text: &str) -> bool {
    has_start_command(text) || has_start_of_values(text)
}

/// Whether a script of another shell starts a container, whose words may be in a variable: `docker @words`.
fn starts_by_words(text: &str) -> bool {
    starts_container(text) || text.lines().any(is_start_line)
}

fn ends_in(file: &CandidateFile<'_>, endings: &[&str]) -> bool {
    file.ending().is_some_and(|ending| endings.contains(&ending))
}

/// Whether a file without an ending says in its first line that one of these programs runs it.
fn is_run_by(file: &CandidateFile<'_>, programs: &[&str]) -> bool {
    file.ending().is_none()
        && file.first_line().starts_with("#!")
        && programs.iter().any(|program| file.first_line().contains(program))
}

/// Whether a YAML file is a list with this key in one of its items.
fn has_item_key(file: &CandidateFile<'_>, key: &str) -> bool {
    let items = file.beginning().lines().filter_map(|line| line.strip_prefix("- "));
    items.filter_map(|item| item.trim_start().strip_prefix(key)).any(|rest| rest.starts_with(':'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn start_is_told_from_a_word_in_prose() {
        for text in [
            "subprocess.run(['docker', 'run', '-v', x])",
            "os.system(f\"docker --context {c} run -it x\")",
            "const args = [\"run\", \"--rm\"]; spawn(\"docker\", args)",
            "client = docker.from_env()",
            "exec.Command(\"podman\", \"--log-level\", \"debug\", \"create\")",
            "import Docker from 'dockerode'",
            "Process.Start(\"docker\", $\"run --rm -v {x}\")",
            "new ProcessBuilder(\"docker\", \"run\", \"-v\", x).start()",
            "  \"start\": \"docker-compose up\"",
            "resource \"docker_container\" \"a\" {",
            "spawn(ENGINE, [\"run\", \"--rm\", \"-v\", mount])",
            "cmd := exec.CommandContext(ctx, \"docker\", args...)",
            "subprocess.Popen([\"podman\", *words], cwd=x)",
            "Command::new(\"docker\").args(&words)",
            "spawnSync('docker', args, { stdio: 'inherit' })",
            "virtualisation.oci-containers.containers.a = { image = \"a\"; };",
        ] {
            assert!(starts_container(text), "{text}");
        }
        for text in [
            "",
            "# runs in docker, or on the host",
            "docker build -t x .",
            "if is_dockerized(): run()",
            "\"docker\": true, \"image\": \"x\"",
            "see the docker documentation to run it",
            "npm(\"run\", \"build\")",
            "exec.LookPath(\"docker\")",
            "fmt.Println(\"docker\", version)",
            "exec.Command(\"docker\", \"ps\", filter)",
            "strings.Contains(\"docker\", name)",
        ] {
            assert!(!starts_container(text), "{text}");
        }
    }

    #[test]
    fn words_in_a_variable_start_a_container_in_a_script_of_another_shell() {
        for text in ["& docker @words", "docker $words", "  & docker $Words | Out-Host"] {
            assert!(starts_by_words(text), "{text}");
        }
        for text in ["# docker @words", "Get-Command docker", "docker ps @words"] {
            assert!(!starts_by_words(text), "{text}");
        }
    }

    #[test]
    fn long_text_of_engine_names_is_scanned_in_one_go() {
        let text = "docker -a b -c d -e f -g h ".repeat(10_000);
        let begun = std::time::Instant::now();
        assert!(!starts_container(&text));
        assert!(begun.elapsed() < std::time::Duration::from_secs(60));
    }
}
