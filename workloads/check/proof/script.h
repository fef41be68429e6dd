#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "workloads/check/history.h"

namespace orrery::check {

/// A micro-operation that carries its list itself, so that generators can change answers before a History is
/// made of them. Values are numbers; 0 is nil.
struct ScriptMicro {
  MicroKind kind = MicroKind::kRead;
  bool known = true;
  bool success = true;
  uint32_t key = 0;
  int64_t value = 0;
  int64_t expected = 0;
  std::vector<int64_t> list;
};

struct ScriptOp {
  Instant invoke = 0;
  Instant ret = kOpen;
  uint32_t process = 0;
  Outcome outcome = Outcome::kOk;
  bool stale_read = false;
  std::vector<ScriptMicro> micros;
};

/// A history in the making: operations in any order.
struct Script {
  std::vector<ScriptOp> ops;

  History Build() const;
};

/// Key number 0 is "x", 1 "y", 2 "z", others "k3"...
std::string ScriptKeyName(uint32_t key);

}  // namespace orrery::check
