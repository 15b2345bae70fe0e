//! Who is there, how each was judged last, and what is told of it. What it holds is that of the containers that are there:
//! it may run for months. May use everything but `main`.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::super::accept::Acceptance;
use super::super::engines::elsewhere;
use super::super::session::Session;
use super::super::settled::settled_alone;
use super::draft::{Draft, attribute, login_event};
use super::look::{Looked, WantedLooks};
use super::standing::{KnownLogins, Standing, outcomes};
use super::waiting::Waiting;
use crate::cli::WatchFormat;
use crate::finding::{Basis, Report, Verdict};
use crate::input::capture::{self, Capture, HOST};
use crate::input::engine::{Come, Event, InspectedContainer, Missed, Seen};
use crate::model::{Container, Diagnostic};
use crate::render::{self, SeenBy, WatchEvent, WatchEventKind, safe};
use crate::text::{Sources, rfc3339_text};

/// Where lines go.
pub(super) struct LineTeller<'a> {
    pub(super) out: &'a mut dyn Write,
    pub(super) format: WatchFormat,
    /// Whether containers are told of that have nothing to do with a known program.
    pub(super) all: bool,
}

impl LineTeller<'_> {
    /// Writes a line, which is whole whenever the process ends.
    fn tell(&mut self, event: &WatchEvent<'_>, report: &Report, sources: &Sources) -> anyhow::Result<()> {
        let mut line = Vec::new();
        match self.format {
            WatchFormat::Text => render::event_text(event, report, &mut line)?,
            WatchFormat::Json => render::event_json(event, report, sources, &mut line)?,
        }
        self.out.write_all(&line)?;
        Ok(self.out.flush()?)
    }
}

/// What is remembered of a container beside what was seen of it.
#[derive(Debug)]
struct Side {
    /// How it came, and when: what is told of it first, whenever that is.
    came: (WatchEventKind, i64),
    /// As it was told, or would have been.
    standing: Standing,
    /// Whether it was told of.
    told: bool,
    seen_by: SeenBy,
    /// What could not be looked at later, and changes no verdict.
    notes: Vec<String>,
    /// What it was told that it could not be looked at.
    told_gaps: BTreeSet<String>,
}

impl Side {
    fn new(kind: WatchEventKind, at: i64, seen_by: SeenBy) -> Self {
        Self {
            came: (kind, at),
            standing: Standing::default(),
            told: false,
            seen_by,
            notes: Vec::new(),
            told_gaps: BTreeSet::new(),
        }
    }
}

/// One that is gone.
#[derive(Debug)]
struct Departed {
    running: Container,
    side: Side,
    at: i64,
}

/// All that is known, and where it is told.
pub(super) struct State<'a> {
    acceptance: Acceptance<'a>,
    session: &'a Session<'a>,
    wanted: WantedLooks,
    teller: LineTeller<'a>,
    err: &'a mut dyn Write,
    capture: Capture,
    /// By id; the host's own user has an empty one.
    sides: BTreeMap<String, Side>,
    /// Why no kernel can be asked.
    blind: Option<&'static str>,
    /// The logins as they were told last.
    logins: KnownLogins,
    /// Who came and was not judged yet.
    come: BTreeSet<String>,
    /// Who went since the last judgement, with what was known of it, and when.
    left: Vec<Departed>,
    /// Who is known better since the last judgement.
    looked_at: BTreeSet<String>,
    /// Whether there is something to judge, and when it happened.
    due: Option<i64>,
    /// Who started and is being looked at.
    waiting: Waiting,
    /// What was told of the host as a whole.
    diagnostics: BTreeSet<String>,
    odd: bool,
}

impl<'a> State<'a> {
    pub(super) fn new(
        acceptance: Acceptance<'a>,
        session: &'a Session<'a>,
        wanted: WantedLooks,
        teller: LineTeller<'a>,
        err: &'a mut dyn Write,
    ) -> Self {
        Self {
            acceptance,
            session,
            wanted,
            teller,
            err,
            capture: Capture::default(),
            sides: BTreeMap::new(),
            blind: None,
            logins: KnownLogins::default(),
            come: BTreeSet::new(),
            left: Vec::new(),
            looked_at: BTreeSet::new(),
            due: None,
            waiting: Waiting::default(),
            diagnostics: BTreeSet::new(),
            odd: false,
        }
    }

