//! The page in a browser, as its readers open it: nothing is fetched, nothing is wrong on the console, it can be sorted
//! and filtered, and nothing in it covers anything else. Pictures of it are left in `target/artifacts`.

mod driver;

use std::fs;
use std::path::{Path, PathBuf};

use driver::Browser;
use serde_json::{Value, json};

use crate::harness::{overlock, project, root};

/// What shows that a page is as it should be, in the page itself.
const LOOK: &str = include_str!("browser/page.js");

fn artifacts() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../artifacts");
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// A service with a state directory.
fn service(name: &str, directory: &str, call: &str, more: &str) -> String {
    format!(
        "  {name}:\n    image: factory/agents\n    environment: {{HOME: /home/agent}}\n    volumes: \
         [\"{directory}:/home/agent/.claude\"]\n    entrypoint: {call}\n{more}"
    )
}

/// Sixty containers: many that are alike, some that are not, and what goes wrong.
pub(crate) fn sixty() -> String {
    let flock = r#"["flock", "-w", "600", "/home/agent/.claude/session.lock", "claude", "-p", "next"]"#;
    let bare = r#"["claude", "-p", "next"]"#;
    let chat = "    tty: true\n    stdin_open: true\n";
    let mut text = "name: night\nservices:\n".to_owned();
    let version = |version: &str| format!("    labels: {{overlock.version: \"{version}\"}}\n");
    (1..=40).for_each(|at| text += &service(&format!("agents-{at}"), "/srv/night/claude", flock, ""));
    (1..=8).for_each(|at| text += &service(&format!("runner-{at}"), "/srv/night/claude", bare, ""));
    (1..=3).for_each(|at| text += &service(&format!("chat-{at}"), &format!("/srv/chat-{at}"), "[claude]", chat));
    (1..=5).for_each(|at| text += &service(&format!("single-{at}"), &format!("/srv/single-{at}"), bare, ""));
    text += &service("review", "/srv/review/claude", bare, &version("2.1.98"));
    text += &service("review-new", "/srv/review/claude", bare, &version("2.1.330"));
    text += &service("chat-at-night", "/srv/night/claude", "[claude]", chat);
    let long = "/srv/a/directory/with/a/path/that/is/far/too/long/for/any/box/日本語日本語日本語日本語/claude";
    text + &service("a-service-with-a-name-that-is-too-long-for-any-box", long, bare, &version("2.1.98"))
}

/// The page of a folder, in a file of its own.
fn page(folder: &Path, name: &str) -> PathBuf {
    let file = artifacts().canonicalize().unwrap().join(format!("{name}.html"));
    let output = format!("html={}", file.display());
    let run = overlock(folder, &["check", ".", "--output", &output, "--output", "json"]);
    assert!([0, 1, 3].contains(&run.status), "{}", run.err);
    file
}

/// Opens a page and looks at it in light and dark, wide and narrow.
fn looked_at(browser: &Browser, file: &Path) {
    let name = file.file_stem().unwrap().to_str().unwrap();
    browser.width(1280);
    browser.open(file);
    for (scheme, width) in [("light", 1280), ("dark", 1280), ("light", 390), ("dark", 390), ("print", 720)] {
        browser.scheme(scheme);
        browser.width(width);
        let dark = browser.script("return getComputedStyle(document.body).backgroundColor") != "rgb(255, 255, 255)";
        assert_eq!(dark, scheme == "dark", "{name}");
        assert_eq!(browser.script(LOOK), json!([]), "{name}, {scheme}, {width}");
        let overflow = browser.script("return document.documentElement.scrollWidth - innerWidth");
        assert!(overflow.as_i64().unwrap() <= 0, "{name} is {overflow} too wide at {width}");
        picture_is_readable(browser, width);
        browser.picture(&artifacts().join(format!("{name}-{scheme}-{width}.png")));
    }
    browser.scheme("light");
    browser.width(1280);
}

/// The picture fits where there is room for it, and is a list of boxes that fit where there is none.
fn picture_is_readable(browser: &Browser, width: u32) {
    let shown = |selector: &str| {
        let script = "return [...document.querySelectorAll(arguments)].filter((one) => one.checkVisibility()).length";
        browser.script(&script.replace("arguments", &format!("'{selector}'"))).as_u64().unwrap()
    };
    if browser.script("return document.querySelector('.picture') === null") == true {
        return;
    }
    let stacked = width == 390;
    assert_eq!((shown(".picture") == 0, shown(".stack .stacked") > 0), (stacked, stacked), "at {width}");
    let beyond = "const room = document.querySelector('.wide'); \
                  return [...document.querySelectorAll('.stacked')].some((one) => one.scrollWidth > one.clientWidth) \
                  || room.scrollWidth > room.clientWidth";
    assert_eq!(browser.script(beyond), false, "at {width}");
    let small = "return [...document.querySelectorAll('.stacked *, .finding *')].some((one) => one.checkVisibility() \
                 && parseFloat(getComputedStyle(one).fontSize) < 10)";
    assert!(width == 720 || browser.script(small) == false, "at {width}");
}

