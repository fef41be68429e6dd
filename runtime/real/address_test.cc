#include "runtime/real/address.h"

#include <doctest/doctest.h>

#include <boost/asio/io_context.hpp>

namespace orrery {
namespace {

TEST_CASE("Address: host and port come apart, brackets belong to IPv6") {
  CHECK(ParseAddress("db1.example:4000")->host == "db1.example");
  CHECK(ParseAddress("[::1]:4000")->host == "::1");
  CHECK(ToString(*ParseNumericAddress("[::1]:4000")) == "[::1]:4000");
  CHECK(ToString(*ParseNumericAddress("10.0.0.7:1")) == "10.0.0.7:1");
  CHECK(ParseNumericAddress("localhost:1").code() == StatusCode::kNotFound);
}

TEST_CASE("Address: what cannot be an address is refused by name") {
  for (const char* wrong : {"", "host", ":80", "host:", "host:x", "host:65536", "host:-1", "::1:80", "[::1]"}) {
    const Status refused = ParseAddress(wrong).status();
    CHECK(refused.code() == StatusCode::kInvalidArgument);
    CHECK(refused.message().find(std::string("\"") + wrong + "\"") != std::string::npos);
  }
}

TEST_CASE("Address: a port in use is told with its address") {
  boost::asio::io_context io;
  auto first = BindAndListen(io, "127.0.0.1:0");
  REQUIRE(first.ok());
  const std::string address = ToString(first->local_endpoint());
  const Status second = BindAndListen(io, address).status();
  CHECK(second.code() == StatusCode::kAlreadyExists);
  CHECK(second.message() == "listen on " + address + ": Address already in use");
}

TEST_CASE("Address: one that is not this machine's is the caller's mistake") {
  boost::asio::io_context io;
  const Status status = BindAndListen(io, "192.0.2.1:0").status();  // Reserved for documentation (RFC 5737).
  CHECK(status.code() == StatusCode::kInvalidArgument);
  CHECK(status.message().find("listen on 192.0.2.1:0: ") == 0);
}

}  // namespace
}  // namespace orrery
