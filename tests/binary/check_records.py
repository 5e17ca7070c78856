"""`sluice produce` and `sluice consume`: against each other and against kcat."""
import json
import os
import subprocess
import time

from commands import golden, node_of, scratch, sluice
from kcat import kcat
from node import Sluice
from stage import check, require, same

CODECS = ("none", "gzip", "snappy", "lz4", "zstd")


@check("produce: keys, headers, nulls and partitions arrive as they were given")
def _():
    with scratch("commands") as work, node_of(work) as node:
        sluice(node, "topic", "create", "t", "-p", 2)
        sluice(node, "produce", "t", "-p", 1, "-K:", "-H", "a=1", "-H", "b", "--timestamp", 1700000000000,
               given="k1:v1\nno key\n:empty key\nk4:\n")
        golden(sluice(node, "consume", "t", "-e", "-Z", "-f", "%t %p %o %k/%K %s/%S %T %h\\n").out, """
t 1 0 k1/2 v1/2 1700000000000 a=1,b=NULL
t 1 1 NULL/-1 no key/6 1700000000000 a=1,b=NULL
t 1 2 /0 empty key/9 1700000000000 a=1,b=NULL
t 1 3 k4/2 /0 1700000000000 a=1,b=NULL
""", "what came back")
        sluice(node, "produce", "t", "-p", 0, "-K:", "-k", "fixed", "-Z", given="v\n\nx:\n")
        golden(sluice(node, "consume", "t", "-p", 0, "-e", "-f", "%k/%K %s/%S\\n").out,
               "fixed/5 v/1\nfixed/5 /-1\nx/1 /-1", "-k and -Z")


@check("produce: the key chooses the partition that Kafka's own producer chooses")
def _():
    keys = [f"key-{i}" for i in range(60)] + ["a", "ab", "abc", "abcd", "\u00e4\u00f6"]
    text = "".join(f"{key}:x\n" for key in keys)
    with scratch("commands") as work, node_of(work) as node:
        sluice(node, "topic", "create", "ours", "theirs", "-p", 7)
        sluice(node, "produce", "ours", "-K:", given=text)
        kcat(node, "-P", "-t", "theirs", "-K:", "-X", "topic.partitioner=murmur2", given=text.encode())

        def read(topic):
            return sorted(sluice(node, "consume", topic, "-e", "-f", "%k %p\\n").out.splitlines())
        same(read("ours"), read("theirs"), "partitions")
        same(len(read("ours")), len(keys), "records")


@check("consume and produce: every codec, both ways with kcat")
def _():
    lines = [f"line {i} {'x' * (i % 300)}" for i in range(3000)]
    text = "".join(f"{line}\n" for line in lines)
    with scratch("commands") as work, node_of(work) as node:
        for codec in CODECS:
            sluice(node, "topic", "create", f"ours-{codec}", f"theirs-{codec}")
            sluice(node, "produce", f"ours-{codec}", "-z", codec, given=text)
            same(kcat(node, "-C", "-t", f"ours-{codec}", "-e", "-q").decode(), text, f"kcat reads our {codec}")
            kcat(node, "-P", "-t", f"theirs-{codec}", "-z", codec, given=text.encode())
            same(sluice(node, "consume", f"theirs-{codec}", "-e").out, text, f"we read kcat's {codec}")


@check("consume: JSON is kcat's, word for word")
def _():
    with scratch("commands") as work, node_of(work) as node:
        sluice(node, "topic", "create", "t")
        sluice(node, "produce", "t", "-K:", "-H", "a=1", "-H", "b", given='k:say "x" \\ \t\u00e4\n:\nplain\n')
        ours = sluice(node, "consume", "t", "-e", "-J").out.splitlines()
        theirs = kcat(node, "-C", "-t", "t", "-e", "-q", "-J").decode().splitlines()
        same([json.loads(line) for line in ours], [json.loads(line) for line in theirs], "JSON")
        sluice(node, "produce", "t", given=b"\xff\xfe\n")
        same(json.loads(sluice(node, "consume", "t", "-e", "-J", "-o", -1).out)["payload"], "\ufffd\ufffd", "no UTF-8")


