#!/usr/bin/env python3
"""tests/wrap.py FILE...   Words of block comments that stand beyond column 120 move to the next line of the paragraph.

clang-format leaves comments alone, because pictures and tables live in them; so only lines that are too wide are
touched.
"""
import re
import sys

COLUMNS = 120


def is_comment(line):
    return re.match(r"^\s*(/\*|\*|//)", line) is not None


def wrap_line(line, following):
    """The line cut at the last blank that fits, and the following line(s) with the rest in front."""
    closes = line.endswith("*/")
    cut = line.rfind(" ", 0, COLUMNS + 1)
    if closes and line[cut + 1:] == "*/":
        cut = line.rfind(" ", 0, cut)
    rest = line[cut + 1:]
    indent = re.match(r"^\s*", line).group(0)
    inner = re.match(r"^\s*/?\*(\s*)", line).group(1)
    inner = " " if len(inner) < 4 else inner + 4 * " "  # in a picture or a table the rest stays in its place
    lead = indent + (" * " if line.lstrip().startswith("/*") else "*" + inner)
    continues = following is not None and re.match(r"^\s*\* \S", following) and not closes and len(inner) == 1
    if continues:
        return line[:cut], [lead + rest + " " + re.sub(r"^\s*\* ", "", following)]
    return line[:cut], [lead + rest] + ([] if following is None else [following])


def wrap(text):
    lines = text.split("\n")
    index = 0
    while index < len(lines):
        line = lines[index].rstrip()
        if len(line) > COLUMNS and is_comment(line) and "//" not in line[:4]:
            following = lines[index + 1] if index + 1 < len(lines) else None
            head, tail = wrap_line(line, following)
            lines[index:index + 2] = [head] + tail
        index += 1
    return "\n".join(lines)


for path in sys.argv[1:]:
    with open(path, encoding="utf-8") as source:
        before = source.read()
    after = wrap(before)
    if after != before:
        with open(path, "w", encoding="utf-8") as source:
            source.write(after)
