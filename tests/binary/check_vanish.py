"""A broker that vanishes in the middle of its answers: every command ends by itself, soon, with one line that says so."""
import contextlib
import selectors
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

from check_kafka_tools import ours
from commands import node_of, scratch, sluice
from node import free_port
from stage import check, require, same

ASKING = ("topic list", "topic describe t", "topic create made", "topic add-partitions t -p 1", "topic delete other", "cluster",
          "config get topic t", "config set topic t retention.ms=70000", "consume t -e", "produce t", "bench consume -t t",
          "bench produce -t b -n 10")
TOOLS = ("kafka-topics --describe", "kafka-configs --describe --topic t", "kafka-get-offsets", "kafka-log-dirs --describe",
         "kafka-console-consumer --topic t --from-beginning --max-messages 1", "kafka-console-producer --topic t")


class Cutter:
    """Stands before a node; from each connection it lets `limit` bytes come back, then closes it."""

    def __init__(self, port, node_port):
        self.listener = socket.create_server(("127.0.0.1", port), backlog=64)
        self.node_port, self.limit = node_port, None
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=self.relay, args=(self.listener.accept()[0],), daemon=True).start()

    def relay(self, client):
        left = self.limit
        with contextlib.suppress(OSError), client, selectors.DefaultSelector() as ready, \
                socket.create_connection(("127.0.0.1", self.node_port)) as node:
            ready.register(client, selectors.EVENT_READ, node)
            ready.register(node, selectors.EVENT_READ, client)
            while left > 0:
                for key, _ in ready.select():
                    data = key.fileobj.recv(65536 if key.fileobj is client else min(left, 65536))
                    if not data:
                        return
                    key.data.sendall(data)
                    left -= len(data) if key.fileobj is node else 0


@check("commands: a broker that vanishes in the middle of an answer ends them with one line")
def _():
    port = free_port()
    with scratch("vanish") as work, node_of(work, advertised_listeners=f"PLAINTEXT://127.0.0.1:{port}") as node:
        cutter = Cutter(port, node.port)
        cutter.limit = 1 << 30
        here = f"127.0.0.1:{port}"
        sluice(here, "topic", "create", "t", "other", "-p", 2)
        sluice(here, "produce", "t", given="one\n")

        def run(words):
            soon = () if words.startswith("kafka-console-producer") else ("--timeout", 1)  # its --timeout is something else
            if words.startswith("kafka-"):
                return words, ours(work, SimpleNamespace(address=here), *words.split(), *soon, given="x\n", code=None)
            return words, sluice(here, *words.split(), *soon, given="x\n", code=None)
        with ThreadPoolExecutor(6) as pool:
            for cutter.limit in (1, 5, 40, 200, 450, 900):
                for words, done in pool.map(run, ASKING + TOOLS):
                    require(done.code in (0, 1), f"{words} with {cutter.limit}: ended with {done.code}, {done.err}")
                    said = done.err.replace("Processed a total of 1 messages\n", "")
                    same(bool(said), done.code == 1, f"{words} with {cutter.limit}: words, {said!r}")
        cutter.listener.close()

