//! How much of a script is read, so that every input ends.
//! Uses nothing else.

/// Characters that one word may become.
pub(super) const WORD_CHARS: usize = 64 * 1024;
/// Words that one word may become.
pub(super) const WORDS: usize = 1024;
/// Variables that are kept.
pub(super) const VARIABLES: usize = 400;
/// Variables that the script insists on and that are kept.
pub(super) const DEMANDED: usize = 32;
/// Variables within the values of variables that are followed.
pub(super) const NESTED_VALUES: usize = 3;
/// Names of names that are followed.
pub(super) const REFERENCES: usize = 8;
/// Values of a loop's variable that are kept.
pub(super) const CHOICES: usize = 32;
/// Ways in which a round of a loop begins that are told apart where it is only tried.
pub(super) const TRIAL_ROUNDS: usize = 16;
/// Statements that are run, each counted as often as it is reached.
pub(super) const STEPS: usize = 20_000;
/// Levels of statements, functions and texts within each other.
pub(super) const NESTED_STATEMENTS: usize = 56;
/// Loops within each other, in one function or text: what a round leaves is found out at each level.
pub(super) const NESTED_LOOPS: usize = 12;
/// Texts within each other: `sh -c` in `sh -c`.
pub(super) const NESTED_TEXTS: usize = 12;
/// Files within each other.
pub(super) const NESTED_FILES: usize = 10;
/// Files of recipes that commands of one script name, each with what is set for it, and such commands.
pub(super) const RECIPE_FILES: usize = 64;
pub(super) const RECIPE_CALLS: usize = 1_000;
/// Characters of all texts together.
pub(super) const TEXT_CHARS: usize = 1024 * 1024;
/// Starts of containers that are kept of one script.
pub(super) const CONTAINER_STARTS: usize = 400;
/// What one shell started in the background and has not waited for.
pub(super) const LEFT_RUNNING: usize = 64;
/// Programs that are recorded again of one call that is not gone through again, and of all such calls.
pub(super) const RECORDED_AGAIN_OF_A_CALL: usize = 256;
pub(super) const RECORDED_AGAIN: usize = 2000;
/// How often a program is recorded again in turn: of a call in a call that is given again.
pub(super) const RECORDED_AGAIN_IN_TURN: usize = 4;
