"""Sending without a copy, forced on loopback, where the kernel always copies: nobody may notice, and it is given up at once."""
import socket
import struct

from kcat import kcat
from node import Sluice, scratch
from parts import frame, string
from stage import check, require, same, wait_until

LINES = b"".join(b"%06d:" % i + bytes(97 + (i + j) % 26 for j in range(90)) * 400 + b"\n" for i in range(400))
SENDS, COPIED, OFF = (f"sluice_zero_copy_{word}_total" for word in ("sends", "copied", "off"))


def produce(node):
    kcat(node, "-t", "large", "-P", "-X", "batch.size=200000", given=LINES)


def consume(node):
    return kcat(node, "-t", "large", "-C", "-e", "-q")


def fetch(offset=0):
    """Fetch v4 of everything from `offset` on."""
    partition = struct.pack(">iqi", 0, offset, 1 << 30)
    topics = struct.pack(">i", 1) + string("large") + struct.pack(">i", 1) + partition
    return frame(1, 4, struct.pack(">iiiib", -1, 500, 1, 1 << 30, 0) + topics)


def whole(peer):
    """The bytes of one answer."""
    got = b""
    while len(got) < 4 or len(got) < 4 + struct.unpack(">i", got[:4])[0]:
        piece = peer.recv(1 << 20)
        require(piece, f"the connection ended after {len(got)} bytes")
        got += piece
    return got


@check("zero copy: forced on loopback, what comes is what was sent, and the connection stops asking")
def _():
    with scratch("binary") as work, Sluice(work, http=True, overrides={"sluice.send.zerocopy": "always"}) as node:
        produce(node)
        same(consume(node), LINES, "what was consumed")
        wait_until(lambda: node.metric(OFF) >= 1, "a connection gave up")
        sends, off = node.metric(SENDS), node.metric(OFF)
        require(off <= sends <= 4 * off, f"{sends} sends without a copy on {off} connections")
        same(node.metric(COPIED), sends, "sends that were copied after all")
        with socket.create_connection(("127.0.0.1", node.port), 10) as peer:
            for _ in range(3):
                peer.sendall(fetch())
                require(LINES[:30000] in whole(peer), "the records")
        wait_until(lambda: node.metric(OFF) == off + 1, "that connection gave up")
        require(node.metric(SENDS) <= sends + 4, "it goes on asking")


@check("zero copy: left alone, loopback is not asked")
def _():
    for choice in ("auto", "never"):
        with scratch("binary") as work, Sluice(work, http=True, overrides={"sluice.send.zerocopy": choice}) as node:
            produce(node)
            same(consume(node), LINES, "what was consumed")
            same(node.metric(SENDS), 0, "sends without a copy")


@check("zero copy: clients that are killed in the middle of an answer leave nothing behind")
def _():
    with scratch("binary") as work, Sluice(work, http=True, overrides={"sluice.send.zerocopy": "always"}) as node:
        produce(node)
        for i in range(40):
            peer = socket.socket()
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
            peer.connect(("127.0.0.1", node.port))
            peer.sendall(fetch(i) * (1 + i % 3))
            if i % 4:
                require(len(peer.recv(1 + i * 1000)) > 0, "nothing came")
            if i % 2:
                peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            peer.close()
        wait_until(lambda: node.metric("sluice_connections") == 0, "all connections are gone")
        same(consume(node), LINES, "what was consumed")
        require(node.metric(SENDS) > 0, "nobody was sent anything without a copy")
