"""Mutants of every condition of the checkers, all in one build.

Each condition of workloads/check/ (of if, loops, ?:, and each operand of && and ||) is wrapped in a function that can force
it; one build of orrery_check_test then holds every mutant, chosen by an environment variable. For each condition two
mutants: always true, always false. (A loop that never ends is no mutant: single loop conditions are only forced false.) A mutant
is killed if a test fails, crashes or does not end. A survivor shows what no test sees, and fails the run, unless
workloads/check/mutants/equivalent_conditions.txt says why it changes no answer.
"""

import concurrent.futures
import os
import re
import resource
import shutil
import signal
import subprocess

from common import BUILD, CPUS, ROOT, Failure, must, say

SOURCE = "workloads/check"
FOLDER = BUILD / "checkers" / "conditions"
TARGET = "orrery_check_test"
LEFT_OUT = re.compile(r"_test\.cc$|_main\.cc$|check_cli\.(cc|h)$|^conditions_runtime\.")
EQUIVALENT = ROOT / SOURCE / "mutants" / "equivalent_conditions.txt"
NUMBERS_PER_FILE = 1000
SLOW_SECONDS = 0.05
QUICK_LIMIT = 2  # seconds of processor time: more than ten times what they need
SLOW_LIMIT = 30
MEMORY_BYTES = 2 << 30

RUNTIME_HEADER = """#pragma once
#include <cstdint>
#include <type_traits>
namespace orrery::check::conditions {
bool Decide(uint32_t id, bool value);
constexpr bool Of(uint32_t id, bool value) { return std::is_constant_evaluated() ? value : Decide(id, value); }
}  // namespace orrery::check::conditions
"""

RUNTIME_SOURCE = """#include "workloads/check/conditions_runtime.h"
#include <cstdio>
#include <cstdlib>
namespace orrery::check::conditions {
namespace {
uint32_t Number(const char* name) {
  const char* text = std::getenv(name);
  return text == nullptr ? UINT32_MAX : static_cast<uint32_t>(std::atoi(text));
}
struct State {
  uint32_t active = Number("ORRERY_CONDITION");
  bool forced = Number("ORRERY_CONDITION_TO") == 1;
  unsigned char seen[%d] = {};
  ~State() {
    const char* path = std::getenv("ORRERY_CONDITIONS_SEEN");
    if (path == nullptr) return;
    std::FILE* file = std::fopen(path, "wb");
    std::fwrite(seen, 1, sizeof(seen), file);
    std::fclose(file);
  }
};
State& TheState() {
  static State state;
  return state;
}
}  // namespace
bool Decide(uint32_t id, bool value) {
  State& state = TheState();
  state.seen[id] |= value ? 2 : 1;
  return id == state.active ? state.forced : value;
}
}  // namespace orrery::check::conditions
"""


