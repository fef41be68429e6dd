// libFuzzer: any bytes are a history or an error that names its line.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "runtime/base/assert.h"
#include "workloads/check/fuzz/judge_all.h"
#include "workloads/check/history_edn.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto history = orrery::check::ReadEdnHistory(std::string_view(reinterpret_cast<const char*>(data), size));
  if (history.ok()) {
    orrery::check::JudgeAll(*history);
  } else {
    ORRERY_ASSERT(history.status().message().starts_with("line "));
  }
  return 0;
}