    /// Takes in what runs at the beginning, looked at.
    pub(super) fn begin(&mut self, seen: Seen) -> anyhow::Result<()> {
        self.blind = elsewhere(seen.local, seen.desktop);
        self.capture = seen.capture;
        self.capture.containers.iter().for_each(|one| self.wanted.came(&one.engine().id));
        let at = now();
        let by = |kernel: bool| if kernel { SeenBy::Kernel } else { SeenBy::Engine };
        let containers =
            self.capture.containers.iter().map(|one| (one.engine().id.clone(), by(one.kernel().is_some())));
        let host = self.capture.own.is_some().then(|| (String::new(), SeenBy::Kernel));
        let sides = containers.chain(host).map(|(id, seen_by)| (id, Side::new(WatchEventKind::Running, at, seen_by)));
        self.sides = sides.collect();
        self.come = self.sides.keys().cloned().collect();
        self.due = Some(at);
        self.settle()
    }

    /// Takes in what the engine tells. Who goes was there for all that came before, and for nothing that comes after.
    pub(super) fn take_event(&mut self, event: Event) -> anyhow::Result<()> {
        match event {
            Event::First(seen) => self.begin(*seen)?,
            Event::Came(come, at, container) => {
                let kind = match come {
                    Come::Made => WatchEventKind::Created,
                    Come::Started => WatchEventKind::Started,
                };
                let id = container.container.engine().id.clone();
                let seen_by = if container.whole { SeenBy::Engine } else { SeenBy::Event };
                self.wanted.came(&id);
                self.sides.insert(id.clone(), Side::new(kind, at, seen_by));
                self.come.insert(id);
                self.take(*container, at, come == Come::Started);
            }
            Event::Began(id, at, Ok(container)) => {
                if let Some(side) = self.sides.get_mut(&id) {
                    side.seen_by = SeenBy::Engine;
                    self.take(*container, at, true);
                }
            }
            Event::Began(id, _, Err(why)) => self.note(&id, why),
            Event::Renamed(id, name) => {
                if let Some(running) = self.running(&id) {
                    running.name = name;
                }
            }
            Event::Ended(id, at) => self.leave(&id, at)?,
            Event::Lost(error) => self.say(&format!("{error}; it is tried again until it answers")),
            Event::Back => self.say("the engine answers again"),
            Event::Odd if !std::mem::replace(&mut self.odd, true) => {
                self.say("the engine told an event that could not be read; its list tells what it was");
            }
            Event::Odd => {}
            Event::Missed(missed) => self.say(&gap(missed)),
        }
        Ok(())
    }

    /// Takes in what the kernel showed.
    pub(super) fn looked(&mut self, looked: Looked) {
        for seen in looked.containers {
            // Another process is another start, which is looked at for itself.
            let (id, pid) = (seen.engine().id.clone(), seen.engine().pid);
            if self.running(&id).is_none_or(|known| known.engine().pid != pid) {
                continue;
            }
            self.waiting.remove(&id);
            if looked.gone.contains(&id) {
                let why = seen.unseen.last().map(|gap| gap.what.clone()).unwrap_or_default();
                self.note(&id, why);
                continue;
            }
            let by_kernel = seen.kernel().is_some();
            let Some(running) = self.running(&id) else { continue };
            *running = Container { name: std::mem::take(&mut running.name), ..seen };
            self.looked_at.insert(id.clone());
            self.due = Some(now());
            if let Some(side) = self.sides.get_mut(&id).filter(|_| by_kernel) {
                side.seen_by = SeenBy::Kernel;
            }
        }
    }

    /// Tells what is due, unless it is still worth waiting for what the kernel shows; how long that is.
    pub(super) fn settle_in_time(&mut self) -> anyhow::Result<Option<Duration>> {
        while self.due.is_some() {
            let patience = self.waiting.patience(Instant::now());
            if patience.is_some() {
                return Ok(patience);
            }
            self.settle()?;
        }
        Ok(None)
    }

    fn running(&mut self, id: &str) -> Option<&mut Container> {
        self.capture.containers.iter_mut().find(|one| one.engine().id == id)
    }

