"""Looking instead of sleeping: what is stored is the same, and an idle node sleeps all the same."""
import time

from kcat import kcat
from node import Sluice, scratch
from stage import check, require, same

LINES = b"".join(b"line %d\n" % i for i in range(3000))
POLLED = "sluice_io_polled_seconds_total"


def produce_and_consume(node):
    kcat(node, "-t", "polled", "-P", "-X", "acks=all", "-X", "batch.num.messages=20", given=LINES)
    same(kcat(node, "-t", "polled", "-C", "-e", "-q"), LINES, "what was consumed")


@check("polling: a node that looks before it sleeps serves as others do, says for how long, and sleeps when nothing comes")
def _():
    with scratch("binary") as work, Sluice(work, http=True, overrides={"sluice.poll.us": "300"}) as node:
        produce_and_consume(node)
        busy = node.metric(POLLED)
        require(busy > 0, "it never looked")
        time.sleep(2)
        idle = node.metric(POLLED) - busy
        require(idle < 0.4, f"an idle node looked for {idle:.3f} s of 2")


@check("polling: off by itself")
def _():
    with scratch("binary") as work, Sluice(work, http=True) as node:
        produce_and_consume(node)
        same(node.metric(POLLED), 0, POLLED)
