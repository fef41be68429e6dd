#include "cli/load.h"

#include <fmt/core.h>

#include <algorithm>
#include <iostream>
#include <sstream>

#include "cli/input_file.h"
#include "cli/progress.h"
#include "runtime/clock.h"
#include "runtime/fiber/task_group.h"
#include "runtime/runtime.h"

namespace orrery::cli {
namespace {

Result<std::string> ReadInput(const std::string& path) {
  return path == "-" ? ReadStream(std::cin, "standard input") : ReadWholeFile(path);
}

Status BadLine(size_t line, const std::string& why) {
  return Status(StatusCode::kInvalidArgument, "line " + std::to_string(line) + ": " + why);
}

Status AddParagraph(Records& records, const std::string& paragraph, size_t line, const LoadOptions& options) {
  if (paragraph.empty()) return Status::Ok();
  const std::string field = options.key_field + ": ";
  size_t at = 0;
  while (at < paragraph.size() && paragraph.compare(at, field.size(), field) != 0) {
    const size_t end = paragraph.find('\n', at);
    at = end == std::string::npos ? paragraph.size() : end + 1;
  }
  if (at >= paragraph.size()) return BadLine(line, "the paragraph has no field \"" + options.key_field + "\"");
  at += field.size();
  const std::string key = options.prefix + paragraph.substr(at, paragraph.find('\n', at) - at);
  if (key.empty()) return BadLine(line, "the key is empty");
  records[key] = paragraph;
  return Status::Ok();
}

Result<Records> ParseParagraphs(const std::string& text, const LoadOptions& options) {
  Records records;
  std::istringstream lines(text);
  std::string paragraph;
  std::string line;
  size_t number = 0;
  size_t first = 1;
  while (std::getline(lines, line)) {
    ++number;
    if (!line.empty()) {
      if (paragraph.empty()) first = number;
      paragraph += line + "\n";
      continue;
    }
    ORRERY_RETURN_IF_ERROR(AddParagraph(records, paragraph, first, options));
    paragraph.clear();
  }
  ORRERY_RETURN_IF_ERROR(AddParagraph(records, paragraph, first, options));
  return records;
}

Result<Records> ParseTabSeparated(const std::string& text, const LoadOptions& options) {
  Records records;
  std::istringstream lines(text);
  std::string line;
  for (size_t number = 1; std::getline(lines, line); ++number) {
    const size_t tab = line.find('\t');
    if (tab == std::string::npos) return BadLine(number, "no tab between key and value");
    if (tab == 0 && options.prefix.empty()) return BadLine(number, "the key is empty");
    records[options.prefix + line.substr(0, tab)] = line.substr(tab + 1);
  }
  return records;
}

/// Runs `function` for every record, `concurrency` at a time; returns the first error.
template <class Function>
Status ForEachRecord(Session& session, const Records& records, uint32_t concurrency, const std::string& what,
                     Function function) {
  Progress progress(what, records.size());
  TaskGroup tasks(session.runtime.domain, "record", concurrency);
  Status first_error;
  uint64_t done = 0;
  uint64_t ordinal = 0;
  for (const auto& [key, value] : records) {
    if (!first_error.ok()) break;
    const auto* record = &*records.find(key);
    tasks.Spawn({"record", ordinal++}, [&, record] {
      const Status status = function(record->first, record->second);
      if (!status.ok() && first_error.ok()) first_error = status.Wrap("key " + Printable(record->first));
      progress.Update(++done, session.runtime.clock.Now());
    });
  }
  tasks.JoinAll();
  return first_error;
}

Status PutUntilKnown(Session& session, const Bytes& key, const Bytes& value) {
  while (true) {
    const Status status = session.kv.Put(key, value, session.deadline());
    if (status.code() != StatusCode::kUnknownOutcome) return status;
  }
}

/// "in 0.1 s (120 records/s)".
std::string Account(Session& session, Instant start, size_t records) {
  const double elapsed = std::max(static_cast<double>((session.runtime.clock.Now() - start).count()) / 1e9, 1e-3);
  return fmt::format("in {:.1f} s ({:.0f} records/s)", elapsed, static_cast<double>(records) / elapsed);
}

struct Input {
  size_t bytes = 0;
  Records records;
};

Result<Input> ReadRecords(const LoadOptions& options) {
  ORRERY_ASSIGN_OR_RETURN(const std::string text, ReadInput(options.path));
  Result<Records> records = ParseRecords(text, options);
  if (!records.ok()) return records.status().Wrap(options.path);
  return Input{.bytes = text.size(), .records = *std::move(records)};
}

}  // namespace

Result<Records> ParseRecords(const std::string& text, const LoadOptions& options) {
  return options.format == "tsv" ? ParseTabSeparated(text, options) : ParseParagraphs(text, options);
}

Status LoadFile(Session& session, const LoadOptions& options) {
  ORRERY_ASSIGN_OR_RETURN(const Input input, ReadRecords(options));
  const Records& records = input.records;
  const Instant start = session.runtime.clock.Now();
  ORRERY_RETURN_IF_ERROR(
      ForEachRecord(session, records, options.concurrency, "loading",
                    [&](const Bytes& key, const Bytes& value) { return PutUntilKnown(session, key, value); }));
  fmt::print("loaded {} records, {} bytes, {}\n", records.size(), input.bytes, Account(session, start, records.size()));
  return Status::Ok();
}

Status VerifyFile(Session& session, const LoadOptions& options) {
  ORRERY_ASSIGN_OR_RETURN(const Input input, ReadRecords(options));
  const Records& records = input.records;
  const Instant start = session.runtime.clock.Now();
  ORRERY_RETURN_IF_ERROR(
      ForEachRecord(session, records, options.concurrency, "verifying", [&](const Bytes& key, const Bytes& value) {
        const Result<std::optional<Bytes>> found = session.kv.Get(key, session.deadline());
        if (!found.ok()) return found.status();
        if (!found->has_value()) return Status(StatusCode::kConflict, "is absent");
        return **found == value ? Status::Ok() : Status(StatusCode::kConflict, "holds another value");
      }));
  fmt::print("verified {} records, all equal, {}\n", records.size(), Account(session, start, records.size()));
  return Status::Ok();
}

}  // namespace orrery::cli
