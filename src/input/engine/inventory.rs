//! The containers that exist, by the events and by the lists, so that each comes once and goes once, whatever is told
//! twice or not at all. Pure; uses `events`.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use bollard::models::{ContainerSummary, ContainerSummaryStateEnum as State};

use super::events::{ContainerEvent, Happened, SECOND};

/// How many events are remembered. An engine that repeats some repeats fewer: Docker keeps 256.
const REMEMBERED: usize = 1024;
/// How far before the last event to ask again: the engine notes an event's time before it tells it, so that an earlier
/// one may come after a later one.
const BACK: i64 = 2 * SECOND;

/// The change that an event or a list makes to the set of known containers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum InventoryChange {
    /// It is new.
    Made,
    /// It was there before, ended, and is started again; or it was made before anybody watched.
    Started,
    /// One that is there begins to run, or is to be asked about again.
    Began,
    /// It is there no more.
    Ended,
    /// It has another name.
    Renamed,
}

/// The containers that were made and have not ended.
#[derive(Debug)]
pub(super) struct Inventory {
    present: BTreeSet<String>,
    /// Those of them that could not be asked about.
    unasked: BTreeSet<String>,
    /// The last events, each by container, what and when.
    recent: VecDeque<(String, Happened, i64)>,
    /// The time of the latest event, or of the beginning.
    latest: i64,
    begin: i64,
    /// Who was there when a list was asked for, without those of whom events tell since: they are known better.
    before: BTreeSet<String>,
    /// The containers of the events since then; `None` while no list is on its way.
    touched: Option<BTreeSet<String>>,
    /// The containers of which the last list told something, and until when events tell of them what it told already.
    listed: BTreeSet<String>,
    listed_until: i64,
}

impl Inventory {
    /// From a time on, in nanoseconds since 1970.
    pub(super) fn new(begin: i64) -> Self {
        Self {
            present: BTreeSet::new(),
            unasked: BTreeSet::new(),
            recent: VecDeque::new(),
            latest: begin,
            begin,
            before: BTreeSet::new(),
            touched: None,
            listed: BTreeSet::new(),
            listed_until: i64::MIN,
        }
    }

    /// From when on events are wanted.
    pub(super) fn since(&self) -> i64 {
        self.latest.saturating_sub(BACK).max(self.begin)
    }

    /// Whether a container is there.
    pub(super) fn has(&self, id: &str) -> bool {
        self.present.contains(id)
    }

    /// One that is there could not be asked about: the next list leads to it again.
    pub(super) fn unasked(&mut self, id: &str) {
        self.unasked.insert(id.to_owned());
    }

    /// What an event means; `None` where that is known.
    pub(super) fn event(&mut self, event: &ContainerEvent) -> Option<InventoryChange> {
        if self.is_old(event) {
            return None;
        }
        self.latest = self.latest.max(event.at);
        self.recent.push_back((event.id.clone(), event.what, event.at));
        if self.recent.len() > REMEMBERED {
            self.recent.pop_front();
        }
        // A name is in no list's changes.
        if event.at <= self.listed_until && event.what != Happened::Renamed && self.listed.contains(&event.id) {
            return None;
        }
        if let Some(touched) = &mut self.touched {
            touched.insert(event.id.clone());
        }
        match event.what {
            Happened::Made => self.present.insert(event.id.clone()).then_some(InventoryChange::Made),
            Happened::Started if self.present.insert(event.id.clone()) => Some(InventoryChange::Started),
            Happened::Started => Some(InventoryChange::Began),
            Happened::Ended => self.leaves(&event.id).then_some(InventoryChange::Ended),
            Happened::Renamed => self.has(&event.id).then_some(InventoryChange::Renamed),
        }
    }

    /// Whether it was told before, or must have been.
    fn is_old(&self, event: &ContainerEvent) -> bool {
        let forgotten = self.recent.len() == REMEMBERED && self.recent.iter().all(|(_, _, at)| event.at < *at);
        let is = |(id, what, at): &(String, Happened, i64)| (id, *what, *at) == (&event.id, event.what, event.at);
        event.at <= self.latest && (forgotten || self.recent.iter().any(is))
    }

    fn leaves(&mut self, id: &str) -> bool {
        self.unasked.remove(id);
        self.present.remove(id)
    }