/// Nothing on the console, and no request but that for the file.
fn is_quiet(browser: &Browser, file: &Path) {
    assert_eq!(browser.log("browser"), [] as [Value; 0]);
    assert_eq!(browser.script("return performance.getEntriesByType('resource').map((one) => one.name)"), json!([]));
    let messages = browser.log("performance");
    let messages = messages.iter().map(|one| serde_json::from_str::<Value>(one["message"].as_str().unwrap()).unwrap());
    let sent = messages.filter(|one| one["message"]["method"] == "Network.requestWillBeSent");
    let asked: Vec<String> =
        sent.map(|one| one["message"]["params"]["request"]["url"].as_str().unwrap().to_owned()).collect();
    let own = format!("file://{}", file.display());
    assert!(asked.contains(&own) && asked.iter().all(|url| *url == own || url == "data:,"), "{asked:?}");
}

/// The containers that the table shows, in its order.
fn rows(browser: &Browser) -> Vec<String> {
    let script =
        "return [...document.querySelectorAll('#table tbody tr:not([hidden]) th')].map((one) => one.textContent)";
    browser.script(script).as_array().unwrap().iter().map(|one| one.as_str().unwrap().to_owned()).collect()
}

#[test]
fn sixty_containers_on_a_page() {
    let Some(browser) = Browser::new("sixty_containers_on_a_page") else { return };
    let directory = project(&[("compose.yaml", &sixty())]);
    let file = page(directory.path(), "sixty");
    looked_at(&browser, &file);
    let count = |selector: &str| browser.script(&format!("return document.querySelectorAll('{selector}').length"));
    assert_eq!((rows(&browser).len(), count("#table tbody tr")), (14, 14.into()), "those that are alike are one");
    assert_eq!(count(".finding details[open]"), 0, "evidence is shown when it is asked for");

    let shown = || browser.script("return document.getElementById('shown').textContent");
    browser.keys("#filter", "runner review");
    assert_eq!((rows(&browser).len(), shown()), (0, "0 of 14 rows shown".into()), "each word has to be there");
    browser.script("document.getElementById('filter').value = ''");
    // A name that is folded is found too.
    browser.keys("#filter", "RUNNER-5");
    assert_eq!((rows(&browser).len(), shown()), (1, "1 of 14 rows shown".into()));
    browser.click("#controls input[value=error]");
    assert_eq!(rows(&browser), [] as [&str; 0]);
    browser.click("#controls input[value=error]");
    for _ in 0.."runner-5".len() {
        browser.keys("#filter", "\u{e003}");
    }
    assert_eq!(rows(&browser).len(), 14);

    let sorted =
        |at: u32| browser.script(&format!("return document.querySelector('#table th:nth-child({at})').ariaSort"));
    browser.click("thead th:nth-child(1) button");
    assert_eq!(sorted(1), "ascending");
    let names = rows(&browser);
    let at = |name: &str| names.iter().position(|one| one.starts_with(name)).unwrap();
    assert!(at("night/agents-1 … night/agents-40 40 alike") < at("night/chat-1"));
    assert!(at("night/single-4") < at("night/single-5"));
    // The keyboard does the same.
    browser.keys("thead th:nth-child(1) button", "\u{e007}");
    assert_eq!(sorted(1), "descending");
    assert_eq!(rows(&browser), names.into_iter().rev().collect::<Vec<_>>());
    browser.click("thead th:nth-child(2) button");
    browser.click("thead th:nth-child(2) button");
    assert_eq!((sorted(1), sorted(2)), (Value::Null, "descending".into()));
    let verdicts = "return [...document.querySelectorAll('#table tbody tr')].map((one) => one.dataset.verdict)";
    let verdicts: Vec<String> = serde_json::from_value(browser.script(verdicts)).unwrap();
    assert!(verdicts.first().unwrap() == "error" && verdicts.last().unwrap() != "error");

    // A link leads to the row of its hit, which a fold may hold.
    browser.click("#table a.rule.error");
    assert_eq!(count(".finding tr:target"), 1);
    let note = "const row = document.querySelector('details.note tbody tr'); location.hash = row.id; \
                return row.closest('details').id";
    let note = browser.script(note);
    let is_open =
        format!("return document.getElementById({note}).open && document.querySelector('tr:target').checkVisibility()");
    assert_eq!(browser.script(&is_open), true);
    assert_eq!(count(".picture .node.crowd"), 14, "those that are alike are one");
    let titles =
        browser.script("return [...document.querySelectorAll('.node title')].map((one) => one.textContent).join()");
    assert!(titles.as_str().unwrap().contains("night/agents-39, night/agents-40: "), "every name is told");
    is_quiet(&browser, &file);
}

