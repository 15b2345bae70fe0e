//! Captures that follow one another in one text: each is cut out as it is read, so that none but it is kept. Uses nothing
//! else of this crate.

use std::io::{self, Read};

/// How much is read at once.
const CHUNK: usize = 64 << 10;

/// The texts of the captures in what is read, one after the other: each from a brace to the one that ends it. What is no
/// capture is a text of its own, up to the end of its line.
pub struct CaptureTexts<R> {
    from: R,
    /// What was read and not given.
    buffer: Vec<u8>,
    is_over: bool,
    most: usize,
}

impl<R: Read> CaptureTexts<R> {
    /// Texts of at most `most` bytes each.
    pub fn new(from: R, most: usize) -> Self {
        Self { from, buffer: Vec::new(), is_over: false, most }
    }

    /// Reads more; whether there was any.
    fn more(&mut self) -> io::Result<bool> {
        let before = self.buffer.len();
        let limit = CHUNK as u64;
        let read = (&mut self.from).take(limit).read_to_end(&mut self.buffer)?;
        self.is_over = read == 0;
        Ok(self.buffer.len() > before)
    }

    /// Takes the beginning of what was read.
    fn cut(&mut self, length: usize) -> Vec<u8> {
        let rest = self.buffer.split_off(length.min(self.buffer.len()));
        std::mem::replace(&mut self.buffer, rest)
    }

    fn next_text(&mut self) -> io::Result<Option<Vec<u8>>> {
        loop {
            let blank = self.buffer.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
            self.cut(blank);
            if !self.buffer.is_empty() {
                break;
            }
            if self.is_over || !self.more()? {
                return Ok(None);
            }
        }
        let mut end = TextEnd::default();
        let mut at = 0;
        loop {
            // Whether a line begins another one shows the byte after it.
            let known = if self.is_over { self.buffer.len() } else { self.buffer.len().saturating_sub(1) };
            while at < known {
                let next = self.buffer.get(at + 1).copied();
                let byte = self.buffer.get(at).copied().unwrap_or_default();
                at += 1;
                if end.is_at(byte, next) {
                    return Ok(Some(self.cut(at)));
                }
            }
            // What begins with no brace is none however it goes on.
            if !end.is_begun && at > CHUNK {
                return Err(io::Error::other(format!("what is no capture in it is larger than {} KiB", CHUNK >> 10)));
            }
            if at > self.most {
                return Err(io::Error::other(format!("one in it is larger than {} MiB", self.most >> 20)));
            }
            if self.is_over {
                return Ok(Some(self.cut(at)));
            }
            self.more()?;
        }
    }
}

impl<R: Read> Iterator for CaptureTexts<R> {
    type Item = io::Result<Vec<u8>>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = self.next_text();
        if next.is_err() {
            // What follows cannot be found any more.
            self.is_over = true;
            self.buffer.clear();
        }
        next.transpose()
    }
}

/// Finds the end of a text.
#[derive(Default)]
struct TextEnd {
    depth: usize,
    is_begun: bool,
    is_in_string: bool,
    is_escaped: bool,
}

impl TextEnd {
    /// Whether this byte is the last one, by the one that follows.
    fn is_at(&mut self, byte: u8, next: Option<u8>) -> bool {
        // No capture has a brace at the beginning of a line but its first one, so that another one begins there: the text
        // before it was torn. What begins with no brace is none.
        if byte == b'\n' && (next == Some(b'{') || !self.is_begun) {
            return true;
        }
        match byte {
            _ if self.is_escaped => self.is_escaped = false,
            b'\\' if self.is_in_string => self.is_escaped = true,
            b'"' => self.is_in_string = self.is_begun && !self.is_in_string,
            _ if self.is_in_string => {}
            b'{' => (self.depth, self.is_begun) = (self.depth + 1, true),
            b'}' if self.is_begun => {
                self.depth = self.depth.saturating_sub(1);
                return self.depth == 0;
            }
            _ => {}
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<String> {
        let all = CaptureTexts::new(text.as_bytes(), 1 << 20);
        all.map(|text| String::from_utf8(text.unwrap()).unwrap().trim().to_owned()).collect()
    }

    #[test]
    fn captures_that_follow_one_another_are_cut_apart() {
        assert_eq!(texts(""), Vec::<String>::new());
        assert_eq!(texts(" \n\n"), Vec::<String>::new());
        assert_eq!(texts("{\"a\": 1}"), ["{\"a\": 1}"]);
        assert_eq!(texts("{\"a\":1}{\"b\":{}}\n\n{\"c\":[{}]}"), ["{\"a\":1}", "{\"b\":{}}", "{\"c\":[{}]}"]);
        // Braces and quotes in a string end nothing.
        assert_eq!(texts(r#"{"a":"}\"{"} {"b":"\\"}"#), [r#"{"a":"}\"{"}"#, r#"{"b":"\\"}"#]);
        // As people read it.
        assert_eq!(
            texts("{\n  \"a\": {\n    \"b\": 1\n  }\n}\n{\n}\n"),
            ["{\n  \"a\": {\n    \"b\": 1\n  }\n}", "{\n}"]
        );
    }

    #[test]
    fn what_is_none_or_torn_costs_no_other_one_its_place() {
        assert_eq!(texts("services: x\n{\"a\":1}"), ["services: x", "{\"a\":1}"]);
        assert_eq!(texts("{\"a\":[1,\n{\"b\":2}\n"), ["{\"a\":[1,", "{\"b\":2}"]);
        assert_eq!(texts("{\"a\":\"torn\n{\"b\":2}\n"), ["{\"a\":\"torn", "{\"b\":2}"]);
        assert_eq!(texts("{\"a\":1"), ["{\"a\":1"]);
        let long = format!("{{\"a\":\"{}\"}}\n{{\"b\":1}}", "x".repeat(3 * CHUNK));
        assert_eq!(texts(&long).len(), 2);
        let mut over = CaptureTexts::new(long.as_bytes(), CHUNK);
        assert!(over.next().unwrap().is_err() && over.next().is_none());
        let mut zeros = CaptureTexts::new(io::repeat(0), 1 << 30);
        assert!(zeros.next().unwrap().is_err() && zeros.next().is_none());
    }
}
