#pragma once

#include "cli/session.h"

namespace orrery::cli {

/// Reads commands from standard input, one a line: get, put, del, cas, scan, members, status, help, quit.
/// Bad commands are explained and the shell goes on. Ends with the input.
Status RunShell(Session& session);

/// A line as words: separated by blanks; "..." keeps blanks, \" and \\ inside it stand for themselves.
/// kInvalidArgument for a quotation without an end.
Result<std::vector<std::string>> SplitWords(const std::string& line);

}  // namespace orrery::cli
