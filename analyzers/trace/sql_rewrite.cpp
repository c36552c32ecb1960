#include "analyzers/trace/sql_rewrite.h"

#include "analyzers/core/text.h"

#include <algorithm>
#include <unordered_set>

namespace casebook {

namespace {

using Kind = SqlToken::Kind;

class Rewriter {
public:
    explicit Rewriter(const std::vector<SqlToken>& in) : in_(in) {}

    std::vector<SqlToken> run()
    {
        out_.reserve(in_.size());
        frames_.push_back({});
        for (at_ = 0; at_ < in_.size(); ++at_)
        {
            const SqlToken& token = in_[at_];
            if (token.kind == Kind::symbol)
                symbol(token);
            else if (token.kind == Kind::value || is_constant_word(token) || names_session_object(token))
                value(token);
            else
                name(token);
        }
        while (!out_.empty() && out_.back().is_symbol(";"))
            out_.pop_back();
        return std::move(out_);
    }

private:
    /// An open bracket, or the statement itself.
    struct Frame {
        enum class Type { other, in_list, array, row };
        Type type = Type::other;
        std::size_t begin = 0;      ///< of the bracket in out_
        bool row_may_follow = false;
        bool after_row = false;
        std::uint64_t rows_id = 0;  ///< keeps the rows of different lists apart
    };

    const SqlToken* input(std::size_t index) const { return index < in_.size() ? &in_[index] : nullptr; }
    /// The token `back` places from the end of the output, or null.
    const SqlToken* last(std::size_t back = 0) const
    {
        return back < out_.size() ? &out_[out_.size() - 1 - back] : nullptr;
    }
    bool last_is_word(std::string_view word, std::size_t back = 0) const { return last(back) && last(back)->is_word(word); }

    bool is_constant_word(const SqlToken& token) const
    {
        if (token.kind != Kind::word)
            return false;
        if (last() && last()->is_symbol("(") && last_is_word("extract", 1))
            return true;  // extract(epoch FROM x): the field is a constant to PostgreSQL
        if (last_is_word("limit") && token.is_word("all"))
            return true;  // the same as LIMIT NULL
        const bool is_null = token.is_word("null");
        if (!is_null && !token.is_word("true") && !token.is_word("false"))
            return false;
        if (last_is_word("is") || last_is_word("set"))  // IS NULL, ON DELETE SET NULL
            return false;
        if (last_is_word("not"))
            return input(at_ + 1) && input(at_ + 1)->is_symbol("::") ? true : !is_null && !last_is_word("is", 1);
        return expects_operand(last());
    }

    /// Names made up at run time: SAVEPOINT sp_17.
    bool names_session_object(const SqlToken& token) const
    {
        if (out_.empty() || out_.front().kind != Kind::word)
            return false;
        const SqlToken& first = out_.front();
        const bool second = out_.size() == 1;
        if (last_is_word("savepoint"))
            return second || last_is_word("release", 1) || last_is_word("to", 1) || (last(1) && last(1)->is_symbol(";"));
        if (first.is_word("release"))
            return second && !token.is_word("savepoint");
        if (first.is_word("rollback"))
            return last_is_word("to") && !token.is_word("savepoint");
        if (first.is_word("deallocate"))
            return last_is_word("prepare") || (second && !token.is_word("prepare") && !token.is_word("all"));
        if (first.is_word("declare") || first.is_word("close"))
            return second && !token.is_word("all");
        return (first.is_word("fetch") || first.is_word("move")) && (last_is_word("from") || last_is_word("in"));
    }

    void name(const SqlToken& token)
    {
        Frame& frame = frames_.back();
        frame.row_may_follow = frame.after_row = false;
        if (token.is_word("values"))
        {
            frame.row_may_follow = true;
            frame.rows_id = ++last_rows_id_;
        }
        if (frame.type == Frame::Type::in_list && out_.size() == frame.begin + 1
            && (token.is_word("select") || token.is_word("with") || token.is_word("values") || token.is_word("table")))
            frame.type = Frame::Type::other;
        out_.push_back(token);
    }

