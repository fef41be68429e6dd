#include "runtime/disk.h"

#include <doctest/doctest.h>

#include "runtime/offload.h"
#include "tests/contracts/contract_world.h"

namespace orrery {
namespace {

/// Runs `job` where disk calls belong: in an Offload job.
void OnDisk(ContractWorld& world, const std::function<void(Disk&)>& job) {
  world.Run(1, [&](Runtime& runtime) { runtime.offload.Run(Lane::kBackground, [&] { job(runtime.disk); }); });
}

std::unique_ptr<File> Open(Disk& disk, std::string_view path, OpenMode mode = OpenMode::kCreate) {
  auto file = disk.Open(path, mode);
  REQUIRE(file.ok());
  return std::move(file).value();
}

TEST_CASE("Disk: the open modes") {
  const auto world = ContractWorld::Make(1);
  OnDisk(*world, [](Disk& disk) {
    CHECK(disk.Open("f", OpenMode::kRead).code() == StatusCode::kNotFound);
    CHECK(*Open(disk, "f")->SizeBytes() == 0);
    CHECK(disk.Open("f", OpenMode::kCreateExclusive).code() == StatusCode::kAlreadyExists);
    CHECK(Open(disk, "f")->WriteAt(0, "kept").ok());
    CHECK(*Open(disk, "f")->SizeBytes() == 4);
    CHECK(*Open(disk, "f", OpenMode::kRead)->SizeBytes() == 4);
    CHECK(!Open(disk, "f", OpenMode::kRead)->WriteAt(0, "x").ok());
    CHECK(disk.Open("no/such/folder/f", OpenMode::kCreate).code() == StatusCode::kNotFound);
  });
}

TEST_CASE("Disk: bytes are where they were written; holes are zero; reads stop at the end") {
  const auto world = ContractWorld::Make(1);
  OnDisk(*world, [](Disk& disk) {
    const auto file = Open(disk, "f");
    CHECK(file->WriteAt(5, "world").ok());
    CHECK(file->WriteAt(0, "he").ok());
    char buffer[20] = {};
    CHECK(*file->ReadAt(0, buffer) == 10);
    CHECK(ByteView(buffer, 10) == ByteView("he\0\0\0world", 10));
    CHECK(*file->ReadAt(8, buffer) == 2);
    CHECK(*file->ReadAt(10, buffer) == 0);
    CHECK(*file->ReadAt(1000, buffer) == 0);
    CHECK(file->Truncate(6).ok());
    CHECK(file->Truncate(8).ok());
    CHECK(*file->ReadAt(4, buffer) == 4);
    CHECK(ByteView(buffer, 4) == ByteView("\0w\0\0", 4));
    CHECK(file->Sync().ok());
  });
}

TEST_CASE("Disk: folders, names, renames") {
  const auto world = ContractWorld::Make(1);
  OnDisk(*world, [](Disk& disk) {
    CHECK(disk.MakeDirectory("d").ok());
    CHECK(disk.MakeDirectory("d").ok());
    CHECK(disk.List("e").code() == StatusCode::kNotFound);
    for (const char* name : {"d/c", "d/a", "d/b"}) Open(disk, name)->WriteAt(0, name).IgnoreError();
    CHECK(*disk.List("d") == std::vector<std::string>{"a", "b", "c"});
    CHECK(disk.Rename("d/a", "d/b").ok());
    CHECK(*disk.ReadFile("d/b", 10) == "d/a");
    CHECK(*disk.List("d") == std::vector<std::string>{"b", "c"});
    CHECK(disk.Rename("d/a", "d/x").code() == StatusCode::kNotFound);
    CHECK(disk.Remove("d/c").ok());
    CHECK(disk.Remove("d/c").code() == StatusCode::kNotFound);
    CHECK(*disk.Exists("d/b"));
    CHECK(!*disk.Exists("d/c"));
    CHECK(disk.SyncDirectory("d").ok());
    CHECK(disk.SyncDirectory(".").ok());
    CHECK(*disk.List(".") == std::vector<std::string>{"d"});
  });
}

TEST_CASE("Disk: an open file stays readable under its old name's removal and replacement") {
  const auto world = ContractWorld::Make(1);
  OnDisk(*world, [](Disk& disk) {
    const auto old_file = Open(disk, "f");
    CHECK(old_file->WriteAt(0, "old").ok());
    CHECK(disk.WriteFileDurably("f", "new").ok());
    char buffer[3];
    CHECK(*old_file->ReadAt(0, buffer) == 3);
    CHECK(ByteView(buffer, 3) == "old");
    CHECK(*disk.ReadFile("f", 3) == "new");
    CHECK(disk.ReadFile("f", 2).code() == StatusCode::kTooLarge);
  });
}

TEST_CASE("Disk: what was written outlives the process, and a new process starts without open files") {
  const auto world = ContractWorld::Make(1);
  OnDisk(*world, [](Disk& disk) {
    CHECK(disk.WriteFileDurably("durable", "content").ok());
    CHECK(Open(disk, "unsynced")->WriteAt(0, "a process kill loses nothing").ok());
  });
  world->Kill(1);
  world->Boot(1);
  OnDisk(*world, [](Disk& disk) {
    CHECK(*disk.ReadFile("durable", 100) == "content");
    CHECK(*disk.ReadFile("unsynced", 100) == "a process kill loses nothing");
  });
}

TEST_CASE("Disk: a path that leaves the node's tree is refused") {
  const auto world = ContractWorld::Make(1);
  OnDisk(*world, [](Disk& disk) {
    for (const char* wrong : {"", "..", "../f"}) {
      CHECK(disk.Open(wrong, OpenMode::kCreate).code() == StatusCode::kInvalidArgument);
    }
  });
}

}  // namespace
}  // namespace orrery
