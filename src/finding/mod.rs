//! What is reported: participants, the logins that they use, what is wrong with those and what ends it. Plain data that
//! knows nothing of rendering. May use `text`, `model` and `rules`.
//!
//! ```text
//! judged      what the judge answers: participants and the rules that each breaks
//! breach      one rule, broken by one participant
//! hit         one participant of a finding, with the rules of one family that it breaks
//! login       a place that holds credentials, with its findings
//! report      all of it, with what it was compared with
//! joining     judgements and reports, taken apart and joined
//! ```

mod accepted_files;
mod breach;
mod comparison;
mod evidence;
mod hit;
mod influence;
mod joining;
mod judged;
mod login;
mod participant;
mod place_name;
mod report;
mod suppressed;

pub use accepted_files::{AcceptedBy, AcceptedFiles};
pub use breach::{Advice, Breach};
pub use comparison::{Before, Change, Comparison, End, Endangered, Gone, Verdicts};
pub use evidence::{Evidence, EvidenceKind, Location};
pub use hit::Hit;
pub use influence::{Influence, InfluenceKind};
pub use judged::{Judged, LoginPlace};
pub use login::{Finding, Login, ManualStep, PlacedText, Remedy, RemedyStep};
pub use participant::{Basis, LockName, MAX_PEERS, MountText, Participant, Verdict};
pub use place_name::{Located, PlaceName, Reach};
pub use report::Report;
pub use suppressed::{Suppressed, SuppressedBy};

/// The family of the rules about who is kept apart from whom.
pub const EXCLUSION: &str = "exclusion";

/// The rule about starts that may be made twice, whose hits are counted rather than listed.
pub const MAY_OVERLAP: &str = "may-overlap-itself";

/// The rule about a flock that the peers of who takes it do not take.
pub const GUARD_ONE_SIDED: &str = "guard-one-sided";

/// The rule whose hits count as undetermined rather than by their severity.
pub const UNDETERMINED: &str = "undetermined";
