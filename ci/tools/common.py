"""What the scripts of ci/ share: building, children that never outlive us, simulation runs, dev clusters."""

import atexit
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"
CPUS = os.cpu_count() or 1
START = time.monotonic()

EXIT_CODES = {
    0: "ok", 1: "usage", 10: "safety", 11: "no progress", 12: "node crashed", 13: "nondeterminism",
    14: "harness", 15: "undecided", 16: "not reproduced",
}


class Failure(Exception):
    """Something went wrong that its message explains; no traceback wanted."""


def say(text=""):
    print(text, flush=True)


def section(title):
    """A heading with the time since the start."""
    say(f"\n== {title}  [{time.monotonic() - START:.0f} s]")


def run_main(name, main):
    """Runs a script: its Failure becomes one line and exit code 1; ^C and SIGTERM stop the children first."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        code = main()
    except Failure as failure:
        say(f"{name}: {failure}")
        code = 1
    except KeyboardInterrupt:
        say(f"{name}: interrupted")
        code = 130
    except BrokenPipeError:
        code = 141
    sys.exit(code)


# --- Children ---------------------------------------------------------------------------------------------------------

_children = set()
_children_lock = threading.Lock()


def start(command, **options):
    """Starts a process in a group of its own, which is ended with us."""
    command = [str(word) for word in command]
    try:
        process = subprocess.Popen(command, start_new_session=True, cwd=options.pop("cwd", ROOT), **options)
    except OSError as error:
        raise Failure(f"cannot start {command[0]}: {error.strerror}") from error
    with _children_lock:
        _children.add(process)
    return process


def stop(process, patience=15.0):
    """SIGTERM to the group, SIGKILL when patience ends. Returns the exit code."""
    if process.poll() is None:
        _signal_group(process, signal.SIGTERM)
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            _signal_group(process, signal.SIGKILL)
            process.wait()
    with _children_lock:
        _children.discard(process)
    return process.returncode


def _signal_group(process, number):
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        pass


@atexit.register
def _stop_all():
    with _children_lock:
        left = [child for child in _children if child.poll() is None]
    for child in left:
        _signal_group(child, signal.SIGTERM)
    for child in left:
        stop(child, patience=5.0)


class Finished:
    """What came of a command. `seconds` is wall time; exit_code None: it ran out of time and was killed."""

    def __init__(self, exit_code, output, errors, seconds):
        self.exit_code, self.output, self.errors, self.seconds = exit_code, output, errors, seconds


def capture(command, timeout=None, **options):
    began = time.monotonic()
    process = start(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace", **options)
    try:
        output, errors = process.communicate(timeout=timeout)
        code = process.returncode
    except subprocess.TimeoutExpired:
        _signal_group(process, signal.SIGKILL)
        output, errors = process.communicate()
        code = None
    stop(process)
    return Finished(code, output, errors, time.monotonic() - began)


def must(command, what, timeout=None, **options):
    """The output of a command that has to succeed."""
    done = capture(command, timeout, **options)
    if done.exit_code != 0:
        detail = (done.errors.strip() or done.output.strip() or "no message").splitlines()
        raise Failure(f"{what}: exit {done.exit_code}: " + " / ".join(detail[-5:]))
    return done.output


def show(command, what, **options):
    """Runs a command with its output passed through; it has to succeed."""
    process = start(command, **options)
    code = process.wait()
    stop(process)
    if code != 0:
        raise Failure(f"{what} failed (exit {code}): {' '.join(str(word) for word in command)}")


# --- Building ---------------------------------------------------------------------------------------------------------

def configure(preset, source=ROOT):
    must(["cmake", "--preset", preset, "--log-level=WARNING"], f"configuring {preset}", cwd=source)


def target_names(preset, pattern, source=ROOT):
    """The programs of a configured build whose whole name matches."""
    listing = must(["ninja", "-C", pathlib.Path(source) / "build" / preset, "-t", "targets", "all"], f"listing {preset}")
    names = [line.split(":")[0].strip() for line in listing.splitlines() if "_EXECUTABLE_LINKER_" in line]
    return sorted(name for name in names if re.fullmatch(pattern, name))


def build(preset, *targets, source=ROOT, quiet=False):
    """Configures and builds; returns the folder of the programs."""
    runner = (lambda c, w: must(c, w, cwd=source)) if quiet else (lambda c, w: show(c, w, cwd=source))
    configure(preset, source)
    command = ["cmake", "--build", "--preset", preset, "-j", str(CPUS)]
    if targets:
        command += ["--target", *targets]
    runner(command, f"building {preset}")
    return pathlib.Path(source) / "build" / preset


def program(name, preset="release"):
    path = BUILD / preset / name
    if not path.exists():
        raise Failure(f"{path.relative_to(ROOT)} is not there: the build made no such program")
    return path


class Worktree:
    """A checkout of our repository beside ours, in which other commits and patches are built. Made when it is first needed."""

    def __init__(self, path):
        self.path = path

    def git(self, *words):
        return must(["git", "-C", self.path, *words], f"git {words[0]} in {self.path.relative_to(ROOT)}")

    def check_out(self, revision):
        """`revision` means the same here and there: a hash, a tag. What was changed there is gone."""
        if not (self.path / ".git").exists():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            must(["git", "worktree", "prune"], "git worktree prune")
            must(["git", "worktree", "add", "-q", "--detach", self.path, revision], "git worktree add")
        self.git("checkout", "-q", "--force", "--detach", revision)

    def apply(self, patch):
        """What git has against it, or None."""
        done = capture(["git", "-C", self.path, "apply", patch], timeout=30)
        return None if done.exit_code == 0 else (done.errors.strip() or "git apply did not end").splitlines()[0]

    def clean(self):
        """Takes patches back."""
        self.git("reset", "-q", "--hard")

    def build_simulator(self, keep_as=None):
        """What stands there now, where the build leaves it or, whole, at `keep_as`."""
        made = build("release", "orrery-sim", source=self.path, quiet=True) / "orrery-sim"
        if keep_as is None:
            return made
        keep_as.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(made, keep_as.with_suffix(".new"))
        os.replace(keep_as.with_suffix(".new"), keep_as)
        return keep_as


# --- Simulation -------------------------------------------------------------------------------------------------------

def scenario_names():
    """The ordinary scenarios: all but canaries, which must fail."""
    return sorted(path.stem for path in (ROOT / "workloads" / "scenarios").glob("*.toml")
                  if not re.search(r"^lying_fsync\s*=\s*true", path.read_text(), re.MULTILINE))


def simulate(simulator, scenario, seed, timeout=300, scenarios_dir=ROOT / "workloads" / "scenarios", more=(),
             **options):
    """One seed. Returns (exit code, report): a run without a report, or out of time, has one made up of what is known.

    `more`: further words for the command."""
    # Said explicitly: a compiler cache shared by several checkouts may hand out programs with another one's path inside.
    command = [simulator, "run", "--json", "--scenario", scenario, "--scenarios-dir", scenarios_dir, "--seed", seed,
               *more]
    done = capture(command, timeout, **options)
    report = None
    for line in reversed(done.output.splitlines()):
        if line.startswith("{"):
            try:
                report = json.loads(line)
                break
            except json.JSONDecodeError:
                continue
    if report is not None:
        return done.exit_code, report
    if done.exit_code is None:
        outcome = f"did not end within {timeout} s"
    else:
        outcome = "ended without a report"
    words = (done.errors.strip() or done.output.strip()).splitlines()[-12:]
    code = done.exit_code if done.exit_code in EXIT_CODES and done.exit_code != 0 else 14
    return code, {"scenario": scenario, "seed": seed, "outcome": outcome, "exit_code": code,
                  "words": "\n".join(words), "cpu_seconds": done.seconds, "probes": {}, "faults": {}}


def repro(scenario, seed):
    return f"build/release/orrery-sim run --scenario {scenario} --seed {seed}"


# --- Clusters of real processes ---------------------------------------------------------------------------------------

def free_ports(count):
    """The first of `count` neighbouring ports of the loopback that are free now."""
    for first in range(7801 + os.getpid() % 500, 30000, count + 7):
        sockets = []
        try:
            for port in range(first, first + count):
                probe = socket.socket()
                sockets.append(probe)
                probe.bind(("127.0.0.1", port))
            return first
        except OSError:
            continue
        finally:
            for probe in sockets:
                probe.close()
    raise Failure("no free ports on the loopback")


class DevCluster:
    """`orrery dev` in a folder. Its stores are restarted by it when they die."""

    def __init__(self, folder, stores=3, orrery=None):
        self.folder = pathlib.Path(folder)
        self.stores = stores
        self.orrery = orrery or program("orrery")
        self.config = self.folder / "cluster.toml"
        self.lines = []
        self._changed = threading.Condition()
        self.process = None

    def __enter__(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        self.process = start([self.orrery, "dev", "--stores", self.stores, "--dir", self.folder,
                              "--port", free_ports(self.stores)],
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
        threading.Thread(target=self._read, daemon=True).start()
        self.wait_line(r"^try:", 60, "the cluster did not come up")
        return self

    def __exit__(self, *_):
        self.process.terminate()  # It alone: it stops its stores itself.
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            pass
        stop(self.process)

    def _read(self):
        for line in self.process.stdout:
            with self._changed:
                self.lines.append(line.rstrip("\n"))
                self._changed.notify_all()
        with self._changed:
            self.lines.append("<end>")
            self._changed.notify_all()

    def wait_line(self, pattern, seconds, complaint, after=0):
        """The first line (from number `after` on) that matches; its match."""
        wanted = re.compile(pattern)
        deadline = time.monotonic() + seconds
        with self._changed:
            while True:
                for line in self.lines[after:]:
                    found = wanted.search(line)
                    if found:
                        return found
                left = deadline - time.monotonic()
                if left <= 0 or "<end>" in self.lines:
                    raise Failure(f"{complaint}; `orrery dev` said:\n  " + "\n  ".join(self.lines[-10:]))
                self._changed.wait(left)

    def pid(self, store):
        return int((self.folder / f"store-{store}.pid").read_text())

    def pids(self):
        return [self.pid(store) for store in range(1, self.stores + 1)]

    def ctl(self, *words, timeout=30):
        """The JSON answer of `orrery ctl ...`."""
        output = must([self.orrery, "ctl", *words, "--config", self.config, "-o", "json"], f"orrery ctl {words[0]}",
                      timeout)
        return json.loads(output)

    def leader(self, patience=30):
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            for row in self.ctl("status"):
                if row.get("role") == "leader":
                    return row
            time.sleep(0.2)
        raise Failure(f"no store leads after {patience} s")


def choose(things, name_of, only, kind):
    """Those whose names contain one of the words of `only`, comma-separated; all if there are none. Every word must hit."""
    wanted = [word for word in only.split(",") if word]
    unknown = [word for word in wanted if not any(word in name_of(thing) for thing in things)]
    if unknown:
        raise Failure(f"no {kind} is called {', '.join(unknown)}; there are: {', '.join(map(name_of, things)) or 'none'}")
    return [thing for thing in things if not wanted or any(word in name_of(thing) for word in wanted)]


def fresh_folder(path):
    path = pathlib.Path(path)
    if path.exists():
        shutil.rmtree(path)
    path.mkdir(parents=True)
    return path


# --- Tables and machines ----------------------------------------------------------------------------------------------

def table(header, rows):
    """Lines of a table; numbers (and what looks like them) stand right."""
    cells = [[str(cell) for cell in row] for row in [header, *rows]]
    widths = [max(len(row[i]) for row in cells) for i in range(len(header))]
    numeric = [all(re.fullmatch(r"-?[\d.,]+( ?[a-zµ%x]+)?|-", row[i]) for row in cells[1:]) for i in range(len(header))]
    lines = []
    for number, row in enumerate(cells):
        lines.append("  ".join(c.rjust(w) if n else c.ljust(w) for c, w, n in zip(row, widths, numeric)).rstrip())
        if number == 0:
            lines.append("  ".join("-" * w for w in widths))
    return "\n".join(lines)


def machine():
    """What figures depend on, without names of hosts or people."""
    model = "unknown"
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.split(":", 1)[1].strip()
            break
    kib = int(re.search(r"MemTotal:\s+(\d+)", pathlib.Path("/proc/meminfo").read_text()).group(1))
    filesystem = capture(["stat", "-f", "-c", "%T", str(ROOT)]).output.strip()
    return {"cpu": model, "cpus": CPUS, "memory_gib": round(kib / 2**20, 1), "kernel": os.uname().release,
            "filesystem": filesystem}


def commit():
    done = capture(["git", "rev-parse", "--short=12", "HEAD"])
    dirty = capture(["git", "status", "--porcelain", "--untracked-files=no"]).output.strip() != ""
    return (done.output.strip() or "unknown") + ("+changes" if dirty else "")


def write_result(name, content):
    """docs/results/NAME/COMMIT.json; figures accumulate per commit."""
    folder = ROOT / "docs" / "results" / name
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{commit()}.json"
    path.write_text(json.dumps({"commit": commit(), "machine": machine(), **content}, indent=1, sort_keys=True) + "\n")
    say(f"written: {path.relative_to(ROOT)}")
    return path
