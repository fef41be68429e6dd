#include "sim/disk/sim_disk.h"

#include <doctest/doctest.h>

#include <map>
#include <set>

#include "sim/disk/sim_file.h"

namespace orrery::sim {
namespace {

constexpr size_t kAll = 1 << 20;

void WriteSynced(SimDisk& disk, const std::string& path, ByteView content) {
  auto file = disk.OpenFile(path, OpenMode::kCreate);
  REQUIRE(file.ok());
  REQUIRE((*file)->Append(content).ok());
  REQUIRE((*file)->Sync().ok());
}

std::vector<std::string> Names(SimDisk& disk, std::string_view path = ".") {
  return disk.List(path).value_or({});
}

TEST_CASE("Disk: opening says what is there and what is not") {
  SimDisk disk({.random = Random(1)});
  CHECK(disk.Open("a", OpenMode::kRead).code() == StatusCode::kNotFound);
  CHECK(disk.Open("a", OpenMode::kCreate).ok());
  CHECK(disk.Open("a", OpenMode::kCreateExclusive).code() == StatusCode::kAlreadyExists);
  CHECK(disk.Open("folder/a", OpenMode::kCreate).code() == StatusCode::kNotFound);
  CHECK(disk.Open("../a", OpenMode::kCreate).code() == StatusCode::kInvalidArgument);
  CHECK((*disk.Open("a", OpenMode::kRead))->WriteAt(0, "x").code() == StatusCode::kInvalidArgument);
}

TEST_CASE("Disk: files and folders are made, listed in order, renamed and removed") {
  SimDisk disk({.random = Random(1)});
  CHECK(disk.MakeDirectory("d").ok());
  CHECK(disk.MakeDirectory("d").ok());
  CHECK(disk.WriteFileDurably("d/b", "two").ok());
  CHECK(disk.WriteFileDurably("d/a", "one").ok());
  CHECK(Names(disk, "d") == std::vector<std::string>{"a", "b"});
  CHECK(disk.Remove("d").code() == StatusCode::kInvalidArgument);
  CHECK(disk.Rename("d/a", "d/b").ok());
  CHECK(*disk.ReadFile("d/b", kAll) == "one");
  CHECK(disk.Rename("d", "e").ok());
  CHECK(*disk.ReadFile("e/b", kAll) == "one");
  CHECK(disk.Rename("e", "e/f").code() == StatusCode::kInvalidArgument);
  CHECK(disk.Remove("e/b").ok());
  CHECK(disk.Remove("e/b").code() == StatusCode::kNotFound);
  CHECK(disk.Remove("e").ok());
  CHECK(Names(disk).empty());
}

TEST_CASE("Disk: a removed file stays readable for who holds it open") {
  SimDisk disk({.random = Random(1)});
  WriteSynced(disk, "a", "content");
  const auto file = *disk.Open("a", OpenMode::kRead);
  CHECK(disk.Remove("a").ok());
  char buffer[7];
  CHECK(*file->ReadAt(0, buffer) == 7);
  CHECK(*file->ReadAt(4, buffer) == 3);
  CHECK(*file->ReadAt(7, buffer) == 0);
}

TEST_CASE("Power loss: a synced file in a synced folder survives, always") {
  for (uint64_t seed = 0; seed < 100; ++seed) {
    SimDisk disk({.random = Random(seed)});
    WriteSynced(disk, "a", "content");
    REQUIRE(disk.SyncDirectory(".").ok());
    disk.LosePower();
    disk.Boot();
    CHECK(*disk.ReadFile("a", kAll) == "content");
  }
}

TEST_CASE("Power loss: a synced file may be lost when its folder was not synced") {
  std::set<bool> there;
  for (uint64_t seed = 0; seed < 50; ++seed) {
    SimDisk disk({.random = Random(seed)});
    WriteSynced(disk, "a", "content");
    disk.LosePower();
    disk.Boot();
    there.insert(*disk.Exists("a"));
  }
  CHECK(there.size() == 2);
}

TEST_CASE("Power loss: names survive as a prefix of their order") {
  std::set<size_t> counts;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    SimDisk disk({.random = Random(seed)});
    REQUIRE(disk.MakeDirectory("d").ok());
    REQUIRE(disk.SyncDirectory(".").ok());
    const std::vector<std::string> order = {"d/1", "d/2", "d/3", "d/4", "d/5"};
    for (const std::string& path : order) REQUIRE(disk.Open(path, OpenMode::kCreate).ok());
    disk.LosePower();
    disk.Boot();
    const size_t survived = Names(disk, "d").size();
    for (size_t i = 0; i < order.size(); ++i) CHECK(*disk.Exists(order[i]) == (i < survived));
    counts.insert(survived);
  }
  CHECK(counts.size() == 6);
}

TEST_CASE("Power loss: a rename is whole or not at all, and a durable replacement is old or new") {
  std::set<std::string> contents;
  for (uint64_t seed = 0; seed < 100; ++seed) {
    SimDisk disk({.random = Random(seed)});
    REQUIRE(disk.WriteFileDurably("a", "old").ok());
    WriteSynced(disk, "b", "new");
    REQUIRE(disk.Rename("b", "a").ok());
    disk.LosePower();
    disk.Boot();
    const Bytes content = *disk.ReadFile("a", kAll);
    contents.insert(content);
    if (content == "new") CHECK_FALSE(*disk.Exists("b"));
  }
  CHECK(contents == std::set<std::string>{"new", "old"});
}

TEST_CASE("Power loss: syncing a folder hardens what came before elsewhere, too") {
  for (uint64_t seed = 0; seed < 30; ++seed) {
    SimDisk disk({.random = Random(seed)});
    REQUIRE(disk.MakeDirectory("d").ok());  // Never synced by itself.
    REQUIRE(disk.Open("d/a", OpenMode::kCreate).ok());
    REQUIRE(disk.SyncDirectory("d").ok());
    disk.LosePower();
    disk.Boot();
    CHECK(*disk.Exists("d/a"));
  }
}

TEST_CASE("Process kill: nothing is lost, and what the dead process held open is dead") {
  SimDisk disk({.random = Random(1)});
  auto file = *disk.Open("a", OpenMode::kCreate);
  REQUIRE(file->WriteAt(0, "not synced").ok());
  disk.KillProcess();
  CHECK(disk.Exists("a").code() == StatusCode::kIoError);
  disk.Boot();
  CHECK(*disk.ReadFile("a", kAll) == "not synced");
  CHECK(file->WriteAt(0, "ghost").code() == StatusCode::kIoError);
  CHECK(file->Sync().code() == StatusCode::kIoError);
  CHECK(*disk.ReadFile("a", kAll) == "not synced");
}

TEST_CASE("Freeze: inside the k-th operation, whatever it is") {
  for (uint64_t k = 1; k <= 12; ++k) {
    SimDisk disk({.random = Random(k)});
    disk.FreezeAtMutation(k);
    const bool first = disk.WriteFileDurably("a", "content").ok();
    const bool second = disk.WriteFileDurably("a", "content").ok();
    CHECK_FALSE(second);
    CHECK(first == (k > 6));
    CHECK(disk.frozen());
    CHECK(disk.mutations() == k);
    CHECK(disk.fault_counts()[static_cast<size_t>(DiskFault::kMidOperation)] == 1);
    const uint64_t fingerprint = disk.fingerprint();
    CHECK_FALSE(disk.MakeDirectory("d").ok());
    CHECK(disk.fingerprint() == fingerprint);
  }
}

TEST_CASE("WriteFileDurably: a power loss inside any operation leaves the old or the new content") {
  std::set<std::string> contents;
  for (uint64_t seed = 0; seed < 50; ++seed) {
    for (uint64_t k = 1; k <= 6; ++k) {
      SimDisk disk({.random = Random(seed)});
      REQUIRE(disk.WriteFileDurably("a", "old").ok());
      disk.FreezeAtMutation(k);
      const bool ok = disk.WriteFileDurably("a", "newer").ok();
      disk.LosePower();
      disk.Boot();
      const Bytes content = *disk.ReadFile("a", kAll);
      if (ok) CHECK(content == "newer");
      contents.insert(content);
    }
  }
  CHECK(contents == std::set<std::string>{"newer", "old"});
}

TEST_CASE("Faults: a rule hits its class and kind only, and not more often than allowed") {
  SimDisk disk({.random = Random(1)});
  disk.SetFault(DiskFault::kSyncError, PathClass::kWal, {.probability = 1, .times_max = 1});
  disk.SetFault(DiskFault::kReadError, PathClass::kTable, {.probability = 1});
  auto log = *disk.Open("000001.log", OpenMode::kCreate);
  auto table = *disk.Open("000002.sst", OpenMode::kCreate);
  CHECK(table->WriteAt(0, "x").ok());
  CHECK(table->Sync().ok());
  CHECK(log->WriteAt(0, "x").ok());
  CHECK(log->Sync().code() == StatusCode::kIoError);
  CHECK(log->Sync().ok());
  char byte[1];
  CHECK(table->ReadAt(0, byte).code() == StatusCode::kIoError);
  CHECK(disk.was_damaged());
  disk.ClearFaults();
  CHECK(table->ReadAt(0, byte).ok());
}

TEST_CASE("Faults: a short write leaves a prefix, a refused one nothing") {
  std::set<size_t> sizes;
  for (uint64_t seed = 0; seed < 50; ++seed) {
    SimDisk disk({.random = Random(seed)});
    disk.SetFaultEverywhere(DiskFault::kShortWrite, {.probability = 1});
    auto file = *disk.Open("a", OpenMode::kCreate);
    CHECK(file->WriteAt(0, "abc").code() == StatusCode::kIoError);
    sizes.insert(*file->SizeBytes());
    disk.ClearFaults();
    disk.SetFaultEverywhere(DiskFault::kWriteError, {.probability = 1});
    const uint64_t size = *file->SizeBytes();
    CHECK(file->WriteAt(size, "abc").code() == StatusCode::kIoError);
    CHECK(*file->SizeBytes() == size);
  }
  CHECK(sizes == std::set<size_t>{0, 1, 2, 3});
}

TEST_CASE("Faults: a full disk refuses growth and takes overwrites and removals") {
  SimDisk disk({.random = Random(1)});
  disk.SetCapacity(10);
  auto file = *disk.Open("a", OpenMode::kCreate);
  CHECK(file->WriteAt(0, "0123456789").ok());
  CHECK(file->WriteAt(10, "x").code() == StatusCode::kNoSpace);
  CHECK(file->WriteAt(0, "9876543210").ok());
  CHECK(disk.Open("b", OpenMode::kCreate).code() == StatusCode::kNoSpace);
  CHECK(disk.Remove("a").ok());
  CHECK(disk.Open("b", OpenMode::kCreate).ok());
}

TEST_CASE("Faults: a failed folder sync hardens nothing") {
  std::set<bool> there;
  for (uint64_t seed = 0; seed < 50; ++seed) {
    SimDisk disk({.random = Random(seed)});
    WriteSynced(disk, "a", "content");
    disk.SetFaultEverywhere(DiskFault::kDirectorySyncError, {.probability = 1});
    CHECK(disk.SyncDirectory(".").code() == StatusCode::kIoError);
    disk.LosePower();
    disk.Boot();
    there.insert(*disk.Exists("a"));
  }
  CHECK(there.size() == 2);
}

TEST_CASE("Faults: a flip changes one durable bit of the class") {
  SimDisk disk({.random = Random(1)});
  CHECK_FALSE(disk.FlipBit(PathClass::kWal, SimDisk::RotWhere::kAnywhere, Random(1)).has_value());
  WriteSynced(disk, "000001.log", Bytes(400, 'a'));
  WriteSynced(disk, "000002.sst", Bytes(400, 'a'));
  const auto flip = disk.FlipBit(PathClass::kWal, SimDisk::RotWhere::kLastQuarter, Random(1));
  REQUIRE(flip.has_value());
  CHECK(flip->path == "000001.log");
  CHECK(flip->offset >= 300);
  CHECK(*disk.ReadFile("000002.sst", kAll) == Bytes(400, 'a'));
  Bytes content = *disk.ReadFile("000001.log", kAll);
  content[flip->offset] = 'a';
  CHECK(content == Bytes(400, 'a'));
  disk.FlipBitAt(*flip);
  CHECK(*disk.ReadFile("000001.log", kAll) == Bytes(400, 'a'));
}

TEST_CASE("Faults: a chosen bit flips if it is durable") {
  SimDisk disk({.random = Random(1)});
  const auto last = [](ByteView content, Random&) -> std::optional<SimDisk::BitPlace> {
    if (content.size() < 400) return std::nullopt;
    return SimDisk::BitPlace{.offset = content.size() - 1, .bit = 7};
  };
  CHECK_FALSE(disk.FlipChosenBit(PathClass::kTable, last, Random(1)).has_value());
  WriteSynced(disk, "000002.sst", Bytes(399, 'a'));
  CHECK_FALSE(disk.FlipChosenBit(PathClass::kTable, last, Random(1)).has_value());
  auto file = disk.OpenFile("000002.sst", OpenMode::kCreate);
  REQUIRE(file.ok());
  REQUIRE((*file)->Append("a").ok());
  CHECK_FALSE(disk.FlipChosenBit(PathClass::kTable, last, Random(1)).has_value());  // Chosen, but not durable yet.
  REQUIRE((*file)->Sync().ok());
  const auto flip = disk.FlipChosenBit(PathClass::kTable, last, Random(1));
  REQUIRE(flip.has_value());
  CHECK(flip->offset == 399);
  CHECK(*disk.ReadFile("000002.sst", kAll) == Bytes(399, 'a') + '\xe1');
}

TEST_CASE("Faults: a rotten sector is one durable sector of the class, at the end if it is asked for") {
  const Bytes before(5000, 'a');
  std::set<uint64_t> offsets;
  std::set<Bytes> contents;
  for (uint64_t seed = 1; seed <= 64; ++seed) {
    SimDisk disk({.random = Random(1)});
    WriteSynced(disk, "000001.log", before);
    CHECK_FALSE(disk.RotSector(PathClass::kTable, SimDisk::RotWhere::kEnd, Random(seed)).has_value());
    WriteSynced(disk, "000002.sst", before);
    const auto rotten = disk.RotSector(PathClass::kTable, SimDisk::RotWhere::kEnd, Random(seed));
    REQUIRE(rotten.has_value());
    CHECK(rotten->path == "000002.sst");
    CHECK(*disk.ReadFile("000001.log", kAll) == before);
    Bytes content = *disk.ReadFile("000002.sst", kAll);
    REQUIRE(content.size() == before.size());
    const size_t bytes = std::min<size_t>(512, content.size() - rotten->offset);
    offsets.insert(rotten->offset);
    contents.insert(content.substr(rotten->offset, 100));
    content.replace(rotten->offset, bytes, bytes, 'a');
    CHECK(content == before);
  }
  CHECK(offsets == std::set<uint64_t>{2560, 3072, 3584, 4096, 4608});  // The last 2,048 bytes begin within the first.
  CHECK(contents.size() > 3);  // Zeros, ones, noise each time anew, and what stood before.
  CHECK(contents.contains(Bytes(100, '\0')));
  CHECK(contents.contains(Bytes(100, '\xff')));
  CHECK(contents.contains(Bytes(100, 'a')));
}

TEST_CASE("Faults: a wiped disk is empty and free of damage") {
  SimDisk disk({.random = Random(1)});
  WriteSynced(disk, "a", "content");
  disk.Wipe();
  CHECK_FALSE(disk.Exists("a").ok());
  disk.Boot();
  CHECK(Names(disk).empty());
}

TEST_CASE("Crash clone: shows what could be, and leaves the disk as it is") {
  SimDisk disk({.random = Random(1)});
  WriteSynced(disk, "a", "synced");
  REQUIRE(disk.SyncDirectory(".").ok());
  REQUIRE((*disk.OpenFile("a", OpenMode::kCreate))->Append(" tail").ok());
  std::set<std::string> contents;
  for (uint64_t seed = 0; seed < 60; ++seed) contents.insert(*disk.CrashClone(Random(seed))->ReadFile("a", kAll));
  for (const std::string& content : contents) CHECK(Bytes("synced tail").starts_with(content));
  CHECK(contents.contains("synced"));
  CHECK(contents.contains("synced tail"));
  CHECK(contents.size() > 2);
  CHECK(*disk.ReadFile("a", kAll) == "synced tail");
}

TEST_CASE("Lying sync: it says ok, costs time, and a power loss takes what it said was safe") {
  SimDisk disk({.random = Random(1)});
  WriteSynced(disk, "honest", "content");
  CHECK(disk.SyncDirectory(".").ok());
  disk.SetLyingSync(true);
  disk.TakeDebt();
  WriteSynced(disk, "lied", "content");
  CHECK(disk.SyncDirectory(".").ok());
  CHECK(disk.TakeDebt() > microseconds(400));
  CHECK(disk.fault_counts().at(static_cast<size_t>(DiskFault::kLyingSync)) == 2);
  bool name_lost = false;
  bool content_lost = false;
  for (uint64_t seed = 0; seed < 40; ++seed) {
    const auto clone = disk.CrashClone(Random(seed));
    CHECK(*clone->ReadFile("honest", kAll) == "content");
    const auto lied = clone->ReadFile("lied", kAll);
    name_lost = name_lost || !lied.ok();
    content_lost = content_lost || (lied.ok() && *lied != "content");
  }
  CHECK(name_lost);
  CHECK(content_lost);
  disk.KillProcess();  // A killed process loses nothing, whatever the disk lies about.
  disk.Boot();
  CHECK(*disk.ReadFile("lied", kAll) == "content");
}

TEST_CASE("Latency: operations add debt, a slow disk more, and taking it clears it") {
  SimDisk disk({.random = Random(1)});
  WriteSynced(disk, "a", "content");
  const Duration normal = disk.TakeDebt();
  CHECK(normal >= microseconds(200));
  CHECK(disk.debt() == Duration(0));
  disk.SetSlowFactor(100);
  WriteSynced(disk, "a", "content");
  CHECK(disk.TakeDebt() > normal * 10);
}

/// Two equal histories, one with operations on another file in between.
uint64_t FingerprintOf(SimDisk& disk, bool with_stranger) {
  std::map<std::string, uint64_t> lengths;
  disk.SetObserver([&lengths](const DiskOp& op) { lengths[std::string(op.path)] += op.length; });
  disk.SetFaultEverywhere(DiskFault::kShortWrite, {.probability = 0.5});
  auto file = *disk.Open("a", OpenMode::kCreate);
  auto stranger = *disk.Open("stranger", OpenMode::kCreate);
  for (int i = 0; i < 40; ++i) {
    file->WriteAt(static_cast<uint64_t>(i) * 10, "0123456789").IgnoreError();
    if (with_stranger) stranger->WriteAt(0, "x").IgnoreError();
  }
  return lengths["a"];
}

TEST_CASE("Randomness: a file's faults depend on its name and its own operations only") {
  SimDisk alone({.random = Random(7)});
  SimDisk again({.random = Random(7)});
  SimDisk with_stranger({.random = Random(7)});
  SimDisk other_seed({.random = Random(8)});
  const uint64_t length = FingerprintOf(alone, false);
  CHECK(FingerprintOf(again, false) == length);
  CHECK(again.fingerprint() == alone.fingerprint());
  CHECK(FingerprintOf(with_stranger, true) == length);
  CHECK(with_stranger.fingerprint() != alone.fingerprint());
  FingerprintOf(other_seed, false);
  CHECK(other_seed.fingerprint() != alone.fingerprint());
}

TEST_CASE("Names: every fault and class has one, and classes are told by name") {
  std::set<std::string_view> names;
  for (int i = 0; i < kDiskFaultCount; ++i) names.insert(DiskFaultName(static_cast<DiskFault>(i)));
  CHECK(names.size() == kDiskFaultCount);
  CHECK(ClassOf("db/000012.log") == PathClass::kWal);
  CHECK(ClassOf("db/000012.sst") == PathClass::kTable);
  CHECK(ClassOf("db/MANIFEST-000001") == PathClass::kManifest);
  CHECK(ClassOf("db/000001.dbtmp") == PathClass::kCurrent);
  CHECK(ClassOf("cluster.id") == PathClass::kOther);
}

TEST_CASE("Failed writes: those of the engine's own files are counted, in this life") {
  SimDisk disk({.random = Random(3)});
  const auto fails_to_write = [&](std::string_view path) {
    const uint64_t before = disk.failed_writes();
    disk.SetFault(DiskFault::kWriteError, ClassOf(path), {.probability = 1});
    const auto file = disk.Open(path, OpenMode::kCreate);
    REQUIRE(file.ok());
    CHECK_FALSE((*file)->WriteAt(0, "x").ok());
    disk.ClearFaults();
    CHECK((*file)->WriteAt(0, "x").ok());
    return disk.failed_writes() - before;
  };
  REQUIRE(disk.MakeDirectory("e").ok());
  for (const std::string_view own : {"e/000007.sst", "e/000007.log", "e/MANIFEST-000002"})
    CHECK(fails_to_write(own) == 1);
  // An import may be given up with what it has staged; the others are no part of the engine.
  for (const std::string_view other : {"e/2-1.sst", "e/a7.log", "e/IDENTITY"}) CHECK(fails_to_write(other) == 0);
  CHECK(disk.failed_writes() == 3);
  CHECK(disk.first_failed_write() == StatusCode::kIoError);
  disk.KillProcess();
  disk.Boot();
  CHECK(disk.failed_writes() == 0);
  CHECK(disk.first_failed_write() == StatusCode::kOk);
  disk.SetCapacity(disk.used_bytes());
  CHECK_FALSE(disk.Open("e/000008.sst", OpenMode::kCreate).ok());
  CHECK(disk.first_failed_write() == StatusCode::kNoSpace);
}

TEST_CASE("Logs: what a power loss could take of them is told, file by file") {
  SimDisk disk({.random = Random(1)});
  CHECK(disk.EndOfLogs().logs == 0);
  REQUIRE(disk.MakeDirectory("db").ok());
  REQUIRE(disk.SyncDirectory(".").ok());
  auto first = *disk.OpenFile("db/000004.log", OpenMode::kCreate);
  REQUIRE(first->Append("one").ok());
  const SimDisk::LogEnd one = disk.EndOfLogs();
  CHECK(disk.LosableBefore(one) == "db/000004.log");  // Not even its name is safe.
  REQUIRE(disk.SyncDirectory("db").ok());
  CHECK(disk.LosableBefore(one) == "db/000004.log before byte 3");
  REQUIRE(first->Sync().ok());
  CHECK_FALSE(disk.LosableBefore(one));
  REQUIRE(first->Append("two").ok());
  CHECK_FALSE(disk.LosableBefore(one));
  CHECK(disk.LosableBefore(disk.EndOfLogs()) == "db/000004.log before byte 6");
  // A newer log does not make the end of the older one safe; that nobody needs the older one does.
  auto second = *disk.OpenFile("db/000007.log", OpenMode::kCreate);
  REQUIRE(second->Append("three").ok());
  REQUIRE(second->Sync().ok());
  REQUIRE(disk.SyncDirectory("db").ok());
  const SimDisk::LogEnd three = disk.EndOfLogs();
  CHECK(disk.LosableBefore(three) == "db/000004.log before byte 6");
  REQUIRE(disk.Remove("db/000004.log").ok());
  CHECK_FALSE(disk.LosableBefore(three));
  auto third = *disk.OpenFile("db/000009.log", OpenMode::kCreate);
  CHECK(disk.EndOfLogs().logs == 3);
  CHECK_FALSE(disk.LosableBefore(three));
  disk.SetLyingSync(true);
  CHECK_FALSE(disk.LosableBefore(disk.EndOfLogs()));
  disk.SetLyingSync(false);
  disk.KillProcess();
  disk.Boot();
  CHECK(disk.EndOfLogs().logs == 0);  // A new life answers for its own logs only.
}

}  // namespace
}  // namespace orrery::sim
