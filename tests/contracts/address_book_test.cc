#include "runtime/address_book.h"

#include <doctest/doctest.h>

#include "runtime/network.h"
#include "tests/contracts/contract_world.h"

namespace orrery {
namespace {

struct Listener final : Receiver {
  void OnMessage(Endpoint, Bytes message) override { messages.push_back(std::move(message)); }
  void OnDisconnect(Endpoint) override { ++lost; }
  std::vector<Bytes> messages;
  int lost = 0;
};

TEST_CASE("AddressBook: the Network connects where the book says, from the next connection on") {
  Listener one;
  Listener two;
  const auto world = ContractWorld::Make(2);
  std::string address;
  world->Call(2, [&](Runtime& runtime) { runtime.network.Listen(Channel::kRaft, &two); });
  world->Call(1, [&](Runtime& runtime) {
    runtime.network.Listen(Channel::kRaft, &one);
    address = runtime.addresses.Find(NodeId(2)).value();
    CHECK(runtime.addresses.all().size() == 2);
    runtime.addresses.Remove(NodeId(2));
    CHECK(!runtime.addresses.Find(NodeId(2)).has_value());
    runtime.network.Send({NodeId(2)}, Channel::kRaft, "to nowhere");
  });
  REQUIRE(world->Await(1, [&] { return one.lost == 1; }));
  world->Call(1, [&](Runtime& runtime) {
    runtime.addresses.Set(NodeId(2), address);
    runtime.network.Send({NodeId(2)}, Channel::kRaft, "hello");
  });
  REQUIRE(world->Await(2, [&] { return !two.messages.empty(); }));
  CHECK(two.messages == std::vector<Bytes>{"hello"});
  // Connections that stand are not touched.
  world->Call(1, [&](Runtime& runtime) {
    runtime.addresses.Remove(NodeId(2));
    runtime.network.Send({NodeId(2)}, Channel::kRaft, "still there");
  });
  CHECK(world->Await(2, [&] { return two.messages.size() == 2; }));
}

}  // namespace
}  // namespace orrery
