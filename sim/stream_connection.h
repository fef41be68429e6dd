#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>

#include "runtime/fiber/wait_queue.h"
#include "runtime/stream.h"
#include "sim/world_core.h"

namespace orrery::sim {

class SimNode;

/// One stream between two nodes, from connecting to the end. Shared by the two ends' Stream objects and by
/// events under way. Side 0 connected, side 1 accepted.
class StreamConnection final : public std::enable_shared_from_this<StreamConnection> {
 public:
  StreamConnection(WorldCore& core, std::string name, SimNode& client, SimNode& server);
  ~StreamConnection();

  SimNode& node(int side) { return *nodes_[static_cast<size_t>(side)]; }
  const std::string& name() const { return actor_.name; }

  // The ends.
  Result<size_t> Read(int side, std::span<char> out, Deadline deadline);
  Status WriteAll(int side, ByteView data, Deadline deadline);
  Status FinishWriting(int side);
  void Close(int side);

  // The world.
  /// Both ends hear of the end; bytes under way are lost.
  void Reset();
  void OnDown(int side, CrashKind kind);
  void OnRules();

 private:
  class Pipe;
  /// What one end knows.
  struct End {
    std::string arrived;
    bool finished = false;  ///< The other side writes no more.
    bool broken = false;    ///< Reset, or the other side closed.
    bool closed = false;    ///< Closed here.
    bool wrote_end = false;
    WaitQueue readable{"stream: read"};
    WaitQueue writable{"stream: write"};
  };

  End& end(int side) { return ends_[static_cast<size_t>(side)]; }
  Pipe& pipe(int from_side) { return *pipes_[static_cast<size_t>(from_side)]; }
  /// Runs `code` as part of a turn of the boot that owns this end.
  void InTurn(int side, std::function<void()> code);
  void Break(int side, int64_t at);
  uint64_t Choose() { return core_.choices.Word(ChoiceStream::kNetwork, actor_.hash, ++drawn_); }
  int64_t Latency();

  WorldCore& core_;
  Actor& actor_;
  std::array<SimNode*, 2> nodes_;
  std::array<uint64_t, 2> boots_;
  std::array<End, 2> ends_;
  std::array<std::unique_ptr<Pipe>, 2> pipes_;
  uint64_t drawn_ = 0;
  uint64_t rules_seen_ = 0;
};

}  // namespace orrery::sim
