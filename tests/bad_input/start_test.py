"""Stores that must not start: damaged files, foreign and empty directories, ports and directories in use."""
import os
import re
import shutil
import signal
import socket
import subprocess
import time

import harness
from harness import ABSENT, Case, Cluster, REFUSED, STORAGE, USAGE, flip, free_ports, run

SMALL = """
[storage]
write_buffer_bytes = 16384
wal_bytes_max = 65536
file_bytes = 16384
level_base_bytes = 65536
"""


class Damage(Cluster):
    """A store refuses damaged data by name, and is replaced by membership change with all data still there."""

    RECORDS = 1500

    def load(self):
        records = "".join(f"key{i:05}\t{'value %d ' % i * 12}\n" for i in range(self.RECORDS))
        self.records = self.write("records.tsv", records)
        self.ok("kv", "load", "-c", self.config, "--format", "tsv", self.records)
        # One sync each: later ones vouch for what the log holds of earlier ones.
        self.ok("kv", "shell", "-c", self.config, given="".join(f"put last{i} x\n" for i in range(20)))

    def verify(self):
        self.assertIn(f"verified {self.RECORDS} records",
                      self.ok("kv", "verify", "-c", self.config, "--format", "tsv", self.records, "--timeout", 20))

    def restore(self):
        shutil.rmtree(self.path("d3"), ignore_errors=True)
        shutil.copytree(self.path("good"), self.path("d3"))

    def largest(self, pattern):
        files = self.files(3, pattern)
        self.assertTrue(files, pattern)
        return max(files, key=os.path.getsize)

    def refuses(self, *names):
        """Store 3 does not start, with the code for storage; twice, and neither with --new."""
        for words in ((), (), ("--new",)):
            self.refused(STORAGE, ["CORRUPTION", self.path("d3"), *names], "store", "-c", self.config, "--id", 3, *words,
                         timeout=20)

    def refuses_damaged(self, pattern, at, *names):
        self.restore()
        file = self.largest(pattern)
        flip(file, at)
        self.refuses(*(names or [os.path.basename(file)]))

    def refuses_missing(self, pattern, *names):
        self.restore()
        file = self.largest(pattern)
        os.unlink(file)
        self.refuses(*(names or [os.path.basename(file)]))

    def refuses_without_logs(self):
        self.restore()
        for file in self.files(3, "engine/*.log"):
            os.unlink(file)
        self.refuses("engine/*.log: the write-ahead log is missing")

    def replace_store_3(self):
        shutil.rmtree(self.path("d3"))
        self.start(3, "--new")
        self.ok("ctl", "replace", "-c", self.config, "--old", 3, "--store", 3, "--address", f"127.0.0.1:{self.ports[3]}",
                "--timeout", 30)

    def all_equal(self):
        self.await_true(lambda: run("ctl", "checksum", "-c", self.config)[0] == 0, "the replicas do not become equal")
        self.assertEqual(len(self.ok("ctl", "checksum", "-c", self.config).splitlines()), 1 + 3)

    def test_damaged_files_then_replacement(self):
        self.boot(SMALL)
        self.load()
        self.kill(3)
        shutil.copytree(self.path("d3"), self.path("good"))
        self.refuses_damaged("IDENT", 0.5)
        self.refuses_damaged("engine/MANIFEST-*", 0.3)
        self.refuses_damaged("engine/CURRENT", 0.3)
        self.refuses_damaged("engine/*.log", 0.02, ".log: damaged at offset", "acknowledged writes are lost")
        self.refuses_damaged("engine/*.sst", 1)  # Its last byte: what is read first.
        self.refuses_missing("IDENT", "holds data but no IDENT")
        self.refuses_missing("engine/MANIFEST-*")
        self.refuses_missing("engine/CURRENT")
        self.refuses_without_logs()
        self.refuses_missing("engine/*.sst")
        # Without store 3 nothing is lost, and it comes back as a new replica.
        self.verify()
        self.replace_store_3()
        self.all_equal()
        # The new replica counts: with another one gone it makes the quorum.
        self.kill(1)
        self.verify()

    def test_rot_inside_a_table_is_found_when_it_is_read(self):
        self.boot(SMALL)
        self.load()
        self.kill(3, signal.SIGTERM)
        for file in self.files(3, "engine/*.sst"):
            flip(file, 0.3)
        self.start(3)
        run("ctl", "checksum", "-c", self.config)  # Reads everything.
        self.assertEqual(self.children[3].wait(30), STORAGE, self.log(3)[-2000:])
        self.assertRegex(self.log(3).splitlines()[-1], r"orrery: store 3: CORRUPTION: .*\.sst")
        self.verify()
        self.replace_store_3()
        self.all_equal()


