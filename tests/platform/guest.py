"""guest: a virtual machine with a kernel of Debian's, for as long as one command runs.

    kernel package --apt--> vmlinuz, modules --+
    programs, and the libraries they name -----+--> initramfs (in memory, nothing of a distribution) --> QEMU
    busybox, the init below -------------------+

    ttyS0  what the kernel says, to a file          ttyS1  what the command says, to us; its exit status comes last
    vda    an image with ext4, at /data             eth0   10.0.2.15; the host's loopback is 10.0.2.2
                                                           with a tap: 10.77.0.2; the host is 10.77.0.1

A machine that can't lend its own virtualization is emulated: it boots in some seconds, computes ten to twenty times slower, and
its clock is true, so tests hold and speeds mean nothing.
"""
import contextlib
import glob
import gzip
import os
import re
import shutil
import stat
import subprocess

from stage import Skip

CACHE = os.environ.get("SLUICE_PLATFORM", os.path.expanduser("~/.cache/sluice-platform"))
MODULES = ("virtio_pci", "virtio_blk", "virtio_net", "virtio_mmio", "virtio_console")
STATUS = re.compile(r"guest: status (\d+)\s*$")

# What differs between machines: how QEMU calls them, and where Debian keeps their libraries.
MACHINES = {
    "x86_64": {"debian": "amd64", "libraries": "x86_64-linux-gnu", "console": "ttyS",
               "qemu": ["qemu-system-x86_64", "-M", "q35", "-nodefaults"]},
    "aarch64": {"debian": "arm64", "libraries": "aarch64-linux-gnu", "console": "hvc",
                "qemu": ["qemu-system-aarch64", "-M", "virt", "-nodefaults"]},
}

INIT = """#!/bin/sh
/bin/busybox mkdir -p /proc /sys /dev /tmp /data /sbin /usr/bin /root
/bin/busybox mount -t proc none /proc
/bin/busybox mount -t sysfs none /sys
/bin/busybox mount -t devtmpfs none /dev
/bin/busybox mkdir -p /dev/shm
/bin/busybox mount -t tmpfs none /dev/shm
/bin/busybox mount -t tmpfs none /tmp
/bin/busybox --install -s /bin
export PATH=/bin HOME=/root TERM=dumb
for module in {modules}; do modprobe -q $module; done
ip link set lo up
ip link set eth0 up
ip addr add {address} dev eth0
ip route add default via {gateway}
[ ! -e /dev/vda ] || mount -t ext4 /dev/vda /data
cd /root
exec </dev/null >/dev/{console} 2>&1
sh /command
status=$?
cd /
[ ! -e /dev/vda ] || umount /data
echo "guest: status $status"
sync
poweroff -f
"""


def run_quietly(*words, **options):
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
    if done.returncode:
        raise RuntimeError(f"{' '.join(words)}: {done.stdout.strip()[-500:]}")
    return done.stdout


# ---- kernels ----

def apt_options(machine):
    """For another machine's packages apt gets lists of their own; this machine's are left as they are."""
    if machine == os.uname().machine:
        return []
    debian = MACHINES[machine]["debian"]
    place = os.path.join(CACHE, f"apt-{debian}")
    options = [word for option in (f"APT::Architecture={debian}", f"APT::Architectures::={debian}", f"Dir::State={place}/state",
                                   "Dir::State::status=/dev/null", f"Dir::Cache={place}/cache", "APT::Sandbox::User=root")
               for word in ("-o", option)]
    if not os.path.isdir(place):
        for folder in ("state/lists/partial", "cache/archives/partial"):
            os.makedirs(f"{place}/{folder}")
        run_quietly("apt-get", *options, "-q", "update")
    return options


def kernel_package(version, machine):
    """The newest of Debian's cloud kernels of this version that apt knows: linux-image-6.1.0-56-cloud-amd64."""
    ending = f"cloud-{MACHINES[machine]['debian']}"
    listed = run_quietly("apt-cache", *apt_options(machine), "search", "--names-only", rf"^linux-image-{re.escape(version)}[.][.0-9+deb-]*-{ending}$")
    names = [line.split()[0] for line in listed.splitlines()]
    return max(names, key=lambda name: [int(part) for part in re.findall(r"\d+", name)], default=None)


