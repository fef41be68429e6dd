// Reports for people: words, values, pictures.
#include "workloads/check/report.h"

#include <doctest/doctest.h>

#include "workloads/check/history.h"

namespace orrery::check {
namespace {

TEST_CASE("Report: every anomaly ends its line, whatever its words") {
  CheckReport report{.verdict = Verdict::kBroken};
  report.anomalies = {{.name = "a"}, {.name = "b", .words = "one"}, {.name = "c", .words = "two\n"}};
  CHECK(report.ToString() == "broken\na\nb\none\nc\ntwo\n");
  CHECK(report.Has("b"));
  CHECK_FALSE(report.Has("d"));
  CHECK_FALSE(report.holds());
}

TEST_CASE("Report: a picture escapes what it shows and cuts what is too long") {
  History h;
  const Value key = h.Text("<&\"\n>");
  h.Invoke(0, {Write(key, h.Int(1))});
  h.Invoke(1, {Write(h.Text(std::string(300, 'k')), h.Int(1)), Write(key, h.Int(2))}, 0);
  Anomaly anomaly{.name = "G0"};
  CHECK(CycleSvg(h, anomaly).empty());
  for (Dependency d : {Dependency::kWriteWrite, Dependency::kWriteRead, Dependency::kReadWrite, Dependency::kSession,
                       Dependency::kRealTime}) {
    anomaly.cycle = {{0, 1, d, ""}, {1, 0, d, ""}};
    const std::string svg = CycleSvg(h, anomaly);
    CHECK(svg.find("w &lt;&amp;&quot; &gt; 1") != std::string::npos);
    CHECK(svg.find("kkk...</text>") != std::string::npos);
    CHECK(svg.find(">" + std::string(DependencyName(d)) + "</text>") != std::string::npos);
    CHECK(svg.find("line") == std::string::npos);  // nobody read it from a file
    CHECK(svg.ends_with("</svg>\n"));
  }
}

TEST_CASE("Values: what does not fit in place is kept in the table") {
  ValueTable values;
  for (const int64_t number : {INT64_MIN, Value::kInlineMin - 1, Value::kInlineMin, int64_t{0}, Value::kInlineMax,
                               Value::kInlineMax + 1, INT64_MAX}) {
    const Value value = values.Int(number);
    CHECK(values.AsInt(value) == number);
    CHECK(values.ToJson(value) == std::to_string(number));
    CHECK(value.is_small() == (number >= Value::kInlineMin && number <= Value::kInlineMax));
    CHECK(values.Int(number) == value);
  }
  CHECK(values.size() == 4);
  CHECK(values.ToJson(values.Bool(false)) == "false");
  CHECK(values.ToJson(values.Bool(true)) == "true");
  CHECK(values.Bool(true) != values.Bool(false));
  CHECK_FALSE(values.AsInt(values.Bool(true)));
  CHECK_FALSE(values.AsInt(kNil));
}

}  // namespace
}  // namespace orrery::check
