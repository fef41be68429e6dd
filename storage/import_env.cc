#include "storage/import_env.h"

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <algorithm>
#include <string>
#include <utility>

#include "storage/table_check.h"

namespace orrery {
namespace {

class FileInMemory final : public rocksdb::FSRandomAccessFile {
 public:
  explicit FileInMemory(std::string content) : content_(std::move(content)) {}

  rocksdb::IOStatus Read(uint64_t offset, size_t size, const rocksdb::IOOptions&, rocksdb::Slice* result, char* scratch,
                         rocksdb::IODebugContext*) const override {
    const size_t begin = std::min<uint64_t>(offset, content_.size());
    const size_t length = std::min(size, content_.size() - begin);
    content_.copy(scratch, length, begin);
    *result = rocksdb::Slice(scratch, length);
    return rocksdb::IOStatus::OK();
  }

 private:
  const std::string content_;
};

rocksdb::IOStatus ReadWhole(const rocksdb::FSRandomAccessFile& file, uint64_t size, const rocksdb::IOOptions& options,
                            std::string* content, rocksdb::IODebugContext* debug) {
  std::string buffer(size, '\0');
  rocksdb::Slice read;
  rocksdb::IOStatus status = file.Read(0, size, options, &read, buffer.data(), debug);
  if (!status.ok()) return status;
  if (read.size() != size) return rocksdb::IOStatus::IOError("a table to be ingested is shorter than its size");
  content->assign(read.data(), read.size());
  return status;
}

class ImportFileSystem final : public rocksdb::FileSystemWrapper {
 public:
  explicit ImportFileSystem(const std::shared_ptr<rocksdb::FileSystem>& base) : FileSystemWrapper(base) {}

  const char* Name() const override { return "OrreryImport"; }

  rocksdb::IOStatus NewRandomAccessFile(const std::string& path, const rocksdb::FileOptions& options,
                                        std::unique_ptr<rocksdb::FSRandomAccessFile>* file,
                                        rocksdb::IODebugContext* debug) override {
    const bool imported = path.ends_with(kImportLinkSuffix);
    if (!imported && !path.ends_with(".sst")) return target()->NewRandomAccessFile(path, options, file, debug);
    uint64_t size = 0;
    rocksdb::IOStatus status = target()->GetFileSize(path, options.io_options, &size, debug);
    if (!status.ok()) return status;
    std::unique_ptr<rocksdb::FSRandomAccessFile> table;
    status = target()->NewRandomAccessFile(path, options, &table, debug);
    if (!status.ok()) return status;
    if (imported) {
      std::string content;
      status = ReadWhole(*table, size, options.io_options, &content, debug);
      if (!status.ok()) return status;
      table = std::make_unique<FileInMemory>(std::move(content));
    }
    status = CheckTableProperties(*table, path, size, options.io_options, debug);
    if (status.ok()) *file = std::move(table);
    return status;
  }
};

class ImportEnv final : public rocksdb::EnvWrapper {
 public:
  explicit ImportEnv(rocksdb::Env* base) : EnvWrapper(base) {
    file_system_ = std::make_shared<ImportFileSystem>(base->GetFileSystem());
  }
  const char* Name() const override { return "OrreryImport"; }
};

}  // namespace

std::unique_ptr<rocksdb::Env> NewImportEnv(rocksdb::Env* base) {
  return std::make_unique<ImportEnv>(base);
}

}  // namespace orrery
