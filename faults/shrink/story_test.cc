#include "faults/shrink/story.h"

#include <doctest/doctest.h>
#include <fmt/core.h>

#include <algorithm>

#include "faults/shrink/answers.h"
#include "faults/shrink/fake_runner.h"

namespace orrery::faults {
namespace {

size_t Lines(const std::string& text) {
  return static_cast<size_t>(std::count(text.begin(), text.end(), '\n'));
}

constexpr const char* kTrace =
    "    0.000000000         1 node1/boot1        boot       clock 1 s, drift 0 ppb\n"
    "    1.806943488         - node2/boot1        log        info region: region 1: peer 2 leads in term 2\n"
    "    2.000000000        40 register0/client1  client     put key 3 #1\n"
    "    2.100000000        41 register0/client0  client     put key 3 #2\n"
    "    3.000000000        50 node1/boot1        crash      power_loss\n"
    "    3.000000000        51 nemesis            note       power_loss#1: store1 for 0.5 s\n"
    "    3.500000000        60 node1/boot2        boot       clock 1 s, drift 0 ppb\n"
    "    3.600000000        61 node1/boot2        disk       write engine/000004.log at 0 +66 OK\n"
    "    4.000000000        70 register0/client1  client     get key 3 #3\n";
constexpr const char* kHistory =
    "{\"format\":\"orrery-history\",\"version\":1}\n"
    "{\"type\":\"invoke\",\"process\":1,\"ops\":[[\"w\",3,7]]}\n"
    "{\"type\":\"ok\",\"process\":1,\"ops\":[[\"w\",3,7]]}\n"
    "{\"type\":\"invoke\",\"process\":1,\"ops\":[[\"r\",3,null]]}\n"
    "{\"type\":\"ok\",\"process\":1,\"ops\":[[\"r\",3,null]]}\n"
    "{\"type\":\"info\",\"process\":0,\"ops\":[[\"w\",3,9]]}\n";

TEST_CASE("Story: faults, leaders and operations with their answers in order, then the witness") {
  const Capsule capsule = BusyCapsule(2, 6);
  const std::string story = TellStory(capsule, {.trace = kTrace,
                                                .histories = {{"register0", kHistory}},
                                                .signature = "safety/nonlinearizable",
                                                .words = "register: key 3 lost 7\n"});
  CHECK(story ==
        "safety/nonlinearizable: 2 faults, 12 operations\n"
        "5 stores, 1 spares, 9 clients; seeded: schedule network offload clock buggify\n"
        "What happened:\n"
        "      1.806 s  store2 becomes leader, term 2\n"
        "      2.000 s  client1: put key 3 #1: ok, key 3 := 7\n"
        "      2.100 s  client0: put key 3 #2: nobody knows whether it happened\n"
        "      3.000 s  store1 loses power\n"
        "      3.000 s  FAULT power_loss#1: store1 for 0.5 s\n"
        "      3.500 s  store1 starts again\n"
        "      4.000 s  client1: get key 3 #3: ok, key 3 is nothing\n"
        "Why that is wrong:\n"
        "  register: key 3 lost 7\n");
}

TEST_CASE("Story: stores that end with the run are no part of it") {
  const Capsule capsule = BusyCapsule(2, 6);
  const std::string trace = std::string(kTrace) + "    4.100000000         - node2/boot1 crash process_kill\n";
  const StorySources sources{.trace = trace, .histories = {}, .signature = "x", .words = "y"};
  CHECK(TellStory(capsule, sources).find("store2 dies") == std::string::npos);
  CHECK(TellStory(capsule, sources).find("store1 loses power") != std::string::npos);
}

TEST_CASE("Answers: a client goes on as another process when nobody knows; an increment reads first") {
  AnswersInOrder answers(
      "{\"type\":\"ok\",\"process\":1,\"ops\":[[\"r\",0,4]]}\n"
      "{\"type\":\"ok\",\"process\":1,\"ops\":[[\"inc\",0,1,5]]}\n"
      "{\"type\":\"fail\",\"process\":0,\"ops\":[[\"cas\",2,null,5,false]]}\n"
      "{\"type\":\"ok\",\"process\":2,\"ops\":[[\"w\",\"a\",1],[\"w\",\"b\",1],[\"w\",\"c\",2]]}\n"
      "{\"type\":\"info\",\"process\":0,\"ops\":[[\"w\",3,9]]}\n",
      2);
  CHECK(answers.Next(1, true) == "key 0 is 4, then ok, key 0 := 5");
  CHECK(answers.Next(0, false) == "failed, without effect");
  CHECK(answers.Next(0, false) == "nobody knows whether it happened");
  CHECK(answers.Next(0, false) == "ok, 2 rows := 1, 1 rows := 2");
  CHECK(answers.Next(7, false) == "nobody knows whether it happened");
}

TEST_CASE("Story: a long witness is wrapped, to its end") {
  std::string words = "node1 ended itself:";
  for (int i = 0; i < 40; ++i) words += fmt::format(" word{}", i);
  const StorySources sources{.trace = "", .histories = {}, .signature = "x", .words = words};
  const std::string story = TellStory(BusyCapsule(1, 6), sources);
  CHECK(story.find("word39") != std::string::npos);
  CHECK(story.find("...") == std::string::npos);
}

TEST_CASE("Story: never longer than its limit; faults stay as long as anything") {
  std::string trace;
  for (int i = 0; i < 500; ++i) {
    trace += fmt::format("{}.000000000 1 node1/boot2 boot x\n", i);
    trace += fmt::format("{}.000000000 1 register0/client1 client get 3: acknowledged\n", i);
  }
  trace += "600.000000000 1 nemesis note kill#1: store1\n";
  std::string words;
  for (int i = 0; i < 50; ++i) words += fmt::format("reason {}\n", i);
  const std::string story =
      TellStory(BusyCapsule(2, 6), {.trace = trace, .histories = {}, .signature = "x", .words = words});
  CHECK(Lines(story) == kStoryLinesMax);
  CHECK(story.find("kill#1") != std::string::npos);
  CHECK(story.find("lines are left out") != std::string::npos);
}

TEST_CASE("Story: an abort without words is told by its place") {
  const std::string story = TellStory(
      BusyCapsule(1, 6), {.trace = "", .histories = {}, .signature = "node_crashed/a/b.cc: x > 0", .words = ""});
  CHECK(story.find("Why that is wrong:\n  what stores run ended the process itself, at a/b.cc: x > 0\n") !=
        std::string::npos);
}

TEST_CASE("Story: garbage in the sources is left out, not fatal") {
  const std::string story = TellStory(BusyCapsule(1, 6), {.trace = "x\n\n1.5 2\n1 2 nemesis note y\n\xff\xfe 1 2 3 4\n",
                                                          .histories = {{"register0", "{\"type\":\"ok\"}\n[\n{"}},
                                                          .signature = "",
                                                          .words = ""});
  CHECK(story.find("Nobody said") != std::string::npos);
}

}  // namespace
}  // namespace orrery::faults
