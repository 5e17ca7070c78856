"""arm64: a cross build for 64-bit ARM, and where it runs.

    debootstrap --foreign --arch=arm64 --> packages, unpacked and never run --> the sysroot of cmake/aarch64.cmake
"""
import glob
import os
import shutil
import subprocess

from guest import CACHE, run_quietly
from node import TOP
from root import bootstrap
from stage import Skip, command

PACKAGES = ("liburing-dev", "libisal-dev", "libjemalloc-dev", "libzstd-dev", "liblz4-dev", "libsnappy-dev", "zlib1g-dev",
            "libmicrohttpd-dev", "libssl-dev", "libcmocka-dev", "libc6-dev", "libstdc++6", "busybox-static")
SUITE = "bookworm"


def unpack(folder):
    for package in glob.glob(f"{folder}/var/cache/apt/archives/*.deb"):
        run_quietly("dpkg-deb", "-x", package, folder)
        os.remove(package)


def sysroot():
    path = os.path.join(CACHE, "roots", "arm64")
    bootstrap(path, SUITE, "--arch=arm64", "--foreign", f"--include={','.join(PACKAGES)}", finish=unpack)
    return path


def build(folder, *targets):
    """Builds these targets; warnings are errors."""
    if shutil.which("aarch64-linux-gnu-gcc") is None:
        raise Skip("no aarch64-linux-gnu-gcc (gcc-aarch64-linux-gnu, g++-aarch64-linux-gnu)")
    command("cmake", "-S", TOP, "-B", folder, "-G", "Ninja", "-DSLUICE_WERROR=ON", f"-DCMAKE_SYSROOT={sysroot()}",
            f"-DCMAKE_TOOLCHAIN_FILE={TOP}/cmake/aarch64.cmake")
    done = subprocess.run(["ninja", "-C", folder, *targets], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stdout[-2000:])


def emulated():
    """The words before a program of that machine. io_uring is not emulated so: for what decides, not for what waits."""
    if shutil.which("qemu-aarch64-static") is None:
        raise Skip("no qemu-aarch64-static (qemu-user-static)")
    return ["qemu-aarch64-static", "-L", sysroot()]