@check("consume: beginning, end, offsets, from the end, by time")
def _():
    with scratch("commands") as work, node_of(work) as node:
        sluice(node, "topic", "create", "t")
        for i in range(10):
            sluice(node, "produce", "t", "--timestamp", 1000 * i, given=f"{i}\n")

        def read(*words):
            return sluice(node, "consume", "t", "-e", "-D ", *words).out.split()
        every = [str(i) for i in range(10)]
        same(read(), every, "the default")
        same(read("-o", "beginning"), every, "beginning")
        same(read("-o", "end"), [], "end")
        same(read("-o", 7), every[7:], "7")
        same(read("-o", 10), [], "10")
        same(read("-o", -3), every[7:], "-3")
        same(read("-o", -99), every, "-99")
        same(read("-o", "s@2500"), every[3:], "s@2500")
        same(read("-o", "s@2000", "-o", "e@5000"), every[2:5], "s@2000, e@5000")
        same(read("-o", "s@1970-01-01T00:00:08Z"), every[8:], "a date")
        same(read("-o", "s@-1h"), [], "an hour ago")
        same(read("-c", 4), every[:4], "-c 4")
        require("has offsets from 0 to 10, and no 11" in sluice(node, "consume", "t", "-o", 11, code=1).err, "11")
        for bad in ("soon", "s@", "s@never", "1x"):
            require("is no offset" in sluice(node, "consume", "t", "-o", bad, code=2).err, bad)


@check("consume: what is told wrongly")
def _():
    with scratch("commands") as work, node_of(work) as node:
        sluice(node, "topic", "create", "t")
        golden(sluice(node, "consume", code=2).err, "sluice consume: which topic?", "no topic")
        golden(sluice(node, "consume", "t", "-f", "%q", code=2).err, "sluice consume: the format: there is no '%q'", "%q")
        golden(sluice(node, "consume", "t", "-p", "x", code=1).err, "sluice consume: 'x' names no partitions", "-p x")
        golden(sluice(node, "consume", "t", "-p", 7, code=1).err, "sluice consume: there is no such partition", "-p 7")
        golden(sluice(node, "consume", "no", code=1).err, "sluice consume: no: UNKNOWN_TOPIC_OR_PARTITION", "no topic")
        golden(sluice(node, "produce", "t", "-z", "rar", code=2).err,
               "sluice produce: there is no codec 'rar': none, gzip, snappy, lz4 or zstd", "codec")
        require("has no partition 9" in sluice(node, "produce", "t", "-p", 9, given="x\n", code=1).err, "-p 9")
        require("MESSAGE_TOO_LARGE" in sluice(node, "produce", "t", given="x" * 2000000, code=1).err, "too large")


@check("consume: a reader that goes away is no error to tell; a full disk is")
def _():
    with scratch("commands") as work, node_of(work) as node:
        sluice(node, "topic", "create", "t")
        sluice(node, "produce", "t", given="".join(f"{i}\n" for i in range(100000)))
        pipe = subprocess.run(f"{Sluice.binary()} consume t -b {node.address} -e | head -1", shell=True, timeout=60,
                              capture_output=True)
        same((pipe.stdout, pipe.stderr), (b"0\n", b""), "head -1")
        full = subprocess.run(f"{Sluice.binary()} consume t -b {node.address} -e >/dev/full", shell=True, timeout=60,
                              capture_output=True)
        same((full.returncode, b"No space left" in full.stderr), (1, True), "/dev/full")


@check("produce: files are records, lines of files with -l, and what is typed is sent at once")
def _():
    with scratch("commands") as work, node_of(work) as node:
        sluice(node, "topic", "create", "t")
        path = os.path.join(work, "file")
        with open(path, "w") as out:
            out.write("two\nlines\n")
        sluice(node, "produce", "t", path)
        sluice(node, "produce", "t", "-l", path)
        same(sluice(node, "consume", "t", "-e", "-D|").out, "two\nlines\n|two|lines|", "files")
        require("No such file" in sluice(node, "produce", "t", "/no/such/file", code=1).err, "no file")
        typing = subprocess.Popen([Sluice.binary(), "produce", "t", "-b", node.address], stdin=subprocess.PIPE)
        typing.stdin.write(b"prompt\n")
        typing.stdin.flush()
        same(sluice(node, "consume", "t", "-o", 3, "-c", 1, limit_s=60).out, "prompt\n", "before the end of the input")
        typing.stdin.close()
        same(typing.wait(60), 0, "exit status")


