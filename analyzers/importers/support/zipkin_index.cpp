#include "analyzers/importers/support/zipkin_index.h"

#include "analyzers/core/text.h"

#include <algorithm>

namespace casebook {
namespace {

bool is_server_side(SpanKind kind)
{
    return kind == SpanKind::server || kind == SpanKind::consumer;
}

bool is_client_side(SpanKind kind)
{
    return kind == SpanKind::client || kind == SpanKind::producer;
}

}  // namespace

void ZipkinIndex::clear()
{
    entries_.clear();
    twins_.clear();
    children_.clear();
    full_trace_ids_.clear();
    first_start_us_.clear();
    untimed_ = false;
}

/// By the low half of the trace id: Zipkin joins 64-bit and 128-bit forms of a trace on it (strictTraceId=false).
std::uint64_t ZipkinIndex::key_of(const ZipkinSpan& span, std::uint64_t id)
{
    return mix_ids(span.trace.low, id);
}

void ZipkinIndex::add(const ZipkinSpan& span)
{
    Entry entry;
    entry.key = key_of(span, span.id);
    entry.endpoint = span.local.hash();
    entry.service = hash64(span.local.service);
    entry.start_us = span.start_us.value_or(0);
    entry.kind = span.kind;
    entry.shared = span.shared;
    entries_.push_back(entry);
    if (span.parent != 0 && entry.start_us != 0) children_.push_back({key_of(span, span.parent), entry.start_us});
    if (span.trace.high != 0) full_trace_ids_.try_emplace(span.trace.low, span.trace.high);
    if (entry.start_us != 0) {
        const auto [first, fresh] = first_start_us_.try_emplace(span.trace.low, entry.start_us);
        if (!fresh) first->second = std::min(first->second, entry.start_us);
    } else {
        untimed_ = true;
    }
}

void ZipkinIndex::finish()
{
    std::sort(entries_.begin(), entries_.end(), [](const Entry& a, const Entry& b) {
        return a.key != b.key ? a.key < b.key : a.endpoint < b.endpoint;
    });
    for (std::size_t i = 0; i < entries_.size(); ++i) {
        const Entry& entry = entries_[i];
        if (twins_.empty() || twins_.back().key != entry.key)
            twins_.push_back({.key = entry.key, .first = static_cast<std::uint32_t>(i)});
        Twins& twins = twins_.back();
        ++twins.count;
        if (twins.start_us == 0) twins.start_us = entry.start_us;
        twins.client = twins.client || (!entry.shared && is_client_side(entry.kind));
    }
    for (Twins& twins : twins_) choose_owner(twins);
    // Only spans without a time ask for children.
    if (!untimed_) children_.clear();
    std::sort(children_.begin(), children_.end(), [](const Child& a, const Child& b) {
        return a.parent_key != b.parent_key ? a.parent_key < b.parent_key : a.start_us < b.start_us;
    });
}

/// Among those that are no server's half: the client's, else one with a time, else the first.
void ZipkinIndex::choose_owner(Twins& twins) const
{
    const auto rank = [](const Entry& entry) {
        return (is_client_side(entry.kind) ? 2 : 0) + (entry.start_us != 0 ? 1 : 0);
    };
    for (std::uint32_t i = twins.first; i < twins.first + twins.count; ++i) {
        if (is_half(entries_[i].kind, entries_[i].shared, twins)) continue;
        if (!twins.owned || rank(entries_[i]) > rank(entries_[twins.owner])) twins.owner = i;
        twins.owned = true;
    }
}

bool ZipkinIndex::is_same(const Entry& entry, const ZipkinSpan& span, std::uint64_t endpoint)
{
    return entry.endpoint == endpoint && entry.kind == span.kind && entry.start_us == span.start_us.value_or(0);
}

const ZipkinIndex::Twins* ZipkinIndex::twins_of(std::uint64_t key) const
{
    const auto found = std::lower_bound(twins_.begin(), twins_.end(), key,
                                        [](const Twins& twins, std::uint64_t wanted) { return twins.key < wanted; });
    return found != twins_.end() && found->key == key ? &*found : nullptr;
}

/// A server's half: marked shared, or with a client's half under the same id, as older tracers report without the mark.
bool ZipkinIndex::is_half(SpanKind kind, bool shared, const Twins& twins)
{
    return shared || (is_server_side(kind) && twins.client);
}

/// The id of the half among those with `id` that ran where the span did, at the same endpoint or else in the same
/// service; when there is none, `id` itself if somebody owns it, else the first half's.
std::uint64_t ZipkinIndex::half_where(const ZipkinSpan& span, std::uint64_t id, const Twins& twins) const
{
    const auto begin = entries_.begin() + twins.first;
    const auto end = begin + twins.count;
    const std::uint64_t endpoint = span.local.hash();
    auto entry = std::lower_bound(begin, end, endpoint,
                                  [](const Entry& one, std::uint64_t wanted) { return one.endpoint < wanted; });
    for (; entry != end && entry->endpoint == endpoint; ++entry)
        if (is_half(entry->kind, entry->shared, twins)) return derived(id, endpoint);
    // Bounded: real ids are shared by two spans, or by a few consumers of one message.
    constexpr std::ptrdiff_t most_compared = 1000;
    const std::uint64_t service = hash64(span.local.service);
    const auto last = begin + std::min<std::ptrdiff_t>(most_compared, twins.count);
    for (entry = begin; entry != last; ++entry)
        if (entry->service == service && is_half(entry->kind, entry->shared, twins))
            return derived(id, entry->endpoint);
    return twins.owned ? id : derived(id, begin->endpoint);
}

void ZipkinIndex::settle(ZipkinSpan& span) const
{
    const std::uint64_t original = span.id;
    const std::uint64_t endpoint = span.local.hash();
    const Twins* const twins = twins_of(key_of(span, original));
    bool parent_settled = false;
    if (twins != nullptr && twins->count > 1) {  // a lone half keeps the id: nobody else has it
        if (is_half(span.kind, span.shared, *twins)) {
            span.id = derived(original, endpoint);
            parent_settled = twins->owned;
            if (twins->owned) span.parent = original;
        } else if (!is_same(entries_[twins->owner], span, endpoint)) {
            const std::uint64_t salt = mix_ids(static_cast<std::uint64_t>(span.kind), span.start_us.value_or(0));
            span.id = derived(original, endpoint ^ salt);
            // A report without kind and time is a piece of the half, or of the owner, it names.
            parent_settled = !span.start_us && span.kind == SpanKind::internal;
            if (parent_settled) span.parent = half_where(span, original, *twins);
        }
    }
    if (!parent_settled && span.parent != 0 && span.parent != original) {
        const Twins* const parents = twins_of(key_of(span, span.parent));
        if (parents != nullptr && parents->count > 1) span.parent = half_where(span, span.parent, *parents);
    }
    if (span.trace.high == 0) {
        const auto full = full_trace_ids_.find(span.trace.low);
        if (full != full_trace_ids_.end()) span.trace.high = full->second;
    }
}

std::optional<std::uint64_t> ZipkinIndex::start_of(const ZipkinSpan& span) const
{
    std::uint64_t start = 0;
    for (const ZipkinAnnotation& annotation : span.annotations)
        if (annotation.at_us && *annotation.at_us != 0 && (start == 0 || *annotation.at_us < start))
            start = *annotation.at_us;
    if (start != 0) return start;
    const std::uint64_t key = key_of(span, span.id);
    if (const Twins* twins = twins_of(key); twins != nullptr && twins->start_us != 0) return twins->start_us;
    const auto child =
        std::lower_bound(children_.begin(), children_.end(), key,
                         [](const Child& entry, std::uint64_t wanted) { return entry.parent_key < wanted; });
    if (child != children_.end() && child->parent_key == key) return child->start_us;
    if (span.parent != 0)
        if (const Twins* parents = twins_of(key_of(span, span.parent)); parents != nullptr && parents->start_us != 0)
            return parents->start_us;
    const auto first = first_start_us_.find(span.trace.low);
    if (first != first_start_us_.end()) return first->second;
    return std::nullopt;
}

}  // namespace casebook
