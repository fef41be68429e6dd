#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/bytes.h"

namespace orrery {

enum class OpenMode : uint8_t {
  kRead,             ///< kNotFound if missing.
  kCreate,           ///< Read and write; created empty if missing.
  kCreateExclusive,  ///< kAlreadyExists if there.
};

/// An open file. Blocking: call it inside an Offload job, or before the node serves. Never suspends.
///
/// Bytes are durable only after Sync() returned ok and, for a new or renamed file, after
/// Disk::SyncDirectory of its folder. After a failed Sync nobody knows which bytes are durable and a
/// later ok Sync proves nothing about them: treat the file as lost.
class File {
 public:
  virtual ~File() = default;

  /// Reads up to out.size() bytes at `offset`; fewer only at the end of the file.
  virtual Result<size_t> ReadAt(uint64_t offset, std::span<char> out) = 0;
  virtual Status WriteAt(uint64_t offset, ByteView data) = 0;
  virtual Status Truncate(uint64_t size_bytes) = 0;
  virtual Status Sync() = 0;
  virtual Result<uint64_t> SizeBytes() = 0;
};

/// A folder tree that belongs to one node. Paths are relative, separated by '/', without "..".
/// Blocking like File.
class Disk {
 public:
  virtual ~Disk() = default;

  virtual Result<std::unique_ptr<File>> Open(std::string_view path, OpenMode mode) = 0;
  /// Replaces `to` atomically. Durable after SyncDirectory of both folders.
  virtual Status Rename(std::string_view from, std::string_view to) = 0;
  /// kNotFound if missing.
  virtual Status Remove(std::string_view path) = 0;
  /// Creates one folder; ok if it exists.
  virtual Status MakeDirectory(std::string_view path) = 0;
  virtual Status SyncDirectory(std::string_view path) = 0;
  /// Names in a folder, sorted. kNotFound if missing.
  virtual Result<std::vector<std::string>> List(std::string_view path) = 0;
  virtual Result<bool> Exists(std::string_view path) = 0;

  /// The whole content of a file. kTooLarge above `bytes_max`.
  Result<Bytes> ReadFile(std::string_view path, size_t bytes_max);
  /// Replaces a file by write to "<path>.tmp", sync, rename, sync of the folder. After an error the old
  /// or the new content is there, never a mixture.
  Status WriteFileDurably(std::string_view path, ByteView content);
};

}  // namespace orrery
