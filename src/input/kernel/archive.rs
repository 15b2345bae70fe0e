//! Archives of files (tar) as a stranger may have made them: each member by its clean name, nothing of it put anywhere. Uses
//! `text` and `model`; a home of tar, flate2 and ruzstd.

use std::io::{self, BufRead, BufReader, Read};
use std::time::Instant;

use flate2::bufread::MultiGzDecoder;
use ruzstd::decoding::{FrameDecoder, StreamingDecoder};
use tar::{EntryType, Header};

use super::text::shown;
use crate::model::clean;

/// Bytes that all archives of one image may have, unpacked.
const MOST_BYTES: u64 = 64 << 30;
/// A name, or a member's further attributes (pax), may have so many bytes.
const MOST_NAME: u64 = 64 << 10;

/// What may still be read, and until when.
#[derive(Debug)]
pub(super) struct Allowance {
    bytes: u64,
    deadline: Instant,
}

impl Allowance {
    pub(super) fn until(deadline: Instant) -> Self {
        Self { bytes: MOST_BYTES, deadline }
    }

    fn spend(&mut self, bytes: usize) -> io::Result<()> {
        self.bytes = self.bytes.saturating_sub(bytes as u64);
        if self.bytes == 0 {
            return Err(io::Error::other("it is larger than any image that is read"));
        }
        if Instant::now() > self.deadline {
            return Err(io::Error::other("it did not come within the time limit"));
        }
        Ok(())
    }
}

/// A reader whose bytes are counted.
struct Counted<'a, R> {
    from: R,
    allowance: &'a mut Allowance,
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.from.read(buffer)?;
        self.allowance.spend(read)?;
        Ok(read)
    }
}

/// A member of an archive.
#[derive(Debug)]
pub(super) struct ArchiveMember {
    /// Its clean absolute name.
    pub(super) path: String,
    pub(super) kind: EntryType,
    /// What a link of either kind says.
    pub(super) link: String,
    pub(super) uid: u32,
    pub(super) gid: u32,
    pub(super) mode: u32,
    /// When it was last modified, in seconds since 1970.
    pub(super) modified: i64,
    /// Bytes.
    pub(super) size: u64,
}

/// What attributes before a member say of it, in the place of its header (pax, and the GNU's long names).
#[derive(Default)]
struct MemberAttributes {
    path: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
    uid: Option<u64>,
    gid: Option<u64>,
    modified: Option<i64>,
}

/// Hands on each member of an archive with its content, as they come.
///
/// # Errors
/// It is no archive, or leads out of itself, or is too large; or what takes the members fails.
pub(super) fn each_member(
    from: &mut dyn Read,
    take: &mut dyn FnMut(ArchiveMember, &mut dyn Read) -> io::Result<()>,
) -> io::Result<()> {
    let mut archive = tar::Archive::new(from);
    let mut told = MemberAttributes::default();
    // Raw, since a long name is read whole otherwise, however long it says that it is.
    for entry in archive.entries()?.raw(true) {
        let mut entry = entry?;
        let kind = entry.header().entry_type();
        match kind {
            EntryType::GNULongName => told.path = Some(name_of(&mut entry)?),
            EntryType::GNULongLink => told.link = Some(name_of(&mut entry)?),
            EntryType::XHeader => told.read(&bounded(&mut entry)?)?,
            EntryType::XGlobalHeader => {}
            _ => {
                let member = std::mem::take(&mut told).member(entry.header())?;
                take(member, &mut entry)?;
            }
        }
    }
    Ok(())
}

fn bounded(entry: &mut dyn Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    entry.take(MOST_NAME + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MOST_NAME {
        return Err(io::Error::other("a name in it is longer than any path"));
    }
    Ok(bytes)
}

/// A name that ends with a byte of zero.
fn name_of(entry: &mut dyn Read) -> io::Result<Vec<u8>> {
    let mut bytes = bounded(entry)?;
    bytes.truncate(bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len()));
    Ok(bytes)
}

impl MemberAttributes {
    fn read(&mut self, attributes: &[u8]) -> io::Result<()> {
        for attribute in tar::PaxExtensions::new(attributes) {
            let attribute = attribute?;
            let value = attribute.value_bytes();
            let number =
                || std::str::from_utf8(value).ok().and_then(|text| text.split('.').next()?.parse::<i64>().ok());
            match attribute.key_bytes() {
                b"path" => self.path = Some(value.to_vec()),
                b"linkpath" => self.link = Some(value.to_vec()),
                b"uid" => self.uid = number().and_then(|id| id.try_into().ok()),
                b"gid" => self.gid = number().and_then(|id| id.try_into().ok()),
                b"mtime" => self.modified = number(),
                // What follows would be read from the wrong place on.
                b"size" => return Err(io::Error::other("a file in it is larger than eight gigabytes")),
                _ => {}
            }
        }
        Ok(())
    }

