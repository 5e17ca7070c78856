"""stage: the checks of one stage of tools/test, and how they report.

    @check("kcat reads back what it wrote", level="quick")
    def _():
        require(got == sent, f"got {len(got)} bytes of {len(sent)}")

    run(__doc__)

A check that returns is `ok NAME`; one that raises is `not ok NAME: why`; `Skip("why")` is for what this machine lacks. A check
runs at its own level and at the wider ones: quick < default < all. `STAGE [LEVEL] [WORD...]` runs the checks whose names have
one of the words.

`run(__doc__, at_once=2)` lets two checks run at a time, each in a thread, for stages whose checks mostly wait (for a JVM, a node). A
check that measures time, or that runs Python between fork and exec, is `@check(..., alone=True)`: it runs last, by itself.
"""
import functools
import os
import subprocess
import sys
import time
import traceback
from concurrent.futures import ThreadPoolExecutor

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


def wait_until(holds, what, limit_s=30, step_s=0.02):
    """Asks again and again, generously: the machine may be slow or busy. What `holds` gave at last."""
    limit = time.monotonic() + limit_s
    while True:
        found = holds()
        if found:
            return found
        if time.monotonic() > limit:
            raise Wrong(f"not within {limit_s} s: {what}")
        time.sleep(step_s)


def shorten(value, limit=300):
    text = value if isinstance(value, str) else repr(value)
    text = " ".join(text.split())
    return text if len(text) <= limit else f"{text[:limit]}..."


def check(name, level="default", alone=False):
    def register(function):
        CHECKS.append((name, LEVELS.index(level), alone, function))
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


def say(text):
    """A line, or several, in one piece: two checks may speak at the same time."""
    sys.stdout.write(text)
    sys.stdout.flush()


def result(one):
    """Runs a check and says how it went: does it hold?"""
    name, _, _, function = one
    begun = time.monotonic()
    holds, said = True, f"ok {name}\n"
    try:
        function()
    except Skip as why:
        said = f"skip {name}: {why}\n"
    except Exception as why:  # whatever went wrong is this check's result, and the next one still runs
        text = str(why) if isinstance(why, Wrong) else f"{type(why).__name__}: {why}"
        holds, said = False, f"not ok {name}: {shorten(text, 1500)}\n"
        if os.environ.get("SLUICE_VERBOSE"):
            said += traceback.format_exc()
    if os.environ.get("SLUICE_VERBOSE"):
        said += f"# {time.monotonic() - begun:.1f} s: {name}\n"
    say(said)
    return holds


def run(about, at_once=1):
    words = [word for word in sys.argv[1:] if word.lstrip("-") not in LEVELS]
    if words and words[0] in ("-h", "--help"):
        print(about.strip())
        return 0
    wanted = [one for one in CHECKS if LEVELS.index(level()) >= one[1] and (not words or any(word in one[0] for word in words))]
    together = [one for one in wanted if at_once > 1 and not one[2]]
    with ThreadPoolExecutor(at_once) as pool:
        hold = list(pool.map(result, together))
    hold += [result(one) for one in wanted if one not in together]
    return 0 if all(hold) else 1