def masked(text):
    """The text with comments, literals and preprocessor lines blanked, position by position."""
    pattern = re.compile(r'//[^\n]*|/\*.*?\*/|R"\w*\(.*?\)\w*"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'|^#[^\n]*', re.DOTALL | re.MULTILINE)
    return pattern.sub(lambda found: re.sub(r"[^\n]", "_" if found[0][0] in "\"'R" else " ", found[0]), text)


CLOSE = {"(": ")", "[": "]", "{": "}"}
OPEN = {close: begin for begin, close in CLOSE.items()}


def closing(text, at):
    """Position of the bracket that closes the one at `at`."""
    depth = 0
    for i in range(at, len(text)):
        if text[i] in CLOSE:
            depth += 1
        elif text[i] in OPEN:
            depth -= 1
            if depth == 0:
                return i
    raise Failure("unbalanced brackets")


def is_assignment(text, i):
    return text[i] == "=" and text[i + 1] != "=" and text[i - 1] not in "=!<>"


def is_colon(text, i):
    return text[i] == ":" and text[i + 1] != ":" and text[i - 1] != ":"


def left_end(text, at):
    """Where the expression that ends before `at` begins."""
    depth = 0
    i = at - 1
    while i >= 0:
        if text[i] in OPEN:
            if depth == 0 and text[i] == "}":
                break
            depth += 1
        elif text[i] in CLOSE:
            if depth == 0:
                break
            depth -= 1
        elif depth == 0 and (text[i] in ";,?" or is_assignment(text, i) or is_colon(text, i)):
            break
        elif depth == 0 and re.match(r"\breturn\b", text[i:]) and not text[i - 1].isalnum() and text[i - 1] != "_":
            i += len("return") - 1
            break
        i -= 1
    return i + 1


def right_end(text, at):
    i = at
    while i < len(text):
        if text[i] in CLOSE:
            i = closing(text, i)
        elif text[i] in OPEN or text[i] in ";,?" or is_colon(text, i):
            break
        i += 1
    return i


def split(text, begin, end, operator):
    """Ranges between top-level operators."""
    parts = []
    start = i = begin
    while i < end:
        if text[i] in CLOSE:
            i = closing(text, i)
        elif text.startswith(operator, i):
            parts.append((start, i))
            i += len(operator) - 1
            start = i + 1
        i += 1
    return parts + [(start, end)]


def trimmed(text, begin, end):
    while begin < end and text[begin].isspace():
        begin += 1
    while begin < end and text[end - 1].isspace():
        end -= 1
    return begin, end


def leaves(text, begin, end):
    """The operands of && and || in a condition; the condition itself if there are none."""
    begin, end = trimmed(text, begin, end)
    for operator in (" || ", "||\n", " && ", "&&\n"):
        parts = split(text, begin, end, operator)
        if len(parts) > 1:
            return [leaf for part in parts for leaf in leaves(text, *part)]
    inner = begin + 1 if text[begin] == "!" else begin
    if text[inner] == "(" and closing(text, inner) == end - 1:
        return leaves(text, inner + 1, end - 1)
    return [(begin, end)]


DECLARATION = re.compile(r"(const )?(auto|[A-Za-z_:]+(<[^<>]*>)?)[*&]* [*&]?(\w+|\[[^\]]*\]) = ")


def conditions(text):
    """{(begin, end): in_loop} of every condition."""
    found = {}
    handled = []
    skipped = [(m.start(), closing(text, m.end() - 1)) for m in re.finditer(r"\b(ORRERY_ASSERT\w*|static_assert)\(", text)]

    def add(begin, end, loop):
        parts = leaves(text, begin, end)
        for part in parts:
            single = loop and len(parts) == 1
            found[part] = found.get(part, single) and single

    for match in re.finditer(r"\b(if|while|for) \(", text):
        begin, end = match.end(), closing(text, match.end() - 1)
        pieces = split(text, begin, end, ";")
        handled.append((begin, end))
        if match[1] == "for":
            if len(pieces) != 3 or not text[slice(*pieces[1])].strip():
                continue
            add(*pieces[1], True)
        elif not DECLARATION.match(text, trimmed(text, *pieces[-1])[0]):
            add(*pieces[-1], match[1] == "while")
    for match in re.finditer(r"(?<= )(&&|\|\||\?)(?=\s)", text):
        begin = left_end(text, match.start())
        end = match.start() if match[1] == "?" else right_end(text, match.end())
        add(begin, end, False) if not any(b <= begin and end <= e and text[b:e].strip() == text[begin:end].strip()
                                          for b, e in handled) else None
    return {span: loop for span, loop in found.items()
            if text[slice(*span)] not in ("true", "false") and not any(b <= span[0] < e for b, e in skipped)}


class Mutant:
    def __init__(self, number, name, loop, line):
        self.number, self.name, self.loop, self.line = number, name, loop, line


def instrument(tree):
    """Wraps every condition in `tree`; returns the list of them."""
    mutants = []
    paths = [path for path in sorted((tree / SOURCE).glob("*.*")) if path.suffix in (".cc", ".h") and not LEFT_OUT.search(path.name)]
    for index, path in enumerate(paths):
        original = path.read_text()
        text = masked(original)
        inserts = []
        times = {}
        for (begin, end), loop in sorted(conditions(text).items()):
            words = " ".join(original[begin:end].split())
            times[words] = times.get(words, 0) + 1
            number = NUMBERS_PER_FILE * index + len(inserts) // 2  # So that a change makes one file be built again, not all.
            name = f"{path.name}: {words}" + (f" #{times[words]}" if times[words] > 1 else "")
            mutants.append(Mutant(number, name, loop, original.count("\n", 0, begin) + 1))
            # Of nested ranges the outer one opens first and closes last.
            inserts.append((begin, 1, -end, f"::orrery::check::conditions::Of({number}, bool("))
            inserts.append((end, 0, -begin, "))"))
        result = original
        for at, _, _, words in sorted(inserts, reverse=True):
            result = result[:at] + words + result[at:]
        include = '#include "workloads/check/conditions_runtime.h"\n'
        if path.suffix == ".h":
            result = result.replace("#pragma once\n", "#pragma once\n" + include, 1)
        else:
            result = include + result
        path.write_text(result)
    (tree / SOURCE / "conditions_runtime.h").write_text(RUNTIME_HEADER)
    (tree / SOURCE / "conditions_runtime.cc").write_text(RUNTIME_SOURCE % (NUMBERS_PER_FILE * len(paths)))
    listing = tree / SOURCE / "CMakeLists.txt"
    listing.write_text(listing.read_text().replace("    check_command.cc\n", "    conditions_runtime.cc\n    check_command.cc\n", 1))
    return mutants


def build_tree():
    """A copy of the sources with every mutant in it, built."""
    tree = FOLDER / "tree"
    tree.mkdir(parents=True, exist_ok=True)
    before = {path: path.read_bytes() for path in (tree / SOURCE).glob("*.*")}
    files = must(["git", "ls-files", "-co", "--exclude-standard"], "git ls-files").splitlines()
    for name in files:
        source, copy = ROOT / name, tree / name
        if not source.is_file():
            continue
        copy.parent.mkdir(parents=True, exist_ok=True)
        if not copy.exists() or copy.read_bytes() != source.read_bytes():
            shutil.copy2(source, copy)
    mutants = instrument(tree)
    for path, content in before.items():  # What is as it was need not be built again.
        if path.exists() and path.read_bytes() == content:
            os.utime(path, (1, 1))
    must(["cmake", "-S", tree, "-B", FOLDER / "build", "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release", "-DORRERY_WERROR=OFF",
          "-DCMAKE_CXX_FLAGS=-D_GLIBCXX_ASSERTIONS"], "cmake", timeout=300)
    must(["cmake", "--build", FOLDER / "build", "--target", TARGET], "build", timeout=3600)
    return mutants


def limits(cpu_seconds):
    """For a child: memory and processor time, so that verdicts do not depend on how busy the machine is."""
    def set_limits():
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds))
    return set_limits


