#include "tests/contracts/contract_world.h"

#include <doctest/doctest.h>

#include <utility>

#include "runtime/fiber/domain.h"
#include "runtime/process.h"

namespace orrery {

void ContractWorld::Run(int node, const Body& body) {
  bool done = false;
  Start(node, [&](Runtime& runtime) {
    body(runtime);
    done = true;
  });
  REQUIRE(Await(node, [&] { return done; }));
}

void HostNode::RequestStop() {
  runtime_.process.Exit(Status::Ok());
}

void HostNode::Start(ContractWorld::Body body) {
  tasks_.push_back(
      runtime_.domain.Spawn({"contract", tasks_.size()}, [this, body = std::move(body)] { body(runtime_); }));
}

}  // namespace orrery
