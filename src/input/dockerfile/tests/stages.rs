//! Stages, bases, directives, and files that are no Dockerfiles.

use std::rc::Rc;

use super::{at, check, compare, made, made_with, none, shown};
use crate::input::dockerfile::{BaseImage, BuildRequest, Image, NamedSource, PathContent, build_image};
use crate::text::{Reader, Sources};

#[test]
fn stages_inherit_from_each_other() {
    check(&[
        ("FROM a AS b\nENV x=1\nUSER u\nFROM b\nENV y=$x", "on a ; x=1 ; y=1 ; user u"),
        ("FROM a AS B\nENV x=1\nFROM b", "on a ; x=1"),
        ("FROM a as b\nARG v=1\nFROM b\nENV x=$v", "on a ; x=1"),
        ("FROM a\nENV x=1\nFROM c", "on c"),
        ("FROM a AS a", "on a"),
        ("FROM b AS x\nFROM c AS b\nFROM x", "on b"),
        ("FROM scratch AS x\nFROM x AS y\nFROM y", "scratch"),
        ("ARG S=two\nFROM a AS one\nUSER 1\nFROM a AS two\nUSER 2\nFROM $S", "on a ; user 2"),
        ("FROM a AS b\nONBUILD ENV x=1\nONBUILD USER u\nFROM b", "on a ; x=1 ; user u"),
        ("FROM a\nONBUILD ENV x=1", "on a"),
        ("FROM a AS b\nONBUILD ENV x=1\nFROM b AS c\nFROM c\nENV x=2", "on a ; x=2"),
        (
            "FROM a AS b\nONBUILD ONBUILD ENV x=1\nFROM b",
            "on a ; ! this line: it cannot be a trigger; it was passed over",
        ),
    ]);
}

#[test]
fn a_target_is_a_name_or_a_number() {
    let text = "FROM a AS one\nUSER 1\nFROM a AS Two\nUSER 2\nFROM one\nUSER 3";
    let one = |target| shown(&made_with(text, target, &[]).image);
    assert_eq!(one(None), "on a ; user 3");
    assert_eq!(one(Some("ONE")), "on a ; user 1");
    assert_eq!(one(Some("two")), "on a ; user 2");
    assert_eq!(one(Some("1")), "on a ; user 2");
    let what = "the Dockerfile has no stage of the name that is asked for; it has `one`, `two`";
    assert_eq!(one(Some("three")), format!("unread ; ! {what}"));
    assert_eq!(one(Some("3")), format!("unread ; ! {what}"));
}

#[test]
fn directives_and_global_args_are_read() {
    compare(
        &[
            ("# escape=`\nFROM x\nENV a=1 `\n b=c:\\d", "on x ; a=1 ; b=c:\\d"),
            ("# syntax=docker/dockerfile:1\n# Escape = `\nFROM x\nCMD a `\n b", "on x ; cmd [/bin/sh][-c][a \\\n b]"),
            ("# hello\n# escape=`\nFROM x\nCMD a \\\n b", "on x ; cmd [/bin/sh][-c][a \\\n b]"),
            ("\n# escape=`\nFROM x\nUSER a`", "on x ; user a`"),
            ("\u{feff}FROM x\nUSER u", "on x ; user u"),
            ("FROM x\r\nENV a=1 \\\r\n  b=2\r\nUSER u\r\n", "on x ; a=1 ; b=2 ; user u"),
            ("   FROM x\n\tUSER u", "on x ; user u"),
            ("FROM x\nUSER a\\\\\nUSER b", "on x ; user b"),
            ("FROM x\nUSER a\\  \nb", "on x ; user ab"),
            ("FROM x\nUSER u \\", "on x ; user u"),
        ],
        |text| shown(&made(text).image),
    );
}

#[test]
fn invalid_dockerfile_is_reported() {
    let no_from = "! the Dockerfile has no `FROM`, so that it describes no image";
    for (text, expected) in [
        ("", format!("unread ; {no_from}")),
        ("# only this\n\n", format!("unread ; {no_from}")),
        ("ARG a=1\nARG b", format!("unread ; {no_from}")),
        ("RUN x", format!("unread ; ! an instruction before the first `FROM`, which no builder takes ; {no_from}")),
        ("FROM\nUSER u", "unread ; user u ; ! a `FROM` without a name".to_owned()),
        (
            "FROM x\nhunter2 secret\nUSER u",
            "on x ; user u ; ! this line: no instruction that is known; it was passed over".to_owned(),
        ),
        (
            "# escape=x\nFROM x",
            "on x ; ! an escape character other than a backslash or a backquote, which no builder takes".to_owned(),
        ),
        (
            "FROM x\nRUN cat <<EOF\nUSER u",
            "on x ; user u ; ! a here-document that no line ends; it was taken for a part of the command".to_owned(),
        ),
    ] {
        assert_eq!(shown(&made(text).image), expected, "{text}");
    }
    assert!(
        at("FROM x\nCOPY run.sh /run.sh\nINCLUDE y", "/run.sh").starts_with("? an instruction that was not understood")
    );
    let made = made("ARG a");
    assert_eq!(made.image.base, BaseImage::Unread);
    assert!(
        matches!(made.image.find_file("/run.sh", &made.sources), PathContent::Unknown { why, .. } if why.contains("not read"))
    );
}

#[test]
fn circular_copies_are_reported() {
    let text = "FROM scratch AS a\nCOPY --from=b /x /x\nFROM scratch AS b\nCOPY --from=a /x /x";
    assert_eq!(shown(&made(text).image), "scratch ; ! stages that copy from each other, which no builder takes");
    assert!(at(text, "/x").starts_with('?'));
    let itself = "FROM scratch AS a\nCOPY --from=a /x /x";
    assert_eq!(shown(&made(itself).image), "scratch ; ! stages that copy from each other, which no builder takes");
}

#[test]
fn base_built_by_another_service_is_used() {
    let sources = Sources::reading(Reader::of_host());
    let request = |bases| BuildRequest { target: None, args: Box::leak(Box::new(none())), context: None, bases };
    let base = sources.add("base/Dockerfile", "FROM debian\nENV a=1\nCOPY <<E /x\nhello\nE\nCMD [\"c\"]\n");
    let base = Rc::new(build_image(base, &sources, &request(&|_| None)));
    let bases = |name: &str| (name == "mine").then(|| NamedSource::Image(Rc::clone(&base)));
    let image = |text: &str| -> Image { build_image(sources.add("Dockerfile", text), &sources, &request(&bases)) };
    let on = image("FROM mine\nENV b=$a");
    assert_eq!(shown(&on), "on debian ; a=1 ; b=1 ; in / ; cmd [c]");
    assert!(matches!(on.find_file("/x", &sources), PathContent::Text(text) if text.text == "hello\n"));
    let from = image("FROM alpine\nCOPY --from=mine /x /y");
    assert!(matches!(from.find_file("/y", &sources), PathContent::Text(text) if text.text == "hello\n"));
    assert_eq!(from.find_file("/x", &sources), PathContent::Base);
}
