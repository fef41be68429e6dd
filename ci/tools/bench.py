"""ci/bench: Orrery against etcd, and against RocksDB alone.

Three members of etcd and three stores of Orrery, in turns, on the loopback and the same disk, both with fsync on, are driven
by one load generator: 256-byte values, 64 and 512 clients, puts and linearizable gets, closed loop; then both at one offered
rate for the tail of the latencies. RocksDB's own group commit with as many threads is the ceiling. Medians over several
rounds; the order changes from round to round.

ORRERY_BENCH_SECONDS (measured per point, default 5) and ORRERY_BENCH_ROUNDS (default 3) bound the time: with these about
8 minutes. Results go to docs/results/bench/COMMIT.json.
"""

import argparse
import json
import os
import pathlib
import shutil
import statistics
import sys
import threading
import time

from common import (BUILD, CPUS, ROOT, DevCluster, Failure, build, capture, fresh_folder, free_ports, must, program,
                    run_main, say, section, start, stop, table, write_result)

FOLDER = BUILD / "bench"
VALUE_BYTES = 256
KEYS = 5000
CLIENTS = (64, 512)
WARMUP = 2.0
RATE_SHARE = 0.6  # Of etcd's own closed-loop throughput with 64 clients, in the first round.
RATE_CLIENTS = 64
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


# --- What is measured -------------------------------------------------------------------------------------------------

def cpu_seconds(pids):
    """User and system time of the processes, all threads."""
    total = 0
    for pid in pids:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICKS_PER_SECOND


class CpuMeter:
    """CPU use of the servers while a load runs, sampled inside its measured window."""

    def __init__(self, pids, seconds):
        self.rate = None
        self._pids, self._seconds = pids, seconds
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        margin = min(0.3, self._seconds / 10)
        time.sleep(WARMUP + margin)
        begun, before = time.monotonic(), cpu_seconds(self._pids)
        time.sleep(self._seconds - 2 * margin)
        self.rate = (cpu_seconds(self._pids) - before) / (time.monotonic() - begun)

    def result(self):
        self._thread.join()
        return self.rate


def load(target, where, operation, clients, seconds, rate=0):
    """One run of the generator."""
    command = [program("orrery_load"), target, *where, "--operation", operation, "--clients", clients, "--keys", KEYS,
               "--value-bytes", VALUE_BYTES, "--seconds", seconds, "--warmup", WARMUP, "--rate", rate]
    output = must(command, f"orrery_load {target} {operation}", timeout=WARMUP + seconds + 60)
    result = json.loads(output.strip().splitlines()[-1])
    if result["operations"] == 0:
        raise Failure(f"{target} {operation} with {clients} clients: nothing succeeded: {result['first_error']}")
    return result


# --- Systems ----------------------------------------------------------------------------------------------------------

class Etcd:
    """Three members. The load goes to the leader's endpoint, which suits etcd best: others would forward to it."""
    name = "etcd"

    def __init__(self):
        self.folder = fresh_folder(FOLDER / "etcd")
        first = free_ports(6)
        self.clients = [f"127.0.0.1:{first + i}" for i in range(3)]
        self.peers = [f"http://127.0.0.1:{first + 3 + i}" for i in range(3)]
        self.processes = []

    def __enter__(self):
        cluster = ",".join(f"m{i}={peer}" for i, peer in enumerate(self.peers))
        for i in range(3):
            log = open(self.folder / f"m{i}.log", "w")
            self.processes.append(start([
                "etcd", "--name", f"m{i}", "--data-dir", self.folder / f"m{i}",
                "--listen-client-urls", f"http://{self.clients[i]}", "--advertise-client-urls", f"http://{self.clients[i]}",
                "--listen-peer-urls", self.peers[i], "--initial-advertise-peer-urls", self.peers[i],
                "--initial-cluster", cluster, "--initial-cluster-state", "new", "--initial-cluster-token", "orrery-bench",
                "--quota-backend-bytes", 8 << 30, "--log-level", "error", "--logger", "zap"],
                stdout=log, stderr=log))
        self.leader = self._await_leader()
        return self

    def _await_leader(self):
        import urllib.request
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            for client in self.clients:
                try:
                    request = urllib.request.Request(f"http://{client}/v3/maintenance/status", data=b"{}")
                    status = json.load(urllib.request.urlopen(request, timeout=2))
                    if status.get("leader", "0") == status["header"]["member_id"]:
                        return client
                except OSError:
                    continue
            time.sleep(0.2)
        raise Failure(f"etcd elected no leader within 30 s; see {self.folder.relative_to(ROOT)}/m0.log")

    def __exit__(self, *_):
        for process in self.processes:
            stop(process)
        shutil.rmtree(self.folder, ignore_errors=True)

    def where(self):
        return ["--endpoints", self.leader]

    def pids(self):
        return [process.pid for process in self.processes]

    def fsyncs(self):
        return None


