"""Bytes on a store's port that no store or client of ours sends: the connection ends, the log says why, service goes on."""
import os
import socket
import struct
import threading
import time

import harness
import wire
from harness import Cluster, REFUSED, UNAVAILABLE, USAGE, free_ports
from wire import Peer

HELLO_TIMEOUT = 5  # runtime/real/real_options.h
TLS_HELLO = bytes.fromhex("16030100c8010000c40303") + bytes(60)

# Before a greeting: what is sent, and what the store's log says of it.
NOT_A_GREETING = {
    "zeros": (bytes(64), "not an Orrery node"),
    "one wrong byte": (b"x", "not an Orrery node"),
    "http": (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", 'it says "GET / HTTP/1.1'),
    "tls": (TLS_HELLO, "not an Orrery node"),
    "ssh": (b"SSH-2.0-OpenSSH_9.2\r\n", 'it says "SSH-2.0-OpenSSH_9.2'),
    "etcd's grpc": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 'it says "PRI * HTTP/2.0'),
    "a megabyte of noise": (b"\xff" + os.urandom(1 << 20), "not an Orrery node"),
    "frames without a greeting": (wire.frame(wire.RPC, b"x") * 3, "not an Orrery node"),
    "a damaged greeting": (wire.hello()[:-1] + b"\0", "its greeting is damaged (checksum)"),
    "another cluster": (wire.hello(cluster=8), "another cluster: it is client 9223372036854788153 of cluster 8"),
    "no node id": (wire.hello(node=0), "it has no node id"),
    "claims to be the store itself": (wire.hello(node=1), "it claims to be us"),
    "an older version": (wire.hello(version=0), "it speaks protocol version 0, we speak version 1"),
    "a newer version": (wire.hello(version=2), "it speaks protocol version 2, we speak version 1"),
}

# After a good greeting: frames that end the connection.
BAD_FRAMES = {
    "a huge length": (struct.pack("<IIB", 2**32 - 1, 0, wire.RPC) + bytes(100), "a frame of 4294967295 bytes"),
    "one byte too long": (struct.pack("<IIB", wire.MESSAGE_BYTES_MAX + 1, 0, wire.RPC),
                          f"a frame of {wire.MESSAGE_BYTES_MAX + 1} bytes, at most {wire.MESSAGE_BYTES_MAX} are allowed"),
    "a wrong checksum": (wire.frame(wire.RPC, b"hello", crc=1), "a damaged frame of 5 bytes (checksum)"),
    "an unknown channel": (wire.frame(9, b"hello"), "a frame for unknown channel 9"),
    "channel zero": (wire.frame(0, b""), "a frame for unknown channel 0"),
    "noise": (b"\xff" * 4096, "a frame of 4294967295 bytes"),
    "good frames, then a bad one": (wire.frame(wire.RPC, b"x") * 50 + wire.frame(wire.RPC, b"y", crc=2), "a damaged frame"),
}

# After a good greeting: frames whose content is not what its channel carries. Dropped, the connection stands.
BAD_CONTENT = {
    "empty messages": [wire.frame(channel, b"") for channel in (wire.RPC, wire.RAFT, wire.SNAPSHOT)],
    "noise": [wire.frame(channel, os.urandom(size)) for channel in (wire.RPC, wire.RAFT, wire.SNAPSHOT)
              for size in (1, 7, 64, 5000)],
    "zeros": [wire.frame(channel, bytes(200)) for channel in (wire.RPC, wire.RAFT, wire.SNAPSHOT)],
    "ones": [wire.frame(channel, b"\xff" * 200) for channel in (wire.RPC, wire.RAFT, wire.SNAPSHOT)],
    "a large one": [wire.frame(wire.RPC, bytes(300_000))],
}