def kernel(version="6.1", machine="x86_64"):
    """A folder with boot/ and lib/modules/ of a kernel, unpacked once."""
    kept = sorted(glob.glob(os.path.join(CACHE, "kernels", f"linux-image-{version}.*-{MACHINES[machine]['debian']}")))
    if kept:
        return kept[-1]
    name = kernel_package(version, machine)
    if name is None:
        raise Skip(f"apt knows no kernel {version} of Debian's for {machine}")
    folder = os.path.join(CACHE, "kernels", name)
    fresh = f"{folder}.fresh"
    shutil.rmtree(fresh, ignore_errors=True)
    os.makedirs(fresh)
    run_quietly("apt-get", *apt_options(machine), "-q", "download", name, cwd=fresh)
    [package] = glob.glob(f"{fresh}/*.deb")
    run_quietly("dpkg-deb", "-x", package, fresh)
    os.remove(package)
    if not os.path.isdir(f"{fresh}/lib/modules"):  # newer packages keep them below usr
        os.makedirs(f"{fresh}/lib", exist_ok=True)
        os.rename(f"{fresh}/usr/lib/modules", f"{fresh}/lib/modules")
    [release] = os.listdir(f"{fresh}/lib/modules")
    run_quietly("busybox", "depmod", "-b", fresh, release)
    os.rename(fresh, folder)
    return folder


def modules_of(folder):
    """{path in the guest: file} of the modules that a guest needs, those that they need, and their table."""
    [release] = os.listdir(f"{folder}/lib/modules")
    home = f"lib/modules/{release}"
    with open(f"{folder}/{home}/modules.dep") as table:
        rows = dict(line.rstrip("\n").split(":", 1) for line in table)
    by_name = {os.path.basename(path).split(".")[0].replace("-", "_"): path for path in rows}
    files = {f"{home}/{name}": f"{folder}/{home}/{name}" for name in ("modules.dep", "modules.alias", "modules.symbols")
             if os.path.exists(f"{folder}/{home}/{name}")}
    for name in MODULES:
        for path in [by_name[name], *rows[by_name[name]].split()] if name in by_name else ():
            files[f"{home}/{path}"] = f"{folder}/{home}/{path}"
    return files


# ---- programs ----

def is_program(path):
    with open(path, "rb") as file:
        return file.read(4) == b"\x7fELF"


