#include <string>

#include "workloads/check/report.h"

namespace orrery::check {

namespace {

constexpr int kBoxWidth = 300;
constexpr int kBoxHeight = 44;
constexpr int kGap = 56;
constexpr int kMargin = 20;
constexpr int kLane = 130;
constexpr size_t kTextMax = 46;

std::string Escape(std::string_view text) {
  std::string out;
  for (char c : text) {
    switch (c) {
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '&': out += "&amp;"; break;
      case '"': out += "&quot;"; break;
      default: out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    }
  }
  return out;
}

std::string Number(int n) {
  return std::to_string(n);
}

int Top(size_t row) {
  return kMargin + static_cast<int>(row) * (kBoxHeight + kGap);
}

std::string_view Colour(Dependency dependency) {
  switch (dependency) {
    case Dependency::kWriteWrite: return "#a33";
    case Dependency::kWriteRead: return "#26a";
    case Dependency::kReadWrite: return "#b60";
    case Dependency::kSession: return "#666";
    case Dependency::kRealTime: return "#383";
  }
  return "#000";
}

std::string Text(int x, int y, std::string_view fill, const std::string& text) {
  return "<text x=\"" + Number(x) + "\" y=\"" + Number(y) + "\" fill=\"" + std::string(fill) + "\">" + Escape(text) +
         "</text>\n";
}

std::string Box(const History& history, OpIndex op, size_t row) {
  const int top = Top(row);
  std::string title = "T" + std::to_string(op) + "  process " + std::to_string(history.operation(op).process);
  if (history.operation(op).invoke_line != 0) title += "  line " + std::to_string(history.operation(op).invoke_line);
  std::string body;
  for (const MicroOp& micro : history.micros(op)) body += (body.empty() ? "" : ", ") + history.DescribeMicro(micro);
  if (body.size() > kTextMax) body = body.substr(0, kTextMax - 3) + "...";
  return "<rect x=\"" + Number(kMargin) + "\" y=\"" + Number(top) + "\" width=\"" + Number(kBoxWidth) + "\" height=\"" +
         Number(kBoxHeight) + "\" rx=\"5\" fill=\"#f6f6f2\" stroke=\"#444\"/>\n" +
         Text(kMargin + 8, top + 17, "#000", title) + Text(kMargin + 8, top + 35, "#333", body);
}

/// Straight down to the next box; back to the first box around the right side.
std::string Arrow(const CycleStep& step, size_t row, bool last) {
  const std::string colour(Colour(step.dependency));
  const std::string stroke = "fill=\"none\" stroke=\"" + colour + "\" stroke-width=\"2\" marker-end=\"url(#tip)\"/>\n";
  const int bottom = Top(row) + kBoxHeight;
  const std::string label(DependencyName(step.dependency));
  if (!last) {
    const int x = kMargin + 40;
    return "<path d=\"M" + Number(x) + " " + Number(bottom) + " V" + Number(Top(row + 1) - 3) + "\" " + stroke +
           Text(x + 8, bottom + kGap / 2 + 4, colour, label);
  }
  const int right = kMargin + kBoxWidth;
  const int from = Top(row) + kBoxHeight / 2;
  const int to = Top(0) + kBoxHeight / 2;
  return "<path d=\"M" + Number(right) + " " + Number(from) + " C" + Number(right + kLane) + " " + Number(from) + " " +
         Number(right + kLane) + " " + Number(to) + " " + Number(right + 3) + " " + Number(to) + "\" " + stroke +
         Text(right + kLane * 3 / 4 + 4, (from + to) / 2, colour, label);
}

}  // namespace

std::string CycleSvg(const History& history, const Anomaly& anomaly) {
  if (anomaly.cycle.empty()) return "";
  const size_t rows = anomaly.cycle.size();
  const int width = 2 * kMargin + kBoxWidth + kLane + 30;
  const int height = Top(rows) - kGap + kMargin + 20;
  std::string out = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" + Number(width) + "\" height=\"" +
                    Number(height) + "\" font-family=\"monospace\" font-size=\"11\">\n" +
                    "<defs><marker id=\"tip\" markerWidth=\"8\" markerHeight=\"8\" refX=\"6\" refY=\"3\" "
                    "orient=\"auto\"><path d=\"M0 0 L6 3 L0 6 z\"/></marker></defs>\n";
  for (size_t row = 0; row < rows; ++row) out += Box(history, anomaly.cycle[row].source, row);
  for (size_t row = 0; row < rows; ++row) out += Arrow(anomaly.cycle[row], row, row + 1 == rows);
  return out + Text(kMargin, height - 8, "#000", anomaly.name) + "</svg>\n";
}

}  // namespace orrery::check
