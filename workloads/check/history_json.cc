#include "workloads/check/history_json.h"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <ostream>
#include <unordered_map>

#include "workloads/check/history_builder.h"

namespace orrery::check {

namespace {

using nlohmann::json;

constexpr std::string_view kFormatName = "orrery-history";
constexpr int kFormatVersion = 1;

std::string Shown(const json& value) {
  std::string text = value.dump(-1, ' ', true, json::error_handler_t::replace);
  if (text.size() > 40) text = text.substr(0, 37) + "...";
  return text;
}

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  Result<History> Read() {
    while (!text_.empty()) {
      const size_t end = std::min(text_.find('\n'), text_.size());
      const std::string_view row = text_.substr(0, end);
      text_.remove_prefix(std::min(end + 1, text_.size()));
      ++line_;
      if (row.find_first_not_of(" \t\r") == std::string_view::npos) continue;
      ORRERY_RETURN_IF_ERROR(ReadRow(row));
    }
    if (versioned_ && !ended_) return Bad("the file is cut: it has a header but no end line");
    return builder_.Take();
  }

 private:
  Status Bad(const std::string& what) const { return HistoryBuilder::Bad(line_, what); }

  Status ReadRow(std::string_view row) {
    const json event = json::parse(row, nullptr, /*allow_exceptions=*/false);
    if (event.is_discarded()) return Bad("not JSON (a cut file?): " + std::string(row.substr(0, 40)));
    if (!event.is_object()) return Bad("an event is an object, not " + Shown(event));
    if (ended_) return Bad("an event after the end line");
    if (event.contains("format")) return ReadHeader(event);
    const auto type = event.find("type");
    if (type == event.end() || !type->is_string()) return Bad("\"type\" is missing or not a text");
    const std::string& name = type->get_ref<const std::string&>();
    if (name == "end") return ReadEnd(event);
    if (name == "invoke") return ReadInvoke(event);
    if (name == "ok") return ReadCompletion(event, Outcome::kOk);
    if (name == "fail") return ReadCompletion(event, Outcome::kFail);
    if (name == "info") return ReadCompletion(event, Outcome::kUnknown);
    return Bad("unknown type \"" + name + "\"; known are invoke, ok, fail, info, end");
  }

  Status ReadHeader(const json& event) {
    if (line_ != 1) return Bad("a header that is not on the first line");
    if (event["format"] != kFormatName) return Bad("unknown format " + Shown(event["format"]));
    if (!event.contains("version") || event["version"] != kFormatVersion) {
      return Bad("version " + Shown(event.value("version", json())) + " of the format is not known; 1 is");
    }
    versioned_ = true;
    return Status::Ok();
  }

  Status ReadEnd(const json& event) {
    const auto count = event.find("events");
    if (count == event.end() || !count->is_number_unsigned()) return Bad("\"events\" is missing or not a count");
    if (count->get<uint64_t>() != builder_.events()) {
      return Bad("the end line counts " + Shown(*count) + " events, but " + std::to_string(builder_.events()) +
                 " are there");
    }
    ended_ = true;
    return Status::Ok();
  }

  Status ReadInvoke(const json& event) {
    HistoryBuilder::Event out;
    ORRERY_RETURN_IF_ERROR(ReadCommon(event, out));
    if (!out.has_micros) return Bad("\"ops\" is missing");
    if (const auto stale = event.find("stale"); stale != event.end()) {
      if (!stale->is_boolean()) return Bad("\"stale\" is not true or false");
      out.stale = stale->get<bool>();
    }
    return builder_.Invoke(out);
  }

  Status ReadCompletion(const json& event, Outcome outcome) {
    answered_ = outcome == Outcome::kOk;
    HistoryBuilder::Event out;
    const Status status = ReadCommon(event, out);
    answered_ = false;
    ORRERY_RETURN_IF_ERROR(status);
    return builder_.Complete(out, outcome);
  }

  Status ReadCommon(const json& event, HistoryBuilder::Event& out) {
    out.line = line_;
    const auto process = event.find("process");
    if (process == event.end() || !process->is_number_unsigned() ||
        process->get<uint64_t>() > std::numeric_limits<uint32_t>::max()) {
      return Bad("\"process\" is missing or not a number from 0 to 4294967295");
    }
    out.process = process->get<uint32_t>();
    if (const auto time = event.find("time"); time != event.end()) {
      if (!time->is_number_integer()) return Bad("\"time\" is not an integer");
      out.time = time->get<int64_t>();
    }
    const auto ops = event.find("ops");
    out.has_micros = ops != event.end() && !ops->is_null();
    micros_.clear();
    if (!out.has_micros) return Status::Ok();
    if (!ops->is_array()) return Bad("\"ops\" is not an array");
    for (const json& op : *ops) ORRERY_RETURN_IF_ERROR(ReadMicro(op));
    out.micros = micros_;
    return Status::Ok();
  }

