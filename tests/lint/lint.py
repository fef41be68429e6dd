#!/usr/bin/env python3
"""The house rules that a program can check. Prints one line per offence and what to use instead; exit code 1.

    tests/lint/lint.py [--root DIR] [--no-format] [FILE ...]

Comments and strings are blanked before the code rules look. A line that must break a rule says why:

    // lint: allow(RULE) reason

on that line or the one before it. ratchet.txt lists what stands for good reason or not yet in shape: files and functions
over the size limits with their size (they may shrink, not grow), and rules that a whole file may break.
"""

import argparse
import os
import re
import subprocess
import sys
from collections import namedtuple

Offence = namedtuple("Offence", "path line rule message")

FILE_LINES_MAX = 600
FUNCTION_LINES_MAX = 70
SOURCE_SUFFIXES = (".h", ".cc")

# Code that is not part of a node: it may use the operating system.
OUTSIDE_NODES = ("runtime/real/", "bench/", "ci/", "cli/", "tests/", "sim/interpose/", "sim/rocks/hooks",
                 "sim/rocks/measure")
OUTSIDE_NODES_SUFFIXES = ("_test.cc", "_fuzz.cc", "_bench.cc", "_main.cc")

# (rule, pattern, message) for node code.
NODE_BANS = [
    ("clock", r"\b(system_clock|steady_clock|high_resolution_clock)\b|\b(clock_gettime|gettimeofday)\s*\(|"
              r"(?<![\w.>:])time\s*\(\s*(nullptr|NULL|0|&)",
     "reads the clock of the machine; use Runtime::clock"),
    ("random", r"\brandom_device\b|\bmt19937|\bdefault_random_engine\b|(?<![\w.>:])s?rand(om)?\s*\(|\bgetrandom\s*\(",
     "draws from outside the run; use Runtime::random, split by name"),
    ("thread", r"\bstd::j?thread\b|\bstd::async\b|\bstd::this_thread\b|\bpthread_create\b|\bcondition_variable",
     "starts or awaits a thread; use Domain::Spawn for fibers, Offload for blocking work"),
    ("sleep", r"\bsleep_(for|until)\s*\(|\b(usleep|nanosleep)\s*\(|(?<![\w.>:])sleep\s*\(",
     "blocks the loop; use Scheduler::SleepFor"),
    ("getenv", r"\b(secure_)?getenv\s*\(", "reads the environment; pass an option down from main()"),
    ("thread_local", r"\bthread_local\b", "is global state by another name; make it a member"),
    ("pointer_hash", r"\bstd::hash\s*<[^<>]*\*\s*>", "hashes an address, which differs between runs; hash an id"),
    ("pointer_order", r"\bstd::(multi)?(map|set)\s*<\s*(const\s+)?[\w:]+(\s+const)?\s*\*",
     "orders by address, which differs between runs; order by an id"),
    ("assert", r"(?<![\w.>:])assert\s*\(|#\s*include\s*<(cassert|assert\.h)>",
     "vanishes or differs between builds; use ORRERY_ASSERT"),
]

# Who may include whom: the longest matching folder decides. Every folder may include itself.
MAY_INCLUDE = {
    "runtime/base/": [],
    "runtime/": ["runtime/"],
    "sim/": ["runtime/"],
    "storage/": ["runtime/"],
    "raft/core/": ["runtime/base/"],
    "raft/region/": ["runtime/", "storage/", "raft/core/"],
    "raft/": ["runtime/", "storage/"],
    "client/": ["runtime/", "server/kv_api.h", "server/kv_generated.h"],
    "server/": ["runtime/", "storage/", "raft/"],
    "workloads/": ["runtime/", "client/"],
    "faults/": ["runtime/", "sim/", "workloads/", "server/", "client/", "storage/", "raft/"],
    "bench/": [""],
    "ci/": [""],
    "cli/": [""],
    "tests/": [""],
}
# The real world is for programs and tests; nodes see contracts.
REAL_WORLD = "runtime/real/"
REAL_WORLD_USERS = ("runtime/real/", "bench/", "ci/", "cli/", "tests/")
# What tests, fuzz targets and programs may include beyond their folder's row.
EXTRA_FOR_TESTS = ("runtime/", "sim/", "storage/", "raft/", "client/", "server/", "workloads/", "faults/", "tests/")

