//! What the manual pages show beside the options: examples, and how a command ends. Uses nothing else.

/// What a command's page has beside what the types of the command line say.
#[derive(Debug)]
pub(super) struct PageText {
    /// The command, as it is typed; empty for the program itself.
    pub(super) command: &'static str,
    /// Calls, each with what it is for.
    pub(super) examples: &'static [(&'static str, &'static str)],
    /// Exit statuses, each with what it means.
    pub(super) statuses: &'static [(&'static str, &'static str)],
}

const JUDGED: &[(&str, &str)] = &[
    ("0", "No finding at or above --fail-on (default: error)."),
    ("1", "Findings at or above --fail-on."),
    (
        "2",
        "Wrong usage, input that cannot be read or that Compose would refuse, no engine to ask, or an output that cannot be written.",
    ),
    ("3", "Something could not be inspected, and nothing worse was found."),
];
const LOOKED: &[(&str, &str)] = &[
    ("0", "All of it was looked at. Findings change nothing here."),
    ("2", "Wrong usage, no such container, no engine to ask, or input that cannot be read."),
    ("3", "Something could not be inspected."),
];
const DONE: &[(&str, &str)] = &[("0", "It is done."), ("2", "Wrong usage, or input that cannot be read.")];

/// Every page.
pub(super) const PAGES: &[PageText] = &[
    PageText {
        command: "",
        examples: &[
            ("overlock check .", "Judge every project and script in this directory and below."),
            ("overlock audit", "Judge the containers that run on this host."),
            ("overlock explain unguarded-share", "Read what a rule means and how its findings are fixed."),
        ],
        statuses: JUDGED,
    },
    PageText {
        command: "check",
        examples: &[
            ("overlock check .", "Judge every project and script in this directory and below."),
            ("overlock check stack-a stack-b", "Judge several directories that run on one host together."),
            (
                "overlock check -f compose.yaml -f prod.yaml --env-file prod.env",
                "Judge one project as Compose would resolve it.",
            ),
            ("overlock check --since main", "Fail only on findings that are new or worse than where main parted."),
            (
                "overlock check --output github --output sarif=report.sarif",
                "Print annotations of a GitHub workflow, and write a file for code scanning.",
            ),
            ("overlock check --diff", "Show what could be fixed mechanically; --fix writes it."),
        ],
        statuses: JUDGED,
    },
    PageText {
        command: "audit",
        examples: &[
            ("overlock audit", "Judge all that runs on this host. As root, it sees into containers."),
            ("overlock audit agents runner", "Report two containers; all are looked at."),
            ("overlock audit --no-engine", "Find containers by /proc alone: containerd, LXC and whatever else runs."),
            ("overlock audit --from captures/", "Judge several hosts together, from their captures."),
        ],
        statuses: JUDGED,
    },
    PageText {
        command: "preflight",
        examples: &[
            ("overlock preflight && docker compose up -d", "Deploy only what makes nothing worse on this host."),
            ("overlock preflight -f compose.yaml -f prod.yaml", "Judge a plan of several files."),
        ],
        statuses: &[
            ("0", "The plan adds nothing at or above --fail-on, and makes nothing worse."),
            ("1", "The plan adds a finding or makes one worse; with --fail-on-any, also where there was one before."),
            ("2", "Wrong usage, or input that cannot be read or that Compose would refuse."),
            ("3", "Something could not be inspected, and nothing worse was found."),
        ],
    },
    PageText {
        command: "report",
        examples: &[
            ("overlock report --quiet", "From cron: print what changed since the last report, and nothing else."),
            (
                "overlock report --quiet --state /var/lib/overlock --output html=report.html",
                "Keep the last report elsewhere, and write a page.",
            ),
        ],
        statuses: &[
            ("0", "No finding at or above --fail-on; with --quiet, or nothing changed."),
            ("1", "Findings at or above --fail-on."),
            ("2", "Wrong usage, or something that cannot be read or written."),
            ("3", "Something could not be inspected, and nothing worse was found."),
        ],
    },
    PageText {
        command: "watch",
        examples: &[
            ("overlock watch", "Print a line for each container that comes, goes or is judged otherwise."),
            ("overlock watch --format json", "The same for programs: an object a line."),
        ],
        statuses: &[
            ("0", "It was told to stop, by SIGINT or SIGTERM."),
            ("2", "Wrong usage, or the engine cannot be followed."),
        ],
    },
    PageText {
        command: "where",
        examples: &[
            (
                "overlock where agents /home/agent/.claude/session.lock",
                "Show which mount a path is on, where that is stored, and which containers reach it.",
            ),
            ("overlock where --host /srv/claude", "The same for a path of the host."),
        ],
        statuses: LOOKED,
    },
    PageText {
        command: "capture",
        examples: &[
            ("overlock capture -o host.json", "Write what audit would judge, without secrets."),
            ("overlock audit --from host.json", "Judge it elsewhere."),
        ],
        statuses: LOOKED,
    },
    PageText {
        command: "graph",
        examples: &[
            ("overlock graph .", "Print a picture of a plan, as SVG."),
            ("overlock graph --format mermaid .", "The same for a page in Markdown."),
            ("overlock graph", "Draw the containers that run on this host."),
        ],
        statuses: LOOKED,
    },
    PageText {
        command: "config",
        examples: &[
            ("overlock config", "Print the project here as `docker compose config --format json` does."),
            ("overlock config -f compose.yaml -f prod.yaml", "Print several files merged."),
        ],
        statuses: &[("0", "It is printed."), ("2", "Compose would refuse it, with the same cause.")],
    },
    PageText {
        command: "init",
        examples: &[
            ("overlock init", "Show the configuration and the CI step that this repository could begin with."),
            (
                "overlock init --write --baseline overlock.baseline.json",
                "Write them, with what is found now as known: only what is new fails from then on.",
            ),
        ],
        statuses: &[
            ("0", "It is shown or written, whatever was found."),
            ("2", "Wrong usage, or a file is there already: nothing is written."),
        ],
    },
    PageText {
        command: "explain",
        examples: &[
            ("overlock explain", "List all rules."),
            ("overlock explain unguarded-share", "Read one of them: what it means, why, and how to fix it."),
        ],
        statuses: DONE,
    },
    PageText {
        command: "completions",
        examples: &[("overlock completions bash", "Print the script for bash.")],
        statuses: DONE,
    },
    PageText {
        command: "man",
        examples: &[
            ("overlock man", "Print the page of the program."),
            ("overlock man --out man1", "Write a page for each command into a directory."),
        ],
        statuses: DONE,
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{Cli, parse};
    use clap::CommandFactory as _;

    #[test]
    fn every_example_is_a_call_of_its_command_and_every_command_has_one() {
        for page in PAGES {
            assert!(!page.examples.is_empty() && page.statuses.len() > 1, "{}", page.command);
            for (call, _) in page.examples {
                let call = call.split(" && ").next().unwrap();
                let cli = parse(call.split(' ').map(Into::into).collect(), false);
                assert!(cli.is_ok(), "{call}: {}", cli.unwrap_err());
            }
        }
        for command in Cli::command().get_subcommands() {
            assert!(PAGES.iter().any(|page| page.command == command.get_name()), "{command}");
        }
    }
}
