#include "sim/stream_connection.h"

#include <algorithm>

#include "sim/node_boot.h"
#include "sim/sim_network.h"
#include "sim/sim_node.h"

namespace orrery::sim {
namespace {
/// What may be under way or unread before a writer waits.
constexpr size_t kWindowBytes = size_t{64} << 10;
constexpr size_t kPieceBytes = size_t{16} << 10;
}  // namespace

/// Bytes from one end to the other, in order.
class StreamConnection::Pipe final : public Event {
 public:
  Pipe(StreamConnection& connection, int from_side) : connection_(connection), from_side_(from_side) {}
  ~Pipe() override { connection_.core_.queue.Cancel(this); }

  struct Piece {
    std::string bytes;
    bool end = false;   ///< No more bytes follow.
    bool hard = false;  ///< And the sender does not read any more.
    int64_t due = 0;
  };

  void Push(Piece piece) {
    WorldCore& core = connection_.core_;
    const int64_t sent_at = connection_.node(from_side_).turn_now();
    piece.due = last_due_ = std::max(last_due_ + 1, sent_at + connection_.Latency());
    bytes_ += piece.bytes.size();
    pieces_.push_back(std::move(piece));
    if (!queued()) Arm(core);
  }
  void Arm(WorldCore& core) {
    if (queued() || pieces_.empty() || Blocked(core)) return;
    core.Schedule(this, connection_.actor_, std::max(core.now(), pieces_.front().due));
  }
  void Drop() {
    connection_.core_.queue.Cancel(this);
    pieces_.clear();
    bytes_ = 0;
  }
  void Fire() override {
    WorldCore& core = connection_.core_;
    if (Blocked(core) || pieces_.empty()) return;
    Piece piece = std::move(pieces_.front());
    pieces_.pop_front();
    bytes_ -= piece.bytes.size();
    if (!pieces_.empty()) pieces_.front().due = std::max(pieces_.front().due, core.now() + 1);
    Arm(core);
    Hand(std::move(piece));
  }
  size_t bytes() const { return bytes_; }

 private:
  bool Blocked(const WorldCore& core) const {
    return core.network->Blocked(connection_.node(from_side_).id(), connection_.node(1 - from_side_).id());
  }
  void Hand(Piece piece) {
    StreamConnection* connection = &connection_;
    const int to = 1 - from_side_;
    connection_.InTurn(to, [connection, to, piece = std::move(piece)] {
      End& end = connection->end(to);
      if (end.closed) return;
      WorldCore& core = connection->core_;
      core.Record(EventKind::kStream, connection->actor_,
                  HashCombine(Hash64(piece.bytes), static_cast<uint64_t>(to * 4 + piece.end * 2 + piece.hard)));
      core.last_activity = core.now();
      if (core.tracing()) {
        core.TraceEvent(EventKind::kStream, connection->actor_,
                        fmt::format("{} bytes to {}{}", piece.bytes.size(), connection->node(to).actor().name,
                                    piece.end ? ", end" : ""));
      }
      end.arrived += piece.bytes;
      end.finished = end.finished || piece.end;
      end.broken = end.broken || piece.hard;
      end.readable.NotifyAll();
      if (piece.hard) end.writable.NotifyAll();
    });
  }