#[test]
fn a_factory_on_a_page() {
    let Some(browser) = Browser::new("a_factory_on_a_page") else { return };
    for (folder, name) in
        [("factory", "factory"), ("world/chat-shares-without-flock", "chat"), ("formats/broken", "odd")]
    {
        let file = page(&root().join("fixtures").join(folder), name);
        looked_at(&browser, &file);
        is_quiet(&browser, &file);
    }
    browser.open(&artifacts().canonicalize().unwrap().join("factory.html"));
    let labels = browser.script("return [...document.querySelectorAll('.picture text')].map((one) => one.textContent)");
    let labels: Vec<String> = serde_json::from_value(labels).unwrap();
    for wanted in [
        "factory/agents ×2",
        "factory/review-*",
        "✓ ok",
        "joins all 6",
        "joins nobody",
        "takes",
        "takes, alone",
        "external flock",
    ] {
        assert!(labels.iter().any(|label| label == wanted), "{wanted} in {labels:?}");
    }
    // What a screen reader is told of: every box by name.
    let titles = browser.script("return [...document.querySelectorAll('.node title')].map((one) => one.textContent)");
    let titles: Vec<String> = serde_json::from_value(titles).unwrap();
    let tree = browser.chromium("Accessibility.getFullAXTree", &json!({}));
    let nodes = tree["nodes"].as_array().unwrap().iter();
    let role = |one: &Value| one["role"]["value"].as_str().unwrap_or("").to_owned();
    let images = nodes.clone().filter(|one| ["image", "img"].contains(&role(one).as_str()));
    let told: Vec<&str> = images.filter_map(|one| one["name"]["value"].as_str()).collect();
    assert_eq!(titles.len(), 13);
    assert!(titles.iter().all(|title| told.contains(&title.as_str())), "{told:?}");
    for landmark in ["main", "banner", "contentinfo"] {
        assert!(nodes.clone().any(|one| role(one) == landmark), "{landmark}");
    }
}

#[test]
fn a_finding_is_read_by_a_screen_reader_on_a_phone_too() {
    let Some(browser) = Browser::new("a_finding_is_read_by_a_screen_reader_on_a_phone_too") else { return };
    let file = page(&root().join("fixtures/world/chat-shares-without-flock"), "read");
    for width in [1280, 390] {
        browser.width(width);
        browser.open(&file);
        let tree = browser.chromium("Accessibility.getFullAXTree", &json!({}));
        let nodes: Vec<&Value> = tree["nodes"].as_array().unwrap().iter().collect();
        let named = |role: &str| -> Vec<&str> {
            let of_role = nodes.iter().filter(|one| one["role"]["value"] == role);
            of_role.filter_map(|one| one["name"]["value"].as_str()).collect()
        };
        assert!(named("columnheader").contains(&"Mounted at") && named("rowheader").contains(&"chat"), "at {width}");
        assert!(named("table").contains(&"Containers concerned"), "at {width}");
        for role in ["heading", "group"] {
            assert!(named(role).contains(&"/home/johba/.claude"), "{role}: {:?}", named(role));
        }
        // No heading is left out between two.
        let levels =
            "return [...document.querySelectorAll('h1, h2, h3, h4, h5')].map((one) => Number(one.localName[1]))";
        let levels: Vec<u64> = serde_json::from_value(browser.script(levels)).unwrap();
        assert!(levels[0] == 1 && levels.windows(2).all(|pair| pair[1] <= pair[0] + 1), "{levels:?}");
    }
}

#[test]
fn a_dead_engine_is_a_red_page() {
    let Some(browser) = Browser::new("a_dead_engine_is_a_red_page") else { return };
    let directory = tempfile::tempdir().unwrap();
    let file = artifacts().canonicalize().unwrap().join("dead.html");
    let (state, output) = (directory.path().display().to_string(), format!("html={}", file.display()));
    let run = overlock(&root(), &["report", "--host", "tcp://127.0.0.1:1", "--state", &state, "--output", &output]);
    assert_eq!(run.status, 2);
    browser.open(&file);
    let head = "const head = document.querySelector('h1'); return [head.textContent, getComputedStyle(head).color]";
    assert_eq!(browser.script(head), json!(["Not judged: no container was inspected", "rgb(164, 14, 38)"]));
    let text = browser.script("return document.body.innerText");
    assert!(
        text.as_str().unwrap().contains("cannot connect to the engine") && !text.as_str().unwrap().contains("None.")
    );
    is_quiet(&browser, &file);
}

#[test]
fn a_picture_that_stands_alone() {
    let Some(browser) = Browser::new("a_picture_that_stands_alone") else { return };
    let file = artifacts().canonicalize().unwrap().join("factory.svg");
    fs::write(&file, overlock(&root(), &["graph", "fixtures/factory"]).out).unwrap();
    browser.open(&file);
    assert_eq!(browser.script("return document.documentElement.tagName"), "svg");
    let paper = || browser.script("return getComputedStyle(document.querySelector('.paper')).fill");
    let light = paper();
    browser.scheme("dark");
    assert_ne!(light, paper());
    is_quiet(&browser, &file);
}
