//! The machines that jobs run on, by their labels. Uses nothing else.

/// Beginnings of the names of machines that GitHub makes for one job.
const MADE_FOR_ONE_JOB: [&str; 3] = ["ubuntu-", "macos-", "windows-"];

/// Whether a machine of this label is made for one job: `ubuntu-latest`, `macos-14-large`. A label of one's own may begin alike.
pub(super) fn is_made_for_one_job(label: &str) -> bool {
    let rest = MADE_FOR_ONE_JOB.iter().find_map(|beginning| label.strip_prefix(beginning));
    rest.is_some_and(|rest| {
        let version = rest.split('-').next().unwrap_or_default();
        matches!(version, "latest" | "slim")
            || !version.is_empty() && version.chars().all(|ch| ch.is_ascii_digit() || ch == '.')
    })
}

#[cfg(test)]
mod tests {
    use super::is_made_for_one_job;

    #[test]
    fn machine_of_the_forge_is_told_from_one_of_ones_own() {
        for label in
            ["ubuntu-latest", "ubuntu-24.04", "ubuntu-24.04-arm", "ubuntu-slim", "macos-14-large", "windows-2022"]
        {
            assert!(is_made_for_one_job(label), "{label}");
        }
        for label in ["ubuntu-factory", "ubuntu", "self-hosted", "linux", "ubuntu-", "macos-mini-1", "", "docker"] {
            assert!(!is_made_for_one_job(label), "{label}");
        }
    }
}
