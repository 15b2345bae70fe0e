//! A browser, driven through chromedriver: WebDriver is JSON over HTTP, of which this speaks as much as the tests want.

use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use data_encoding::BASE64;
use serde_json::{Value, json};

use crate::engine::skip;
use crate::engine::wanted::{Wanted, find, missing};

const WANTED: &[Wanted] = &[("chromium", "chromium"), ("chromedriver", "chromium-driver")];
/// How long an answer may take: the machine may have much else to do.
const PATIENCE: Duration = Duration::from_secs(60);

/// A browser with one page; both it and its driver end with this value, also where a test fails.
pub(crate) struct Browser {
    driver: Child,
    port: u16,
    session: String,
    profile: tempfile::TempDir,
    /// What the driver says; it would end if nobody could hear it.
    said: BufReader<ChildStdout>,
}

impl Browser {
    /// A browser for a test, or nothing, which the test then returns on.
    pub(crate) fn new(test: &str) -> Option<Self> {
        if let Some(why) = missing(WANTED) {
            return skip(test, &why);
        }
        let mut driver = Command::new("chromedriver");
        driver.arg("--port=0").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut driver = driver.spawn().unwrap();
        let said = BufReader::new(driver.stdout.take().unwrap());
        let profile = tempfile::tempdir().unwrap();
        let mut browser = Self { driver, port: 0, session: String::new(), profile, said };
        // First `Starting ChromeDriver … on port 0`, then `ChromeDriver was started successfully on port 41587.`
        let port = |line: String| line.split_once("successfully on port ")?.1.trim_end_matches('.').parse().ok();
        let port = browser.said.by_ref().lines().map_while(Result::ok).find_map(port);
        browser.port = port.expect("chromedriver tells its port");
        let folder = browser.profile.path().display().to_string();
        let arguments = [
            "--headless=new",
            "--no-sandbox",
            "--disable-dev-shm-usage",
            "--disable-gpu",
            "--disable-background-networking",
            "--no-first-run",
            "--hide-scrollbars",
            &format!("--user-data-dir={folder}"),
        ];
        let options = json!({ "args": arguments, "binary": find("chromium") });
        let wanted = json!({
            "browserName": "chrome",
            "goog:chromeOptions": options,
            "goog:loggingPrefs": { "browser": "ALL", "performance": "ALL" },
        });
        let session = browser.ask("POST", "/session", &json!({ "capabilities": { "alwaysMatch": wanted } }));
        browser.session = format!("/session/{}", session["sessionId"].as_str().unwrap());
        // It begins with a page of its own, which fetches much.
        browser.tell("/url", &json!({ "url": "about:blank" }));
        browser.log("performance");
        browser.log("browser");
        Some(browser)
    }

    /// Opens a file.
    pub(crate) fn open(&self, file: &Path) {
        self.tell("/url", &json!({ "url": format!("file://{}", file.display()) }));
    }

    /// What a piece of script gives back.
    pub(crate) fn script(&self, script: &str) -> Value {
        self.tell("/execute/sync", &json!({ "script": script, "args": [] }))
    }

    /// Clicks what a selector finds first.
    pub(crate) fn click(&self, selector: &str) {
        self.tell(&format!("/element/{}/click", self.element(selector)), &json!({}));
    }

    /// Types into it.
    pub(crate) fn keys(&self, selector: &str, text: &str) {
        self.tell(&format!("/element/{}/value", self.element(selector)), &json!({ "text": text }));
    }

    /// A call of Chromium's own protocol.
    pub(crate) fn chromium(&self, call: &str, parameters: &Value) -> Value {
        self.tell("/goog/cdp/execute", &json!({ "cmd": call, "params": parameters }))
    }

    /// What was logged since the last time: `browser` is the console, `performance` each request.
    pub(crate) fn log(&self, kind: &str) -> Vec<Value> {
        self.tell("/se/log", &json!({ "type": kind })).as_array().unwrap().clone()
    }

    /// How wide the window is.
    pub(crate) fn width(&self, width: u32) {
        let size = json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false });
        self.chromium("Emulation.setDeviceMetricsOverride", &size);
    }

    /// Whether the reader wants it `light` or `dark`, or on paper: `print`.
    pub(crate) fn scheme(&self, scheme: &str) {
        let media = if scheme == "print" { "print" } else { "" };
        let feature = json!({ "name": "prefers-color-scheme", "value": scheme });
        self.chromium("Emulation.setEmulatedMedia", &json!({ "media": media, "features": [feature] }));
    }

    /// The whole page as a picture.
    pub(crate) fn picture(&self, file: &Path) {
        let size = self.script("const page = document.documentElement; return [page.clientWidth, page.scrollHeight]");
        let clip = json!({ "x": 0, "y": 0, "width": size[0], "height": size[1], "scale": 1 });
        let asked = json!({ "format": "png", "captureBeyondViewport": true, "clip": clip });
        let taken = self.chromium("Page.captureScreenshot", &asked);
        fs::write(file, BASE64.decode(taken["data"].as_str().unwrap().as_bytes()).unwrap()).unwrap();
    }

    fn element(&self, selector: &str) -> String {
        let found = self.tell("/element", &json!({ "using": "css selector", "value": selector }));
        found.as_object().unwrap().values().next().unwrap().as_str().unwrap().to_owned()
    }

    fn tell(&self, path: &str, body: &Value) -> Value {
        self.ask("POST", &format!("{}{path}", self.session), body)
    }

    fn ask(&self, method: &str, path: &str, body: &Value) -> Value {
        let (head, text) = self.try_to_ask(method, path, body).unwrap();
        let value: Value = serde_json::from_str(&text).unwrap();
        assert!(head.starts_with("HTTP/1.1 200"), "{path} {body}: {value}");
        value["value"].clone()
    }

    /// The first line of an answer, and its body. The driver keeps connections open, whatever it is asked.
    fn try_to_ask(&self, method: &str, path: &str, body: &Value) -> io::Result<(String, String)> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let (body, port) = (body.to_string(), self.port);
        let length = body.len();
        write!(stream, "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: {length}\r\n\r\n{body}")?;
        let mut stream = BufReader::new(stream);
        let head: Vec<String> =
            stream.by_ref().lines().map_while(Result::ok).take_while(|line| !line.is_empty()).collect();
        let length =
            head.iter().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length:")?.trim().parse().ok());
        let mut text = vec![0; length.unwrap_or(0)];
        stream.read_exact(&mut text)?;
        Ok((head.first().cloned().unwrap_or_default(), String::from_utf8(text).map_err(io::Error::other)?))
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The browser ends with its session, and not with its driver.
        if !self.session.is_empty() {
            _ = self.try_to_ask("DELETE", &self.session, &json!({}));
        }
        _ = self.driver.kill();
        _ = self.driver.wait();
        let left = self.left();
        if !left.is_empty() {
            _ = Command::new("kill").arg("-9").args(left).stderr(Stdio::null()).status();
        }
    }
}

impl Browser {
    /// The processes of the browser, each of which is told of its profile.
    fn left(&self) -> Vec<String> {
        let profile = self.profile.path().display().to_string();
        let processes = fs::read_dir("/proc").into_iter().flatten().filter_map(Result::ok);
        let is_its = |path: &Path| {
            let line = fs::read(path.join("cmdline")).unwrap_or_default();
            String::from_utf8_lossy(&line).contains(&profile)
        };
        let numbers = processes.filter(|one| is_its(&one.path())).map(|one| one.file_name().display().to_string());
        numbers.filter(|name| name.parse::<u32>().is_ok_and(|number| number != std::process::id())).collect()
    }
}