    /// A list is asked for now.
    pub(super) fn expect_list(&mut self) {
        self.before = self.present.clone();
        self.touched = Some(BTreeSet::new());
    }

    /// The list came and was taken in: what events tell from now on is newer than it anyway.
    pub(super) fn list_is_done(&mut self) {
        self.before = BTreeSet::new();
        self.touched = None;
    }

    /// Whether an event told of it since the list was asked for.
    fn is_touched(&self, id: &str) -> bool {
        self.touched.as_ref().is_some_and(|touched| touched.contains(id))
    }

    /// The first list: whether this one comes by it and not by events.
    pub(super) fn first(&mut self, id: &str) -> bool {
        !self.is_touched(id) && self.present.insert(id.to_owned())
    }

    /// What a later list, of all containers that there are, tells that the events did not. Events from before `made_after`,
    /// in nanoseconds since 1970 by the engine's clock, may still come: they say nothing new of whom the list told of.
    pub(super) fn listed(
        &mut self,
        list: &[ContainerSummary],
        made_after: Option<i64>,
    ) -> Vec<(String, InventoryChange)> {
        let state = |entry: &ContainerSummary| entry.state.unwrap_or(State::EMPTY);
        let by_id: BTreeMap<&str, &ContainerSummary> =
            list.iter().filter_map(|entry| Some((entry.id.as_deref()?, entry))).collect();
        let touched = self.touched.take().unwrap_or_default();
        let untouched = |id: &str| !touched.contains(id);
        let over = |id: &String| match by_id.get(id.as_str()) {
            Some(entry) => matches!(state(entry), State::EXITED | State::DEAD | State::REMOVING),
            None => true,
        };
        let gone: Vec<String> = self.before.iter().filter(|id| untouched(id) && over(id)).cloned().collect();
        // What was there when the engine was last heard of came otherwise.
        let heard = self.latest.div_euclid(SECOND);
        let mut come = Vec::new();
        for (id, entry) in by_id.iter().filter(|(id, _)| untouched(id)) {
            let runs = matches!(state(entry), State::RUNNING | State::PAUSED | State::RESTARTING);
            let new = entry.created.is_some_and(|created| created >= heard);
            match (self.has(id), runs) {
                (true, _) if self.unasked.remove(*id) => come.push(((*id).to_owned(), InventoryChange::Began)),
                (false, _) if new && (runs || state(entry) == State::CREATED) => {
                    come.push(((*id).to_owned(), InventoryChange::Made));
                }
                (false, true) => come.push(((*id).to_owned(), InventoryChange::Started)),
                _ => {}
            }
        }
        let mut changes = Vec::new();
        for id in gone {
            if self.leaves(&id) {
                changes.push((id, InventoryChange::Ended));
            }
        }
        self.present.extend(come.iter().map(|(id, _)| id.clone()));
        changes.extend(come);
        self.listed = changes.iter().map(|(id, _)| id.clone()).collect();
        self.listed_until = made_after.unwrap_or(i64::MIN);
        self.list_is_done();
        changes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(id: &str, what: Happened, at: i64) -> ContainerEvent {
        ContainerEvent { what, ..ContainerEvent::unseen(id.to_owned(), at) }
    }

    fn entry(id: &str, state: State, created: i64) -> ContainerSummary {
        ContainerSummary { id: Some(id.to_owned()), state: Some(state), created: Some(created), ..Default::default() }
    }

    #[test]
    fn each_comes_once_and_goes_once() {
        let mut inventory = Inventory::new(10);
        let told: Vec<_> = [
            ("a", Happened::Made, 11),
            ("a", Happened::Made, 11),
            ("a", Happened::Started, 12),
            ("a", Happened::Ended, 13),
            ("a", Happened::Ended, 14),
            // The engine tells it all again.
            ("a", Happened::Made, 11),
            ("a", Happened::Started, 12),
            ("a", Happened::Ended, 13),
            // And what is new.
            ("a", Happened::Started, 15),
            ("b", Happened::Renamed, 15),
        ]
        .into_iter()
        .filter_map(|(id, what, at)| inventory.event(&event(id, what, at)))
        .collect();
        assert_eq!(
            told,
            [InventoryChange::Made, InventoryChange::Began, InventoryChange::Ended, InventoryChange::Started]
        );
        assert_eq!(inventory.since(), 10);
    }

    #[test]
    fn a_list_tells_what_the_events_did_not() {
        let mut inventory = Inventory::new(100 * SECOND);
        for id in ["stays", "leaves", "ended", "waits"] {
            inventory.event(&event(id, Happened::Made, 200 * SECOND));
        }
        inventory.expect_list();
        let list = [
            entry("stays", State::RUNNING, 1),
            entry("ended", State::EXITED, 1),
            entry("waits", State::CREATED, 1),
            entry("new", State::CREATED, 201),
            entry("again", State::RUNNING, 7),
            entry("idle", State::CREATED, 7),
            entry("over", State::EXITED, 201),
        ];
        let told = inventory.listed(&list, None);
        let wanted = [
            ("ended", InventoryChange::Ended),
            ("leaves", InventoryChange::Ended),
            ("again", InventoryChange::Started),
            ("new", InventoryChange::Made),
        ];
        assert_eq!(told, wanted.map(|(id, act)| (id.to_owned(), act)));
        inventory.expect_list();
        assert_eq!(inventory.listed(&list, None), []);
    }

    #[test]
    fn events_since_a_list_was_asked_for_are_newer_than_it() {
        let mut inventory = Inventory::new(0);
        inventory.event(&event("a", Happened::Made, 1));
        inventory.event(&event("b", Happened::Made, 1));
        inventory.expect_list();
        inventory.event(&event("a", Happened::Ended, 2));
        inventory.event(&event("b", Happened::Ended, 2));
        inventory.event(&event("b", Happened::Started, 3));
        inventory.event(&event("c", Happened::Made, 3));
        assert_eq!(inventory.listed(&[entry("a", State::RUNNING, 5), entry("b", State::EXITED, 5)], None), []);
    }

    #[test]
    fn what_a_list_told_is_not_told_again_by_events_from_before_it() {
        use InventoryChange::{Ended, Made, Renamed, Started};
        let backlog = [("a", Happened::Started, 20), ("a", Happened::Ended, 30), ("b", Happened::Made, 21)];
        let told = |made_after: Option<i64>| {
            let mut inventory = Inventory::new(0);
            inventory.event(&event("a", Happened::Made, 10));
            inventory.expect_list();
            let listed = inventory.listed(&[entry("b", State::RUNNING, 1)], made_after);
            assert_eq!(listed, [("a".to_owned(), Ended), ("b".to_owned(), Made)]);
            let changes: Vec<InventoryChange> =
                backlog.into_iter().filter_map(|(id, what, at)| inventory.event(&event(id, what, at))).collect();
            (changes, inventory)
        };
        let (changes, mut inventory) = told(Some(40));
        assert_eq!(changes, []);
        // Whom the list told nothing of came and went unseen, and what is newer than the list is news.
        let later = [
            ("c", Happened::Made, 22),
            ("c", Happened::Ended, 23),
            ("b", Happened::Renamed, 24),
            ("a", Happened::Started, 50),
            ("b", Happened::Ended, 51),
        ];
        let changes: Vec<InventoryChange> =
            later.into_iter().filter_map(|(id, what, at)| inventory.event(&event(id, what, at))).collect();
        assert_eq!(changes, [Made, Ended, Renamed, Started, Ended]);
        // Where the engine tells no time, everything is told.
        assert_eq!(told(None).0, [Started, Ended]);
    }

    #[test]
    fn one_that_could_not_be_asked_about_is_asked_about_again() {
        let mut inventory = Inventory::new(0);
        inventory.event(&event("a", Happened::Made, 1));
        inventory.unasked("a");
        inventory.expect_list();
        let list = [entry("a", State::RUNNING, 0)];
        assert_eq!(inventory.listed(&list, None), [("a".to_owned(), InventoryChange::Began)]);
        inventory.expect_list();
        assert_eq!(inventory.listed(&list, None), []);
    }

    #[test]
    fn what_is_remembered_has_an_end() {
        let mut inventory = Inventory::new(0);
        for at in 1..5000 {
            let id = at.to_string();
            inventory.event(&event(&id, Happened::Made, at));
            inventory.event(&event(&id, Happened::Ended, at));
        }
        assert!(inventory.recent.len() <= REMEMBERED && inventory.present.is_empty());
        assert_eq!(inventory.event(&event("7", Happened::Made, 7)), None);
    }
}
