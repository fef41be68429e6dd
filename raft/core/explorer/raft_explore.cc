// raft_explore: the explorer as a program of its own; orrery-sim explore is the same.
#include "raft/core/explorer/explore_command.h"

int main(int argc, char** argv) {
  return orrery::raft::RunExploreCommand(argc, argv);
}
