#include "workloads/check/check_command.h"

#include <doctest/doctest.h>

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <sstream>

namespace orrery::check {
namespace {

struct Outcome3 {
  int code;
  std::string out;
  std::string err;
};

/// A file that goes away with the test.
class TempFile {
 public:
  explicit TempFile(const std::string& name, const std::string& text = "")
      : path_(std::filesystem::temp_directory_path() / ("orrery-check-" + std::to_string(::getpid()) + "-" + name)) {
    std::ofstream(path_, std::ios::binary) << text;
  }
  ~TempFile() { std::filesystem::remove(path_); }
  std::string path() const { return path_.string(); }
  std::string Text() const {
    std::ifstream in(path_, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(in), {});
  }

 private:
  std::filesystem::path path_;
};

Outcome3 Run(const CheckCommandOptions& options) {
  std::ostringstream out;
  std::ostringstream err;
  const int code = RunCheckCommand(options, out, err);
  return {code, out.str(), err.str()};
}

Outcome3 Check(const std::string& text, const std::string& model, const std::string& level = "") {
  const TempFile file("history", text);
  CheckCommandOptions options;
  options.history = file.path();
  options.model = model;
  options.level = level;
  return Run(options);
}

const char kSkew[] = R"({"type":"invoke","process":0,"ops":[["append","y",1],["r","x",null]]}
{"type":"invoke","process":1,"ops":[["append","x",1],["r","y",null]]}
{"type":"ok","process":0,"ops":[["append","y",1],["r","x",[]]]}
{"type":"ok","process":1,"ops":[["append","x",1],["r","y",[]]]}
)";
const char kStale[] = R"({"type":"invoke","process":0,"ops":[["w","x",1]]}
{"type":"ok","process":0,"ops":[["w","x",1]]}
{"type":"invoke","process":0,"ops":[["r","x",null]]}
{"type":"ok","process":0,"ops":[["r","x",null]]}
)";

TEST_CASE("Check command: 0 holds, 10 broken with name and witness") {
  const Outcome3 holds = Check(kSkew, "list-append", "snapshot-isolation");
  CHECK(holds.code == 0);
  CHECK(holds.out == "list-append snapshot-isolation: 2 operations, holds\n");
  const Outcome3 broken = Check(kSkew, "list-append", "serializable");
  CHECK(broken.code == 10);
  CHECK(broken.out.find("broken\nG2\n") != std::string::npos);
  CHECK(broken.out.find("line 1-3") != std::string::npos);
  const Outcome3 stale = Check(kStale, "register");
  CHECK(stale.code == 10);
  CHECK(stale.out.find("register linearizable: 2 operations, broken\nnonlinearizable\n") != std::string::npos);
  CHECK(Check(kStale, "rw-register", "serializable").code == 0);
  CHECK(Check(kStale, "rw-register").code == 10);
}

TEST_CASE("Check command: a value nobody wrote is named") {
  const char text[] =
      "{\"type\":\"invoke\",\"process\":0,\"ops\":[[\"r\",\"x\",null]]}\n"
      "{\"type\":\"ok\",\"process\":0,\"ops\":[[\"r\",\"x\",7]]}\n";
  for (const char* model : {"register", "cas-register", "rw-register"}) {
    const Outcome3 outcome = Check(text, model);
    CHECK(outcome.code == 10);
    CHECK(outcome.out.find("garbage-read") != std::string::npos);
    CHECK(outcome.out.find("line 1-2") != std::string::npos);
  }
}

