"""peers: clients that people have, brought in by the ordinary package clients and kept in a cache.

`python_package("confluent-kafka==2.16.1", "confluent_kafka")` imports a package from a virtual environment of its own, which it
makes when that is missing. A machine that can't (no network, no python3-venv) skips the check.
"""
import importlib
import os
import shutil
import subprocess
import sys

from node import CACHE
from stage import Skip

CONFLUENT = ("confluent-kafka==2.16.1", "confluent_kafka")
KAFKA_PYTHON = ("kafka-python==3.0.12", "kafka")


def environment():
    return os.path.join(CACHE, f"python-{sys.version_info.major}.{sys.version_info.minor}")


def site_packages():
    return os.path.join(environment(), "lib", f"python{sys.version_info.major}.{sys.version_info.minor}", "site-packages")


def run_quietly(*words):
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        raise Skip(f"{' '.join(words[-2:])}: {done.stdout.strip().splitlines()[-1:] or done.returncode}")


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
