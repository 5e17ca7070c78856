"""loop: file systems of our own on loop devices, and what a power cut leaves of them.

    host file -> XFS that can share blocks -> image -> loop device, direct I/O -> ext4 or XFS -> the node's directory

A power cut is a clone of the image (a reflink: one moment, nothing is frozen or flushed for it): what the node, the page cache and
the journal had not written yet is not in it. The clone is mounted like a disk after a crash and given to another node.
"""
import contextlib
import os
import subprocess
import time

from stage import Skip

MAKE = {"ext4": ["mkfs.ext4", "-q", "-F", "-J", "size=16"], "xfs": ["mkfs.xfs", "-q", "-f", "-s", "size=4096"]}
OPTIONS = {"ext4": "rw", "xfs": "rw,nouuid"}


def call(*words):
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(words)}: {done.stdout.strip()}")
    return done.stdout.strip()


def make_image(path, mib, kind):
    with open(path, "wb") as image:
        image.truncate(mib << 20)
    call(*MAKE[kind], path)


def unmount(place, limit_s=20):
    """A killed node's ring lets go of its files a moment after the process has ended."""
    limit = time.monotonic() + limit_s
    while True:
        try:
            call("umount", place)
            return
        except RuntimeError:
            if time.monotonic() > limit:
                raise
            time.sleep(0.1)


@contextlib.contextmanager
def mounted(image, place, kind, options=None):
    """The image's file system at `place`."""
    os.makedirs(place, exist_ok=True)
    device = call("losetup", "--find", "--show", "--direct-io=on", image)
    try:
        call("mount", "-t", kind, "-o", options or OPTIONS[kind], device, place)
        try:
            yield place
        finally:
            unmount(place)
    finally:
        call("losetup", "--detach", device)


@contextlib.contextmanager
def device_room(work, mib=16000):
    """A place for images that can be cloned."""
    if os.geteuid() != 0:
        raise Skip("mounting needs root")
    try:
        make_image(f"{work}/room.img", mib, "xfs")
        room = mounted(f"{work}/room.img", f"{work}/room", "xfs")
        place = room.__enter__()
    except (OSError, RuntimeError) as why:
        raise Skip(f"no loop devices, or no XFS: {why}") from None
    try:
        yield place
    finally:
        room.__exit__(None, None, None)


@contextlib.contextmanager
def cut(image, clone, place, kind):
    """The power fails: what was on the device at this moment, mounted."""
    call("cp", "--reflink=always", image, clone)
    try:
        with mounted(clone, place, kind):
            yield place
    finally:
        os.remove(clone)
