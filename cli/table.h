#pragma once

#include <string>
#include <vector>

namespace orrery::cli {

/// Rows for people: columns are as wide as their widest cell.
class Table {
 public:
  explicit Table(std::vector<std::string> header) : rows_{std::move(header)} {}
  /// Requires: as many cells as the header has.
  void Add(std::vector<std::string> row);
  std::string ToString() const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace orrery::cli
