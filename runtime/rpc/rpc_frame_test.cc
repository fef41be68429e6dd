#include "runtime/rpc/rpc_frame.h"

#include <doctest/doctest.h>

#include "runtime/base/random.h"

namespace orrery {
namespace {

Bytes FromHex(std::string_view hex) {
  Bytes out;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) {
    out.push_back(static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
  }
  return out;
}

TEST_CASE("Rpc frames: the bytes of a request and of a response never change") {
  const Bytes request = EncodeRpcRequest(
      {.id = {0x0102030405060708, 9}, .method = RpcMethod(0x0102), .budget = Duration(1000), .payload = "ab"});
  CHECK(request == FromHex("0101"
                           "0807060504030201"
                           "0900000000000000"
                           "0201"
                           "e803000000000000"
                           "6162"));
  const Bytes response = EncodeRpcResponse({.id = {1, 2}, .code = 10, .message = "no", .payload = "z"});
  CHECK(response == FromHex("0102"
                            "0100000000000000"
                            "0200000000000000"
                            "0a"
                            "0200"
                            "6e6f"
                            "7a"));
}

TEST_CASE("Rpc frames: decoding gives back what was encoded") {
  const Bytes payload("p\0q", 3);
  const Bytes bytes =
      EncodeRpcRequest({.id = {7, 8}, .method = RpcMethod(9), .budget = std::nullopt, .payload = payload});
  const Result<RpcRequestFrame> request = DecodeRpcRequest(bytes);
  REQUIRE(request.ok());
  CHECK(request->id == RpcCallId{7, 8});
  CHECK(request->method == RpcMethod(9));
  CHECK_FALSE(request->budget.has_value());
  CHECK(request->payload == payload);
  CHECK(DecodeRpcResponse(bytes).code() == StatusCode::kCorruption);

  const Bytes answer = EncodeRpcResponse({.id = {7, 8}, .code = 1, .message = Bytes(10000, 'm'), .payload = payload});
  const Result<RpcResponseFrame> response = DecodeRpcResponse(answer);
  REQUIRE(response.ok());
  CHECK(response->message.size() == kRpcMessageBytesMax);
  CHECK(response->payload == payload);
  CHECK(StatusOf(*response).code() == StatusCode::kBusy);
}

TEST_CASE("Rpc frames: what is no frame is refused with a reason") {
  const Bytes good = EncodeRpcRequest({.id = {7, 8}, .method = RpcMethod(9), .budget = Duration(5), .payload = ""});
  for (size_t size = 0; size < good.size(); ++size) {
    CHECK(DecodeRpcRequest(good.substr(0, size)).code() == StatusCode::kCorruption);
  }
  Bytes other_version = good;
  other_version[0] = 2;
  CHECK(DecodeRpcRequest(other_version).code() == StatusCode::kVersionMismatch);
  Bytes other_kind = good;
  other_kind[1] = 3;
  CHECK(DecodeRpcRequest(other_kind).code() == StatusCode::kCorruption);
  Bytes negative_budget = good;
  negative_budget[27] = static_cast<char>(0x80);
  CHECK(DecodeRpcRequest(negative_budget).status().message() == "rpc request: negative time budget");
  Bytes chatty_success = EncodeRpcResponse({.id = {7, 8}, .code = 1, .message = "m", .payload = ""});
  chatty_success[18] = 0;
  CHECK(DecodeRpcResponse(chatty_success).code() == StatusCode::kCorruption);
  Bytes long_message = EncodeRpcResponse({.id = {7, 8}, .code = 1, .message = "", .payload = Bytes(5000, 'x')});
  long_message[20] = 17;  // 4352 bytes of message
  CHECK(DecodeRpcResponse(long_message).code() == StatusCode::kCorruption);
}

TEST_CASE("Rpc frames: a status code of a newer version is an unknown outcome") {
  const Status status = StatusOf(RpcResponseFrame{.id = {}, .code = 200, .message = "strange", .payload = ""});
  CHECK(status.code() == StatusCode::kUnknownOutcome);
  CHECK(status.message() == "status code 200 of a newer version: strange");
}

TEST_CASE("Rpc frames: damaged bytes never crash a decoder, and what it accepts encodes to the same bytes") {
  Random random(7);
  const Bytes good[] = {
      EncodeRpcRequest({.id = {1, 2}, .method = RpcMethod(3), .budget = Duration(4), .payload = "five"}),
      EncodeRpcResponse({.id = {1, 2}, .code = 10, .message = "three", .payload = "four"})};
  int accepted = 0;
  for (int i = 0; i < 20000; ++i) {
    Bytes bytes = good[i % 2];
    for (uint64_t n = random.Below(3) + 1; n > 0; --n) {
      const uint64_t at = random.Below(bytes.size());
      bytes[at] = static_cast<char>(random.Below(256));
    }
    if (random.Chance(0.3)) bytes.resize(random.Below(bytes.size() + 1));
    if (const auto request = DecodeRpcRequest(bytes); request.ok()) {
      ++accepted;
      REQUIRE(EncodeRpcRequest(*request) == bytes);
    }
    if (const auto response = DecodeRpcResponse(bytes); response.ok()) {
      ++accepted;
      REQUIRE(EncodeRpcResponse(*response) == bytes);
    }
  }
  CHECK(accepted > 1000);
}

}  // namespace
}  // namespace orrery