TEST_CASE("Check command: 1 for bad histories and bad usage, with the reason") {
  CHECK(Check("", "register").code == 1);
  CHECK(Check("", "register").err.find("no operation") != std::string::npos);
  CHECK(Check("{\"type\":\"ok\",\"process\":0}", "register").err.find("line 1: a response without") !=
        std::string::npos);
  CHECK(Check(kStale, "tree").err.find("unknown model \"tree\"") != std::string::npos);
  CHECK(Check(kStale, "register", "tidy").err.find("unknown level \"tidy\"") != std::string::npos);
  CHECK(Check(kStale, "register", "serializable").err.find("has no level") != std::string::npos);
  CHECK(Check(kStale, "list-append", "linearizable").err.find("has no level") != std::string::npos);
  CHECK(Check(kStale, "unique", "linearizable").err.find("has no level") != std::string::npos);
  CHECK(Check(kStale, "set").err.find("a set knows") != std::string::npos);
  CHECK(Check(kStale, "queue").err.find("a queue knows") != std::string::npos);
  CHECK(Check(kSkew, "register").err.find("a register knows") != std::string::npos);
  for (const char* model : {"tree", "set", "queue", "list-append"}) CHECK(Check(kStale, model).code == 1);
  const TempFile file("usage", kStale);
  CheckCommandOptions options{.history = "/nonexistent", .model = "register"};
  CHECK(Run(options).err.find("cannot open /nonexistent") != std::string::npos);
  options.history = file.path();
  options.format = "xml";
  CHECK(Run(options).err.find("unknown format xml") != std::string::npos);
  options.format = "edn";
  CHECK(Run(options).code == 1);
  options.format = "auto";
  options.output = "yaml";
  CHECK(Run(options).err.find("unknown output yaml") != std::string::npos);
  options.output = "table";
  options.initial = "[1]";
  CHECK(Run(options).err.find("--initial") != std::string::npos);
  options.initial = "";
  options.model = "rw-register";
  options.svg = "/nonexistent/a.svg";
  CHECK(Run(options).err.find("cannot write") != std::string::npos);
}

TEST_CASE("Check command: 15 when the budget ran out") {
  std::string text;
  for (int i = 0; i < 20; ++i) {
    text += "{\"type\":\"invoke\",\"process\":" + std::to_string(i) + ",\"ops\":[[\"w\",\"x\"," +
            std::to_string(i % 4) + "]]}\n";
  }
  for (const char* value : {"1", "2", "9"}) {
    text += "{\"type\":\"invoke\",\"process\":99,\"ops\":[[\"r\",\"x\",null]]}\n";
    text += std::string("{\"type\":\"ok\",\"process\":99,\"ops\":[[\"r\",\"x\",") + value + "]]}\n";
  }
  for (int i = 0; i < 20; ++i) text += "{\"type\":\"ok\",\"process\":" + std::to_string(i) + "}\n";
  const TempFile file("budget", text);
  CheckCommandOptions options{.history = file.path(), .model = "register"};
  options.steps_max = 1000;
  const Outcome3 steps = Run(options);
  CHECK(steps.code == 15);
  CHECK(steps.out.find("undecided: the budget of model steps ran out on key x") != std::string::npos);
  options.steps_max = 40'000'000;
  options.memory_bytes_max = 100'000;
  const Outcome3 memory = Run(options);
  CHECK(memory.code == 15);
  CHECK(memory.out.find("undecided: the memory budget of 100000 bytes ran out") != std::string::npos);
}

TEST_CASE("Check command: JSON output and SVG carry the witness") {
  const TempFile file("json", kSkew);
  const TempFile svg("svg");
  CheckCommandOptions options{.history = file.path(), .model = "list-append"};
  options.output = "json";
  options.svg = svg.path();
  const Outcome3 outcome = Run(options);
  CHECK(outcome.code == 10);
  const auto object = nlohmann::json::parse(outcome.out);
  CHECK(object["verdict"] == "broken");
  CHECK(object["exit_code"] == 10);
  CHECK(object["level"] == "strict-serializable");
  REQUIRE(object["anomalies"].size() == 1);
  CHECK(object["anomalies"][0]["name"] == "G2");
  CHECK(object["anomalies"][0]["cycle"].size() == 2);
  CHECK(object["anomalies"][0]["cycle"][0]["dependency"] == "rw");
  CHECK(object["anomalies"][0]["ops"][0]["line"] == 1);
  CHECK(svg.Text().starts_with("<svg "));
  const TempFile none("none");
  options.svg = none.path();
  options.level = "snapshot-isolation";
  const Outcome3 holds = Run(options);
  CHECK(holds.code == 0);
  CHECK(holds.err.find("there is no cycle to draw; " + none.path() + " was not written") != std::string::npos);
}

