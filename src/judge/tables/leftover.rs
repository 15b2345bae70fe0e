//! Table `leftover`: are there locks of the program that nobody holds?

use crate::judge::candidate::Candidate;
use crate::rules::Leftover;

pub(in crate::judge) fn leftover_fact(candidate: &Candidate<'_>) -> Leftover {
    match &candidate.left {
        Some(left) if left.age < 0 => Leftover::Future,
        Some(_) => Leftover::Stale,
        None => Leftover::None,
    }
}
