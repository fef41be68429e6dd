#include "runtime/disk.h"

namespace orrery {
namespace {

std::string_view FolderOf(std::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view(".") : path.substr(0, slash);
}

}  // namespace

Result<Bytes> Disk::ReadFile(std::string_view path, size_t bytes_max) {
  ORRERY_ASSIGN_OR_RETURN(const std::unique_ptr<File> file, Open(path, OpenMode::kRead));
  ORRERY_ASSIGN_OR_RETURN(const uint64_t size, file->SizeBytes());
  if (size > bytes_max) {
    return Status(StatusCode::kTooLarge, std::string(path) + " has " + std::to_string(size) + " bytes, at most " +
                                             std::to_string(bytes_max) + " are expected");
  }
  Bytes content(size, '\0');
  ORRERY_ASSIGN_OR_RETURN(const size_t got, file->ReadAt(0, content));
  content.resize(got);
  return content;
}

Status Disk::WriteFileDurably(std::string_view path, ByteView content) {
  const std::string temporary = std::string(path) + ".tmp";
  {
    ORRERY_ASSIGN_OR_RETURN(const std::unique_ptr<File> file, Open(temporary, OpenMode::kCreate));
    ORRERY_RETURN_IF_ERROR(file->Truncate(0));
    ORRERY_RETURN_IF_ERROR(file->WriteAt(0, content));
    ORRERY_RETURN_IF_ERROR(file->Sync());
  }
  ORRERY_RETURN_IF_ERROR(Rename(temporary, path));
  return SyncDirectory(FolderOf(path));
}

}  // namespace orrery
