// libFuzzer: any bytes are a history or an error that names its line; what is read can be written, read again
// and judged.
#include <cstddef>
#include <cstdint>
#include <sstream>
#include <string_view>

#include "runtime/base/assert.h"
#include "workloads/check/fuzz/judge_all.h"
#include "workloads/check/history_json.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using orrery::check::ReadJsonHistory;
  const auto history = ReadJsonHistory(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!history.ok()) {
    ORRERY_ASSERT(history.status().message().starts_with("line "));
    return 0;
  }
  std::ostringstream out;
  orrery::check::WriteJsonHistory(*history, out);
  const auto again = ReadJsonHistory(out.str());
  ORRERY_ASSERT_THAT(again.ok(), again.status().ToString());
  ORRERY_ASSERT(again->size() == history->size());
  orrery::check::JudgeAll(*history);
  return 0;
}
