//! Work on all cores where there is much of it. Uses nothing else of this crate.

use std::num::NonZero;
use std::thread;

/// Applies a function to the items, chunk by chunk on threads of their own where there are more than `per_thread`; the
/// results are in the order of the items.
pub fn map_chunks<T: Sync, R: Send>(items: &[T], per_thread: usize, apply: impl Fn(&[T]) -> Vec<R> + Sync) -> Vec<R> {
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let threads = (items.len() / per_thread.max(1)).clamp(1, cores);
    let share = items.len().div_ceil(threads).max(1);
    let (first, others) = items.split_at(share.min(items.len()));
    thread::scope(|scope| {
        let apply = &apply;
        let workers: Vec<_> = others.chunks(share).map(|chunk| scope.spawn(move || apply(chunk))).collect();
        let mut results = apply(first);
        for worker in workers {
            match worker.join() {
                Ok(more) => results.extend(more),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        results
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_keep_the_order_of_items() {
        let items: Vec<usize> = (0..100).collect();
        for per_thread in [0, 1, 7, 100, 1000] {
            let doubled = map_chunks(&items, per_thread, |chunk| chunk.iter().map(|item| item * 2).collect());
            assert_eq!(doubled, items.iter().map(|item| item * 2).collect::<Vec<_>>());
        }
        assert!(map_chunks(&[], 1, |chunk: &[usize]| chunk.to_vec()).is_empty());
    }
}
