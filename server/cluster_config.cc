#define TOML_EXCEPTIONS 0
#define TOML_HEADER_ONLY 1
#include <toml++/toml.h>
#include <functional>
#include <map>
#include <set>
#include <variant>

#include "server/store_config.h"

namespace orrery {
namespace {

/// Where a knob's value goes. Durations are given in milliseconds, sizes in bytes.
struct Millis {
  Duration* target;
};
using Target = std::variant<bool*, int*, uint32_t*, uint64_t*, Millis>;
using Knobs = std::map<std::string_view, Target>;

Knobs RaftKnobs(RegionOptions& o) {
  return {{"tick_ms", Millis{&o.tick}},
          {"election_ticks", &o.raft.election_ticks},
          {"heartbeat_ticks", &o.raft.heartbeat_ticks},
          {"pre_vote", &o.raft.pre_vote},
          {"check_quorum", &o.raft.check_quorum},
          {"no_vote_after_restart", &o.raft.no_vote_after_restart},
          {"append_bytes_max", &o.raft.append_bytes_max},
          {"inflight_messages_max", &o.raft.inflight_messages_max},
          {"inflight_bytes_max", &o.raft.inflight_bytes_max},
          {"uncommitted_bytes_max", &o.raft.uncommitted_bytes_max},
          {"apply_bytes_max", &o.raft.apply_bytes_max},
          {"cache_bytes_max", &o.raft.cache_bytes_max},
          {"entry_bytes_max", &o.entry_bytes_max},
          {"entry_commands_max", &o.entry_commands_max},
          {"frame_bytes_max", &o.frame_bytes_max},
          {"send_queue_bytes_max", &o.send_queue_bytes_max},
          {"lease_reads", &o.lease_reads},
          {"clock_drift_percent", &o.clock_drift_percent},
          {"session_expiry_entries", &o.session_expiry_entries},
          {"session_checkpoint_entries", &o.session_checkpoint_entries},
          {"log_entries_max", &o.log_entries_max},
          {"log_bytes_max", &o.log_bytes_max},
          {"log_entries_min", &o.log_entries_min},
          {"log_gc_ticks", &o.log_gc_ticks},
          {"snapshot_chunk_bytes", &o.snapshot_chunk_bytes},
          {"snapshot_window_chunks", &o.snapshot_window_chunks},
          {"snapshot_sends_max", &o.snapshot_sends_max},
          {"snapshot_receives_max", &o.snapshot_receives_max},
          {"snapshot_patience_ms", Millis{&o.snapshot_patience}},
          {"consistency_check_ticks", &o.consistency_check_ticks},
          {"check_invariants", &o.check_invariants}};
}

Knobs StorageKnobs(StoreOptions& o) {
  return {{"write_buffer_bytes", &o.engine.write_buffer_bytes},
          {"write_buffers_max", &o.engine.write_buffers_max},
          {"wal_bytes_max", &o.engine.wal_bytes_max},
          {"block_cache_bytes", &o.engine.block_cache_bytes},
          {"block_bytes", &o.engine.block_bytes},
          {"file_bytes", &o.engine.file_bytes},
          {"level_base_bytes", &o.engine.level_base_bytes},
          {"background_jobs", &o.engine.background_jobs},
          {"level0_compaction_files", &o.engine.level0_compaction_files},
          {"level0_stop_files", &o.engine.level0_stop_files},
          {"compress", &o.engine.compress},
          {"queue_batches_max", &o.committer.queue_batches_max},
          {"queue_bytes_max", &o.committer.queue_bytes_max},
          {"log_cache_bytes_max", &o.log.cache_bytes_max}};
}

Knobs LimitKnobs(StoreOptions& o) {
  return {{"requests_max", &o.requests_max},
          {"slow_reads_max", &o.slow_reads_max},
          {"pending_bytes_max", &o.region.pending_bytes_max},
          {"pending_reads_max", &o.region.pending_reads_max},
          {"stop_patience_ms", Millis{&o.stop_patience}}};
}

std::string_view TypeName(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::table: return "a table";
    case toml::node_type::array: return "an array";
    case toml::node_type::string: return "a string";
    case toml::node_type::integer: return "an integer";
    case toml::node_type::floating_point: return "a float";
    case toml::node_type::boolean: return "a boolean";
    default: return "a date or time";
  }
}

class Parser {
 public:
  explicit Parser(std::string_view file) : file_(file) {}

  Result<ClusterConfig> Parse(std::string_view text) {
    const toml::parse_result parsed = toml::parse(text, file_);
    if (!parsed) {
      const toml::parse_error& error = parsed.error();
      return Status(StatusCode::kInvalidArgument,
                    file_ + ":" + std::to_string(error.source().begin.line) + ": " + std::string(error.description()));
    }
    ORRERY_RETURN_IF_ERROR(Root(parsed.table()));
    return std::move(config_);
  }

 private:
  Status Error(const toml::node& node, std::string_view key, std::string_view what) const {
    return Status(StatusCode::kInvalidArgument, file_ + ":" + std::to_string(node.source().begin.line) + ": " +
                                                    std::string(key) + ": " + std::string(what));
  }
  Status WrongType(const toml::node& node, std::string_view key, std::string_view wanted) const {
    return Error(node, key, "is " + std::string(TypeName(node)) + ", must be " + std::string(wanted));
  }

  Status Text(const toml::node& node, std::string_view key, std::string* out) const {
    const auto* text = node.as_string();
    if (text == nullptr) return WrongType(node, key, "a string");
    *out = text->get();
    return Status::Ok();
  }

