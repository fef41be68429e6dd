#include "sim/event_log.h"

#include <fmt/core.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "runtime/base/bytes.h"
#include "sim/trace.h"

namespace orrery::sim {
namespace {

constexpr std::string_view kMagic = "ORRYEVT1";
constexpr size_t kBufferBytes = size_t{1} << 16;
constexpr size_t kContextEvents = 5;

Result<std::string> ReadWhole(const std::string& path) {
  std::FILE* file = std::fopen(path.c_str(), "rb");
  if (file == nullptr) return Status(StatusCode::kIoError, fmt::format("{}: {}", path, std::strerror(errno)));
  std::string content;
  char piece[65536];
  size_t got = 0;
  while ((got = std::fread(piece, 1, sizeof(piece), file)) > 0) content.append(piece, got);
  std::fclose(file);
  return content;
}

}  // namespace

void EventLog::Append(const EventRecord& event, const Actor& actor) {
  if (event.sequence == 1) names_.emplace(actor.hash, actor.name);
  events_.push_back(event);
}

std::string EventLog::NameOf(uint64_t actor_hash) const {
  const auto found = names_.find(actor_hash);
  return found == names_.end() ? fmt::format("?{:016x}", actor_hash) : found->second;
}

Result<EventLog> EventLog::ReadFile(const std::string& path) {
  ORRERY_ASSIGN_OR_RETURN(const std::string content, ReadWhole(path));
  if (content.substr(0, kMagic.size()) != kMagic) {
    return Status(StatusCode::kCorruption, path + ": not an event file of this version");
  }
  EventLog log;
  Decoder in(std::string_view(content).substr(kMagic.size()));
  std::vector<std::pair<uint64_t, uint64_t>> actors;  // hash, sequence so far
  int64_t time_nanos = 0;
  while (!in.AtEnd()) {
    EventRecord event;
    time_nanos += static_cast<int64_t>(in.Varint());
    event.time_nanos = time_nanos;
    event.kind = static_cast<EventKind>(in.Fixed8());
    const uint64_t number = in.Varint();
    if (in.ok() && number > actors.size()) return Status(StatusCode::kCorruption, path + ": unknown actor number");
    if (in.ok() && number == actors.size()) {
      const std::string name(in.LengthPrefixed());
      actors.emplace_back(Hash64(name), 0);
      log.AddName(Hash64(name), name);
    }
    event.content = in.Fixed64();
    if (!in.ok()) break;
    event.actor_hash = actors[number].first;
    event.sequence = ++actors[number].second;
    log.events_.push_back(event);
  }
  return log;
}

Result<std::unique_ptr<EventFile>> EventFile::Create(const std::string& path) {
  std::FILE* file = std::fopen(path.c_str(), "wb");
  if (file == nullptr) return Status(StatusCode::kIoError, fmt::format("{}: {}", path, std::strerror(errno)));
  auto events = std::unique_ptr<EventFile>(new EventFile(file, path));
  events->buffer_.append(kMagic);
  return events;
}

EventFile::~EventFile() {
  if (file_ != nullptr) Close().IgnoreError();  // Whoever cares has called Close().
}

void EventFile::Append(const EventRecord& event, const Actor& actor) {
  Encoder out(buffer_);
  out.Varint(static_cast<uint64_t>(event.time_nanos - last_time_nanos_));
  last_time_nanos_ = event.time_nanos;
  out.Fixed8(static_cast<uint8_t>(event.kind));
  const auto [place, is_new] = numbers_.emplace(actor.hash, numbers_.size());
  out.Varint(place->second);
  if (is_new) out.LengthPrefixed(actor.name);
  out.Fixed64(event.content);
  if (buffer_.size() >= kBufferBytes) Flush();
}

void EventFile::Flush() {
  if (std::fwrite(buffer_.data(), 1, buffer_.size(), file_) != buffer_.size()) failed_ = true;
  if (std::fflush(file_) != 0) failed_ = true;
  buffer_.clear();
}

Status EventFile::Close() {
  if (file_ == nullptr) return Status::Ok();
  Flush();
  if (std::fclose(file_) != 0) failed_ = true;
  file_ = nullptr;
  return failed_ ? Status(StatusCode::kIoError, path_ + ": could not write all events") : Status::Ok();
}

std::string DescribeEvent(const EventRecord& event, const EventLog& names) {
  return fmt::format("{} {} {} #{} content {:016x}", FormatSeconds(event.time_nanos), EventKindName(event.kind),
                     names.NameOf(event.actor_hash), event.sequence, event.content);
}

std::optional<EventDifference> FirstDifference(const EventLog& first, const EventLog& second) {
  const auto& a = first.events();
  const auto& b = second.events();
  const size_t common = std::min(a.size(), b.size());
  size_t at = 0;
  while (at < common && a[at] == b[at]) ++at;
  if (at == a.size() && at == b.size()) return std::nullopt;
  EventDifference difference;
  difference.number = at + 1;
  if (at < a.size()) difference.first = a[at];
  if (at < b.size()) difference.second = b[at];
  std::string& text = difference.text;
  text = fmt::format("first differing event: number {}\n", at + 1);
  for (size_t i = at - std::min(at, kContextEvents); i < at; ++i) {
    text += fmt::format("  both   {}\n", DescribeEvent(a[i], first));
  }
  text += fmt::format("  first  {}\n", at < a.size() ? DescribeEvent(a[at], first) : "(ended)");
  text += fmt::format("  second {}\n", at < b.size() ? DescribeEvent(b[at], second) : "(ended)");
  return difference;
}

}  // namespace orrery::sim
