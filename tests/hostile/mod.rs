//! Attacks: what a stranger's files, containers and engines may try.

mod environment;
