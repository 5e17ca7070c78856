"""peers: clients that people have, brought in by the ordinary package clients and kept in a cache.

`python_package("confluent-kafka==2.16.1", "confluent_kafka")` imports a package from a virtual environment of its own, which it
makes when that is missing; `go_program`, `cargo_program`, `node_package` and `java_client` do the like for other languages. A
machine that can't (no network, a tool missing or too old) skips the check. One is brought in at a time: two checks may ask for the
same.
"""
import functools
import importlib
import os
import re
import shutil
import subprocess
import sys
import threading

from node import CACHE
from stage import Skip

CONFLUENT = ("confluent-kafka==2.16.1", "confluent_kafka")
KAFKA_PYTHON = ("kafka-python==3.0.12", "kafka")
BRINGING = threading.Lock()


def one_at_a_time(function):
    @functools.wraps(function)
    def inner(*given, **named):
        with BRINGING:
            return function(*given, **named)
    return inner


def environment():
    return os.path.join(CACHE, f"python-{sys.version_info.major}.{sys.version_info.minor}")


def site_packages():
    return os.path.join(environment(), "lib", f"python{sys.version_info.major}.{sys.version_info.minor}", "site-packages")


def run_quietly(*words):
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        raise Skip(f"{' '.join(words[-2:])}: {done.stdout.strip().splitlines()[-1:] or done.returncode}")


@one_at_a_time
def go_program(source):
    """Builds the program in the directory `source`; its path. Modules are cached beside the other peers."""
    if not shutil.which("go"):
        raise Skip("Go is not installed")
    have = re.search(r"go1\.(\d+)", subprocess.run(["go", "version"], stdout=subprocess.PIPE, text=True, check=True).stdout)
    if not have or int(have.group(1)) < 21:
        raise Skip("needs Go 1.21, which brings what is newer")
    program = os.path.join(CACHE, os.path.basename(source))
    environment = {"GOMODCACHE": os.path.join(CACHE, "go-modules"), "GOFLAGS": "-modcacherw -mod=mod"}
    built = subprocess.run(["go", "build", "-o", program, "."], cwd=source, env={**os.environ, **environment},
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if built.returncode:
        raise Skip(f"{os.path.basename(source)} does not build: {built.stdout.strip()[-200:]}")
    return program


@one_at_a_time
def cargo_program(source, name):
    """Builds the program in the directory `source`; its path."""
    if not shutil.which("cargo"):
        raise Skip("Rust's cargo is not installed")
    target = os.path.join(CACHE, os.path.basename(source))
    built = subprocess.run(["cargo", "build", "--quiet", "--locked"], cwd=source, env={**os.environ, "CARGO_TARGET_DIR": target},
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if built.returncode:
        raise Skip(f"{os.path.basename(source)} does not build: {built.stdout.strip()[-200:]}")
    return os.path.join(target, "debug", name)


@one_at_a_time
def node_package(wanted, least=18):
    """Installs a package of npm; the NODE_PATH under which it is found."""
    if not shutil.which("npm") or not shutil.which("node"):
        raise Skip("Node.js is not installed")
    version = subprocess.run(["node", "--version"], stdout=subprocess.PIPE, text=True, check=True).stdout
    if int(version.lstrip("v").split(".")[0]) < least:
        raise Skip(f"Node.js {version.strip()} is older than {least}")
    home = os.path.join(CACHE, "npm-" + wanted.strip("@").replace("/", "-"))
    if not os.path.exists(os.path.join(home, ".complete")):
        os.makedirs(home, exist_ok=True)
        run_quietly("npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", home, wanted)
        open(os.path.join(home, ".complete"), "w").close()
    return os.path.join(home, "node_modules")


@one_at_a_time
def java_client(version):
    """The class path of Kafka's Java client of some release."""
    if not shutil.which("java") or not shutil.which("mvn"):
        raise Skip("no JDK and Maven")
    home = os.path.join(CACHE, f"java-client-{version}")
    if not os.path.exists(os.path.join(home, ".complete")):
        os.makedirs(home, exist_ok=True)
        with open(os.path.join(home, "pom.xml"), "w") as pom:
            pom.write("<project><modelVersion>4.0.0</modelVersion><groupId>sluice</groupId><artifactId>peers</artifactId>"
                      "<version>1</version><dependencies><dependency><groupId>org.apache.kafka</groupId>"
                      f"<artifactId>kafka-clients</artifactId><version>{version}</version></dependency></dependencies></project>")
        run_quietly("mvn", "-q", "-B", "-f", os.path.join(home, "pom.xml"), "dependency:copy-dependencies", "-DincludeScope=runtime",
                    f"-DoutputDirectory={home}/libs")
        open(os.path.join(home, ".complete"), "w").close()
    return os.path.join(home, "libs", "*")


@one_at_a_time
def python_package(wanted, module):
    name, _, version = wanted.partition("==")
    folder = f"{name.replace('-', '_')}-{version}.dist-info"
    if not os.path.isdir(os.path.join(site_packages(), folder)):
        if not os.path.exists(os.path.join(environment(), "bin", "pip")):
            shutil.rmtree(environment(), ignore_errors=True)
            run_quietly(sys.executable, "-m", "venv", environment())
        run_quietly(os.path.join(environment(), "bin", "pip"), "install", "-q", wanted)
    if site_packages() not in sys.path:
        sys.path.append(site_packages())
    return importlib.import_module(module)