    void symbol(const SqlToken& token)
    {
        Frame& frame = frames_.back();
        const char c = token.text.size() == 1 ? token.text[0] : '\0';
        if (c == '(' || c == '[')
            return open(token);
        if (c == ')' || c == ']')
            return close(token);
        if (c == ',')
            frame.row_may_follow = frame.after_row || frame.type == Frame::Type::in_list;
        else
            frame.row_may_follow = false;
        frame.after_row = false;
        out_.push_back(token);
    }

    void open(const SqlToken& token)
    {
        Frame& outer = frames_.back();
        Frame frame;
        frame.begin = out_.size();
        if (token.text == "[")
        {
            const bool nested = outer.type == Frame::Type::array && last() && (last()->is_symbol("[") || last()->is_symbol(","));
            if (last_is_word("array") || nested)
                frame.type = Frame::Type::array;
        }
        else if (outer.row_may_follow)
            frame.type = Frame::Type::row;
        else if (last_is_word("in"))
        {
            frame.type = Frame::Type::in_list;
            frame.row_may_follow = true;
            frame.rows_id = ++last_rows_id_;
        }
        outer.row_may_follow = outer.after_row = false;
        out_.push_back(token);
        frames_.push_back(frame);
    }

    void close(const SqlToken& token)
    {
        out_.push_back(token);
        if (frames_.size() == 1)
            return;
        const Frame closed = frames_.back();
        frames_.pop_back();
        Frame& outer = frames_.back();
        if (closed.type == Frame::Type::row)
        {
            outer.after_row = true;
            if (!is_new_row(closed.begin, outer.rows_id) && closed.begin > 0 && out_[closed.begin - 1].is_symbol(","))
                out_.resize(closed.begin - 1);
        }
        else if (closed.type == Frame::Type::array && out_.size() == closed.begin + 3
                 && out_[closed.begin + 1].kind == Kind::value)
        {
            SqlToken whole = out_[closed.begin];
            out_.resize(closed.begin);
            if (last_is_word("array"))
            {
                whole.blank_before = out_.back().blank_before;
                out_.pop_back();
            }
            whole.is_text = false;
            value(whole);
        }
    }

    bool is_new_row(std::size_t begin, std::uint64_t rows_id)
    {
        row_text_.clear();
        for (std::size_t i = begin; i < out_.size(); ++i)
        {
            append_folded(out_[i], row_text_);
            row_text_ += ' ';
        }
        return rows_seen_.insert(hash64(row_text_) + rows_id * 0x9E3779B97F4A7C15u).second;
    }

    void value(const SqlToken& token)
    {
        Frame& frame = frames_.back();
        frame.row_may_follow = frame.after_row = false;
        if (token.is_text && last() && last()->kind == Kind::value && last()->is_text)
            return;  // 'a' 'b' is one string
        SqlToken value = token;
        value.kind = Kind::value;
        value.text = "?";
        while (last() && (last()->is_symbol("-") || last()->is_symbol("+")) && expects_operand(last(1)))
            drop_last_before(value);
        drop_type_name_before(value);
        if (last() && last()->kind != Kind::symbol)
            value.blank_before = true;  // SELECT-1
        out_.push_back(value);
        after_value();
    }

    void drop_last_before(SqlToken& value)
    {
        value.blank_before = out_.back().blank_before;
        out_.pop_back();
    }

    /// DATE '…', TIMESTAMP WITH TIME ZONE '…': the type goes, the value stays.
    void drop_type_name_before(SqlToken& value)
    {
        std::size_t words = 0;
        if (last_is_word("date") || last_is_word("time") || last_is_word("timestamp") || last_is_word("timestamptz")
            || last_is_word("timetz") || last_is_word("interval"))
            words = 1;
        else if (last_is_word("zone") && last_is_word("time", 1) && (last_is_word("with", 2) || last_is_word("without", 2))
                 && (last_is_word("timestamp", 3) || last_is_word("time", 3)))
            words = 4;
        if (words == 0 || !expects_operand(last(words)))
            return;
        for (; words > 0; --words)
            drop_last_before(value);
    }

