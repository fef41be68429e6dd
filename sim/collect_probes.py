#!/usr/bin/env python3
"""Collects the names of probes and buggify sites from the sources into a C++ file.

usage: collect_probes.py SOURCE_ROOT OUT.cc

A name is the string literal in ORRERY_PROBE(x, "name"), ORRERY_PROBE_IF(x, "name"), .Hit("name") and
.Buggify("site", p). Tests are not read: what only a test hits is no path of the program.
"""
import os
import re
import sys

FOLDERS = ["runtime", "sim", "storage", "raft", "client", "server", "workloads", "faults", "txn", "pd"]
PROBE = re.compile(r'ORRERY_PROBE(?:_IF)?\(\s*[^,"]+?,\s*"([^"]+)"|\bHit\(\s*"([^"]+)"')
BUGGIFY = re.compile(r'[Bb]uggify\(\s*"([^"]+)"')


def sources(root):
    for folder in FOLDERS:
        for base, dirs, files in os.walk(os.path.join(root, folder)):
            dirs.sort()
            for name in sorted(files):
                if name.endswith((".h", ".cc")) and not name.endswith("_test.cc"):
                    yield os.path.join(base, name)


def without_comments(text):
    return re.sub(r"//[^\n]*", "", text)


def emit(out, function, names):
    out.append(f"const std::vector<std::string_view>& {function}() {{")
    out.append("  static const std::vector<std::string_view> names = {")
    out.extend(f'      "{name}",' for name in sorted(names))
    out.append("  };\n  return names;\n}\n")


def main():
    root, target = sys.argv[1], sys.argv[2]
    probes, sites = set(), set()
    for path in sources(root):
        with open(path, encoding="utf-8") as file:
            text = without_comments(file.read())
        probes.update(first or second for first, second in PROBE.findall(text))
        sites.update(BUGGIFY.findall(text))
    out = ['#include "sim/sim_probes.h"\n', "namespace orrery::sim {\n"]
    emit(out, "AllProbeNames", probes)
    emit(out, "AllBuggifySites", sites)
    out.append("}  // namespace orrery::sim\n")
    text = "\n".join(out)
    if os.path.exists(target):
        with open(target, encoding="utf-8") as file:
            if file.read() == text:
                return
    os.makedirs(os.path.dirname(target), exist_ok=True)
    with open(target, "w", encoding="utf-8") as file:
        file.write(text)


if __name__ == "__main__":
    main()
