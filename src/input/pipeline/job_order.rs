//! In which order the jobs of a pipeline run: those that a job waits for have ended before it begins. Uses nothing else.

use std::collections::{BTreeMap, BTreeSet};

/// Jobs of a pipeline that are put in an order: each costs what all before it do.
pub(super) const JOBS: usize = 200;

/// The jobs that have ended before each job begins.
#[derive(Debug, Default)]
pub(super) struct JobOrder {
    before: BTreeMap<String, BTreeSet<String>>,
}

impl JobOrder {
    /// The order of jobs that each name those that they wait for. What names itself in a circle never runs.
    pub(super) fn of_needs(needs: &BTreeMap<String, Vec<String>>) -> Self {
        let mut order = Self::default();
        if needs.len() > JOBS {
            return order;
        }
        for job in needs.keys() {
            let mut before = BTreeSet::new();
            let mut waiting: Vec<&String> = needs.get(job).into_iter().flatten().collect();
            while let Some(needed) = waiting.pop() {
                if needs.contains_key(needed) && before.insert(needed.clone()) {
                    waiting.extend(needs.get(needed).into_iter().flatten());
                }
            }
            order.before.insert(job.clone(), before);
        }
        order
    }

    /// The jobs that have ended before one begins; `None` where that is not known.
    pub(super) fn before(&self, job: &str) -> Option<Vec<String>> {
        Some(self.before.get(job)?.iter().cloned().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn job_comes_after_all_that_those_before_it_come_after() {
        let needs = [("a", &[][..]), ("b", &["a"]), ("c", &["b", "gone"]), ("d", &[]), ("e", &["f"]), ("f", &["e"])];
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let needs = needs.iter().map(|(job, needed)| ((*job).to_owned(), owned(needed))).collect();
        let order = JobOrder::of_needs(&needs);
        assert_eq!(order.before("c"), Some(owned(&["a", "b"])));
        assert_eq!((order.before("a"), order.before("d")), (Some(Vec::new()), Some(Vec::new())));
        assert_eq!(order.before("x"), None);
    }
}
