#pragma once

#include <map>
#include <string>

#include "cli/session.h"

namespace orrery::cli {

/// A file of records and how to read it.
struct LoadOptions {
  std::string path;
  std::string format = "paragraphs";
  std::string key_field = "Package";
  std::string prefix;
  uint32_t concurrency = 64;
};

/// Key to value; of several records with one key the last counts.
using Records = std::map<Bytes, Bytes>;

/// "paragraphs": records separated by empty lines; the key is the text after "<key_field>: ", the value
/// the whole paragraph. "tsv": one record a line. Errors name the line.
Result<Records> ParseRecords(const std::string& text, const LoadOptions& options);

/// Writes every record; prints how many and how fast. An unknown outcome is retried: a put of the same
/// value is harmless.
Status LoadFile(Session& session, const LoadOptions& options);
/// Reads every record back; kConflict with the first keys that differ or are absent.
Status VerifyFile(Session& session, const LoadOptions& options);

}  // namespace orrery::cli
