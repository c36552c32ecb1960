// Words that people read go through tr() or translate(): the calls that put text on the screen have no bare words.

#include "tests/support/places.h"

#include <fstream>
#include <iostream>
#include <iterator>
#include <regex>
#include <string_view>
#include <vector>

namespace {

namespace fs = std::filesystem;

/// What stands between the parenthesis at `open` and the one that closes it; literals may hold parentheses.
std::string_view arguments_at(std::string_view code, std::size_t open)
{
    int depth = 0;
    bool quoted = false;
    for (std::size_t i = open; i < code.size(); ++i) {
        if (quoted && code[i] == '\\') ++i;
        else if (code[i] == '"' && !(i > 0 && code[i - 1] == '\'')) quoted = !quoted;
        else if (!quoted && code[i] == '(') ++depth;
        else if (!quoted && code[i] == ')' && --depth == 0) return code.substr(open + 1, i - open - 1);
    }
    return {};
}

/// Without the arguments of calls whose literals are not shown, or are translated.
std::string without_calls(std::string code, const std::regex& calls)
{
    for (std::smatch match; std::regex_search(code, match, calls);) {
        const auto at = static_cast<std::size_t>(match.position());
        const std::size_t length = static_cast<std::size_t>(match.length());
        const std::size_t inside = arguments_at(code, at + length - 1).size();
        code.replace(at, length + inside, "(");
    }
    return code;
}

/// Bare words of the code, one a line: literals in which, without markup, places and the program's name, a word is left.
std::vector<std::string> bare_words(const std::string& code)
{
    static const std::regex shown(R"(\b(setText|setPlainText|setToolTip|setStatusTip|setWindowTitle|setPlaceholderText|setLabelText|setInformativeText|)"
                                  R"(setAccessibleName|setAccessibleDescription|setTitle|addAction|addMenu|addTab|addItem|addButton|addRow|showMessage|)"
                                  R"(QMessageBox(?:::\w+)?|new (?:QLabel|QPushButton|QCheckBox|QRadioButton|QGroupBox|QAction|QMessageBox|Hint))\()");
    static const std::regex not_shown(R"(\b(tr|translate|QT_TRANSLATE_NOOP|QT_TR_NOOP|findChild<[^>]*>|property|action_icon|QKeySequence|setObjectName|resource)\()");
    static const std::regex literal(R"re("((?:[^"\\]|\\.)*)")re"), markup(R"(<[^>]*>|&\w+;|%[L0-9n]+|\\.|Casebook)"), word("[A-Za-z]{2}");
    std::vector<std::string> found;
    for (std::sregex_iterator call(code.begin(), code.end(), shown), end; call != end; ++call) {
        const std::string inside = without_calls(std::string(arguments_at(code, static_cast<std::size_t>(call->position() + call->length()) - 1)), not_shown);
        for (std::sregex_iterator text(inside.begin(), inside.end(), literal); text != end; ++text)
            if (std::regex_search(std::regex_replace((*text)[1].str(), markup, ""), word)) found.push_back((*call)[1].str() + ": " + (*text)[0].str());
    }
    return found;
}

}  // namespace

int main()
{
    int problems = 0;
    // The scan itself: what it must find and must leave alone.
    for (const char* bad : {"label->setText(QStringLiteral(\"No rows\"));", "box.addTab(page, \"Finding (new)\");", "new QLabel(QStringLiteral(\"<b>Name</b>\"), this)"})
        if (bare_words(bad).size() != 1) ++problems, std::cerr << "the scan misses " << bad << "\n";
    for (const char* good : {"label->setText(tr(\"No (rows)\"));", "menu->addAction(action_icon(\"open\"), tr(\"Open\"));", "label->setText(QStringLiteral(\"<b>%1</b>\").arg(n));"})
        if (!bare_words(good).empty()) ++problems, std::cerr << "the scan takes for bare words " << good << "\n";

    int files = 0;
    for (const char* top : {"widgets", "app/gui"})
        for (const auto& entry : fs::recursive_directory_iterator(casebook::tests::source_folder() / top)) {
            if (entry.path().extension() != ".cpp" && entry.path().extension() != ".h") continue;
            std::ifstream in(entry.path());
            const std::string code{std::istreambuf_iterator<char>(in), {}};
            ++files;
            for (const std::string& words : bare_words(code)) {
                ++problems;
                std::cerr << fs::relative(entry.path(), casebook::tests::source_folder()).string() << ": put into tr(): " << words << "\n";
            }
        }
    if (files < 50) ++problems, std::cerr << "found only " << files << " source files\n";
    return problems ? 1 : 0;
}