TEST_CASE("Check command: EDN is recognised, registers may start at a value, laws run by name") {
  const char edn[] = "{:type :invoke :process 0 :f :read :value nil}\n{:type :ok :process 0 :f :read :value 0}\n";
  const TempFile file("edn", edn);
  CheckCommandOptions options{.history = file.path(), .model = "cas-register"};
  CHECK(Run(options).code == 10);
  options.initial = "0";
  CHECK(Run(options).code == 0);
  const TempFile vector("vector", std::string("[") + edn + "]");
  options.history = vector.path();
  CHECK(Run(options).code == 0);
  const char takes[] = R"({"type":"invoke","process":0,"ops":[["take","x",null]]}
{"type":"ok","process":0,"ops":[["take","x",1]]}
{"type":"invoke","process":0,"ops":[["take","x",null]]}
{"type":"ok","process":0,"ops":[["take","x",1]]}
)";
  CHECK(Check(takes, "unique").out.find("unique: 2 operations, broken\nduplicate-take") != std::string::npos);
  CHECK(Check(takes, "monotonic").code == 10);
  CHECK(Check(takes, "bank").code == 1);
  CHECK(Check(takes, "cycle").code == 1);
  CHECK(Check(kStale, "counter").code == 1);
  CHECK(Check(kStale, "set-law").code == 1);
}

TEST_CASE("Check command: standard input, file names and formats") {
  std::istringstream input(kStale);
  std::streambuf* const before = std::cin.rdbuf(input.rdbuf());
  CheckCommandOptions options{.history = "-", .model = "register"};
  CHECK(Run(options).code == 10);
  std::cin.rdbuf(before);
  const TempFile json("named.json", kStale);
  options.history = json.path();
  options.format = "json";
  CHECK(Run(options).code == 10);
  const TempFile named("named.edn", "  {\"a\" 1}");
  options.history = named.path();
  options.format = "auto";
  CHECK(Run(options).err.find(":process is missing") != std::string::npos);
  options.history = std::filesystem::temp_directory_path().string();
  const Outcome3 folder = Run(options);
  CHECK(folder.code == 1);
  CHECK(folder.err.find("cannot read " + options.history) != std::string::npos);
  CHECK(Check("{", "register").err.find("line 1: not JSON") != std::string::npos);
  CHECK(Check(" \n ", "register").err.find("no operation") != std::string::npos);
}

TEST_CASE("Check command: registers may start at any value") {
  const char text[] = R"({"type":"invoke","process":0,"ops":[["r","x",null]]}
{"type":"ok","process":0,"ops":[["r","x","red"]]}
)";
  const TempFile file("initial", text);
  CheckCommandOptions options{.history = file.path(), .model = "register"};
  options.initial = "\"red\"";
  CHECK(Run(options).code == 0);
  options.initial = "null";
  CHECK(Run(options).code == 10);
}

TEST_CASE("Check command: the SVG shows the first anomaly that has a cycle") {
  std::string text = "{\"type\":\"invoke\",\"process\":7,\"ops\":[[\"append\",\"z\",1],[\"r\",\"z\",null]]}\n";
  text += "{\"type\":\"ok\",\"process\":7,\"ops\":[[\"append\",\"z\",1],[\"r\",\"z\",[]]]}\n";
  const TempFile file("svg", text + kSkew);
  const TempFile svg("two");
  CheckCommandOptions options{.history = file.path(), .model = "list-append", .svg = svg.path()};
  const Outcome3 outcome = Run(options);
  CHECK(outcome.out.find("broken\ninternal\n") != std::string::npos);
  CHECK(svg.Text().find(">G2</text>") != std::string::npos);
}