    /// Puts a container in its place as the engine tells it now.
    fn take(&mut self, told: InspectedContainer, at: i64, runs: bool) {
        let InspectedContainer { mut container, volumes, .. } = told;
        self.capture.volumes.extend(volumes);
        if let Some(why) = self.blind {
            container.add_gap(why);
        }
        let id = container.engine().id.clone();
        if runs && self.blind.is_none() && container.engine().pid > 0 {
            self.wanted.add(container.clone());
            self.waiting.add(id.clone(), Instant::now());
        }
        match self.running(&id) {
            Some(known) => {
                // That it runs now says nothing new of it.
                let engine = container.engine();
                let mut as_begun = known.clone();
                as_begun.engine_mut().pid = engine.pid;
                as_begun.engine_mut().started_at.clone_from(&engine.started_at);
                let news = as_begun != container;
                *known = container;
                if news {
                    self.looked_at.insert(id);
                    self.due = Some(at);
                }
            }
            None => {
                self.capture.containers.push(container);
                self.due = Some(at);
            }
        }
    }

    fn note(&mut self, id: &str, why: String) {
        if let Some(side) = self.sides.get_mut(id).filter(|side| !side.notes.contains(&why)) {
            side.notes.push(why);
        }
    }

    /// Forgets one that is gone. It is told with what that makes of the others.
    fn leave(&mut self, id: &str, at: i64) -> anyhow::Result<()> {
        let Some(place) = self.capture.containers.iter().position(|one| one.engine().id == id) else { return Ok(()) };
        self.waiting.remove(id);
        self.wanted.left(id);
        self.settle()?;
        let running = self.capture.containers.remove(place);
        self.due = Some(at);
        let containers = &self.capture.containers;
        let names: BTreeSet<&str> =
            containers.iter().flat_map(|one| &one.engine().mounts).map(|mount| mount.name.as_str()).collect();
        self.capture.volumes.retain(|name, _| names.contains(name.as_str()));
        self.come.remove(id);
        self.looked_at.remove(id);
        self.left.extend(self.sides.remove(id).map(|side| Departed { running, side, at }));
        Ok(())
    }

    /// Judges all that is there, where something came or went, and tells who came and went, and each login whose verdict is
    /// another one now with the container that is why.
    fn settle(&mut self) -> anyhow::Result<()> {
        let Some(at) = self.due.take() else { return Ok(()) };
        let awaited = self.awaited();
        let sources = self.session.sources;
        let kept = sources.count();
        let report = self.judged(&awaited)?;
        let changes = self.logins.update(&report);
        let mut drafts = self.departed();
        drafts.extend(self.present(&report, &awaited, at));
        let left_over = attribute(changes, &mut drafts);
        for draft in drafts.iter().filter(|draft| draft.is_told || !draft.changes.is_empty()) {
            if let Some(side) =
                self.sides.get_mut(&draft.running.engine().id).filter(|_| draft.kind != WatchEventKind::Gone)
            {
                side.told = true;
                side.told_gaps.extend(draft.gaps.iter().cloned());
            }
            self.teller.tell(&draft.event(&draft.findings(&report)), &report, sources)?;
        }
        for change in left_over {
            let login = report.logins.iter().find(|login| login.id == change.id);
            let findings = login.map(|login| login.findings.clone()).unwrap_or_default();
            self.teller.tell(&login_event(&[change], &findings, at), &report, sources)?;
        }
        sources.keep_first(kept);
        if !awaited.is_empty() {
            self.due = Some(at);
            self.come.extend(awaited);
        }
        Ok(())
    }

    /// The lines of those that went.
    fn departed(&mut self) -> Vec<Draft> {
        let draft = |Departed { running, side, at }: Departed| Draft {
            running,
            kind: WatchEventKind::Gone,
            at,
            seen_by: side.seen_by,
            verdict: side.standing.verdict,
            basis: Basis::Seen,
            before: Some(side.standing.verdict.unwrap_or(Verdict::NotAParticipant)).filter(|_| side.told),
            reason: String::new(),
            hits: Vec::new(),
            logins: side.standing.logins,
            gaps: side.notes,
            is_told: side.told,
            changes: Vec::new(),
        };
        std::mem::take(&mut self.left).into_iter().map(draft).collect()
    }

