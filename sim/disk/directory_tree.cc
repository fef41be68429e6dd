#include "sim/disk/directory_tree.h"

#include <unordered_map>

namespace orrery::sim {
namespace {

using NodePtr = std::shared_ptr<DiskNode>;

Status Missing(std::string_view path) {
  return Status(StatusCode::kNotFound, std::string(path) + ": no such file or folder");
}

/// Cuts the first component off `rest`; empty at the end. Skips "." and repeated slashes.
std::string_view NextComponent(std::string_view& rest) {
  while (!rest.empty()) {
    const size_t slash = rest.find('/');
    const std::string_view component = rest.substr(0, slash);
    rest = slash == std::string_view::npos ? std::string_view() : rest.substr(slash + 1);
    if (!component.empty() && component != ".") return component;
  }
  return {};
}

bool Contains(const DiskNode& folder, const DiskNode* node) {
  if (&folder == node) return true;
  for (const auto& [name, child] : folder.live) {
    if (child->is_directory && Contains(*child, node)) return true;
  }
  return false;
}

void Revert(DiskNode& folder) {
  folder.live = folder.durable;
  for (const auto& [name, child] : folder.live) {
    if (child->is_directory) Revert(*child);
  }
}

void Visit(const DiskNode& folder, const std::string& prefix,
           const std::function<void(const std::string&, DiskNode&)>& visit) {
  for (const auto& [name, child] : folder.live) {
    if (child->is_directory) {
      Visit(*child, prefix + name + "/", visit);
    } else {
      visit(prefix + name, *child);
    }
  }
}

}  // namespace

DirectoryTree::DirectoryTree() : root_(std::make_shared<DiskNode>()) {
  root_->is_directory = true;
}

NodePtr DirectoryTree::Find(std::string_view path) const {
  NodePtr node = root_;
  std::string_view rest = path;
  for (std::string_view name = NextComponent(rest); !name.empty(); name = NextComponent(rest)) {
    if (!node->is_directory) return nullptr;
    const auto found = node->live.find(name);
    if (found == node->live.end()) return nullptr;
    node = found->second;
  }
  return node;
}

Result<DirectoryTree::Place> DirectoryTree::Locate(std::string_view path) const {
  NodePtr folder = root_;
  std::string_view rest = path;
  std::string_view name = NextComponent(rest);
  while (true) {
    if (name.empty() || name == "..") {
      return Status(StatusCode::kInvalidArgument, "\"" + std::string(path) + "\" does not name a file or folder");
    }
    const std::string_view next = NextComponent(rest);
    if (next.empty()) return Place{folder, std::string(name)};
    const auto found = folder->live.find(name);
    if (found == folder->live.end()) return Missing(path);
    if (!found->second->is_directory) return Missing(path);
    folder = found->second;
    name = next;
  }
}

Result<NodePtr> DirectoryTree::Create(std::string_view path, bool is_directory) {
  ORRERY_ASSIGN_OR_RETURN(Place place, Locate(path));
  if (place.folder->live.contains(place.name)) {
    return Status(StatusCode::kAlreadyExists, std::string(path) + " exists already");
  }
  auto node = std::make_shared<DiskNode>();
  node->is_directory = is_directory;
  Apply({{{place.folder, place.name, node}}});
  return node;
}

Status DirectoryTree::Link(std::string_view from, std::string_view to) {
  const NodePtr node = Find(from);
  if (node == nullptr || node->is_directory) return Missing(from);
  ORRERY_ASSIGN_OR_RETURN(Place place, Locate(to));
  if (place.folder->live.contains(place.name)) {
    return Status(StatusCode::kAlreadyExists, std::string(to) + " exists already");
  }
  Apply({{{place.folder, place.name, node}}});
  return Status::Ok();
}

Status DirectoryTree::Rename(std::string_view from, std::string_view to) {
  ORRERY_ASSIGN_OR_RETURN(Place source, Locate(from));
  ORRERY_ASSIGN_OR_RETURN(Place target, Locate(to));
  const auto found = source.folder->live.find(source.name);
  if (found == source.folder->live.end()) return Missing(from);
  const NodePtr node = found->second;
  const auto taken = target.folder->live.find(target.name);
  if (taken != target.folder->live.end()) {
    if (taken->second == node) return Status::Ok();
    if (taken->second->is_directory || node->is_directory) {
      return Status(StatusCode::kAlreadyExists, std::string(to) + " exists already");
    }
  }
  if (node->is_directory && Contains(*node, target.folder.get())) {
    return Status(StatusCode::kInvalidArgument, "cannot move " + std::string(from) + " into itself");
  }
  Apply({{{source.folder, source.name, nullptr}, {target.folder, target.name, node}}});
  return Status::Ok();
}

Status DirectoryTree::Remove(std::string_view path) {
  ORRERY_ASSIGN_OR_RETURN(Place place, Locate(path));
  const auto found = place.folder->live.find(place.name);
  if (found == place.folder->live.end()) return Missing(path);
  if (!found->second->live.empty()) {
    return Status(StatusCode::kInvalidArgument, "folder " + std::string(path) + " is not empty");
  }
  Apply({{{place.folder, place.name, nullptr}}});
  return Status::Ok();
}

bool DirectoryTree::IsDurable(std::string_view path) const {
  const Result<Place> place = Locate(path);
  if (!place.ok()) return false;
  const DiskNode& folder = *place->folder;
  const auto live = folder.live.find(place->name);
  const auto durable = folder.durable.find(place->name);
  if (live == folder.live.end() || durable == folder.durable.end()) return false;
  return live->second == durable->second;
}

void DirectoryTree::Apply(Change change) {
  for (const Edit& edit : change.edits) {
    if (edit.node == nullptr) {
      edit.folder->live.erase(edit.name);
    } else {
      edit.folder->live[edit.name] = edit.node;
    }
  }
  journal_.push_back(std::move(change));
}

void DirectoryTree::Harden(size_t count) {
  for (size_t i = 0; i < count; ++i) {
    for (const Edit& edit : journal_[i].edits) {
      if (edit.node == nullptr) {
        edit.folder->durable.erase(edit.name);
      } else {
        edit.folder->durable[edit.name] = edit.node;
      }
    }
  }
  journal_.erase(journal_.begin(), journal_.begin() + static_cast<ptrdiff_t>(count));
}

void DirectoryTree::SyncDirectory(const DiskNode& folder) {
  size_t count = journal_.size();
  const auto touches = [&folder](const Change& change) {
    for (const Edit& edit : change.edits) {
      if (edit.folder.get() == &folder) return true;
    }
    return false;
  };
  while (count > 0 && !touches(journal_[count - 1])) --count;
  Harden(count);
}

uint64_t DirectoryTree::LosePower(Random random) {
  const uint64_t total = journal_.size();
  const uint64_t choice = random.Below(3);
  const uint64_t kept = choice == 0 ? 0 : choice == 1 ? total : random.Below(total + 1);
  Harden(kept);
  journal_.clear();
  Revert(*root_);
  return total - kept;
}

void DirectoryTree::ForEachFile(const std::function<void(const std::string& path, DiskNode& file)>& visit) const {
  Visit(*root_, "", visit);
}

DirectoryTree DirectoryTree::Clone() const {
  std::unordered_map<const DiskNode*, NodePtr> copies;  // Looked up only.
  const std::function<NodePtr(const NodePtr&)> copy = [&](const NodePtr& node) -> NodePtr {
    if (node == nullptr) return nullptr;
    if (const auto found = copies.find(node.get()); found != copies.end()) return found->second;
    auto twin = std::make_shared<DiskNode>();
    copies.emplace(node.get(), twin);
    twin->is_directory = node->is_directory;
    twin->operations = node->operations;
    twin->image = node->image;
    for (const auto& [name, child] : node->live) twin->live[name] = copy(child);
    for (const auto& [name, child] : node->durable) twin->durable[name] = copy(child);
    return twin;
  };
  DirectoryTree clone;
  clone.root_ = copy(root_);
  for (const Change& change : journal_) {
    Change twin;
    for (const Edit& edit : change.edits) twin.edits.push_back({copy(edit.folder), edit.name, copy(edit.node)});
    clone.journal_.push_back(std::move(twin));
  }
  return clone;
}

}  // namespace orrery::sim
