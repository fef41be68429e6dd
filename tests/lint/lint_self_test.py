#!/usr/bin/env python3
"""Plants offences and looks whether lint.py finds each one, where it stands, and nothing else."""

import os
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import lint  # noqa: E402


def offences(path, text, sibling="", ratchet=None):
    return [(offence.rule, offence.line) for offence in
            lint.check_source(lint.Source(path, text, sibling), ratchet or {})]


class TwoDraws(unittest.TestCase):
    def rules(self, line):
        return [rule for rule, _ in offences("faults/a.cc", f"void F() {{\n  {line}\n}}\n")]

    def test_two_draws_of_one_expression_are_found(self):
        for line in ("Crash(1 + random.Below(60), random.Chance(0.7) ? kPower : kKill);",
                     "f(strike.random.Below(2), strike.random.Below(3));",
                     "const auto x = random_.Below(2) + random_.Below(3);",
                     "if (random.Chance(0.5) == random.Chance(0.1)) return;"):
            self.assertEqual(self.rules(line), ["two_draws"], line)

    def test_draws_in_a_certain_order_are_not(self):
        for line in ("if (random.Chance(0.2)) bytes.resize(random.Below(5));",
                     "const auto x = random.Chance(0.6) ? random.Below(2) : random.Below(3);",
                     "const auto x = random.Below(2); const auto y = random.Below(3);"):
            self.assertEqual(self.rules(line), [], line)


class Bans(unittest.TestCase):
    PLANTED = {
        "clock": ["auto now = std::chrono::system_clock::now();", "auto t = steady_clock::now();",
                  "clock_gettime(CLOCK_REALTIME, &at);", "long t = time(nullptr);"],
        "random": ["std::random_device device;", "int x = rand();", "getrandom(&x, 8, 0);", "std::mt19937 engine(1);"],
        "thread": ["std::thread helper([] {});", "std::async([] {});", "std::this_thread::yield();"],
        "sleep": ["std::this_frame::sleep_for(x);", "usleep(5);", "sleep(1);"],
        "getenv": ['const char* home = getenv("HOME");'],
        "thread_local": ["  thread_local int depth;"],
        "pointer_hash": ["size_t h = std::hash<Peer*>()(peer);"],
        "pointer_order": ["std::map<Peer*, int> order;", "std::set<const Peer*> order;"],
        "assert": ["assert(x > 0);", "#include <cassert>"],
    }

    def test_each_is_found_in_node_code(self):
        for rule, lines in self.PLANTED.items():
            for line in lines:
                with self.subTest(line=line):
                    found = offences("server/a.cc", f"void F() {{\n  {line}\n}}\n")
                    self.assertIn((rule, 2), found)

    def test_none_is_found_where_the_operating_system_belongs(self):
        for path in ("runtime/real/a.cc", "tests/contracts/a.cc", "ci/bench/a.cc", "raft/core/a_test.cc"):
            for rule, lines in self.PLANTED.items():
                for line in lines:
                    self.assertNotIn(rule, [r for r, _ in offences(path, f"void F() {{\n  {line}\n}}\n")])

    def test_each_message_names_the_replacement(self):
        for rule, _, message in lint.NODE_BANS:
            self.assertRegex(message, r"use |pass |make it |order by |hash an ", rule)

    def test_comments_strings_and_other_words_are_not_code(self):
        clean = ('// steady_clock::now() and rand() would be wrong here\n'
                 'const char* kText = "std::thread sleep(1) getenv(x)";\n'
                 "/* thread_local\n   rand() */\n"
                 'const char* kRaw = R"(assert(1))";\n'
                 "void F() {\n  scheduler.SleepFor(span);\n  operand(1);\n  message.time(0);\n  static_assert(true);\n"
                 "  const int big = 1'000'000;\n  ORRERY_ASSERT(big > 0);\n}\n")
        self.assertEqual(offences("server/a.cc", clean), [])

    def test_a_waiver_needs_its_rule_and_a_reason(self):
        line = "  usleep(5);"
        self.assertEqual(offences("server/a.cc", f"void F() {{\n{line}  // lint: allow(sleep) for the test\n}}\n"), [])
        self.assertEqual(offences("server/a.cc", f"void F() {{\n  // lint: allow(sleep) for the test\n{line}\n}}\n"), [])
        self.assertEqual(offences("server/a.cc", f"void F() {{\n{line}  // lint: allow(sleep)\n}}\n"), [("sleep", 2)])
        self.assertEqual(offences("server/a.cc", f"void F() {{\n{line}  // lint: allow(clock) no\n}}\n"), [("sleep", 2)])


class Unordered(unittest.TestCase):
    def test_walks_are_found_also_over_members_of_the_header(self):
        header = "class A {\n  std::unordered_map<int, std::vector<int>> peers_;\n};\n"
        body = "void A::F() {\n  for (auto& [id, peer] : peers_) Use(peer);\n  auto first = peers_.begin();\n}\n"
        self.assertEqual(offences("server/a.cc", body, header), [("unordered", 2), ("unordered", 3)])

    def test_lookups_and_ordered_walks_are_fine(self):
        body = ("void F() {\n  std::unordered_set<int> seen;\n  std::map<int, int> order;\n  seen.insert(1);\n"
                "  for (auto& entry : order) Use(entry);\n  Use(seen.find(2) == seen.end());\n}\n")
        self.assertEqual(offences("server/a.cc", body), [])


