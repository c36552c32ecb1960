#include "analyzers/store/row_writer.h"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

namespace casebook {

/// One thread that compresses chunks in order. At most `max_waiting` chunks wait, so a fast parser cannot fill memory.
class RowWriter::Compressor {
public:
    struct Chunk {
        std::string bytes;
        std::int64_t spans, raw_bytes, min_start_ns, max_start_ns;
    };

    Compressor() : thread_([this](std::stop_token stop) { work(stop); }) {}

    ~Compressor()
    {
        thread_.request_stop();
        changed_.notify_all();
    }

    void push(Chunk chunk)
    {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return waiting_.size() < max_waiting; });
        waiting_.push_back(std::move(chunk));
        ++open_;
        changed_.notify_all();
    }

    /// The next finished chunk in order; waits for one only when asked to. False when there is none (left).
    bool pop(Chunk& chunk, bool wait)
    {
        std::unique_lock lock(mutex_);
        if (wait) changed_.wait(lock, [&] { return !done_.empty() || open_ == 0; });
        if (done_.empty()) return false;
        chunk = std::move(done_.front());
        done_.pop_front();
        --open_;
        return true;
    }

private:
    static constexpr std::size_t max_waiting = 4;

    void work(const std::stop_token& stop)
    {
        std::unique_lock lock(mutex_);
        for (;;) {
            changed_.wait(lock, [&] { return stop.stop_requested() || !waiting_.empty(); });
            if (stop.stop_requested()) return;
            Chunk chunk = std::move(waiting_.front());
            waiting_.pop_front();
            changed_.notify_all();
            lock.unlock();
            chunk.bytes = compress_chunk(chunk.bytes);
            lock.lock();
            done_.push_back(std::move(chunk));
            changed_.notify_all();
        }
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Chunk> waiting_, done_;
    std::size_t open_ = 0;  // pushed and not popped
    std::jthread thread_;
};

RowWriter::RowWriter(Database& database, std::int64_t file_id) : database_(database), file_id_(file_id) {}
RowWriter::~RowWriter() = default;

Result<Statement*> RowWriter::prepared(const char* sql)
{
    if (const auto found = statements_.find(sql); found != statements_.end()) return &found->second;
    TRY_ASSIGN(Statement statement, database_.prepare(sql));
    return &statements_.emplace(sql, std::move(statement)).first->second;
}

Status RowWriter::add(const SpanRow& row)
{
    builder_.add(row);
    if (builder_.full()) return flush_chunk();
    return {};
}

Status RowWriter::flush_chunk()
{
    if (!compressor_) compressor_ = std::make_unique<Compressor>();
    Compressor::Chunk chunk{{}, static_cast<std::int64_t>(builder_.size()), 0, builder_.min_start_ns(), builder_.max_start_ns()};
    chunk.bytes = builder_.take();
    chunk.raw_bytes = static_cast<std::int64_t>(chunk.bytes.size());
    compressor_->push(std::move(chunk));
    return insert_chunks(false);
}

Status RowWriter::insert_chunks(bool wait_for_all)
{
    Compressor::Chunk chunk;
    while (compressor_ && compressor_->pop(chunk, wait_for_all)) {
        if (chunk.bytes.empty()) return fail(Error::Code::internal, "a span chunk could not be compressed");
        TRY_ASSIGN(Statement * insert, prepared("INSERT INTO span_chunks (file_id, spans, raw_bytes, min_start_ns, max_start_ns, columns) "
                                                "VALUES (?1, ?2, ?3, ?4, ?5, ?6)"));
        insert->bind(1, file_id_).bind(2, chunk.spans).bind(3, chunk.raw_bytes).bind(4, chunk.min_start_ns).bind(5, chunk.max_start_ns);
        TRY(insert->bind_blob(6, chunk.bytes).run());
    }
    return {};
}

Status RowWriter::finish()
{
    if (!builder_.empty()) TRY(flush_chunk());
    return insert_chunks(true);
}

