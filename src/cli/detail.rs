//! How much is told: `--verbose` and `--quiet`, which mean before the command what they mean after it. Uses `cli` and
//! `render` alone.

use clap::error::ErrorKind;

use super::{Cli, Command};
use crate::render::Detail;

/// The switches of one command, where it has them.
struct Switches<'a> {
    verbose: &'a mut bool,
    quiet: &'a mut bool,
    /// Whether they are two ends of one scale, of which one alone can be meant.
    is_scale: bool,
}

impl Cli {
    /// How much of a report is told.
    pub fn detail(&self) -> Detail {
        let (verbose, quiet) = match &self.command {
            Command::Check(check) => (check.output.verbose, check.quiet),
            Command::Audit(audit) => (audit.output.verbose, audit.quiet),
            Command::Preflight(preflight) => (preflight.output.verbose, preflight.quiet),
            // There it is about whether anything is printed at all.
            Command::Report(report) => (report.output.verbose, false),
            _ => (false, false),
        };
        match (verbose, quiet) {
            (true, _) => Detail::Verbose,
            (false, true) => Detail::Quiet,
            (false, false) => Detail::Normal,
        }
    }

    /// Hands what was typed before the command on to the command.
    ///
    /// # Errors
    /// The command has no such switch, or was given the opposite one.
    pub(super) fn hand_on_detail(
        &mut self,
        refuse: impl Fn(ErrorKind, String) -> clap::Error,
    ) -> Result<(), clap::Error> {
        let option = match (self.verbose, self.quiet) {
            (false, false) => return Ok(()),
            (true, _) => "--verbose",
            (false, true) => "--quiet",
        };
        let name = self.command.name();
        let Some(switches) = self.command.switches() else {
            let problem = format!("`{name}` has no {option}; check, audit, preflight and report have");
            return Err(refuse(ErrorKind::UnknownArgument, problem));
        };
        *switches.verbose |= self.verbose;
        *switches.quiet |= self.quiet;
        if switches.is_scale && *switches.verbose && *switches.quiet {
            let problem = "the argument '--quiet' cannot be used with '--verbose'".to_owned();
            return Err(refuse(ErrorKind::ArgumentConflict, problem));
        }
        Ok(())
    }
}

impl Command {
    fn switches(&mut self) -> Option<Switches<'_>> {
        let (verbose, quiet, is_scale) = match self {
            Self::Check(check) => (&mut check.output.verbose, &mut check.quiet, true),
            Self::Audit(audit) => (&mut audit.output.verbose, &mut audit.quiet, true),
            Self::Preflight(preflight) => (&mut preflight.output.verbose, &mut preflight.quiet, true),
            Self::Report(report) => (&mut report.output.verbose, &mut report.quiet, false),
            _ => return None,
        };
        Some(Switches { verbose, quiet, is_scale })
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Check(_) => "check",
            Self::Audit(_) => "audit",
            Self::Preflight(_) => "preflight",
            Self::Report(_) => "report",
            Self::Watch(_) => "watch",
            Self::Where(_) => "where",
            Self::Capture(_) => "capture",
            Self::Graph(_) => "graph",
            Self::Config(_) => "config",
            Self::Init(_) => "init",
            Self::Explain(_) => "explain",
            Self::Completions(_) => "completions",
            Self::Man(_) => "man",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::parse;

    fn parsed(words: &str) -> Result<Cli, String> {
        let words = words.split(' ').map(std::ffi::OsString::from).collect();
        parse(words, false).map_err(|error| error.to_string())
    }

    #[test]
    fn before_the_command_means_the_same_as_after_it() {
        for command in ["check .", "audit", "preflight"] {
            for (option, wanted) in [
                ("-q", Detail::Quiet),
                ("--quiet", Detail::Quiet),
                ("-v", Detail::Verbose),
                ("--verbose", Detail::Verbose),
            ] {
                let of = |words: String| parsed(&words).map(|cli| cli.detail());
                assert_eq!(of(format!("overlock {option} {command}")), Ok(wanted), "{option} {command}");
                assert_eq!(of(format!("overlock {command} {option}")), Ok(wanted), "{command} {option}");
            }
            assert_eq!(parsed(&format!("overlock {command}")).map(|cli| cli.detail()), Ok(Detail::Normal));
        }
        for words in ["overlock -q report", "overlock report -q", "overlock report --quiet"] {
            let cli = parsed(words).unwrap();
            assert!(matches!(&cli.command, Command::Report(report) if report.quiet), "{words}");
            assert_eq!(cli.detail(), Detail::Normal, "{words}");
        }
    }

    #[test]
    fn what_has_no_meaning_is_refused_and_so_are_both_at_once() {
        for command in
            ["watch", "where x /y", "capture", "graph", "config", "init", "explain", "completions bash", "man"]
        {
            let name = command.split(' ').next().unwrap();
            for (option, whole) in [("-q", "--quiet"), ("-v", "--verbose")] {
                let problem = parsed(&format!("overlock {option} {command}")).unwrap_err();
                assert!(problem.contains(&format!("`{name}` has no {whole}; check, audit")), "{problem}");
                assert!(parsed(&format!("overlock {command} {option}")).unwrap_err().contains(option));
            }
        }
        for words in ["overlock -q -v check", "overlock -q check -v", "overlock -v audit -q", "overlock check -q -v"] {
            assert!(parsed(words).unwrap_err().contains("cannot be used with"), "{words}");
        }
    }
}
