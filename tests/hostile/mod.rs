//! Attacks: what a stranger's files, containers and engines may try, each with the neighbour that is none.

mod environment;
mod fake_host;
mod git;
mod killed;
mod output;
mod running;
mod silencing;
mod writing;
