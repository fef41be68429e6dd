"""ci/tidy [FOLDER...]: clang-tidy over our sources with the checks of .clang-tidy; without folders, over all of them.

Uses the compile commands of the release build (configured if need be; generated headers are built first). Prints every
finding once, however many sources include it. Exit code 1 if there are any.
"""

import argparse
import concurrent.futures
import json
import re
import sys

from common import BUILD, CPUS, ROOT, Failure, capture, configure, must, run_main, say, section, table

FOLDERS = ["runtime", "sim", "storage", "raft", "server", "client", "workloads", "faults", "cli", "bench"]
FINDING = re.compile(r"^(?P<place>\S+:\d+:\d+): (?:warning|error): (?P<words>.*) \[(?P<check>[\w.,-]+)\]$")


def sources(folders):
    """The sources of the compile commands that lie below the folders."""
    roots = [(ROOT / folder).resolve() for folder in folders]
    for folder, root in zip(folders, roots):
        if not root.exists():
            raise Failure(f"there is no {folder}")
    listed = json.loads((BUILD / "release" / "compile_commands.json").read_text())
    paths = {(BUILD / "release" / entry["file"]).resolve() for entry in listed}
    return sorted(path for path in paths if any(path == root or root in path.parents for root in roots))


def generate_headers():
    """The FlatBuffers headers, which sources include."""
    rules = must(["ninja", "-C", BUILD / "release", "-t", "targets", "all"], "listing targets").splitlines()
    headers = sorted({line.split(":")[0] for line in rules if re.match(r"gen/\S+_generated\.h: ", line)})
    if headers:
        must(["ninja", "-C", BUILD / "release", *headers], "generating headers")


def tidy(path):
    """What clang-tidy says of one source: {finding: check}, or raises Failure."""
    done = capture(["clang-tidy", "--quiet", "-p", BUILD / "release", path], timeout=900)
    found = {}
    for line in done.output.splitlines():
        match = FINDING.match(line)
        if match:
            place = match["place"].removeprefix(str(ROOT) + "/")
            found[f"{place}: {match['words']} [{match['check']}]"] = match["check"]
    if done.exit_code != 0 and not found:
        raise Failure(f"clang-tidy {path.relative_to(ROOT)}: {(done.errors or done.output).strip()[-500:]}")
    return found


def main():
    parser = argparse.ArgumentParser(prog="ci/tidy", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folders", nargs="*", default=FOLDERS, help="folders or files (default: all our folders)")
    parser.add_argument("--jobs", type=int, default=CPUS, help="at a time (default: one per CPU)")
    arguments = parser.parse_args()
    if not (BUILD / "release" / "compile_commands.json").exists():
        configure("release")
    generate_headers()
    chosen = sources(arguments.folders)
    section(f"clang-tidy over {len(chosen)} sources")
    findings = {}
    with concurrent.futures.ThreadPoolExecutor(max(1, arguments.jobs)) as pool:
        for path, found in zip(chosen, pool.map(tidy, chosen)):
            for finding in sorted(set(found) - set(findings)):
                say(finding)
            findings.update(found)
    counts = {}
    for check in findings.values():
        counts[check] = counts.get(check, 0) + 1
    if counts:
        say("\n" + table(["check", "findings"], sorted(counts.items(), key=lambda row: -row[1])))
    say(f"{len(chosen)} sources, {len(findings)} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(run_main("ci/tidy", main))
