#pragma once

#include "analyzers/core/importer.h"

namespace casebook::tests {

/// Takes rows and keeps none; counts what an importer says, so that its promises can be held against it.
class NullContext : public ImportContext {
public:
    Status add(const SpanRow& row) override
    {
        for (const AttributeView& attribute : row.attributes) touch(attribute.key), touch(attribute.value);
        return touch(row.service), touch(row.name), touch(row.instance), touch(row.version);
    }
    Status add(const MetricPoint& row) override { return touch(row.name), touch(row.labels), touch(row.unit); }
    Status add(const StatementRow& row) override { return touch(row.query_id), touch(row.query); }
    Status add(const PlanRow&) override { return {}; }
    Status add(const HeapClassRow&) override { return {}; }
    Status add(const GcPauseRow&) override { return {}; }
    Status add(const ThreadRow&) override { return {}; }
    Status add(const EventRow&) override { return {}; }
    Status add(const SessionRow&) override { return {}; }
    Status add(const TableStatRow&) override { return {}; }
    Status add(const ProfileRow&) override { return {}; }
    Status add(const LogLineRow&) override { return {}; }
    Status add(const SettingRow&) override { return {}; }

    void stored() override { ++stored_; }
    void drop(std::int64_t, std::string_view code, std::string_view detail) override { ++dropped_, touch(code), touch(detail); }
    void repair(std::int64_t, std::string_view code, std::string_view detail) override { touch(code), touch(detail); }
    void note(std::int64_t, std::string_view code, std::string_view detail) override { touch(code), touch(detail); }
    std::string_view default_service() const override { return {}; }
    std::optional<std::int64_t> at_ns() const override { return {}; }
    std::string_view path() const override { return "fuzz"; }
    const Control& control() const override { return control_; }

    std::uint64_t stored_count() const { return stored_; }
    std::uint64_t dropped_count() const { return dropped_; }

private:
    /// Reads every byte of a view, so that AddressSanitizer sees a view of memory that is gone.
    Status touch(std::string_view text)
    {
        for (const char c : text) sum_ = sum_ * 31 + static_cast<unsigned char>(c);
        return {};
    }

    Control control_;
    std::uint64_t stored_ = 0, dropped_ = 0;
    volatile std::uint64_t sum_ = 0;
};

}  // namespace casebook::tests
