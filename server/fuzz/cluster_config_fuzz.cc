// libFuzzer target: cluster.toml.

#include "server/store_config.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  orrery::ParseClusterConfig(text, "cluster.toml").status().IgnoreError();
  return 0;
}
