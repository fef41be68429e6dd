#include "raft/region/state_hash.h"

#include "runtime/base/random.h"

namespace orrery {

Result<StateHash> HashRegionState(EngineSnapshot& snapshot, const KeyRange& data, ByteView extras) {
  StateHash state{.hash = Hash64(extras)};
  const std::unique_ptr<EngineIterator> row = snapshot.NewIterator(data);
  for (row->SeekToFirst(); row->Valid(); row->Next()) {
    for (const ByteView part : {row->key(), row->value()}) {
      const uint64_t hash = Hash64(part);
      state.hash = HashCombine(state.hash, hash);
      state.pairs_hash = HashCombine(state.pairs_hash, hash);
    }
    ++state.pairs;
  }
  ORRERY_RETURN_IF_ERROR(row->status());
  state.hash = HashCombine(state.hash, state.pairs);
  return state;
}

}  // namespace orrery
