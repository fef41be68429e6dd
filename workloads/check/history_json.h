#pragma once

#include <iosfwd>
#include <string_view>

#include "runtime/base/status.h"
#include "workloads/check/history.h"

namespace orrery::check {

/// The history format of Orrery: JSON lines, one event a line, in the order the events happened.
///
///   {"format":"orrery-history","version":1}                                     optional; then "end" is needed
///   {"type":"invoke","process":0,"time":5,"ops":[["append","x",1],["r","y",null]]}
///   {"type":"ok","process":0,"time":9,"ops":[["append","x",1],["r","y",[1,2]]]}
///   {"type":"end","events":2}
///
/// type: invoke, ok, fail (certainly no effect), info (unknown outcome). "time" (nanoseconds) is optional but
/// may not go back. "stale":true on an invocation declares a stale read. "ops" of ok repeats the questions
/// with answers; fail and info may leave it out. Keys and values are integers, texts, booleans; null as a
/// value is nil. The micro-operations are listed at MicroKind. Operations without an ending are open.
///
/// Bad input: kInvalidArgument "line 12: ...": text that is not JSON (a cut file), unknown words, a response
/// without an invocation, an invocation while the process is busy, answers to other questions, time that goes
/// back, a missing or wrong end line.
Result<History> ReadJsonHistory(std::string_view text);

/// Writes `history` in that format with header and end line. Reading it back gives the same operations;
/// operations whose end is unknown get an info line at the end.
void WriteJsonHistory(const History& history, std::ostream& out);

}  // namespace orrery::check
