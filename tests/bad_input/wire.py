"""The bytes on the wire of runtime/real/frame.h, for tests that send wrong ones."""
import socket
import struct

MAGIC = 0x0a005952_4552524f
VERSION = 1
MESSAGE_BYTES_MAX = 64 << 20
RPC, RAFT, SNAPSHOT = 1, 2, 3


def _table():
    for n in range(256):
        for _ in range(8):
            n = (n >> 1) ^ (0x82F63B78 if n & 1 else 0)
        yield n


_CRC_TABLE = list(_table())


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = (crc >> 8) ^ _CRC_TABLE[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF


def hello(cluster=7, node=(1 << 63) | 12345, version=VERSION, shard=0, boot=99):
    body = struct.pack("<QIIQQQ", MAGIC, version, shard, cluster, node, boot)
    return body + struct.pack("<I", crc32c(body))


HELLO_BYTES = len(hello())


def parse_hello(data):
    """(version, cluster, node)"""
    magic, version, _, cluster, node, _ = struct.unpack("<QIIQQQ", data[:HELLO_BYTES - 4])
    assert magic == MAGIC
    return version, cluster, node


def frame(channel, payload, length=None, crc=None):
    body = bytes([channel]) + payload
    return struct.pack("<II", len(payload) if length is None else length, crc32c(body) if crc is None else crc) + body


class Peer:
    """A connection to a store."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=10)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        try:
            self.socket.sendall(data)
        except OSError:
            pass  # It has hung up on us: what read() is for to see.

    def greet(self, **fields):
        self.send(hello(**fields))
        return self

    def read_hello(self):
        data = b""
        while len(data) < HELLO_BYTES:
            more = self.socket.recv(HELLO_BYTES - len(data))
            if not more:
                raise AssertionError(f"closed after {len(data)} bytes of a greeting")
            data += more
        return parse_hello(data)

    def closed_within(self, seconds):
        """Whether the store hangs up; what it says until then does not count."""
        self.socket.settimeout(seconds)
        try:
            while self.socket.recv(65536):
                pass
            return True
        except TimeoutError:
            return False
        except OSError:
            return True
