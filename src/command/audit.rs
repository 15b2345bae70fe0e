//! `overlock audit`: what runs, judged. May use everything but `main`.

use std::collections::BTreeSet;

use super::World;
use super::accept::Acceptance;
use super::configuration::Configuration;
use super::observe::{self, Wanted};
use super::report::Read;
use crate::cli::Audit;
use crate::ruleset::Ruleset;
use crate::text::Sources;

/// Looks at everything that runs; the arguments only choose what is told.
pub(super) fn read<'a>(
    arguments: &'a Audit,
    configuration: Configuration,
    (world, rules, sources): (&'a World, &Ruleset, &Sources),
) -> anyhow::Result<Read<'a>> {
    let wanted = Wanted {
        compare_identities: arguments.compare_identities,
        containers: arguments.containers.clone(),
        paths: None,
    };
    let captures = observe::captures(&arguments.sight, &wanted, (world, rules, sources))?;
    let several = captures.len() > 1;
    let mut only = BTreeSet::new();
    for asked in &arguments.containers {
        let (capture, running) = observe::find(&captures, asked)?;
        only.insert(capture.name_of(&running.name, several));
    }
    let layout = observe::joined(&captures, rules, sources);
    let acceptance = Acceptance {
        world,
        configuration,
        first: None,
        arguments: &arguments.accept,
        since: None,
        whole: only.is_empty(),
        planned: false,
    };
    Ok(Read { layout, acceptance, only })
}