Status RowWriter::add(const MetricPoint& row)
{
    series_key_.assign(row.name).append(1, '\0').append(row.labels).append(1, '\0').append(row.unit);
    auto found = series_.find(series_key_);
    if (found == series_.end()) {
        TRY_ASSIGN(Statement * insert, prepared("INSERT INTO metric_series (file_id, name, labels, unit) VALUES (?1, ?2, ?3, ?4)"));
        TRY(insert->bind(1, file_id_).bind(2, row.name).bind(3, row.labels).bind(4, row.unit).run());
        found = series_.emplace(series_key_, database_.last_row_id()).first;
    }
    TRY_ASSIGN(Statement * insert, prepared("INSERT INTO metric_samples (series_id, at_ns, value) VALUES (?1, ?2, ?3)"));
    return insert->bind(1, found->second).bind(2, row.at_ns).bind(3, row.value).run();
}

Status RowWriter::add(const StatementRow& row, std::string_view fingerprint)
{
    TRY_ASSIGN(Statement * insert, prepared("INSERT INTO statements VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)"));
    insert->bind(1, file_id_).bind(2, row.snapshot_at_ns).bind(3, row.query_id).bind(4, fingerprint).bind(5, row.query).bind(6, row.calls);
    insert->bind(7, row.rows).bind(8, row.total_ms).bind(9, row.mean_ms).bind(10, row.min_ms).bind(11, row.max_ms).bind(12, row.stddev_ms);
    return insert->bind(13, row.shared_hit).bind(14, row.shared_read).bind(15, row.temp_written).run();
}

Status RowWriter::add(const PlanRow& row, std::string_view fingerprint)
{
    TRY_ASSIGN(Statement * insert, prepared("INSERT INTO plans (file_id, format, query_id, fingerprint, query, at_ns, planning_ms, execution_ms, nodes, "
                                            "source_line, detail) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)"));
    insert->bind(1, file_id_).bind(2, std::string_view(row.format)).bind(3, std::string_view(row.query_id)).bind(4, fingerprint);
    insert->bind(5, std::string_view(row.query)).bind(6, row.at_ns).bind(7, row.planning_ms).bind(8, row.execution_ms);
    insert->bind(9, static_cast<std::int64_t>(row.nodes.size())).bind(10, row.source_line);
    TRY(insert->bind(11, std::string_view(row.detail.empty() ? "{}" : row.detail)).run());
    const std::int64_t plan_id = database_.last_row_id();
    const auto as_integer = [](const std::optional<int>& value) { return value ? std::optional<std::int64_t>(*value) : std::nullopt; };
    for (const PlanNodeRow& node : row.nodes) {
        TRY_ASSIGN(Statement * insert_node, prepared("INSERT INTO plan_nodes VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, "
                                                     "?17, ?18)"));
        Statement& s = *insert_node;
        s.bind(1, plan_id).bind(2, std::int64_t{node.node_id}).bind(3, as_integer(node.parent_id)).bind(4, std::int64_t{node.depth});
        s.bind(5, std::string_view(node.node_type)).bind(6, std::string_view(node.relation)).bind(7, std::string_view(node.index_name));
        s.bind(8, node.plan_rows).bind(9, node.actual_rows).bind(10, node.loops).bind(11, node.total_ms).bind(12, node.self_ms);
        s.bind(13, node.rows_removed).bind(14, node.shared_hit).bind(15, node.shared_read).bind(16, node.temp_written);
        TRY(s.bind(17, as_integer(node.workers)).bind(18, std::string_view(node.detail.empty() ? "{}" : node.detail)).run());
    }
    return {};
}

Status RowWriter::add(const HeapClassRow& row)
{
    TRY_ASSIGN(Statement * insert, prepared("INSERT INTO heap_classes VALUES (?1, ?2, ?3, ?4, ?5)"));
    return insert->bind(1, file_id_).bind(2, row.at_ns).bind(3, row.class_name).bind(4, row.instances).bind(5, row.bytes).run();
}

