#include "faults/campaign/ledger_file.h"

#include <filesystem>

#include "faults/capsule/files.h"

namespace orrery::faults {
namespace {

constexpr const char* kLedgerName = "ledger.json";
constexpr const char* kLockName = "ledger.lock";

}  // namespace

Result<LedgerFile> LedgerFile::Open(const std::string& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return SystemError(folder, error.value());
  LedgerFile file(folder);
  const Status writable = FileLock::Try(file.PathOf(kLockName)).status();
  if (!writable.ok() && writable.code() != StatusCode::kConflict) return writable;
  return file;
}

Result<Ledger> LedgerFile::Read() const {
  const std::string path = PathOf(kLedgerName);
  const Result<std::string> text = ReadWholeFile(path);
  if (text.code() == StatusCode::kNotFound) return Ledger();
  if (!text.ok()) return text.status();
  return ParseLedger(*text, path);
}

Status LedgerFile::Add(const SightingsByScenario& night, const Night& failures,
                       const std::set<std::string>& existing) const {
  ORRERY_ASSIGN_OR_RETURN(const FileLock lock, FileLock::Wait(PathOf(kLockName)));
  ORRERY_ASSIGN_OR_RETURN(Ledger ledger, Read());
  ledger.Add(night, failures, existing);
  return WriteFileAtomically(PathOf(kLedgerName), ledger.ToJson());
}

}  // namespace orrery::faults
