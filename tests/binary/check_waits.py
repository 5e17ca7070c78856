"""How a node waits, looking, napping or asleep: what is stored is the same, and an idle node sleeps all the same."""
import socket
import struct
import time

from kcat import kcat
from node import Sluice, scratch
from stage import check, require, same

LINES = b"".join(b"line %d\n" % i for i in range(3000))
POLLED, NAPS = "sluice_io_polled_seconds_total", "sluice_io_naps_total"


def ask(node, times, pause_s):
    """Asks for ApiVersions, again and again."""
    with socket.create_connection(("127.0.0.1", node.port), 30) as peer:
        for _ in range(times):
            peer.sendall(struct.pack(">ihhih", 10, 18, 0, 7, -1))
            require(peer.recv(1 << 16)[4:8] == b"\0\0\0\7", "it answered something else")
            time.sleep(pause_s)


def produce_and_consume(node):
    kcat(node, "-t", "polled", "-P", "-X", "acks=all", "-X", "batch.num.messages=20", given=LINES)
    same(kcat(node, "-t", "polled", "-C", "-e", "-q"), LINES, "what was consumed")


@check("waits: a node that looks before it sleeps serves as others do, says for how long, and sleeps when nothing comes", alone=True)
def _():
    with scratch("binary") as work, Sluice(work, http=True, overrides={"sluice.poll.us": "300"}) as node:
        produce_and_consume(node)
        busy = node.metric(POLLED)
        require(busy > 0, "it never looked")
        time.sleep(2)
        idle = node.metric(POLLED) - busy
        require(idle < 0.4, f"an idle node looked for {idle:.3f} s of 2")


@check("waits: by itself a node naps while a client asks a thousand times a second, sleeps when it is idle, and never looks", alone=True)
def _():
    with scratch("binary") as work, Sluice(work, http=True) as node:
        produce_and_consume(node)
        before = node.metric(NAPS)
        ask(node, times=1000, pause_s=0.001)
        napped = node.metric(NAPS) - before
        require(napped >= 200, f"{napped} naps in a thousand waits of a millisecond")
        before = node.metric(NAPS)
        time.sleep(2)
        idle = node.metric(NAPS) - before
        require(idle <= 200, f"an idle node napped {idle} times in two seconds")
        same(node.metric(POLLED), 0, POLLED)


@check("waits: sluice.nap.us=0, and it sleeps each time", alone=True)
def _():
    with scratch("binary") as work, Sluice(work, http=True, overrides={"sluice.nap.us": "0"}) as node:
        ask(node, times=200, pause_s=0.001)
        same(node.metric(NAPS), 0, NAPS)
