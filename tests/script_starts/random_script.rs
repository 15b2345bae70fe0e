//! A random script that starts containers in ways that real ones do. Each start has its own line in its words.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::WORDS;

/// How scripts write the engine's name.
const ENGINES: [&str; 7] =
    ["docker", "docker", "docker", "\"${DOCKER:-docker}\"", "$ENGINE", "podman", "docker container"];

/// A script, and how many functions it has.
pub(super) struct RandomScript {
    pub(super) text: String,
    pub(super) functions: usize,
    pub(super) called: BTreeSet<usize>,
    state: u64,
    depth: usize,
    in_function: bool,
}

impl RandomScript {
    pub(super) fn new(seed: u64) -> Self {
        let mut script = Self {
            text: "#!/bin/bash\n".to_owned(),
            functions: 0,
            called: BTreeSet::new(),
            state: seed,
            depth: 0,
            in_function: false,
        };
        if script.chance(3) {
            script.line("set -eu");
        }
        script.line("ENGINE=docker");
        let library = if script.chance(2) { ". ./library.sh" } else { "source \"$(dirname \"$0\")/library.sh\"" };
        script.line(library);
        let functions = script.below(4);
        for number in 0..functions {
            script.line(&format!("f{number}() {{"));
            script.in_function = true;
            script.block(3);
            script.in_function = false;
            script.line("}");
            script.functions += 1;
        }
        if script.chance(3) {
            for word in ["alpha", "beta"] {
                script.line(&format!("do_{word}() {{"));
                script.block(2);
                script.line("}");
            }
            script.line("\"do_${1:-alpha}\" \"$@\" || true");
        }
        script.block(5);
        if script.functions > 0 && script.chance(4) {
            script.called.insert(0);
            script.line("f0 \"$@\"");
        }
        script
    }

    /// The next random number (splitmix64).
    fn index_below(&mut self, limit: usize) -> usize {
        usize::try_from(self.below(limit as u64)).unwrap()
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit
    }

    fn chance(&mut self, of: u64) -> bool {
        self.below(of) == 0
    }

