"""root: another distribution in a folder of its own, by debootstrap, kept between runs.

    with Root("trixie") as root:
        root.put_tree("/src")                          what git knows of this repository, and new files
        root.run("cd /src && tools/test --quick")      a shell in it: its own processes, mounts and names; the network is ours
"""
import filecmp
import os
import shutil
import subprocess

from guest import CACHE, run_quietly
from node import TOP
from stage import Skip

# Suite -> components, and the variable that names another mirror than the one debootstrap knows.
SUITES = {
    "bookworm": ("main", "SLUICE_MIRROR_DEBIAN"),
    "trixie": ("main", "SLUICE_MIRROR_DEBIAN"),
    "noble": ("main,universe", "SLUICE_MIRROR_UBUNTU"),
}
INSIDE = ("mount -t proc none {root}/proc && mount -t sysfs none {root}/sys && mount --rbind /dev {root}/dev && "
          "mount -t tmpfs none {root}/run && exec chroot {root} /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 "
          "{proxies} /bin/bash -c '{command}'")


def bootstrap(path, suite, *options, finish=None):
    """The suite in `path`, unless it is there; finish(folder) before it gets its name."""
    if os.path.isdir(path):
        return
    if os.geteuid() != 0 or shutil.which("debootstrap") is None:
        raise Skip("debootstrap (as root) is needed")
    if not os.path.exists(f"/usr/share/debootstrap/scripts/{suite}"):
        raise Skip(f"this debootstrap does not know {suite}")
    components, variable = SUITES[suite]
    mirror = [os.environ[variable]] if variable in os.environ else []
    fresh = f"{path}.fresh"
    shutil.rmtree(fresh, ignore_errors=True)
    os.makedirs(fresh)
    try:
        run_quietly("debootstrap", "--variant=minbase", f"--components={components}", *options, suite, fresh, *mirror)
    except RuntimeError as why:
        raise Skip(f"no {suite} can be had: {why}") from None
    if finish:
        finish(fresh)
    os.rename(fresh, path)


class Root:
    def __init__(self, suite):
        self.suite = suite
        self.path = os.path.join(CACHE, "roots", suite)

    def __enter__(self):
        bootstrap(self.path, self.suite)
        shutil.copy("/etc/resolv.conf", f"{self.path}/etc/resolv.conf")
        return self

    def __exit__(self, *_):
        pass

    def put_tree(self, place):
        """The repository's files; those of the last time go, what was built stays. A file that has changed is new: what its copy was
        built from may be younger than it."""
        known = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=TOP, check=True, stdout=subprocess.PIPE)
        names = {name for name in known.stdout.decode().split("\0") if name and os.path.isfile(os.path.join(TOP, name))}
        target = self.path + place
        for folder, _, files in os.walk(target):
            inside = os.path.relpath(folder, target)
            for name in files if not inside.startswith("build") else ():
                if os.path.normpath(os.path.join(inside, name)) not in names:
                    os.remove(os.path.join(folder, name))
        for name in names:
            old, new = os.path.join(target, name), os.path.join(TOP, name)
            if not os.path.exists(old) or not filecmp.cmp(old, new, shallow=False):
                os.makedirs(os.path.dirname(old), exist_ok=True)
                shutil.copy(new, old)

    def run(self, command, limit_s=3600):
        """(exit status, what it said)"""
        proxies = " ".join(f"{name}={os.environ[name]}" for name in ("http_proxy", "https_proxy") if name in os.environ)
        inside = INSIDE.format(root=self.path, proxies=proxies, command=command)
        done = subprocess.run(["unshare", "--mount", "--pid", "--fork", "--kill-child", "--uts", "--ipc", "sh", "-c", inside],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", timeout=limit_s, check=False)
        return done.returncode, done.stdout
