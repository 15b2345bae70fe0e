//! When a container runs beside others: what the script that starts it says of that. Uses `text` and `model::container_id`.

use std::sync::Arc;

use super::ContainerId;
use crate::text::Span;

/// When a container runs beside others, and how many of it there may be at once.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Timing {
    /// The moments of its starts. Empty where they are not known, as of a service: it runs beside all others.
    pub moments: Vec<Moment>,
    /// The name that no two containers of an engine can have at once, where it has one that hangs on no variable.
    pub fixed_name: Option<FixedName>,
    /// The symbols of its name, where that hangs on variables: two for which these are equal are refused as one is.
    pub name_symbols: Vec<String>,
    /// The symbols of the name of the projects that it is brought up in, where that hangs on variables.
    pub project_symbols: Vec<String>,
    /// Whether anybody may start it once more while it runs.
    pub may_overlap: bool,
    /// The command that starts it, where anybody may.
    pub open_start: Option<Span>,
    /// The symbols in its values that stand for another text in each of its instances.
    pub varying: Vec<String>,
    /// The service whose one-off container it is, if it is one.
    pub one_off_of: Option<ContainerId>,
    /// How many projects the repository's own calls bring it up in, each with volumes of its own; 0 where none does.
    pub projects: u64,
    /// The directory that is another one for each of these projects, where paths of their files are taken from it.
    pub project_directory: Option<String>,
    /// Whether the repository's own calls bring it up in a project whose name may be another one each time.
    pub has_open_project: bool,
    /// Whether it is a service of which the repository's own calls only ever start one-off containers.
    pub only_one_offs: bool,
    /// The services of its project that are started before it.
    pub starts_first: Vec<String>,
    /// Whether the engine starts it again when it ends: it is there to stay up.
    pub restarts: bool,
}

/// A name that one container of an engine has at a time.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct FixedName {
    /// The name.
    pub name: String,
    /// Tells the engine from others; empty for the usual one of docker.
    pub engine: String,
}

/// A point in a run of a script at which a container starts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Moment {
    /// What runs: a script of the host, or a container with scripts of its own. Two calls of one script are no two runs.
    pub run: Arc<str>,
    /// The processes around it that run beside what follows them, outermost first.
    pub spans: Vec<TimeSpan>,
    /// Its place in the order of that run.
    pub at: usize,
    /// Where the loop begins in that order whose next rounds find it running, if one does.
    pub goes_on_from: Option<usize>,
    /// The last such place, where it stands for several; 0 where it does not.
    pub last: usize,
    /// What that run is a part of, where others are too.
    pub part: Option<RunPart>,
    /// Whether the run is that of the command's own script, as a program that others call: what a caller's run starts by
    /// that command is the same start, with words of the caller's.
    pub is_of_program: bool,
}

/// What a run is a part of, and when it comes among the others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunPart {
    /// Names the whole.
    pub of: Arc<str>,
    /// When it comes.
    pub order: PartOrder,
}

/// When a run comes among others of one whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PartOrder {
    /// A person takes one of them at a time.
    OneAtATime,
    /// These have ended before it begins.
    After(Vec<Arc<str>>),
}

/// From when until when a process runs that its script does not wait for at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TimeSpan {
    /// Tells it from every other one of the run.
    pub process: usize,
    /// Its beginning, in the order of the run.
    pub from: usize,
    /// Its end.
    pub until: usize,
    /// Whether a command of the run ends it: then what is left running of another run of the script counts for nothing.
    pub is_ended: bool,
}

/// How many moments are kept of one container.
const MANY_MOMENTS: usize = 16;

impl Timing {
    /// Whether two containers never run at once, as far as their starts say.
    pub fn excludes(&self, other: &Self) -> bool {
        let one_name = self.fixed_name.is_some() && self.fixed_name == other.fixed_name;
        let is_one_start = self.open_start.is_some() && self.open_start == other.open_start;
        let are_in_turn =
            |one: &Moment, another: &Moment| one.is_in_turn_with(another) || is_one_start && one.is_call_of(another);
        let in_turn = || self.moments.iter().all(|one| other.moments.iter().all(|another| are_in_turn(one, another)));
        one_name || !self.moments.is_empty() && !other.moments.is_empty() && in_turn()
    }

    /// Adds the moments of another start of the same container; whether it then runs beside itself.
    pub fn add_moments(&mut self, others: &[Moment]) -> bool {
        let mut beside = false;
        for other in others {
            if self.moments.contains(other) {
                continue;
            }
            beside |= self.moments.iter().any(|one| one.is_made_with(other) && !one.is_in_turn_with(other));
            let is_like =
                |one: &&mut Moment| (&one.run, &one.part, &one.spans) == (&other.run, &other.part, &other.spans);
            if self.moments.len() < MANY_MOMENTS {
                self.moments.push(other.clone());
            } else if let Some(one) = self.moments.iter_mut().find(is_like) {
                // What one process does again and again it does at some time between the first and the last.
                one.last = one.last.max(one.at).max(other.last).max(other.at);
                one.at = one.at.min(other.at);
            } else {
                // Of a process of its own that never ends, which is beside all others.
                let until = TimeSpan { process: usize::MAX, from: 0, until: usize::MAX, is_ended: false };
                self.moments.push(Moment { spans: vec![until], ..other.clone() });
                self.moments.dedup();
                self.moments.truncate(MANY_MOMENTS + 1);
            }
        }
        beside
    }
}

impl Moment {
    /// What the run is to be compared with others by: those of another name never are in turn with it.
    pub fn compared_by(&self) -> &str {
        self.part.as_ref().map_or(&*self.run, |part| &*part.of)
    }

