#include "faults/simulation.h"

#include <fmt/core.h>

#include <ctime>
#include <fstream>
#include <memory>
#include <optional>
#include <utility>

#include "faults/knobs.h"
#include "faults/nemesis.h"
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

double CpuSeconds() {
  return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

/// One run, phase by phase. The first thing that goes wrong is what the report says.
class Simulation {
 public:
  Simulation(const Scenario& scenario, const SimulationOptions& options)
      : scenario_(scenario),
        options_(options),
        random_(Random(options.choices.seed).Split("simulation")),
        world_(MakeWorldOptions()),
        cluster_(world_, MakeShape()),
        nemesis_(cluster_, scenario.faults, random_) {
    for (const WorkloadPlan& plan : scenario_.workloads) {
      Result<std::unique_ptr<Workload>> made = MakeWorkload(plan.name, plan.options);
      ORRERY_ASSERT_THAT(made.ok(), made.status().ToString());  // The scenario was validated.
      workloads_.push_back(std::move(made).value());
    }
  }

  /// Fibers refer to the cluster and the workloads: they end first.
  ~Simulation() {
    for (const NodeId node : world_.nodes()) world_.Crash(node, sim::CrashKind::kProcessKill);
  }

  SimulationReport Run() {
    const double cpu_start = CpuSeconds();
    RunPhases();
    Judge();
    FillReport(CpuSeconds() - cpu_start);
    return std::move(report_);
  }

 private:
  sim::WorldOptions MakeWorldOptions() const {
    return sim::WorldOptions{.choices = options_.choices,
                             .events_max = scenario_.events_max,
                             .trace = options_.trace,
                             .events = options_.events,
                             .stack_fill = options_.stack_fill,
                             .scenario = scenario_.name,
                             .repro = ReproLine(scenario_.name, options_.choices.seed)};
  }

  ClusterShape MakeShape() const {
    Random draw = random_.Split("shape");
    ClusterShape shape;
    shape.stores = static_cast<uint32_t>(draw.Between(scenario_.stores_low, scenario_.stores_high));
    shape.spares = scenario_.spare_stores;
    shape.lying_fsync = scenario_.lying_fsync;
    for (const WorkloadPlan& plan : scenario_.workloads) shape.clients += plan.options.clients;
    shape.options = DrawStoreOptions(random_, scenario_.random_knobs);
    return shape;
  }

  void RunPhases() {
    if (!Initialise()) return;
    StartWorkloads();
    nemesis_.Start();
    if (!Expect(world_.RunUntil([this] { return Broken(); }, scenario_.safety), "safety")) return;
    if (Broken()) return;
    nemesis_.StopAndHeal();
    stop_clients_ = true;
    if (!Settle() || !Finish()) return;
    Compare();
  }

  /// Something went wrong that no later event can mend.
  bool Broken() const {
    return !cluster_.unexplained_exit().empty() || cluster_.oracle().verdict().verdict == LawReport::Verdict::kBroken;
  }

  bool Initialise() {
    cluster_.Initialise();
    const RunOutcome outcome = world_.RunUntil([this] { return cluster_.initialised(); }, kInitialisationLimit);
    return Progressed(outcome, "initialise", "the cluster was not initialised");
  }

  void StartWorkloads() {
    uint32_t host = 0;
    for (size_t i = 0; i < workloads_.size(); ++i) {
      for (uint32_t client = 0; client < scenario_.workloads[i].options.clients; ++client, ++host) {
        ++running_clients_;
        world_.RunInNode(SimCluster::ClientNode(host), [this, i, client, host](Runtime&) {
          cluster_.Client(host).Spawn({"workload", i},
                                      [this, i, client](ClientHost& node) { RunClient(node, i, client); });
        });
      }
    }
  }

  void RunClient(ClientHost& node, size_t workload_index, uint32_t client_index) {
    Workload& workload = *workloads_[workload_index];
    const WorkloadPlan& plan = scenario_.workloads[workload_index];
    WorkloadClient client{node.runtime(), node.kv(), client_index,
                          random_.Split("workload").Split(workload_index).Split(client_index)};
    const std::string name = fmt::format("{}{}/client{}", plan.name, workload_index, client_index);
    Random pauses = client.random.Split("pauses");
    while (!stop_clients_) {
      workload.Step(client);
      const WorkloadStats& stats = workload.stats();
      world_.RecordClient(name, HashCombine(HashCombine(stats.acknowledged, stats.failed), stats.unknown), name);
      const Duration pause(pauses.Between(plan.pause.low.count(), plan.pause.high.count()));
      node.runtime().scheduler.SleepUntil(node.runtime().clock.Now() + pause);
    }
    --running_clients_;
  }

  /// Everybody is whole again, and every operation has come to an end.
  bool Settle() {
    const Duration limit = scenario_.liveness_limit + kDrainLimit;
    const RunOutcome outcome =
        world_.RunUntil([this] { return Broken() || (running_clients_ == 0 && cluster_.Whole()); }, limit);
    if (Broken()) return false;
    return Progressed(outcome, "settle",
                      fmt::format("after healing, {} clients wait;{}", running_clients_, cluster_.WhyNotWhole()));
  }

  /// Every workload reads its final state.
  bool Finish() {
    uint32_t host = 0;
    size_t finished = 0;
    Status first_error;
    for (size_t i = 0; i < workloads_.size(); ++i) {
      world_.RunInNode(SimCluster::ClientNode(host), [&, i, host](Runtime&) {
        cluster_.Client(host).Spawn({"finish", i}, [&, i](ClientHost& node) {
          WorkloadClient client{node.runtime(), node.kv(), 0, random_.Split("finish").Split(i)};
          const Status status =
              workloads_[i]->Finish(client, Deadline::After(node.runtime().clock.Now(), scenario_.liveness_limit));
          if (!status.ok() && first_error.ok()) first_error = status;
          ++finished;
        });
      });
      host += scenario_.workloads[i].options.clients;
    }
    const RunOutcome outcome = world_.RunUntil([&] { return Broken() || finished == workloads_.size(); },
                                               scenario_.liveness_limit + kDrainLimit);
    if (Broken()) return false;
    if (!Progressed(outcome, "finish", "the final reads did not end")) return false;
    if (first_error.ok()) return true;
    Fail({ExitCode::kLiveness, "no-progress", "finish", "after healing: " + first_error.ToString()});
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
    if (replicas.verdict == LawReport::Verdict::kBroken) Fail({ExitCode::kSafety, replicas.law, "", replicas.words});
    if (replicas.verdict == LawReport::Verdict::kUndecided) {
      Fail({ExitCode::kLiveness, "no-progress", "compare", replicas.words});
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
    Fail({ExitCode::kLiveness, outcome == RunOutcome::kTimeLimit ? "no-progress" : std::string(RunOutcomeName(outcome)),
          std::string(phase), fmt::format("{}\n{}", complaint, world_.Describe())});
    return false;
  }

  void Fail(Failure failure) {
    if (!failure_) failure_ = std::move(failure);
  }

  /// Safety first: a broken law explains a lack of progress, not the other way round.
  void Judge() {
    const std::optional<Failure> earlier = std::exchange(failure_, std::nullopt);
    if (earlier && earlier->code == ExitCode::kSafety) Fail(*earlier);
    const LawReport& oracle = cluster_.oracle().verdict();
    if (oracle.verdict == LawReport::Verdict::kBroken) Fail({ExitCode::kSafety, oracle.law, "", oracle.words});
    const bool undecided = JudgeWorkloads();
    if (!cluster_.unexplained_exit().empty()) {
      Fail({ExitCode::kNodeCrashed, "unexplained-exit", std::string(StatusCodeName(cluster_.unexplained_code())),
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
        Fail({ExitCode::kSafety, law.law, "", fmt::format("{}: {}", workload->name(), law.words)});
      }
      undecided = undecided || law.verdict == LawReport::Verdict::kUndecided;
    }
    return undecided;
  }

  void FillReport(double cpu_seconds) {
    report_.scenario = scenario_.name;
    report_.seed = options_.choices.seed;
    report_.fingerprint = world_.fingerprint();
    report_.events = world_.events();
    report_.virtual_seconds = static_cast<double>(world_.Now().count()) / 1e9;
    report_.cpu_seconds = cpu_seconds;
    report_.stores = cluster_.stores().size();
    for (const WorkloadReport& workload : report_.workloads) {
      report_.acknowledged += workload.stats.acknowledged;
      report_.unknown += workload.stats.unknown;
      report_.failed += workload.stats.failed;
    }
    report_.elections = cluster_.oracle().elections();
    report_.entries = cluster_.oracle().entries_applied();
    report_.restarts = world_.FaultCount(sim::WorldFault::kRestart);
    report_.replaced = cluster_.replaced();
    for (const auto& [name, count] : world_.FaultCounts()) {
      if (count > 0) report_.faults[name] = count;
    }
    report_.plans = nemesis_.begun();
    report_.left_out = nemesis_.left_out();
    report_.probes = world_.ProbeHits();
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

  const Scenario& scenario_;
  const SimulationOptions& options_;
  Random random_;
  std::vector<std::unique_ptr<Workload>> workloads_;
  sim::World world_;
  SimCluster cluster_;
  Nemesis nemesis_;
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
  return Simulation(scenario, options).Run();
}

}  // namespace orrery::faults
