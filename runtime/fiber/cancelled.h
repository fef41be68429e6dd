#pragma once

namespace orrery {

/// Thrown by the suspension point of a fiber that is cancelled or killed, to unwind its stack. Not a
/// std::exception: `catch (const std::exception&)` lets it pass. A `catch (...)` must end in `throw;`:
/// swallowing it ends the process with a message, as does suspending again (in a destructor, say).
class Cancelled final {
 public:
  ~Cancelled();
  Cancelled(const Cancelled&) = delete;
  Cancelled& operator=(const Cancelled&) = delete;

 private:
  friend class Fiber;
  explicit Cancelled(const char* role) : role_(role) {}

  const char* role_;  ///< Of the fiber, for the message.
  bool delivered_ = false;
};

}  // namespace orrery
