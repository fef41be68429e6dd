#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/status.h"
#include "sim/disk/file_image.h"

namespace orrery::sim {

/// A file or a folder. Folders hold their entries twice: as operations see them, and as on disk.
struct DiskNode {
  using Entries = std::map<std::string, std::shared_ptr<DiskNode>, std::less<>>;

  bool is_directory = false;
  uint64_t operations = 0;  ///< Operations on this file so far: the local count that keys its draws.
  FileImage image;
  Entries live;
  Entries durable;
};

/// The names of one disk and the journal of changes to them that are not durable yet. Changes become
/// durable in the order they were made, never out of order.
class DirectoryTree {
 public:
  DirectoryTree();

  /// The node at a path, or null. Paths are relative, "." and "" are the root, slashes may repeat.
  std::shared_ptr<DiskNode> Find(std::string_view path) const;
  /// Each of these answers kNotFound for a missing folder or source, kAlreadyExists for a taken target,
  /// kInvalidArgument for a path that goes up, and names the path.
  Result<std::shared_ptr<DiskNode>> Create(std::string_view path, bool is_directory);
  Status Link(std::string_view from, std::string_view to);
  Status Rename(std::string_view from, std::string_view to);
  /// A folder must be empty.
  Status Remove(std::string_view path);

  /// Makes durable every change up to the last one that touched this folder.
  void SyncDirectory(const DiskNode& folder);
  /// Whether a power loss would leave the name with what it stands for now; not of the folders above it.
  bool IsDurable(std::string_view path) const;
  uint64_t pending() const { return journal_.size(); }
  /// A random prefix of the pending changes becomes durable, the rest is undone. Returns how many were undone.
  uint64_t LosePower(Random random);

  /// Visits all files in the order of their live paths; a file with two names comes twice.
  void ForEachFile(const std::function<void(const std::string& path, DiskNode& file)>& visit) const;
  DirectoryTree Clone() const;

 private:
  /// One name set to a node (or to none) in a folder. A rename is two of them that survive together.
  struct Edit {
    std::shared_ptr<DiskNode> folder;
    std::string name;
    std::shared_ptr<DiskNode> node;
  };
  struct Change {
    std::vector<Edit> edits;
  };
  struct Place {
    std::shared_ptr<DiskNode> folder;
    std::string name;
  };

  Result<Place> Locate(std::string_view path) const;
  void Apply(Change change);
  void Harden(size_t count);

  std::shared_ptr<DiskNode> root_;
  std::vector<Change> journal_;
};

}  // namespace orrery::sim