TEST_CASE("Check command: the format that is asked for counts, whatever the file looks like") {
  const std::string edn = "{:type :invoke :process 0 :f :write :value 1}\n{:type :ok :process 0 :f :write :value 1}\n";
  const auto run = [](const std::string& name, const std::string& text, const std::string& format) {
    const TempFile file(name, text);
    CheckCommandOptions options{.history = file.path(), .model = "register"};
    options.format = format;
    return Run(options);
  };
  CHECK(run("a.txt", edn, "edn").code == 0);
  CHECK(run("a.txt", edn, "auto").code == 0);
  CHECK(run("a.txt", " \n" + edn, "auto").code == 0);
  CHECK(run("a.txt", edn, "json").err.find("line 1: not JSON") != std::string::npos);
  CHECK(run("a.edn", kStale, "json").code == 10);
  CHECK(run("a.edn", kStale, "auto").code == 1);
  CHECK(run("a.txt", "{", "auto").err.find("line 1: not JSON") != std::string::npos);
  CHECK(run("a.txt", "", "auto").err.find("no operation") != std::string::npos);
}

TEST_CASE("Check command: long files are read to their end") {
  const std::string blank(200'000, ' ');
  CHECK(Check(blank + "\n" + kStale, "register").code == 10);
  CHECK(Check(blank + "\n{", "register").err.find("line 2: not JSON") != std::string::npos);
}

TEST_CASE("Check command: every law runs under its name") {
  const auto two = [](const std::string& first, const std::string& second) {
    std::string text;
    for (const std::string& op : {first, second}) {
      for (const char* type : {"invoke", "ok"}) {
        text += "{\"type\":\"" + std::string(type) + "\",\"process\":0,\"ops\":[" + op + "]}\n";
      }
    }
    return text;
  };
  const auto law = [](const std::string& text, const std::string& model) {
    const TempFile file("law", text);
    CheckCommandOptions options{.history = file.path(), .model = model};
    options.bank_total = 3;
    options.bank_accounts = 1;
    options.cycle_nodes = 1;
    return Run(options).out;
  };
  const std::string set = law(two(R"(["add","s",1])", R"(["r","s",[]])"), "set-law");
  CHECK(set.starts_with("set-law: 2 operations, broken\nlost-element\n"));
  const std::string counter = law(two(R"(["inc","c",1])", R"(["r","c",2])"), "counter");
  CHECK(counter.starts_with("counter: 2 operations, broken\ncounter-out-of-bounds\n"));
  const std::string bank = law(two(R"(["r","a",3])", R"(["r","a",2])"), "bank");
  CHECK(bank.starts_with("bank: 2 operations, broken\nwrong-total\n"));
  const std::string cycle = law(two(R"(["r","a","a"])", R"(["r","a","b"])"), "cycle");
  CHECK(cycle.starts_with("cycle: 2 operations, broken\nbroken-ring\n"));
}

TEST_CASE("Check command: a file that may have been cut between two events is said to be so") {
  const std::string whole =
      "{:type :invoke :process 0 :value [[:append :x 1]]}\n{:type :ok :process 0 :value [[:append :x 1]]}\n"
      "{:type :invoke :process 1 :value [[:r :x nil]]}\n{:type :ok :process 1 :value [[:r :x []]]}\n";
  CHECK(Check(whole, "list-append").code == 10);
  CHECK(Check(whole, "list-append").err.empty());
  const Outcome3 cut = Check(whole.substr(0, whole.rfind("{:type :ok")), "list-append");
  CHECK(cut.code == 0);
  CHECK(
      cut.err.ends_with(": no ending for 1 of 2 operations, the first on line 3; they may take effect at any time. "
                        "If the file was cut there, what is missing was not judged\n"));
  const std::string told = R"({"type":"invoke","process":0,"ops":[["w","x",1]]}
{"type":"info","process":0}
)";
  CHECK(Check(told, "register").err.empty());
}

TEST_CASE("Check command: what is senseless is named with the file and the line") {
  const TempFile file("senseless", kStale);
  const CheckCommandOptions options{.history = file.path(), .model = "set"};
  CHECK(
      Run(options).err.starts_with("check: " + file.path() + ": op 0 (line 1-2) by process 0: w x 1; ok: a set knows"));
}

}  // namespace
}  // namespace orrery::check