# Libraries that only some folders may include.
LIBRARY_USERS = {
    "rocksdb/": ("storage/", "sim/", "runtime/real/", "bench/", "ci/", "tests/"),
    "boost/asio": ("runtime/real/", "bench/", "ci/", "cli/"),
    "spdlog/": ("runtime/real/", "cli/"),
}

WAIVER = re.compile(r"lint:\s*allow\((\w+)\)\s*(\S?)")


def blank(match):
    return re.sub(r"[^\n]", " ", match.group(0))


TOKEN = re.compile(
    r'R"(?P<tag>[^(\s"]*)\(.*?\)(?P=tag)"'
    r'|"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'"
    r"|//[^\n]*"
    r"|/\*.*?\*/",
    re.DOTALL)


def strip(text):
    """The code with comments and the insides of strings blanked; same length, same lines."""

    def replace(match):
        token = match.group(0)
        if token.startswith(("//", "/*")):
            return blank(match)
        return token[0] + re.sub(r"[^\n]", " ", token[1:-1]) + token[-1] if not token.startswith("R") else blank(match)

    # Paths of includes must stay readable.
    lines = text.split("\n")
    kept = {i: line for i, line in enumerate(lines) if re.match(r'\s*#\s*include\s*"', line)}
    stripped = TOKEN.sub(replace, text).split("\n")
    for i, line in kept.items():
        stripped[i] = re.sub(r"//.*", "", line)
    return "\n".join(stripped)


class Source:
    def __init__(self, path, text, sibling_text=""):
        self.path = path
        self.text = text
        self.lines = text.split("\n")
        self.code = strip(text)
        self.code_lines = self.code.split("\n")
        self.sibling_code = strip(sibling_text)

    def waived(self, line, rule):
        """Whether 1-based `line` has a waiver with a reason."""
        for candidate in (line, line - 1):
            if 1 <= candidate <= len(self.lines):
                for found in WAIVER.finditer(self.lines[candidate - 1]):
                    if found.group(1) == rule and found.group(2):
                        return True
        return False

    def in_node(self):
        return not self.path.startswith(OUTSIDE_NODES) and not self.path.endswith(OUTSIDE_NODES_SUFFIXES)


def check_bans(source):
    if not source.in_node():
        return
    for rule, pattern, message in NODE_BANS:
        for number, line in enumerate(source.code_lines, 1):
            found = re.search(pattern, line)
            if found and (rule == "assert" or not line.lstrip().startswith("#")):
                yield Offence(source.path, number, rule, f"`{found.group(0).strip()}` {message}")


UNORDERED = re.compile(r"\bunordered_(?:flat_|node_)?(?:multi)?(?:map|set)\s*<")


def unordered_names(code):
    """Variables and members declared with an unordered container type."""
    names = set()
    for found in UNORDERED.finditer(code):
        depth, at = 1, found.end()
        while at < len(code) and depth > 0:
            depth += {"<": 1, ">": -1}.get(code[at], 0)
            at += 1
        declared = re.match(r"[\s&*]*(\w+)\s*(?:;|=|\{|,|\))", code[at:])
        if declared:
            names.add(declared.group(1))
    return names


def check_unordered(source):
    if not source.in_node():
        return
    for name in sorted(unordered_names(source.code) | unordered_names(source.sibling_code)):
        walk = re.compile(r"\bfor\s*\([^;()]*:\s*\*?(?:\w+(?:\.|->))*" + name + r"\s*\)|(?<![\w.])" + name +
                          r"(?:\.|->)c?begin\s*\(")
        for number, line in enumerate(source.code_lines, 1):
            if walk.search(line):
                yield Offence(source.path, number, "unordered",
                              f"walks `{name}` in hash order; use an ordered container, or collect and sort")


STATIC = re.compile(r"^\s+static\s+(?!const\b|constexpr\b|inline\s+const|void\b|auto\b)[\w:<>,*&\s]+?[\s*&]\w+\s*(=|;|\{)")
GLOBAL = re.compile(r"^(?:static\s+|inline\s+)*(?!(?:using|typedef|return|struct|class|enum|union|namespace|template|extern|"
                    r"friend|public|private|protected|case|goto|throw|delete|constinit\s+const|static_assert|requires|concept|"
                    r"inline|static|void)\b)[A-Za-z_][\w:<>,*&\s]*[\s*&]\w+(\[\w*\])*\s*(=[^=].*|\{.*\})?;\s*$")


