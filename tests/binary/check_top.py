"""`sluice top`: the frame that two looks give, to the letter; and how it ends."""
import contextlib
import fcntl
import http.server
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import threading
import time

from kcat import kcat
from node import Sluice, free_port, scratch
from parts import sluice
from stage import check, require, same


def metrics(second):
    """A node of two shards as it looks in its 100th second and ten seconds later."""
    return f"""# HELP sluice_build_info always 1
# TYPE sluice_build_info gauge
sluice_build_info{{version="9.8.7"}} 1
sluice_durability_info{{mode="durable"}} 1
sluice_ready 1
sluice_uptime_seconds {100 + 10 * second}.5
process_cpu_seconds_total {1 + 2.5 * second}
process_resident_memory_bytes 51200000
kafka_server_kafkaserver_linux_disk_write_bytes {second * 10}e6
sluice_connections 2
sluice_partitions 3
sluice_records_in_total {1000 + 450000 * second}
sluice_record_bytes_in_total {1e6 + 1.5e9 * second}
sluice_record_bytes_out_total {9990 * second}
sluice_errors_total{{error="UNKNOWN_TOPIC_ID"}} {7 * second}
sluice_requests_total{{request="Fetch"}} {50 + 10 * second}
sluice_requests_total{{request="Produce"}} {5 + 12345 * second}
sluice_request_errors_total{{request="Fetch"}} {7 * second}
sluice_request_duration_seconds_sum{{request="Fetch"}} {1 + 5 * second}
sluice_request_duration_seconds_count{{request="Fetch"}} {50 + 10 * second}
sluice_request_remote_seconds_sum{{request="Fetch"}} {1 + 4.5 * second}
sluice_request_remote_seconds_count{{request="Fetch"}} {50 + 10 * second}
sluice_shard_up{{shard="0"}} 1
sluice_shard_up{{shard="1"}} 0
sluice_shard_busy_seconds_total{{shard="0"}} {3 + 5 * second}
sluice_shard_step_seconds_max{{shard="0"}} 0.00125
sluice_wal_chunks_total{{shard="0"}} {10000 * second}
sluice_wal_used_bytes{{shard="0"}} 25
sluice_wal_limit_bytes{{shard="0"}} 100
sluice_memory_used_bytes{{budget="tail",shard="0"}} 2097152
kafka_topic_partition_current_offset{{topic="calm",partition="0"}} 5
kafka_topic_partition_current_offset{{topic="busy",partition="0"}} {100 + 30 * second}
kafka_topic_partition_current_offset{{topic="busy",partition="1"}} {100 + 40000 * second}
kafka_topic_partition_oldest_offset{{topic="busy",partition="1"}} 100
kafka_topic_partition_leader{{topic="busy",partition="1"}} 1
kafka_topic_partition_replicas{{topic="busy",partition="1"}} 3
kafka_topic_partition_in_sync_replica{{topic="busy",partition="1"}} 2
kafka_log_log_size{{topic="busy",partition="1"}} 123456
not a sample
infinite +Inf
"""


def clients(second):
    one = '{address="10.0.0.1:5000",client="a \\"quoted\\", one",shard="0"}'
    two = '{address="[2001:db8::1]:6000",client="",shard="1"}'
    return f"""sluice_client_requests_total{one} {100 + 20 * second}
sluice_client_requests_total{two} 4
sluice_client_sent_bytes_total{one} {5e6 * second}
sluice_client_in_flight{one} 3
sluice_client_stalled{one} 1
sluice_client_idle_seconds{two} 61.2
"""


FRAME = """sluice 9.8.7 at ADDRESS, durable, ready, up 110 s
records in 45.0k/s, 150 MB/s; out 999 B/s; requests 1.24k/s, errors 0.70/s
connections 2, cpu 25 %, memory 51.2 MB, disk write 1.00 MB/s, partitions 3, offline 0

SHARD  BUSY %  TURNS/S  STALL MS  FLUSHES/S  WAL/S  WAL %  SEGMENTS/S  RECEIVE     TAIL  CACHE  ANSWER
0        50.0        0       1.2      1.00k    0 B     25         0 B      0 B  2.10 MB    0 B     0 B
1      SILENT        0       0.0          0    0 B      0         0 B      0 B      0 B    0 B     0 B

REQUEST  PER S  TOTAL MS  QUEUE  LOCAL  REMOTE  WAITING  SENDING  ERRORS/S
Produce  1.23k      0.00   0.00   0.00    0.00     0.00     0.00         0
Fetch        1    500.00   0.00   0.00  450.00     0.00     0.00      0.70

PARTITION  RECORDS/S  START    END    SIZE  LEADER  ISR
busy-1         4.00k    100  40100  123 kB       1  2/3
busy-0             3      0    130     0 B       0  0/0
... and 1 more partitions

CLIENT              ID               SHARD  REQUESTS/S  IN/S   OUT/S  IN FLIGHT  OWED     IDLE
10.0.0.1:5000       a "quoted", one      0           2   0 B  500 kB          3   0 B  stalled
[2001:db8::1]:6000                       1           0   0 B     0 B          0   0 B     61 s
"""


