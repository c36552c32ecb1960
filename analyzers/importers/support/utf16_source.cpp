#include "analyzers/importers/support/utf16_source.h"

#include <algorithm>
#include <cerrno>
#include <iconv.h>

namespace casebook {
namespace {

constexpr std::size_t piece_bytes = 1u << 20;
constexpr std::string_view replacement = "\xEF\xBF\xBD";

class Utf16Source final : public Source {
public:
    Utf16Source(Source& original, const Control& control) : original_(original), control_(control) {}
    ~Utf16Source() override
    {
        if (converter_ != reinterpret_cast<iconv_t>(-1)) iconv_close(converter_);
    }

    std::uint64_t file_bytes_read() const override { return original_.file_bytes_read(); }
    std::uint64_t file_bytes_total() const override { return original_.file_bytes_total(); }

private:
    Result<std::string_view> fill(std::size_t minimum) override
    {
        TRY(control_.check());
        if (begin_ > text_.size() / 2) {
            text_.erase(0, begin_);
            begin_ = 0;
        }
        while (!at_end_ && text_.size() - begin_ < minimum) TRY(convert_piece());
        return std::string_view(text_).substr(begin_);
    }

    void advance(std::size_t count) override { begin_ += count; }

    /// Converts up to piece_bytes of the original; sets at_end_ when nothing is left.
    Status convert_piece()
    {
        if (converter_ == reinterpret_cast<iconv_t>(-1)) {
            TRY_ASSIGN(const std::string_view mark, original_.window(2));
            converter_ = iconv_open("UTF-8", mark.substr(0, 1) == "\xFF" ? "UTF-16LE" : "UTF-16BE");
            if (converter_ == reinterpret_cast<iconv_t>(-1))
                return fail(Error::Code::notUnderstood, "the text is UTF-16, which this system cannot convert", "Save it as UTF-8");
            original_.consume(2);
        }
        TRY_ASSIGN(const std::string_view window, original_.window(piece_bytes));
        const std::string_view piece = window.substr(0, piece_bytes);
        if (piece.empty()) {
            at_end_ = true;
            return {};
        }
        const std::size_t old_size = text_.size();
        text_.resize(old_size + piece.size() / 2 * 3 + 4);  // a unit of two bytes becomes three at most
        char* in = const_cast<char*>(piece.data());         // iconv() reads only; its signature is older than const
        char* out = text_.data() + old_size;
        std::size_t in_left = piece.size();
        std::size_t out_left = text_.size() - old_size;
        const bool stopped = iconv(converter_, &in, &in_left, &out, &out_left) == static_cast<std::size_t>(-1);
        const int reason = stopped ? errno : 0;
        text_.resize(text_.size() - out_left);
        std::size_t taken = piece.size() - in_left;
        // EINVAL: the piece ends within a character; more of it may follow unless this is all there is.
        if (reason == EILSEQ || (reason == EINVAL && taken == 0)) {
            text_ += replacement;
            taken += std::min<std::size_t>(2, in_left);
        }
        original_.consume(taken);
        return {};
    }

    Source& original_;
    const Control& control_;
    iconv_t converter_ = reinterpret_cast<iconv_t>(-1);
    std::string text_;
    std::size_t begin_ = 0;
    bool at_end_ = false;
};

}  // namespace

bool is_utf16(std::string_view head)
{
    return head.substr(0, 2) == "\xFF\xFE" || head.substr(0, 2) == "\xFE\xFF";
}

std::unique_ptr<Source> utf16_source(Source& original, const Control& control)
{
    return std::make_unique<Utf16Source>(original, control);
}

}  // namespace casebook