def check_mutable_state(source):
    if not source.in_node():
        return
    for number, line in enumerate(source.code_lines, 1):
        if re.search(r"\bconst(expr|init)?\b", line):
            continue
        if (STATIC.match(line) and "(" not in line.split("=")[0].split("{")[0]) or GLOBAL.match(line):
            yield Offence(source.path, number, "global",
                          "is mutable state outside of any object; make it a member and pass the object")


DRAW = re.compile(r"\b\w*(?:random|draw|rng|dice|pauses)\w*(?:\(\))?(?:\.|->)(?:NextU64|Below|Between|Chance|Skewed)\s*\(")


def pieces_in_order(statement):
    """Splits off what surely comes first: the head of an `if`, and the condition of a `?:` that is nobody's argument."""
    head = re.match(r"\s*(?:else\s+)?(?:if|while|switch)\s*(?:constexpr\s*)?\(", statement)
    if head:
        depth, at = 1, head.end()
        while at < len(statement) and depth > 0:
            depth += {"(": 1, ")": -1}.get(statement[at], 0)
            at += 1
        return pieces_in_order(statement[:at].strip()[statement.strip().index("("):]) + pieces_in_order(statement[at:])
    condition, question, rest = statement.partition("?")
    if question and condition.count("(") == condition.count(")"):
        return [condition] + re.split(r"(?<!:):(?!:)", rest)
    return [statement]


def check_two_draws(source):
    """Compilers differ in the order in which they evaluate arguments and operands."""
    for found in re.finditer(r"[^;{}]+", source.code):
        if any(len(DRAW.findall(piece)) > 1 for piece in pieces_in_order(found.group(0))):
            first = found.start() + DRAW.search(found.group(0)).start()
            yield Offence(source.path, source.code.count("\n", 0, first) + 1, "two_draws",
                          "draws twice in one expression, in an order that compilers choose; use a variable for each")


def check_words(source):
    if source.path.startswith("tests/lint/"):
        return
    for number, line in enumerate(source.lines, 1):
        found = re.search(r"\b(TODO|FIXME|XXX|HACK)\b", line)
        if found:
            yield Offence(source.path, number, "todo", f"{found.group(0)}: finish it, or open an issue and say what holds now")


def row_of(path):
    rows = [folder for folder in MAY_INCLUDE if path.startswith(folder)]
    return max(rows, key=len) if rows else None


def check_includes(source):
    row = row_of(source.path)
    if row is None:
        return
    is_test = source.path.endswith(OUTSIDE_NODES_SUFFIXES) or re.search(r"test|fixture|harness", source.path) is not None
    allowed = [row] + MAY_INCLUDE[row] + (list(EXTRA_FOR_TESTS) if is_test and row != "raft/core/" else [])
    for number, line in enumerate(source.code_lines, 1):
        found = re.match(r'\s*#\s*include\s*(["<])([^">]+)[">]', line)
        if not found:
            continue
        target = found.group(2)
        if found.group(1) == "<":
            for library, users in LIBRARY_USERS.items():
                if target.startswith(library) and not source.path.startswith(users):
                    yield Offence(source.path, number, "include",
                                  f"<{target}> belongs to {', '.join(users)}; go through their interfaces")
            continue
        target_row = row_of(target)
        if target.startswith(REAL_WORLD):
            if not source.path.startswith(REAL_WORLD_USERS) and not is_test:
                yield Offence(source.path, number, "include", f"{target}: nodes see the contracts in runtime/ only")
        elif target_row is None or target_row == row:
            continue
        elif not any(target.startswith(folder) for folder in allowed):
            yield Offence(source.path, number, "include",
                          f"{row} does not know {target_row} ({target}); see the folder table in docs/architecture.md")


def check_pragma_once(source):
    if source.path.endswith(".h") and "#pragma once" not in source.code:
        yield Offence(source.path, 1, "pragma_once", "begin the header with #pragma once")


def functions(code):
    """(name, first line, length in lines) of the functions defined at class or namespace level."""
    code = re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", blank, code, flags=re.MULTILINE)
    container = re.compile(r"\b(namespace|class|struct|union|enum)\b(?![^{]*\)\s*(const|noexcept|override|\s)*$)|\bextern\s*\"")
    stack = []
    head_start = 0
    for at, char in enumerate(code):
        if char == "{":
            head = code[head_start:at]
            in_container = all(kind == "container" for kind, _, _ in stack)
            if in_container and container.search(head):
                stack.append(("container", "", 0))
            elif in_container and ")" in head and not re.search(r"=\s*$", head):
                first = head_start + len(head) - len(head.lstrip())
                name = re.search(r"([\w:~]+|operator\S+)\s*\(", head)
                stack.append(("function", name.group(1) if name else "?", code.count("\n", 0, first) + 1))
            else:
                stack.append(("other", "", 0))
            head_start = at + 1
        elif char == "}":
            if stack:
                kind, name, first = stack.pop()
                if kind == "function":
                    yield name, first, code.count("\n", 0, at) + 2 - first
            head_start = at + 1
        elif char == ";" and (not stack or stack[-1][0] == "container"):
            head_start = at + 1


