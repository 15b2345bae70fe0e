//! Events that were read and not handled yet, bounded in number and bytes: a flood folds the events of one container, and
//! what does not fit even then is dropped and told as missed. Pure; uses `events`.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::events::{ContainerEvent, Happened};

/// How many events wait at most.
const MOST_EVENTS: usize = 4096;
/// How many bytes they hold at most.
const MOST_BYTES: usize = 8 << 20;

/// The time in which something happened that is not told, in nanoseconds since 1970 by the engine's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Missed {
    /// When it began.
    pub from: i64,
    /// When it ended.
    pub to: i64,
    /// Whether only what came between a container's first and last event is missing; else containers may be, too.
    pub folded: bool,
}

impl Missed {
    /// A span of time that holds all of these events; `None` where there are none.
    pub(super) fn of<'a>(events: impl Iterator<Item = &'a ContainerEvent>, folded: bool) -> Option<Self> {
        events.map(|event| Self { from: event.at, to: event.at, folded }).reduce(Self::and)
    }

    /// Both as one.
    pub(super) fn and(self, other: Self) -> Self {
        Self { from: self.from.min(other.from), to: self.to.max(other.to), folded: self.folded && other.folded }
    }
}

/// What comes out of the queue.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Queued {
    /// Something that happened.
    Event(ContainerEvent),
    /// A line could not be read.
    Odd,
    /// Events were dropped before those that follow.
    Missed(Missed),
}

/// The queue.
#[derive(Debug, Default)]
pub(super) struct EventQueue {
    waiting: VecDeque<ContainerEvent>,
    bytes: usize,
    odd: bool,
    missed: Option<Missed>,
}

impl EventQueue {
    pub(super) fn push(&mut self, event: ContainerEvent) {
        self.bytes += event.size();
        self.waiting.push_back(event);
        if !self.is_over(1) {
            return;
        }
        let folded = fold(&mut self.waiting);
        self.miss(folded);
        self.bytes = self.waiting.iter().map(ContainerEvent::size).sum();
        // Folding again and again what cannot be folded would cost more than it saves.
        if self.is_over(2) {
            self.miss(Missed::of(self.waiting.iter(), false));
            self.waiting = VecDeque::new();
            self.bytes = 0;
        }
    }

    /// A line came that could not be read.
    pub(super) fn push_odd(&mut self) {
        self.odd = true;
    }

    /// The next; what is missing is told first, so that the events after it are newer than a list that is asked for then.
    pub(super) fn pop(&mut self) -> Option<Queued> {
        if let Some(missed) = self.missed.take() {
            return Some(Queued::Missed(missed));
        }
        if std::mem::take(&mut self.odd) {
            return Some(Queued::Odd);
        }
        let event = self.waiting.pop_front()?;
        self.bytes = self.bytes.saturating_sub(event.size());
        Some(Queued::Event(event))
    }

    /// Whether more waits than a part of what may.
    fn is_over(&self, part: usize) -> bool {
        self.waiting.len() >= MOST_EVENTS / part || self.bytes >= MOST_BYTES / part
    }

    fn miss(&mut self, missed: Option<Missed>) {
        self.missed = self.missed.into_iter().chain(missed).reduce(Missed::and);
    }
}

