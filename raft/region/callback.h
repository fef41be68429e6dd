#pragma once

#include <memory>
#include <utility>

namespace orrery {

template <class Signature>
class Callback;

/// An owned, move-only callable for "tell me when it is done": like std::function, but it may hold what cannot be
/// copied (an RPC's Responder). Dropping it uncalled drops what it holds.
template <class... Args>
class Callback<void(Args...)> {
 public:
  Callback() = default;
  template <class F>
  requires(!std::is_same_v<std::remove_cvref_t<F>, Callback>) Callback(F&& function)
      : holder_(std::make_unique<HolderOf<std::decay_t<F>>>(std::forward<F>(function))) {}

  explicit operator bool() const { return holder_ != nullptr; }
  /// Requires: not empty.
  void operator()(Args... args) { holder_->Call(std::forward<Args>(args)...); }

 private:
  struct Holder {
    virtual ~Holder() = default;
    virtual void Call(Args... args) = 0;
  };
  template <class F>
  struct HolderOf final : Holder {
    explicit HolderOf(F function) : call(std::move(function)) {}
    void Call(Args... args) override { call(std::forward<Args>(args)...); }
    F call;
  };

  std::unique_ptr<Holder> holder_;
};

}  // namespace orrery
