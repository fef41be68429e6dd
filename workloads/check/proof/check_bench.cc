// orrery-check-bench: how fast the checkers are, on fixed healthy histories and on hard ones. One core,
// processor time; making the histories is not counted.
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <ctime>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "runtime/base/random.h"
#include "workloads/check/isolation.h"
#include "workloads/check/linearizability.h"

namespace orrery::check {
namespace {

constexpr uint32_t kClients = 32;
constexpr double kUnknown = 0.01;

/// Drives clients so that each operation takes effect at a random instant between invocation and return.
class Clients {
 public:
  using Effect = std::function<void(std::vector<MicroOp>&)>;
  Clients(History& history, Random random) : history_(history), random_(random), clients_(kClients) {}

  void Run(uint64_t operations, const std::function<void(Random&, std::vector<MicroOp>&)>& ask, const Effect& happen) {
    uint64_t started = 0;
    uint32_t busy = 0;
    while (started < operations || busy > 0) {
      Client& client = clients_[random_.Below(clients_.size())];
      if (client.phase == 0) {
        if (started == operations) continue;
        ++started;
        ++busy;
        client.micros.clear();
        ask(random_, client.micros);
        client.op = history_.Invoke(static_cast<uint32_t>(&client - clients_.data()), client.micros);
        client.unknown = random_.Chance(kUnknown);
        client.phase = 1;
      } else if (client.phase == 1) {
        if (!client.unknown || random_.Chance(0.5)) happen(client.micros);
        client.phase = 2;
      } else {
        if (client.unknown) {
          history_.Complete(client.op, Outcome::kUnknown);
        } else {
          history_.Complete(client.op, Outcome::kOk, client.micros);
        }
        client.phase = 0;
        --busy;
      }
    }
  }

