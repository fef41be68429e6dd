#pragma once

#include <cstddef>

#include "runtime/base/assert.h"

namespace orrery {

/// A place in one IntrusiveList. Unlinks itself when destroyed, so neither side can dangle.
class ListHook {
 public:
  ListHook() = default;
  ~ListHook() { Unlink(); }
  ListHook(const ListHook&) = delete;
  ListHook& operator=(const ListHook&) = delete;

  bool linked() const { return next_ != nullptr; }
  void Unlink() {
    if (!linked()) return;
    previous_->next_ = next_;
    next_->previous_ = previous_;
    next_ = previous_ = nullptr;
  }

 private:
  template <class T, ListHook T::*>
  friend class IntrusiveList;

  ListHook* next_ = nullptr;
  ListHook* previous_ = nullptr;
};

/// A doubly linked list through a member of T; owns nothing, allocates nothing, keeps insertion order.
/// When the list dies its elements stay alive and become unlinked.
template <class T, ListHook T::*Hook>
class IntrusiveList {
 public:
  IntrusiveList() { head_.next_ = head_.previous_ = &head_; }
  ~IntrusiveList() {
    while (!empty()) head_.next_->Unlink();
    head_.next_ = head_.previous_ = nullptr;
  }
  IntrusiveList(const IntrusiveList&) = delete;
  IntrusiveList& operator=(const IntrusiveList&) = delete;

  bool empty() const { return head_.next_ == &head_; }
  T* front() const { return empty() ? nullptr : Element(head_.next_); }
  T* back() const { return empty() ? nullptr : Element(head_.previous_); }
  /// The element after `element`, nullptr at the end.
  T* Next(T* element) const {
    ListHook* next = (element->*Hook).next_;
    return next == &head_ ? nullptr : Element(next);
  }

  void PushBack(T* element) {
    ListHook& hook = element->*Hook;
    ORRERY_ASSERT(!hook.linked());
    hook.previous_ = head_.previous_;
    hook.next_ = &head_;
    head_.previous_->next_ = &hook;
    head_.previous_ = &hook;
  }
  /// nullptr when empty.
  T* PopFront() {
    T* element = front();
    if (element != nullptr) (element->*Hook).Unlink();
    return element;
  }
  /// Moves every element of `other` behind the elements of this list.
  void TakeAll(IntrusiveList& other) {
    while (T* element = other.PopFront()) PushBack(element);
  }

 private:
  static T* Element(ListHook* hook) {
    // The offset of a member known by its pointer-to-member, computed on aligned storage that is never read.
    alignas(T) static char storage[sizeof(T)];
    const auto* probe = reinterpret_cast<const T*>(storage);
    const auto offset = reinterpret_cast<const char*>(&(probe->*Hook)) - storage;
    return reinterpret_cast<T*>(reinterpret_cast<char*>(hook) - offset);
  }

  ListHook head_;
};

}  // namespace orrery
