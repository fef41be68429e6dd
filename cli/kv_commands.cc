#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/load.h"
#include "cli/session.h"
#include "cli/shell.h"

namespace orrery::cli {
namespace {

/// Everything the kv commands take; one object lives as long as the parser.
struct KvArguments {
  SessionOptions session;
  std::string key;
  std::string value;
  std::string expected;
  bool absent = false;
  bool remove = false;
  std::string start;
  std::string end;
  std::string prefix;
  uint32_t limit = 100;
  bool reverse = false;
  bool keys_only = false;
  LoadOptions load;
};

/// The first key after every key that starts with `prefix`; nullopt if there is none.
std::optional<Bytes> AfterPrefix(Bytes prefix) {
  while (!prefix.empty() && prefix.back() == '\xff') prefix.pop_back();
  if (prefix.empty()) return std::nullopt;
  prefix.back() = static_cast<char>(static_cast<unsigned char>(prefix.back()) + 1);
  return prefix;
}

/// Text as JSON; bytes that are no UTF-8 are replaced.
std::string JsonText(const nlohmann::json& json) {
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

Status Get(Session& session, const KvArguments& arguments) {
  ORRERY_ASSIGN_OR_RETURN(const std::optional<Bytes> value, session.kv.Get(arguments.key, session.deadline()));
  if (arguments.session.json) {
    fmt::print("{}\n", JsonText({{"key", arguments.key},
                                 {"found", value.has_value()},
                                 {"value", value ? nlohmann::json(*value) : nlohmann::json()}}));
  } else if (value) {
    fmt::print("{}\n", *value);
  }
  return value ? Status::Ok() : Status(StatusCode::kNotFound, "key " + Printable(arguments.key) + " is absent");
}

Status Swap(Session& session, const KvArguments& arguments) {
  const auto expected = arguments.absent ? std::optional<Bytes>() : std::optional<Bytes>(arguments.expected);
  const auto desired = arguments.remove ? std::optional<Bytes>() : std::optional<Bytes>(arguments.value);
  ORRERY_ASSIGN_OR_RETURN(const KvClient::SwapOutcome outcome,
                          session.kv.CompareAndSwap(arguments.key, expected, desired, session.deadline()));
  if (arguments.session.json) {
    fmt::print("{}\n", JsonText({{"swapped", outcome.swapped},
                                 {"current", outcome.current ? nlohmann::json(*outcome.current) : nlohmann::json()}}));
  }
  if (outcome.swapped) return Status::Ok();
  return Status(StatusCode::kNotFound,
                "not swapped: the key is " + (outcome.current ? Printable(*outcome.current) : "absent"));
}

ScanRequest RequestOf(const KvArguments& arguments) {
  ScanRequest request{.start = arguments.start,
                      .limit = arguments.limit,
                      .reverse = arguments.reverse,
                      .keys_only = arguments.keys_only};
  if (!arguments.end.empty()) request.end = arguments.end;
  if (!arguments.prefix.empty()) {
    request.start = arguments.prefix;
    request.end = AfterPrefix(arguments.prefix);
  }
  return request;
}

Status Scan(Session& session, const KvArguments& arguments) {
  ORRERY_ASSIGN_OR_RETURN(const ScanResponse page, session.kv.Scan(RequestOf(arguments), session.deadline()));
  for (const KeyValue& pair : page.pairs) {
    if (arguments.session.json) {
      nlohmann::json line = {{"key", pair.key}};
      if (!arguments.keys_only) line["value"] = pair.value;
      fmt::print("{}\n", JsonText(line));
    } else if (arguments.keys_only) {
      fmt::print("{}\n", Printable(pair.key, SIZE_MAX));
    } else {
      fmt::print("{}\t{}\n", Printable(pair.key, SIZE_MAX), Printable(pair.value, 200));
    }
  }
  if (page.more && !arguments.session.json) fmt::print(stderr, "(more; raise --limit)\n");
  return Status::Ok();
}

using Arguments = std::shared_ptr<KvArguments>;

template <class Function>
CLI::App* AddCommand(CLI::App& kv, const Arguments& arguments, Action& action, const char* name, const char* help,
                     Function function) {
  CLI::App* command = kv.add_subcommand(name, help);
  AddSessionOptions(*command, arguments->session);
  command->callback([arguments, &action, function] {
    action = [arguments, function] {
      return RunSession(arguments->session, [&](Session& session) { return function(session, *arguments); });
    };
  });
  return command;
}

void AddScanOptions(CLI::App& scan, KvArguments& arguments) {
  scan.add_option("--start", arguments.start, "First key");
  scan.add_option("--end", arguments.end, "Key after the last");
  scan.add_option("--prefix", arguments.prefix, "Only keys that begin with this")->excludes("--start", "--end");
  scan.add_option("--limit", arguments.limit, "At most so many pairs")->capture_default_str();
  scan.add_flag("--reverse", arguments.reverse, "From the end");
  scan.add_flag("--keys-only", arguments.keys_only, "Leave the values out");
}

void AddLoadOptions(CLI::App& command, LoadOptions& load) {
  command.add_option("file", load.path, "Input file, - for standard input")->required();
  command.add_option("--format", load.format, "paragraphs (Debian control style) or tsv (key TAB value)")
      ->check(CLI::IsMember({"paragraphs", "tsv"}))
      ->capture_default_str();
  command.add_option("--key-field", load.key_field, "paragraphs: the field that is the key")->capture_default_str();
  command.add_option("--prefix", load.prefix, "Put in front of every key");
  command.add_option("--concurrency", load.concurrency, "Requests under way at once")
      ->check(CLI::Range(1, 4096))
      ->capture_default_str();
}

}  // namespace

void AddKvCommands(CLI::App& app, Action& action) {
  CLI::App* kv = app.add_subcommand("kv", "Read and write keys");
  kv->require_subcommand(1);
  const auto arguments = std::make_shared<KvArguments>();

  CLI::App* get = AddCommand(*kv, arguments, action, "get", "Print the value of a key", Get);
  get->add_option("key", arguments->key)->required();

  CLI::App* put = AddCommand(*kv, arguments, action, "put", "Set a key", [](Session& session, const KvArguments& a) {
    return session.kv.Put(a.key, a.value, session.deadline());
  });
  put->add_option("key", arguments->key)->required();
  put->add_option("value", arguments->value)->required();

  CLI::App* del = AddCommand(*kv, arguments, action, "del", "Remove a key", [](Session& session, const KvArguments& a) {
    return session.kv.Delete(a.key, session.deadline());
  });
  del->add_option("key", arguments->key)->required();

  CLI::App* cas = AddCommand(*kv, arguments, action, "cas", "Set a key if it holds an expected value", Swap);
  cas->add_option("key", arguments->key)->required();
  CLI::Option* value = cas->add_option("value", arguments->value, "New value");
  CLI::Option* remove = cas->add_flag("--remove", arguments->remove, "Remove it instead of setting it");
  remove->excludes(value);
  CLI::Option* expected = cas->add_option("--expect", arguments->expected, "The value it must hold now");
  CLI::Option* absent = cas->add_flag("--expect-absent", arguments->absent, "It must be absent now");
  absent->excludes(expected);
  cas->parse_complete_callback([=] {
    if (expected->empty() && absent->empty()) throw CLI::RequiredError("--expect or --expect-absent");
    if (value->empty() && remove->empty()) throw CLI::RequiredError("value or --remove");
  });

  AddScanOptions(*AddCommand(*kv, arguments, action, "scan", "List keys in order", Scan), *arguments);
  AddLoadOptions(*AddCommand(*kv, arguments, action, "load", "Write every record of a file",
                             [](Session& session, const KvArguments& a) { return LoadFile(session, a.load); }),
                 arguments->load);
  AddLoadOptions(*AddCommand(*kv, arguments, action, "verify", "Read every record of a file back and compare",
                             [](Session& session, const KvArguments& a) { return VerifyFile(session, a.load); }),
                 arguments->load);
  AddCommand(*kv, arguments, action, "shell", "Read commands from standard input",
             [](Session& session, const KvArguments&) { return RunShell(session); });
}

}  // namespace orrery::cli