 private:
  struct Client {
    int phase = 0;
    bool unknown = false;
    OpIndex op = 0;
    std::vector<MicroOp> micros;
  };
  History& history_;
  Random random_;
  std::vector<Client> clients_;
};

/// At most 4 micro-operations, half of them appends, at most 100 appends a key, 10 keys in use.
History ListAppendHistory(uint64_t txns) {
  History history;
  std::vector<uint32_t> active;
  std::vector<uint32_t> asked;
  std::vector<std::vector<Value>> lists;
  for (uint32_t i = 0; i < 10; ++i) active.push_back(i);
  lists.resize(10);
  asked.resize(10, 0);
  const auto ask = [&](Random& random, std::vector<MicroOp>& micros) {
    const uint64_t count = 1 + random.Below(4);
    for (uint64_t i = 0; i < count; ++i) {
      const uint64_t slot = random.Below(active.size());
      const uint32_t key = active[slot];
      if (random.Chance(0.5)) {
        micros.push_back({.kind = MicroKind::kRead, .key = Value::Small(key)});
        continue;
      }
      micros.push_back(Append(Value::Small(key), Value::Small(++asked[key])));
      if (asked[key] < 100) continue;
      active[slot] = static_cast<uint32_t>(lists.size());
      lists.emplace_back();
      asked.push_back(0);
    }
  };
  const auto happen = [&](std::vector<MicroOp>& micros) {
    for (MicroOp& micro : micros) {
      std::vector<Value>& list = lists[static_cast<size_t>(micro.key.small())];
      if (micro.kind == MicroKind::kAppend) {
        list.push_back(micro.value);
      } else {
        micro = history.ListRead(micro.key, list);
      }
    }
  };
  Clients(history, Random(1).Split("list-append")).Run(txns, ask, happen);
  return history;
}

History RwRegisterHistory(uint64_t txns) {
  History history;
  std::vector<Value> registers(100000);
  int64_t fresh = 0;
  const auto ask = [&](Random& random, std::vector<MicroOp>& micros) {
    const uint64_t count = 1 + random.Below(2);
    for (uint64_t i = 0; i < count; ++i) {
      const Value key = Value::Small(static_cast<int64_t>(random.Below(registers.size())));
      micros.push_back(Read(key));
      if (random.Chance(0.5)) micros.push_back(Write(key, Value::Small(++fresh)));
    }
  };
  const auto happen = [&](std::vector<MicroOp>& micros) {
    for (MicroOp& micro : micros) {
      Value& now = registers[static_cast<size_t>(micro.key.small())];
      if (micro.kind == MicroKind::kRead) micro = Read(micro.key, now);
      if (micro.kind == MicroKind::kWrite) now = micro.value;
    }
  };
  Clients(history, Random(1).Split("rw-register")).Run(txns, ask, happen);
  return history;
}

History RegisterHistory(uint64_t operations, uint32_t keys, bool cas) {
  History history;
  std::vector<Value> registers(keys);
  int64_t fresh = 0;
  const auto ask = [&](Random& random, std::vector<MicroOp>& micros) {
    const Value key = Value::Small(static_cast<int64_t>(random.Below(keys)));
    const uint64_t dice = random.Below(10);
    if (dice < 5) {
      micros.push_back(Read(key));
    } else if (cas && dice < 8) {
      const Value expected = Value::Small(static_cast<int64_t>(random.Below(5)));
      micros.push_back(Cas(key, expected, Value::Small(static_cast<int64_t>(random.Below(5)))));
    } else {
      micros.push_back(Write(key, Value::Small(cas ? static_cast<int64_t>(random.Below(5)) : ++fresh)));
    }
  };
  const auto happen = [&](std::vector<MicroOp>& micros) {
    MicroOp& micro = micros[0];
    Value& now = registers[static_cast<size_t>(micro.key.small())];
    if (micro.kind == MicroKind::kRead) micro.value = now;
    if (micro.kind == MicroKind::kWrite) now = micro.value;
    if (micro.kind != MicroKind::kCas) return;
    micro.success = now == micro.expected;
    if (micro.success) now = micro.value;
  };
  Clients(history, Random(1).Split("register")).Run(operations, ask, happen);
  return history;
}

/// 30 operations at once on one key, then reads in a row that no order of the writes explains: every subset
/// of the writes may have happened when the first read is answered.
History WorstCase(bool cas, bool broken) {
  History history;
  const Value key = Value::Small(0);
  std::vector<OpIndex> ops;
  constexpr int64_t kWrites = 28;
  for (int64_t i = 0; i < kWrites; ++i) {
    const Value value = Value::Small(cas ? i % 7 : i);
    const MicroOp micro = cas && i % 2 == 1 ? Cas(key, Value::Small((i + 3) % 7), value) : Write(key, value);
    ops.push_back(history.Invoke(static_cast<uint32_t>(i), {micro}));
  }
  const auto look = [&](int64_t value) {
    const OpIndex op = history.Invoke(99, {Read(key)});
    history.Complete(op, Outcome::kOk, {Read(key, Value::Small(value))});
  };
  look(3);
  look(4);
  if (broken) look(1000);
  for (OpIndex op : ops) {
    const MicroOp micro = history.micros(op)[0];
    history.Complete(op, Outcome::kOk, {micro.kind == MicroKind::kCas ? Cas(key, micro.expected, micro.value) : micro});
  }
  return history;
}

/// Every value is written by several of 30 operations at once; afterwards each value is read once more than
/// it was written. No read is garbage; only counting shows the error, and search must try all subsets.
History WorstCount() {
  History history;
  const Value key = Value::Small(0);
  std::vector<OpIndex> ops;
  for (int64_t i = 0; i < 30; ++i) {
    ops.push_back(history.Invoke(static_cast<uint32_t>(i), {Write(key, Value::Small(i % 15))}));
  }
  for (int round = 0; round < 3; ++round) {
    for (int64_t value = 0; value < 15; ++value) {
      const OpIndex op = history.Invoke(99, {Read(key)});
      history.Complete(op, Outcome::kOk, {Read(key, Value::Small(value))});
    }
  }
  for (OpIndex op : ops) history.Complete(op, Outcome::kOk);
  return history;
}

/// Processor time of this one thread, so that a busy machine does not matter.
double Seconds(const std::function<void()>& work) {
  const std::clock_t begin = std::clock();
  work();
  return static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
}

double Median(uint32_t runs, const std::function<void()>& work) {
  std::vector<double> seconds;
  for (uint32_t i = 0; i < runs; ++i) seconds.push_back(Seconds(work));
  std::sort(seconds.begin(), seconds.end());
  return seconds[seconds.size() / 2];
}

/// One figure, and what it must reach.
struct Figure {
  std::string history;
  std::string verdict;
  uint64_t operations = 0;
  double seconds = 0;  ///< Median processor time of one check.
  uint64_t steps = 0;
  double checker_bytes = 0;
  double history_bytes = 0;
  std::string undecided_reason;
  bool healthy = true;              ///< The verdict has to be "holds".
  double floor_per_second = 0;      ///< 0: no floor.
  double ceiling_seconds = 0;       ///< 0: no ceiling.
  double ceiling_bytes = 0;         ///< Of the checker; 0: no ceiling.
  double ceiling_bytes_per_op = 0;  ///< Of checker and history; 0: no ceiling.

