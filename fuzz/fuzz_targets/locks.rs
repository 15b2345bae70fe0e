//! What /proc says of one process: descriptors, status, words. Anything is read, and nothing panics.
#![no_main]

use libfuzzer_sys::fuzz_target;
use overlock::input::kernel::{locks, pid, process};

fuzz_target!(|bytes: &[u8]| {
    let lines = bytes.split(|byte| *byte == b'\n').filter(|line| line.starts_with(b"lock:")).count();
    assert!(locks::held(bytes).len() <= lines);
    let _ = (pid::facts(bytes), pid::identity(bytes));
    let words = process::words(bytes);
    assert!(words.last().is_none_or(|word| !word.is_empty()));
    assert!(words.iter().map(String::len).sum::<usize>() <= 4 * (16 << 10));
    assert!(process::variables(bytes).len() <= bytes.split(|byte| *byte == 0).count().min(4_096));
});