    /// Whether what starts one run starts the other too: they are one, or parts of one whole that is run as such.
    fn is_made_with(&self, other: &Self) -> bool {
        let is_whole = |part: &RunPart| part.order != PartOrder::OneAtATime;
        self.run == other.run
            || self
                .part
                .as_ref()
                .zip(other.part.as_ref())
                .is_some_and(|(one, other)| one.of == other.of && is_whole(one))
    }

    /// Whether one of two runs of a command's script is that of the program itself, and the other that of somebody who calls
    /// it.
    fn is_call_of(&self, other: &Self) -> bool {
        self.is_of_program != other.is_of_program && self.run != other.run
    }

    /// Whether this run begins once another one has ended, and with it what starts there.
    fn follows(&self, other: &Self) -> bool {
        let (Some(part), Some(others)) = (&self.part, &other.part) else { return false };
        part.of == others.of
            && match &part.order {
                PartOrder::OneAtATime => true,
                PartOrder::After(ended) => {
                    ended.contains(&other.run) && other.spans.iter().all(|span| span.until != usize::MAX)
                }
            }
    }

    /// Whether what starts here has ended before what starts there begins, or the other way round.
    fn is_in_turn_with(&self, other: &Self) -> bool {
        if self.run != other.run {
            return self.follows(other) || other.follows(self);
        }
        let common = self.spans.iter().zip(&other.spans).take_while(|(one, another)| one.process == another.process);
        let depth = common.count();
        match (self.spans.get(depth), other.spans.get(depth)) {
            // One process does one thing after the other.
            (None, None) => true,
            (one, another) => {
                let point = |moment: &Self| TimeSpan {
                    from: moment.at,
                    until: moment.at.max(moment.last),
                    ..TimeSpan::default()
                };
                let (one, another) = (one.copied().unwrap_or(point(self)), another.copied().unwrap_or(point(other)));
                let begins = |span: TimeSpan, moment: &Self, other: TimeSpan| {
                    let begins = moment.goes_on_from.unwrap_or(moment.at);
                    if other.is_ended && span.from == 0 { begins } else { span.from }
                };
                one.until < begins(another, other, one) || another.until < begins(one, self, another)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(at: usize, spans: &[(usize, usize, usize)]) -> Moment {
        let spans = spans.iter().map(|&(process, from, until)| TimeSpan { process, from, until, is_ended: false });
        Moment { run: "a.sh".into(), spans: spans.collect(), at, ..Moment::default() }
    }

    #[test]
    fn runs_of_one_whole_are_in_turn_where_one_waits_for_the_other() {
        let part = |run: &str, order: PartOrder| {
            let part = Some(RunPart { of: "all".into(), order });
            Moment { run: run.into(), part, ..Moment::default() }
        };
        let job =
            |run: &str, after: &[&str]| part(run, PartOrder::After(after.iter().map(|one| (*one).into()).collect()));
        assert!(job("b", &["a"]).is_in_turn_with(&job("a", &[])) && job("a", &[]).is_in_turn_with(&job("b", &["a"])));
        assert!(!job("b", &[]).is_in_turn_with(&job("a", &[])));
        let left = TimeSpan { until: usize::MAX, ..TimeSpan::default() };
        assert!(!job("b", &["a"]).is_in_turn_with(&Moment { spans: vec![left], ..job("a", &[]) }));
        let page = |run: &str| part(run, PartOrder::OneAtATime);
        assert!(page("a").is_in_turn_with(&page("b")));
        assert!(!page("a").is_in_turn_with(&Moment { run: "b".into(), ..Moment::default() }));
        let mut timing = Timing { moments: vec![job("a", &[])], ..Timing::default() };
        assert!(!timing.add_moments(&[job("b", &["a"])]) && timing.add_moments(&[job("c", &[])]));
        let mut timing = Timing { moments: vec![page("a")], ..Timing::default() };
        assert!(!timing.add_moments(&[page("b")]));
    }

    #[test]
    fn many_starts_of_one_process_are_in_turn() {
        let mut timing = Timing { moments: vec![moment(0, &[])], ..Timing::default() };
        assert!((1..100).all(|at| !timing.add_moments(&[moment(at, &[])])));
        assert!(timing.moments.len() <= MANY_MOMENTS);
        let beside = |from: usize, until: usize| Timing {
            moments: vec![moment(from, &[(1, from, until)])],
            ..Timing::default()
        };
        assert!(timing.excludes(&beside(200, 300)) && !timing.excludes(&beside(50, 300)));
    }

    #[test]
    fn what_is_waited_for_is_in_turn_with_what_follows() {
        let never = usize::MAX;
        for (one, other, wanted) in [
            (moment(1, &[]), moment(2, &[]), true),
            (moment(1, &[(1, 1, never)]), moment(2, &[]), false),
            (moment(2, &[(1, 2, never)]), moment(1, &[]), true),
            (moment(1, &[(1, 1, 2)]), moment(3, &[]), true),
            (moment(1, &[(1, 1, never)]), moment(2, &[(1, 1, never)]), true),
            (moment(1, &[(1, 1, never)]), moment(2, &[(2, 2, never)]), false),
            (moment(1, &[(1, 1, 9), (2, 1, 1)]), moment(2, &[(1, 1, 9)]), true),
        ] {
            assert_eq!(one.is_in_turn_with(&other), wanted, "{one:?} {other:?}");
            assert_eq!(other.is_in_turn_with(&one), wanted, "{other:?} {one:?}");
        }
        let elsewhere = Moment { run: "b.sh".into(), ..moment(2, &[]) };
        assert!(!moment(1, &[]).is_in_turn_with(&elsewhere));
    }
}
