"""parts: what the checks of the binary share: running it to its end, and raw requests."""
import os
import socket
import struct
import subprocess
import urllib.error
import urllib.request

from node import Sluice, free_port
from stage import Wrong, same


class Result:
    def __init__(self, done):
        self.code = done.returncode
        self.out = done.stdout.decode(errors="replace")
        self.err = done.stderr.decode(errors="replace")

    @property
    def text(self):
        return self.out + self.err


def sluice(*words, code=0, cwd=None, environment=None, limit_s=60):
    """Runs the binary to its end; any other exit status than `code` is wrong."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("KAFKA_")}
    done = subprocess.run([Sluice.binary(), *map(str, words)], cwd=cwd, env={**clean, **(environment or {})},
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=limit_s)
    result = Result(done)
    if code is not None:
        same(result.code, code, f"exit status of {' '.join(map(str, words))} ({result.text[-500:]})")
    return result


def serve(*overrides, **arguments):
    """`sluice serve` that is expected to end by itself."""
    words = ["serve"]
    for override in (f"listeners=PLAINTEXT://127.0.0.1:{free_port()}", "sluice.http.listen=", *overrides):
        words += ["--override", override]
    return sluice(*words, **arguments)


def get(node, path, method="GET", limit_s=30):
    """Status and body of a page."""
    request = urllib.request.Request(f"http://127.0.0.1:{node.http_port}{path}", method=method)
    try:
        with urllib.request.urlopen(request, timeout=limit_s) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as answer:
        return answer.code, answer.read().decode()


def frame(key, version, body=b"", correlation=7):
    head = struct.pack(">hhih", key, version, correlation, -1)
    return struct.pack(">i", len(head) + len(body)) + head + body


def ask(port, key, version, body=b"", host="127.0.0.1"):
    """The body of an answer to a request of a version that is not flexible."""
    with socket.create_connection((host, port), 30) as peer:
        peer.sendall(frame(key, version, body))
        got = b""
        while len(got) < 4 or len(got) < 4 + struct.unpack(">i", got[:4])[0]:
            piece = peer.recv(65536)
            if not piece:
                raise Wrong(f"the connection ended after {len(got)} bytes")
            got += piece
        return got[8:]


def string(text):
    return struct.pack(">h", len(text)) + text.encode()


def advertised(port, host):
    """host:port of the one broker that Metadata names."""
    answer = ask(port, 3, 0, struct.pack(">i", 0), host)
    size = struct.unpack(">h", answer[8:10])[0]
    name = answer[10:10 + size].decode()
    return f"{name}:{struct.unpack('>i', answer[10 + size:14 + size])[0]}"


def clog(port, count=400):
    """A client that asks and never reads: a clean stop waits for it, some seconds."""
    peer = socket.socket()
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    peer.connect(("127.0.0.1", port))
    peer.settimeout(3)
    topics = [f"clog-{'x' * 200}-{i}" for i in range(200)]
    many = frame(3, 0, struct.pack(">i", len(topics)) + b"".join(map(string, topics)))
    try:
        for _ in range(count):
            peer.sendall(many)
    except (TimeoutError, OSError):
        pass
    return peer
