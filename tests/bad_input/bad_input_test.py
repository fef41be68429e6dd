"""Runs the real programs on bad input: exit codes, messages that name the thing, nothing lost."""
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import unittest

ORRERY = ""


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for s in sockets:
        s.bind(("127.0.0.1", 0))
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


def run(*arguments, timeout=30):
    done = subprocess.run([ORRERY, *map(str, arguments)], capture_output=True, text=True, timeout=timeout)
    return done.returncode, done.stdout, done.stderr


class Config(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="orrery_bad_")
        self.addCleanup(shutil.rmtree, self.dir, ignore_errors=True)
        self.path = os.path.join(self.dir, "c.toml")

    def refused(self, text, *names):
        with open(self.path, "w") as f:
            f.write(text)
        code, _, err = run("store", "-c", self.path, "--id", 1, "--new", "--data-dir", self.dir + "/d", timeout=10)
        self.assertEqual(code, 1, err)
        for name in (self.path, *names):
            self.assertIn(name, err)

    STORE = '[[store]]\nid = 1\naddress = "127.0.0.1:1"\n'

    def test_config_errors_name_line_and_key(self):
        self.refused('cluster_id = 7\nnope = 1\n' + self.STORE, ":2:", "nope")
        self.refused('cluster_id = "x"\n' + self.STORE, ":1:", "cluster_id")
        self.refused('cluster_id = 7\n', "store")
        self.refused(self.STORE, "cluster_id")
        self.refused('cluster_id = 7\n' + self.STORE + self.STORE, "store.id", "1")
        self.refused('cluster_id = 7\n' + self.STORE + self.STORE.replace("id = 1", "id = 2"), "127.0.0.1:1")
        self.refused('cluster_id = 7\n' + self.STORE + '[raft]\nelection_tick = 3\n', ":6:", "raft.election_tick")
        self.refused('cluster_id = 7\n' + self.STORE + '[raft]\npre_vote = 3\n', ":6:", "raft.pre_vote")
        self.refused('cluster_id = 7\n' + self.STORE + '[raft]\nelection_ticks = 1\n', "election_ticks")
        self.refused('cluster_id = = 7\n', ":1:")

    def test_missing_file_and_store(self):
        code, _, err = run("store", "-c", self.dir + "/none.toml", "--id", 1)
        self.assertEqual(code, 1, err)
        self.assertIn("none.toml", err)

    def test_address_without_port(self):
        self.refused('cluster_id = 7\n' + self.STORE.replace('"127.0.0.1:1"', '"nocolon"'), "nocolon")


class Cluster(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="orrery_bad_")
        self.addCleanup(shutil.rmtree, self.dir, ignore_errors=True)
        self.ports = free_ports(3)
        self.config = self.write("c.toml", 7, self.ports)
        self.children = {}
        self.addCleanup(self.stop_all)

    def write(self, name, cluster, ports):
        path = os.path.join(self.dir, name)
        with open(path, "w") as f:
            f.write(f"cluster_id = {cluster}\n")
            for i, port in enumerate(ports, 1):
                f.write(f'[[store]]\nid = {i}\naddress = "127.0.0.1:{port}"\ndata_dir = "{self.dir}/d{i}"\n')
        return path

    def start(self, i, *more):
        with open(f"{self.dir}/log{i}", "a") as log:
            self.children[i] = subprocess.Popen([ORRERY, "store", "-c", self.config, "--id", str(i), *more],
                                                stdout=log, stderr=log)

    def stop_all(self):
        for child in self.children.values():
            if child.poll() is None:
                child.kill()
            child.wait()

    def ok(self, *arguments):
        code, out, err = run(*arguments)
        self.assertEqual(code, 0, err)
        return out

    def boot(self):
        for i in (1, 2, 3):
            self.start(i, "--new")
        self.ok("ctl", "init", "-c", self.config, "--timeout", 20)
        self.ok("kv", "put", "-c", self.config, "k", "v")

    def test_life(self):
        self.boot()
        for junk in (b"\0" * 3, os.urandom(4096), b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", struct.pack("<I", 2**32 - 1) * 8):
            with socket.create_connection(("127.0.0.1", self.ports[0])) as s:
                s.sendall(junk)
        self.assertIn("v", self.ok("kv", "get", "-c", self.config, "k"))
        self.assertTrue(all(c.poll() is None for c in self.children.values()))
        # Data directory in use.
        other = free_ports(1)[0]
        code, _, err = run("store", "-c", self.config, "--id", 1, "--address", f"127.0.0.1:{other}")
        self.assertNotIn(code, (0, 101, 134, -6, -11), err)
        self.assertIn(f"{self.dir}/d1", err)
        # Port in use.
        code, _, err = run("store", "-c", self.config, "--id", 1, "--new", "--data-dir", self.dir + "/x")
        self.assertGreater(code, 0, err)
        self.assertIn(str(self.ports[0]), err)
        # A client of another cluster.
        code, _, err = run("kv", "get", "-c", self.write("o.toml", 8, self.ports), "k", "--timeout", 2)
        self.assertGreater(code, 0, err)
        self.assertNotEqual(code, 2, err)
        # Graceful stop, then the data is there.
        for child in self.children.values():
            child.send_signal(signal.SIGTERM)
        self.assertEqual([c.wait(20) for c in self.children.values()], [0, 0, 0])
        begun = time.monotonic()
        code, _, err = run("kv", "get", "-c", self.config, "k", "--timeout", 2)
        self.assertEqual(code, 3, err)
        self.assertLess(time.monotonic() - begun, 10)
        # An empty directory, and a directory of another store.
        os.makedirs(self.dir + "/empty")
        for folder in ("empty", "d2"):
            code, _, err = run("store", "-c", self.config, "--id", 1, "--data-dir", f"{self.dir}/{folder}")
            self.assertGreater(code, 0, err)
        for i in (1, 2, 3):
            self.start(i)
        self.assertIn("v", self.ok("kv", "get", "-c", self.config, "k", "--timeout", 20))


if __name__ == "__main__":
    ORRERY = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=2)
