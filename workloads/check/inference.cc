#include "workloads/check/inference.h"

#include <algorithm>

namespace orrery::check {

void AddReadersToWriters(const std::vector<OpIndex>& readers, const std::vector<OpIndex>& writers, EdgeList& edges) {
  if (readers.size() * writers.size() <= 2 * (readers.size() + writers.size())) {
    for (OpIndex reader : readers) {
      for (OpIndex writer : writers) edges.Add(reader, writer, Dependency::kReadWrite);
    }
    return;
  }
  std::vector<OpIndex> sorted = writers;
  std::sort(sorted.begin(), sorted.end());
  const uint32_t helper = edges.AddNode();
  for (OpIndex writer : writers) edges.AddRest(helper, writer);
  for (OpIndex reader : readers) {
    if (!std::binary_search(sorted.begin(), sorted.end(), reader)) {
      edges.Add(reader, helper, Dependency::kReadWrite);
      continue;
    }
    for (OpIndex writer : writers) edges.Add(reader, writer, Dependency::kReadWrite);
  }
}

Status BadTxn(const History& history, OpIndex txn, const std::string& what) {
  return Status(StatusCode::kInvalidArgument, history.Describe(txn) + ": " + what);
}

}  // namespace orrery::check
