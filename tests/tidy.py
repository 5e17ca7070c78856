#!/usr/bin/env python3
"""tests/tidy.py ROOT BUILD   The house rules that a script can check, one line per rule (or per breach of it).

What a room may include is not written here: it is read from the room() lines of CMakeLists.txt, so the build and this
check can't disagree. Objects are taken from BUILD (gcc, release): what a pure room needs from outside stands in
tests/pure-symbols.txt, and no room keeps a variable of its own unless that file names it.
"""
import os
import re
import shutil
import subprocess
import sys

SOURCE_LINES, HEADER_LINES, FUNCTION_LINES, COLUMNS = 600, 150, 70, 120
PURE = ["engine/base", "replication/raft", "replication/cluster", "replication/coordination", "net/messages"]
FOLDERS = ["engine", "replication", "net", "tools", "tests", "perf"]
MARKS = ["TO" + "DO", "FIX" + "ME", "XX" + "X"]
VARIABLE = re.compile(r"^[0-9a-f]+ .{7} (\.data|\.bss|\.tdata|\.tbss|\*COM\*)(\.\w+)?\t[0-9a-f]+ (\S+)$")
MACHINE_PATH = re.compile(r"(?<![\w.])/(?:work|root)/\w")


class Tidy:
    def __init__(self, root, build):
        self.root, self.build = root, build
        self.failures = []
        self.files = self.list_files()
        self.rooms, self.links = self.read_rooms()

    def list_files(self):
        """Tracked files, and new ones that git does not ignore; all files where there is no git."""
        command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
        listed = None
        if shutil.which("git"):
            listed = subprocess.run(command, cwd=self.root, capture_output=True, text=True, check=False)
        if listed and listed.returncode == 0:
            names = listed.stdout.splitlines()
        else:
            names = [os.path.relpath(os.path.join(folder, name), self.root)
                     for folder, _, names in os.walk(self.root) for name in names]
            names = [name for name in names if not name.startswith("build")]
        return sorted(name for name in names if os.path.isfile(os.path.join(self.root, name)))

    def read(self, name):
        with open(os.path.join(self.root, name), encoding="utf-8", errors="replace") as file:
            return file.read()

    def read_rooms(self):
        """{room: floor} and {target: targets it links}, from room(FLOOR NAME LINKS...)."""
        rooms, links = {}, {}
        for floor, name, rest in re.findall(r"^room\((\w+)\s+(\w+)\s*([^)]*)\)", self.read("CMakeLists.txt"), re.M):
            rooms[name] = floor
            links[f"{floor}_{name}"] = re.findall(r"\b(?:engine|replication|net)_\w+", rest)
        return rooms, links

    def reach(self, target):
        """The rooms whose headers a room may include: its own and all that it links."""
        found, open_targets = set(), [target]
        while open_targets:
            target = open_targets.pop()
            if target not in found:
                found.add(target)
                open_targets += self.links.get(target, [])
        return {target.split("_", 1)[1] for target in found}

    def fail(self, rule, why):
        self.failures.append(rule)
        print(f"not ok {rule}: {why}")

    def sources(self, *folders):
        folders = folders or FOLDERS
        return [name for name in self.files if name.split("/")[0] in folders and re.search(r"\.[ch]$", name)]

    # ---- the rules ----

    def includes_point_downwards(self, rule):
        """A file includes "room/x.h" of its own room or of one that its room links; a unit test what its room may."""
        for name in self.sources("engine", "replication", "net") + [n for n in self.sources() if "tests/unit/" in n]:
            parts = name.removeprefix("tests/unit/").split("/")
            if len(parts) < 3:
                continue
            floor, room = parts[:2]
            allowed = self.reach(f"{floor}_{room}")
            for number, line in enumerate(self.read(name).splitlines(), 1):
                match = re.match(r'\s*#\s*include\s*"([^"]+)"', line)
                if not match:
                    continue
                other = match.group(1).split("/")[0]
                if other in self.rooms and other not in allowed:
                    self.fail(rule, f'{name}:{number} includes "{match.group(1)}", which {floor}/{room} may not see')
                elif "tests/unit/" not in name and other not in self.rooms:
                    self.fail(rule, f'{name}:{number} includes "{match.group(1)}", which is in no room')

    def sizes_are_kept(self, rule):
        for name in self.sources():
            lines = self.read(name).splitlines()
            limit = HEADER_LINES if name.endswith(".h") else SOURCE_LINES
            if len(lines) > limit:
                self.fail(rule, f"{name} has {len(lines)} lines of {limit}")
            wide = [number for number, line in enumerate(lines, 1) if len(line) > COLUMNS]
            if wide:
                self.fail(rule, f"{name} has {len(wide)} lines beyond {COLUMNS} columns, the first is {wide[0]}")
            opened = None
            for number, line in enumerate(lines, 1):
                if line == "{":
                    opened = number
                elif line.startswith("}") and opened:
                    if number - opened + 1 > FUNCTION_LINES:
                        self.fail(rule, f"{name}:{opened} is a function of {number - opened + 1} lines")
                    opened = None

    def every_file_says_why_it_exists(self, rule):
        for name in self.sources():
            match = re.match(r"/\*(.*?)\*/", self.read(name), re.S)
            if not match or len(" ".join(match.group(1).split())) < 40:
                self.fail(rule, f"{name} does not open with a paragraph")

    def every_room_has_a_readme(self, rule):
        for room, floor in self.rooms.items():
            folder = f"{floor}/{room}"
            if any(name.startswith(folder + "/") for name in self.files) and f"{folder}/README.md" not in self.files:
                self.fail(rule, f"{folder} has no README.md")

    def nothing_is_left_for_later(self, rule):
        """Nor does anything tell of the machine it was written on."""
        for name in self.files:
            if re.search(r"\.(tsv|svg|png|bin|gz)$", name) or name == "LICENSE":
                continue
            for number, line in enumerate(self.read(name).splitlines(), 1):
                for mark in MARKS:
                    if re.search(rf"\b{mark}\b", line):
                        self.fail(rule, f"{name}:{number} says {mark}")
                if MACHINE_PATH.search(line):
                    self.fail(rule, f"{name}:{number} names a path of one machine")

    def structs_have_no_second_name(self, rule):
        for name in self.sources():
            for number, line in enumerate(self.read(name).splitlines(), 1):
                if re.match(r"\s*typedef\s+(struct|union|enum)\b", line):
                    self.fail(rule, f"{name}:{number} has a typedef of a struct, union or enum")

    def functions(self, name):
        """{name: line} of the functions that a source defines for others."""
        lines, found = self.read(name).splitlines(), {}
        for number, line in enumerate(lines):
            if line != "{":
                continue
            head = number - 1
            while head > 0 and lines[head].startswith(" "):
                head -= 1
            match = re.match(r"(?!static\b)[A-Za-z_][\w\s*]*?\b(\w+)\(", lines[head])
            if match:
                found[match.group(1)] = head + 1
        return found

    def simulators_names_are_its_own(self, rule):
        """The simulator is linked with the product's libraries: a name of its own would silently replace theirs."""
        product = {}
        for name in self.sources("engine", "replication", "net"):
            if name.endswith(".c"):
                product.update({function: name for function in self.functions(name)})
        for name in self.sources("tests"):
            if not name.startswith("tests/sim/") or not name.endswith(".c"):
                continue
            for function, number in self.functions(name).items():
                if function in product:
                    self.fail(rule, f"{name}:{number} defines {function}, as {product[function]} does")

    # ---- the rules about objects ----

    def objects(self, room):
        floor, name = room.split("/")
        folder = os.path.join(self.build, "CMakeFiles", f"{floor}_{name}.dir", floor, name)
        found = []
        for source in self.sources(floor):
            path = os.path.join(folder, os.path.basename(source) + ".o")
            if os.path.dirname(source) == room and source.endswith(".c") and os.path.exists(path):
                found.append((source, path))
        return found

    @staticmethod
    def symbols(path):
        """(undefined, defined) names of an object."""
        undefined, defined = set(), set()
        for line in subprocess.run(["nm", path], capture_output=True, text=True, check=True).stdout.splitlines():
            parts = line.split()
            (undefined if parts[-2] in "Uw" else defined).add(parts[-1])
        return undefined, defined

    def read_symbol_list(self):
        """{place: names}; a place is `anywhere`, a room or a file; what may be a variable stands under `variables`."""
        allowed, place = {}, None
        for line in self.read("tests/pure-symbols.txt").splitlines():
            line = line.split("#")[0].strip()
            if line.endswith(":"):
                place = line[:-1]
                allowed.setdefault(place, set())
            elif line:
                allowed[place].update(line.split())
        return allowed

    def pure_rooms_need_nothing_from_outside(self, rule):
        allowed = self.read_symbol_list()
        base = {name for _, path in self.objects("engine/base") for name in self.symbols(path)[1]}
        for room in PURE:
            objects = self.objects(room)
            own = {name for _, path in objects for name in self.symbols(path)[1]}
            for source, path in objects:
                known = own | base | allowed["anywhere"] | allowed.get(room, set()) | allowed.get(source, set())
                for symbol in sorted(self.symbols(path)[0] - known):
                    plain = re.sub(r"^__(\w+)_chk$", r"\1", symbol)  # what compilers that fortify by themselves call instead
                    if plain not in known:
                        self.fail(rule, f"{source} needs {symbol}")

    def rooms_keep_no_variables(self, rule):
        allowed = self.read_symbol_list()["variables"]
        for room, floor in self.rooms.items():
            for source, path in self.objects(f"{floor}/{room}"):
                table = subprocess.run(["objdump", "-t", path], capture_output=True, text=True, check=True).stdout
                for line in table.splitlines():
                    match = VARIABLE.match(line)
                    if not match or match.group(2) == ".rel" or match.group(3).startswith("."):
                        continue
                    if match.group(3) not in allowed:
                        self.fail(rule, f"{source} keeps a variable, {match.group(3)}")

    def run(self):
        rules = [self.includes_point_downwards, self.sizes_are_kept, self.every_file_says_why_it_exists,
                 self.every_room_has_a_readme, self.nothing_is_left_for_later, self.structs_have_no_second_name,
                 self.simulators_names_are_its_own]
        by_objects = [self.pure_rooms_need_nothing_from_outside, self.rooms_keep_no_variables]
        for rule in rules + by_objects:
            name = "tidy " + rule.__name__.replace("_", "-")
            if rule in by_objects and not self.objects("engine/base"):
                print(f"skip {name}: nothing is built in {self.build}")
                continue
            rule(name)
            if name not in self.failures:
                print(f"ok {name}")
        return 0


if __name__ == "__main__":
    sys.exit(Tidy(os.path.realpath(sys.argv[1]), sys.argv[2]).run())
