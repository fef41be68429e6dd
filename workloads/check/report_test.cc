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

TEST_CASE("Report: a picture to the letter") {
  History h;
  const Value k = h.Text("k");
  h.Invoke(3, std::vector{Read(k), Write(k, h.Int(1))}, 0, 5);
  h.Invoke(4, std::vector{Write(k, h.Int(2))}, 0, 6);
  const Anomaly anomaly{.name = "G0",
                        .cycle = {{0, 1, Dependency::kReadWrite, ""}, {1, 0, Dependency::kWriteWrite, ""}}};
  CHECK(CycleSvg(h, anomaly) ==
        R"svg(<svg xmlns="http://www.w3.org/2000/svg" width="500" height="204" font-family="monospace" font-size="11">
<defs><marker id="tip" markerWidth="8" markerHeight="8" refX="6" refY="3" orient="auto"><path d="M0 0 L6 3 L0 6 z"/></marker></defs>
<rect x="20" y="20" width="300" height="44" rx="5" fill="#f6f6f2" stroke="#444"/>
<text x="28" y="37" fill="#000">T0  process 3  line 5</text>
<text x="28" y="55" fill="#333">r k ?, w k 1</text>
<rect x="20" y="120" width="300" height="44" rx="5" fill="#f6f6f2" stroke="#444"/>
<text x="28" y="137" fill="#000">T1  process 4  line 6</text>
<text x="28" y="155" fill="#333">w k 2</text>
<path d="M60 64 V117" fill="none" stroke="#b60" stroke-width="2" marker-end="url(#tip)"/>
<text x="68" y="96" fill="#b60">rw</text>
<path d="M320 142 C450 142 450 42 323 42" fill="none" stroke="#a33" stroke-width="2" marker-end="url(#tip)"/>
<text x="421" y="92" fill="#a33">ww</text>
<text x="20" y="196" fill="#000">G0</text>
</svg>
)svg");
}

}  // namespace
}  // namespace orrery::check
