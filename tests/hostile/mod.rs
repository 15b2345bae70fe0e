//! Attacks: what a stranger's files, containers and engines may try, each with the neighbour that is none.

mod environment;
mod git;
mod killed;
mod output;
mod silencing;
mod writing;
