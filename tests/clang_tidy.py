#!/usr/bin/env python3
"""tests/clang_tidy.py ROOT BUILD [FILE|FOLDER...]   Runs clang-tidy over the sources of ROOT that BUILD compiles, a line
per file.

clang-tidy takes seconds per file, so verdicts are kept in ~/.cache/sluice-tidy under a hash of all that a verdict
depends on: the file, the project's headers that it includes, the rules, the version. Only silence is kept; a complaint
is made again each time.
"""
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

CACHE = os.path.join(os.environ.get("XDG_CACHE_HOME", os.path.expanduser("~/.cache")), "sluice-tidy")
INCLUDE = re.compile(rb'^\s*#\s*include\s*"([^"]+)"', re.M)


def find_tool():
    for name in ("clang-tidy-14", "clang-tidy"):
        path = shutil.which(name)
        if path:
            version = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout
            if re.search(r"version 14\.", version):
                return path, version
    return None, None


def read(path):
    with open(path, "rb") as file:
        return file.read()


def include_folders(command):
    """The -I folders of a compile command, in order."""
    return re.findall(r"(?:-I|-isystem )\s*(\S+)", command)


def dependencies(path, folders, seen):
    """The project's files that `path` includes, itself first."""
    if path in seen:
        return
    seen.append(path)
    for name in INCLUDE.findall(read(path)):
        for folder in [os.path.dirname(path)] + folders:
            candidate = os.path.normpath(os.path.join(folder, name.decode()))
            if os.path.isfile(candidate):
                dependencies(candidate, folders, seen)
                break


def verdict_key(root, entry, version):
    files = []
    dependencies(entry["file"], include_folders(entry["command"]), files)
    digest = hashlib.sha256(version.encode() + read(os.path.join(root, ".clang-tidy")))
    digest.update(re.sub(re.escape(root), "", entry["command"]).encode())
    for path in files:
        digest.update(os.path.relpath(path, root).encode() + b"\0" + read(path))
    return digest.hexdigest()


def check(tool, version, root, build, entry):
    name = os.path.relpath(entry["file"], root)
    key = os.path.join(CACHE, verdict_key(root, entry, version))
    if os.path.exists(key):
        return f"ok clang-tidy {name}", ""
    command = [tool, "-p", build, "--quiet", entry["file"]]
    result = subprocess.run(command, capture_output=True, text=True, check=False, cwd=root)
    complaints = re.findall(r"^\S.*: (?:error|warning): .*$", result.stdout, re.M)
    if result.returncode == 0 and not complaints:
        with open(key, "w", encoding="ascii"):
            return f"ok clang-tidy {name}", ""
    why = complaints[0] if complaints else f"ended with status {result.returncode}"
    return f"not ok clang-tidy {name}: {why}", result.stdout + result.stderr


def main():
    root, build = os.path.realpath(sys.argv[1]), sys.argv[2]
    names = [os.path.realpath(name) for name in sys.argv[3:]] or [root]
    database = os.path.join(build, "compile_commands.json")
    tool, version = find_tool()
    if not tool:
        print("skip clang-tidy: version 14 is not installed")
        return 0
    if not os.path.exists(database):
        print("skip clang-tidy: there is no clang build")
        return 0

    os.makedirs(CACHE, exist_ok=True)
    with open(database, encoding="utf-8") as file:
        entries = {}
        for entry in json.load(file):
            entry["file"] = os.path.realpath(entry["file"])
            asked = any(entry["file"] == name or entry["file"].startswith(name + os.sep) for name in names)
            if asked and entry["file"].endswith(".c") and os.path.exists(entry["file"]):
                entries.setdefault(entry["file"], entry)

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        checks = [pool.submit(check, tool, version, root, build, entry) for _, entry in sorted(entries.items())]
        for done in checks:
            line, output = done.result()
            if output:
                print(output.strip())
            print(line, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
