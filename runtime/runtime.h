#pragma once

#include "runtime/base/random.h"

namespace orrery {

class AddressBook;
class Clock;
class Disk;
class Domain;
class Log;
class Network;
class Offload;
class Probes;
class Process;
class RocksHost;
class Scheduler;
class StreamTransport;

/// Everything a node may know of the world, for one boot of the process. References outlive the node.
/// The same struct is filled by runtime/real and by sim; nothing in it tells which.
struct Runtime {
  Scheduler& scheduler;
  Domain& domain;  ///< Owns every fiber of this boot.
  Clock& clock;
  Random random;  ///< The root of this boot's randomness; split it by name.
  Network& network;
  StreamTransport& streams;
  Disk& disk;
  Offload& offload;
  RocksHost& rocks;
  AddressBook& addresses;
  Probes& probes;
  Log& log;
  Process& process;
};

}  // namespace orrery
