"""Bad command lines of both programs, scenarios and input files: exit code 1 and the word that is wrong."""
import harness
from harness import Case, OK, USAGE, run

NO_CLUSTER = 'cluster_id = 7\n[[store]]\nid = 1\naddress = "127.0.0.1:1"\n'


class CommandLine(Case):
    def wrong(self, names, *words, **options):
        return self.refused(USAGE, names, *words, timeout=10, **options)

    def test_commands(self):
        self.wrong(["A subcommand is required"])
        self.wrong(['no command "nope"', "store, dev, kv, ctl, workload, bench"], "nope")
        self.wrong(['no command "nope"', "get, put, del, cas, scan, load, verify, shell"], "kv", "nope")
        self.wrong(['no command "nope"', "init, members, status"], "ctl", "nope")
        self.wrong(["A subcommand is required"], "kv")

    def test_options(self):
        self.wrong(["--nope"], "kv", "get", "k", "--nope")
        self.wrong(["key is required"], "kv", "put")
        self.wrong(["value is required"], "kv", "put", "k")
        self.wrong(["not expected", "c"], "kv", "put", "a", "b", "c")
        self.wrong(["--output", "xml"], "kv", "get", "k", "-o", "xml")
        self.wrong(["--timeout", "0"], "kv", "get", "k", "--timeout", "0")
        self.wrong(["--timeout", "abc"], "kv", "get", "k", "--timeout", "abc")
        self.wrong(["--prefix", "--start"], "kv", "scan", "--start", "b", "--prefix", "a")
        self.wrong(["--expect or --expect-absent"], "kv", "cas", "k", "v")
        self.wrong(["value or --remove"], "kv", "cas", "k", "--expect", "v")
        self.wrong(["--id is required"], "store")
        self.wrong(["--store is required"], "ctl", "remove")
        self.wrong(["--address is required"], "ctl", "add", "--store", 4)
        for bad in ("0", "-1", "x", "1.5", "99999999999999999999"):
            self.wrong(["--id", f'"{bad}" is no store id'], "store", "--id", bad)
            self.wrong(["--store", f'"{bad}" is no store id'], "ctl", "remove", "--store", bad)
        for bad in ("bogus", "h:", ":1", "h:x", "h:99999", "h:0"):
            self.wrong(["--address", f'"{bad}"'], "ctl", "add", "--store", 4, "--address", bad)
        self.wrong(["mix", "nope"], "bench", "nope")
        self.wrong(["--clients", "0"], "bench", "--clients", 0)
        self.wrong(["--rate", "-1"], "bench", "--rate", "-1")
        self.wrong(["--stores", "99"], "dev", "--stores", 99)

    def test_workloads(self):
        path = self.write("c.toml", NO_CLUSTER)
        self.wrong(['workload "nope" is not known', "register, set, counter, batch"], "workload", "run", "nope", "-c", path)
        self.wrong(["clients is 0, allowed is 1 to 1000"], "workload", "run", "set", "--clients", 0, "-c", path)
        self.wrong(["keys is 0"], "workload", "run", "set", "--keys", 0, "-c", path)

    def test_input_files(self):
        path = self.write("c.toml", NO_CLUSTER)
        load = ("kv", "load", "-c", path, "--format", "tsv")
        none = self.path("none")
        self.wrong([f"cannot read {none}: No such file"], *load, none)
        self.wrong([f"cannot read {self.dir}: it is a directory"], *load, self.dir)
        file = self.write("f.tsv", "k\tv\nno tab\n")
        self.wrong([f"{file}: line 2: no tab"], *load, file)
        file = self.write("f.tsv", "\tv\n")
        self.wrong([f"{file}: line 1: the key is empty"], *load, file)
        self.wrong(["-: line 3: the paragraph has no field \"Package\""], "kv", "load", "-c", path, "-",
                   given="Package: a\n\nVersion: 1\n")

    def test_help_and_version(self):
        for words in (["--help"], ["kv", "--help"], ["kv", "put", "--help"], ["store", "--help"], ["--version"]):
            code, out, err = run(*words)
            self.assertEqual((code, err), (OK, ""), words)
            self.assertIn("orrery", out)


class Simulator(Case):
    GOOD = 'title = "t"\n\n[cluster]\nstores = 3\n\n[run]\nsafety_seconds = 1\n'

    def wrong(self, names, *words):
        return self.refused(USAGE, names, *words, program=harness.SIMULATOR, timeout=20)

    def scenario(self, text, *names):
        path = self.write("s.toml", text)
        for command in (("run", "--seed", 1), ("check-determinism", "--seeds", "1..1")):
            self.wrong([path, *names], *command, "--scenario", path)

    def test_scenarios_that_are_not_there(self):
        folder = harness.SOURCE + "/workloads/scenarios"
        self.wrong(["no scenario nope; there are", "everything"], "run", "--scenario", "nope", "--scenarios-dir", folder)
        self.wrong([self.path("none.toml")], "run", "--scenario", self.path("none.toml"))
        self.wrong([self.dir], "run", "--scenario", self.dir + "/")

    def test_wrong_scenarios(self):
        self.scenario(self.GOOD + "[nope]\nx = 1\n", ":8", "nope")
        self.scenario(self.GOOD.replace("stores = 3", "stores = 99"), ":4: cluster.stores: is 99")
        self.scenario(self.GOOD.replace("stores = 3", 'stores = "x"'), ":4: cluster.stores")
        self.scenario(self.GOOD.replace("stores = 3", "store = 3"), ":4: cluster.store")
        self.scenario(self.GOOD + '[[workload]]\nname = "bank"\n', ":8: workload.name", 'workload "bank" is not known')
        self.scenario(self.GOOD + '[[workload]]\nname = 3\n', ":9", "workload.name")
        self.scenario(self.GOOD + '[[fault]]\nkind = "meteor"\n', ":8: fault.kind", '"meteor" is not known')
        self.scenario(self.GOOD + '[[fault]]\nkind = "kill"\nevery_seconds = "x"\n', ":10", "fault.every_seconds")
        self.scenario(self.GOOD + "x = = 1\n", ":8")
        self.scenario(self.GOOD + "[*]\n", ":8")

    def test_command_line(self):
        self.wrong(["--seed", "x"], "run", "--seed", "x")
        self.wrong(["--nope"], "run", "--nope")
        self.wrong(['no command "nope"', "run, replay, list", "shrink, check, explore"], "nope")
        self.wrong(['no command "nope"'], "nope", "--seed", 1)
        self.wrong(["subcommand is required"])
        self.wrong(["--seeds", "5..1"], "check-determinism", "--seeds", "5..1")
        self.wrong(["--seeds", "abc"], "check-determinism", "--seeds", "abc")


if __name__ == "__main__":
    harness.main(__name__)