class Orrery:
    """Three stores under `orrery dev`."""
    name = "orrery"

    def __init__(self):
        self.cluster = DevCluster(fresh_folder(FOLDER / "orrery"))

    def __enter__(self):
        self.cluster.__enter__()
        self.cluster.leader()
        return self

    def __exit__(self, *details):
        self.cluster.__exit__(*details)
        shutil.rmtree(self.cluster.folder, ignore_errors=True)

    def where(self):
        return ["--config", self.cluster.config]

    def pids(self):
        return self.cluster.pids()

    def fsyncs(self):
        """Syncs of the log since the start, of the leader and of all stores."""
        rows = self.cluster.ctl("status")
        counts = {row["store"]: row["counters"]["syncs"] for row in rows if "counters" in row}
        leader = next((row["store"] for row in rows if row.get("role") == "leader"), None)
        return counts.get(leader, 0), sum(counts.values())


# --- A round ----------------------------------------------------------------------------------------------------------

class Figures:
    """name -> list of values, one a round."""

    def __init__(self):
        self.values = {}

    def add(self, name, value):
        self.values.setdefault(name, []).append(value)

    def median(self, name):
        values = [value for value in self.values.get(name, []) if value is not None]
        return statistics.median(values) if values else None


def measure(system, figures, operation, clients, seconds, rate=0):
    meter = CpuMeter(system.pids(), seconds)
    before = system.fsyncs()
    result = load(system.name, system.where(), operation, clients, seconds, rate)
    after = system.fsyncs()
    point = f"{system.name}/{operation}/{clients}" + ("/rate" if rate else "")
    figures.add(f"{point}/per_second", result["per_second"])
    for quantile in ("p50_us", "p99_us"):
        figures.add(f"{point}/{quantile}", result[quantile])
    figures.add(f"{point}/cpu_us", meter.result() / result["per_second"] * 1e6)
    figures.add(f"{point}/errors", result["errors"])
    if rate:
        figures.add(f"{point}/offered", rate)
    if operation == "put" and before is not None:
        # Counters cover the warm-up too, in which puts come at about the same rate.
        puts = result["per_second"] * (seconds + WARMUP)
        figures.add(f"{point}/fsyncs_per_put_leader", (after[0] - before[0]) / puts)
        figures.add(f"{point}/fsyncs_per_put_all", (after[1] - before[1]) / puts)
    say(f"  {point:28} {result['per_second']:9.0f}/s  p50 {result['p50_us']:>7} us  p99 {result['p99_us']:>8} us  "
        f"CPU {figures.values[f'{point}/cpu_us'][-1]:7.1f} us/op"
        + (f"  {result['errors']} errors: {result['first_error']}" if result["errors"] else ""))


def run_system(make, figures, seconds, rates):
    with make() as system:
        for operation in ("put", "get"):
            for clients in CLIENTS:
                measure(system, figures, operation, clients, seconds)
        if not rates:  # etcd, which goes first, says what both can be offered.
            rates.update({operation: round(RATE_SHARE * figures.median(f"etcd/{operation}/{RATE_CLIENTS}/per_second"))
                          for operation in ("put", "get")})
        for operation in ("put", "get"):
            measure(system, figures, operation, RATE_CLIENTS, seconds, rates[operation])


def run_rocksdb(figures, seconds):
    for clients in CLIENTS:
        folder = fresh_folder(FOLDER / "rocksdb")
        result = load("rocksdb", ["--directory", folder], "put", clients, seconds)
        figures.add(f"rocksdb/put/{clients}/per_second", result["per_second"])
        figures.add(f"rocksdb/put/{clients}/p99_us", result["p99_us"])
        say(f"  rocksdb/put/{clients:<16} {result['per_second']:9.0f}/s  p99 {result['p99_us']:>8} us")
        shutil.rmtree(folder)


# --- Reporting --------------------------------------------------------------------------------------------------------

def ratio(a, b):
    return a / b if a is not None and b else None


def text(value, unit=""):
    if value is None:
        return "-"
    digits = 0 if abs(value) >= 100 else 2 if abs(value) >= 1 else 3
    return f"{value:.{digits}f}{unit}"


