#!/usr/bin/env python3
"""Writes the inputs of the cases memory.*, cache.* and pool.* into tests/samples. Same program, same bytes.

Usage: python3 tests/support/make_runtime_samples.py tests/samples
Each input is a small world whose truth is known: what waits, what misses, what grows is computed, not drawn at will.
"""

import gzip
import json
import pathlib
import random
import sys

START_MS = 1776160800000  # 2026-04-14T10:00:00Z


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".gz":
        with open(path, "wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as out:
            out.write(text.encode())
    else:
        path.write_text(text)


def value(v):
    if isinstance(v, bool):
        return {"boolValue": v}
    return {"intValue": str(v)} if isinstance(v, int) else {"stringValue": v}


def attributes(pairs):
    return [{"key": k, "value": value(v)} for k, v in pairs.items()]


class Traces:
    """Spans of one service; times in milliseconds since START_MS."""

    def __init__(self, service):
        self.service, self.spans, self.last = service, [], 0

    def span(self, name, kind, start, duration, parent=None, **attrs):
        self.last += 1
        trace = parent["traceId"] if parent else "%032x" % (0xA11CE0000 + self.last)
        one = {"traceId": trace, "spanId": "%016x" % (0xC0DE0000 + self.last), "name": name, "kind": kind,
               "startTimeUnixNano": str(START_MS * 1000000 + round(start * 1e6)),
               "endTimeUnixNano": str(START_MS * 1000000 + round((start + duration) * 1e6)),
               "attributes": attributes({k.replace("__", "."): v for k, v in attrs.items()})}
        if parent:
            one["parentSpanId"] = parent["spanId"]
        self.spans.append(one)
        return one

    def server(self, route, start, duration, **attrs):
        return self.span("GET " + route, 2, start, duration, http__request__method="GET", http__route=route, **attrs)

    def text(self):
        resource = {"attributes": attributes({"service.name": self.service, "service.instance.id": self.service + "-0"})}
        lines = []
        for i in range(0, len(self.spans), 200):
            lines.append(json.dumps({"resourceSpans": [{"resource": resource, "scopeSpans": [{"scope": {"name": "samples"}, "spans": self.spans[i:i + 200]}]}]}, separators=(",", ":")))
        return "\n".join(lines) + "\n"


# ---- cache -----------------------------------------------------------------------------------------------------------

def cached_read(traces, route, start, key, hit, value_ms=1.0, fill_ms=45.0, extra_ms=0.0, **attrs):
    """One request: a cache read, after a miss the statement and a put, then `extra_ms` of own work."""
    total = 2 + value_ms + (0 if hit else fill_ms + 2) + extra_ms
    root = traces.server(route, start, total, **attrs)
    traces.span("GET", 3, start + 0.5, value_ms, root, db__system__name="redis", db__query__text="GET " + key)
    if not hit:
        traces.span("SELECT", 3, start + 1 + value_ms, fill_ms, root, db__system__name="postgresql",
                    db__query__text="SELECT row_no, seat_no, price FROM seat WHERE hall_id = $1")
        traces.span("SET", 3, start + 1.5 + value_ms + fill_ms, 0.8, root, db__system__name="redis", db__query__text="SET " + key + " ?")


def miss_cohort(folder):
    # Requests of one tenant carry a session id in the key, so that theirs never hit.
    r, t = random.Random(11), Traces("ticketing")
    for i in range(400):
        own = i % 16 == 5
        key = "hall:plan:%d" % (i % 23) + (":session:%06x" % r.getrandbits(24) if own else "")
        cached_read(t, "/halls/{id}/plan", i * 500.0, key, not own, r.uniform(0.8, 1.4), r.uniform(38, 55), r.uniform(0.5, 2),
                    app__tenant="globex" if own else ("initech", "umbrella", "hooli")[i % 3])
    write(folder / "confirmed.otlp.ndjson.gz", t.text())

    # Misses are as cheap as hits (the statement takes 2 ms); what is slow computes after a hit.
    r, t = random.Random(12), Traces("ticketing")
    for i in range(400):
        slow = i % 20 == 7
        cached_read(t, "/halls/{id}/plan", i * 500.0, "hall:plan:%d" % (i % 23), i % 25 != 3, r.uniform(0.8, 1.4), 2.0, r.uniform(50, 70) if slow else r.uniform(0.5, 2))
    write(folder / "ruled_out.otlp.ndjson.gz", t.text())

    # 99.5 % of reads hit; some hits fetch a value of megabytes.
    r, t = random.Random(13), Traces("ticketing")
    for i in range(400):
        cached_read(t, "/halls/{id}/plan", i * 500.0, "hall:plan:%d" % (i % 23), i not in (140, 310), r.uniform(50, 80) if i % 20 == 7 else r.uniform(0.8, 1.4), 45.0, r.uniform(0.5, 2))
    write(folder / "decoy.otlp.ndjson.gz", t.text())


def key_rotation(folder):
    def run(name, seed, text, new_pattern, emptied):
        r, t = random.Random(seed), Traces("ticketing")
        cached = set("hall:v3:plan:%d" % k for k in range(60))
        for i in range(700):
            at = i * 400.0
            after = at >= 140000
            if after and emptied:
                cached.clear()
                emptied = False
            key = ("hall:v4:plan:%d" if after and new_pattern else "hall:v3:plan:%d") % r.randrange(60)
            cached_read(t, "/halls/{id}/plan", at, key, key in cached, r.uniform(0.8, 1.4), r.uniform(35, 55), r.uniform(0.5, 2))
            cached.add(key)
        write(folder / (name + ".otlp.ndjson.gz"), t.text())
        write(folder / (name + ".events.csv"), "at,kind,service,text\n2026-04-14T10:02:20Z,deploy,ticketing,%s\n" % text)

    run("confirmed", 21, "ticketing 8.1 -> 8.2", True, False)
    run("ruled_out", 22, "ticketing 8.2 -> 8.3", False, False)
    run("decoy", 23, "ticketing 8.3 -> 8.4 (cache restarted)", False, True)   # cold start: same keys, all gone


# ---- pool ------------------------------------------------------------------------------------------------------------

def pool_metrics(service, samples, maximum):
    """samples: (ms, used, pending); one export per sample."""
    resource = {"attributes": attributes({"service.name": service, "service.instance.id": service + "-0"})}
    lines = []
    for at, used, pending in samples:
        def gauge(name, points):
            return {"name": name, "sum": {"aggregationTemporality": 2, "isMonotonic": False, "dataPoints": [
                {"timeUnixNano": str(START_MS * 1000000 + round(at * 1e6)), "asInt": str(v), "attributes": attributes({"db.client.connection.pool.name": "main", **more})} for v, more in points]}}
        metrics = [gauge("db.client.connection.count", [(used, {"db.client.connection.state": "used"}), (maximum - used, {"db.client.connection.state": "idle"})]),
                   gauge("db.client.connection.max", [(maximum, {})]), gauge("db.client.connection.pending_requests", [(pending, {})])]
        lines.append(json.dumps({"resourceMetrics": [{"resource": resource, "scopeMetrics": [{"scope": {"name": "samples"}, "metrics": metrics}]}]}, separators=(",", ":")))
    return "\n".join(lines) + "\n"


def pool_world(folder, name, seed, maximum, rate_at, seconds, hold_ms, connect_ms=0.0):
    """First come, first served over `maximum` connections. With connect_ms every acquire opens a connection, slowly."""
    r, t, at, free, uses = random.Random(seed), Traces("booking"), 0.0, [0.0] * maximum, []
    while at < seconds * 1000:
        at += r.expovariate(rate_at(at / 1000) / 1000)
        hold = r.uniform(0.8, 1.2) * hold_ms
        opening = r.uniform(0.9, 1.3) * connect_ms
        slot = free.index(min(free))
        got = max(at + 0.1, free[slot]) + opening
        free[slot] = got + hold
        uses.append((at, got, got + hold))
        root = t.server("/bookings/{id}", at, got + hold - at + 1)
        t.span("pg-pool.connect", 3, at, got - at, root, db__system__name="postgresql")
        t.span("SELECT", 3, got, hold, root, db__system__name="postgresql", db__query__text="SELECT id, state, total FROM booking WHERE id = $1")
    samples = []
    for second in range(seconds + 4):
        now = second * 1000 + 500.0
        samples.append((now, sum(got <= now < done for _, got, done in uses), sum(asked <= now < got for asked, got, _ in uses)))
    write(folder / (name + ".otlp.ndjson.gz"), t.text())
    write(folder / (name + ".metrics.ndjson.gz"), pool_metrics("booking", samples, maximum))


def exhaustion(folder):
    pool_world(folder, "confirmed", 31, 4, lambda s: 125 if 10 <= s < 14 else 20, 24, 38.0)  # 4 / 38 ms = 105 per second
    pool_world(folder, "ruled_out", 32, 4, lambda s: 20, 24, 38.0)
    pool_world(folder, "decoy", 33, 30, lambda s: 20, 24, 12.0, connect_ms=120.0)              # connections are free, opening one is slow


# ---- memory ----------------------------------------------------------------------------------------------------------

PLATFORM = [("[B", 180000, 60), ("java.lang.String", 150000, 24), ("java.util.HashMap$Node", 60000, 32), ("java.lang.Class", 4200, 120), ("[Ljava.lang.Object;", 9000, 56),
            ("java.util.concurrent.ConcurrentHashMap$Node", 21000, 32), ("java.lang.Integer", 12000, 16), ("java.util.ArrayList", 7000, 24), ("[I", 3100, 300),
            ("java.lang.reflect.Method", 5200, 88), ("java.util.LinkedHashMap$Entry", 8000, 40), ("java.lang.ref.WeakReference", 1900, 48)]
APPLICATION = [("com.brightfare.fares.Fare", 5200, 48), ("com.brightfare.fares.Route", 830, 40), ("com.brightfare.web.Handler", 64, 32), ("com.brightfare.web.Request", 40, 96),
               ("com.brightfare.basket.Basket", 300, 40), ("com.brightfare.basket.Line", 600, 32), ("com.brightfare.quote.Quote", 1000, 64)]


def histograms(folder, seed, count, added):
    """`added(i)` gives the instances per class beyond a heap that only jitters."""
    r = random.Random(seed)
    for i in range(count):
        rows = []
        more = added(i)
        for name, instances, size in PLATFORM + APPLICATION:
            n = round(instances * (1 + r.uniform(-0.0003, 0.0003))) + more.get(name, 0)
            rows.append((n * size, n, name))
        rows.sort(reverse=True)
        text = " num     #instances         #bytes  class name (module)\n-------------------------------------------------------\n"
        for number, (size, n, name) in enumerate(rows, 1):
            module = " (java.base@17.0.15)" if name.startswith(("java.", "[")) else ""
            text += "%4d: %13d %14d  %s%s\n" % (number, n, size, name, module)
        text += "Total %13d %14d\n" % (sum(x[1] for x in rows), sum(x[0] for x in rows))
        write(folder / ("histogram_%d.txt" % (i + 1)), text)


def leak(folder):
    baskets = [0, 4100, 8900, 12700, 17300, 21600]
    # Baskets that nobody removes: each with two lines, three strings and their bytes, and a map entry.
    histograms(folder / "confirmed", 41, 6, lambda i: {"com.brightfare.basket.Basket": baskets[i], "com.brightfare.basket.Line": 2 * baskets[i],
               "java.lang.String": 3 * baskets[i], "[B": 3 * baskets[i], "java.util.concurrent.ConcurrentHashMap$Node": baskets[i]})
    # A cache of at most 20,000 quotes fills up and stays.
    filled = [0, 11000, 17500, 20000, 20000, 20000]
    histograms(folder / "ruled_out", 42, 6, lambda i: {"com.brightfare.quote.Quote": filled[i], "[B": 2 * filled[i], "java.lang.String": 2 * filled[i]})
    # Requests in flight rise with traffic and go again; byte[] leads every histogram by size.
    flight = [0, 9000, 21000, 34000, 16000, 2000]
    histograms(folder / "decoy", 43, 6, lambda i: {"com.brightfare.web.Request": flight[i], "[B": 6 * flight[i], "java.lang.String": 4 * flight[i]})


def gc_pressure(folder):
    def log(pauses):
        lines, n = ["[2026-04-14T10:00:00.003+0000][0.003s][info][gc] Using Parallel"], 0
        for at, ms, kind, cause, before, after in pauses:
            end = at + ms
            stamp = "2026-04-14T10:%02d:%06.3f+0000" % (end // 60000, end % 60000 / 1000)
            lines.append("[%s][%.3fs][info][gc] GC(%d) Pause %s (%s) %dM->%dM(512M) %.3fms" % (stamp, end / 1000, n, kind, cause, before, after, ms))
            n += 1
        return "\n".join(lines) + "\n"

    def run(name, seed, pauses, tail):
        """Requests stand still during pauses; `tail(i)` is what request i takes for reasons of its own."""
        r, t = random.Random(seed), Traces("rates")
        for i in range(900):
            at, left = i * 100.0 + r.uniform(0, 60), r.uniform(6, 11) + tail(i)
            end = at
            for begin, ms, *_ in pauses:
                if begin + ms <= end or begin >= end + left:
                    continue
                left -= max(0.0, begin - end)
                end = begin + ms
            t.server("/rates/{pair}", at, end + left - at)
        write(folder / (name + ".otlp.ndjson.gz"), t.text())
        write(folder / (name + ".gc.log"), log(pauses))

    young = lambda at, ms: (at, ms, "Young", "Allocation Failure", 190, 60)
    quiet = [young(2000.0 * k + 700, 3 + k % 5) for k in range(44)]
    explicit = [(9000.0 * k + 4000, 420.0 + 35 * (k % 4), "Full", "System.gc()", 120, 58) for k in range(9)]
    run("confirmed", 51, sorted(quiet + explicit), lambda i: 0)
    run("ruled_out", 52, quiet, lambda i: 240 if i % 40 == 11 else 0)
    # A pause of 200 ms beside a tail of 4.2 s, and two long ones that a person made by taking a histogram.
    one = [(31000.0, 200.0, "Full", "Ergonomics", 300, 70), (55000.0, 640.0, "Full", "Heap Inspection Initiated GC", 200, 60), (71000.0, 610.0, "Full", "Heap Dump Initiated GC", 200, 60)]
    run("decoy", 53, sorted(quiet + one), lambda i: 4200 if i % 45 == 17 else 0)


def main():
    samples = pathlib.Path(sys.argv[1])
    miss_cohort(samples / "cache.miss_cohort")
    key_rotation(samples / "cache.key_rotation")
    exhaustion(samples / "pool.exhaustion")
    leak(samples / "memory.leak")
    gc_pressure(samples / "memory.gc_pressure")


if __name__ == "__main__":
    main()
