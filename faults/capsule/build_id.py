#!/usr/bin/env python3
"""Writes which sources a build is made of into a C++ file, when that has changed.

usage: build_id.py SOURCE_ROOT OUT.cc

The commit, and a hash of what differs from it in sources (nothing: empty). Outside of a repository: "unknown".
"""
import hashlib
import os
import subprocess
import sys

SOURCES = ["*.h", "*.cc", "*.fbs", "*.cmake", "*CMakeLists.txt", "CMakePresets.json", "*.py"]


def git(root, *words):
    command = ["git", "--no-optional-locks", "-C", root, *words]
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True).stdout


def main():
    root, target = sys.argv[1], sys.argv[2]
    commit, patch = "unknown", ""
    try:
        commit = git(root, "rev-parse", "HEAD").decode().strip()
        difference = git(root, "diff", "--no-color", "--no-ext-diff", "HEAD", "--", *SOURCES)
        patch = hashlib.sha256(difference).hexdigest()[:16] if difference else ""
    except (OSError, subprocess.CalledProcessError):
        pass
    text = (
        '#include "faults/capsule/build_id.h"\n\nnamespace orrery::faults {\n\n'
        f'std::string_view BuildCommit() {{\n  return "{commit}";\n}}\n'
        f'std::string_view BuildPatch() {{\n  return "{patch}";\n}}\n\n}}  // namespace orrery::faults\n'
    )
    if os.path.exists(target):
        with open(target, encoding="utf-8") as file:
            if file.read() == text:
                return
    os.makedirs(os.path.dirname(target), exist_ok=True)
    with open(target, "w", encoding="utf-8") as file:
        file.write(text)


if __name__ == "__main__":
    main()