  double per_second() const { return static_cast<double>(operations) / seconds; }
  double bytes_per_op() const { return (checker_bytes + history_bytes) / static_cast<double>(operations); }
  bool reached() const {
    return (!healthy || verdict == "holds") && (floor_per_second == 0 || per_second() >= floor_per_second) &&
           (ceiling_seconds == 0 || seconds <= ceiling_seconds) &&
           (ceiling_bytes == 0 || checker_bytes <= ceiling_bytes) &&
           (ceiling_bytes_per_op == 0 || bytes_per_op() <= ceiling_bytes_per_op);
  }
};

void Print(const Figure& f) {
  std::printf("%s: %s, %.0f/s (%.3f CPU s), checker %.1f MiB, history %.1f MiB, %.0f bytes each%s%s%s\n",
              f.history.c_str(), f.verdict.c_str(), f.per_second(), f.seconds, f.checker_bytes / (1 << 20),
              f.history_bytes / (1 << 20), f.bytes_per_op(), f.undecided_reason.empty() ? "" : "; ",
              f.undecided_reason.c_str(), f.reached() ? "" : "  BELOW ITS FLOOR");
  std::fflush(stdout);
}

nlohmann::json ToJson(const Figure& f) {
  return {{"history", f.history},
          {"verdict", f.verdict},
          {"operations", f.operations},
          {"cpu_seconds", f.seconds},
          {"per_second", f.per_second()},
          {"steps", f.steps},
          {"checker_bytes", f.checker_bytes},
          {"history_bytes", f.history_bytes},
          {"bytes_per_operation", f.bytes_per_op()},
          {"undecided_reason", f.undecided_reason},
          {"reached", f.reached()}};
}

/// Runs the checks and keeps the figures.
class Bench {
 public:
  Bench(uint32_t runs, bool quiet) : runs_(runs), quiet_(quiet) {}

  void Txns(const std::string& name, const History& history, TxnModel model, double floor_per_second) {
    for (IsolationLevel level :
         {IsolationLevel::kSnapshotIsolation, IsolationLevel::kSerializable, IsolationLevel::kStrictSerializable}) {
      Figure figure{.history = name + " " + std::string(IsolationLevelName(level)),
                    .floor_per_second = floor_per_second};
      if (floor_per_second > 0) figure.ceiling_bytes_per_op = 2048;
      Keep(std::move(figure), history, runs_, [&] { return CheckIsolation(history, model, {.level = level}).value(); });
    }
  }

  void Registers(const std::string& name, const History& history, bool zones, double floor_per_second) {
    Linear({.history = name, .floor_per_second = floor_per_second}, history, zones, runs_);
  }

  void WorstCase(const std::string& name, const History& history, bool zones) {
    Linear({.history = "worst case, 30 at once, " + name,
            .healthy = false,
            .ceiling_seconds = 10,
            .ceiling_bytes = 1 << 30},
           history, zones, 1);
  }

