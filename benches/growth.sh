#!/usr/bin/env bash
# How `overlock check` grows with what it reads: instructions, by callgrind, for n, 2n and 4n of each kind of code, less
# those of a script that starts one container. Where a kind grows with the paths through it, or with the square of its
# length, the last column tells: twice as much is about twice the work. Fails where 4n of a kind takes more than 2.6
# times what 2n takes. With a file as its argument it measures that binary, and builds none.
# usage: benches/growth.sh [BINARY]
set -euo pipefail
cd "$(dirname "$0")/.."
if [ $# -gt 0 ]; then
  binary=$(realpath "$1")
else
  cargo build --release --quiet
  binary=$PWD/target/release/overlock
fi
command -v valgrind >/dev/null || { echo "growth.sh: valgrind is not installed" >&2; exit 2; }

exec python3 - "$binary" <<'PY'
import os, re, subprocess, sys, tempfile
binary = sys.argv[1]
START = 'docker run --rm -v /srv/claude:/home/agent/.claude -e "HOME=/home/agent" agents:1 claude -p go'

def flat(part):
    """Parts one after the other, each with a login of its own: what is measured is how they are read."""
    own = part.replace("START", START.replace("/srv/claude", "/srv/claude-@"))
    return lambda n: {"gen.sh": "".join(own.replace("@", str(at)) for at in range(n))}

def levels(part):
    """Functions each of which calls the next one, down to what starts a container."""
    def made(n):
        name = lambda at: "f%d" % at if at < n else START
        each = (part.replace("@", str(at)).replace("NEXT", name(at + 1)) for at in range(n))
        return {"gen.sh": "".join(each) + 'f0 "$1"\n'}
    return made

def sourced(n):
    files = {"part%d.sh" % at: ". ./part%d.sh\n. ./part%d.sh\n" % (at + 1, at + 1) for at in range(n)}
    return files | {"part%d.sh" % n: START + "\n", "gen.sh": ". ./part0.sh\n"}

def run_files(n):
    files = {"part%d.sh" % at: "bash ./part%d.sh\nbash ./part%d.sh\n" % (at + 1, at + 1) for at in range(n)}
    return files | {"part%d.sh" % n: START + "\n", "gen.sh": "bash ./part0.sh\n"}

def dispatch(n):
    each = ('do_%d() { docker run --rm -v /srv/%d:/tree agents:1 claude; "do_$1" "$2"; }\n' % (at, at) for at in range(n))
    return {"gen.sh": "".join(each) + '"do_$1" "$2"\n'}

ENTRYPOINT = "#!/bin/bash\nset -eu\n" + "".join(
    'if [ "${MODE_%d:-}" = on ]; then\n  log "mode %d"\n  export STATE_%d=/var/lib/state-%d\n  mkdir -p "$STATE_%d"\nfi\n'
    % ((at,) * 5) for at in range(100)) + 'exec flock "$HOME/.claude/lock" claude -p go\n'

def services(count, lines):
    def made(n):
        run = "".join("RUN apt-get install -y package-%d && rm -rf /var/lib/apt/lists/* && echo $HOME > /etc/made-%d\n"
                      % (at, at) for at in range(lines(n)))
        each = "".join("  agent-%d:\n    build: .\n    volumes: [\"/srv/claude:/home/agent/.claude\"]\n"
                       "    environment: {HOME: /home/agent}\n" % at for at in range(count(n)))
        dockerfile = "FROM debian:12\n" + run + 'COPY entry.sh /usr/local/bin/entry.sh\nENTRYPOINT ["/usr/local/bin/entry.sh"]\n'
        return {"compose.yaml": "services:\n" + each, "Dockerfile": dockerfile, "entry.sh": ENTRYPOINT}
    return made

KINDS = [
    ("branches", 40, flat('if [ "$X@" = a ]; then START; V=@; else W=@; fi\n')),
    ("branches in branches", 4, lambda n: {"gen.sh": "".join('if [ "$X%d" = a ]; then V=%d\n' % (at, at) for at in range(n))
        + START + "\n" + "else W=1; fi\n" * n}),
    ("functions", 40, flat('f@() { START; }\nf@ "$1"\n')),
    ("calls of one function", 40, lambda n: {"gen.sh": "f() { %s; }\n" % START + 'f "$1"\n' * n}),
    ("loops", 40, flat('for x in a b "$1"; do START; V@=$x; done\n')),
    ("loops in loops", 4, lambda n: {"gen.sh": "".join("for x%d in a b; do\n" % at for at in range(n)) + START + "\n" + "done\n" * n}),
    ("case arms", 40, flat('case "$1" in a@) START ;; b) V=@ ;; *) : ;; esac\n')),
    ("functions that call the next twice", 3, levels('f@() { NEXT; NEXT; }\n')),
    ("the same with arguments", 3, levels('f@() { NEXT "$1"; NEXT x; }\n')),
    ("the same with variables", 3, levels('f@() { V@=1; NEXT; V@=2; local W@=3; NEXT; }\n')),
    ("branches that call functions", 3, levels('f@() { if [ "$X@" = a ]; then NEXT; else NEXT; fi; [ -n "$Y" ] || exit 1; }\n')),
    ("loops in functions", 3, levels('f@() { for x@ in a b; do NEXT; done; while read -r y; do NEXT; done; }\n')),
    ("case arms that call functions", 3, levels('f@() { case "$1" in a) NEXT ;; b) NEXT b ;; *) NEXT "$2" ;; esac; }\n')),
    ("subshells and pipes in functions", 3, levels('f@() { ( NEXT ); NEXT | tee log; V@=$(NEXT); }\n')),
    ("locks in functions", 3, levels('f@() { ( flock 9; NEXT; NEXT ) 9>/tmp/lock@; }\n')),
    ("sourced files", 2, sourced),
    ("files that are run", 2, run_files),
    ("functions by name, each any of them", 5, dispatch),
    ("services of one image", 2, services(lambda n: n, lambda n: 160)),
    ("RUN lines", 40, services(lambda n: 8, lambda n: n)),
]

def measure(files):
    with tempfile.TemporaryDirectory() as directory:
        for name, text in files.items():
            with open(os.path.join(directory, name), "w") as file:
                file.write(text)
        os.mkdir(os.path.join(directory, ".git"))
        call = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", binary, "check", ".", "--format", "json"]
        run = subprocess.run(call, cwd=directory, capture_output=True, text=True)
        unread = " (not judged)" if '"not_judged":[{' in run.stdout.replace(" ", "").replace("\n", "") else ""
        return int(re.findall(r"Collected : (\d+)", run.stderr)[-1]) / 1e6, unread

only = os.environ.get("GROWTH_ONLY", "")
least, _ = measure({"gen.sh": START + "\n"})
print("%-36s %5s %9s %9s %9s   millions of instructions" % ("", "n", "n", "2n", "4n"))
wrong = []
for name, n, made in KINDS:
    if only not in name:
        continue
    each = [measure(made(times * n)) for times in (1, 2, 4)]
    one, two, four = [max(work - least, 0.01) for work, _ in each]
    print("%-36s %5d %9.2f %9.2f %9.2f   %.2f times%s" % (name, n, one, two, four, four / two, each[2][1]), flush=True)
    # Where each of n functions may call each, there are n times n calls.
    if four > (4.4 if made is dispatch else 2.6) * two:
        wrong.append(name)
sys.exit("grows faster than what it reads: " + ", ".join(wrong) if wrong else 0)
PY
