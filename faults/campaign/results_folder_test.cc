#include "faults/campaign/results_folder.h"

#include <doctest/doctest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <set>

namespace orrery::faults {
namespace {

constexpr const char* kReport =
    R"({"scenario":"s","seed":7,"exit_code":10,"outcome":"lost-write","words":"x","fingerprint":"ab","events":12,)"
    R"("cpu_seconds":0.5,"virtual_seconds":30.0,"acknowledged":9,"probes":{"p":3},"faults":{"kill":1},"plans":{},)"
    R"("elections":4,"signature":"safety/lost-write"})";

struct Folder {
  Folder() : path("/tmp/orrery-results-folder-test-" + std::to_string(getpid())) { std::filesystem::remove_all(path); }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string Read(const std::string& name) const { return *ReadWholeFile(path + "/" + name); }
  void Overwrite(const std::string& name, const std::string& text) const { std::ofstream(path + "/" + name) << text; }
  std::string path;
};

std::string Line(uint64_t seed) {
  return ToResultLine({.scenario = "s", .seed = seed, .outcome = "ok"}, "");
}

Result<ResultsFolder> OpenAndBegin(const std::string& path, const std::string& identity, bool resume,
                                   const ResultTaker& each) {
  ORRERY_ASSIGN_OR_RETURN(ResultsFolder folder, ResultsFolder::Open(path));
  ORRERY_RETURN_IF_ERROR(folder.Begin(identity, resume, each));
  return folder;
}

TEST_CASE("Result line: every field of the run's report is kept, the campaign's are added") {
  SeedResult result = *ParseRunReport(kReport);
  CHECK(result.probes.at("p") == 3);
  CHECK(result.signature == "safety/lost-write");
  result.double_run = DoubleRun::kEqual;
  result.confirmed = true;
  result.spent_seconds = 1.25;
  const std::string line = ToResultLine(result, kReport);
  CHECK(line.ends_with("}\n"));
  CHECK(line.find('\n') == line.size() - 1);
  CHECK(line.find("\"elections\":4") != std::string::npos);
  CHECK(line.find("\"double_run\":\"equal\"") != std::string::npos);
  const SeedResult again = *ParseResultLine(line);
  CHECK(SameRun(again, result));
  CHECK(again.seed == 7);
  CHECK(again.double_run == DoubleRun::kEqual);
  CHECK(again.confirmed);
  CHECK(again.spent_seconds == 1.25);
  CHECK(again.faults.at("kill") == 1);
}

TEST_CASE("Result line: what is cut or of another shape is refused, never a crash") {
  const std::string line = ToResultLine(*ParseRunReport(kReport), kReport);
  for (size_t length = 0; length + 2 < line.size(); ++length) {
    CHECK(ParseResultLine(line.substr(0, length)).code() == StatusCode::kCorruption);
  }
  for (const char* bad :
       {"[]", "3", "null", R"({"scenario":"s"})", R"({"scenario":1,"seed":2,"exit_code":0})",
        R"({"scenario":"s","seed":-2,"exit_code":0})", R"({"scenario":"s","seed":2,"exit_code":"0"})"}) {
    CAPTURE(bad);
    CHECK(ParseResultLine(bad).code() == StatusCode::kCorruption);
  }
  // Fields of a wrong type are as if they were not there.
  const auto odd = ParseResultLine(R"({"scenario":"s","seed":2,"exit_code":0,"words":7,"probes":{"a":"b"},"plans":3})");
  REQUIRE(odd.ok());
  CHECK(odd->words.empty());
  CHECK(odd->probes.empty());
}

TEST_CASE("Result line: bytes that are no UTF-8 do not end a campaign") {
  const SeedResult result{.scenario = "s", .seed = 1, .exit_code = 12, .words = "\xff\xfe key"};
  CHECK(ParseResultLine(ToResultLine(result, "")).ok());
}

TEST_CASE("Results: a last line that was cut is left out, a cut line inside is named") {
  std::set<uint64_t> seeds;
  const auto note = [&](const SeedResult& result, uint64_t) { seeds.insert(result.seed); };
  const std::string cut = Line(3).substr(0, 20);
  const auto whole = ParseResults(Line(1) + Line(2) + cut, "f", note);
  REQUIRE(whole.ok());
  CHECK(whole->bytes == Line(1).size() + Line(2).size());
  CHECK(whole->lines == 2);
  CHECK(seeds == std::set<uint64_t>{1, 2});
  // Even if what stands there happens to be whole: its newline is what says so.
  std::string no_newline = Line(4);
  no_newline.pop_back();
  CHECK(ParseResults(no_newline, "f", note)->bytes == 0);
  const Status bad = ParseResults(Line(1) + cut + "\n" + Line(2), "f", note).status();
  CHECK(bad.code() == StatusCode::kCorruption);
  CHECK(std::string(bad.message()).find("f:2") != std::string::npos);
}

TEST_CASE("Results: of two lines for one seed the last stands, and is told with its number") {
  const std::string cut_off = ToResultLine({.scenario = "s", .seed = 1, .exit_code = 15, .outcome = "killed"}, "");
  const std::string other = ToResultLine({.scenario = "t", .seed = 1, .outcome = "ok"}, "");
  std::vector<std::pair<std::string, uint64_t>> seen;
  const auto size = ParseResults(cut_off + other + Line(1), "f", [&](const SeedResult& result, uint64_t line) {
    seen.emplace_back(result.scenario + " " + result.outcome, line);
  });
  REQUIRE(size.ok());
  CHECK(size->lines == 3);
  CHECK(seen == std::vector<std::pair<std::string, uint64_t>>{{"t ok", 2}, {"s ok", 3}});
}

TEST_CASE("Results folder: one campaign at a time writes into it") {
  const Folder folder;
  const auto ignore = [](const SeedResult&, uint64_t) {};
  {
    const auto first = OpenAndBegin(folder.path, "id", false, ignore);
    REQUIRE(first.ok());
    CHECK(OpenAndBegin(folder.path, "id", true, ignore).code() == StatusCode::kConflict);
  }
  CHECK(OpenAndBegin(folder.path, "id", true, ignore).ok());
}

TEST_CASE("Results folder: it resumes behind the last whole line") {
  const Folder folder;
  const auto nothing = [](const SeedResult&, uint64_t) { FAIL("nothing is there yet"); };
  {
    auto fresh = OpenAndBegin(folder.path, "id", false, nothing);
    REQUIRE(fresh.ok());
    CHECK(fresh->Append(Line(1)).ok());
    CHECK(fresh->Append(Line(2)).ok());
  }
  folder.Overwrite("results.jsonl", Line(1) + Line(2) + Line(3).substr(0, 11));
  CHECK(OpenAndBegin(folder.path, "id", false, nothing).code() == StatusCode::kAlreadyExists);
  CHECK(OpenAndBegin(folder.path, "other", true, nothing).code() == StatusCode::kInvalidArgument);
  std::set<uint64_t> seeds;
  auto resumed =
      OpenAndBegin(folder.path, "id", true, [&](const SeedResult& one, uint64_t) { seeds.insert(one.seed); });
  REQUIRE(resumed.ok());
  CHECK(seeds == std::set<uint64_t>{1, 2});
  CHECK(resumed->Append(Line(4)).ok());
  CHECK(folder.Read("results.jsonl") == Line(1) + Line(2) + Line(4));
}

TEST_CASE("Results folder: a full disk is named, and leaves neither half a line nor half a report") {
  const Folder folder;
  auto results = OpenAndBegin(folder.path, "id", false, [](const SeedResult&, uint64_t) {});
  REQUIRE(results.ok());
  CHECK(results->Append(Line(1)).ok());
  CHECK(results->Write("report.html", "old").ok());
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{Line(1).size() + 10, before.rlim_max};
  setrlimit(RLIMIT_FSIZE, &small);
  const Status line = results->Append(Line(2));
  const Status report = results->Write("report.html", std::string(5000, 'x'));
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, old_handler);
  CHECK(line.code() == StatusCode::kNoSpace);
  CHECK(std::string(line.message()).starts_with(folder.path + "/results.jsonl: "));
  CHECK(report.code() == StatusCode::kNoSpace);
  CHECK(folder.Read("results.jsonl") == Line(1));
  CHECK(folder.Read("report.html") == "old");
  CHECK_FALSE(std::filesystem::exists(folder.path + "/report.html.new"));
}

TEST_CASE("Results folder: a place that cannot be written is named") {
  CHECK(OpenAndBegin("/proc/orrery", "id", false, [](const SeedResult&, uint64_t) {}).code() == StatusCode::kIoError);
}

}  // namespace
}  // namespace orrery::faults