@check("produce and consume go on when the broker comes back")
def _():
    with scratch("commands") as work, node_of(work) as node:
        sluice(node, "topic", "create", "t")
        reader = subprocess.Popen([Sluice.binary(), "consume", "t", "-b", node.address, "-c", "2", "--timeout", "60"],
                                  stdout=subprocess.PIPE)
        writer = subprocess.Popen([Sluice.binary(), "produce", "t", "-b", node.address, "--timeout", "60"],
                                  stdin=subprocess.PIPE)
        writer.stdin.write(b"before\n")
        writer.stdin.flush()
        same(reader.stdout.readline(), b"before\n", "before")
        node.kill()
        writer.stdin.write(b"behind\n")
        writer.stdin.flush()
        time.sleep(0.5)
        node.start()
        writer.stdin.close()
        same((writer.wait(60), reader.wait(60)), (0, 0), "exit statuses")
        same(reader.stdout.read(), b"behind\n", "behind")
        same(sluice(node, "consume", "t", "-e").out, "before\nbehind\n", "each once")


@check("produce: a broker that never comes back is told, with how much is lost")
def _():
    with scratch("commands") as work, node_of(work) as node:
        sluice(node, "topic", "create", "t")
        writer = subprocess.Popen([Sluice.binary(), "produce", "t", "-b", node.address, "--timeout", "2"],
                                  stdin=subprocess.PIPE, stderr=subprocess.PIPE)
        writer.stdin.write(b"before\n")
        writer.stdin.flush()
        sluice(node, "consume", "t", "-c", 1)
        node.kill()
        said = writer.communicate(b"lost\n", timeout=60)[1].decode()
        same(writer.returncode, 1, "exit status")
        require("Connection refused" in said and "1 records are not known to be stored" in said, said)


@check("produce and consume: the flags that are used less")
def _():
    with scratch("commands") as work, node_of(work) as node:
        sluice(node, "topic", "create", "t")
        told = sluice(node, "produce", "-t", "t", "-v", "-D;", "-c", 2, "-z", "gzip", "--level", 9, "-k", "k", given="a;b;c;")
        golden(told.err, "t [0] offset 0, 2 records", "-v")
        same(sluice(node, "produce", "t", "-T", given="c\nd\n").out, "c\nd\n", "-T")
        golden(sluice(node, "consume", "-t", "t", "-e", "-O", "-K=", "-u").out, "0=k=a\n1=k=b\n2==c\n3==d", "-O and -K")
        same(sluice(node, "consume", "t", "-e", "--isolation", "uncommitted", "-D,").out, "a,b,c,d,", "--isolation")
        same(sluice(node, "consume", "t", "-e", "-c", 1, "-f", "%R%s%%\\x41\\101\\t").raw, b"\0\0\0\1a%AA\t", "%R and escapes")
        require("committed or uncommitted" in sluice(node, "consume", "t", "--isolation", "x", code=2).err, "isolation")
        require("--acks is 0, 1 or all" in sluice(node, "produce", "t", "--acks", 2, code=2).err, "acks")
        require("is no time" in sluice(node, "produce", "t", "--timestamp", "x", code=2).err, "timestamp")
        require("a header without a name" in sluice(node, "produce", "t", "-H", "=x", code=2).err, "header")
        require("a delimiter has a byte" in sluice(node, "produce", "t", "-D", "", code=2).err, "delimiter")


@check("consume: -s reads numbers as kcat does")
def _():
    with scratch("commands") as work, node_of(work) as node:
        sluice(node, "topic", "create", "t", "short")
        sluice(node, "produce", "t", "-K:", "-D;", given=b"\0\0\0\5\xff\xff\xff\xff\xff\xff\xff\xf9tail:\xff\xfe\1\2;")
        for spec, said in (("key=>iqs", "%k"), ("key=>IQcs", "%k"), ("value=bBc", "%s"), ("value=>H h$", "%s"), (">H", "%k|%s|%K")):
            words = ("-e", "-s", spec, "-f", f"{said}\\n")
            same(sluice(node, "consume", "t", *words).out, kcat(node, "-C", "-t", "t", "-q", *words).decode(), spec)
        same(sluice(node, "consume", "t", "-e", "-s", "value=<H >h").out, "65279 258\n", "the lowest byte first")  # kcat 1.7 doesn't
        golden(sluice(node, "consume", "t", "-e", "--unpack", "value=q", code=1).err,
               "sluice consume: t [0] offset 0 is not what -s says", "too short")
        golden(sluice(node, "consume", "t", "-e", "-s", "value=i$", "-s", "key=i$", "-f", "%s\\n%k\\n", code=1).out, "-130814\n5",
               "what was read before")
        for bad in ("", "avro", "key=", "payload=i"):
            require("is not [key=|value=]" in sluice(node, "consume", "t", "-s", bad, code=2).err, bad)
