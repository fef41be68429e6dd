#include "faults/simulation.h"

#include <fmt/core.h>

#include <algorithm>
#include <ctime>
#include <fstream>
#include <memory>
#include <optional>
#include <utility>

#include "faults/fault_executor.h"
#include "faults/fault_replay.h"
#include "faults/nemesis.h"
#include "faults/operation_feed.h"
#include "faults/recording.h"
#include "faults/run_plan.h"
#include "faults/signature.h"
#include "faults/sim_cluster.h"
#include "runtime/clock.h"
#include "runtime/fiber/scheduler.h"
#include "runtime/runtime.h"
#include "sim/world.h"

namespace orrery::faults {
namespace {

using sim::ExitCode;
using sim::RunOutcome;

constexpr Duration kInitialisationLimit = seconds(180);
constexpr Duration kDrainLimit = seconds(120);
constexpr Duration kComparePatience = seconds(60);
constexpr Duration kStandstillPatience = seconds(5);
/// Once nothing fails any more, a store that lags needs a snapshot, and another if the first was given up or its log
/// cut meanwhile; whoever needs this many never comes to follow by the log.
constexpr uint64_t kSnapshotsMax = 20;

double CpuSeconds() {
  return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

/// For traces: "put key 3 #17".
std::string Describe(const Operation& operation) {
  return fmt::format("{} key {} #{}", OperationKindName(operation.kind), operation.key, operation.ordinal);
}

/// One run, phase by phase. The first thing that goes wrong is what the report says.
class Simulation {
 public:
  Simulation(RunPlan plan, const SimulationOptions& options)
      : plan_(std::move(plan)),
        options_(options),
        random_(Random(plan_.choices.seed).Split("simulation")),
        world_(MakeWorldOptions()),
        cluster_(world_, plan_.shape),
        executor_(cluster_, [this](const FaultEntry& fault) { Witness(fault); }),
        nemesis_(cluster_, executor_, plan_.faults, random_),
        replay_(cluster_, executor_, plan_.capsule == nullptr ? std::vector<FaultEntry>() : plan_.capsule->faults) {
    for (const WorkloadPlan& workload : plan_.workloads) {
      WorkloadOptions own = workload.options;
      const auto named = [&](const auto& earlier) { return earlier->name() == workload.name; };
      if (std::any_of(workloads_.begin(), workloads_.end(), named)) {
        own.key_prefix = fmt::format("{}/", workloads_.size());  // Each has its keys to itself.
      }
      Result<std::unique_ptr<Workload>> made = MakeWorkload(workload.name, own);
      ORRERY_ASSERT_THAT(made.ok(), made.status().ToString());  // Scenario and capsule were validated.
      workloads_.push_back(std::move(made).value());
    }
    if (options_.recording != nullptr) options_.recording->Begin(plan_);
    if (options_.glance != nullptr) *options_.glance = [this](SimulationReport& report) { FillCounts(report); };
  }

  /// Fibers refer to the cluster and the workloads: they end first.
  ~Simulation() {
    if (options_.glance != nullptr) *options_.glance = nullptr;
    for (const NodeId node : world_.nodes()) world_.Crash(node, sim::CrashKind::kProcessKill);
  }

  SimulationReport Run() {
    RunPhases();
    if (!failure_ && NeedsSnapshotsForEver()) NoProgress("end", "everybody is whole");
    Judge();
    FillReport();
    return std::move(report_);
  }

 private:
  sim::WorldOptions MakeWorldOptions() const {
    return sim::WorldOptions{.choices = plan_.choices,
                             .events_max = plan_.events_max,
                             .trace = options_.trace,
                             .events = options_.events,
                             .stack_fill = options_.stack_fill,
                             .scenario = plan_.scenario,
                             .repro = plan_.repro};
  }

  void Witness(const FaultEntry& fault) {
    if (options_.recording != nullptr) options_.recording->Add(fault);
  }

  void RunPhases() {
    if (!Initialise()) return;
    StartWorkloads();
    nemesis_.Start();
    replay_.Start();
    const RunOutcome outcome = world_.RunUntil(
        [this] {
          nemesis_.Look();
          replay_.Look();
          return Broken();
        },
        plan_.safety);
    if (!Expect(outcome, "safety") || Broken()) return;
    nemesis_.Stop();
    executor_.StopAndHeal();
    cluster_.OnHealed();
    stop_clients_ = true;
    if (!Settle() || !Finish()) return;
    Compare();
  }

  /// Something went wrong that no later event can mend. Asked after every event.
  bool Broken() {
    cluster_.LookAtDisks();
    return !cluster_.unexplained_exit().empty() || cluster_.oracle().verdict().verdict == LawReport::Verdict::kBroken;
  }

  bool Initialise() {
    cluster_.Initialise();
    const RunOutcome outcome = world_.RunUntil([this] { return cluster_.initialised(); }, kInitialisationLimit);
    return Progressed(outcome, "initialise", "the cluster was not initialised");
  }

  void StartWorkloads() {
    uint32_t first = 0;
    for (size_t i = 0; i < workloads_.size(); first += plan_.workloads[i].options.clients, ++i) {
      for (uint32_t client = 0; client < plan_.workloads[i].options.clients; ++client) {
        const uint32_t host = plan_.shape.clients_together ? first : first + client;
        ++running_clients_;
        world_.RunInNode(SimCluster::ClientNode(host), [this, i, client, host](Runtime&) {
          cluster_.Client(host).Spawn({"workload", HashCombine(i, client)},
                                      [this, i, client](ClientHost& node) { RunClient(node, i, client); });
        });
      }
    }
  }

  std::unique_ptr<OperationFeed> MakeFeed(size_t workload_index, uint32_t client) const {
    if (plan_.capsule != nullptr) {
      return std::make_unique<ListedFeed>(plan_.capsule->workloads.at(workload_index), client);
    }
    const Random random = random_.Split("workload").Split(workload_index).Split(client);
    return std::make_unique<DrawnFeed>(*workloads_[workload_index], plan_.workloads[workload_index], client, random,
                                       plan_.safety);
  }

  void RunClient(ClientHost& node, size_t workload_index, uint32_t client_index) {
    Workload& workload = *workloads_[workload_index];
    WorkloadClient client{node.runtime(), node.kv(), client_index, random_.Split("client").Split(client_index)};
    const std::string name = fmt::format("{}{}/client{}", workload.name(), workload_index, client_index);
    const std::unique_ptr<OperationFeed> feed = MakeFeed(workload_index, client_index);
    Clock& clock = node.runtime().clock;
    const Instant began = clock.Now();
    while (const std::optional<OperationEntry> entry = feed->Next(clock.Now() - began)) {
      if (options_.recording != nullptr) options_.recording->Add(workload_index, *entry);
      if (began + entry->start > clock.Now()) node.runtime().scheduler.SleepUntil(began + entry->start);
      if (stop_clients_) break;
      workload.Run(client, entry->operation);
      const WorkloadStats& stats = workload.stats();
      const std::string words = options_.trace == nullptr ? std::string() : Describe(entry->operation);
      world_.RecordClient(name, HashCombine(HashCombine(stats.acknowledged, stats.failed), stats.unknown), words);
    }
    --running_clients_;
  }

  /// Everybody is whole again, and every operation has come to an end.
  bool Settle() {
    const Duration limit = plan_.liveness_limit + kDrainLimit;
    const RunOutcome outcome =
        world_.RunUntil([this] { return Broken() || (running_clients_ == 0 && cluster_.Whole()); }, limit);
    if (Broken()) return false;
    return Progressed(outcome, "settle",
                      fmt::format("after healing, {} clients wait;{}", running_clients_, cluster_.WhyNotWhole()));
  }

  /// Every workload reads its final state.
  bool Finish() {
    size_t finished = 0;
    Status first_error;
    for (size_t i = 0; i < workloads_.size(); ++i) {
      cluster_.RunOnOperator({"finish", i}, [&, i](ClientHost& node) {
        WorkloadClient client{node.runtime(), node.kv(), 0, random_.Split("finish").Split(i)};
        const Status status =
            workloads_[i]->Finish(client, Deadline::After(node.runtime().clock.Now(), plan_.liveness_limit));
        if (!status.ok() && first_error.ok()) first_error = status;
        ++finished;
      });
    }
    const RunOutcome outcome =
        world_.RunUntil([&] { return Broken() || finished == workloads_.size(); }, plan_.liveness_limit + kDrainLimit);
    if (Broken()) return false;
    if (!Progressed(outcome, "finish", "the final reads did not end")) return false;
    if (first_error.ok()) return true;
    NoProgress("finish", "after healing: " + first_error.ToString());
    return false;
  }

  void Compare() {
    bool done = false;
    LawReport replicas;
    cluster_.CompareReplicas(kComparePatience, [&](LawReport report) {
      replicas = std::move(report);
      done = true;
    });
    const RunOutcome outcome = world_.RunUntil([&] { return done || Broken(); }, kComparePatience * 2);
    if (Broken() || !Progressed(outcome, "compare", "the replicas were not compared")) return;
    if (replicas.verdict == LawReport::Verdict::kBroken)
      Fail({ExitCode::kSafety, replicas.law, replicas.kind, replicas.words});
    if (replicas.verdict == LawReport::Verdict::kUndecided) {
      NoProgress("compare", replicas.words);
    }
  }

  /// What went wrong.
  struct Failure {
    ExitCode code;
    std::string outcome;
    std::string symptom;
    std::string words;
  };

  bool Expect(RunOutcome outcome, std::string_view phase) {
    if (outcome == RunOutcome::kTimeLimit) return true;
    return Progressed(outcome, phase, "the " + std::string(phase) + " phase ended early");
  }

  bool Progressed(RunOutcome outcome, std::string_view phase, std::string_view complaint) {
    if (outcome == RunOutcome::kConditionMet) return true;
    if (outcome == RunOutcome::kTimeLimit) {
      NoProgress(phase, complaint);
    } else {
      Fail({ExitCode::kLiveness, std::string(RunOutcomeName(outcome)), std::string(phase),
            fmt::format("{}\n{}", complaint, world_.Describe())});
    }
    return false;
  }

  /// One bug may be noticed in any phase: what stands still says more than when.
  bool NeedsSnapshotsForEver() const { return cluster_.oracle().SnapshotsSinceHealing().count > kSnapshotsMax; }

  void NoProgress(std::string_view phase, std::string_view complaint) {
    if (NeedsSnapshotsForEver()) {
      const auto [count, store] = cluster_.oracle().SnapshotsSinceHealing();
      return Fail({ExitCode::kLiveness, "no-progress", "snapshots",
                   fmt::format("{}: {}, but since nothing fails any more store {} was sent {} snapshots", phase,
                               complaint, store.value(), count)});
    }
    Fail({ExitCode::kLiveness, "no-progress", std::string(cluster_.Standstill(kStandstillPatience)),
          fmt::format("{}: {}\n{}", phase, complaint, world_.Describe())});
  }

  void Fail(Failure failure) {
    if (!failure_) failure_ = std::move(failure);
  }

  /// Safety first: a broken law explains a lack of progress, not the other way round.
  void Judge() {
    const std::optional<Failure> earlier = std::exchange(failure_, std::nullopt);
    if (earlier && earlier->code == ExitCode::kSafety) Fail(*earlier);
    const LawReport& oracle = cluster_.oracle().verdict();
    if (oracle.verdict == LawReport::Verdict::kBroken) Fail({ExitCode::kSafety, oracle.law, oracle.kind, oracle.words});
    const bool undecided = JudgeWorkloads();
    if (!cluster_.unexplained_exit().empty()) {
      const Status& reason = cluster_.unexplained_reason();
      Fail({ExitCode::kNodeCrashed, "unexplained-exit",
            fmt::format("{}: {}", StatusCodeName(reason.code()), MessageForm(reason.message())),
            cluster_.unexplained_exit()});
    }
    if (earlier) Fail(*earlier);
    if (undecided) Fail({ExitCode::kUndecided, "undecided", "", "a checker's budget ran out"});
  }

  /// True if a law could not be decided.
  bool JudgeWorkloads() {
    bool undecided = false;
    for (const std::unique_ptr<Workload>& workload : workloads_) {
      const LawReport law = workload->Judge();
      report_.workloads.push_back({std::string(workload->name()), law, workload->stats()});
      if (law.verdict == LawReport::Verdict::kBroken) {
        Fail({ExitCode::kSafety, law.law, law.kind, fmt::format("{}: {}", workload->name(), law.words)});
      }
      undecided = undecided || law.verdict == LawReport::Verdict::kUndecided;
    }
    return undecided;
  }

  /// What is counted all the time, whatever becomes of the run.
  void FillCounts(SimulationReport& report) const {
    report.events = world_.events();
    report.virtual_seconds = static_cast<double>(world_.Now().count()) / 1e9;
    report.cpu_seconds = CpuSeconds() - cpu_start_;
    report.stores = cluster_.stores().size();
    for (const std::unique_ptr<Workload>& workload : workloads_) {
      report.acknowledged += workload->stats().acknowledged;
      report.unknown += workload->stats().unknown;
      report.failed += workload->stats().failed;
    }
    report.elections = cluster_.oracle().elections();
    report.entries = cluster_.oracle().entries_applied();
    report.restarts = world_.FaultCount(sim::WorldFault::kRestart);
    report.replaced = cluster_.replaced();
    report.snapshots_since_healing = cluster_.oracle().SnapshotsSinceHealing().count;
    for (const auto& [name, count] : world_.FaultCounts()) {
      if (count > 0) report.faults[name] = count;
    }
    const FaultTally& tally = plan_.capsule == nullptr ? nemesis_.tally() : replay_.tally();
    report.plans = tally.begun;
    report.left_out = tally.left_out;
    report.probes = world_.ProbeHits();
  }

  void FillReport() {
    FillCounts(report_);
    report_.scenario = plan_.scenario;
    report_.repro = plan_.repro;
    report_.seed = plan_.choices.seed;
    report_.fingerprint = world_.fingerprint();
    report_.stale = replay_.Stale();
    for (const std::string& name : world_.UnusedLatencies()) {
      report_.stale.push_back({name, "nothing was sent on this way and channel then"});
    }
    WriteHistories();
    report_.outcome = "ok";
    if (!failure_) return;
    report_.exit_code = failure_->code;
    report_.outcome = std::move(failure_->outcome);
    report_.symptom = std::move(failure_->symptom);
    report_.words = std::move(failure_->words);
  }

  void WriteHistories() {
    if (options_.history_folder.empty()) return;
    for (size_t i = 0; i < workloads_.size(); ++i) {
      const std::string text = workloads_[i]->HistoryText();
      if (text.empty()) continue;
      const std::string path = fmt::format("{}/{}{}.jsonl", options_.history_folder, workloads_[i]->name(), i);
      std::ofstream file(path, std::ios::binary);
      file << text;
      file.close();
      if (!file) Fail({ExitCode::kHarness, "harness", "history", "cannot write " + path});
    }
  }

  const double cpu_start_ = CpuSeconds();
  const RunPlan plan_;
  const SimulationOptions& options_;
  Random random_;
  std::vector<std::unique_ptr<Workload>> workloads_;
  sim::World world_;
  SimCluster cluster_;
  FaultExecutor executor_;
  Nemesis nemesis_;
  FaultReplay replay_;
  bool stop_clients_ = false;
  uint32_t running_clients_ = 0;
  std::optional<Failure> failure_;
  SimulationReport report_;
};

}  // namespace

std::string ReproLine(const std::string& scenario, uint64_t seed) {
  return fmt::format("repro: orrery-sim run --scenario {} --seed {}", scenario, seed);
}

SimulationReport RunSimulation(const Scenario& scenario, const SimulationOptions& options) {
  RunPlan plan = DrawPlan(scenario, options.choices);
  if (!options.repro.empty()) plan.repro = options.repro;
  return Simulation(std::move(plan), options).Run();
}

SimulationReport ReplayCapsule(const Capsule& capsule, const SimulationOptions& options) {
  return Simulation(PlanOf(capsule, options.choices, options.repro), options).Run();
}

}  // namespace orrery::faults
