"""Bad configuration: exit code 1, and file, line and key in the message."""
import harness
from harness import Case, USAGE

STORE = '[[store]]\nid = 1\naddress = "127.0.0.1:1"\n'
BASE = "cluster_id = 7\n" + STORE


class ClusterToml(Case):
    def wrong(self, text, line, key, *words):
        path = self.write("c.toml", text)
        place = f"{path}:{line}: {key}"
        for command in (("store", "--id", 1, "--new", "--data-dir", self.path("d")), ("kv", "get", "k"), ("ctl", "init")):
            self.refused(USAGE, [place, *words], *command, "-c", path, timeout=10)

    def test_unknown_keys(self):
        self.wrong("cluster_id = 7\nnope = 1\n" + STORE, 2, "nope: unknown key")
        self.wrong(BASE + "[raft]\nelection_tick = 3\n", 6, "raft.election_tick: unknown key")
        self.wrong(BASE + "[storage]\ncache = 3\n", 6, "storage.cache: unknown key")
        self.wrong(BASE + "[limits]\nx = 3\n", 6, "limits.x: unknown key")
        self.wrong(BASE + "[network]\nx = 3\n", 5, "network: unknown key")
        self.wrong(BASE + 'host = "x"\n', 5, "store.host: unknown key")

    def test_wrong_types(self):
        self.wrong('cluster_id = "x"\n' + STORE, 1, "cluster_id: is a string, must be an integer")
        self.wrong("cluster_id = 1.5\n" + STORE, 1, "cluster_id: is a float, must be an integer")
        self.wrong("name = 3\n" + BASE, 1, "name: is an integer, must be a string")
        self.wrong('cluster_id = 7\nstore = "x"\n', 2, "store: is a string, must be an array of tables")
        self.wrong("cluster_id = 7\nstore = [3]\n", 2, "store: is an integer, must be a table")
        self.wrong(BASE + "[raft]\npre_vote = 3\n", 6, "raft.pre_vote: is an integer, must be true or false")
        self.wrong(BASE + '[raft]\ntick_ms = "100"\n', 6, "raft.tick_ms: is a string, must be an integer")
        self.wrong("raft = 3\n" + BASE, 1, "raft: is an integer, must be a table")

    def test_values_out_of_range(self):
        self.wrong("cluster_id = 0\n" + STORE, 1, "cluster_id: must be at least 1")
        self.wrong(BASE + "[raft]\nelection_ticks = 1\n", 6, "raft.election_ticks: is 1, allowed is 2 to 100000")
        self.wrong(BASE + "[raft]\ntick_ms = -1\n", 6, "raft.tick_ms: is -1, allowed is 1 to 10000 ms")
        self.wrong(BASE + "[storage]\nblock_bytes = 1\n", 6, "storage.block_bytes: is 1, allowed is 512 to 1048576")
        self.wrong(BASE + "[limits]\nrequests_max = 0\n", 6, "limits.requests_max: is 0, allowed is 1 to 1000000")
        self.wrong(BASE + "[raft]\nheartbeat_ticks = 20\n", 6, "raft.heartbeat_ticks: is 20, must be at most 9")
        self.wrong(BASE + "[storage]\nwal_bytes_max = 65536\n", 6, "storage.wal_bytes_max: is 65536, must be at least")

    def test_stores(self):
        self.wrong("cluster_id = 7\n", 1, "store: no [[store]] is listed")
        self.wrong(STORE, 1, "cluster_id: is missing")
        self.wrong('cluster_id = 7\n[[store]]\naddress = "h:1"\n', 2, "store.id: is missing")
        self.wrong("cluster_id = 7\n[[store]]\nid = 1\n", 2, "store.address: is missing")
        self.wrong(BASE + STORE, 6, "store.id: 1 stands twice")
        self.wrong(BASE + STORE.replace("id = 1", "id = 2"), 7, "store.address: 127.0.0.1:1 stands twice")
        self.wrong(BASE.replace("id = 1", "id = 0"), 3, "store.id: must be at least 1")
        for address in ("nocolon", ":1", "h:", "h:0", "h:65536", "h:web", "h:-1"):
            self.wrong(BASE.replace("127.0.0.1:1", address), 4, f'store.address: "{address}"')

    def test_syntax(self):
        self.wrong("cluster_id = = 7\n", 1, "")
        self.wrong(BASE + "[raft\n", 5, "")
        self.wrong(BASE + "[*raft]\n", 5, "")
        self.wrong("cluster_id = 7\ncluster_id = 8\n", 2, "")
        self.wrong(BASE + '[raft]\ntick_ms = "\n', 6, "")

    def test_files_that_cannot_be_read(self):
        for path, why in ((self.path("none.toml"), "No such file or directory"), (self.dir, "it is a directory")):
            self.refused(USAGE, [f"cannot read {path}: {why}"], "store", "-c", path, "--id", 1)
            self.refused(USAGE, [f"cannot read {path}: {why}"], "kv", "get", "k", "-c", path)
        binary = self.path("binary.toml")
        with open(binary, "wb") as f:
            f.write(bytes(range(256)))
        self.refused(USAGE, [f"{binary}:1"], "kv", "get", "k", "-c", binary)

    def test_a_store_that_the_file_does_not_list(self):
        path = self.write("c.toml", BASE)
        self.refused(USAGE, [path, "lists no store 4", "--address"], "store", "-c", path, "--id", 4)
        self.refused(USAGE, ["store 1 has no data directory", "--data-dir", path], "store", "-c", path, "--id", 1)


if __name__ == "__main__":
    harness.main(__name__)
