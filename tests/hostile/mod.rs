//! Attacks: input that somebody else controls and that is made to hang, to fill the memory, to be printed or to silence.

mod fake_host;
mod running;
