//! The YAML loader: every span lies in the file, and a tree within the limits comes out or one error.
#![no_main]

use libfuzzer_sys::fuzz_target;
use overlock::text::yaml::{Data, Limits, Node, parse};
use overlock::text::{SourceFile, Sources};

fuzz_target!(|text: &str| {
    let sources = Sources::default();
    let id = sources.add("x", text);
    let file = sources.get(id);
    match parse(id, text, Limits { depth: 64, nodes: 100_000 }) {
        Ok(stream) => stream.documents.iter().for_each(|node| check(node, &file, 0)),
        Err(error) => assert!(file.offset(error.span.start).is_some() || error.span.start.line > 0),
    }
});

fn check(node: &Node, file: &SourceFile, depth: usize) {
    assert!(depth <= 65);
    assert!(file.offset(node.span.start).is_some(), "{:?} begins outside", node.span);
    assert!(node.span.start <= node.span.end, "{:?} ends before it begins", node.span);
    match &node.data {
        Data::Scalar(scalar) => {
            let _ = scalar.kind().to_string();
        }
        // A tree that aliases make large is not walked in full.
        Data::Seq(items) => items.iter().take(8).for_each(|item| check(item, file, depth + 1)),
        Data::Map(entries) => entries.iter().take(8).for_each(|entry| check(&entry.value, file, depth + 1)),
    }
}
