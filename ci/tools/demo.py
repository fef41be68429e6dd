"""ci/demo: a real cluster, real data, a killed store; then the same in the simulator.

Loads this machine's Debian package index into three store processes while one of them is killed with SIGKILL, reads every
record back, compares the replicas, and runs the same kind of workload twice in the simulator.
"""

import argparse
import subprocess
import sys
import threading
import time

from common import (BUILD, ROOT, DevCluster, Failure, build, capture, fresh_folder, must, program, run_main, say, section,
                    simulate, start, stop)

RECORDS_MIN = 1000
CONCURRENCY = 64
SEED = 7


def package_index(folder):
    """The paragraphs of every package this machine knows of, in a file."""
    text = dump_available()
    if text.count("\nPackage: ") < RECORDS_MIN:
        say("the package index is (nearly) empty: apt-get update")
        as_root = [] if capture(["id", "-u"]).output.strip() == "0" else ["sudo"]
        must([*as_root, "apt-get", "update", "-q"], "apt-get update", timeout=300)
        text = dump_available()
    packages = sum(1 for line in text.splitlines() if line.startswith("Package: "))
    if packages < RECORDS_MIN:
        raise Failure(f"apt-cache dumpavail knows only {packages} packages: are there sources in /etc/apt?")
    path = folder / "packages.txt"
    path.write_text(text)
    say(f"{packages} packages, {len(text.encode()) / 1e6:.1f} MB, from apt-cache dumpavail")
    return path


def dump_available():
    return must(["apt-cache", "dumpavail"], "apt-cache dumpavail", timeout=120)


class Load:
    """`orrery kv load` in the background, its progress passed through."""

    def __init__(self, cluster, path):
        self.began = time.monotonic()
        self.process = start([cluster.orrery, "kv", "load", path, "--config", cluster.config, "--concurrency",
                              CONCURRENCY, "--timeout", 60], stdout=subprocess.PIPE, text=True)
        self.summary = ""
        self.ended_at = None
        self._thread = threading.Thread(target=self._wait, daemon=True)
        self._thread.start()

    def _wait(self):
        self.summary = self.process.communicate()[0].strip()
        self.ended_at = time.monotonic()

    def running(self):
        return self.ended_at is None

    def finish(self, timeout):
        self._thread.join(timeout)
        if self.running():
            raise Failure(f"the load did not end within {timeout} s")
        stop(self.process)
        if self.process.returncode != 0:
            raise Failure(f"orrery kv load: exit {self.process.returncode}")


def commit_index(cluster):
    return max(int(row.get("commit", 0)) for row in cluster.ctl("status"))


def kill_during(cluster, load):
    """Kills the leader in the middle of the load and sees it come back. Proves that the load was under way at each step."""
    start_index = commit_index(cluster)
    while load.running() and commit_index(cluster) < start_index + 20:
        time.sleep(0.05)
    leader = cluster.leader()
    store, pid = int(leader["store"]), cluster.pid(int(leader["store"]))
    before = commit_index(cluster)
    if not load.running():
        raise Failure("the load ended before a store could be killed: no demonstration")
    seen = len(cluster.lines)
    killed_at = time.monotonic()
    must(["kill", "-9", pid], "kill -9")
    say(f"kill -9 {pid}: store {store}, the leader, {killed_at - load.began:.1f} s into the load")
    cluster.wait_line(rf"^store {store} ended \(signal 9\)", 10, f"store {store} did not die", after=seen)
    again = cluster.wait_line(rf"^store {store} started again, pid (\d+)", 30, f"store {store} was not restarted",
                              after=seen)
    restarted_at = time.monotonic()
    if not load.running():
        raise Failure("the load ended before the store was back: no demonstration")
    say(f"store {store} is back as pid {again.group(1)}, {restarted_at - killed_at:.1f} s later; the load goes on")
    return before


