#include <doctest/doctest.h>

#include "cli/latencies.h"
#include "cli/load.h"
#include "cli/shell.h"
#include "cli/table.h"

namespace orrery::cli {
namespace {

TEST_CASE("ParseRecords: paragraphs are keyed by a field, the last of a key counts") {
  const auto records = ParseRecords("Package: a\nVersion: 1\n\nSize: 3\nPackage: b\n\n\nPackage: a\nVersion: 2\n",
                                    LoadOptions{.prefix = "p/"});
  REQUIRE(records.ok());
  CHECK(*records == Records{{"p/a", "Package: a\nVersion: 2\n"}, {"p/b", "Size: 3\nPackage: b\n"}});
}

TEST_CASE("ParseRecords: a paragraph without its key names the line") {
  CHECK(ParseRecords("Package: a\n\nVersion: 1\n", LoadOptions{}).status().message() ==
        "line 3: the paragraph has no field \"Package\"");
}

TEST_CASE("ParseRecords: tab separated lines, and the line without a tab") {
  CHECK(*ParseRecords("a\t1\nb\t\n", LoadOptions{.format = "tsv"}) == Records{{"a", "1"}, {"b", ""}});
  CHECK(ParseRecords("a\t1\nb\n", LoadOptions{.format = "tsv"}).status().message() ==
        "line 2: no tab between key and value");
}

TEST_CASE("SplitWords: blanks separate, quotes keep them") {
  CHECK(*SplitWords("put  key \"a \\\"b\\\" c\" ") == std::vector<std::string>{"put", "key", "a \"b\" c"});
  CHECK(SplitWords("  ")->empty());
  CHECK(*SplitWords("put k \"\"") == std::vector<std::string>{"put", "k", ""});
  CHECK(SplitWords("put \"k").code() == StatusCode::kInvalidArgument);
}

TEST_CASE("Latencies: quantiles of a known distribution") {
  Latencies latencies;
  for (int i = 1; i <= 100; ++i) latencies.Add(microseconds(i));
  CHECK(latencies.QuantileMicros(0.5) == 51);
  CHECK(latencies.QuantileMicros(0.99) == 100);
  CHECK(latencies.MeanMicros() == doctest::Approx(50.5));
  CHECK(Latencies().QuantileMicros(0.5) == 0);
}

TEST_CASE("Table: columns are as wide as their widest cell") {
  Table table({"a", "bb"});
  table.Add({"xxx", "y"});
  CHECK(table.ToString() == "a    bb\nxxx  y\n");
}

}  // namespace
}  // namespace orrery::cli
