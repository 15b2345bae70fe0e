//! `overlock audit`: what runs, judged. May use everything but `main`.

use std::collections::BTreeSet;

use super::accept::Acceptance;
use super::configuration::Configuration;
use super::judged::Read;
use super::observe;
use super::session::Session;
use super::wanted::{self, Wanted};
use crate::cli::{Accept, Audit, LookArguments};
use crate::model::Layout;

/// What is asked for of what runs.
pub(super) struct AuditRequest<'a> {
    /// Containers by name or id; all where there are none.
    pub(super) containers: &'a [String],
    pub(super) sight: &'a LookArguments,
    pub(super) compare_identities: bool,
    pub(super) accept: &'a Accept,
}

impl<'a> AuditRequest<'a> {
    /// What `audit` is asked for.
    pub(super) fn of(arguments: &'a Audit) -> Self {
        Self {
            containers: &arguments.containers,
            sight: &arguments.sight,
            compare_identities: arguments.compare_identities,
            accept: &arguments.accept,
        }
    }
}

/// Looks at everything that runs; the arguments only choose what is told.
pub(super) fn read<'a>(
    asked: &AuditRequest<'a>,
    configuration: Configuration,
    session: &Session<'a>,
) -> anyhow::Result<Read<'a>> {
    let wanted = Wanted {
        compare_identities: asked.compare_identities,
        containers: asked.containers.to_vec(),
        ..Wanted::default()
    };
    let mut only = BTreeSet::new();
    let mut captures = None;
    let layout = if asked.containers.is_empty() && !asked.sight.from.is_empty() {
        observe::refuse_engine(asked.sight)?;
        captures = Some(asked.sight);
        Layout::default()
    } else {
        let observed = observe::captures(asked.sight, &wanted, session)?;
        let several = observed.captures.len() > 1;
        for name in asked.containers {
            let (capture, running) = wanted::find(&observed.captures, name)?;
            only.insert(capture.name_of(&running.name, several));
        }
        observe::joined(&observed, session)
    };
    let whole = only.is_empty();
    let acceptance = Acceptance { whole, ..Acceptance::of_running(session.world, configuration, asked.accept) };
    Ok(Read { layout, captures, acceptance, only })
}