class MutableState(unittest.TestCase):
    def test_globals_and_statics_are_found(self):
        for line in ("int counter = 0;", "static Cache cache;", "std::map<int, int> registry;", "inline int x{5};"):
            self.assertEqual(offences("server/a.cc", f"namespace orrery {{\n{line}\n}}\n"), [("global", 2)], line)
        self.assertEqual(offences("server/a.cc", "void F() {\n  static int calls = 0;\n}\n"), [("global", 2)])

    def test_constants_functions_and_types_are_not(self):
        clean = ("namespace orrery {\nconstexpr int kLimit = 5;\nconst Bytes kEmpty;\nstatic int Helper(int x);\nclass Forward;\n"
                 "using Name = std::string;\nint F();\nstruct S {\n  int member = 0;\n  static Status Ok();\n"
                 "  static constexpr int kX = 1;\n};\n}\n")
        self.assertEqual(offences("server/a.cc", clean), [])


class Includes(unittest.TestCase):
    def test_the_folder_table(self):
        for path, target, wrong in (
                ("raft/core/raft.cc", "runtime/base/status.h", False),
                ("raft/core/raft.cc", "runtime/clock.h", True),
                ("raft/core/raft_test.cc", "storage/engine.h", True),
                ("runtime/base/status.h", "runtime/clock.h", True),
                ("storage/engine.h", "runtime/disk.h", False),
                ("storage/engine.h", "raft/core/raft.h", True),
                ("storage/engine_test.cc", "sim/world.h", False),
                ("client/kv_client.cc", "server/kv_api.h", False),
                ("client/kv_client.cc", "server/node.h", True),
                ("sim/world.h", "storage/engine.h", True),
                ("server/node.cc", "sim/world.h", True),
                ("server/node.cc", "runtime/real/real_process.h", True),
                ("runtime/rpc/rpc.cc", "runtime/real/real_process.h", True),
                ("cli/main.cc", "runtime/real/real_process.h", False),
                ("workloads/bank.cc", "faults/plan.h", True),
                ("faults/plan.cc", "workloads/bank.h", False)):
            text = f'#pragma once\n#include "{target}"\n'
            self.assertEqual(offences(path, text), [("include", 2)] if wrong else [], (path, target))

    def test_libraries_stay_behind_their_interfaces(self):
        self.assertEqual(offences("server/a.cc", "#include <rocksdb/db.h>\n"), [("include", 1)])
        self.assertEqual(offences("storage/a.cc", "#include <rocksdb/db.h>\n"), [])
        self.assertEqual(offences("client/a.cc", "#include <boost/asio/post.hpp>\n"), [("include", 1)])


class Shape(unittest.TestCase):
    def test_words_and_pragma(self):
        self.assertEqual(offences("server/a.h", "int F();  // TODO later\n"), [("todo", 1), ("pragma_once", 1)])

    def test_long_files_and_functions_and_their_ratchet(self):
        body = "".join(f"  Use({i});\n" for i in range(70))
        text = "namespace orrery {\n\nclass A {\n public:\n  int x() const { return x_; }\n};\n\nvoid A::Long() {\n" + body + "}\n}\n"
        self.assertEqual(offences("server/a.cc", text), [("function_size", 8)])
        self.assertEqual(offences("server/a.cc", text, ratchet={("server/a.cc", "A::Long"): 72}), [])
        self.assertEqual(offences("server/a.cc", text, ratchet={("server/a.cc", "A::Long"): 71}), [("function_size", 8)])
        self.assertEqual(offences("server/a.cc", "\n" * 601), [("file_size", 1)])
        self.assertEqual(offences("server/a.cc", "\n" * 601, ratchet={("file", "server/a.cc"): 601}), [])

    def test_functions_are_measured_one_by_one(self):
        text = ("template <class T>\nclass A {\n  void F() {\n    if (x) {\n    }\n  }\n};\n"
                "template <class F>\nvoid G(F&& f) {\n  f();\n}\nconst int kTable[] = {\n1,\n};\n"
                "A::A(int x)\n    : x_(x) {\n}\n")
        self.assertEqual(list(lint.functions(text)), [("F", 3, 4), ("G", 8, 4), ("A::A", 15, 3)])

    def test_unformatted_files_are_named(self):
        with tempfile.TemporaryDirectory() as root:
            with open(os.path.join(root, ".clang-format"), "w", encoding="utf-8") as file:
                file.write("BasedOnStyle: Google\n")
            for name, text in (("good.cc", "int F() { return 1; }\n"), ("bad.cc", "int  F( ) {return 1;}\n")):
                with open(os.path.join(root, name), "w", encoding="utf-8") as file:
                    file.write(text)
            self.assertEqual([offence.path for offence in lint.check_format(root, ["bad.cc", "good.cc"])], ["bad.cc"])


class Program(unittest.TestCase):
    def test_the_exit_code_tells(self):
        script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "lint.py")
        with tempfile.TemporaryDirectory() as root:
            os.makedirs(os.path.join(root, "server"))
            path = os.path.join(root, "server/a.cc")
            for text, code in (("int F() {\n  return 1;\n}\n", 0), ("void F() {\n  usleep(1);\n}\n", 1)):
                with open(path, "w", encoding="utf-8") as file:
                    file.write(text)
                done = subprocess.run([sys.executable, script, "--root", root, "--no-format"], capture_output=True,
                                      text=True, check=False)
                self.assertEqual(done.returncode, code, done.stdout)
        self.assertIn("server/a.cc:2: [sleep] `usleep(` blocks the loop; use Scheduler::SleepFor", done.stdout)


if __name__ == "__main__":
    unittest.main()