    fn member(self, header: &Header) -> io::Result<ArchiveMember> {
        let path = self.path.unwrap_or_else(|| header.path_bytes().into_owned());
        let link = self.link.or_else(|| header.link_name_bytes().map(std::borrow::Cow::into_owned));
        let narrow = |id: u64| u32::try_from(id).unwrap_or(u32::MAX);
        Ok(ArchiveMember {
            path: inner(&path)?,
            kind: header.entry_type(),
            link: link.map(|link| shown(&link).into_owned()).unwrap_or_default(),
            uid: narrow(self.uid.map_or_else(|| header.uid(), Ok)?),
            gid: narrow(self.gid.map_or_else(|| header.gid(), Ok)?),
            mode: header.mode()? & 0o7777,
            modified: self
                .modified
                .map_or_else(|| header.mtime().map(|at| i64::try_from(at).unwrap_or(i64::MAX)), Ok)?,
            size: header.size()?,
        })
    }
}

/// A name as a path inside; no archive of an image has one that leads out.
pub(super) fn inner(name: &[u8]) -> io::Result<String> {
    if name.split(|byte| *byte == b'/').any(|part| part == b"..") || name.contains(&0) {
        return Err(io::Error::other("a name in it leads out of it"));
    }
    Ok(clean(&format!("/{}", shown(name))))
}

/// Frames of zstd one after the other (RFC 8878, "Frames"): a layer may be packed in as many as it has files.
enum ZstdFrames<R: BufRead> {
    Before(R),
    In(Box<StreamingDecoder<R, FrameDecoder>>),
    Over,
}

impl<R: BufRead> ZstdFrames<R> {
    /// Begins the next frame that holds something; whether there is one.
    fn begin(&mut self, mut from: R) -> io::Result<bool> {
        let wrong = || io::Error::other("it is packed wrongly");
        loop {
            match from.fill_buf()? {
                [] => return Ok(false),
                // A frame for others, to be skipped.
                [0x50..=0x5f, ..] => {
                    let mut head = [0; 8];
                    from.read_exact(&mut head)?;
                    let [_, 0x2a, 0x4d, 0x18, length @ ..] = head else { return Err(wrong()) };
                    let length = u64::from(u32::from_le_bytes(length));
                    io::copy(&mut (&mut from).take(length), &mut io::sink())?;
                }
                _ => {
                    let decoder = StreamingDecoder::new(from).map_err(|_| wrong())?;
                    *self = Self::In(Box::new(decoder));
                    return Ok(true);
                }
            }
        }
    }
}

impl<R: BufRead> Read for ZstdFrames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let from = match std::mem::replace(self, Self::Over) {
                Self::Over => return Ok(0),
                Self::Before(from) => from,
                Self::In(mut frame) => match frame.read(buffer)? {
                    0 if !buffer.is_empty() => frame.into_inner(),
                    read => {
                        *self = Self::In(frame);
                        return Ok(read);
                    }
                },
            };
            if !self.begin(from)? {
                return Ok(0);
            }
        }
    }
}

/// What a text begins with tells how it is packed.
pub(super) enum Packed<'a> {
    /// JSON, and no archive.
    Json(Box<dyn Read + 'a>),
    /// An archive, unpacked as it is read.
    Archive(Box<dyn Read + 'a>),
}

impl<'a> Packed<'a> {
    /// Looks at the first bytes of a text; what is unpacked of it is counted.
    pub(super) fn of(from: &'a mut dyn Read, allowance: &'a mut Allowance) -> io::Result<Self> {
        let mut from = BufReader::with_capacity(64 << 10, from);
        let first = from.fill_buf()?;
        Ok(match first {
            [b'{' | b'[', ..] => Self::Json(Box::new(Counted { from, allowance })),
            [0x1f, 0x8b, ..] => Self::Archive(Box::new(Counted { from: MultiGzDecoder::new(from), allowance })),
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => {
                Self::Archive(Box::new(Counted { from: ZstdFrames::Before(from), allowance }))
            }
            _ => Self::Archive(Box::new(Counted { from, allowance })),
        })
    }
}