def wait_equal(cluster, patience=60):
    """Until all replicas have applied the same and hash to the same."""
    deadline = time.monotonic() + patience
    rows = []
    while time.monotonic() < deadline:
        done = capture([cluster.orrery, "ctl", "checksum", "--config", cluster.config], timeout=30)
        rows = [line.split() for line in done.output.splitlines()[1:] if line and line[0].isdigit()]
        if done.exit_code == 0 and len(rows) == cluster.stores and len({(row[1], row[3]) for row in rows}) == 1:
            say(done.output.rstrip())
            return
        time.sleep(0.5)
    raise Failure(f"the replicas did not become equal within {patience} s: {rows}")


def real_cluster(cluster, index):
    section("loading, while the leader is killed with -9")
    load = Load(cluster, index)
    before = kill_during(cluster, load)
    load.finish(timeout=600)
    after = commit_index(cluster)
    if after <= before:
        raise Failure("nothing was committed after the kill")
    say(f"{load.summary}; log position {before} at the kill, {after} at the end")

    section("reading every record back")
    say(must([cluster.orrery, "kv", "verify", index, "--config", cluster.config, "--concurrency", CONCURRENCY,
              "--timeout", 60], "orrery kv verify", timeout=600).strip())

    section("the stores, and the contents of the replicas")
    say(must([cluster.orrery, "ctl", "status", "--config", cluster.config], "orrery ctl status", timeout=30).rstrip())
    say()
    wait_equal(cluster)


def simulated():
    section(f"the same in the simulator, twice: scenario demo, seed {SEED}")
    simulator = program("orrery-sim")
    fingerprints = []
    for run in (1, 2):
        code, report = simulate(simulator, "demo", SEED)
        if code != 0:
            raise Failure(f"the simulation failed ({report['outcome']}): {report.get('words', '')}")
        fingerprints.append(report["fingerprint"])
        faults = ", ".join(f"{count} {name}" for name, count in sorted(report["faults"].items()))
        say(f"run {run}: fingerprint {report['fingerprint']}  {report['events']} events, "
            f"{report['virtual_seconds']:.0f} simulated s in {report['cpu_seconds']:.2f} CPU s, "
            f"{report.get('acknowledged', 0)} operations acknowledged")
    say(f"faults: {faults}")
    if fingerprints[0] != fingerprints[1]:
        raise Failure("two runs of one seed differ")
    say("equal: the whole cluster, RocksDB included, went the same way twice")


def next_steps(folder):
    section("what to try next")
    say(f"""  ./ci/demo --stay                                             the cluster stays up, with a shell
  build/release/orrery-sim list                                scenarios, workloads, faults
  build/release/orrery-sim run --scenario everything --seed 1  every kind of fault in one minute of cluster time
  build/release/orrery-sim run --scenario everything --seed 1 --trace trace.txt
  build/release/orrery dev --dir {folder.relative_to(ROOT)}          this cluster again
  ./ci/test                                                    every test""")


def shell(cluster):
    section("the cluster stays up; type help, end with ^D")
    say(f"  from elsewhere: build/release/orrery kv get bash --config {cluster.config.relative_to(ROOT)}")
    # In our own process group, because it owns the terminal.
    subprocess.run([str(cluster.orrery), "kv", "shell", "--config", str(cluster.config)], check=False)


def main():
    parser = argparse.ArgumentParser(prog="ci/demo", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--stay", action="store_true", help="leave the cluster up and open a shell on it")
    arguments = parser.parse_args()

    section("building")
    build("release", "orrery", "orrery-sim")
    section("the data")
    folder = fresh_folder(BUILD / "demo")
    index = package_index(folder)
    section("a cluster of three processes on the loopback, with real disks")
    with DevCluster(folder / "cluster") as cluster:
        say("\n".join(line for line in cluster.lines if line.startswith(("cluster", "  store"))))
        real_cluster(cluster, index)
        simulated()
        next_steps(folder / "cluster")
        if arguments.stay:
            shell(cluster)
    section("done: every record came back, replicas equal, fingerprints equal")
    return 0


if __name__ == "__main__":
    sys.exit(run_main("ci/demo", main))
