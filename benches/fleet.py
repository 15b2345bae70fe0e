#!/usr/bin/env python3
"""Captures of a generated fleet judged in one call: wall time, processor time, peak memory, lines of the text.

Each host has twelve containers: four that share a directory of the host (on every tenth host at a version that takes no
lock which others see), four with a directory each, two on an export of the rack (20 hosts), two on one export of all.

usage: benches/fleet.py [HOSTS]...     default: 10 100 1000 3000; fails above the limits that 1,000 hosts have
       benches/fleet.py --write HOSTS  prints the captures
"""

import copy
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
STATE = "/home/agent/.claude"
OLD, NEW = "2.1.98", "2.1.330"
# What the issue of a thousand hosts asks for.
MOST_SECONDS, MOST_MIB, MOST_LINES = 3.0, 160.0, 120
RUNS = 5


def mounted(container, name, host, source, network):
    """The container with its state directory's mount from elsewhere."""
    container = copy.deepcopy(container)
    container["name"] = name
    container["id"] = ("%08x" % hash_of(host, name)) * 8
    container["mounts"][0]["source"] = source
    for mount in container["kernel"]["mounts"]:
        if mount["mount_point"] == STATE:
            mount["root"] = source
            if network:
                mount.update(fstype="nfs4", source="files:/export", device="0:77", super_options=["rw", "vers=4.2"])
    return container


def hash_of(host, name):
    value = 2166136261
    for letter in "%d %s" % (host, name):
        value = (value ^ ord(letter)) * 16777619 & 0xFFFFFFFF
    return value


def capture(base, host):
    agent = base["containers"][0]

    def one(name, source, version, network=False):
        made = mounted(agent, name, host, source, network)
        made["labels"] = {"overlock.version": version, "overlock.role": "batch"}
        return made

    local = OLD if host % 10 == 0 else NEW
    containers = [one("agents-%d" % at, "/srv/claude", local) for at in range(4)]
    containers += [one("own-%d" % at, "/srv/own-%d" % at, OLD) for at in range(4)]
    containers += [one("rack-%d" % at, "/rack-%d" % (host // 20), NEW, True) for at in range(2)]
    containers += [one("all-%d" % at, "/all", OLD if host == 7 else NEW, True) for at in range(2)]
    return dict(base, host="host-%04d" % host, containers=containers)


def write(hosts, out):
    with open(os.path.join(ROOT, "fixtures/stale-bind/ok-same-directory/capture.json")) as file:
        base = json.load(file)
    for host in range(hosts):
        out.write(json.dumps(capture(base, host), separators=(",", ":")) + "\n")


def measured(call):
    """Seconds by the clock, seconds of the processor, MiB at most, and what was printed."""
    start = time.perf_counter()
    child = subprocess.Popen(call, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    out = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    assert child.returncode in (0, 1, 3), child.returncode
    return time.perf_counter() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, out


def main():
    if sys.argv[1:2] == ["--write"]:
        return write(int(sys.argv[2]), sys.stdout)
    binary = os.environ.get("OVERLOCK")
    if not binary:
        subprocess.run(["cargo", "build", "--release", "--quiet", "--locked"], cwd=ROOT, check=True)
        binary = os.path.join(ROOT, "target/release/overlock")
    wrong = []
    for hosts in [int(count) for count in sys.argv[1:]] or [10, 100, 1000, 3000]:
        with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as file:
            write(hosts, file)
            file.flush()
            runs = [measured([binary, "audit", "--no-config", "--from", file.name]) for _ in range(RUNS)]
            wall, work, memory = (statistics.median(run[at] for run in runs) for at in range(3))
            lines = runs[0][3].count(b"\n")
            size = os.path.getsize(file.name) / 2**20
        told = "%5d hosts (%5.1f MiB): %7.3f s, %7.3f s of the processor, %6.1f MiB, %d lines"
        print(told % (hosts, size, wall, work, memory, lines), flush=True)
        if hosts == 1000 and (wall > MOST_SECONDS or memory > MOST_MIB or lines >= MOST_LINES):
            wrong.append("at most %.0f s, %.0f MiB and fewer than %d lines are allowed" % (MOST_SECONDS, MOST_MIB, MOST_LINES))
    return "\n".join(wrong) or None


if __name__ == "__main__":
    sys.exit(main())
