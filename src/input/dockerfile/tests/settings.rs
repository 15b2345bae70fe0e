//! ENV, ARG, LABEL, USER, WORKDIR, commands: the words of instructions.

use super::{check, given, made_with, shown};
use crate::model::EnvValue;

#[test]
fn env_values_are_read_in_both_forms() {
    check(&[
        ("ENV a=1", "scratch ; a=1"),
        ("ENV a b  c", "scratch ; a=b  c"),
        ("ENV a=1 b=\"2 3\" c='4 $a' d=5\\ 6", "scratch ; a=1 ; b=2 3 ; c=4 $a ; d=5 6"),
        ("ENV a=1\nENV a=2 b=$a c=${a}x", "scratch ; a=2 ; b=1 ; c=1x"),
        ("ENV a=\"$b\" c=\\$b d=\"\\\"\"", "scratch ; a= ; c=$b ; d=\""),
        ("FROM debian\nENV PATH=/x:$PATH", "on debian ; PATH=/x:${PATH}|PATH ; in /"),
        ("ENV PATH=/x:$PATH P=$PATH", "scratch ; P=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"),
        ("env a=1\nEnV b=2", "scratch ; a=1 ; b=2"),
        ("ENV a=1 \\\n  b=2 \\\n# c=3 \\\n\n  d=4", "scratch ; a=1 ; b=2 ; d=4"),
        ("ENV a", "scratch ; ! this `ENV`: a name without a value"),
        ("ENV a=1 b", "scratch ; ! this `ENV`: a name without a value"),
        ("ENV a=\"x", "scratch ; ! this `ENV`: a quote that is not closed"),
        ("ENV a=${b", "scratch ; ! this `ENV`: a `${` without its `}`"),
        ("ENV a=b\\\nc", "scratch ; a=bc"),
    ]);
}

#[test]
fn variables_are_expanded_as_buildkit_does() {
    check(&[
        ("ENV a=${x:-d} b=${x-d} c=${x:+d} d=${x+d}", "scratch ; a=d ; b=d ; c= ; d="),
        ("ENV x=1\nENV a=${x:-d} b=${x-d} c=${x:+d} d=${x+d}", "scratch ; a=1 ; b=1 ; c=d ; d=d ; x=1"),
        ("ENV x=\nENV a=${x:-d} b=${x-d} c=${x:+d} d=${x+d}", "scratch ; a=d ; b= ; c= ; d=d ; x="),
        ("ENV a=${x:-${y:-\"z }\"}}", "scratch ; a=z }"),
        ("ENV x=a.b\nENV a=${x#*.} b=${x%.*} c=${x/a/b}", "scratch ; a=${x}|x ; b=${x}|x ; c=${x}|x ; x=a.b"),
        ("ARG x\nENV a=${x:-d} b=$x-1", "scratch ; a=${x}|x ; b=${x}-1|x"),
        ("ENV a=${x:?needed}", "scratch ; a=${x}|x"),
        ("ENV a=$ b=$1 c=${}", "scratch ; ! this `ENV`: a `${` that begins no variable"),
        ("ENV a=$ b=a$1b c=$$", "scratch ; a=$ ; b=ab ; c="),
        ("ENV a=${x!y}", "scratch ; ! this `ENV`: a `${` with an operator that no builder knows"),
    ]);
}

#[test]
fn args_hold_from_their_instruction_on() {
    check(&[
        ("ARG v=1\nENV a=$v", "scratch ; a=1"),
        ("ARG v=1\nFROM scratch\nENV a=x$v", "scratch ; a=x"),
        ("ARG v=1\nFROM scratch\nARG v\nENV a=$v", "scratch ; a=1"),
        ("ARG v=1\nFROM scratch\nARG v=2\nENV a=$v", "scratch ; a=2"),
        ("ARG v=1 w=$v-2\nFROM x:$w", "on x:1-2"),
        ("ARG v\nFROM x:$v", "on x:${v}|v"),
        ("FROM --platform=$BUILDPLATFORM x:${v:-2}", "on x:${v}|v"),
        (
            "ARG TARGETARCH\nENV a=$TARGETARCH b=$HTTP_PROXY",
            "scratch ; a=${TARGETARCH}|TARGETARCH ; b=${HTTP_PROXY}|HTTP_PROXY",
        ),
        ("ARG v=1\nENV v=2\nENV a=$v", "scratch ; a=2 ; v=2"),
        ("ENV v=2\nARG v=1\nENV a=$v", "scratch ; a=${v}|v ; v=2"),
        ("ENV v=2\nARG v=1\nENV v=3\nENV a=$v", "scratch ; a=3 ; v=3"),
        ("ARG A=1\nARG B=${A}2\nUSER $B", "scratch ; user 12"),
        ("ARG x=\"a b\" y='c'\nENV a=$x$y", "scratch ; a=a bc"),
    ]);
}

