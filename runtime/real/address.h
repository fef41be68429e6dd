#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <string>
#include <string_view>

#include "runtime/base/status.h"

namespace orrery {

/// The parts of "host:port" or "[v6]:port".
struct HostPort {
  std::string host;
  std::string port;  ///< 0..65535 in decimal.
};

/// kInvalidArgument names the address.
Result<HostPort> ParseAddress(std::string_view address);
/// Looks the host up, which may block (at start-up only). kInvalidArgument or kIoError name the address.
Result<boost::asio::ip::tcp::endpoint> ResolveBlocking(std::string_view address);
/// The endpoint if the host is a number; else kNotFound (a name, to be looked up) or kInvalidArgument.
Result<boost::asio::ip::tcp::endpoint> ParseNumericAddress(std::string_view address);
std::string ToString(const boost::asio::ip::tcp::endpoint& endpoint);

/// Binds and listens, non-blocking. kAlreadyExists: "listen on 127.0.0.1:80: Address already in use". kInvalidArgument:
/// the address is not this machine's, or needs privileges. kIoError.
Result<boost::asio::ip::tcp::acceptor> BindAndListen(boost::asio::io_context& io, std::string_view address);

}  // namespace orrery