  Status ReadMicro(const json& op) {
    if (!op.is_array() || op.size() < 2 || !op[0].is_string()) return Bad("not an operation: " + Shown(op));
    const std::string& name = op[0].get_ref<const std::string&>();
    MicroOp micro;
    ORRERY_RETURN_IF_ERROR(ReadKind(name, micro.kind));
    ORRERY_RETURN_IF_ERROR(ReadValue(op[1], micro.key));
    if (micro.key.is_nil()) return Bad("null is not a key: " + Shown(op));
    const bool is_cas = micro.kind == MicroKind::kCas;
    const size_t inputs = is_cas ? 4 : 3;
    const bool may_omit =
        micro.kind == MicroKind::kRead || micro.kind == MicroKind::kDequeue || micro.kind == MicroKind::kTake;
    const bool has_flag = is_cas || micro.kind == MicroKind::kContains;
    if (op.size() < inputs && !(may_omit && !answered_)) return Bad("something is missing in " + Shown(op));
    const bool may_tell = micro.kind == MicroKind::kIncrement;
    if (op.size() > inputs + (has_flag || may_tell ? 1 : 0)) return Bad("too much in " + Shown(op));
    if (may_tell && op.size() > inputs) ORRERY_RETURN_IF_ERROR(ReadValue(op[inputs], micro.expected));
    if (is_cas) ORRERY_RETURN_IF_ERROR(ReadValue(op[2], micro.expected));
    static const json kNothing;
    const json& last = op.size() < inputs ? kNothing : op.at(inputs - 1);
    if (micro.kind == MicroKind::kRead && last.is_array()) {
      ORRERY_RETURN_IF_ERROR(ReadList(last, micro));
    } else {
      ORRERY_RETURN_IF_ERROR(ReadValue(last, micro.value));
    }
    if (has_flag) {
      ORRERY_RETURN_IF_ERROR(ReadFlag(op, inputs, micro));
    } else if (!answered_ && HasAnswer(micro.kind) && micro.kind != MicroKind::kReadList && micro.value.is_nil()) {
      micro.known = false;
    }
    micros_.push_back(micro);
    return Status::Ok();
  }

  /// The answer of cas and contains. An acknowledged cas without one was applied.
  Status ReadFlag(const json& op, size_t at, MicroOp& micro) {
    if (op.size() <= at || op[at].is_null()) {
      if (answered_ && micro.kind == MicroKind::kContains) return Bad("the answer is missing in " + Shown(op));
      micro.known = answered_;
      return Status::Ok();
    }
    if (!op[at].is_boolean()) return Bad("the answer is not true or false in " + Shown(op));
    micro.success = op[at].get<bool>();
    return Status::Ok();
  }

  Status ReadKind(const std::string& name, MicroKind& kind) const {
    for (int i = 0; i < kMicroKindCount; ++i) {
      if (MicroKindName(static_cast<MicroKind>(i)) != name) continue;
      kind = static_cast<MicroKind>(i);
      return Status::Ok();
    }
    return Bad("unknown operation \"" + name + "\"");
  }

  Status ReadValue(const json& value, Value& out) {
    ValueTable& values = builder_.history().values();
    if (value.is_null()) {
      out = kNil;
    } else if (value.is_string()) {
      out = values.Text(value.get_ref<const std::string&>());
    } else if (value.is_boolean()) {
      out = values.Bool(value.get<bool>());
    } else if (value.is_number_integer() && !(value.is_number_unsigned() && value.get<uint64_t>() > INT64_MAX)) {
      out = values.Int(value.get<int64_t>());
    } else {
      return Bad("not an integer, a text, true, false or null: " + Shown(value));
    }
    return Status::Ok();
  }

  Status ReadList(const json& list, MicroOp& micro) {
    elements_.clear();
    for (const json& element : list) {
      elements_.emplace_back();
      ORRERY_RETURN_IF_ERROR(ReadValue(element, elements_.back()));
    }
    micro = builder_.history().ListRead(micro.key, elements_);
    return Status::Ok();
  }

