#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "runtime/base/bytes.h"
#include "runtime/base/ids.h"

namespace orrery {

class Disk;

/// Whose data directory this is: a small file written durably once, before anything else, and never changed.
struct StoreIdent {
  std::string cluster;  ///< Cluster id. Up to 255 bytes, not empty.
  StoreId store;
  Incarnation incarnation;
  uint32_t format = 1;

  friend bool operator==(const StoreIdent&, const StoreIdent&) = default;
};

constexpr char kStoreIdentFile[] = "IDENT";

Bytes EncodeStoreIdent(const StoreIdent& ident);
/// kCorruption, kVersionMismatch (a newer format).
Result<StoreIdent> DecodeStoreIdent(ByteView bytes);

/// Empty if there is no identity file. kCorruption if it is rotten. Blocking, like every use of Disk.
Result<std::optional<StoreIdent>> ReadStoreIdent(Disk& disk);
/// Writes it durably. kAlreadyExists if there is one, whatever it says. Blocking.
Status WriteStoreIdent(Disk& disk, const StoreIdent& ident);
/// kWrongTarget, naming both, if `found` is another cluster, store or incarnation than `expected`. An invalid
/// (zero) incarnation in `expected` matches any.
Status CheckStoreIdent(const StoreIdent& found, const StoreIdent& expected);

}  // namespace orrery
