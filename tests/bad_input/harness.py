"""What the tests of bad input share: running the programs, a cluster of real processes, files to damage."""
import glob
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

ORRERY = ""
SIMULATOR = ""
SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

# cli/exit_code.h
OK, USAGE, ABSENT, UNAVAILABLE, UNKNOWN, STORAGE, REFUSED = 0, 1, 2, 3, 4, 5, 6


def main(module):
    """Runs a test module: x_test.py ORRERY ORRERY-SIM [CLASS.TEST...]"""
    global ORRERY, SIMULATOR
    ORRERY, SIMULATOR = map(os.path.abspath, sys.argv[1:3])
    unittest.main(module=module, argv=[sys.argv[0], *sys.argv[3:]], verbosity=2)


def free_ports(count):
    """Neighbouring ports of the loopback that are free now. Below those that the system gives to outgoing connections, so
    that none of these takes the port of a store that is down for a while."""
    with open("/proc/sys/net/ipv4/ip_local_port_range") as limits:
        end = int(limits.read().split()[0])
    while True:
        first = random.randrange(10_000, end - count)
        ports = list(range(first, first + count))
        if all(map(is_free, ports)):
            return ports


def is_free(port):
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def run(*words, timeout=30, given=None, program=None):
    """Exit code, output, errors."""
    command = [program or ORRERY, *map(str, words)]
    environment = {key: value for key, value in os.environ.items() if not key.startswith("ORRERY_")}
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=timeout, input=given or "",
                          env=environment)
    return done.returncode, done.stdout, done.stderr


class Case(unittest.TestCase):
    """A test with a folder of its own."""

    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="orrery_bad_")
        self.addCleanup(shutil.rmtree, self.dir, ignore_errors=True)

    def path(self, name):
        return os.path.join(self.dir, name)

    def write(self, name, text):
        with open(self.path(name), "w") as f:
            f.write(text)
        return self.path(name)

    def ok(self, *words, **options):
        code, out, err = run(*words, **options)
        self.assertEqual(code, OK, f"{words}: {err}")
        return out

    def refused(self, code, names, *words, **options):
        """The command ends with just this code, and its words name all of these things. Returns the words."""
        got, out, err = run(*words, **options)
        self.assertEqual(got, code, f"{words}: {out}{err}")
        for name in names:
            self.assertIn(str(name), err, words)
        return err


    def await_true(self, condition, what, seconds=20):
        end = time.monotonic() + seconds
        while not condition():
            self.assertLess(time.monotonic(), end, what)
            time.sleep(0.1)


class Cluster(Case):
    """Three stores as real processes."""

    STORES = 3

    def setUp(self):
        super().setUp()
        self.ports = dict(enumerate(free_ports(self.STORES), 1))
        self.config = self.write_config("c.toml", 7)
        self.children = {}
        self.addCleanup(self.stop_all)

    def write_config(self, name, cluster, more=""):
        text = f"cluster_id = {cluster}\n"
        for i, port in self.ports.items():
            text += f'[[store]]\nid = {i}\naddress = "127.0.0.1:{port}"\ndata_dir = "{self.dir}/d{i}"\n'
        return self.write(name, text + more)

    def log(self, i):
        with open(self.path(f"log{i}"), errors="replace") as log:
            return log.read()

    def start(self, i, *words):
        with open(self.path(f"log{i}"), "a") as log:
            self.children[i] = subprocess.Popen([ORRERY, "store", "-c", self.config, "--id", str(i), *words],
                                                stdout=log, stderr=log)

    def stop_all(self):
        for child in self.children.values():
            if child.poll() is None:
                child.kill()
            child.wait()

    def kill(self, i, number=signal.SIGKILL):
        self.children[i].send_signal(number)
        return self.children[i].wait(20)

    def boot(self, more=""):
        if more:
            self.config = self.write_config("c.toml", 7, more)
        for i in self.ports:
            self.start(i, "--new")
        self.ok("ctl", "init", "-c", self.config, "--timeout", 20)

    def put(self, key, value):
        self.ok("kv", "put", "-c", self.config, key, value)

    def get(self, key, timeout=20):
        return self.ok("kv", "get", "-c", self.config, key, "--timeout", timeout).rstrip("\n")

    def assert_alive(self, *stores):
        for i in stores or self.ports:
            self.assertIsNone(self.children[i].poll(), f"store {i} ended: {self.log(i)[-2000:]}")

    def files(self, i, pattern):
        return sorted(glob.glob(f"{self.dir}/d{i}/{pattern}"))


def flip(path, at):
    """Inverts one byte; `at` is a fraction of the file."""
    with open(path, "r+b") as f:
        size = os.path.getsize(path)
        place = min(size - 1, int(size * at))
        f.seek(place)
        byte = f.read(1)
        f.seek(place)
        f.write(bytes([byte[0] ^ 0xff]))