    /// The lines of those that are there: who is new first, since they are why others stand otherwise, then who is known
    /// better and stands otherwise. What becomes of the others by them is told of their login.
    fn present(&mut self, report: &Report, awaited: &BTreeSet<String>, at: i64) -> Vec<Draft> {
        let come = std::mem::take(&mut self.come);
        let looked_at = std::mem::take(&mut self.looked_at);
        let mut outcomes = outcomes(report);
        let host = Container { name: HOST.to_owned(), ..Container::default() };
        let all = || self.capture.containers.iter().chain(self.capture.own.iter().map(|_| &host));
        let is_new = |running: &&Container| come.contains(&running.engine().id);
        let mut drafts = Vec::new();
        for running in all().filter(is_new).chain(all().filter(|running| !is_new(running))) {
            let id = &running.engine().id;
            if awaited.contains(id) {
                continue;
            }
            let Some(side) = self.sides.get_mut(id) else { continue };
            let mut outcome = outcomes.remove(&running.name).unwrap_or_default();
            if side.seen_by == SeenBy::Event {
                // What was not looked at is not clean.
                outcome.raise(Verdict::Undetermined);
            }
            let before = std::mem::replace(&mut side.standing, outcome.standing());
            let concerns = outcome.verdict.is_some() || (self.teller.all && !id.is_empty());
            let is_known_better = looked_at.contains(id);
            if side.told && !is_known_better || !side.told && !concerns && !is_new(&running) {
                continue;
            }
            let (kind, at) = if side.told { (WatchEventKind::Changed, at) } else { side.came };
            drafts.push(Draft {
                running: running.clone(),
                kind,
                at,
                seen_by: side.seen_by,
                verdict: outcome.verdict,
                basis: outcome.basis,
                before: side.told.then(|| before.verdict.unwrap_or(Verdict::NotAParticipant)),
                reason: outcome.reason,
                hits: outcome.hits,
                logins: outcome.logins,
                gaps: gaps_of(running).filter(|gap| !side.told_gaps.contains(gap)).collect(),
                is_told: if side.told { before != side.standing } else { concerns },
                changes: Vec::new(),
            });
        }
        drafts
    }

    /// The containers that were not told of yet and that the kernel is being asked about: where another one goes
    /// meanwhile, nobody is told of them, or stands otherwise because of them, from what the engine alone tells.
    fn awaited(&self) -> BTreeSet<String> {
        let is_told = |id: &&String| self.sides.get(*id).is_some_and(|side| side.told);
        self.waiting.ids().filter(|id| !is_told(id)).cloned().collect()
    }

    /// A judgement of all that is there but these.
    fn judged(&mut self, awaited: &BTreeSet<String>) -> anyhow::Result<Report> {
        let mut capture = Cow::Borrowed(&self.capture);
        if !awaited.is_empty() {
            capture.to_mut().containers.retain(|one| !awaited.contains(&one.engine().id));
        }
        let layout = capture::layout(&capture, self.session.rules, false, self.session.sources);
        let only = BTreeSet::new();
        let report = settled_alone(layout, &only, &self.acceptance, self.session, self.err)?;
        self.diagnostics(&report)?;
        Ok(report)
    }

    /// Tells what is wrong with the host or the configuration, where that is new.
    fn diagnostics(&mut self, report: &Report) -> anyhow::Result<()> {
        let is_new = |one: &&Diagnostic| !self.diagnostics.contains(&one.message);
        let new: Vec<Diagnostic> = report.diagnostics.iter().filter(is_new).cloned().collect();
        self.diagnostics = report.diagnostics.iter().map(|one| one.message.clone()).collect();
        Ok(render::diagnostics(&new, self.session.sources, self.err)?)
    }

    fn say(&mut self, what: &str) {
        // What is beside the lines keeps none of them.
        let _ = writeln!(self.err, "overlock: {}", safe(what));
    }
}

/// What is told of a time in which more happened than could be followed.
fn gap(missed: Missed) -> String {
    let (from, to) = (rfc3339_text(missed.from, false), rfc3339_text(missed.to, false));
    if missed.folded {
        return format!(
            "more happened between {from} and {to} than could be followed: of some containers only how they began and \
             how they stand is told, not each start and end between"
        );
    }
    format!("events were lost between {from} and {to}; all containers are listed anew")
}

/// What could not be looked at of a container.
fn gaps_of(running: &Container) -> impl Iterator<Item = String> {
    running.unseen.iter().map(|gap| gap.what.clone())
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}
