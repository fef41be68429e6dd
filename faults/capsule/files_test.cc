#include "faults/capsule/files.h"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <future>

namespace orrery::faults {
namespace {

namespace fs = std::filesystem;

struct Folder {
  Folder() : path(fs::temp_directory_path() / ("orrery-files-test-" + std::to_string(getpid()))) {
    fs::remove_all(path);
    fs::create_directories(path);
  }
  ~Folder() { fs::remove_all(path); }
  std::string operator/(const std::string& name) const { return (path / name).string(); }
  fs::path path;
};

TEST_CASE("Files: what is written is there whole, and nothing else stays") {
  const Folder folder;
  CHECK(WriteFileAtomically(folder / "a", "one").ok());
  CHECK(WriteFileAtomically(folder / "a", "two").ok());
  CHECK(*ReadWholeFile(folder / "a") == "two");
  CHECK(std::distance(fs::directory_iterator(folder.path), {}) == 1);
  CHECK(WriteFileAtomically(folder / "empty", "").ok());
  CHECK(*ReadWholeFile(folder / "empty") == "");
}

TEST_CASE("Files: a symbolic link stays one, its target is replaced") {
  const Folder folder;
  REQUIRE(WriteFileAtomically(folder / "target", "old").ok());
  fs::create_symlink("target", folder / "link");
  CHECK(WriteFileAtomically(folder / "link", "new").ok());
  CHECK(fs::is_symlink(folder / "link"));
  CHECK(*ReadWholeFile(folder / "target") == "new");
}

TEST_CASE("Files: a pipe is written into, and stays one") {
  const Folder folder;
  REQUIRE(mkfifo((folder / "pipe").c_str(), 0600) == 0);
  auto reader = std::async(std::launch::async, [&] { return *ReadWholeFile(folder / "pipe"); });
  CHECK(WriteFileAtomically(folder / "pipe", "through").ok());
  CHECK(reader.get() == "through");
  CHECK(fs::is_fifo(folder / "pipe"));
}

TEST_CASE("Files: what cannot be read or written is named with the system's words, never a crash") {
  const Folder folder;
  fs::create_symlink("circle", folder / "circle");
  CHECK(ReadWholeFile(folder / "circle").code() == StatusCode::kIoError);
  CHECK(ReadWholeFile(folder / std::string(5000, 'x')).code() == StatusCode::kIoError);
  CHECK(ReadWholeFile(folder / "nobody").code() == StatusCode::kNotFound);
  CHECK(ReadWholeFile("/").code() == StatusCode::kIoError);
  const Status refused = WriteFileAtomically(folder / "no/such/place", "x");
  CHECK(refused.code() == StatusCode::kIoError);
  CHECK(refused.message() == (folder / "no/such/place") + ": No such file or directory");
}

TEST_CASE("Files: one holder at a time, and the end of it lets go") {
  const Folder folder;
  {
    const auto first = FileLock::Try(folder / "lock");
    REQUIRE(first.ok());
    CHECK(FileLock::Try(folder / "lock").code() == StatusCode::kConflict);
  }
  CHECK(FileLock::Wait(folder / "lock").ok());
  CHECK(FileLock::Try("/proc/lock").code() == StatusCode::kIoError);
}

}  // namespace
}  // namespace orrery::faults