def run_tests(environment, arguments, cpu_seconds):
    """(exit code, output) of the tests."""
    with open(os.devnull) as nothing:
        process = subprocess.Popen([FOLDER / "build" / TARGET, "--no-colors=true", *arguments], stdin=nothing,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
                                   env=os.environ | environment, preexec_fn=limits(cpu_seconds))
        try:
            output = process.communicate(timeout=60 * cpu_seconds)[0]
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            return -signal.SIGXCPU, ""
    return process.returncode, output


def failed_test(environment, arguments, cpu_seconds):
    """The name of the test that failed, or None."""
    code, output = run_tests(environment, ["--abort-after=1", *arguments], cpu_seconds)
    if code == 0:
        return None
    if code in (-signal.SIGXCPU, -signal.SIGKILL):
        return f"no end within {cpu_seconds} s of processor time"
    names = re.findall(r"^TEST CASE:  (.*)$", output, re.MULTILINE)
    return names[0].strip() if names else "a crash"


def only(name):
    """The filter for one test: commas separate filters."""
    return "-tc=" + name.replace(",", "?")


class Stage:
    """Tests that run together, and which answers of which conditions they see."""

    def __init__(self, arguments, cpu_seconds):
        self.arguments, self.cpu_seconds = arguments, cpu_seconds
        path = FOLDER / "seen"
        path.unlink(missing_ok=True)
        code, output = run_tests({"ORRERY_CONDITIONS_SEEN": str(path)}, arguments, 600)
        if code != 0:
            raise Failure("the tests fail without any mutant:\n" + output)
        self.seen = path.read_bytes()

    def notices(self, mutant, forced):
        """Whether a forced answer would ever be another one here."""
        return bool(self.seen[mutant.number] & (1 if forced else 2))

    def killer(self, mutant, forced):
        environment = {"ORRERY_CONDITION": str(mutant.number), "ORRERY_CONDITION_TO": str(int(forced))}
        return failed_test(environment, self.arguments, self.cpu_seconds)