class Strangers(Cluster):
    def setUp(self):
        super().setUp()
        self.boot()
        self.put("k", "v")

    def serving(self):
        self.assert_alive()
        self.assertEqual(self.get("k", timeout=5), "v")

    def await_log(self, words, what):
        """The log tells one of a kind a second and counts the others, so a case waits for its turn."""
        self.await_true(lambda: words in self.log(1), f"{what}: the log does not say {words!r}: {self.log(1)[-1500:]}")

    def in_turn(self, what, send, words):
        """Sends until the log has a line for it."""
        for _ in range(5):
            with Peer(self.ports[1]) as peer:
                send(peer)
                self.assertTrue(peer.closed_within(HELLO_TIMEOUT - 2), f"{what}: the connection stays")
            time.sleep(0.1)
            if words in self.log(1):
                return
            time.sleep(1)
        self.fail(f"{what}: the log does not say {words!r}: {self.log(1)[-1500:]}")

    def test_what_is_no_greeting(self):
        for what, (data, words) in NOT_A_GREETING.items():
            self.in_turn(what, lambda peer, data=data: peer.send(data), words)
        self.serving()

    def test_frames_that_end_the_connection(self):
        for what, (data, words) in BAD_FRAMES.items():
            def send(peer, data=data):
                peer.greet()
                self.assertEqual(peer.read_hello(), (wire.VERSION, 7, 1))
                peer.send(data)
            self.in_turn(what, send, words)
        self.serving()

    def test_content_that_nobody_understands(self):
        for what, frames in BAD_CONTENT.items():
            with Peer(self.ports[1]).greet() as peer:
                peer.read_hello()
                peer.send(b"".join(frames))
                self.assertFalse(peer.closed_within(0.3), f"{what}: the connection ended: {self.log(1)[-1500:]}")
            self.serving()

    def test_half_of_everything_then_gone(self):
        whole = wire.hello() + wire.frame(wire.RPC, bytes(1000))
        for length in [0, 1, 7, 8, 12, wire.HELLO_BYTES - 1, wire.HELLO_BYTES, wire.HELLO_BYTES + 1, wire.HELLO_BYTES + 9,
                       wire.HELLO_BYTES + 500]:
            with Peer(self.ports[1]) as peer:
                peer.send(whole[:length])
        with Peer(self.ports[1]) as peer:  # Reset instead of closed.
            peer.send(whole[:-1])
            peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.serving()

    def test_slow_ones_hold_up_nobody(self):
        """Many connections that say nothing, half a greeting, or a byte now and then are ended; half a frame may stay."""
        silent = [Peer(self.ports[1]) for _ in range(100)]
        half = [Peer(self.ports[1]) for _ in range(100)]
        for peer in half:
            peer.send(wire.hello()[:20])
        frames = [Peer(self.ports[1]).greet(node=(1 << 63) | (1000 + i), boot=i + 1) for i in range(20)]
        for peer in frames:
            peer.send(struct.pack("<IIB", wire.MESSAGE_BYTES_MAX, 0, wire.RPC) + bytes(100))
        dribbling = Peer(self.ports[1])
        stop = threading.Event()

        def dribble():
            for byte in wire.hello():
                if stop.wait(0.5):
                    return
                dribbling.send(bytes([byte]))
        thread = threading.Thread(target=dribble)
        thread.start()
        began = time.monotonic()
        self.put("k", "v")
        self.serving()
        self.assertLess(time.monotonic() - began, 3, "service stood still")
        for peer in [*silent, *half, dribbling]:
            left = HELLO_TIMEOUT + 3 - (time.monotonic() - began)
            self.assertTrue(peer.closed_within(max(left, 0.2)), "a connection without a greeting stays")
        stop.set()
        thread.join()
        self.assertLess(self.resident_megabytes(1), 600)  # Half frames are not paid for in advance.
        for peer in [*silent, *half, *frames, dribbling]:
            peer.socket.close()
        self.serving()

    def resident_megabytes(self, i):
        with open(f"/proc/{self.children[i].pid}/status") as status:
            return next(int(line.split()[1]) // 1024 for line in status if line.startswith("VmRSS"))


class Sizes(Cluster):
    """What a client may send: keys and values at the limit are taken, one byte more is refused by name."""

    def test_oversized_keys_and_values(self):
        self.boot()
        longest = "k" * 4096
        self.put(longest, "v")
        self.assertEqual(self.get(longest), "v")
        self.refused(USAGE, ["TOO_LARGE: key has 4097 bytes, at most 4096 are allowed"], "kv", "put", "-c", self.config,
                     longest + "k", "v")
        self.refused(USAGE, ["TOO_LARGE: key has 4097 bytes"], "kv", "get", "-c", self.config, longest + "k")
        self.refused(USAGE, ["key is empty"], "kv", "put", "-c", self.config, "", "v")
        largest = "x" * (8 << 20)
        load = ("kv", "load", "-c", self.config, "--format", "tsv", "-")
        self.ok(*load, given=f"large\t{largest}\n")
        self.assertEqual(self.get("large"), largest)
        self.refused(USAGE, [f"TOO_LARGE: key large: value has {(8 << 20) + 1} bytes, at most {8 << 20} are allowed"],
                     *load, given=f"large\t{largest}x\n")
        for limit in (0, 10_001):
            self.refused(USAGE, [f"limit is {limit}, allowed is 1 to 10000"], "kv", "scan", "-c", self.config, "--limit",
                         limit)
        self.refused(USAGE, ["end is before start"], "kv", "scan", "-c", self.config, "--start", "b", "--end", "a")
        self.assert_alive()


class OtherVersion(Cluster):
    """A client meets a store that speaks another protocol version, or is no store at all."""

    def serve(self, greeting):
        """Greets everybody who calls the first store's port."""
        listener = socket.create_server(("127.0.0.1", self.ports[1]))
        self.addCleanup(listener.close)

        def loop():
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                self.addCleanup(connection.close)
                connection.sendall(greeting)
        threading.Thread(target=loop, daemon=True).start()

    def test_a_store_of_another_version(self):
        self.serve(wire.hello(version=2, node=1))
        place = f"store 1 at 127.0.0.1:{self.ports[1]}: VERSION_MISMATCH"
        self.refused(REFUSED, [place, "it speaks protocol version 2, we speak version 1"], "kv", "get", "k", "-c",
                     self.config, "--timeout", 1)

    def test_something_else_on_the_port(self):
        self.serve(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        self.refused(UNAVAILABLE, [f"store 1 at 127.0.0.1:{self.ports[1]}: INVALID_ARGUMENT", "not an Orrery node",
                                   "HTTP/1.1 400"], "kv", "get", "k", "-c", self.config, "--timeout", 1)

    def test_another_store_on_the_port(self):
        self.serve(wire.hello(node=2))
        self.refused(REFUSED, [f"store 1 at 127.0.0.1:{self.ports[1]}: WRONG_TARGET", "it is node 2 of cluster 7",
                               "we expected node 1"], "kv", "get", "k", "-c", self.config, "--timeout", 1)


if __name__ == "__main__":
    harness.main(__name__)