  Status Id(const toml::node& node, std::string_view key, uint64_t* out) const {
    const auto* number = node.as_integer();
    if (number == nullptr) return WrongType(node, key, "an integer");
    if (number->get() <= 0) return Error(node, key, "must be at least 1");
    *out = static_cast<uint64_t>(number->get());
    return Status::Ok();
  }

  template <class T>
  Status Integer(const toml::node& node, std::string_view key, T* out) const {
    const auto* number = node.as_integer();
    if (number == nullptr) return WrongType(node, key, "an integer");
    if (number->get() < 0 || static_cast<uint64_t>(number->get()) > std::numeric_limits<T>::max()) {
      return Error(node, key, "is " + std::to_string(number->get()) + ", out of range");
    }
    *out = static_cast<T>(number->get());
    return Status::Ok();
  }

  Status Set(const toml::node& node, std::string_view key, const Target& target) const {
    if (bool* const* flag = std::get_if<bool*>(&target)) {
      const auto* value = node.as_boolean();
      if (value == nullptr) return WrongType(node, key, "true or false");
      **flag = value->get();
      return Status::Ok();
    }
    if (const Millis* millis = std::get_if<Millis>(&target)) {
      uint32_t value = 0;
      ORRERY_RETURN_IF_ERROR(Integer(node, key, &value));
      *millis->target = milliseconds(value);
      return Status::Ok();
    }
    if (int* const* value = std::get_if<int*>(&target)) return Integer(node, key, *value);
    if (uint32_t* const* value = std::get_if<uint32_t*>(&target)) return Integer(node, key, *value);
    return Integer(node, key, std::get<uint64_t*>(target));
  }

  Status Section(const toml::node& node, std::string_view name, const Knobs& knobs) const {
    const toml::table* table = node.as_table();
    if (table == nullptr) return WrongType(node, name, "a table");
    for (const auto& [key, value] : *table) {
      const std::string path = std::string(name) + "." + std::string(key.str());
      const auto knob = knobs.find(key.str());
      if (knob == knobs.end()) return Error(value, path, "unknown key");
      ORRERY_RETURN_IF_ERROR(Set(value, path, knob->second));
    }
    return Status::Ok();
  }

  Status OneStore(const toml::node& node) {
    const toml::table* table = node.as_table();
    if (table == nullptr) return WrongType(node, "store", "a table ([[store]])");
    ClusterStore store;
    uint64_t id = 0;
    for (const auto& [key, value] : *table) {
      if (key.str() == "id") {
        ORRERY_RETURN_IF_ERROR(Id(value, "store.id", &id));
      } else if (key.str() == "address") {
        ORRERY_RETURN_IF_ERROR(Text(value, "store.address", &store.address));
      } else if (key.str() == "data_dir") {
        ORRERY_RETURN_IF_ERROR(Text(value, "store.data_dir", &store.data_directory));
      } else {
        return Error(value, "store." + std::string(key.str()), "unknown key");
      }
    }
    if (id == 0) return Error(node, "store.id", "is missing");
    if (store.address.empty()) return Error(node, "store.address", "is missing");
    const size_t colon = store.address.rfind(':');
    if (colon == std::string::npos || colon == 0 || colon + 1 == store.address.size()) {
      return Error(node, "store.address", "\"" + store.address + "\" is not host:port");
    }
    store.id = StoreId(id);
    if (config_.Find(store.id) != nullptr) return Error(node, "store.id", std::to_string(id) + " stands twice");
    for (const ClusterStore& other : config_.stores) {
      if (other.address == store.address) return Error(node, "store.address", store.address + " stands twice");
    }
    config_.stores.push_back(std::move(store));
    return Status::Ok();
  }

  Status Stores(const toml::node& node) {
    const toml::array* array = node.as_array();
    if (array == nullptr) return WrongType(node, "store", "an array of tables ([[store]])");
    for (const toml::node& element : *array) ORRERY_RETURN_IF_ERROR(OneStore(element));
    return Status::Ok();
  }

  Status Root(const toml::table& table) {
    for (const auto& [key, value] : table) {
      if (key.str() == "cluster_id") {
        uint64_t id = 0;
        ORRERY_RETURN_IF_ERROR(Id(value, "cluster_id", &id));
        config_.cluster = ClusterId(id);
      } else if (key.str() == "name") {
        ORRERY_RETURN_IF_ERROR(Text(value, "name", &config_.name));
      } else if (key.str() == "store") {
        ORRERY_RETURN_IF_ERROR(Stores(value));
      } else if (key.str() == "raft") {
        ORRERY_RETURN_IF_ERROR(Section(value, "raft", RaftKnobs(config_.options.region)));
      } else if (key.str() == "storage") {
        ORRERY_RETURN_IF_ERROR(Section(value, "storage", StorageKnobs(config_.options)));
      } else if (key.str() == "limits") {
        ORRERY_RETURN_IF_ERROR(Section(value, "limits", LimitKnobs(config_.options)));
      } else {
        return Error(value, key.str(), "unknown key");
      }
    }
    return CheckWhole(table);
  }

  Status CheckWhole(const toml::table& table) {
    if (!config_.cluster.valid()) return Error(table, "cluster_id", "is missing");
    if (config_.stores.empty()) return Error(table, "store", "no [[store]] is listed");
    std::sort(config_.stores.begin(), config_.stores.end(),
              [](const ClusterStore& a, const ClusterStore& b) { return a.id < b.id; });
    const Status options = config_.options.Validate();
    return options.ok() ? options : Error(table, "options", options.message());
  }

  std::string file_;
  ClusterConfig config_;
};

}  // namespace

Result<ClusterConfig> ParseClusterConfig(std::string_view text, std::string_view file) {
  return Parser(file).Parse(text);
}

}  // namespace orrery
