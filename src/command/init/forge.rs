//! The forges whose pipelines a repository has, and the step of each that runs the check. May use `text`.

use std::path::{Path, PathBuf};

use crate::text::{EntryKind, Reader};

/// The most that is read of a pipeline, in bytes, and the most files of a directory of them.
const MAX_BYTES: u64 = 256 * 1024;
const MAX_FILES: usize = 1_000;

/// A forge that runs pipelines: where it looks for them, and what a step is to it.
#[derive(Debug)]
struct Forge {
    /// What people call it.
    name: &'static str,
    /// The directory that shows it.
    directory: &'static str,
    /// The file of a pipeline of ours; `None` where all of a repository's pipelines are one file.
    own_file: Option<&'static str>,
    /// Where its pipelines are, beside that directory: single files.
    files: &'static [&'static str],
    /// The pipeline, or the part of one. `VERSION` is this program's, `ARGUMENTS` a baseline's or nothing.
    step: &'static str,
    /// What is written for a baseline, which is `BASELINE`.
    arguments: &'static str,
}

const GITHUB: &str = "\
# Written by `overlock init`. https://github.com/overlock/overlock has the other inputs of this action.
name: overlock
on: [push, pull_request]
permissions:
  contents: read
jobs:
  overlock:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: overlock/overlock@vVERSION
        with:
          version: VERSION
ARGUMENTS";

const FORGEJO: &str = "\
# Written by `overlock init`. Set `runs-on` to a label of your runners.
name: overlock
on: [push, pull_request]
jobs:
  overlock:
    runs-on: docker
    steps:
      - uses: actions/checkout@v4
      - uses: https://github.com/overlock/overlock@vVERSION
        with:
          version: VERSION
ARGUMENTS";

const WOODPECKER: &str = "\
# Written by `overlock init`. Any image with overlock, a shell and git in it will do.
when:
  - event: [push, pull_request]
steps:
  - name: overlock
    image: ghcr.io/overlock/overlock-ci:VERSION
    commands:
      - overlock check .ARGUMENTS
";

/// What is added to a pipeline of Woodpecker that is one file.
const WOODPECKER_STEP: &str = "\
steps:   # the list that is there; this goes to its end
  - name: overlock
    image: ghcr.io/overlock/overlock-ci:VERSION   # any image with overlock, a shell and git in it
    commands:
      - overlock check .ARGUMENTS
";

const GITLAB: &str = "\
overlock:
  image: ghcr.io/overlock/overlock-ci:VERSION   # any image with overlock, a shell and git in it
  script:
    - overlock check .ARGUMENTS --output text --output gitlab=gl-code-quality-report.json
  artifacts:
    when: always
    reports: {codequality: gl-code-quality-report.json}
";

const ACTION_ARGUMENTS: &str = "          args: |\n            --baseline\n            BASELINE\n";
const COMMAND_ARGUMENTS: &str = " --baseline BASELINE";

/// Forgejo and Gitea look into `.github` only where they have no directory of their own: to make that one would turn the
/// pipelines in the other off. So it counts once it is there. The same holds for Woodpecker's.
const FORGES: &[Forge] = &[
    Forge {
        name: "GitHub",
        directory: ".github",
        own_file: Some(".github/workflows/overlock.yml"),
        files: &[],
        step: GITHUB,
        arguments: ACTION_ARGUMENTS,
    },
    Forge {
        name: "Forgejo",
        directory: ".forgejo/workflows",
        own_file: Some(".forgejo/workflows/overlock.yml"),
        files: &[],
        step: FORGEJO,
        arguments: ACTION_ARGUMENTS,
    },
    Forge {
        name: "Gitea",
        directory: ".gitea/workflows",
        own_file: Some(".gitea/workflows/overlock.yml"),
        files: &[],
        step: FORGEJO,
        arguments: ACTION_ARGUMENTS,
    },
    Forge {
        name: "Woodpecker",
        directory: ".woodpecker",
        own_file: Some(".woodpecker/overlock.yaml"),
        files: &[],
        step: WOODPECKER,
        arguments: COMMAND_ARGUMENTS,
    },
    Forge {
        name: "Woodpecker",
        directory: "",
        own_file: None,
        files: &[".woodpecker.yaml", ".woodpecker.yml"],
        step: WOODPECKER_STEP,
        arguments: COMMAND_ARGUMENTS,
    },
    Forge {
        name: "GitLab",
        directory: "",
        own_file: None,
        files: &[".gitlab-ci.yml"],
        step: GITLAB,
        arguments: COMMAND_ARGUMENTS,
    },
];

