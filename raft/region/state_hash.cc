#include "raft/region/state_hash.h"

#include "runtime/base/random.h"

namespace orrery {

Result<StateHash> HashRegionState(EngineSnapshot& snapshot, const KeyRange& data, ByteView extras) {
  StateHash state{.hash = Hash64(extras)};
  const std::unique_ptr<EngineIterator> row = snapshot.NewIterator(data);
  for (row->SeekToFirst(); row->Valid(); row->Next()) {
    state.hash = HashCombine(state.hash, Hash64(row->key()));
    state.hash = HashCombine(state.hash, Hash64(row->value()));
    ++state.pairs;
  }
  ORRERY_RETURN_IF_ERROR(row->status());
  state.hash = HashCombine(state.hash, state.pairs);
  return state;
}

}  // namespace orrery