    fn word(&mut self) -> &'static str {
        WORDS[self.index_below(WORDS.len())]
    }

    fn called_function(&mut self) -> usize {
        let number = self.index_below(self.functions);
        self.called.insert(number);
        number
    }

    fn line(&mut self, text: &str) {
        writeln!(self.text, "{}{text}", "  ".repeat(self.depth)).unwrap();
    }

    /// The line that the next one is.
    fn next_line(&self) -> usize {
        self.text.matches('\n').count() + 1
    }

    /// A start in a here-document, which ends at the margin.
    fn here_document(&mut self, before: &str) {
        let quoted = if self.chance(2) { "'END'" } else { "END" };
        self.line(&format!("{before} <<{quoted}"));
        self.start("", "");
        self.text.push_str("END\n");
    }

    /// A list of words that branches make longer.
    fn array_in_branches(&mut self) {
        let word = self.word();
        self.line("words=(docker run --rm)");
        let line = self.next_line() - 1;
        self.line(&format!("if [ \"${{1:-}}\" = {word} ]; then words+=(-v \"/srv/$1:/tree\"); else words+=(-d); fi"));
        self.line("for x in \"$@\"; do words+=(-e \"X_$x=1\"); done");
        self.line(&format!("words+=(-e LINE={line} -e HOME=/home/agent -v /srv/login:/home/agent/.claude agents:1)"));
        self.line("\"${words[@]}\" claude -p \"${1:-go}\"");
    }

    /// A text of options that branches make longer.
    fn text_in_branches(&mut self) {
        let word = self.word();
        self.line("A=\"-e HOME=/home/agent -v /srv/login:/home/agent/.claude\"");
        self.line(&format!("if [ \"${{1:-}}\" = {word} ]; then A=\"$A -v /srv/tree:/tree\"; else A=\"$A -d\"; fi"));
        self.line("[ $# -lt 2 ] || A=\"$A --network none\"");
        let line = self.next_line();
        let named = format!("--name fixed-{line} agents:1 claude");
        let rest = if self.chance(2) { "agents:1 claude -p go" } else { &named };
        self.line(&format!("docker run --rm -e LINE={line} $A {rest}"));
    }

    /// A start, with its own line in its words.
    fn start(&mut self, before: &str, after: &str) {
        let line = self.next_line();
        let mount = match self.below(4) {
            0 => "\"/srv/$1:/tree\"",
            1 => "\"/srv/${2:-tree}:/tree\"",
            2 => "\"$PWD:/tree\"",
            _ => "/srv/tree:/tree",
        };
        let name = match self.below(6) {
            0 => format!(" --name fixed-{line}"),
            1 => format!(" --name \"part-{line}-$1\""),
            _ => String::new(),
        };
        let detached = if self.chance(4) { " -d" } else { "" };
        let engine = ENGINES[self.index_below(ENGINES.len())];
        let text = format!(
            "{before}{engine} run --rm{detached}{name} -e LINE={line} -e HOME=/home/agent -v {mount} -v \
             /srv/login:/home/agent/.claude agents:1 claude -p go{after}"
        );
        self.line(&text);
    }

    fn block(&mut self, most: u64) {
        self.depth += 1;
        for _ in 0..=self.below(most) {
            self.statement();
        }
        self.depth -= 1;
    }

    fn compound(&mut self, opening: &str, closing: &str) {
        self.line(opening);
        self.block(2);
        self.line(closing);
    }

    fn statement(&mut self) {
        if self.depth > 4 {
            return self.start("", "");
        }
        let word = self.word();
        if self.chance(5) {
            return self.further_statement();
        }
        match self.below(50) {
            4 => self.start("", " &"),
            5 => self.start("", " || true"),
            6 => self.start("if ! ", "; then exit 3; fi"),
            7 => self.start("printf '%s\\n' a b | xargs -I{} ", ""),
            8 => self.start("(cd /tmp && ", ")"),
            9 => {
                self.line(&format!("if [ \"${{1:-}}\" = {word} ]; then"));
                self.block(2);
                self.line("else");
                self.block(2);
                self.line("fi");
            }
            10 => self.compound("if [ $# -gt 1 ]; then", "fi"),
            11 => {
                let ending = if self.in_function { "return 0" } else { "exit 0" };
                self.line(&format!("[ -n \"${{1:-}}\" ] || {ending}"));
            }
            12 | 13 => {
                let number = 1 + self.below(2);
                self.line(&format!("case \"${{{number}:-}}\" in"));
                for word in ["alpha", "beta|gamma", "-*", "*"].iter().skip(self.index_below(3)) {
                    self.line(&format!("{word})"));
                    self.block(2);
                    self.line(";;");
                }
                self.line("esac");
            }
            14 => self.compound("for x in a \"$@\"; do", "done"),
            15 => {
                self.line("while [ $# -gt 0 ]; do");
                self.line(&format!("  case \"$1\" in {word}) CHOSEN=\"${{2:-}}\" ;; esac"));
                self.block(1);
                self.line("  shift");
                self.line("done");
            }
            16 => {
                self.line("CHOSEN=\"${1:-none}\"");
                self.compound(&format!("if [[ $CHOSEN == {word}* ]]; then"), "fi");
            }
            17 if self.functions > 0 => {
                let number = self.called_function();
                let argument = if self.chance(2) { "\"$@\"" } else { word };
                self.line(&format!("f{number} {argument}"));
            }
            18 if self.functions > 0 => {
                let number = self.called_function();
                self.line(&format!("NUMBER={number}; \"f$NUMBER\" {word} || true"));
            }
            // Again and again, also from the functions below: what is called twice from one start is gone through once.
            46.. if self.functions > 0 => {
                let number = self.called_function();
                let other = self.called_function();
                let between = ["CHOSEN=$1", "shift || true", "wait", "cd /tmp", "export NUMBER=3"];
                let between = between[self.index_below(between.len())];
                let calls = [
                    format!("f{number} \"$@\"; f{number} \"$@\" || true"),
                    format!("f{number} {word}; {between}; f{number} {word}"),
                    format!("f{number} & f{other} \"$1\" || true; wait"),
                    format!("( f{number} {word}; f{other} {word} ) || f{number} {word}"),
                    format!("CHOSEN=$(f{number} {word}) f{other} | cat"),
                ];
                let call = self.index_below(calls.len());
                self.line(&calls[call]);
            }
            19 => self.line("shift || true"),
            20 if self.depth <= 1 => self.line(&format!("set -- {word} \"$@\"")),
            21 => {
                self.line("while read -r item; do");
                self.block(1);
                self.line(&format!("done <<< \"${{1:-}} {word}\""));
            }
            22 => {
                self.line("while getopts ab option; do");
                self.line("  case $option in a)");
                self.block(1);
                self.line("  ;; *) : ;; esac");
                self.line("done");
            }
            23 => {
                let line = self.next_line();
                self.line(&format!("docker compose run --rm -e LINE={line} night"));
            }
            24 => {
                self.line("words=(docker run --rm)");
                // It is where its first word is written.
                let line = self.text.matches('\n').count();
                self.line(&format!("words+=(-e LINE={line} -e HOME=/home/agent -v /srv/login:/home/agent/.claude)"));
                self.line("\"${words[@]}\" agents:1 claude -p \"${1:-go}\"");
            }
            25 | 26 => self.array_in_branches(),
            27 | 28 => self.text_in_branches(),
            29 => self.start("printf '%s\\n' a b | xargs -P 2 -I{} ", ""),
            30 => {
                self.start("", " & one=$!");
                self.block(1);
                self.line("wait \"$one\" || true");
            }
            31 => {
                self.start("", " &");
                self.line("wait || true");
            }
            32 => self.here_document("bash -s -- beta"),
            33 => {
                self.here_document("cat > made.sh");
                self.line("bash made.sh alpha || true");
            }
            34 => {
                let (line, project) = (self.next_line(), self.word().trim_start_matches('-'));
                // Only the last of them starts a container of its own.
                let does = match self.below(3) {
                    0 => "exec -T night claude -p go".to_owned(),
                    1 => "up -d night".to_owned(),
                    _ => format!("run --rm -e LINE={line} night"),
                };
                self.line(&format!("docker compose -f compose.yaml -p {project} {does}"));
            }
            35 => self.line(&format!("in_library {word}")),
            36 => self.start("retry ", ""),
            37 => self.start("out=$(", ") || true"),
            38 => self.start("sh -c '", "'"),
            39 => self.start("trap '", "' EXIT"),
            40 => self.start("eval '", "'"),
            41 => self.start("until ", "; do break; done"),
            42 => {
                self.line("while getopts a:b option; do");
                self.line("  case $option in a) CHOSEN=$OPTARG ;; b) set -- \"$@\" beta ;; esac");
                self.line("done");
                self.compound("if [ -n \"${CHOSEN:-}\" ]; then", "fi");
            }
            43 => {
                self.line("while [ $# -gt 0 ]; do");
                self.line("  case \"$1\" in");
                self.line(&format!("  {word}) CHOSEN=\"${{2:-}}\"; shift ;;"));
                self.line("  --x) X=1 ;;");
                self.line("  *) break ;;");
                self.line("  esac");
                self.line("  shift || break");
                self.line("done");
                self.compound("if [ \"${X:-0}\" = 1 ]; then", "fi");
            }
            44 => {
                let before = ["nice -n 5 ", "timeout 5 ", "env A=b ", "time ", "command ", "A=b "][self.index_below(6)];
                self.start(before, " 2>&1 | cat");
            }
            _ => self.start("", ""),
        }
    }

    /// A start of a login that a variable holds.
    fn start_of(&mut self, login: &str) {
        let line = self.next_line();
        let detached = if self.chance(3) { " -d" } else { "" };
        self.line(&format!(
            "docker run --rm{detached} -e LINE={line} -e HOME=/home/agent -v \"{login}:/home/agent/.claude\" agents:1 \
             claude -p go"
        ));
    }

    /// What holds a login or another directory on each of several ways.
    fn login_in_branches(&mut self) {
        let word = self.word();
        match self.below(6) {
            0 => {
                self.line(&format!("if [ \"${{1:-}}\" = {word} ]; then D=$(mktemp -d -p .); else D=/srv/login; fi"));
                self.start_of("$D");
            }
            1 => {
                self.line(&format!("D=/srv/login; [ \"${{1:-}}\" != {word} ] || D=/srv/other"));
                self.block(1);
                self.start_of("$D");
            }
            2 => {
                self.line("case \"${1:-}\" in");
                self.line("  alpha) D=/srv/login E=-d ;; beta|gamma) D=/srv/other E=--init ;; *) D=/srv/third E=-i ;;");
                self.line("esac");
                let line = self.next_line();
                self.line(&format!(
                    "docker run --rm $E -e LINE={line} -e HOME=/home/agent -v $D:/home/agent/.claude agents:1 claude -p go"
                ));
            }
            3 => {
                self.line(&format!("if [ \"${{1:-}}\" = {word} ]; then B=/srv; else B=/srv/deep; fi"));
                self.line("D=\"$B/login\"");
                self.start_of("$D");
            }
            4 => {
                self.line("M=(-e A=b -v /srv/login:/home/agent/.claude)");
                self.line(&format!("[ \"${{2:-}}\" != {word} ] || M=(-e A=b -v /srv/other:/home/agent/.claude)"));
                let line = self.next_line();
                self.line(&format!(
                    "docker run --rm -e LINE={line} -e HOME=/home/agent \"${{M[@]}}\" agents:1 claude -p go"
                ));
            }
            _ => {
                self.line("D=/srv/login");
                self.line(&format!("for x in \"$@\"; do [ \"$x\" != {word} ] || D=/srv/other; done"));
                self.line("start_it() {");
                self.start_of("$D");
                self.line("}");
                self.line("start_it");
            }
        }
    }

    /// What is rarer in scripts, and leads to starts all the same.
    fn further_statement(&mut self) {
        let word = self.word();
        match self.below(22) {
            0..=5 => self.login_in_branches(),
            6 => {
                self.line("put_it() {");
                self.start("", "");
                self.line("}");
                let call = ["bash -c \"$(declare -f put_it); put_it beta\"", "export -f put_it; bash -c 'put_it beta'"];
                let call = call[self.index_below(call.len())];
                self.line(&format!("{call} || true"));
            }
            7 => {
                self.line("cat > made.yaml <<'END'");
                self.text.push_str(
                    "services:\n  night:\n    image: agents:1\n    entrypoint: [claude, -p, go]\n    environment: {HOME: \
                     /home/agent}\n    volumes: [\"/srv/made:/home/agent/.claude\"]\nEND\n",
                );
                self.line("docker compose -f made.yaml up -d night");
            }
            8 => {
                self.start("CID=$(", ") || true");
                self.block(1);
                self.line("docker stop \"$CID\" || true");
            }
            9 => {
                let line = self.next_line();
                self.line(&format!(
                    "docker run -d --name fixed-{line} -e LINE={line} -e HOME=/home/agent -v \
                     /srv/login:/home/agent/.claude agents:1 claude -p go"
                ));
                self.line(&format!("docker rm -f $(docker ps -aq --filter name=fixed-{line}) || true"));
            }
            10 => {
                self.line(&format!("[ \"${{1:-}}\" != {word} ] || cd /tmp"));
                let line = self.next_line();
                self.line(&format!(
                    "docker compose -f compose.yaml -p {} run --rm -e LINE={line} night",
                    word.trim_start_matches('-')
                ));
            }
            11 => {
                // It is where its first word is written: that of a text that is run, in the text.
                let line = self.next_line();
                let (call, place) = match self.below(3) {
                    0 => ("$CMD || true", line + 1),
                    1 => ("eval \"$CMD\" || true", line),
                    _ => ("bash -c \"$CMD\" || true", line),
                };
                self.line(&format!(
                    "CMD=\"docker run --rm -e LINE={place} -e HOME=/home/agent -v \
                     /srv/login:/home/agent/.claude agents:1 claude -p go\""
                ));
                self.line(call);
            }
            12 => {
                self.line("for ((i = 0; i < 2; i++)); do");
                self.block(1);
                self.line("done");
            }
            13 => {
                self.line("while read -r item; do");
                self.block(1);
                self.line("done < <(printf '%s\\n' a b)");
            }
            14 => {
                self.line("case \"${1:-}\" in");
                for (pattern, ending) in [("alpha", ";;&"), ("beta|alpha", ";&"), ("gamma", ";;")] {
                    self.line(&format!("{pattern})"));
                    self.block(1);
                    self.line(ending);
                }
                self.line("esac");
            }
            15 => self.start("[[ -n ${1:-} ]] && ", " || true"),
            16 => self.start("{ ", "; } 2>/dev/null"),
            17 => self.start("(exec ", ")"),
            18 => self.start("printf '%s\\n' a b | xargs -P 2 -I{} bash -c '", "'"),
            19 => {
                self.line("read -r CHOSEN <<< \"${1:-none}\"");
                self.compound(&format!("if [[ $CHOSEN =~ ^{}$ ]]; then", word.trim_start_matches('-')), "fi");
            }
            20 => {
                self.line("first=\"${1:-}\"; shift $(($# > 0 ? 1 : 0))");
                self.compound(&format!("if test \"$first\" = {word} -o $# -gt 1; then"), "fi");
            }
            _ => {
                self.line("cat > made.sh <<END");
                self.line("#!/bin/bash");
                self.start("", "");
                self.text.push_str("END\n");
                self.line("chmod +x made.sh; ./made.sh alpha || true");
            }
        }
    }
}
