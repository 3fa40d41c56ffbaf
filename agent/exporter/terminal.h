// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "agent/exporter/environment.h"

// What a terminal shows, and how text from the wire is kept from commanding it.
namespace spanwire::exporter {

enum class ColorMode { kAuto, kAlways, kNever };

// Whether to colour. kAuto: a non-empty NO_COLOR says no, CLICOLOR_FORCE other than "0" says yes,
// and else only a terminal that is not TERM=dumb.
bool WantsColor(ColorMode mode, bool is_terminal, const EnvironmentLookup& environment);

// Columns of the terminal `fd`; 0 = not a terminal, or it does not tell.
size_t TerminalColumns(int fd);

// `text` fit to be shown: control characters, invalid bytes and characters that reorder text are
// written as "\n", "\x1b", "\u{202e}".
std::string EscapeForTerminal(std::string_view text);

// Columns that `text`, which is valid UTF-8, takes. Never too few for what terminals do.
size_t DisplayWidth(std::string_view text);

// `text` in at most `width` columns: what is too much is cut from its middle, for both ends say
// more.
std::string CutMiddle(std::string_view text, size_t width);
// And from its end.
std::string CutEnd(std::string_view text, size_t width);

}  // namespace spanwire::exporter
