// libFuzzer target: capsules. What is read must be written and read to the same again.

#include <cstddef>
#include <cstdint>

#include "faults/capsule/capsule.h"
#include "runtime/base/assert.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using orrery::faults::Capsule;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const orrery::Result<Capsule> capsule = orrery::faults::ParseCapsule(text, "fuzz.toml");
  if (!capsule.ok()) return 0;
  const orrery::Status valid = capsule->Validate();
  ORRERY_ASSERT_THAT(valid.ok(), valid.ToString());
  const std::string written = orrery::faults::FormatCapsule(*capsule);
  const orrery::Result<Capsule> again = orrery::faults::ParseCapsule(written, "written.toml");
  ORRERY_ASSERT_THAT(again.ok(), again.status().ToString());
  ORRERY_ASSERT(orrery::faults::FormatCapsule(*again) == written);
  return 0;
}
