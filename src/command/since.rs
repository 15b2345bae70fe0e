//! What changed since a revision, asked of git's own program. May use everything but `main`.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};

use super::World;
use super::configuration::absolute;
use crate::model::split_below;
use crate::triage::{Changes, Extent};

/// Variables that would lead git to another repository than that of the first PATH, or to another program.
const ELSEWHERE: &[&str] = &[
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_PREFIX",
    "GIT_NAMESPACE",
    "GIT_COMMON_DIR",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_EXTERNAL_DIFF",
    "GIT_DIFF_OPTS",
];

/// What changed in a repository.
pub(super) struct Since {
    /// The repository's directory.
    top: String,
    changes: Changes,
    /// The files that it knows: all others are new.
    tracked: HashSet<String>,
}

impl Since {
    /// Asks the repository of the first PATH what differs from where a revision and the present one parted.
    pub(super) fn of(revision: &str, first: Option<&Path>, world: &World) -> anyhow::Result<Self> {
        let start = PathBuf::from(absolute(first.unwrap_or(Path::new(".")), world));
        let directory = if start.is_dir() { start.as_path() } else { start.parent().unwrap_or(&start) };
        let git = Git { directory, environment: &world.environment };
        let top = git.line(&["rev-parse", "--show-toplevel"])?;
        let git = Git { directory: Path::new(&top), environment: &world.environment };
        let commit = format!("{revision}^{{commit}}");
        let commit = git.line(&["rev-parse", "--verify", "--end-of-options", &commit])?;
        let Ok(parted) = git.line(&["merge-base", &commit, "HEAD"]) else {
            bail!("--since: {revision} and HEAD have no commit in common here; fetch more of the history");
        };
        let diff = [
            "diff",
            "--unified=0",
            "--find-renames",
            "--no-color",
            "--no-ext-diff",
            "--no-textconv",
            "--no-relative",
            "--text",
            "--src-prefix=a/",
            "--dst-prefix=b/",
            &parted,
            "--",
        ];
        let changes = Changes::parse(&git.ask(&diff)?).map_err(anyhow::Error::msg).context("--since")?;
        let tracked = git.ask(&["ls-files", "-z"])?.split('\0').map(str::to_owned).collect();
        Ok(Self { top, changes, tracked })
    }

    /// How much of a file changed. Of one that is not in the repository nobody knows.
    pub(super) fn extent(&self, name: &str, world: &World) -> Extent {
        let path = absolute(Path::new(name), world);
        let real = std::fs::canonicalize(&path).map(|real| real.display().to_string());
        let Some(real) = real.ok().and_then(|real| split_below(&real, &self.top).map(str::to_owned)) else {
            return Extent::Whole;
        };
        // A link that leads elsewhere now is a change of all that is read through it.
        let link = split_below(&path, &self.top).filter(|link| *link != real);
        if !self.tracked.contains(&real) || link.is_some_and(|link| self.changes.touch(link)) {
            return Extent::Whole;
        }
        self.changes.of(&real)
    }
}

struct Git<'a> {
    directory: &'a Path,
    environment: &'a BTreeMap<String, String>,
}

impl Git<'_> {
    /// What git prints, the line end taken off.
    fn line(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let text = self.ask(arguments)?;
        Ok(text.strip_suffix('\n').unwrap_or(&text).to_owned())
    }

    fn ask(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let mut git = Command::new("git");
        git.arg("-C").arg(self.directory);
        // Nothing of the repository's own settings is run, and nothing is written.
        git.args(["-c", "core.fsmonitor=false", "-c", "core.quotePath=true", "--no-pager"]).args(arguments);
        let kept = self.environment.iter().filter(|(name, _)| !ELSEWHERE.contains(&name.as_str()));
        git.env_clear().envs(kept).envs([("GIT_OPTIONAL_LOCKS", "0"), ("LC_ALL", "C")]);
        let output = git.output().context("--since asks git, which cannot be started; install it")?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        let said = String::from_utf8_lossy(&output.stderr);
        let said = said.lines().find(|line| !line.trim().is_empty()).unwrap_or("no word of why");
        bail!("--since: git {} failed: {said}", arguments.first().copied().unwrap_or_default())
    }
}
