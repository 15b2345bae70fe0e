//! The Docker engine, or Podman in its place: which containers run, and what it tells of them. Only reading requests.
//! The one place that is asynchronous: a runtime is made for one conversation, or for one watch, and ends with it.
//! May use `text`, `model`, `rules`, and of the other sources the types of `capture` and `image`, and `script`.
//!
//! ```text
//! options    which engine, and how long to wait
//! address    text -> where an engine listens
//! context    options, environment, the Docker CLI's files -> which engine
//! connect    a socket, a port, ssh, counted in bytes; `tls` on top
//! client     requests before a deadline, and what their failures mean; `lenient` for answers of another form
//! inspect    an answer -> a running container; `volume` -> what its driver was told
//! look       all that runs now, or some of it again; `images` -> what an image is; `export` -> its files
//! watch      what comes and goes from now on: `event_connection` asks, `events` are read as they come into a `queue`,
//!            `inventory` keeps which containers there are
//! error      why there is no answer, and what to try
//! ```

mod address;
mod client;
mod connect;
mod context;
mod error;
mod event_connection;
mod events;
mod export;
mod images;
mod inspect;
mod inventory;
mod lenient;
mod look;
mod options;
mod queue;
mod tls;
mod volume;
mod watch;

pub use self::connect::podman_sockets;
pub use self::error::EngineError;
pub use self::export::export_image;
pub use self::images::Images;
pub use self::look::{InspectResult, Seen, address, inspect_again, is_local, look};
pub use self::options::{Options, Tls};
pub use self::queue::Missed;
pub use self::watch::{Come, Delivery, Event, InspectedContainer, watch};