    /// The value at the end of the output: takes in casts that follow and joins the list it stands in.
    void after_value()
    {
        for (;;)
        {
            if (input(at_ + 1) && input(at_ + 1)->is_symbol("::"))
            {
                const std::size_t end = skip_type(at_ + 2);
                if (end == 0)
                    break;
                at_ = end - 1;
            }
            else if (input(at_ + 1) && input(at_ + 1)->is_word("as") && last(1) && last(1)->is_symbol("(")
                     && last_is_word("cast", 2) && frames_.size() > 1)
            {
                const std::size_t end = skip_type(at_ + 2);
                if (end == 0 || !input(end) || !input(end)->is_symbol(")"))
                    break;
                SqlToken value = out_.back();
                out_.pop_back();
                drop_last_before(value);
                drop_last_before(value);
                value.is_text = false;
                out_.push_back(value);
                frames_.pop_back();
                at_ = end;
            }
            else
                break;
            out_.back().is_text = false;
        }
        const Frame& frame = frames_.back();
        if ((frame.type == Frame::Type::in_list || frame.type == Frame::Type::array) && out_.size() >= frame.begin + 4
            && last(1)->is_symbol(",") && last(2)->kind == Kind::value)
            out_.resize(out_.size() - 2);
    }

    bool input_is_word(std::size_t index, std::string_view word) const { return input(index) && input(index)->is_word(word); }
    bool input_is_name(std::size_t index) const
    {
        return input(index) && (input(index)->kind == Kind::word || input(index)->kind == Kind::quoted);
    }

    /// Index after the type name that starts at `index`, 0 when there is none.
    std::size_t skip_type(std::size_t index) const
    {
        if (!input_is_name(index))
            return 0;
        const std::size_t first = index++;
        while (input(index) && input(index)->is_symbol(".") && input_is_name(index + 1))
            index += 2;
        if ((input_is_word(first, "double") && input_is_word(index, "precision"))
            || ((input_is_word(first, "character") || input_is_word(first, "char") || input_is_word(first, "bit"))
                && input_is_word(index, "varying"))
            || ((input_is_word(first, "signed") || input_is_word(first, "unsigned"))
                && (input_is_word(index, "integer") || input_is_word(index, "int"))))
            ++index;
        index = skip_modifier(index);
        if ((input_is_word(first, "timestamp") || input_is_word(first, "time"))
            && (input_is_word(index, "with") || input_is_word(index, "without")) && input_is_word(index + 1, "time")
            && input_is_word(index + 2, "zone"))
            index += 3;
        while (input(index) && input(index)->is_symbol("["))
        {
            const std::size_t close = input(index + 1) && input(index + 1)->kind == Kind::value ? index + 2 : index + 1;
            if (!input(close) || !input(close)->is_symbol("]"))
                break;
            index = close + 1;
        }
        return index;
    }

    /// "(10, 2)" of numeric(10, 2).
    std::size_t skip_modifier(std::size_t index) const
    {
        if (!input(index) || !input(index)->is_symbol("("))
            return index;
        constexpr std::size_t longest = 5;
        for (std::size_t close = index + 1; close <= index + longest && input(close); ++close)
            if (input(close)->is_symbol(")"))
                return close + 1;
        return index;
    }

    const std::vector<SqlToken>& in_;
    std::size_t at_ = 0;
    std::vector<SqlToken> out_;
    std::vector<Frame> frames_;
    std::uint64_t last_rows_id_ = 0;
    std::unordered_set<std::uint64_t> rows_seen_;
    std::string row_text_;
};

bool is_plain_lower_name(std::string_view text)
{
    const auto starts = [](char c) { return (c >= 'a' && c <= 'z') || c == '_' || static_cast<unsigned char>(c) >= 0x80; };
    return !text.empty() && starts(text.front())
           && std::all_of(text.begin(), text.end(), [&](char c) { return starts(c) || (c >= '0' && c <= '9') || c == '$'; });
}

}  // namespace

std::vector<SqlToken> rewrite_sql(const std::vector<SqlToken>& tokens) { return Rewriter(tokens).run(); }

void append_folded(const SqlToken& token, std::string& text)
{
    const auto append_lower = [&](std::string_view part) {
        for (const char c : part)
            text += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    };
    if (token.kind == Kind::word)
        return append_lower(token.text);
    if (token.kind != Kind::quoted || token.text.size() < 2)
    {
        text += token.text;
        return;
    }
    const std::string_view content = token.text.substr(1, token.text.size() - 2);
    if (token.text.front() != '"')
        append_lower(content);
    else
        text += is_plain_lower_name(content) ? content : token.text;
}

}  // namespace casebook
