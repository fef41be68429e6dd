// libFuzzer target: entries of a region's log, from bytes to state.

#include <map>

#include "raft/region/state_machine.h"
#include "runtime/base/probe.h"

namespace {

/// Remembers nothing but what a compare-and-swap may ask for.
class FuzzView final : public orrery::KvView {
 public:
  orrery::Result<std::optional<orrery::Bytes>> Get(orrery::ByteView key) override {
    const auto found = values_.find(orrery::Bytes(key));
    return found == values_.end() ? std::optional<orrery::Bytes>() : std::optional(found->second);
  }
  void Put(orrery::ByteView key, orrery::ByteView value) override { values_[orrery::Bytes(key)] = value; }
  void Delete(orrery::ByteView key) override { values_.erase(orrery::Bytes(key)); }

 private:
  std::map<orrery::Bytes, orrery::Bytes> values_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const orrery::ByteView bytes(reinterpret_cast<const char*>(data), size);
  orrery::NoProbes probes;
  orrery::KvStateMachine machine(probes);
  FuzzView view;
  for (uint64_t index = 2; index < 4; ++index) {
    machine.BeginBatch(view);
    machine.Apply(orrery::LogIndex(index), bytes).status().IgnoreError();
    machine.EndBatch();
  }
  // Whatever the entries made of the sessions can be stored and read back.
  orrery::Bytes table;
  machine.sessions().EncodeTo(table);
  orrery::SessionTable loaded;
  const orrery::Status status = loaded.DecodeFrom(table);
  ORRERY_ASSERT_THAT(status.ok(), status.ToString());
  orrery::SessionTable().DecodeFrom(bytes).IgnoreError();
  orrery::SessionTable().Replay(bytes).IgnoreError();
  return 0;
}