class Refused(Cluster):
    def start_refused(self, code, names, *words):
        return self.refused(code, names, "store", *words, timeout=10)

    def test_directories_ports_and_clusters(self):
        self.boot()
        self.put("k", "v")
        spare = f"127.0.0.1:{free_ports(1)[0]}"
        other = self.write_config("other.toml", 8)
        # In use.
        self.start_refused(REFUSED, [self.path("d1"), f"in use by process {self.children[1].pid}"], "-c", self.config,
                           "--id", 1, "--address", spare)
        self.start_refused(REFUSED, [f"listen on 127.0.0.1:{self.ports[1]}: Address already in use"], "-c", self.config,
                           "--id", 1, "--new", "--data-dir", self.path("x"))
        # Addresses that cannot be.
        self.start_refused(USAGE, ["listen on 192.0.2.1:1"], "-c", self.config, "--id", 9, "--address", "192.0.2.1:1",
                           "--data-dir", self.path("x"), "--new")
        # Whose directory it is.
        self.assertEqual(self.kill(3, signal.SIGTERM), 0)
        self.start_refused(REFUSED, [self.path("d3"), 'cluster "7" store 3', 'cluster "8" store 3'], "-c", other, "--id", 3)
        self.start_refused(REFUSED, [self.path("d3"), 'cluster "7" store 3', 'cluster "7" store 9'], "-c", self.config,
                           "--id", 9, "--address", spare, "--data-dir", self.path("d3"))
        self.start_refused(REFUSED, [self.path("d3"), 'cluster "8" store 3'], "-c", other, "--id", 3, "--new")
        # An empty one without --new; none is made.
        os.makedirs(self.path("empty"))
        for folder in ("empty", "absent"):
            self.start_refused(REFUSED, [self.path(folder), "the data directory is empty", "store 3"], "-c", self.config,
                               "--id", 3, "--data-dir", self.path(folder))
        self.start_refused(STORAGE, [self.write("file", "x"), "Not a directory"], "-c", self.config, "--id", 3,
                           "--data-dir", self.path("file"))
        # What was refused has changed nothing.
        self.start(3)
        self.assertEqual(self.get("k"), "v")
        self.await_true(lambda: run("ctl", "checksum", "-c", self.config)[0] == 0, "the replicas do not become equal")

    def test_clients_and_init_of_another_cluster(self):
        self.boot()
        self.put("k", "v")
        other = self.write_config("other.toml", 8)
        for words in (["kv", "get", "k"], ["kv", "put", "k", "w"], ["ctl", "init"], ["ctl", "members"]):
            self.refused(REFUSED, ["another cluster", f"store 1 at 127.0.0.1:{self.ports[1]}", "of cluster 7",
                                   "of cluster 8"], *words, "-c", other, "--timeout", 1)
        # Initialised twice: the same is harmless, another list is refused.
        self.ok("ctl", "init", "-c", self.config)
        two = dict(list(self.ports.items())[:2])
        all_ports, self.ports = self.ports, two
        shorter = self.write_config("shorter.toml", 7)
        self.ports = all_ports
        self.refused(REFUSED, ["ALREADY_EXISTS", "store 1", "initialised before, with other members"], "ctl", "init", "-c",
                     shorter)
        self.assertEqual(self.get("k"), "v")

    def test_stores_that_are_not_there(self):
        self.refused(harness.UNAVAILABLE, [f"store 1 at 127.0.0.1:{self.ports[1]}: UNAVAILABLE", "Connection refused"],
                     "kv", "get", "k", "-c", self.config, "--timeout", 1)
        self.refused(harness.UNAVAILABLE, ["no store answers"], "ctl", "status", "-c", self.config, "--timeout", 1)
        # One founder is missing: nothing is founded, and it can be asked for again.
        self.start(1, "--new")
        self.start(2, "--new")
        self.refused(harness.UNAVAILABLE, [f"store 3 at 127.0.0.1:{self.ports[3]}", "Connection refused"], "ctl", "init",
                     "-c", self.config, "--timeout", 2)
        self.start(3, "--new")
        self.await_true(lambda: "is not initialised yet" in self.refused(harness.UNAVAILABLE, [], "kv", "get", "k", "-c",
                                                                         self.config, "--timeout", 1), "no store says so")
        self.ok("ctl", "init", "-c", self.config, "--timeout", 20)
        code, _, err = run("kv", "get", "k", "-c", self.config)
        self.assertEqual(code, ABSENT, err)
        self.assertIn("key k is absent", err)


