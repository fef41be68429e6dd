#define TOML_EXCEPTIONS 0
#define TOML_HEADER_ONLY 1
#include "server/toml_library.h"
// The library first: with its options above.
#include <algorithm>
#include <limits>

#include "server/config_knobs.h"

namespace orrery {
namespace {

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

  Status Set(const toml::node& node, const ConfigKnob& knob) const {
    if (knob.target.is_flag()) {
      const auto* value = node.as_boolean();
      if (value == nullptr) return WrongType(node, knob.key, "true or false");
      knob.target.Set(value->get() ? 1 : 0);
      return Status::Ok();
    }
    const auto* number = node.as_integer();
    if (number == nullptr) return WrongType(node, knob.key, "an integer");
    const int64_t value = number->get();
    if (value < 0 || static_cast<uint64_t>(value) < knob.low || static_cast<uint64_t>(value) > knob.high) {
      return Error(node, knob.key,
                   "is " + std::to_string(value) + ", allowed is " + std::to_string(knob.low) + " to " +
                       std::to_string(knob.high) + (knob.unit.empty() ? "" : " " + std::string(knob.unit)));
    }
    knob.target.Set(static_cast<uint64_t>(value));
    return Status::Ok();
  }

  const ConfigKnob* FindKnob(std::string_view key) const {
    const auto found = std::find_if(knobs_.begin(), knobs_.end(), [&](const ConfigKnob& k) { return k.key == key; });
    return found == knobs_.end() ? nullptr : &*found;
  }

  Status Section(const toml::node& node, std::string_view name) const {
    const toml::table* table = node.as_table();
    if (table == nullptr) return WrongType(node, name, "a table");
    for (const auto& [key, value] : *table) {
      const std::string path = std::string(name) + "." + std::string(key.str());
      const ConfigKnob* const knob = FindKnob(path);
      if (knob == nullptr) return Error(value, path, "unknown key");
      ORRERY_RETURN_IF_ERROR(Set(value, *knob));
    }
    return Status::Ok();
  }

  Status CheckAddress(const toml::node& node, const std::string& address) const {
    const size_t colon = address.rfind(':');
    if (colon == std::string::npos || colon == 0 || colon + 1 == address.size()) {
      return Error(node, "store.address", "\"" + address + "\" is not host:port");
    }
    const std::string port = address.substr(colon + 1);
    const bool digits = port.find_first_not_of("0123456789") == std::string::npos && port.size() <= 5;
    if (!digits || std::stoul(port) < 1 || std::stoul(port) > std::numeric_limits<uint16_t>::max()) {
      return Error(node, "store.address", "\"" + address + "\": the port must be a number from 1 to 65535");
    }
    for (const ClusterStore& other : config_.stores) {
      if (other.address == address) return Error(node, "store.address", address + " stands twice");
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
    store.id = StoreId(id);
    if (config_.Find(store.id) != nullptr) {
      return Error(*table->get("id"), "store.id", std::to_string(id) + " stands twice");
    }
    ORRERY_RETURN_IF_ERROR(CheckAddress(*table->get("address"), store.address));
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
      } else if (key.str() == "raft" || key.str() == "storage" || key.str() == "limits") {
        ORRERY_RETURN_IF_ERROR(Section(value, key.str()));
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
    for (const ConfigKnob& knob : knobs_) ORRERY_RETURN_IF_ERROR(CheckBound(table, knob));
    const Status options = config_.options.Validate();
    return options.ok() ? options : Error(table, "options", options.message());
  }

  /// Against the other key that bounds it. Named is the one of the two that stands in the file.
  Status CheckBound(const toml::table& table, const ConfigKnob& knob) const {
    if (knob.bound.key.empty()) return Status::Ok();
    const ConfigKnob* const other = FindKnob(knob.bound.key);
    const uint64_t value = knob.target.Get();
    const uint64_t bound = other->target.Get() + static_cast<uint64_t>(knob.bound.offset);
    if (knob.bound.is_limit ? value <= bound : value >= bound) return Status::Ok();
    const std::string words = "must be at " + std::string(knob.bound.is_limit ? "most " : "least ") +
                              std::to_string(bound) + " while " + std::string(other->key) + " is " +
                              std::to_string(other->target.Get());
    if (const auto own = table.at_path(knob.key)) {
      return Error(*own.node(), knob.key, "is " + std::to_string(value) + ", " + words);
    }
    const auto theirs = table.at_path(other->key);
    return Error(theirs ? *theirs.node() : table, other->key,
                 std::string(knob.key) + " is " + std::to_string(value) + ", " + words);
  }

  std::string file_;
  ClusterConfig config_;
  const std::vector<ConfigKnob> knobs_ = ConfigKnobs(config_.options);
};

}  // namespace

Result<ClusterConfig> ParseClusterConfig(std::string_view text, std::string_view file) {
  return Parser(file).Parse(text);
}

}  // namespace orrery
