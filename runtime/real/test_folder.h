#pragma once

#include <filesystem>
#include <string>

#include "runtime/real/os_random.h"

namespace orrery {

/// A fresh folder under the system's temporary one, removed at the end of the test.
class TestFolder {
 public:
  TestFolder() : path_(std::filesystem::temp_directory_path() / ("orrery_test_" + std::to_string(OsRandomU64()))) {
    std::filesystem::create_directories(path_);
  }
  ~TestFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;

  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

}  // namespace orrery