class Membership(Cluster):
    def change_refused(self, code, names, *words):
        return self.refused(code, names, "ctl", *words, "-c", self.config, "--timeout", 1.5)

    def test_wrong_ids_and_addresses(self):
        self.boot()
        self.put("k", "v")
        spare = f"127.0.0.1:{free_ports(1)[0]}"
        first = f"127.0.0.1:{self.ports[1]}"
        before = self.members()
        self.change_refused(REFUSED, ["store 9 is not a member; members are 1, 2, 3"], "remove", "--store", 9)
        self.change_refused(REFUSED, ["store 9 is not a member"], "replace", "--old", 9, "--store", 4, "--address", spare)
        self.change_refused(REFUSED, ["store 2 is a member already", "remove --store 1"], "replace", "--old", 1, "--store",
                            2, "--address", f"127.0.0.1:{self.ports[2]}")
        self.change_refused(USAGE, ["store 9 is not a member"], "transfer", "--store", 9)
        self.change_refused(harness.UNAVAILABLE, [f"store 4 at {spare}", "Connection refused"], "add", "--store", 4,
                            "--address", spare)
        self.change_refused(REFUSED, [f"store 4 at {first}", "it is node 1 of cluster 7, we expected node 4"], "add",
                            "--store", 4, "--address", first)
        self.assertEqual(self.members(), before)
        # The founder of another cluster cannot be added.
        self.ports[4] = int(spare.split(":")[1])
        foreign = self.write_config("other.toml", 8)
        config, self.config = self.config, foreign
        self.start(4, "--new")
        self.config = config
        self.change_refused(REFUSED, [f"store 4 at {spare}", "another cluster", "of cluster 8"], "add", "--store", 4,
                            "--address", spare)
        self.assertEqual(self.members(), before)
        self.assert_alive(1, 2, 3, 4)
        self.assertEqual(self.get("k"), "v")

    def members(self):
        return re.sub(r" +yes? ", " ", self.ok("ctl", "members", "-c", self.config, "-o", "json").split('"members"')[1])


class Dev(Case):
    """`orrery dev`: a second one in the same place or on the same ports ends at once and harms nothing."""

    def start_dev(self, port):
        """A cluster in the folder a with the key k; its process and configuration."""
        log = open(self.path("log"), "w")
        self.addCleanup(log.close)
        dev = subprocess.Popen([harness.ORRERY, "dev", "--dir", self.path("a"), "--port", str(port)], stdout=log, stderr=log)
        self.addCleanup(lambda: (dev.terminate(), dev.wait(20)))
        config = self.path("a/cluster.toml")
        self.await_true(lambda: run("kv", "put", "-c", config, "k", "v", "--timeout", 1)[0] == harness.OK,
                        "the cluster does not come up")
        self.await_true(lambda: "try: orrery" in self.said(), "the cluster is not announced")
        return dev, config

    def said(self):
        with open(self.path("log")) as log:
            return log.read()

    def kill_store(self, i):
        with open(self.path(f"a/store-{i}.pid")) as pid:
            os.kill(int(pid.read()), signal.SIGKILL)

    def test_port_taken_while_a_store_is_down(self):
        port = free_ports(3)[0]
        dev, config = self.start_dev(port)
        self.kill_store(2)
        self.await_true(lambda: "store 2 ended (signal 9)" in self.said(), "nobody saw it end")
        with socket.socket() as taker:
            taker.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            taker.bind(("127.0.0.1", port + 1))
            taker.listen()
            self.await_true(lambda: "store 2 ended (exit code 6)" in self.said(), "the port was not missed")
            self.assertEqual(self.ok("kv", "get", "-c", config, "k"), "v\n")
        self.await_true(lambda: run("ctl", "checksum", "-c", config)[0] == harness.OK, "store 2 does not come back")
        dev.terminate()
        self.assertEqual(dev.wait(20), 0)

    def test_second_one(self):
        port = free_ports(3)[0]
        dev, config = self.start_dev(port)
        began = time.monotonic()
        self.refused(REFUSED, [self.path("a"), f"in use by process {dev.pid}"], "dev", "--dir", self.path("a"))
        self.refused(REFUSED, ["listen on 127.0.0.1:", "Address already in use"], "dev", "--dir", self.path("b"),
                     "--port", port)
        self.assertLess(time.monotonic() - began, 10)
        self.assertEqual(self.ok("kv", "get", "-c", config, "k"), "v\n")
        self.kill_store(2)
        self.assertEqual(self.ok("kv", "get", "-c", config, "k"), "v\n")
        dev.terminate()
        self.assertEqual(dev.wait(20), 0)

    def test_wrong_words_and_files(self):
        self.write("cluster.toml", "cluster_id = x")
        self.refused(USAGE, [self.path("cluster.toml") + ":1"], "dev", "--dir", self.dir)
        self.refused(USAGE, ["--port", "70000"], "dev", "--port", 70000)
        self.refused(STORAGE, [self.path("cluster.toml")], "dev", "--dir", self.path("cluster.toml"))


if __name__ == "__main__":
    harness.main(__name__)
