#include "cli/control.h"

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/checks.h"
#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/table.h"
#include "runtime/clock.h"
#include "runtime/runtime.h"
#include "server/store_config.h"

namespace orrery::cli {
namespace {

nlohmann::json MemberJson(const Member& member) {
  return {{"store", member.store.value()},
          {"incarnation", fmt::format("{:016x}", member.incarnation.value())},
          {"peer", member.peer.value()},
          {"role", std::string(MemberRoleName(member.role))},
          {"address", member.address}};
}

nlohmann::json StatusJson(const StatusResponse& status) {
  nlohmann::json json = {{"store", status.store.value()},
                         {"incarnation", fmt::format("{:016x}", status.incarnation.value())},
                         {"cluster", status.cluster.value()},
                         {"region", status.region.value()},
                         {"role", std::string(PeerRoleName(status.role))},
                         {"term", status.term.value()},
                         {"leader_store", status.leader_store.value()},
                         {"commit", status.commit.value()},
                         {"applied", status.applied.value()},
                         {"persisted", status.persisted.value()},
                         {"first_index", status.first_index.value()},
                         {"last_index", status.last_index.value()}};
  for (const Member& member : status.members) json["members"].push_back(MemberJson(member));
  for (const Counter& counter : status.counters) json["counters"][counter.name] = counter.value;
  return json;
}

/// The stores worth asking: those of the file and those the leader knows, by id.
std::vector<StoreId> KnownStores(Session& session) {
  session.admin.Members(Deadline::After(session.deadline().at(), -session.timeout / 2)).status().IgnoreError();
  std::vector<StoreId> stores = session.kv.router().stores();
  std::sort(stores.begin(), stores.end());
  return stores;
}

struct ControlArguments {
  SessionOptions session;
  uint64_t store = 0;
  uint64_t old_store = 0;
  std::string address;
};

Status Init(Session& session, const ControlArguments&) {
  std::vector<Member> stores;
  for (const ClusterStore& store : session.cluster.stores) {
    stores.push_back(Member{.store = store.id, .address = store.address});
  }
  ORRERY_RETURN_IF_ERROR(session.admin.Initialise(session.cluster.cluster, stores, session.deadline()));
  fmt::print("cluster {} is initialised with {} stores\n", session.cluster.cluster.value(), stores.size());
  return Status::Ok();
}

Status Change(Session& session, std::vector<Member> add, std::vector<StoreId> remove) {
  ORRERY_RETURN_IF_ERROR(session.admin.ChangeMembers(std::move(add), std::move(remove), session.deadline()));
  return PrintMembers(session, false);
}

std::string IdsOf(const std::vector<Member>& members) {
  std::string ids;
  for (const Member& member : members) ids += (ids.empty() ? "" : ", ") + ToString(member.store);
  return ids;
}

/// Names what a wrong id would make of the wish; a change that was begun before may be asked for again.
Status CheckWish(Session& session, StoreId leaving, std::optional<StoreId> coming) {
  ORRERY_ASSIGN_OR_RETURN(const MembersResponse now, session.admin.Members(session.deadline()));
  const auto find = [&](StoreId store) {
    return std::find_if(now.members.begin(), now.members.end(), [&](const Member& m) { return m.store == store; });
  };
  if (find(leaving) == now.members.end()) {
    return Status(StatusCode::kNotMember,
                  "store " + ToString(leaving) + " is not a member; members are " + IdsOf(now.members));
  }
  if (!coming || *coming == leaving) return Status::Ok();
  const auto place = find(*coming);
  if (place == now.members.end() || place->role != MemberRole::kVoter) return Status::Ok();
  return Status(StatusCode::kAlreadyExists, "store " + ToString(*coming) +
                                                " is a member already; `ctl remove --store " + ToString(leaving) +
                                                "` would remove the other one");
}

Status AddStore(Session& session, const ControlArguments& arguments) {
  return Change(session, {Member{.store = StoreId(arguments.store), .address = arguments.address}}, {});
}

Status RemoveStore(Session& session, const ControlArguments& arguments) {
  ORRERY_RETURN_IF_ERROR(CheckWish(session, StoreId(arguments.store), std::nullopt));
  return Change(session, {}, {StoreId(arguments.store)});
}

Status ReplaceStore(Session& session, const ControlArguments& arguments) {
  ORRERY_RETURN_IF_ERROR(CheckWish(session, StoreId(arguments.old_store), StoreId(arguments.store)));
  return Change(session, {Member{.store = StoreId(arguments.store), .address = arguments.address}},
                {StoreId(arguments.old_store)});
}

/// kConflict if replicas differ as of one log position, kBusy if they stood at different ones.
Status CompareChecksums(const nlohmann::json& rows) {
  std::map<uint64_t, std::string> as_of;
  for (const auto& row : rows) {
    const auto [place, first] = as_of.try_emplace(row["applied"], row["checksum"]);
    if (first || place->second == row["checksum"]) continue;
    return Status(StatusCode::kConflict, fmt::format("replicas differ as of log position {}", place->first));
  }
  if (as_of.size() <= 1) return Status::Ok();
  return Status(StatusCode::kBusy, "the replicas stood at different log positions; ask again when nothing is written");
}

Status PrintChecksums(Session& session, const ControlArguments& arguments) {
  Table table({"store", "applied", "pairs", "checksum"});
  nlohmann::json rows = nlohmann::json::array();
  ORRERY_ASSIGN_OR_RETURN(const MembersResponse known, session.admin.Members(session.deadline()));
  for (const Member& member : known.members) {
    const StoreId store = member.store;
    ORRERY_ASSIGN_OR_RETURN(const ChecksumResponse answer, session.admin.Checksum(store, session.deadline()));
    const std::string checksum = fmt::format("{:016x}", answer.checksum);
    table.Add({ToString(store), ToString(answer.applied), std::to_string(answer.pairs), checksum});
    rows.push_back({{"store", store.value()},
                    {"applied", answer.applied.value()},
                    {"pairs", answer.pairs},
                    {"checksum", checksum}});
  }
  fmt::print("{}", arguments.session.json ? rows.dump() + "\n" : table.ToString());
  return CompareChecksums(rows);
}

using Arguments = std::shared_ptr<ControlArguments>;

template <class Function>
CLI::App* AddCommand(CLI::App& control, const Arguments& arguments, Action& action, const char* name, const char* help,
                     Function function) {
  CLI::App* command = control.add_subcommand(name, help);
  AddSessionOptions(*command, arguments->session);
  command->callback([arguments, &action, function] {
    action = [arguments, function] {
      return RunSession(arguments->session, [&](Session& session) { return function(session, *arguments); });
    };
  });
  return command;
}

void AddStoreOptions(CLI::App& command, ControlArguments& arguments) {
  command.add_option("--store", arguments.store, "Id of the store")->required()->check(StoreIdCheck());
}

}  // namespace

Status PrintMembers(Session& session, bool json) {
  ORRERY_ASSIGN_OR_RETURN(const MembersResponse answer, session.admin.Members(session.deadline()));
  if (json) {
    nlohmann::json rows = nlohmann::json::array();
    for (const Member& member : answer.members) rows.push_back(MemberJson(member));
    fmt::print("{}\n", nlohmann::json({{"leader_store", answer.leader_store.value()},
                                       {"term", answer.term.value()},
                                       {"joint", answer.joint},
                                       {"members", rows}})
                           .dump());
    return Status::Ok();
  }
  Table table({"store", "role", "leads", "peer", "incarnation", "address"});
  for (const Member& member : answer.members) {
    table.Add({ToString(member.store), std::string(MemberRoleName(member.role)),
               member.store == answer.leader_store ? "yes" : "", ToString(member.peer),
               fmt::format("{:016x}", member.incarnation.value()), member.address});
  }
  fmt::print("{}", table.ToString());
  return Status::Ok();
}

Status PrintStatus(Session& session, bool json) {
  Table table({"store", "role", "term", "commit", "applied", "log", "state"});
  nlohmann::json rows = nlohmann::json::array();
  bool answered = false;
  for (const StoreId store : KnownStores(session)) {
    const Result<StatusResponse> status =
        session.admin.GetStatus(store, Deadline::After(session.runtime.clock.Now(), seconds(1)));
    if (!status.ok()) {
      table.Add({ToString(store), "-", "-", "-", "-", "-", status.status().ToString()});
      rows.push_back({{"store", store.value()}, {"error", status.status().ToString()}});
      continue;
    }
    answered = true;
    table.Add({ToString(store), std::string(PeerRoleName(status->role)), ToString(status->term),
               ToString(status->commit), ToString(status->applied),
               ToString(status->first_index) + ".." + ToString(status->last_index), "up"});
    rows.push_back(StatusJson(*status));
  }
  fmt::print("{}", json ? rows.dump() + "\n" : table.ToString());
  return answered ? Status::Ok() : Status(StatusCode::kUnavailable, "no store answers");
}

void AddControlCommands(CLI::App& app, Action& action) {
  CLI::App* control = app.add_subcommand("ctl", "Administer a cluster");
  control->require_subcommand(1);
  const auto arguments = std::make_shared<ControlArguments>();

  AddCommand(*control, arguments, action, "init", "Make a cluster of the stores in the file, once", Init);
  AddCommand(*control, arguments, action, "members", "Who belongs to the cluster",
             [](Session& session, const ControlArguments& a) { return PrintMembers(session, a.session.json); });
  AddCommand(*control, arguments, action, "status", "What every store says of itself",
             [](Session& session, const ControlArguments& a) { return PrintStatus(session, a.session.json); });
  AddCommand(*control, arguments, action, "checksum", "Compare the replicas' contents", PrintChecksums);

  CLI::App* add = AddCommand(*control, arguments, action, "add", "Add a new store as a member", AddStore);
  AddStoreOptions(*add, *arguments);
  add->add_option("--address", arguments->address, "host:port of the store")->required()->check(AddressCheck());

  AddStoreOptions(*AddCommand(*control, arguments, action, "remove", "Remove a member", RemoveStore), *arguments);

  CLI::App* replace = AddCommand(*control, arguments, action, "replace",
                                 "Replace a member by a new store, in one change", ReplaceStore);
  AddStoreOptions(*replace, *arguments);
  replace->add_option("--old", arguments->old_store, "Id of the store to remove (may be the same id)")
      ->required()
      ->check(StoreIdCheck());
  replace->add_option("--address", arguments->address, "host:port of the new store")->required()->check(AddressCheck());

  AddStoreOptions(*AddCommand(*control, arguments, action, "transfer", "Hand leadership to a store",
                              [](Session& session, const ControlArguments& a) {
                                return session.admin.TransferLeader(StoreId(a.store), session.deadline());
                              }),
                  *arguments);
}

}  // namespace orrery::cli