/// Takes out what happened to a container between the first and the last that is known of it: how it began and how it
/// ended are kept, and its last name. Gives the time of what was taken out.
fn fold(events: &mut VecDeque<ContainerEvent>) -> Option<Missed> {
    let mut ends: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let mut named: BTreeMap<&str, usize> = BTreeMap::new();
    for (at, event) in events.iter().enumerate() {
        if event.what == Happened::Renamed {
            named.insert(&event.id, at);
        } else {
            ends.entry(&event.id).or_insert((at, at)).1 = at;
        }
    }
    let mut kept: BTreeSet<usize> = named.into_values().collect();
    for (first, last) in ends.into_values() {
        // Where both are the same kind of event, the later one says it all.
        let same = |first: &ContainerEvent, last: &ContainerEvent| first.what == last.what;
        if !matches!((events.get(first), events.get(last)), (Some(one), Some(other)) if same(one, other)) {
            kept.insert(first);
        }
        kept.insert(last);
    }
    let taken = events.iter().enumerate().filter(|(at, _)| !kept.contains(at)).map(|(_, event)| event);
    let missed = Missed::of(taken, true);
    let mut at = 0;
    events.retain(|_| {
        at += 1;
        kept.contains(&(at - 1))
    });
    missed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(id: &str, what: Happened, at: i64) -> ContainerEvent {
        ContainerEvent { what, ..ContainerEvent::unseen(id.to_owned(), at) }
    }

    fn drained(queue: &mut EventQueue) -> (Option<Missed>, Vec<(String, Happened)>) {
        let (mut missed, mut events) = (None, Vec::new());
        while let Some(next) = queue.pop() {
            match next {
                Queued::Missed(gap) => missed = Some(gap),
                Queued::Event(event) => events.push((event.id, event.what)),
                Queued::Odd => panic!("no line was odd"),
            }
        }
        (missed, events)
    }

    #[test]
    fn what_fits_is_kept_in_order() {
        let mut queue = EventQueue::default();
        let pushed: Vec<_> = (0..2000).map(|at| (format!("c{}", at % 7), Happened::Started)).collect();
        for (at, (id, what)) in pushed.iter().enumerate() {
            queue.push(event(id, *what, i64::try_from(at).unwrap()));
        }
        assert_eq!(drained(&mut queue), (None, pushed));
    }

    #[test]
    fn restarts_of_one_container_are_folded_and_others_keep_their_events() {
        let mut queue = EventQueue::default();
        queue.push(event("quiet", Happened::Made, 1));
        queue.push(event("loud", Happened::Made, 2));
        for at in 3..100_000 {
            queue.push(event("loud", if at % 2 == 0 { Happened::Ended } else { Happened::Started }, at));
        }
        queue.push(event("loud", Happened::Renamed, 100_000));
        queue.push(event("loud", Happened::Ended, 100_001));
        queue.push(event("quiet", Happened::Ended, 100_002));
        let (missed, events) = drained(&mut queue);
        assert!(events.len() < MOST_EVENTS && missed.unwrap().folded);
        assert_eq!(missed.unwrap().from, 3);
        let of = |id: &str| events.iter().filter(|(one, _)| one == id).map(|(_, what)| *what).collect::<Vec<_>>();
        assert_eq!(of("quiet"), [Happened::Made, Happened::Ended]);
        assert_eq!((of("loud")[0], *of("loud").last().unwrap()), (Happened::Made, Happened::Ended));
        assert!(of("loud").contains(&Happened::Renamed));
    }

    #[test]
    fn what_cannot_be_folded_is_missed_as_a_whole() {
        let mut queue = EventQueue::default();
        for at in 0..200_000 {
            queue.push(event(&format!("c{at}"), Happened::Made, at));
            assert!(queue.waiting.len() <= MOST_EVENTS && queue.bytes <= MOST_BYTES);
        }
        let (missed, events) = drained(&mut queue);
        let missed = missed.unwrap();
        assert_eq!((missed.from, missed.folded), (0, false));
        // What came after the last gap is there, to the last.
        assert_eq!(missed.to + 1 + i64::try_from(events.len()).unwrap(), 200_000);
    }

    #[test]
    fn large_events_are_bounded_by_their_bytes() {
        let mut queue = EventQueue::default();
        for at in 0..100 {
            let attributes = std::collections::HashMap::from([("name".to_owned(), "x".repeat(1 << 20))]);
            queue.push(ContainerEvent { attributes, ..event(&format!("c{at}"), Happened::Made, at) });
            assert!(queue.bytes <= MOST_BYTES);
        }
        assert!(drained(&mut queue).0.is_some_and(|missed| !missed.folded));
    }

    #[test]
    fn a_fold_keeps_what_tells_how_each_container_stands() {
        use Happened::{Ended, Made, Renamed, Started};
        for (what, kept) in [
            (vec![Made, Ended], vec![Made, Ended]),
            (vec![Made, Started, Ended, Started], vec![Made, Started]),
            (vec![Ended, Started, Ended, Started], vec![Ended, Started]),
            (vec![Started, Ended, Started], vec![Started]),
            (vec![Ended, Started, Ended], vec![Ended]),
            (vec![Renamed, Ended, Renamed], vec![Ended, Renamed]),
        ] {
            let mut events: VecDeque<_> = what.iter().map(|what| event("a", *what, 1)).collect();
            let missed = fold(&mut events);
            assert_eq!(events.iter().map(|event| event.what).collect::<Vec<_>>(), kept, "{what:?}");
            assert_eq!(missed.is_some(), what.len() > kept.len());
        }
    }
}
