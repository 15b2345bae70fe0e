//! Which programs of calls were recorded again, where these are not gone through again. Uses `limits`.

use std::ops::Range;

use super::limits;

/// The programs that were recorded again.
#[derive(Debug, Default)]
pub(super) struct RecordedAgain {
    /// Each time, by the indexes that they got, with how often what is recorded there was recorded in turn.
    times: Vec<(Range<usize>, usize)>,
    count: usize,
}

impl RecordedAgain {
    pub(super) fn add(&mut self, programs: Range<usize>, in_turn: usize) {
        self.count += programs.len();
        self.times.push((programs, in_turn));
    }

    /// How often one of these programs was recorded in turn, at most.
    fn in_turn(&self, programs: &Range<usize>) -> usize {
        let first = self.times.partition_point(|(again, _)| again.end <= programs.start);
        let within = self.times.iter().skip(first).take_while(|(again, _)| again.start < programs.end);
        within.map(|(_, in_turn)| *in_turn).max().unwrap_or_default()
    }

    /// How often these have been recorded in turn once they are again; `None` where they are too many. What is called twice
    /// at each of many levels would be twice as many at each.
    pub(super) fn next_turn(&self, programs: &Range<usize>) -> Option<usize> {
        let count = programs.len();
        let has_room = count <= limits::RECORDED_AGAIN_OF_A_CALL && self.count + count <= limits::RECORDED_AGAIN;
        let in_turn = if has_room { self.in_turn(programs) } else { return None };
        (in_turn < limits::RECORDED_AGAIN_IN_TURN).then_some(in_turn + 1)
    }
}