def check_sizes(source, ratchet):
    lines = len(source.lines) - (1 if source.text.endswith("\n") else 0)
    limit = max(FILE_LINES_MAX, ratchet.get(("file", source.path), 0))
    if lines > limit:
        yield Offence(source.path, 1, "file_size", f"{lines} lines, at most {limit}: which noun is hiding in this file?")
    for name, first, length in functions(source.code):
        limit = max(FUNCTION_LINES_MAX, ratchet.get((source.path, name), 0))
        if length > limit:
            yield Offence(source.path, first, "function_size",
                          f"{name} has {length} lines, at most {limit}: split it by idea")


def read_ratchet(root):
    """ratchet.txt: `file PATH LINES`, `PATH FUNCTION LINES` or `allow PATH RULE`; # begins a comment."""
    ratchet = {}
    path = os.path.join(root, "tests/lint/ratchet.txt")
    if os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            for line in file:
                words = line.split("#")[0].split()
                if words and words[0] == "allow":
                    ratchet[("allow", words[1], words[2])] = 1
                elif words:
                    ratchet[(words[0], words[1])] = int(words[2])
    return ratchet


def check_source(source, ratchet):
    checks = [check_bans, check_unordered, check_mutable_state, check_two_draws, check_words, check_includes, check_pragma_once]
    found = [offence for check in checks for offence in check(source)]
    found += check_sizes(source, ratchet)
    return [offence for offence in found
            if not source.waived(offence.line, offence.rule) and ("allow", offence.path, offence.rule) not in ratchet]


def check_format(root, paths):
    """Every file that clang-format would change."""
    if not paths:
        return
    command = ["clang-format", "--dry-run", "--ferror-limit=1", "-Werror"] + paths
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    named = set()
    for found in re.finditer(r"^([^\s:][^:\n]*):(\d+):\d+: error: code should be clang-formatted", done.stderr, re.MULTILINE):
        if found.group(1) not in named:
            named.add(found.group(1))
            yield Offence(found.group(1), int(found.group(2)), "format", f"run: clang-format -i {found.group(1)}")
    if done.returncode != 0 and not named:
        yield Offence(".clang-format", 1, "format", "clang-format failed: " + done.stderr.strip()[:300])


def source_files(root):
    listed = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=root,
                            capture_output=True, text=True, check=False)
    if listed.returncode == 0:
        names = listed.stdout.splitlines()
    else:
        names = [os.path.relpath(os.path.join(folder, name), root)
                 for folder, _, files in os.walk(root) for name in files]
        names = [name for name in names if not name.startswith("build/")]
    return sorted(name for name in names if name.endswith(SOURCE_SUFFIXES) and os.path.exists(os.path.join(root, name)))


def read(root, path):
    full = os.path.join(root, path)
    if not os.path.exists(full):
        return ""
    with open(full, encoding="utf-8", errors="replace") as file:
        return file.read()


def load(root, path):
    stem, suffix = os.path.splitext(path)
    sibling = read(root, stem + ".h") if suffix == ".cc" else ""
    return Source(path, read(root, path), sibling)


def main():
    parser = argparse.ArgumentParser(description="Checks the house rules.")
    parser.add_argument("--root", default=os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
    parser.add_argument("--no-format", action="store_true", help="skip clang-format")
    parser.add_argument("files", nargs="*", help="paths from the root; default: all")
    options = parser.parse_args()
    root = os.path.abspath(options.root)
    paths = options.files or source_files(root)
    ratchet = read_ratchet(root)
    offences = [offence for path in paths for offence in check_source(load(root, path), ratchet)]
    if not options.no_format:
        offences += check_format(root, paths)
    for offence in offences:
        print(f"{offence.path}:{offence.line}: [{offence.rule}] {offence.message}")
    print(f"{len(paths)} files, {len(offences)} offences")
    return 1 if offences else 0


if __name__ == "__main__":
    sys.exit(main())
