#include "runtime/real/real_disk.h"

#include <doctest/doctest.h>
#include <sys/wait.h>

#include "runtime/real/test_folder.h"

namespace orrery {
namespace {

TEST_CASE("RealDisk: paths stay inside the root") {
  const TestFolder folder;
  const std::atomic<bool> ended = false;
  RealDisk disk(folder.path(), &ended);
  for (const char* wrong : {"", "/etc/passwd", "..", "a/../b", "../x"}) {
    CHECK(disk.Open(wrong, OpenMode::kRead).code() == StatusCode::kInvalidArgument);
  }
  CHECK(disk.Open("a..b", OpenMode::kCreate).ok());
}

TEST_CASE("RealDisk: after the end of the node nothing changes any more") {
  const TestFolder folder;
  std::atomic<bool> ended = false;
  RealDisk disk(folder.path(), &ended);
  REQUIRE(disk.WriteFileDurably("state", "before").ok());
  auto open = disk.Open("state", OpenMode::kCreate);
  REQUIRE(open.ok());
  ended = true;
  CHECK(open.value()->WriteAt(0, "after").code() == StatusCode::kIoError);
  CHECK(disk.Rename("state", "other").code() == StatusCode::kIoError);
  CHECK(disk.Remove("state").code() == StatusCode::kIoError);
  CHECK(*disk.ReadFile("state", 100) == "before");
}

TEST_CASE("RealDisk: a process without a data directory is told so") {
  const std::atomic<bool> ended = false;
  RealDisk disk("", &ended);
  CHECK(disk.Open("x", OpenMode::kCreate).status().message() == "this process has no data directory (asked for x)");
}

TEST_CASE("DirectoryLock: a second process learns who has the directory, and gets it after a crash") {
  const TestFolder folder;
  const std::string path = folder.path() + "/new/deeper";
  int ready[2];
  REQUIRE(::pipe(ready) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const auto lock = DirectoryLock::Take(path);
    const bool taken = lock.ok();
    if (::write(ready[1], taken ? "y" : "n", 1) != 1) ::_exit(1);
    ::pause();
  }
  char answer = 0;
  REQUIRE(::read(ready[0], &answer, 1) == 1);
  CHECK(answer == 'y');
  const Status refused = DirectoryLock::Take(path).status();
  CHECK(refused.code() == StatusCode::kAlreadyExists);
  CHECK(refused.message() == "data directory " + path + " is in use by process " + std::to_string(child));
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  CHECK(DirectoryLock::Take(path).ok());
  ::close(ready[0]);
  ::close(ready[1]);
}

}  // namespace
}  // namespace orrery
