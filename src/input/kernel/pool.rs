//! Work on threads of their own, with an end to waiting: a look at a dead network filesystem may never come back.
//! Uses nothing else of this crate.

use std::collections::VecDeque;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// A piece of work.
pub(super) type Job<T> = Box<dyn FnOnce() -> T + Send>;

/// How many threads begin. The kernel answers most at once; filesystems in user space do not.
const FIRST: usize = 4;
/// How many there may be in the end, hung ones among them.
const MOST: usize = 256;
/// When nothing has come for so long, as many threads again are started: those there are may all hang.
const PATIENCE: Duration = Duration::from_millis(200);

type Queue<T> = Arc<Mutex<VecDeque<(usize, Job<T>)>>>;

/// What each job gives, in their order; `None` of those that had not by the deadline. Their threads are left behind.
pub(super) fn run<T: Send + 'static>(jobs: Vec<Job<T>>, deadline: Instant) -> Vec<Option<T>> {
    let mut results: Vec<Option<T>> = jobs.iter().map(|_| None).collect();
    // Where no time is left nothing is begun: an answer would come by chance alone.
    let mut missing = if deadline > Instant::now() { jobs.len() } else { 0 };
    let queue: Queue<T> = Arc::new(Mutex::new(jobs.into_iter().enumerate().collect()));
    let (sender, receiver) = mpsc::channel();
    let mut threads = 0;
    while missing > 0 {
        if threads == 0 {
            threads += start(FIRST.min(missing), &queue, &sender);
        }
        let left = deadline.saturating_duration_since(Instant::now());
        match receiver.recv_timeout(left.min(PATIENCE)) {
            Ok((at, result)) => {
                if let Some(slot) = results.get_mut(at) {
                    *slot = Some(result);
                }
                missing -= 1;
            }
            Err(RecvTimeoutError::Timeout) if left > PATIENCE => {
                let waiting = queue.lock().unwrap_or_else(PoisonError::into_inner).len();
                threads += start(threads.min(waiting).min(MOST.saturating_sub(threads)), &queue, &sender);
            }
            Err(_) => break,
        }
    }
    queue.lock().unwrap_or_else(PoisonError::into_inner).clear();
    results
}

/// Starts threads; how many there are in truth, since the machine may refuse them.
fn start<T: Send + 'static>(count: usize, queue: &Queue<T>, sender: &Sender<(usize, T)>) -> usize {
    let one = |_| {
        let (queue, sender) = (Arc::clone(queue), sender.clone());
        let work = move || {
            while let Some((at, job)) = next(&queue) {
                if sender.send((at, job())).is_err() {
                    break;
                }
            }
        };
        thread::Builder::new().name("look".to_owned()).spawn(work).is_ok()
    };
    (0..count).filter(|number| one(*number)).count()
}

fn next<T>(queue: &Queue<T>) -> Option<(usize, Job<T>)> {
    queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jobs(hang: impl Fn(usize) -> bool + Copy + Send + 'static, count: usize) -> Vec<Job<usize>> {
        let job = |number| -> Job<usize> {
            Box::new(move || {
                while hang(number) {
                    thread::park();
                }
                number
            })
        };
        (0..count).map(job).collect()
    }

    #[test]
    fn results_come_in_the_order_of_the_jobs() {
        let results = run(jobs(|_| false, 300), Instant::now() + Duration::from_secs(60));
        assert_eq!(results, (0..300).map(Some).collect::<Vec<_>>());
        assert_eq!(run(Vec::<Job<()>>::new(), Instant::now()), Vec::new());
    }

    #[test]
    fn those_that_hang_keep_no_other_waiting() {
        let results = run(jobs(|number| number < 10, 20), Instant::now() + Duration::from_secs(2));
        assert_eq!(results, (0..20).map(|number| (number >= 10).then_some(number)).collect::<Vec<_>>());
    }
}
