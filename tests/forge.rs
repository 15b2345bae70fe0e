//! A Forgejo of a test's own: answers what is asked of it and keeps what it was asked.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// One request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// `POST /api/v1/…`
    pub(crate) line: String,
    /// The value of `Authorization`.
    pub(crate) authorization: String,
    /// What was sent, as text.
    pub(crate) body: String,
}

/// A server on a port of its own; it ends with the test's process.
pub(crate) struct Forge {
    /// `http://127.0.0.1:PORT`
    pub(crate) url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
    answers: Arc<Mutex<BTreeMap<String, (u16, String)>>>,
}

impl Forge {
    /// Answers these lines (`GET /api/v1/user`) with 200 and these texts, and all else with 404.
    pub(crate) fn new(answers: &[(&str, &str)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let forge = Self { url, asked: Arc::default(), answers: Arc::default() };
        for (line, text) in answers {
            forge.answer(line, 200, text);
        }
        let (asked, answers) = (Arc::clone(&forge.asked), Arc::clone(&forge.answers));
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                serve(stream, &asked, &answers);
            }
        });
        forge
    }

    /// What a line is answered with from now on.
    pub(crate) fn answer(&self, line: &str, status: u16, text: &str) {
        self.answers.lock().unwrap().insert(line.to_owned(), (status, text.to_owned()));
    }

    /// What it was asked since it was last asked this.
    pub(crate) fn take(&self) -> Vec<Asked> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

/// Answers one request and closes.
fn serve(stream: TcpStream, asked: &Mutex<Vec<Asked>>, answers: &Mutex<BTreeMap<String, (u16, String)>>) {
    let mut reader = BufReader::new(stream);
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 {
            return;
        }
        match line.trim_end() {
            "" => break,
            text => head.push(text.to_owned()),
        }
    }
    let header = |name: &str| -> String {
        let values = head.iter().filter_map(|line| line.split_once(": "));
        values.filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.to_owned()).collect()
    };
    if header("Expect") == "100-continue" {
        reader.get_mut().write_all(b"HTTP/1.1 100 Continue\r\n\r\n").unwrap();
    }
    let mut body = vec![0; header("Content-Length").parse().unwrap_or(0)];
    reader.read_exact(&mut body).unwrap();
    let line = head.first().and_then(|line| line.rsplit_once(' ')).unwrap().0.to_owned();
    let none = (404, "{\"message\": \"not found\"}".to_owned());
    let (status, text) = answers.lock().unwrap().get(&line).cloned().unwrap_or(none);
    let body = String::from_utf8_lossy(&body).into_owned();
    asked.lock().unwrap().push(Asked { line, authorization: header("Authorization"), body });
    let head = format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", text.len());
    let _ = reader.get_mut().write_all(format!("{head}{text}").as_bytes());
}