def ratios_of(figures):
    ratios = {}
    for operation in ("put", "get"):
        for clients in CLIENTS:
            point = f"{operation}/{clients}"
            ours, theirs = (lambda name: figures.median(f"orrery/{point}/{name}")), \
                           (lambda name: figures.median(f"etcd/{point}/{name}"))
            ratios[f"{point}/throughput"] = ratio(ours("per_second"), theirs("per_second"))
            ratios[f"{point}/cpu_per_op"] = ratio(ours("cpu_us"), theirs("cpu_us"))
        rate = f"{operation}/{RATE_CLIENTS}/rate"
        ratios[f"{rate}/p99"] = ratio(figures.median(f"orrery/{rate}/p99_us"), figures.median(f"etcd/{rate}/p99_us"))
    for clients in CLIENTS:
        ratios[f"put/{clients}/of_rocksdb_alone"] = ratio(figures.median(f"orrery/put/{clients}/per_second"),
                                                          figures.median(f"rocksdb/put/{clients}/per_second"))
    return ratios


def report(figures, ratios):
    rows = []
    for operation in ("put", "get"):
        for clients in CLIENTS:
            point = f"{operation}/{clients}"
            rows.append([f"{operation}, {clients} clients, ops/s", text(figures.median(f"orrery/{point}/per_second")),
                         text(figures.median(f"etcd/{point}/per_second")), text(ratios[f"{point}/throughput"], "x")])
            rows.append(["  p99 us", text(figures.median(f"orrery/{point}/p99_us")),
                         text(figures.median(f"etcd/{point}/p99_us")), "-"])
            rows.append(["  server CPU us/op", text(figures.median(f"orrery/{point}/cpu_us")),
                         text(figures.median(f"etcd/{point}/cpu_us")), text(ratios[f"{point}/cpu_per_op"], "x")])
        rate = f"{operation}/{RATE_CLIENTS}/rate"
        offered = figures.median(f"orrery/{rate}/offered")
        rows.append([f"{operation} at {text(offered)}/s offered, p99 us", text(figures.median(f"orrery/{rate}/p99_us")),
                     text(figures.median(f"etcd/{rate}/p99_us")), text(ratios[f"{rate}/p99"], "x")])
    say(table(["point (medians)", "orrery", "etcd", "ratio"], rows))
    say()
    rows = [[clients, text(figures.median(f"rocksdb/put/{clients}/per_second")),
             text(ratios[f"put/{clients}/of_rocksdb_alone"], "x"),
             text(figures.median(f"orrery/put/{clients}/fsyncs_per_put_leader")),
             text(figures.median(f"orrery/put/{clients}/fsyncs_per_put_all"))] for clients in CLIENTS]
    say(table(["clients", "rocksdb alone, puts/s", "orrery of that", "fsyncs per put, leader", "all stores"], rows))


def main():
    parser = argparse.ArgumentParser(prog="ci/bench", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seconds", type=float, default=float(os.environ.get("ORRERY_BENCH_SECONDS", "5")))
    parser.add_argument("--rounds", type=int, default=int(os.environ.get("ORRERY_BENCH_ROUNDS", "3")))
    arguments = parser.parse_args()
    if arguments.seconds < 1 or arguments.rounds < 1:
        raise Failure("at least one round of one second")

    section("building")
    build("release", "orrery", "orrery_load")
    FOLDER.mkdir(parents=True, exist_ok=True)
    version = must(["etcd", "--version"], "etcd --version").splitlines()[0].split(":")[-1].strip()
    figures = Figures()
    rates = {}
    for number in range(arguments.rounds):
        section(f"round {number + 1} of {arguments.rounds}")
        for make in (Orrery, Etcd) if number % 2 else (Etcd, Orrery):
            run_system(make, figures, arguments.seconds, rates)
        run_rocksdb(figures, arguments.seconds)

    section(f"orrery against etcd {version}, {CPUS} CPUs, clients and servers on one machine")
    ratios = ratios_of(figures)
    report(figures, ratios)
    write_result("bench", {
        "command": f"ci/bench --seconds {arguments.seconds:g} --rounds {arguments.rounds}", "etcd": version,
        "value_bytes": VALUE_BYTES, "keys": KEYS,
        "medians": {name: figures.median(name) for name in figures.values},
        "rounds": figures.values, "ratios": ratios})
    capture(["rm", "-rf", str(FOLDER)])
    return 0


if __name__ == "__main__":
    sys.exit(run_main("ci/bench", main))
