//! What every command works with: where it runs, the rules, and the files that are read. May use everything but `main`.

use std::io::{self, Write};

use super::World;
use crate::render::{self, Style, safe};
use crate::report::ExitStatus;
use crate::rules::{Ruleset, RulesetError};
use crate::text::Sources;

/// What every command that needs rules works with.
#[derive(Clone, Copy)]
pub(super) struct Session<'a> {
    pub(super) world: &'a World,
    /// How text is laid out.
    pub(super) style: Style,
    pub(super) rules: &'a Ruleset,
    /// The files that were read.
    pub(super) sources: &'a Sources,
}

impl Session<'_> {
    /// Tells which of the further rules are not used, for a command that has no report to say it in.
    pub(super) fn tell_refused_rules(&self, err: &mut dyn Write) -> io::Result<()> {
        render::diagnostics(self.rules.refused(), self.sources, err)
    }
}

/// A session that has no rules yet.
pub(super) struct SessionStart<'a> {
    pub(super) world: &'a World,
    pub(super) style: Style,
    pub(super) sources: &'a Sources,
}

impl SessionStart<'_> {
    /// Does what needs the rules, where they are usable; else tells their mistakes.
    pub(super) fn with_rules<'w>(
        &self,
        rules: Result<Ruleset, RulesetError>,
        err: &'w mut dyn Write,
        command: impl FnOnce(&Session<'_>, &'w mut dyn Write) -> anyhow::Result<ExitStatus>,
    ) -> anyhow::Result<ExitStatus> {
        let &Self { world, style, sources } = self;
        match rules {
            Ok(rules) => command(&Session { world, style, rules: &rules, sources }, err),
            Err(RulesetError::Wrong(problems)) => {
                for problem in &problems {
                    let (file, at) = (sources.get(problem.span.file), problem.span.start);
                    let line = format!("{}:{}:{}: error: {}", file.name(), at.line, at.column, problem.message);
                    writeln!(err, "{}", safe(&line))?;
                }
                writeln!(err, "overlock: the rules are not usable; fix what is listed above")?;
                Ok(ExitStatus::Unusable)
            }
            Err(error @ (RulesetError::Unreadable { .. } | RulesetError::Damaged)) => Err(error.into()),
        }
    }
}