def needed(program):
    """What the dynamic section of a program names, and its loader."""
    said = subprocess.run(["readelf", "-ld", program], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
    return re.findall(r"\(NEEDED\).*\[(.+)\]", said), re.findall(r"interpreter: (.+)\]", said)


def libraries_of(programs, machine, root="/"):
    """{path in the guest: file} of the libraries of these programs, found below `root` as the loader would find them."""
    triple = MACHINES[machine]["libraries"]
    places = [os.path.join(root, place, triple) for place in ("lib", "usr/lib")]
    found, todo = {}, list(programs) + [path for place in places for path in glob.glob(f"{place}/libmicrohttpd.so.*")[:1]]
    for library in todo[len(programs):]:  # loaded when it is needed, so nobody names it
        found[f"lib/{triple}/{re.sub(r'(so[.]12|so[.][0-9]+).*', r'so.12', os.path.basename(library))}"] = library
    while todo:
        names, loaders = needed(todo.pop())
        for loader in loaders:
            found[loader.lstrip("/")] = os.path.join(root, loader.lstrip("/"))
        for name in names:
            path = next((f"{place}/{name}" for place in places if os.path.exists(f"{place}/{name}")), None)
            if path is None:
                raise RuntimeError(f"no {name} below {places}")
            if f"lib/{triple}/{name}" not in found:
                found[f"lib/{triple}/{name}"] = path
                todo.append(path)
    return found


# ---- the initramfs ----

def entry(name, mode, data=b"", device=(0, 0)):
    """One file of a cpio archive, format newc."""
    fields = (0, mode, 0, 0, 1, 0, len(data), 0, 0, *device, len(name) + 1, 0)
    head = b"070701" + b"".join(b"%08X" % field for field in fields) + name.encode() + b"\0"
    return head + bytes(-len(head) % 4) + data + bytes(-len(data) % 4)


def archive(path, files, texts):
    """`files`: {name: file on this machine}, with its mode; `texts`: {name: content}, executable."""
    folders = {"/".join(name.split("/")[:depth]) for name in [*files, *texts] for depth in range(1, name.count("/") + 1)}
    with gzip.open(path, "wb", compresslevel=1) as out:
        for folder in sorted(folders | {"dev"}):
            out.write(entry(folder, stat.S_IFDIR | 0o755))
        out.write(entry("dev/console", stat.S_IFCHR | 0o600, device=(5, 1)))
        out.write(entry("bin/sh", stat.S_IFLNK | 0o777, b"busybox"))
        for name, source in sorted(files.items()):
            with open(source, "rb") as file:
                out.write(entry(name, stat.S_IFREG | os.stat(source).st_mode & 0o777, file.read()))
        for name, text in sorted(texts.items()):
            out.write(entry(name, stat.S_IFREG | 0o755, text.encode()))
        out.write(entry("TRAILER!!!", 0))


# ---- the machine ----

@contextlib.contextmanager
def tap(name="sluice0"):
    """A link to the host that carries packets without a copy: checksums and segments are left to it."""
    run_quietly("ip", "tuntap", "add", "dev", name, "mode", "tap", "vnet_hdr")
    try:
        run_quietly("ip", "addr", "add", "10.77.0.1/24", "dev", name)
        run_quietly("ip", "link", "set", name, "up")
        yield name
    finally:
        run_quietly("ip", "link", "delete", name)


def virtualized():
    """Whether QEMU may use this machine's own virtualization. Some guests have /dev/kvm and no processor that could."""
    with open("/proc/cpuinfo") as about:
        return os.access("/dev/kvm", os.W_OK) and re.search(r"\b(vmx|svm)\b", about.read()) is not None


class Guest:
    """`put`: files for /bin; `disk`: an image, made and given ext4 if it isn't there; `forward`: {port here: port there};
    `root`: where the libraries of the programs are found."""

    def __init__(self, work, put=(), version="6.1", machine="x86_64", memory_mib=1024, cores=2, disk=None, disk_mib=1024,
                 forward=None, link=None, root="/", busybox=None):
        qemu = MACHINES[machine]["qemu"][0]
        for program, package in ((qemu, qemu), ("busybox", "busybox-static")):
            if shutil.which(program) is None:
                raise Skip(f"no {program} ({package})")
        self.work, self.machine, self.link = work, machine, link
        self.kernel = kernel(version, machine)
        self.memory_mib, self.cores, self.forward = memory_mib, cores, dict(forward or {})
        self.files = {f"bin/{os.path.basename(path)}": os.path.realpath(path) for path in put}
        self.files.update(libraries_of(list(filter(is_program, self.files.values())), machine, root))
        self.files["bin/busybox"] = busybox or shutil.which("busybox")
        self.files.update(modules_of(self.kernel))
        self.console = os.path.join(work, "console.log")
        self.disk = disk
        if disk and not os.path.exists(disk):
            with open(disk, "wb") as image:
                image.truncate(disk_mib << 20)
            run_quietly("mkfs.ext4", "-q", "-F", disk)

    def words(self, initramfs, console):
        native = self.machine == os.uname().machine and virtualized()
        net = f"tap,id=net,ifname={self.link},script=no,downscript=no,vhost=off" if self.link else "user,id=net" + "".join(
            f",hostfwd=tcp:127.0.0.1:{here}-:{there}" for here, there in self.forward.items())
        [vmlinuz] = glob.glob(f"{self.kernel}/boot/vmlinuz-*")
        first = "ttyS0" if self.machine == "x86_64" else "ttyAMA0"
        words = MACHINES[self.machine]["qemu"] + [
            "-accel", "kvm" if native else "tcg", "-cpu", "host" if native else "max", "-m", str(self.memory_mib),
            "-smp", str(self.cores), "-display", "none", "-no-reboot", "-kernel", vmlinuz, "-initrd", initramfs,
            "-append", f"console={first} panic=-1 quiet", "-serial", f"file:{self.console}",
            "-netdev", net, "-device", "virtio-net-pci,netdev=net,romfile="]
        if console == "hvc0":  # a board with one serial line
            words += ["-device", "virtio-serial-pci", "-chardev", "stdio,id=out", "-device", "virtconsole,chardev=out"]
        else:
            words += ["-serial", "stdio"]
        if self.disk:
            words += ["-drive", f"file={self.disk},if=none,id=disk,format=raw,cache=none,aio=threads",
                      "-device", "virtio-blk-pci,drive=disk"]
        return words

    def run(self, command, limit_s=300, out=None):
        """Boots, runs the shell's command, powers off: its exit status and what it said, line by line to `out` too."""
        console = "ttyS1" if self.machine == "x86_64" else "hvc0"
        address, gateway = ("10.77.0.2/24", "10.77.0.1") if self.link else ("10.0.2.15/24", "10.0.2.2")
        init = INIT.format(modules=" ".join(MODULES), address=address, gateway=gateway, console=console)
        initramfs = os.path.join(self.work, "initramfs")
        archive(initramfs, self.files, {"init": init, "command": command + "\n"})
        status, said = None, []
        qemu = subprocess.Popen(["timeout", str(limit_s), *self.words(initramfs, console)], stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
        with qemu:
            for line in qemu.stdout:
                line = line.rstrip("\r\n")
                found = STATUS.search(line)
                status = int(found[1]) if found else status
                if not found:
                    said.append(line)
                    if out:
                        print(line, file=out, flush=True)
        if status is None:
            with open(self.console, errors="replace") as kernel_said:
                said += kernel_said.read().splitlines()[-20:]
            status = 124 if qemu.returncode == 124 else 125
        return status, "\n".join(said)
