#include "workloads/check/register_zones.h"

#include <algorithm>
#include <limits>

#include "workloads/check/flat_index.h"

namespace orrery::check {

namespace {

constexpr Instant kBeforeAll = std::numeric_limits<Instant>::min();

/// The write and the reads of one value.
struct Cluster {
  OpIndex write = kNoOp;
  bool is_initial = false;
  uint32_t reads = 0;
  Instant first_return = kOpen;  // minimum over the cluster
  OpIndex first_returning = kNoOp;
  Instant last_invoke = kBeforeAll;  // maximum over the cluster
  OpIndex last_invoked = kNoOp;

  void Cover(OpIndex op, Instant invoke, Instant ret) {
    if (ret < first_return) {
      first_return = ret;
      first_returning = op;
    }
    last_invoke = invoke;  // operations come by invocation
    last_invoked = op;
  }
  bool forward() const { return first_return < last_invoke; }
};

class Zones {
 public:
  Zones(const History& history, std::span<const OpIndex> ops, Value initial)
      : history_(history), ops_(ops), initial_(initial), index_(ops.size() / 2) {}

  std::optional<ZoneAnswer> Decide() {
    if (!Gather()) return std::nullopt;
    ZoneAnswer answer;
    if (FindBadRead(answer)) return answer;
    FindOverlap(answer);
    return answer;
  }

 private:
  Cluster& ClusterOf(Value value) {
    const uint32_t n = index_.FindOrAdd(value.code());
    clusters_.resize(index_.size());
    return clusters_[n];
  }

  bool Gather() {
    Cluster& start = ClusterOf(initial_);
    start.is_initial = true;
    start.Cover(kNoOp, kBeforeAll, kBeforeAll);
    for (OpIndex op : ops_) {
      const Operation& operation = history_.operation(op);
      if (operation.micro_count != 1) return false;  // and only such operations tie keys together
      const MicroOp& micro = history_.micros(op)[0];
      if (micro.kind == MicroKind::kCas || !micro.known) return false;
      Cluster& cluster = ClusterOf(micro.value);
      if (micro.kind == MicroKind::kWrite) {
        if (cluster.is_initial || cluster.write != kNoOp) return false;
        cluster.write = op;
      } else {
        ++cluster.reads;
      }
      cluster.Cover(op, operation.invoke, operation.ret);
    }
    return true;
  }

  /// A read of a value nobody wrote, or that returned before its write was invoked.
  bool FindBadRead(ZoneAnswer& answer) {
    for (OpIndex op : ops_) {
      const MicroOp& micro = history_.micros(op)[0];
      const Cluster& cluster = clusters_[index_.Find(micro.value.code())];
      if (cluster.is_initial) continue;
      if (cluster.write == kNoOp) {
        answer.conflict = {op};
        answer.garbage = !micro.value.is_nil();
        return true;
      }
      if (history_.operation(op).ret < history_.operation(cluster.write).invoke) {
        answer.conflict = {op, cluster.write};
        return true;
      }
    }
    return false;
  }

  /// An open write that nobody read never returns, so its zone lies in no other: it need not happen.
  void FindOverlap(ZoneAnswer& answer) {
    std::vector<const Cluster*> forward;
    for (const Cluster& cluster : clusters_) {
      if (cluster.forward()) forward.push_back(&cluster);
    }
    std::sort(forward.begin(), forward.end(),
              [](const Cluster* a, const Cluster* b) { return a->first_return < b->first_return; });
    for (size_t i = 1; i < forward.size(); ++i) {
      if (forward[i]->first_return < forward[i - 1]->last_invoke) return Conflict(*forward[i - 1], *forward[i], answer);
    }
    for (const Cluster& cluster : clusters_) {
      if (cluster.forward()) continue;
      // The last forward zone that starts before this backward zone does: the only one that may enclose it.
      auto after = std::lower_bound(forward.begin(), forward.end(), cluster.last_invoke,
                                    [](const Cluster* a, Instant at) { return a->first_return < at; });
      if (after == forward.begin()) continue;
      const Cluster& around = **(after - 1);
      if (cluster.first_return < around.last_invoke) return Conflict(around, cluster, answer);
    }
  }

  void Conflict(const Cluster& a, const Cluster& b, ZoneAnswer& answer) {
    for (const Cluster* cluster : {&a, &b}) {
      for (OpIndex op : {cluster->write, cluster->first_returning, cluster->last_invoked}) {
        if (op != kNoOp) answer.conflict.push_back(op);
      }
    }
    std::sort(answer.conflict.begin(), answer.conflict.end());
    answer.conflict.erase(std::unique(answer.conflict.begin(), answer.conflict.end()), answer.conflict.end());
  }

  const History& history_;
  std::span<const OpIndex> ops_;
  Value initial_;
  FlatIndex index_;
  std::vector<Cluster> clusters_;
};

}  // namespace

std::optional<ZoneAnswer> CheckZones(const History& history, std::span<const OpIndex> ops, Value initial) {
  return Zones(history, ops, initial).Decide();
}

}  // namespace orrery::check