  const std::vector<Figure>& figures() const { return figures_; }

 private:
  void Linear(Figure figure, const History& history, bool zones, uint32_t runs) {
    LinearizabilityOptions options;
    options.zones = zones;
    const auto spec = RegisterModel();
    Keep(std::move(figure), history, runs, [&] { return CheckLinearizability(history, *spec, options).value(); });
  }

  void Keep(Figure figure, const History& history, uint32_t runs, const std::function<CheckReport()>& check) {
    CheckReport report;
    figure.seconds = Median(runs, [&] { report = check(); });
    figure.verdict = VerdictName(report.verdict);
    figure.operations = history.size();
    figure.steps = report.stats.steps;
    figure.checker_bytes = static_cast<double>(report.stats.memory_bytes);
    figure.history_bytes = static_cast<double>(history.MemoryBytes());
    figure.undecided_reason = report.undecided_reason;
    if (!quiet_) Print(figure);
    figures_.push_back(std::move(figure));
  }

  uint32_t runs_;
  bool quiet_;
  std::vector<Figure> figures_;
};

struct Arguments {
  uint64_t size = 1'000'000;
  uint32_t runs = 5;
  bool json = false;
  bool floors = false;
  bool worst = true;
};

int Measure(const Arguments& arguments) {
  Bench bench(arguments.runs, arguments.json);
  const uint64_t size = arguments.size;
  bench.Txns("list-append", ListAppendHistory(size), TxnModel::kListAppend, 200'000);
  bench.Txns("rw-register", RwRegisterHistory(size), TxnModel::kRwRegister, 0);
  bench.Registers("register (zones)", RegisterHistory(size, 1000, false), true, 1'000'000);
  bench.Registers("register (search)", RegisterHistory(size, 1000, false), false, 1'000'000);
  bench.Registers("cas-register (search)", RegisterHistory(size, 1000, true), false, 1'000'000);
  bench.Registers("register, one key (zones)", RegisterHistory(size, 1, false), true, 0);
  if (arguments.worst) {
    bench.WorstCase("register (zones)", WorstCase(false, true), true);
    bench.WorstCase("register (search)", WorstCase(false, true), false);
    bench.WorstCase("cas-register, possible", WorstCase(true, false), false);
    bench.WorstCase("cas-register, impossible", WorstCase(true, true), false);
    bench.WorstCase("writes that only counting refutes", WorstCount(), false);
  }
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  nlohmann::json rows = nlohmann::json::array();
  bool reached = true;
  for (const Figure& figure : bench.figures()) {
    rows.push_back(ToJson(figure));
    reached = reached && figure.reached();
  }
  if (arguments.json) {
    std::printf("%s\n", nlohmann::json({{"figures", rows}, {"peak_resident_kib", usage.ru_maxrss}}).dump().c_str());
  } else {
    std::printf("peak resident memory of all this: %.2f GiB\n", static_cast<double>(usage.ru_maxrss) / (1 << 20));
  }
  return arguments.floors && !reached ? 10 : 0;
}

int Main(int argc, char** argv) {
  Arguments arguments;
  CLI::App app{"Measures the checkers on fixed histories: one core, processor time, making the histories not counted."};
  app.add_option("--size", arguments.size, "Transactions and operations per history")
      ->check(CLI::Range(1000, 10000000));
  app.add_option("--runs", arguments.runs, "Runs per figure; the median is told")->check(CLI::Range(1, 1000));
  app.add_flag("--json", arguments.json, "One JSON object");
  app.add_flag("--floors", arguments.floors, "Exit code 10 if a figure misses its goal");
  app.add_flag("!--no-worst-case", arguments.worst, "Leave out the histories that no budget decides");
  CLI11_PARSE(app, argc, argv);
  return Measure(arguments);
}

}  // namespace
}  // namespace orrery::check

int main(int argc, char** argv) {
  return orrery::check::Main(argc, argv);
}
