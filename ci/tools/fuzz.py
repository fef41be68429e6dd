"""ci/fuzz: every libFuzzer target of the build, for some seconds each, from its corpus.

Targets are the programs called *_fuzz in build/fuzz. Fails on any finding; the input that shows it is kept in
build/fuzz/findings/.
"""

import argparse
import concurrent.futures
import os
import pathlib
import re
import shutil
import sys

from common import BUILD, CPUS, ROOT, Failure, build, capture, configure, fresh_folder, run_main, say, section, table, target_names

FOLDER = BUILD / "fuzz"
# libFuzzer looks for leaks after inputs whose allocations do not balance. What is left when it exits is its own.
CHECKS = {"ASAN_OPTIONS": "leak_check_at_exit=0"}


def build_targets(only):
    configure("fuzz")
    names = [name for name in target_names("fuzz", r"\w+_fuzz") if only in name]
    if not names:
        raise Failure(f"the fuzz preset has no fuzz targets{' whose name contains ' + only if only else ''}")
    for name in names:
        corpus_of(FOLDER / name)  # Complains before time is spent.
    build("fuzz", *names)
    return [FOLDER / name for name in names]


def corpus_of(target):
    """The folder that cmake/targets.cmake names for it."""
    folder = pathlib.Path((FOLDER / "fuzz_corpora" / target.name).read_text())
    if folder.is_dir() and any(path.is_file() for path in folder.iterdir()):
        return folder
    raise Failure(f"fuzz target {target.name} has no corpus: make {folder.relative_to(ROOT)}")


def fuzz(target, seconds):
    """A row for the table, and what went wrong or None."""
    corpus = corpus_of(target)
    work = FOLDER / "corpora" / target.name
    work.mkdir(parents=True, exist_ok=True)
    findings = FOLDER / "findings" / target.name
    findings.mkdir(parents=True, exist_ok=True)
    done = capture([target, f"-max_total_time={seconds}", "-timeout=20", "-rss_limit_mb=3000", "-print_final_stats=1",
                    f"-artifact_prefix={findings}/", work, corpus], timeout=seconds + 300, env={**os.environ, **CHECKS})
    statistics = dict(re.findall(r"stat::(\w+):\s+(\d+)", done.errors))
    coverage = re.findall(r"cov: (\d+)", done.errors)
    row = [target.name, len(list(corpus.iterdir())), statistics.get("number_of_executed_units", "-"),
           coverage[-1] if coverage else "-", "ok" if done.exit_code == 0 else f"exit {done.exit_code}"]
    if done.exit_code == 0:
        shutil.rmtree(findings)
        return row, None
    return row, f"{target.name}:\n" + "\n".join(done.errors.splitlines()[-40:])


def main():
    parser = argparse.ArgumentParser(prog="ci/fuzz", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("seconds", type=int, nargs="?", default=120, help="for each target (default 120)")
    parser.add_argument("--only", default="", help="targets whose name contains this")
    parser.add_argument("--jobs", type=int, default=CPUS, help="targets at a time (default: one per CPU)")
    arguments = parser.parse_args()
    if arguments.seconds < 1:
        raise Failure("SECONDS must be at least 1")

    section("building")
    chosen = build_targets(arguments.only)
    fresh_folder(FOLDER / "findings")
    section(f"{len(chosen)} targets, {arguments.seconds} s each, {arguments.jobs} at a time")
    with concurrent.futures.ThreadPoolExecutor(max(1, arguments.jobs)) as pool:
        results = list(pool.map(lambda target: fuzz(target, arguments.seconds), chosen))
    say(table(["target", "corpus", "runs", "coverage", "result"], [row for row, _ in results]))
    complaints = [complaint for _, complaint in results if complaint]
    for complaint in complaints:
        say(f"\nFINDING {complaint}")
    say(f"{len(results) - len(complaints)} passed, {len(complaints)} failed")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(run_main("ci/fuzz", main))
