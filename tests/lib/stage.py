"""stage: the checks of one stage of tools/test, and how they report.

    @check("kcat reads back what it wrote", level="quick")
    def _():
        require(got == sent, f"got {len(got)} bytes of {len(sent)}")

    run(__doc__)

A check that returns is `ok NAME`; one that raises is `not ok NAME: why`; `Skip("why")` is for what this machine lacks. A check
runs at its own level and at the wider ones: quick < default < all. `STAGE [LEVEL] [WORD...]` runs the checks whose names have
one of the words.
"""
import functools
import os
import subprocess
import sys
import time
import traceback

LEVELS = ("quick", "default", "all")
CHECKS = []


class Skip(Exception):
    pass


class Wrong(Exception):
    pass


def require(holds, why):
    if not holds:
        raise Wrong(why)


def same(got, want, what):
    if got != want:
        raise Wrong(f"{what}: got {shorten(got)}, expected {shorten(want)}")


def shorten(value, limit=300):
    text = value if isinstance(value, str) else repr(value)
    text = " ".join(text.split())
    return text if len(text) <= limit else f"{text[:limit]}..."


def check(name, level="default"):
    def register(function):
        CHECKS.append((name, LEVELS.index(level), function))
        return function
    return register


def command(*words, limit_s=120, given=None, status=0, environment=None):
    """Runs a program and gives its standard output; any other exit status than `status` fails the check."""
    done = subprocess.run(list(map(str, words)), input=given, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=limit_s, env={**os.environ, **(environment or {})})
    if status is not None and done.returncode != status:
        said = (done.stderr + done.stdout[-2000:]).decode(errors="replace")
        raise Wrong(f"{os.path.basename(str(words[0]))} ended with {done.returncode}: {shorten(said, 1000)}")
    return done.stdout


@functools.lru_cache
def level():
    """What run() was asked for, for checks that are long or short accordingly."""
    asked = [word.lstrip("-") for word in sys.argv[1:] if word.lstrip("-") in LEVELS]
    return asked[0] if asked else os.environ.get("SLUICE_LEVEL", "default")


def run(about):
    words = [word for word in sys.argv[1:] if word.lstrip("-") not in LEVELS]
    if words and words[0] in ("-h", "--help"):
        print(about.strip())
        return 0
    failed = 0
    for name, least, function in CHECKS:
        if LEVELS.index(level()) < least or words and not any(word in name for word in words):
            continue
        begun = time.monotonic()
        try:
            function()
            print(f"ok {name}", flush=True)
        except Skip as why:
            print(f"skip {name}: {why}", flush=True)
        except Exception as why:  # whatever went wrong is this check's result, and the next one still runs
            failed += 1
            text = str(why) if isinstance(why, Wrong) else f"{type(why).__name__}: {why}"
            print(f"not ok {name}: {shorten(text, 1500)}", flush=True)
            if os.environ.get("SLUICE_VERBOSE"):
                traceback.print_exc()
        if os.environ.get("SLUICE_VERBOSE"):
            print(f"# {time.monotonic() - begun:.1f} s", flush=True)
    return 1 if failed else 0