Status RowWriter::add(const GcPauseRow& row)
{
    TRY_ASSIGN(Statement * insert, prepared("INSERT INTO gc_pauses VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"));
    insert->bind(1, file_id_).bind(2, row.at_ns).bind(3, row.collector).bind(4, row.kind).bind(5, row.cause).bind(6, row.pause_ms);
    return insert->bind(7, row.before_bytes).bind(8, row.after_bytes).bind(9, row.capacity_bytes).run();
}

Status RowWriter::add(const ThreadRow& row)
{
    TRY_ASSIGN(Statement * insert, prepared("INSERT INTO threads VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"));
    insert->bind(1, file_id_).bind(2, row.at_ns).bind(3, row.name).bind(4, row.state);
    return insert->bind(5, row.waiting_on).bind(6, row.holding).bind(7, row.top_frame).bind(8, row.stack).run();
}

Status RowWriter::add(const EventRow& row)
{
    TRY_ASSIGN(Statement * insert, prepared("INSERT INTO events VALUES (?1, ?2, ?3, ?4, ?5)"));
    return insert->bind(1, file_id_).bind(2, row.at_ns).bind(3, row.kind).bind(4, row.service).bind(5, row.text).run();
}

Status RowWriter::add(const SessionRow& row)
{
    TRY_ASSIGN(Statement * insert, prepared("INSERT INTO sessions VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, "
                                            "?22)"));
    insert->bind(1, file_id_).bind(2, row.at_ns).bind(3, row.pid).bind(4, row.user).bind(5, row.database).bind(6, row.application).bind(7, row.state);
    insert->bind(8, row.wait_event_type).bind(9, row.wait_event).bind(10, row.blocked_by).bind(11, row.xact_age_ms);
    insert->bind(12, row.query_age_ms).bind(13, row.query).bind(14, row.state_age_ms).bind(15, row.backend_type).bind(16, row.leader_pid);
    insert->bind(17, row.backend_xid).bind(18, row.backend_xmin).bind(19, row.lock_type).bind(20, row.lock_mode).bind(21, row.lock_relation);
    return insert->bind(22, row.lock_wait_ms).run();
}

Status RowWriter::add(const TableStatRow& row)
{
    TRY_ASSIGN(Statement * insert, prepared("INSERT INTO table_stats VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)"));
    insert->bind(1, file_id_).bind(2, row.at_ns).bind(3, row.table).bind(4, row.live_rows).bind(5, row.dead_rows).bind(6, row.seq_scans);
    insert->bind(7, row.index_scans).bind(8, row.last_vacuum_ns).bind(9, row.last_analyze_ns).bind(10, row.heap_hit).bind(11, row.heap_read);
    insert->bind(12, row.index_hit).bind(13, row.index_read).bind(14, row.modified_since_analyze).bind(15, row.size_bytes);
    return insert->bind(16, row.database).run();
}

Status RowWriter::add(const ProfileRow& row)
{
    TRY_ASSIGN(Statement * insert, prepared("INSERT INTO profiles VALUES (?1, ?2, ?3, ?4, ?5)"));
    return insert->bind(1, file_id_).bind(2, row.kind).bind(3, row.stack).bind(4, row.value).bind(5, row.unit).run();
}

Status RowWriter::add(const LogLineRow& row)
{
    TRY_ASSIGN(Statement * insert, prepared("INSERT INTO log_lines VALUES (?1, ?2, ?3, ?4, ?5, ?6)"));
    return insert->bind(1, file_id_).bind(2, row.at_ns).bind(3, row.service).bind(4, row.level).bind(5, row.text).bind(6, row.source_line).run();
}

Status RowWriter::add(const SettingRow& row)
{
    TRY_ASSIGN(Statement * insert, prepared("INSERT INTO settings VALUES (?1, ?2, ?3, ?4, ?5)"));
    return insert->bind(1, file_id_).bind(2, row.source).bind(3, row.name).bind(4, row.value).bind(5, row.unit).run();
}

}  // namespace casebook
