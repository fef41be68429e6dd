#include "storage/rocks_import.h"

#include <rocksdb/env.h>

#include <algorithm>
#include <map>
#include <set>

#include "runtime/base/probe.h"
#include "runtime/disk.h"
#include "storage/import_env.h"
#include "storage/key_codec.h"
#include "storage/rocks_options.h"

namespace orrery {
namespace {

constexpr Duration kRetryPause = milliseconds(1);

Status Corrupt(std::string_view detail) {
  return Status(StatusCode::kCorruption, "range import: " + std::string(detail));
}

std::string RocksPath(RocksCore& core, const std::string& file) {
  return core.runtime.rocks.PathOf(core.StagingFolder() + "/" + file);
}

std::string LinkOf(std::string path) {
  return path.append(kImportLinkSuffix);
}

bool Contains(const KeyRange& range, ColumnFamily family, ByteView key) {
  return family == range.family && key >= range.begin && (range.end.empty() || key < range.end);
}

/// Fresh hard links, which the ingestion consumes; the staged files stay for a repetition.
rocksdb::Status MakeLinks(RocksCore& core, const PendingImport& pending) {
  rocksdb::Env* const env = core.runtime.rocks.env();
  for (const PendingImport::File& file : pending.files) {
    if (!file.has_rows) continue;
    const std::string path = RocksPath(core, file.name);
    // It was synced before the record that names it, so it did not merely fail to reach the disk.
    if (env->FileExists(path).IsNotFound()) {
      return rocksdb::Status::Corruption("a staged file is missing", core.StagingFolder() + "/" + file.name);
    }
    const std::string link = LinkOf(path);
    env->DeleteFile(link).PermitUncheckedError();  // Of an earlier attempt.
    const rocksdb::Status status = env->LinkFile(path, link);
    if (!status.ok()) return status;
  }
  return rocksdb::Status::OK();
}

rocksdb::Status IngestLinks(RocksCore& core, const PendingImport& pending) {
  std::map<ColumnFamily, rocksdb::IngestExternalFileArg> by_family;
  for (const PendingImport::File& file : pending.files) {
    if (!file.has_rows) continue;
    rocksdb::IngestExternalFileArg& argument = by_family[file.range.family];
    argument.column_family = core.Handle(file.range.family);
    argument.external_files.push_back(LinkOf(RocksPath(core, file.name)));
    argument.options.move_files = true;
    argument.options.failed_move_fall_back_to_copy = true;
    argument.options.allow_blocking_flush = false;
    argument.options.write_global_seqno = false;  // The manifest has it; the file stays as it was checked.
    argument.options.verify_checksums_before_ingest = true;
  }
  std::vector<rocksdb::IngestExternalFileArg> arguments;
  for (auto& [family, argument] : by_family) arguments.push_back(std::move(argument));
  return core.db->IngestExternalFiles(arguments);
}

/// Whether the first and the last row of every file can be read.
Status CheckRowsAreThere(RocksCore& core, const PendingImport& pending) {
  Status result;
  core.InJob(Lane::kBackground, [&] {
    for (const PendingImport::File& file : pending.files) {
      for (const Bytes* key : {&file.first_key, &file.last_key}) {
        if (!file.has_rows || !result.ok()) continue;
        rocksdb::PinnableSlice value;
        const rocksdb::Status status =
            core.db->Get(rocksdb::ReadOptions(), core.Handle(file.range.family), ToSlice(*key), &value);
        if (!status.ok()) result = Status(StatusCode::kIoError, "ingested row is not there: " + status.ToString());
      }
    }
  });
  return result;
}

std::set<ColumnFamily> FamiliesOf(const PendingImport& pending) {
  std::set<ColumnFamily> families;
  for (const PendingImport::File& file : pending.files) families.insert(file.range.family);
  return families;
}

/// What the files take the place of: ranges of one family that adjoin are one.
std::vector<KeyRange> RangesOf(const PendingImport& pending) {
  std::vector<KeyRange> ranges;
  for (const PendingImport::File& file : pending.files) {
    KeyRange* const before = ranges.empty() ? nullptr : &ranges.back();
    const bool adjoins = before != nullptr && before->family == file.range.family && !before->end.empty() &&
                         before->end == file.range.begin;
    if (adjoins) {
      before->end = file.range.end;
    } else {
      ranges.push_back(file.range);
    }
  }
  return ranges;
}

Status Ingest(RocksCore& core, const PendingImport& pending) {
  for (const KeyRange& range : RangesOf(pending)) ORRERY_RETURN_IF_ERROR(core.DeleteKeys(range));
  const bool has_rows =
      std::any_of(pending.files.begin(), pending.files.end(), [](auto& file) { return file.has_rows; });
  while (has_rows) {
    rocksdb::Status status;
    core.InJob(Lane::kBackground, [&] {
      status = MakeLinks(core, pending);
      if (status.ok()) status = IngestLinks(core, pending);
    });
    if (status.ok()) return CheckRowsAreThere(core, pending);
    // "External file requires flush": the memory of a family holds keys of the range.
    if (!status.IsInvalidArgument()) return FromRocks(status);
    ORRERY_PROBE(core.runtime.probes, "storage.import.flush_first");
    for (const ColumnFamily family : FamiliesOf(pending)) ORRERY_RETURN_IF_ERROR(core.FlushFamily(family));
    core.runtime.scheduler.SleepFor(kRetryPause);
  }
  return Status::Ok();
}

void RemoveStaged(RocksCore& core, const std::vector<PendingImport::File>& files) {
  rocksdb::Env* const env = core.runtime.rocks.env();
  for (const PendingImport::File& file : files) {
    if (!file.has_rows) continue;
    // What stays is removed at the next open.
    env->DeleteFile(RocksPath(core, file.name)).PermitUncheckedError();
    env->DeleteFile(LinkOf(RocksPath(core, file.name))).PermitUncheckedError();
  }
}

Bytes PendingKey(ByteView import_key) {
  return Bytes(kImportPrefix) + Bytes(import_key);
}

}  // namespace

Result<std::unique_ptr<RangeImport>> BeginRocksImport(RocksCore& core, ByteView import_key,
                                                      std::span<const KeyRange> ranges) {
  if (!core.imports.insert(Bytes(import_key)).second) {
    return Status(StatusCode::kAlreadyExists, "an import under key " + Printable(import_key) + " is under way");
  }
  auto import = std::make_unique<RocksImport>(core, Bytes(import_key), ranges);
  return std::unique_ptr<RangeImport>(std::move(import));
}

RocksImport::RocksImport(RocksCore& core, Bytes import_key, std::span<const KeyRange> ranges)
    : core_(core),
      import_key_(std::move(import_key)),
      ranges_(ranges.begin(), ranges.end()),
      file_bytes_max_(std::min(core.options.file_bytes, core.options.import_table_bytes)) {}

RocksImport::~RocksImport() {
  core_.Inline([&] {
    writer_.reset();
    if (!committed_) RemoveStaged(core_, files_);
  });
  core_.imports.erase(import_key_);
}

Status RocksImport::Place(ByteView key, ColumnFamily family, Cursor* cursor) const {
  size_t at = cursor->range;
  while (at < ranges_.size() && !Contains(ranges_[at], family, key)) ++at;
  if (at == ranges_.size()) return Corrupt("key " + Printable(key) + " is outside of the ranges or out of order");
  const bool same_range = at == cursor->range && cursor->last.has_value();
  if (same_range && key <= *cursor->last) return Corrupt("key " + Printable(key) + " is out of order");
  cursor->range = at;
  cursor->last = Bytes(key);
  return Status::Ok();
}

Status RocksImport::AddChunk(ByteView bytes) {
  ORRERY_ASSERT(!committed_);
  if (failed_) return Corrupt("an earlier chunk was refused");
  failed_ = true;  // Until this one is in.
  if (complete_) return Corrupt("a chunk behind the last one");
  ORRERY_ASSIGN_OR_RETURN(const SnapshotChunk chunk, DecodeSnapshotChunk(bytes));
  if (chunk.sequence != chunks_) return Corrupt("chunk " + std::to_string(chunk.sequence) + " is not the next one");
  if (chunk.rows_before != rows_) return Corrupt("rows are missing");
  std::vector<size_t> places;
  places.reserve(chunk.rows.size());
  Cursor cursor = cursor_;
  for (const SnapshotRow& row : chunk.rows) {
    ORRERY_RETURN_IF_ERROR(Place(row.key, row.family, &cursor));
    places.push_back(cursor.range);
  }
  rocksdb::Status status;
  core_.InJob(Lane::kBackground, [&] { status = WriteRows(chunk.rows, places); });
  ORRERY_RETURN_IF_ERROR(core_.WriteStatus(FromRocks(status), "range import"));
  cursor_ = std::move(cursor);
  rows_ += chunk.rows.size();
  ++chunks_;
  complete_ = chunk.last;
  failed_ = false;
  return Status::Ok();
}

rocksdb::Status RocksImport::OpenFile(size_t range, ByteView first_key) {
  rocksdb::Env* const env = core_.runtime.rocks.env();
  const rocksdb::Status made = env->CreateDirIfMissing(core_.runtime.rocks.PathOf(core_.StagingFolder()));
  if (!made.ok()) return made;
  const std::string name = std::to_string(core_.boot) + "-" + std::to_string(++core_.staged_files) + ".sst";
  const ColumnFamily family = ranges_[range].family;
  files_.push_back(
      {.range = ranges_[range], .name = name, .has_rows = true, .first_key = Bytes(first_key), .last_key = {}});
  const rocksdb::Options options(core_.db->GetDBOptions(), core_.db->GetOptions(core_.Handle(family)));
  writer_ = std::make_unique<rocksdb::SstFileWriter>(rocksdb::EnvOptions(), options);
  writer_range_ = range;
  writer_row_bytes_ = 0;
  return writer_->Open(RocksPath(core_, name));
}

rocksdb::Status RocksImport::CloseFile() {
  if (writer_ == nullptr) return rocksdb::Status::OK();
  const std::unique_ptr<rocksdb::SstFileWriter> writer = std::move(writer_);
  return writer->Finish();
}

rocksdb::Status RocksImport::MakeRoom(size_t range, ByteView key) {
  const bool same_range = writer_ != nullptr && writer_range_ == range;
  if (same_range && std::max(writer_->FileSize(), writer_row_bytes_) < file_bytes_max_) return rocksdb::Status::OK();
  const rocksdb::Status closed = CloseFile();
  if (!closed.ok()) return closed;
  if (same_range) files_.back().range.end = Bytes(key);
  const rocksdb::Status opened = OpenFile(range, key);
  if (same_range) files_.back().range.begin = Bytes(key);
  return opened;
}

rocksdb::Status RocksImport::WriteRows(std::span<const SnapshotRow> rows, std::span<const size_t> places) {
  for (size_t i = 0; i < rows.size(); ++i) {
    rocksdb::Status status = MakeRoom(places[i], rows[i].key);
    if (status.ok()) status = writer_->Put(ToSlice(rows[i].key), ToSlice(rows[i].value));
    if (!status.ok()) return status;
    files_.back().last_key.assign(rows[i].key);
    writer_row_bytes_ += rows[i].key.size() + rows[i].value.size();
  }
  return rocksdb::Status::OK();
}

/// What the ranges become: files in order, and a range that got no row is emptied.
std::vector<PendingImport::File> RocksImport::Contents() const {
  std::vector<PendingImport::File> contents;
  size_t next = 0;
  for (const KeyRange& range : ranges_) {
    const size_t first = next;
    while (next < files_.size() && Contains(range, files_[next].range.family, files_[next].first_key)) {
      contents.push_back(files_[next++]);
    }
    if (next == first)
      contents.push_back({.range = range, .name = {}, .has_rows = false, .first_key = {}, .last_key = {}});
  }
  ORRERY_ASSERT(next == files_.size());
  return contents;
}

Status RocksImport::Finish(const WriteBatch& final_batch) {
  ORRERY_ASSERT(complete_);
  ORRERY_ASSERT(!failed_);
  failed_ = true;
  rocksdb::Status status;
  core_.InJob(Lane::kBackground, [&] { status = CloseFile(); });
  ORRERY_RETURN_IF_ERROR(core_.WriteStatus(FromRocks(status), "range import"));
  Status synced;
  core_.runtime.offload.Run(Lane::kBackground, [&] {
    if (rows_ > 0) synced = core_.runtime.disk.SyncDirectory(core_.StagingFolder());
  });
  ORRERY_RETURN_IF_ERROR(core_.WriteStatus(synced, "range import"));
  const PendingImport pending{.files = Contents(), .final_batch = final_batch.Encoded()};
  if (pending.files.size() > ranges_.size()) ORRERY_PROBE(core_.runtime.probes, "storage.import.several_files");
  WriteBatch record;
  record.Put(ColumnFamily::kMeta, PendingKey(import_key_), EncodePendingImport(pending));
  committed_ = true;  // From here on only the record decides about the files, whatever Apply answers.
  ORRERY_RETURN_IF_ERROR(core_.ApplyDurably(record));
  return CompleteImport(core_, import_key_, pending);
}

Status CompleteImport(RocksCore& core, ByteView import_key, const PendingImport& pending) {
  ORRERY_RETURN_IF_ERROR(core.WriteStatus(Ingest(core, pending), "ingest"));
  Result<WriteBatch> batch = WriteBatch::Decode(pending.final_batch);
  ORRERY_ASSERT(batch.ok());
  batch.value().Delete(ColumnFamily::kMeta, PendingKey(import_key));
  ORRERY_RETURN_IF_ERROR(core.ApplyDurably(batch.value()));
  core.InJob(Lane::kBackground, [&] { RemoveStaged(core, pending.files); });
  return Status::Ok();
}

Status RecoverImports(RocksCore& core) {
  std::map<Bytes, PendingImport> pending;
  rocksdb::Status status;
  Status bad;
  core.InJob(Lane::kBackground, [&] {
    const std::unique_ptr<rocksdb::Iterator> rows(
        core.db->NewIterator(WalkOptions(), core.Handle(ColumnFamily::kMeta)));
    for (rows->Seek(ToSlice(kImportPrefix)); rows->Valid() && rows->key().starts_with(ToSlice(kImportPrefix));
         rows->Next()) {
      Result<PendingImport> decoded = DecodePendingImport(ToView(rows->value()));
      if (!decoded.ok()) return bad = decoded.status(), void();
      pending.emplace(ToView(rows->key()).substr(kImportPrefix.size()), std::move(decoded).value());
    }
    status = rows->status();
  });
  ORRERY_RETURN_IF_ERROR(bad);
  ORRERY_RETURN_IF_ERROR(FromRocks(status));
  for (const auto& [key, import] : pending) {
    ORRERY_PROBE(core.runtime.probes, "storage.import.completed_at_open");
    ORRERY_RETURN_IF_ERROR(CompleteImport(core, key, import));
  }
  // Whatever else stands there belongs to imports that never reached their point of no return.
  Result<std::vector<std::string>> names = std::vector<std::string>();
  core.runtime.offload.Run(Lane::kBackground, [&] {
    names = core.runtime.disk.List(core.StagingFolder());
    if (!names.ok()) return;
    for (const std::string& name : names.value()) {
      core.runtime.disk.Remove(core.StagingFolder() + "/" + name).IgnoreError();
    }
  });
  return names.ok() || names.code() == StatusCode::kNotFound ? Status::Ok() : names.status();
}

}  // namespace orrery
