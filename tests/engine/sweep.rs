//! What a run makes is removed at its end, however it ends: a process of its own waits for that. What a run left behind
//! all the same, the next one removes.

use std::fs;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::docker;

/// Also called by itself once the run is over.
const CLEAR: &str = include_str!("clear.sh");

/// The label on containers, volumes and networks.
pub(crate) const LABEL: &str = "overlock-test";

/// A name that no other run has or had: the process, when it was started, and in which pid namespace.
pub(crate) fn run_id() -> String {
    let pid = std::process::id();
    format!("{pid}-{}-{}", started(pid).unwrap_or_default(), namespace())
}

/// The time of start (proc_pid_stat(5), field 22), which tells a process from an earlier one of the same number.
fn started(pid: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name before may hold anything, so it is left behind by its last parenthesis.
    stat.rsplit_once(')')?.1.split_whitespace().nth(19)?.parse().ok()
}

fn namespace() -> String {
    let link = fs::read_link("/proc/self/ns/pid").map(|link| link.display().to_string()).unwrap_or_default();
    link.chars().filter(char::is_ascii_digit).collect()
}

/// Whether a run is known to be over. Of another pid namespace nothing is known.
fn is_over(run: &str) -> bool {
    let mut parts = run.split('-');
    let (Some(Ok(pid)), Some(start), Some(space)) = (parts.next().map(str::parse), parts.next(), parts.next()) else {
        return false;
    };
    space == namespace() && started(pid).map(|known| known.to_string()).as_deref() != Some(start)
}

/// Where a run keeps its files.
pub(crate) fn folder(run: &str) -> PathBuf {
    std::env::temp_dir().join(format!("{LABEL}-{run}"))
}

/// Removes what runs that are over have left behind.
pub(crate) fn sweep() {
    let format = format!("{{{{.Label \"{LABEL}\"}}}}");
    let filter = format!("label={LABEL}");
    let mut runs: Vec<String> = Vec::new();
    for listed in [
        docker(&["ps", "-a", "--filter", &filter, "--format", &format]),
        docker(&["volume", "ls", "--filter", &filter, "--format", &format]),
        docker(&["network", "ls", "--filter", &filter, "--format", &format]),
        docker(&["images", "--format", "{{.Tag}}", LABEL]),
    ] {
        runs.extend(listed.unwrap_or_default().lines().map(str::to_owned));
    }
    for entry in fs::read_dir(std::env::temp_dir()).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        runs.extend(name.strip_prefix(&format!("{LABEL}-")).map(str::to_owned));
    }
    runs.sort();
    runs.dedup();
    for run in runs.iter().filter(|run| is_over(run)) {
        let status = clear(run, &folder(run)).stdin(Stdio::null()).status();
        assert!(status.is_ok_and(|status| status.success()), "what run {run} left behind cannot be removed");
    }
}

fn clear(run: &str, folder: &Path) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", CLEAR, "clear.sh", run]).arg(folder);
    command
}

/// Waits in a process group of its own, which an interrupt from the terminal does not reach, until this process is gone
/// and the pipe closes. What it returns must be kept as long as the run lasts.
pub(crate) fn clear_at_the_end(run: &str, folder: &Path) -> Child {
    clear(run, folder).arg("wait").stdin(Stdio::piped()).stdout(Stdio::null()).process_group(0).spawn().unwrap()
}

/// Past the test runner, which keeps what is printed to itself.
#[expect(clippy::explicit_write, reason = "eprintln! is what it keeps")]
pub(crate) fn say(line: &str) {
    writeln!(std::io::stderr(), "{line}").unwrap();
}