@contextlib.contextmanager
def canned(pages):
    """An HTTP server that gives each path's pages in turn, the last one for ever."""
    asked = {path: 0 for path in pages}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            turn = min(asked.get(self.path, 0), len(pages.get(self.path, [1])) - 1)
            asked[self.path] = turn + 1
            found = self.path in pages
            self.send_response(200 if found else 404)
            self.end_headers()
            self.wfile.write(pages[self.path][turn].encode() if found else b"no\n")

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def two_looks():
    return canned({"/metrics": [metrics(0), metrics(1)], "/clients": [clients(0), clients(1)]})


@check("top: a frame, to the letter")
def _():
    with two_looks() as address:
        shown = sluice("top", address, "--once", "--interval", "0.05", "--rows", "2")
        same(shown.out, FRAME.replace("ADDRESS", address), "the frame")


@check("top: a node at work is shown")
def _():
    with scratch("binary") as work, Sluice(work, http=True) as node:
        kcat(node, "-t", "shown", "-P", given=b"1\n2\n")
        shown = sluice("top", f"127.0.0.1:{node.http_port}", "--once", "--interval", "0.1")
        require("durable, ready" in shown.out and "shown-0" in shown.out and "Produce" in shown.out, shown.out)


@check("top: what is no node, and what is no command line")
def _():
    port = free_port()
    shown = sluice("top", f"127.0.0.1:{port}", "--once", code=1)
    same(shown.err, f"sluice top: no answer from 127.0.0.1:{port}: Connection refused\n", "complaint")
    with canned({}) as address:
        require("404" in sluice("top", address, "--once", code=1).err, "the status is not told")
    with canned({"/metrics": ["\0{{{\n} 5\n{\nx{y} \n\n1 2 3 # \n"], "/clients": [""]}) as address:
        require("NOT READY" in sluice("top", address, "--once", "--interval", "0.05").out, "nonsense is no samples")
    for words in (["--interval", "0"], ["--interval", "x"], ["--rows", "0"], ["--rows"], ["--what"], ["no-port"],
                  ["127.0.0.1:0"]):
        sluice("top", *words, code=2)
    require("usage: sluice top" in sluice("top", "--help").out, "help")


@check("top: a reader that goes away ends it quietly")
def _():
    with two_looks() as address:
        top = subprocess.Popen([Sluice.binary(), "top", address, "--interval", "0.05"], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE)
        top.stdout.readline()
        top.stdout.close()
        same((top.wait(30), top.stderr.read()), (0, b""), "status and complaint")
        top.stderr.close()


GIVEN_BACK = b"\x1b[?25h\x1b[?1049l"


class Terminal:
    """`sluice top` in a terminal of 24 lines of 80 columns."""

    def __init__(self, address):
        self.pid, self.side = pty.fork()
        if self.pid == 0:
            os.environ["TERM"] = "xterm"
            os.execv(Sluice.binary(), ["sluice", "top", address, "--interval", "0.1"])
        fcntl.ioctl(self.side, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.seen = b""

    def read(self, enough, limit_s=30):
        """Until what was seen is enough."""
        limit = time.monotonic() + limit_s
        while not enough(self.seen) and time.monotonic() < limit:
            if select.select([self.side], [], [], 0.05)[0]:
                try:
                    self.seen += os.read(self.side, 65536)
                except OSError:
                    return

    def end(self):
        limit = time.monotonic() + 30
        while time.monotonic() < limit:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                return os.waitstatus_to_exitcode(status)
            time.sleep(0.02)
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        return None


@check("top: a terminal is given back as it was: by q, by a signal, and when it goes away", alone=True)
def _():
    for way in ("q", "signal", "hangup"):
        with two_looks() as address:
            terminal = Terminal(address)
            terminal.read(lambda seen: seen.count(b"\x1b[H") > 5)
            require(terminal.seen.startswith(b"\x1b[?1049h\x1b[?25l\x1b[H"), f"begin: {terminal.seen[:40]}")
            frames = terminal.seen.split(b"\x1b[H")
            require(len(frames) > 5, f"{len(frames)} frames")
            require(frames[-2].count(b"\n") < 24, "a frame is higher than the terminal")
            if way == "q":
                os.write(terminal.side, b"xq")
            elif way == "signal":
                os.kill(terminal.pid, signal.SIGTERM)
            else:
                os.close(terminal.side)
            if way != "hangup":
                terminal.read(lambda seen: seen.endswith(GIVEN_BACK))
                require(terminal.seen.endswith(GIVEN_BACK), f"{way}: {terminal.seen[-40:]}")
            same(terminal.end(), 0, f"exit status after {way}")
            if way != "hangup":
                os.close(terminal.side)


@check("top: a node that goes and comes again is waited for")
def _():
    port = free_port()
    top = subprocess.Popen([Sluice.binary(), "top", f"127.0.0.1:{port}", "--interval", "0.05"], stdout=subprocess.PIPE)
    require(top.stdout.readline() == f"no answer from 127.0.0.1:{port}: Connection refused\n".encode(), "first words")
    top.terminate()
    same(top.wait(30), 0, "exit status")
    top.stdout.close()
