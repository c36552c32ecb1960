#pragma once

#include "analyzers/core/control.h"
#include "analyzers/core/result.h"
#include "app/cli/progress.h"

#include <stop_token>
#include <string>
#include <string_view>

namespace casebook::cli {

/// Where the program writes: results to stdout, all else to stderr. Knows what the two ends are (terminal or not).
class Terminal {
public:
    explicit Terminal(std::stop_token stop);

    void set_quiet(bool quiet) { quiet_ = quiet; }
    bool quiet() const { return quiet_; }
    /// Colours on stdout: it is a terminal, NO_COLOR is unset and TERM is not "dumb".
    bool color() const { return color_; }
    /// Columns to fill on stdout; 0 when it is not a terminal (then nothing is cut).
    int width() const;

    /// Results. After a failed write nothing more is written.
    void print(std::string_view text);
    /// A remark on stderr, left out when quiet.
    void remark(std::string_view text);
    /// `casebook-cli: what happened` and `hint: what to do` on stderr.
    void error(const Error& error);

    /// For long operations: carries Ctrl+C in, draws progress on a terminal unless quiet.
    Control control();
    /// Takes the progress line away; called before anything else is written.
    void end_progress() { progress_.clear(); }

    /// Flushes stdout. 0, or the errno of the first failed write (EPIPE: the reader went away).
    int finish();

private:
    std::stop_token stop_;
    ProgressLine progress_;
    bool quiet_ = false;
    bool color_ = false;
    bool error_color_ = false;
    int write_error_ = 0;
};

/// Text for one line of a terminal: control characters (escape sequences from a hostile file, line ends) made harmless.
std::string printable(std::string_view text);

}  // namespace casebook::cli