  std::string_view text_;
  uint32_t line_ = 0;
  bool versioned_ = false;
  bool ended_ = false;
  bool answered_ = false;  // null in a read means nil, not "no answer"
  HistoryBuilder builder_;
  std::vector<MicroOp> micros_;
  std::vector<Value> elements_;
};

class Writer {
 public:
  Writer(const History& history, std::ostream& out) : history_(history), out_(out) {}

  void Write() {
    out_ << R"({"format":")" << kFormatName << R"(","version":)" << kFormatVersion << "}\n";
    for (const auto& [at, is_return, op] : Events()) {
      if (is_return) {
        Event(op, history_.operation(op).outcome == Outcome::kOk ? "ok" : "fail", history_.operation(op).return_time);
        continue;
      }
      CloseOpen(history_.operation(op).process);
      Event(op, "invoke", history_.operation(op).invoke_time);
      if (history_.operation(op).ret == kOpen) open_[history_.operation(op).process] = op;
    }
    for (OpIndex op = 0; op < history_.size(); ++op) CloseOpen(history_.operation(op).process);
    out_ << R"({"type":"end","events":)" << events_ << "}\n";
  }

 private:
  struct At {
    Instant at;
    bool is_return;
    OpIndex op;
  };

  std::vector<At> Events() const {
    std::vector<At> events;
    for (OpIndex op = 0; op < history_.size(); ++op) {
      events.push_back({history_.operation(op).invoke, false, op});
      if (history_.operation(op).ret != kOpen) events.push_back({history_.operation(op).ret, true, op});
    }
    std::sort(events.begin(), events.end(), [](const At& a, const At& b) {
      if (a.at != b.at) return a.at < b.at;
      return a.is_return != b.is_return ? !a.is_return : a.op < b.op;
    });
    return events;
  }

  /// An open operation gets its info line as late as its process allows.
  void CloseOpen(uint32_t process) {
    const auto at = open_.find(process);
    if (at == open_.end()) return;
    Event(at->second, "info", 0);
    open_.erase(at);
  }

  void Event(OpIndex op, std::string_view type, int64_t time) {
    ++events_;
    const Operation& operation = history_.operation(op);
    out_ << R"({"type":")" << type << R"(","process":)" << operation.process;
    if (time > last_time_) out_ << R"(,"time":)" << time;
    last_time_ = std::max(last_time_, time);
    if (type == "invoke" && operation.stale_read) out_ << R"(,"stale":true)";
    out_ << R"(,"ops":[)";
    bool first = true;
    for (const MicroOp& micro : history_.micros(op)) {
      if (!first) out_ << ',';
      first = false;
      Micro(micro, type == "ok" || type == "info");
    }
    out_ << "]}\n";
  }

  void Micro(const MicroOp& micro, bool answered) {
    const ValueTable& values = history_.values();
    const bool answer = answered && micro.known;
    out_ << "[\"" << MicroKindName(micro.kind) << "\"," << values.ToJson(micro.key) << ',';
    if (micro.kind == MicroKind::kCas) out_ << values.ToJson(micro.expected) << ',';
    const bool flag = micro.kind == MicroKind::kCas || micro.kind == MicroKind::kContains;
    if (!answer && HasAnswer(micro.kind) && !flag) {
      out_ << "null";
    } else if (micro.kind == MicroKind::kReadList) {
      out_ << '[';
      for (size_t i = 0; i < micro.list_size; ++i) out_ << (i > 0 ? "," : "") << values.ToJson(history_.list(micro)[i]);
      out_ << ']';
    } else {
      out_ << values.ToJson(micro.value);
    }
    if (flag && answer) out_ << (micro.success ? ",true" : ",false");
    if (micro.kind == MicroKind::kIncrement && answer && !micro.expected.is_nil()) {
      out_ << ',' << values.ToJson(micro.expected);
    }
    out_ << ']';
  }

  const History& history_;
  std::ostream& out_;
  std::unordered_map<uint32_t, OpIndex> open_;  // process -> operation; never iterated
  uint64_t events_ = 0;
  int64_t last_time_ = 0;
};

}  // namespace

Result<History> ReadJsonHistory(std::string_view text) {
  return Reader(text).Read();
}

void WriteJsonHistory(const History& history, std::ostream& out) {
  Writer(history, out).Write();
}

}  // namespace orrery::check
