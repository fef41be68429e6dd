#pragma once

#include <cstddef>

namespace orrery {

/// How many writes of one client session may await their answers at a time (Raft thesis, section 6.3). Clients number
/// their writes no further ahead of the lowest unanswered one, stores remember so many answers: were the client's
/// number larger, stores could forget an answer that somebody still asks for, and it would stay unknown for ever.
inline constexpr size_t kSessionWindow = 256;

}  // namespace orrery
