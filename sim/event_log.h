#pragma once

#include <cstdint>
#include <cstdio>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/base/status.h"
#include "sim/fingerprint.h"

namespace orrery::sim {

/// Takes every event of a run, so that two runs can be compared event by event. Names of actors come
/// with their first event.
class EventSink {
 public:
  virtual ~EventSink() = default;
  virtual void Append(const EventRecord& event, const Actor& actor) = 0;
  virtual void Flush() {}
};

/// Events in memory, or read back from a file.
class EventLog final : public EventSink {
 public:
  void Append(const EventRecord& event, const Actor& actor) override;
  void AddName(uint64_t actor_hash, std::string name) { names_.emplace(actor_hash, std::move(name)); }
  void AddRecord(const EventRecord& event) { events_.push_back(event); }

  const std::vector<EventRecord>& events() const { return events_; }
  /// "?" and the hash if unknown.
  std::string NameOf(uint64_t actor_hash) const;

  /// kIoError, kCorruption (a file cut short in the middle of an event still gives the events before it).
  static Result<EventLog> ReadFile(const std::string& path);

 private:
  std::vector<EventRecord> events_;
  std::map<uint64_t, std::string> names_;
};

/// Writes events to a file: "ORRYEVT1", then per event: varint time delta, kind (1 byte), varint actor
/// number (a new number is followed by varint length and name), content (8 bytes). About 12 bytes each.
class EventFile final : public EventSink {
 public:
  /// kIoError names the path.
  static Result<std::unique_ptr<EventFile>> Create(const std::string& path);
  ~EventFile() override;

  void Append(const EventRecord& event, const Actor& actor) override;
  void Flush() override;
  /// kIoError if any write failed (a full disk).
  Status Close();

 private:
  EventFile(std::FILE* file, std::string path) : file_(file), path_(std::move(path)) {}

  std::FILE* file_;
  std::string path_;
  std::string buffer_;
  std::map<uint64_t, uint64_t> numbers_;
  int64_t last_time_nanos_ = 0;
  bool failed_ = false;
};

/// The first place where two runs differ.
struct EventDifference {
  uint64_t number = 0;  ///< Of the event, from 1, as in the trace.
  std::optional<EventRecord> first;
  std::optional<EventRecord> second;
  std::string text;  ///< Several lines for people: both events, and the last ones they had in common.
};
/// Nothing if the runs are equal.
std::optional<EventDifference> FirstDifference(const EventLog& first, const EventLog& second);

/// "12.000345678 delivery node2 #17 content 0123456789abcdef"
std::string DescribeEvent(const EventRecord& event, const EventLog& names);

}  // namespace orrery::sim