  StreamConnection& connection_;
  const int from_side_;
  std::deque<Piece> pieces_;
  size_t bytes_ = 0;
  int64_t last_due_ = 0;
};

StreamConnection::StreamConnection(WorldCore& core, std::string name, SimNode& client, SimNode& server)
    : core_(core),
      actor_(core.ActorOf(name)),
      nodes_{&client, &server},
      boots_{client.boots(), server.boots()},
      pipes_{std::make_unique<Pipe>(*this, 0), std::make_unique<Pipe>(*this, 1)} {}

StreamConnection::~StreamConnection() = default;

int64_t StreamConnection::Latency() {
  const NetworkOptions& options = core_.options.network;
  if (core_.choices.calm(ChoiceStream::kNetwork)) return options.latency_min.count();
  const auto spread = static_cast<uint64_t>(options.latency_spread.count());
  return options.latency_min.count() + static_cast<int64_t>(Choices::Scale(Choose(), spread));
}

void StreamConnection::InTurn(int side, std::function<void()> code) {
  SimNode& owner = node(side);
  if (!owner.up() || owner.boots() != boots_[static_cast<size_t>(side)]) return;
  owner.Deliver([keep = shared_from_this(), code = std::move(code)] { code(); });
}

Result<size_t> StreamConnection::Read(int side, std::span<char> out, Deadline deadline) {
  End& me = end(side);
  const auto keep = shared_from_this();
  while (!me.closed && me.arrived.empty() && !me.finished && !me.broken) {
    if (!me.readable.WaitUntil(deadline) && me.arrived.empty() && !me.finished && !me.broken && !me.closed)
      return Status(StatusCode::kTimeout, "stream: nothing to read before the deadline");
  }
  if (me.closed) return Status(StatusCode::kClosed, "stream closed");
  if (me.arrived.empty() && me.finished) return size_t{0};
  if (me.arrived.empty()) return Status(StatusCode::kClosed, "stream reset");
  size_t size = std::min(out.size(), me.arrived.size());
  const uint64_t word = Choose();
  const bool calm = core_.choices.calm(ChoiceStream::kNetwork);
  if (size > 1 && !calm && (word & 3) == 0) size = 1 + Choices::Scale(Mix64(word), size);
  size = std::min(size, out.size());
  std::copy_n(me.arrived.data(), size, out.data());
  me.arrived.erase(0, size);
  const int writer = 1 - side;
  const int64_t heard = node(side).turn_now() + Latency();
  core_.After(actor_, heard,
              [this, keep, writer] { InTurn(writer, [this, writer] { end(writer).writable.NotifyAll(); }); });
  return size;
}

Status StreamConnection::WriteAll(int side, ByteView data, Deadline deadline) {
  End& me = end(side);
  const auto keep = shared_from_this();
  ORRERY_ASSERT(!me.wrote_end);
  while (!data.empty()) {
    while (!me.closed && !me.broken && pipe(side).bytes() + end(1 - side).arrived.size() >= kWindowBytes) {
      if (!me.writable.WaitUntil(deadline) && pipe(side).bytes() + end(1 - side).arrived.size() >= kWindowBytes &&
          !me.closed && !me.broken)
        return Status(StatusCode::kTimeout, "stream: the other side does not read");
    }
    if (me.closed || me.broken) return Status(StatusCode::kClosed, me.closed ? "stream closed" : "stream reset");
    const size_t size = std::min(data.size(), kPieceBytes);
    pipe(side).Push({.bytes = std::string(data.substr(0, size))});
    data.remove_prefix(size);
  }
  return Status::Ok();
}

Status StreamConnection::FinishWriting(int side) {
  End& me = end(side);
  if (me.closed || me.broken) return Status(StatusCode::kClosed, "stream closed");
  if (!me.wrote_end) pipe(side).Push({.end = true});
  me.wrote_end = true;
  return Status::Ok();
}

void StreamConnection::Close(int side) {
  End& me = end(side);
  if (me.closed) return;
  me.closed = true;
  me.arrived.clear();
  SimNode& owner = node(side);
  const bool alive = owner.up() && owner.boots() == boots_[static_cast<size_t>(side)] && !owner.boot()->fenced();
  if (alive && !me.broken) pipe(side).Push({.end = true, .hard = true});
  me.readable.NotifyAll();
  me.writable.NotifyAll();
}

void StreamConnection::Break(int side, int64_t at) {
  core_.After(actor_, at, [this, keep = shared_from_this(), side] {
    pipe(1 - side).Drop();
    InTurn(side, [this, side] {
      End& me = end(side);
      if (me.closed || me.broken) return;
      core_.Record(EventKind::kStream, actor_, HashCombine(Hash64("reset"), static_cast<uint64_t>(side)));
      core_.TraceEvent(EventKind::kStream, actor_, "reset");
      me.broken = true;
      me.readable.NotifyAll();
      me.writable.NotifyAll();
    });
  });
}

void StreamConnection::Reset() {
  Break(0, core_.now() + Latency());
  Break(1, core_.now() + Latency());
}

void StreamConnection::OnDown(int side, CrashKind kind) {
  pipe(1 - side).Drop();
  const int64_t silence = core_.options.network.silence_max.count();
  Break(1 - side, core_.now() + (kind == CrashKind::kPowerLoss ? silence : Latency()));
}

void StreamConnection::OnRules() {
  pipe(0).Arm(core_);
  pipe(1).Arm(core_);
  const uint64_t seen = ++rules_seen_;
  const auto cut = [this] {
    return core_.network->Partitioned(node(0).id(), node(1).id()) ||
           core_.network->Partitioned(node(1).id(), node(0).id());
  };
  if (!cut()) return;
  core_.After(actor_, core_.now() + core_.options.network.silence_max.count(),
              [this, keep = shared_from_this(), seen, cut] {
                if (seen == rules_seen_ && cut()) Reset();
              });
}

}  // namespace orrery::sim
