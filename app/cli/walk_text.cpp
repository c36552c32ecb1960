#include "app/cli/walk_text.h"

#include "app/cli/table.h"
#include "app/cli/terminal.h"

#include <algorithm>

namespace casebook::cli {

namespace {

std::string badge(Verdict verdict)
{
    switch (verdict) {
    case Verdict::confirmed: return "[x]";
    case Verdict::suspected: return "[?]";
    case Verdict::inconclusive: return "[~]";
    case Verdict::ruledOut: return "[ ]";
    case Verdict::notEnoughEvidence: return "[.]";
    }
    return "";
}

std::string words(Verdict verdict)
{
    std::string text(name_of(verdict));
    std::replace(text.begin(), text.end(), '_', ' ');
    return text;
}

class Page {
public:
    Page(int width, bool color) : width_(width), color_(color) {}

    std::string bold(const std::string& text) const { return color_ ? "\033[1m" + text + "\033[0m" : text; }
    std::string faint(const std::string& text) const { return color_ ? "\033[2m" + text + "\033[0m" : text; }

    void heading(const std::string& text) { out_ += (out_.empty() ? "" : "\n") + bold(printable(text)) + "\n"; }
    void line(int indent, const std::string& text, bool quiet = false)
    {
        const std::string body = std::string(static_cast<std::size_t>(indent), ' ') + wrap(printable(text), width_ > indent ? width_ - indent : 0, indent);
        out_ += (quiet ? faint(body) : body) + "\n";
    }
    std::string take() { return std::move(out_); }

private:
    int width_;
    bool color_;
    std::string out_;
};

}  // namespace

std::string walk_text(const Walk& walk, int width, bool color)
{
    Page page(width, color);
    page.heading(walk.title + " (" + walk.symptom + ")");
    std::string pattern = walk.pattern;
    if (!pattern.empty() && pattern[0] >= 'a' && pattern[0] <= 'z') pattern[0] = static_cast<char>(pattern[0] - 'a' + 'A');
    page.line(2, pattern + ". Likeliest: " + walk.likely + ".");

    page.heading("Before any question");
    for (const WalkCheck& check : walk.checks) page.line(2, (check.state == WalkCheck::State::good ? "ok    " : "check ") + check.name + ": " + check.text);
    if (!walk.mitigation.empty()) page.heading("While you look: mitigation comes before the root cause");
    for (const Mitigation& mitigation : walk.mitigation) page.line(2, mitigation.title + ". " + mitigation.why);

    for (const WalkStep& step : walk.steps) {
        page.heading(std::to_string(step.number) + ". " + step.title + (step.budget_minutes ? " (" + std::to_string(*step.budget_minutes) + " min)" : ""));
        if (step.questions.empty() && step.actions.empty()) page.line(2, step.why, true);
        for (const WalkQuestion& question : step.questions) {
            page.line(2, badge(question.verdict) + " " + question.analyzer + ": " + words(question.verdict) + (question.reason.empty() ? "" : ". " + question.reason),
                      question.verdict == Verdict::notEnoughEvidence);
            if (question.verdict != Verdict::ruledOut) page.line(6, question.why, true);
        }
        for (const Missing& missing : step.missing) {
            page.line(2, "missing: " + missing.evidence + ", " + missing.why);
            if (!missing.command.empty()) page.line(6, missing.command, true);
        }
        for (const std::string& action : step.actions) page.line(2, "- " + action);
    }

    page.heading("Conclusion");
    page.line(2, walk.conclusion);
    page.heading("Next: " + walk.next.title);
    if (!walk.next.why.empty()) page.line(2, walk.next.why);
    if (!walk.next.command.empty()) page.line(2, walk.next.command);
    return page.take();
}

}  // namespace casebook::cli
