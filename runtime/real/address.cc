#include "runtime/real/address.h"

#include <boost/asio/io_context.hpp>
#include <charconv>

namespace orrery {

using boost::asio::ip::tcp;

namespace {

/// Somebody else is there; the address is not one of this machine, or not for us; anything else.
StatusCode ListenCode(const boost::system::error_code& error) {
  if (error == boost::asio::error::address_in_use) return StatusCode::kAlreadyExists;
  const bool not_ours = error == boost::system::errc::address_not_available ||
                        error == boost::asio::error::access_denied || error == boost::system::errc::permission_denied;
  return not_ours ? StatusCode::kInvalidArgument : StatusCode::kIoError;
}

}  // namespace

Result<HostPort> ParseAddress(std::string_view address) {
  const auto invalid = [&](const char* why) {
    return Status(StatusCode::kInvalidArgument, "address \"" + std::string(address) + "\": " + why);
  };
  const size_t colon = address.rfind(':');
  if (colon == std::string_view::npos) return invalid("expected host:port");
  std::string_view host = address.substr(0, colon);
  const std::string_view port = address.substr(colon + 1);
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return invalid("an IPv6 host stands in brackets");
  }
  if (host.empty()) return invalid("the host is missing");
  unsigned number = 0;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  if (port.empty() || error != std::errc() || end != port.data() + port.size() || number > 65535) {
    return invalid("the port is a number from 0 to 65535");
  }
  return HostPort{std::string(host), std::to_string(number)};
}

Result<tcp::endpoint> ParseNumericAddress(std::string_view address) {
  ORRERY_ASSIGN_OR_RETURN(const HostPort parts, ParseAddress(address));
  boost::system::error_code error;
  const auto ip = boost::asio::ip::make_address(parts.host, error);
  if (error) return Status(StatusCode::kNotFound, std::string(address) + " is not numeric");
  return tcp::endpoint(ip, static_cast<uint16_t>(std::stoul(parts.port)));
}

Result<tcp::endpoint> ResolveBlocking(std::string_view address) {
  Result<tcp::endpoint> numeric = ParseNumericAddress(address);
  if (numeric.code() != StatusCode::kNotFound) return numeric;
  ORRERY_ASSIGN_OR_RETURN(const HostPort parts, ParseAddress(address));
  boost::asio::io_context io;
  tcp::resolver resolver(io);
  boost::system::error_code error;
  const auto found = resolver.resolve(parts.host, parts.port, error);
  if (error || found.empty()) {
    const bool unknown = error == boost::asio::error::host_not_found || error == boost::asio::error::no_data;
    return Status(unknown ? StatusCode::kInvalidArgument : StatusCode::kIoError,
                  "address \"" + std::string(address) + "\": " + error.message());
  }
  return found.begin()->endpoint();
}

std::string ToString(const tcp::endpoint& endpoint) {
  const std::string host = endpoint.address().to_string();
  const bool v6 = endpoint.address().is_v6();
  return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(endpoint.port());
}

Result<tcp::acceptor> BindAndListen(boost::asio::io_context& io, std::string_view address) {
  ORRERY_ASSIGN_OR_RETURN(const tcp::endpoint endpoint, ResolveBlocking(address));
  tcp::acceptor acceptor(io);
  boost::system::error_code error;
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(1024, error);
  if (!error) acceptor.non_blocking(true, error);
  if (error) return Status(ListenCode(error), "listen on " + std::string(address) + ": " + error.message());
  return acceptor;
}

}  // namespace orrery