def stages():
    """First all quick tests in one process, then the slow ones, the cheapest first."""
    code, output = run_tests({}, ["-d"], 600)
    if code != 0:
        raise Failure("the tests fail without any mutant:\n" + output)
    seconds = {name: float(time) for time, name in re.findall(r"^([\d.]+) s: (.*)$", output, re.MULTILINE)}
    slow = sorted((name for name in seconds if seconds[name] > SLOW_SECONDS), key=seconds.get)
    quick = "-tce=" + ",".join(name.replace(",", "?") for name in slow)
    return [Stage([quick], QUICK_LIMIT)] + [Stage([only(name)], SLOW_LIMIT) for name in slow]


def kill(mutant, forced, all_stages):
    """What noticed the mutant, or None; and whether anything could have."""
    able = [stage for stage in all_stages if stage.notices(mutant, forced)]
    return next(filter(None, (stage.killer(mutant, forced) for stage in able)), None), bool(able)


def run(pattern=""):
    """Builds, tries every mutant whose name has the pattern. Returns ({killed: test}, {survivor: why})."""
    mutants = build_tree()
    all_stages = stages()
    jobs = {}
    for mutant in mutants:
        for forced in (False, True):
            name = f"{mutant.name} -> always {str(forced).lower()}"
            if not (forced and mutant.loop) and re.search(pattern, name):
                jobs[name] = (mutant, forced)
    say(f"{len(mutants)} conditions, {len(jobs)} mutants")
    killed = {}
    survivors = {}
    with concurrent.futures.ThreadPoolExecutor(CPUS) as pool:
        for name, (by, able) in zip(jobs, pool.map(lambda job: kill(*job, all_stages), jobs.values())):
            if by:
                killed[name] = by
            else:
                survivors[name] = "every test passes" if able else "no test comes here with another answer"
                say(f"{name}: {survivors[name]}")
    return killed, survivors


def equivalents():
    """{mutant: reason} of the mutants known to change no answer."""
    known = {}
    for line in EQUIVALENT.read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        name, separator, reason = line.partition(" | ")
        if not separator or not reason.strip() or name in known:
            raise Failure(f"{EQUIVALENT.relative_to(ROOT)}: one mutant and its reason a line, once: {line}")
        known[name] = reason
    return known


def measure(pattern=""):
    """Counts; the lists go to build/checkers/conditions/. A survivor that is not explained is a failure, and so is an
    explanation of a mutant that is killed or gone."""
    known = equivalents()
    killed, survivors = run(pattern)
    (FOLDER / "killed.txt").write_text("".join(f"{name}: {by}\n" for name, by in sorted(killed.items())))
    (FOLDER / "survivors.txt").write_text("".join(f"{name}: {why}\n" for name, why in sorted(survivors.items())))
    say(f"{len(killed)} killed, {len(survivors)} survive, of which {len(survivors.keys() & known.keys())} are explained")
    unexplained = [f"{name}: {survivors[name]}" for name in survivors if name not in known]
    stale = [name for name in known if name not in survivors and re.search(pattern, name)]
    if unexplained:
        raise Failure("conditions that no test holds, and no reason given:\n" + "\n".join(unexplained))
    if stale:
        raise Failure("explained as equivalent, but killed or gone:\n" + "\n".join(stale))
    return {"mutants": len(killed) + len(survivors), "killed": len(killed),
            "equivalent": {name: known[name] for name in survivors}}
