// libFuzzer target: scenario files.

#include <cstddef>
#include <cstdint>

#include "faults/scenario.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  orrery::faults::ParseScenario(text, "fuzz.toml").status().IgnoreError();
  return 0;
}
