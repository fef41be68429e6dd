#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <vector>

namespace orrery::faults {

/// What the clients of one workload were told, operation by operation, from its history (JSON lines). A client begins
/// as the process of its number and goes on as the next new one whenever an outcome is unknown (workloads/recorder.h).
class AnswersInOrder {
 public:
  /// Lines that are no events of a history are left out.
  AnswersInOrder(const std::string& history, uint32_t clients);

  /// What became of the next operation of a client: "key 3 is 7", "failed: no effect", "nobody knows whether it
  /// happened". Asked in the order in which operations ended. `read_first`: the operation reads, then writes what
  /// depends on it.
  std::string Next(uint32_t client, bool read_first);

 private:
  struct Answer {
    enum class Kind : uint8_t { kOk, kFail, kUnknown };
    Kind kind = Kind::kUnknown;
    std::string text;
  };

  Answer Take(uint32_t client);

  std::vector<uint32_t> process_of_client_;
  uint32_t next_process_;
  std::map<uint32_t, std::deque<Answer>> by_process_;
};

}  // namespace orrery::faults