#[test]
fn build_arguments_override_defaults() {
    let one = |text: &str, args: &[(&str, EnvValue)]| shown(&made_with(text, None, args).image);
    let text = "ARG v=1\nFROM x:$v\nARG v=2\nENV a=$v";
    assert_eq!(one(text, &[("v", given("3"))]), "on x:3 ; a=3");
    assert_eq!(one(text, &[("v", EnvValue::Inherited)]), "on x:${v}|v ; a=${v}|v");
    assert_eq!(one("FROM scratch\nENV a=x$v", &[("v", given("3"))]), "scratch ; a=x");
    assert_eq!(one("FROM scratch\nARG v\nENV a=x$v", &[("v", given("3"))]), "scratch ; a=x3");
}

#[test]
fn workdir_user_volumes_and_labels_are_read() {
    check(&[
        ("WORKDIR /a\nWORKDIR b\nWORKDIR ../c", "scratch ; in /a/c"),
        ("WORKDIR a", "scratch ; in /a"),
        ("FROM x\nWORKDIR a", "on x ; in ${WORKDIR}/a|WORKDIR"),
        ("ENV D=/d\nWORKDIR $D/e/", "scratch ; D=/d ; in /d/e"),
        ("ARG D\nWORKDIR ${D}", "scratch ; in ${D}|D"),
        ("USER 1000:1000", "scratch ; user 1000:1000"),
        ("ARG U=node\nUSER $U", "scratch ; user node"),
        ("FROM x\nUSER $U", "on x ; user ${U}|U"),
        ("VOLUME /a /b\nVOLUME [\"/c d\"]", "scratch ; volume /a ; volume /b ; volume /c d"),
        (
            "LABEL a=1 \"b c\"='d e'\nLABEL f=\nLABEL g h i",
            "scratch ; label a=1 ; label b c=d e ; label f= ; label g=h i",
        ),
        ("ARG v=1\nLABEL a.$v=\"$v\"", "scratch ; label a.1=1"),
        ("EXPOSE 80\nSTOPSIGNAL INT\nMAINTAINER me", "scratch"),
    ]);
}

#[test]
fn commands_are_read_in_both_forms() {
    check(&[
        ("CMD [\"a\", \"b c\"]", "scratch ; cmd [a][b c]"),
        ("CMD a  'b c' $d", "scratch ; cmd [/bin/sh][-c][a  'b c' $d]"),
        ("CMD [ \"a\" , \"\\u0041\\n\\\"\" ]  ", "scratch ; cmd [a][A\n\"]"),
        ("CMD ['a']", "scratch ; cmd [/bin/sh][-c][['a']]"),
        ("CMD [\"a\",]", "scratch ; cmd [/bin/sh][-c][[\"a\",]]"),
        ("CMD [ -e /x ] && y", "scratch ; cmd [/bin/sh][-c][[ -e /x ] && y]"),
        ("CMD [\"a\", \\\n# no\n  \"b\"]", "scratch ; cmd [a][b]"),
        ("ENTRYPOINT [\"a\"]\nCMD [\"b\"]", "scratch ; entry [a] ; cmd [b]"),
        ("CMD [\"b\"]\nENTRYPOINT [\"a\"]", "scratch ; entry [a] ; cmd [b]"),
        ("ENTRYPOINT a", "scratch ; entry [/bin/sh][-c][a] ; cmd "),
        ("FROM x AS y\nCMD [\"b\"]\nFROM y\nENTRYPOINT [\"a\"]", "on x ; entry [a] ; cmd "),
        ("FROM x AS y\nENTRYPOINT [\"a\"]\nCMD [\"b\"]\nFROM y", "on x ; entry [a] ; cmd [b]"),
        ("ENTRYPOINT []", "scratch ; entry  ; cmd "),
        ("CMD", "scratch ; ! this `CMD`: there is nothing to run"),
        (
            "SHELL [\"/bin/bash\", \"-o\", \"pipefail\", \"-c\"]\nCMD x",
            "scratch ; cmd [/bin/bash][-o][pipefail][-c][x]",
        ),
        ("SHELL bash", "scratch ; ! this `SHELL`: no JSON array of words"),
        ("FROM x AS y\nSHELL [\"bash\", \"-c\"]\nFROM y\nCMD z", "on x ; cmd [bash][-c][z]"),
        (
            "HEALTHCHECK --interval=5s --timeout=3s \\\n CMD curl -f x || exit 1",
            "scratch ; health [/bin/sh][-c][curl -f x || exit 1]",
        ),
        ("HEALTHCHECK CMD [\"a\"]\nHEALTHCHECK none", "scratch ; health "),
        ("HEALTHCHECK cmd [\"a\"]", "scratch ; health [a]"),
        ("HEALTHCHECK x", "scratch ; ! this `HEALTHCHECK`: neither `CMD` nor `NONE`"),
        ("CMD a \\\n  && b \\\n# c\n  && d", "scratch ; cmd [/bin/sh][-c][a \\\n  && b \\\n  && d]"),
    ]);
}
