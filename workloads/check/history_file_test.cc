#include <doctest/doctest.h>

#include <sstream>
#include <string>

#include "workloads/check/history_edn.h"
#include "workloads/check/history_json.h"

namespace orrery::check {
namespace {

std::string JsonError(const std::string& text) {
  const Result<History> history = ReadJsonHistory(text);
  return history.ok() ? "" : std::string(history.status().message());
}
std::string EdnError(const std::string& text) {
  const Result<History> history = ReadEdnHistory(text);
  return history.ok() ? "" : std::string(history.status().message());
}
bool Says(const std::string& error, std::string_view what) {
  return error.find(what) != std::string::npos;
}

const char kSmall[] =
    R"({"type":"invoke","process":0,"time":5,"ops":[["append","x",1],["r","y",null]]}
{"type":"invoke","process":1,"time":6,"stale":true,"ops":[["r","x",null]]}

{"type":"ok","process":0,"time":9,"ops":[["append","x",1],["r","y",[1,"two",true]]]}
{"type":"info","process":1,"time":9}
{"type":"invoke","process":1,"time":10,"ops":[["cas","z",null,-5000000000]]}
{"type":"ok","process":1,"ops":[["cas","z",null,-5000000000,false]]}
)";

TEST_CASE("JSON history: events become operations") {
  const History h = ReadJsonHistory(kSmall).value();
  REQUIRE(h.size() == 3);
  CHECK(h.operation(0).outcome == Outcome::kOk);
  CHECK(h.operation(0).invoke_line == 1);
  CHECK(h.operation(0).return_line == 4);
  CHECK(h.operation(0).invoke_time == 5);
  CHECK(h.operation(0).ret > h.operation(1).invoke);
  CHECK(h.list(h.micros(0)[1]).size() == 3);
  CHECK(h.operation(1).outcome == Outcome::kUnknown);
  CHECK(h.operation(1).ret == kOpen);
  CHECK(h.operation(1).stale_read);
  CHECK_FALSE(h.micros(1)[0].known);
  CHECK_FALSE(h.micros(2)[0].success);
  CHECK(h.values().AsInt(h.micros(2)[0].value) == -5000000000);
  CHECK(h.Describe(0) == "op 0 (line 1-4) by process 0: append x 1, r y [1 two true]; ok");
}

TEST_CASE("JSON history: what is written reads back the same, every kind") {
  History h;
  const Value k = h.Text("k\n\"quoted\"");
  const Value n = h.Int(1);
  const std::vector<Value> list{n, h.Text("two"), h.Int(-7), h.values().Bool(true)};
  const auto ok = [&](uint32_t process, MicroOp micro) {
    const OpIndex op = h.Invoke(process, {micro});
    h.Complete(op, Outcome::kOk, {micro});
  };
  ok(0, Write(k, n));
  ok(0, Read(k, n));
  ok(0, Read(k, kNil));
  ok(0, h.ListRead(k, list));
  ok(0, h.ListRead(k, {}));
  ok(0, Append(k, n));
  ok(0, Cas(k, kNil, n, true));
  ok(0, Cas(k, n, n, false));
  ok(0, AddToSet(k, n));
  ok(0, RemoveFromSet(k, n));
  ok(0, Contains(k, n, false));
  ok(0, Contains(k, n, true));
  ok(0, Enqueue(k, n));
  ok(0, Dequeue(k, n));
  ok(0, Dequeue(k, kNil));
  ok(0, Increment(k, h.Int(-3)));
  ok(0, Increment(k, h.Int(2), h.Int(9)));
  ok(0, Take(k, n));
  const OpIndex open = h.Invoke(1, {Read(k), Write(k, n)}, 77);
  h.SetStaleRead(open);
  h.Complete(open, Outcome::kUnknown);
  const OpIndex next = h.Invoke(1, {Dequeue(k)}, 78);
  h.Complete(next, Outcome::kFail);
  h.Invoke(2, {Contains(k, n)});
  std::ostringstream first;
  WriteJsonHistory(h, first);
  const Result<History> back = ReadJsonHistory(first.str());
  REQUIRE_MESSAGE(back.ok(), back.status().ToString());
  REQUIRE(back->size() == h.size());
  for (OpIndex op = 0; op < h.size(); ++op) {
    CHECK(back->operation(op).outcome == h.operation(op).outcome);
    CHECK(back->operation(op).stale_read == h.operation(op).stale_read);
    CHECK(back->operation(op).invoke_time == h.operation(op).invoke_time);
    REQUIRE(back->micros(op).size() == h.micros(op).size());
    for (size_t i = 0; i < h.micros(op).size(); ++i) {
      CHECK(back->DescribeMicro(back->micros(op)[i]) == h.DescribeMicro(h.micros(op)[i]));
    }
  }
  std::ostringstream second;
  WriteJsonHistory(*back, second);
  CHECK(first.str() == second.str());
}

TEST_CASE("JSON history: every way of being wrong is named with its line") {
  const std::string invoke = R"({"type":"invoke","process":0,"ops":[["r","x",null]]})"
                             "\n";
  const std::string ok = R"({"type":"ok","process":0,"ops":[["r","x",1]]})"
                         "\n";
  CHECK(JsonError(invoke + ok).empty());
  CHECK(Says(JsonError(ok), "line 1: a response without an invocation"));
  CHECK(Says(JsonError(invoke + ok + ok), "line 3: a response without an invocation"));
  CHECK(Says(JsonError(invoke + invoke), "line 2: process 0 is still busy with the invocation of line 1"));
  CHECK(Says(JsonError(invoke + ok.substr(0, 30)), "line 2: not JSON (a cut file?)"));
  CHECK(Says(JsonError("[1]"), "line 1: an event is an object"));
  CHECK(Says(JsonError("{}"), "line 1: \"type\" is missing"));
  CHECK(Says(JsonError(R"({"type":"begin","process":0})"), "unknown type \"begin\""));
  CHECK(Says(JsonError(R"({"type":"invoke","ops":[]})"), "\"process\" is missing"));
  CHECK(Says(JsonError(R"({"type":"invoke","process":-1,"ops":[]})"), "\"process\""));
  CHECK(Says(JsonError(R"({"type":"invoke","process":4294967296,"ops":[]})"), "\"process\""));
  CHECK(Says(JsonError(R"({"type":"invoke","process":0})"), "\"ops\" is missing"));
  CHECK(Says(JsonError(R"({"type":"invoke","process":0,"ops":7})"), "\"ops\" is not an array"));
  CHECK(Says(JsonError(R"({"type":"invoke","process":0,"ops":[7]})"), "not an operation: 7"));
  CHECK(Says(JsonError(R"({"type":"invoke","process":0,"ops":[["push","x",1]]})"), "unknown operation \"push\""));
  CHECK(Says(JsonError(R"({"type":"invoke","process":0,"ops":[["w","x"]]})"), "something is missing"));
  CHECK(Says(JsonError(R"({"type":"invoke","process":0,"ops":[["w","x",1,2]]})"), "too much"));
  CHECK(Says(JsonError(R"({"type":"invoke","process":0,"ops":[["cas","x",1]]})"), "something is missing"));
  CHECK(Says(JsonError(R"({"type":"invoke","process":0,"ops":[["w",null,1]]})"), "null is not a key"));
  CHECK(Says(JsonError(R"({"type":"invoke","process":0,"ops":[["w","x",1.5]]})"), "not an integer"));
  CHECK(Says(JsonError(R"({"type":"invoke","process":0,"ops":[["w","x",18446744073709551615]]})"), "not an integer"));
  CHECK(Says(JsonError(R"({"type":"invoke","process":0,"time":"noon","ops":[]})"), "\"time\" is not an integer"));
  CHECK(Says(JsonError(R"({"type":"invoke","process":0,"stale":1,"ops":[]})"), "\"stale\" is not"));
  CHECK(Says(JsonError(invoke + R"({"type":"ok","process":0})"), "line 2: the answer to r x ? is missing"));
  CHECK(Says(JsonError(invoke + R"({"type":"ok","process":0,"ops":[]})"), "line 2: 0 answers, but line 1 asked 1"));
  CHECK(Says(JsonError(invoke + R"({"type":"ok","process":0,"ops":[["r","y",1]]})"),
             "does not answer what line 1 asked"));
  CHECK(Says(JsonError(invoke + R"({"type":"ok","process":0,"ops":[["w","x",1]]})"),
             "does not answer what line 1 asked"));
  CHECK(Says(JsonError(invoke + R"({"type":"ok","process":0,"ops":[["r","x"]]})"), "something is missing"));
  const std::string write = R"({"type":"invoke","process":0,"ops":[["w","x",1]]})"
                            "\n";
  CHECK(Says(JsonError(write + R"({"type":"ok","process":0,"ops":[["w","x",2]]})"), "does not answer"));
  CHECK(JsonError(write + R"({"type":"ok","process":0})").empty());
  const std::string cas = R"({"type":"invoke","process":0,"ops":[["cas","x",1,2]]})"
                          "\n";
  CHECK(Says(JsonError(cas + R"({"type":"ok","process":0,"ops":[["cas","x",3,2]]})"), "does not answer"));
  CHECK(Says(JsonError(cas + R"({"type":"ok","process":0,"ops":[["cas","x",1,2,5]]})"), "not true or false"));
  const std::string inc = R"({"type":"invoke","process":0,"ops":[["inc","x",2]]})"
                          "\n";
  CHECK(JsonError(inc + R"({"type":"ok","process":0,"ops":[["inc","x",2]]})").empty());
  CHECK(JsonError(inc + R"({"type":"ok","process":0,"ops":[["inc","x",2,7]]})").empty());
  CHECK(Says(JsonError(inc + R"({"type":"ok","process":0,"ops":[["inc","x",3]]})"), "does not answer"));
  CHECK(Says(JsonError(inc + R"({"type":"ok","process":0,"ops":[["inc","x",2,7,8]]})"), "too much"));
  const std::string has = R"({"type":"invoke","process":0,"ops":[["contains","x",1]]})"
                          "\n";
  CHECK(Says(JsonError(has + R"({"type":"ok","process":0,"ops":[["contains","x",1]]})"), "the answer is missing"));
  CHECK(JsonError(R"({"type":"invoke","process":0,"time":5,"ops":[]})"
                  "\n"
                  R"({"type":"ok","process":0,"time":5})")
            .empty());
  CHECK(Says(JsonError(R"({"type":"invoke","process":0,"time":5,"ops":[]})"
                       "\n"
                       R"({"type":"ok","process":0,"time":4})"),
             "line 2: time 4 is before the event above it (5)"));
}

TEST_CASE("JSON history: a header demands an end line, so that a file cut between lines is noticed") {
  const std::string header = R"({"format":"orrery-history","version":1})"
                             "\n";
  const std::string invoke = R"({"type":"invoke","process":0,"ops":[["r","x",null]]})"
                             "\n";
  CHECK(Says(JsonError(header + invoke), "line 2: the file is cut"));
  CHECK(JsonError(header + invoke + R"({"type":"end","events":1})").empty());
  CHECK(Says(JsonError(header + R"({"type":"end","events":1})"), "line 2: the end line counts 1 events, but 0"));
  CHECK(Says(JsonError(header + R"({"type":"end"})"), "\"events\" is missing"));
  CHECK(Says(JsonError(header +
                       R"({"type":"end","events":0})"
                       "\n" +
                       invoke),
             "line 3: an event after the end line"));
  CHECK(Says(JsonError(invoke + header), "line 2: a header that is not on the first line"));
  CHECK(Says(JsonError(R"({"format":"other","version":1})"), "unknown format"));
  CHECK(Says(JsonError(R"({"format":"orrery-history","version":2})"), "version 2"));
  CHECK(Says(JsonError(R"({"format":"orrery-history"})"), "version null"));
}

TEST_CASE("EDN history: maps on lines or in a vector, txns and single registers, nemesis skipped") {
  const char text[] = R"(; a comment
{:type :invoke, :process 0, :f :txn, :value [[:append :x 1] [:r "y" nil]], :index 0}
{:type :info, :process :nemesis, :f :partition, :value #{1 2}}
#_ {:ignored true}
{:type :ok, :process 0, :f :txn, :value [[:append :x 1] [:r "y" [1 2]]], :index 3}
#jepsen.history.Op{:type :invoke, :process 1, :value [[:w 5 -3N] [:r 6 nil]]}
{:type :ok, :process 1, :value [[:w 5 -3N] [:r 6 nil]]}
)";
  const History h = ReadEdnHistory(text).value();
  REQUIRE(h.size() == 2);
  CHECK(h.Describe(0) == "op 0 (line 2-5) by process 0: append :x 1, r y [1 2]; ok");
  CHECK(h.Describe(1) == "op 1 (line 6-7) by process 1: w 5 -3, r 6 nil; ok");
  const std::string events =
      "{:type :invoke :process 0 :f :cas :value [1 2]} {:type :fail :process 0 :f :cas :value [1 2]}\n"
      "{:type :invoke :process 0 :f :read :value nil} {:type :ok :process 0 :f :read :value 4}\n"
      "{:type :invoke :process 0 :f :write :value 3} {:type :info :process 0 :f :write :value 3}";
  for (const std::string& form : {events, "[" + events + "]", "(" + events + ")"}) {
    const Result<History> all = ReadEdnHistory(form);
    REQUIRE_MESSAGE(all.ok(), all.status().ToString());
    REQUIRE(all->size() == 3);
    CHECK(all->operation(0).outcome == Outcome::kFail);
    CHECK(all->operation(1).outcome == Outcome::kOk);
    CHECK(all->operation(2).outcome == Outcome::kUnknown);
    CHECK(all->micros(0)[0].kind == MicroKind::kCas);
  }
}

TEST_CASE("JSON history: questions may be short or guess, answers may not") {
  const auto one = [](const std::string& ops) {
    return ReadJsonHistory("{\"type\":\"invoke\",\"process\":0,\"ops\":" + ops + "}");
  };
  for (const char* question : {R"([["r","x"]])", R"([["r","x",null]])", R"([["r","x",5]])", R"([["r","x",[1]]])",
                               R"([["deq","x"]])", R"([["take","x"]])", R"([["contains","x",1,null]])"}) {
    const Result<History> h = one(question);
    REQUIRE_MESSAGE(h.ok(), question);
    CHECK_FALSE(h->micros(0)[0].known);
    CHECK(h->Describe(0).find("op 0 (line 1) by process 0") == 0);
  }
  CHECK(Says(JsonError(R"({"type":"invoke","process":0,"ops":[["w"]]})"), "not an operation: [\"w\"]"));
  CHECK(Says(JsonError(R"({"type":"invoke","process":0,"ops":[[7,"x",1]]})"), "not an operation: [7,"));
  CHECK(Says(JsonError(R"({"type":7,"process":0,"ops":[]})"), "\"type\" is missing or not a text"));
  CHECK(Says(JsonError(R"({"type":"end","events":"2"})"), "\"events\" is missing or not a count"));
  CHECK(Says(JsonError(R"({"type":"end","events":-1})"), "\"events\" is missing or not a count"));
  const std::string long_word(60, 'a');
  CHECK(JsonError("{\"type\":\"invoke\",\"process\":0,\"ops\":[\"" + long_word + "\"]}") ==
        "line 1: not an operation: \"" + long_word.substr(0, 36) + "...");
  const std::string write = R"({"type":"invoke","process":0,"ops":[["w","x",1]]})"
                            "\n";
  CHECK(JsonError(write + R"({"type":"ok","process":0,"ops":null})").empty());
  CHECK(Says(JsonError(write + R"({"type":"ok","process":0,"ops":[["append","x",1]]})"), "does not answer"));
}

TEST_CASE("JSON history: what happens at one instant is written as overlapping") {
  History h;
  const Value k = h.Text("k");
  const auto add = [&](Instant invoke, Instant ret, uint32_t process) {
    h.Add({.invoke = invoke, .ret = ret, .process = process, .outcome = Outcome::kOk}, std::vector{Write(k, h.Int(1))});
  };
  add(0, 5, 0);
  add(5, 9, 1);
  add(5, 9, 2);
  std::ostringstream text;
  WriteJsonHistory(h, text);
  const History back = ReadJsonHistory(text.str()).value();
  REQUIRE(back.size() == 3);
  for (OpIndex op = 0; op < 3; ++op) CHECK(back.operation(op).process == op);
  CHECK(back.operation(0).ret > back.operation(2).invoke);
  CHECK(back.operation(1).ret > back.operation(2).invoke);
  CHECK(back.operation(1).ret < back.operation(2).ret);
}

TEST_CASE("EDN history: every kind of space, token and text") {
  const std::string text = "{:type\t:invoke\r\n:process 0,\f:value[[:w \"a\\n\\t\\r\\\"\nb\" +5][:w(1)2]]}; to the end";
  CHECK(Says(EdnError(text), "line 3: not an integer, text, keyword, boolean or nil: [1]"));
  const auto value = [](const std::string& written) {
    const Result<History> h = ReadEdnHistory("{:type :invoke :process 0 :value [[:w " + written + "]]}");
    REQUIRE_MESSAGE(h.ok(), h.status().ToString());
    return h->DescribeMicro(h->micros(0)[0]);
  };
  CHECK(value("\"a\\n\\t\\r\\\"\nb\" +5") == "w a\n\t\r\"\nb 5");
  CHECK(value("1 true") == "w 1 true");
  CHECK(value("1 false") == "w 1 false");
  CHECK(value("1 -7N;comment\n") == "w 1 -7");
  CHECK(value("1\n2") == "w 1 2");
}

TEST_CASE("EDN history: odd forms are named, not guessed at") {
  const auto of_value = [](const std::string& value) {
    return EdnError("{:process 0 :type :invoke :value " + value + "}");
  };
  CHECK(Says(of_value("true"), ":value is not a transaction: true"));
  CHECK(Says(of_value("false"), ":value is not a transaction: false"));
  CHECK(Says(of_value("{}"), ":value is not a transaction: {...}"));
  CHECK(Says(of_value("[3]"), "not a micro-operation: 3"));
  CHECK(Says(of_value("[[\"r\" 1 2]]"), "not a micro-operation: [\"r\" 1 2]"));
  CHECK(Says(of_value("[[:w 1 9223372036854775808]]"), "not an integer"));
  CHECK(Says(of_value("[[:push (1111111111 2222222222 3333333333 4444444444 5555555555) 1]]"),
             "unknown micro-operation [:push [1111111111 2222222222 3333333333 4444444444]]"));
  CHECK(of_value("[[:r 1 5]]").empty());
  CHECK(Says(EdnError("{:process 4294967296}"), "out of range"));
  CHECK(Says(EdnError("{:process 0 :type \"ok\"}"), ":type is missing or not a keyword"));
  CHECK(Says(EdnError("{:process 0 :type :invoke :f :cas :value [1 2 3]}"), ":cas needs [expected new]"));
  CHECK(Says(EdnError("{:a \"b\\"), "a text is not closed"));
  CHECK(Says(EdnError("#tag"), "the file is cut: a form is missing"));
  CHECK(Says(EdnError(std::string(1, '\0')), "line 1: an event is a map, not "));
  CHECK(EdnError("; nothing but a comment").empty());
}

TEST_CASE("EDN history: every way of being wrong is named with its line") {
  const std::string invoke = "{:type :invoke :process 0 :value [[:r 1 nil]]}\n";
  CHECK(EdnError(invoke).empty());
  CHECK(Says(EdnError("{:type :ok :process 0 :value []}"), "line 1: a response without an invocation"));
  CHECK(Says(EdnError(invoke + invoke), "line 2: process 0 is still busy"));
  CHECK(Says(EdnError(invoke + "{:type :ok :process 0"), "line 2: the file is cut"));
  CHECK(Says(EdnError("[" + invoke), "the file is cut: a list is not closed"));
  CHECK(Says(EdnError("\n7"), "line 2: an event is a map, not 7"));
  CHECK(Says(EdnError("{:type :invoke}"), ":process is missing"));
  CHECK(Says(EdnError("{:process -1}"), "out of range"));
  CHECK(Says(EdnError("{:process 0}"), ":type is missing"));
  CHECK(Says(EdnError("{:process 0 :type :begin :value []}"), "unknown :type :begin"));
  CHECK(Says(EdnError("{:process 0 :type :invoke}"), ":value is missing"));
  CHECK(Says(EdnError("{:process 0 :type :invoke :value 3}"), ":value is not a transaction"));
  CHECK(Says(EdnError("{:process 0 :type :invoke :value [[:push 1 2]]}"), "unknown micro-operation"));
  CHECK(Says(EdnError("{:process 0 :type :invoke :value [[:r 1]]}"), "not a micro-operation"));
  CHECK(Says(EdnError("{:process 0 :type :invoke :value [[:r nil 1]]}"), "nil is not a key"));
  CHECK(Says(EdnError("{:process 0 :type :invoke :value [[:w 1 1.5]]}"), "not an integer"));
  CHECK(Says(EdnError("{:process 0 :type :invoke :f :drain :value 1}"), "unknown :f :drain"));
  CHECK(Says(EdnError("{:process 0 :type :invoke :f :cas :value 1}"), ":cas needs [expected new]"));
  CHECK(Says(EdnError("{:process 0 :type :invoke :index 5 :value []} {:process 1 :type :invoke :index 5 :value []}"),
             ":index 5 after 5: events are out of order"));
  CHECK(Says(EdnError("{:process 0 :type :invoke :index :a :value []}"), ":index"));
  CHECK(Says(EdnError("{:a}"), "a key without a value"));
  CHECK(Says(EdnError("{:a \"b"), "a text is not closed"));
  CHECK(Says(EdnError("]"), "unexpected ]"));
  CHECK(Says(EdnError("#"), "a # without a tag"));
  CHECK(Says(EdnError(std::string(100, '[') + "{}"), "nest deeper"));
  std::string skips;
  for (int i = 0; i < 100; ++i) skips += "#_";
  CHECK(Says(EdnError(skips), "nest deeper"));
}

TEST_CASE("JSON history: what is written, to the letter") {
  History h;
  const Value k = h.Text("k");
  const Value n = h.Int(1);
  const auto list = std::vector{n, h.Int(2)};
  const auto done = [&](MicroOp micro, Outcome outcome) { h.Complete(h.Invoke(0, {micro}), outcome, {micro}); };
  done(Read(k, n), Outcome::kOk);
  done(Read(k, n), Outcome::kFail);
  done(h.ListRead(k, list), Outcome::kOk);
  done(Cas(k, kNil, n, false), Outcome::kOk);
  done(Contains(k, n, true), Outcome::kFail);
  done(Increment(k, n, h.Int(9)), Outcome::kOk);
  done(Increment(k, n, h.Int(9)), Outcome::kFail);
  done(Increment(k, n), Outcome::kOk);
  const OpIndex stale = h.Invoke(1, {Read(k), Write(k, n)}, 5);
  h.SetStaleRead(stale);
  h.Complete(stale, Outcome::kOk, {Read(k, n), Write(k, n)}, 6);
  h.Complete(h.Invoke(2, {Read(k)}, 6), Outcome::kUnknown, {Read(k, n)});
  h.Invoke(2, {Dequeue(k)});
  h.Invoke(3, {Write(k, n)});
  std::ostringstream text;
  WriteJsonHistory(h, text);
  CHECK(text.str() == R"({"format":"orrery-history","version":1}
{"type":"invoke","process":0,"ops":[["r","k",null]]}
{"type":"ok","process":0,"ops":[["r","k",1]]}
{"type":"invoke","process":0,"ops":[["r","k",null]]}
{"type":"fail","process":0,"ops":[["r","k",null]]}
{"type":"invoke","process":0,"ops":[["r","k",null]]}
{"type":"ok","process":0,"ops":[["r","k",[1,2]]]}
{"type":"invoke","process":0,"ops":[["cas","k",null,1]]}
{"type":"ok","process":0,"ops":[["cas","k",null,1,false]]}
{"type":"invoke","process":0,"ops":[["contains","k",1]]}
{"type":"fail","process":0,"ops":[["contains","k",1]]}
{"type":"invoke","process":0,"ops":[["inc","k",1]]}
{"type":"ok","process":0,"ops":[["inc","k",1,9]]}
{"type":"invoke","process":0,"ops":[["inc","k",1]]}
{"type":"fail","process":0,"ops":[["inc","k",1]]}
{"type":"invoke","process":0,"ops":[["inc","k",1]]}
{"type":"ok","process":0,"ops":[["inc","k",1]]}
{"type":"invoke","process":1,"time":5,"stale":true,"ops":[["r","k",null],["w","k",1]]}
{"type":"ok","process":1,"time":6,"ops":[["r","k",1],["w","k",1]]}
{"type":"invoke","process":2,"ops":[["r","k",null]]}
{"type":"info","process":2,"ops":[["r","k",1]]}
{"type":"invoke","process":2,"ops":[["deq","k",null]]}
{"type":"invoke","process":3,"ops":[["w","k",1]]}
{"type":"info","process":2,"ops":[["deq","k",null]]}
{"type":"info","process":3,"ops":[["w","k",1]]}
{"type":"end","events":24}
)");
}

TEST_CASE("Histories: what an ending of each kind leaves of the answers") {
  const auto json = [](const std::string& question, const std::string& type, const std::string& answer) {
    const Result<History> h = ReadJsonHistory("{\"type\":\"invoke\",\"process\":0,\"ops\":[" + question +
                                              "]}\n{\"type\":\"" + type + "\",\"process\":0,\"ops\":[" + answer + "]}");
    REQUIRE_MESSAGE(h.ok(), h.status().ToString());
    return h->DescribeMicro(h->micros(0)[0]);
  };
  const std::string read = R"(["r","x"])";
  CHECK(json(read, "ok", R"(["r","x",5])") == "r x 5");
  CHECK(json(read, "ok", R"(["r","x",null])") == "r x nil");
  CHECK(json(read, "info", R"(["r","x",5])") == "r x 5");
  CHECK(json(read, "info", R"(["r","x",null])") == "r x ?");
  CHECK(json(read, "info", R"(["r","x"])") == "r x ?");
  CHECK(json(read, "info", R"(["r","x",[1]])") == "r x [1]");
  CHECK(json(read, "fail", R"(["r","x",5])") == "r x ?");
  CHECK(json(R"(["w","x",null])", "info", R"(["w","x",null])") == "w x nil");
  CHECK(json(R"(["deq","x"])", "info", R"(["deq","x",null])") == "deq x ?");
  const auto edn = [](const std::string& question, const std::string& type, const std::string& answer) {
    const Result<History> h =
        ReadEdnHistory("{:type :invoke :process 0 " + question + "} {:type :" + type + " :process 0 " + answer + "}");
    REQUIRE_MESSAGE(h.ok(), h.status().ToString());
    return h->DescribeMicro(h->micros(0)[0]);
  };
  const std::string txn = ":value [[:r 1 nil]]";
  CHECK(edn(txn, "ok", ":value [[:r 1 5]]") == "r 1 5");
  CHECK(edn(txn, "ok", txn) == "r 1 nil");
  CHECK(edn(txn, "info", ":value [[:r 1 5]]") == "r 1 5");
  CHECK(edn(txn, "info", txn) == "r 1 ?");
  CHECK(edn(txn, "fail", ":value [[:r 1 5]]") == "r 1 ?");
  CHECK(edn(":value [[:w 1 nil]]", "info", ":value [[:w 1 nil]]") == "w 1 nil");
  const std::string one = ":f :read :value nil";
  CHECK(edn(one, "ok", one) == "r register nil");
  CHECK(edn(one, "info", ":f :read :value 5") == "r register 5");
  CHECK(edn(one, "info", one) == "r register ?");
}

TEST_CASE("JSON history: forms that are almost right") {
  const auto invoke = [](const std::string& process, const std::string& op) {
    return JsonError("{\"type\":\"invoke\",\"process\":" + process + ",\"ops\":[" + op + "]}");
  };
  for (const char* process : {"\"0\"", "1.5", "null", "[0]"}) {
    CHECK(Says(invoke(process, R"(["r","x"])"), "\"process\" is missing or not a number"));
  }
  CHECK(Says(invoke("0", R"({"a":1,"b":2})"), "not an operation: {\"a\":1,\"b\":2}"));
  CHECK(Says(invoke("0", R"(["w","x",[1]])"), "not an integer, a text, true, false or null: [1]"));
  CHECK(Says(invoke("0", R"(["cas","x",[1],2])"), "not an integer, a text, true, false or null: [1]"));
}

TEST_CASE("EDN history: forms that are almost right") {
  const auto of_value = [](const std::string& value) {
    return EdnError("{:process 0 :type :invoke :value " + value + "}");
  };
  CHECK(of_value("[[:w\"k\"1]]").empty());
  CHECK(of_value("[[:w :_k 1]]").empty());
  CHECK(of_value("[[:r 1 nil #_ 5 ] #_ 6 ]").empty());
  CHECK(of_value("[[:w 1 2]]\r\n").empty());
  CHECK(EdnError("{:process 0 :type :invoke\r\n:value []}").empty());
  CHECK(Says(of_value("[[:w : 1]]"), "not an integer, text, keyword, boolean or nil: :"));
  CHECK(Says(of_value("[[:append 1 [2]]]"), "not an integer, text, keyword, boolean or nil: [2]"));
  CHECK(Says(of_value("[{:r 1}]"), "not a micro-operation: {...}"));
  CHECK(Says(of_value("[[:w 1 N]]"), "not an integer, text, keyword, boolean or nil: N"));
  CHECK(Says(of_value("[[:w 1 +]]"), "not an integer, text, keyword, boolean or nil: +"));
  CHECK(Says(EdnError("{\"process\" 0}"), ":process is missing"));
  CHECK(Says(EdnError("{:process 0 :type :invoke :f :cas :value {1 2}}"), ":cas needs [expected new], not {...}"));
  CHECK(EdnError("{:process 0\n :type") == "line 2: the file is cut: what line 1 opened is not closed");
  CHECK(EdnError(std::string(1, '\0')) == "line 1: an event is a map, not " + std::string(1, '\0'));
}

TEST_CASE("EDN history: nothing beyond the end of the text is looked at") {
  const std::string whole = "{:process 0 :type :invoke :value [[:w 1 23]]} #tag {}";
  for (size_t size = 0; size < whole.size(); ++size) {
    const std::string_view cut = std::string_view(whole).substr(0, size);
    const std::string copy(cut);
    CAPTURE(copy);
    CHECK(ReadEdnHistory(cut).status().ToString() == ReadEdnHistory(copy).status().ToString());
  }
}

}  // namespace
}  // namespace orrery::check