/// Where a step of a forge belongs.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum StepPlace {
    /// A file of its own, below the repository's top.
    NewFile(&'static str),
    /// A file that is there and is a person's to change.
    AddTo(&'static str),
    /// A pipeline calls the program already.
    Present(String),
}

/// The step of a forge that the repository has pipelines of.
#[derive(Debug)]
pub(super) struct ForgeStep {
    /// What people call the forge.
    pub(super) forge: &'static str,
    /// Where it belongs.
    pub(super) place: StepPlace,
    /// Its text.
    pub(super) text: String,
}

/// The step of each forge that a repository has pipelines of. `baseline` is the file below its top that the check is
/// given. A directory that is a link is none: what is written there would be written elsewhere.
pub(super) fn find_steps(top: &Path, baseline: Option<&str>, reader: &Reader) -> Vec<ForgeStep> {
    let mut steps: Vec<ForgeStep> = Vec::new();
    for forge in FORGES {
        let place = match forge.own_file {
            Some(file) if is_own_directory(top, forge.directory, reader) => {
                let called = pipelines(top, file, reader).into_iter().find(|path| calls_program(path, reader));
                let shown = |path: &Path| path.strip_prefix(top).unwrap_or(path).display().to_string();
                called.map_or(StepPlace::NewFile(file), |path| StepPlace::Present(shown(&path)))
            }
            Some(_) => continue,
            // Woodpecker does not look at its file where it has a directory.
            None if steps.iter().any(|step| step.forge == forge.name) => continue,
            None => match forge.files.iter().find(|file| reader.is_file(&top.join(file))) {
                Some(file) if calls_program(&top.join(file), reader) => StepPlace::Present((*file).to_owned()),
                Some(file) => StepPlace::AddTo(file),
                None => continue,
            },
        };
        steps.push(ForgeStep { forge: forge.name, place, text: forge.text(baseline) });
    }
    steps
}

impl Forge {
    fn text(&self, baseline: Option<&str>) -> String {
        let arguments = baseline.map_or_else(String::new, |file| self.arguments.replace("BASELINE", file));
        self.step.replace("ARGUMENTS", &arguments).replace("VERSION", env!("CARGO_PKG_VERSION"))
    }
}

/// Whether a path below a directory is a directory, and no part of it a link.
pub(super) fn is_own_directory(top: &Path, below: &str, reader: &Reader) -> bool {
    let mut path = top.to_owned();
    Path::new(below).components().all(|part| {
        path.push(part);
        reader.own_kind(&path) == Ok(EntryKind::Directory)
    })
}

/// The files beside a pipeline.
fn pipelines(top: &Path, file: &str, reader: &Reader) -> Vec<PathBuf> {
    let path = top.join(file);
    let directory = path.parent().unwrap_or(top);
    let listed = reader.list(directory, MAX_FILES).unwrap_or_default();
    listed.into_iter().map(|entry| directory.join(entry.name)).collect()
}

fn calls_program(path: &Path, reader: &Reader) -> bool {
    let Ok(text) = reader.read_start(path, MAX_BYTES) else { return false };
    let text = String::from_utf8_lossy(&text);
    ["overlock check", "overlock/overlock@"].iter().any(|call| text.contains(call))
}
