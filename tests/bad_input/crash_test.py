"""kill -9 while clients write: nothing that was acknowledged is lost."""
import os
import random
import signal
import subprocess
import time

import harness
from harness import Cluster, OK, run


class Killed(Cluster):
    RECORDS = 6000

    def setUp(self):
        super().setUp()
        self.boot()
        self.random = random.Random(7)

    def kill_one(self):
        victim = self.random.choice(list(self.children))
        self.kill(victim)
        time.sleep(self.random.uniform(0, 0.4))
        self.start(victim)

    def kill_all(self):
        for child in self.children.values():
            child.send_signal(signal.SIGKILL)
        for i in self.ports:
            self.children[i].wait(10)
            self.start(i)

    def run_under_kills(self, words, kills, given=None):
        """Runs a client command and kills stores until it is done; at least some kills must hit it."""
        with open(self.path("client"), "w") as out:
            client = subprocess.Popen([harness.ORRERY, *words], stdout=out, stderr=out, stdin=subprocess.DEVNULL)
            self.children_of_test = client
            done = 0
            try:
                time.sleep(0.3)
                while client.poll() is None and done < kills:
                    self.kill_all() if done == kills // 2 else self.kill_one()
                    done += 1
                    time.sleep(self.random.uniform(0.3, 0.8))
                code = client.wait(60)
            finally:
                if client.poll() is None:
                    client.kill()
        with open(self.path("client")) as out:
            said = out.read()
        self.assertEqual(code, OK, said)
        self.assertGreaterEqual(done, 2, f"the client was done before anything was killed: {said}")
        return said

    def await_equal(self):
        self.await_true(lambda: run("ctl", "checksum", "-c", self.config)[0] == OK, "the replicas do not become equal", 30)

    def test_records_are_all_there(self):
        records = "".join(f"key{i:06}\t{os.urandom(100).hex()}\n" for i in range(self.RECORDS))
        file = self.write("records.tsv", records)
        words = ["kv", "load", "-c", self.config, "--format", "tsv", "--concurrency", "4", "--timeout", "30", file]
        self.assertIn(f"loaded {self.RECORDS} records", self.run_under_kills(words, 6))
        self.assertIn(f"verified {self.RECORDS} records", self.ok("kv", "verify", "-c", self.config, "--format", "tsv", file,
                                                                  "--timeout", 30, timeout=60))
        self.await_equal()
        self.kill_all()  # And once more from the disks alone.
        self.assertIn(f"verified {self.RECORDS} records", self.ok("kv", "verify", "-c", self.config, "--format", "tsv", file,
                                                                  "--timeout", 30, timeout=60))

    def test_laws_hold(self):
        for name in ("set", "counter", "register", "batch"):
            said = self.run_under_kills(["workload", "run", name, "-c", self.config, "--seconds", "3", "--clients", "8",
                                         "--timeout", "20"], 4)
            self.assertIn(f"{name}: the law held", said)
        self.await_equal()


if __name__ == "__main__":
    harness.main(__name__)
