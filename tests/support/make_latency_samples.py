#!/usr/bin/env python3
"""Writes the inputs of the cases latency.*, errors.* and dependency.* into tests/samples. Same program, same bytes.

Usage: python3 tests/support/make_latency_samples.py tests/samples
A museum's systems, each a few hundred requests whose truth is known: who waits for whom, who fails, and when it began. Times are
in milliseconds since START_MS (10:00:00).
"""

import json
import pathlib
import random
import sys

from make_runtime_samples import START_MS, attributes, write

SERVER, CLIENT = 2, 3
OK, ERROR = 1, 2


class World:
    """Spans of several services, each with instances and versions."""

    def __init__(self, seed):
        self.random, self.resources, self.last = random.Random(seed), {}, 0

    def uniform(self, low, high):
        return self.random.uniform(low, high)

    def span(self, service, name, kind, start, duration, parent=None, instance=None, version=None, status=None, **attrs):
        self.last += 1
        one = {"traceId": parent["traceId"] if parent else "%032x" % (0xB05E0000 + self.last), "spanId": "%016x" % (0xD00D0000 + self.last),
               "name": name, "kind": kind, "startTimeUnixNano": str(START_MS * 1000000 + round(start * 1e6)),
               "endTimeUnixNano": str(START_MS * 1000000 + round((start + duration) * 1e6)),
               "attributes": attributes({k.replace("__", "."): v for k, v in attrs.items()})}
        if parent:
            one["parentSpanId"] = parent["spanId"]
        if status:
            one["status"] = {"code": status}
        self.resources.setdefault((service, instance or service + "-0", version or ""), []).append(one)
        return one

    def server(self, service, route, start, duration, parent=None, code=200, **more):
        return self.span(service, "GET " + route, SERVER, start, duration, parent, http__request__method="GET", http__route=route, http__response__status_code=code, **more)

    def client(self, service, peer, path, start, duration, parent, code=200, **more):
        return self.span(service, "GET", CLIENT, start, duration, parent, http__request__method="GET", server__address=peer, server__port=more.pop("port", 80),
                         url__full="http://%s%s" % (peer, path), http__response__status_code=code, **more)

    def call(self, service, peer, route, path, start, duration, parent, code=200, peer_version=None, **more):
        """A client span and the server span that answers it, 0.4 ms shorter on the wire."""
        client = self.client(service, peer, path, start, duration, parent, code, status=ERROR if code >= 400 else None, **more)
        self.server(peer, route, start + 0.2, duration - 0.4, client, code, version=peer_version, status=ERROR if code >= 500 else None)
        return client

    def text(self):
        lines = []
        for (service, instance, version), spans in sorted(self.resources.items()):
            known = {"service.name": service, "service.instance.id": instance}
            if version:
                known["service.version"] = version
            for i in range(0, len(spans), 200):
                lines.append(json.dumps({"resourceSpans": [{"resource": {"attributes": attributes(known)}, "scopeSpans": [{"scope": {"name": "samples"}, "spans": spans[i:i + 200]}]}]},
                                        separators=(",", ":")))
        return "\n".join(lines) + "\n"

    def save(self, folder, name):
        write(folder / (name + ".otlp.ndjson.gz"), self.text())


def events(folder, name, *rows):
    write(folder / (name + ".events.csv"), "time,kind,service,text\n" + "".join("2026-04-14T%s,%s,%s,%s\n" % row for row in rows))


# ---- latency.sequential_calls ----------------------------------------------------------------------------------------

def sequential_calls(folder):
    peers = [("tickets", "/tickets/{id}", 30, 40), ("weather", "/forecast", 25, 35), ("guides", "/guides/{id}", 45, 60)]

    def tour(w, at, in_line):
        took = [w.uniform(low, high) for _, _, low, high in peers]
        root = w.server("tours", "/tours/{id}", at, 4 + (sum(took) if in_line else max(took)), parent=None)
        begin = at + 2
        for (peer, route, _, _), ms in zip(peers, took):
            w.call("tours", peer, route, route.replace("{id}", "7"), begin, ms, root)
            begin += ms if in_line else 0

    w = World(1)
    for i in range(140):
        tour(w, i * 500.0, i >= 70)
    w.save(folder, "confirmed")

    w = World(2)
    for i in range(140):
        tour(w, i * 500.0, False)
    w.save(folder, "ruled_out")

    # Three attempts at one call, then a lookup for each of five exhibits.
    w = World(3)
    for i in range(140):
        at = i * 500.0
        attempts, lookups = [w.uniform(25, 35) for _ in range(3)], [w.uniform(8, 12) for _ in range(5)]
        root, begin = w.server("tours", "/tours/{id}", at, 4 + sum(attempts) + sum(lookups)), at + 2
        for n, ms in enumerate(attempts):
            w.call("tours", "weather", "/forecast", "/forecast", begin, ms, root, 503 if n < 2 else 200)
            begin += ms
        for n, ms in enumerate(lookups):
            w.call("tours", "archive", "/exhibits/{id}", "/exhibits/%d" % (i * 5 + n), begin, ms, root)
            begin += ms
    w.save(folder, "decoy")

    # A token, then the call that carries it.
    w = World(4)
    for i in range(140):
        at, token, guide = i * 500.0, w.uniform(30, 40), w.uniform(45, 60)
        root = w.server("tours", "/tours/{id}", at, 4 + token + guide)
        w.call("tours", "identity", "/token", "/token", at + 2, token, root)
        w.call("tours", "guides", "/guides/{id}", "/guides/7", at + 2 + token, guide, root)
    w.save(folder, "dependent")

    # The guide needs the token; the forecast runs beside the token and mostly ends a little after it, sometimes later.
    # Nothing waits for the forecast, so it looks like "forecast, then guide" though nothing can be saved.
    w = World(5)
    for i in range(200):
        at, token, guide = i * 500.0, w.uniform(30, 34), w.uniform(45, 60)
        forecast = token + (w.uniform(0.1, 0.8) if i % 4 else w.uniform(6, 14))
        root = w.server("tours", "/tours/{id}", at, 4.9 + token + guide)
        w.call("tours", "identity", "/token", "/token", at + 2, token, root)
        w.call("tours", "weather", "/forecast", "/forecast", at + 2, forecast, root)
        w.call("tours", "guides", "/guides/{id}", "/guides/7", at + 2.9 + token, guide, root)
    w.save(folder, "beside")

    # As before, but what the guide waits for is not recorded: 31 ms of the tours' own work beside the forecast.
    w = World(6)
    for i in range(200):
        at, own, guide = i * 500.0, w.uniform(30, 34), w.uniform(45, 60)
        forecast = own + (-w.uniform(0.1, 0.8) if i % 4 else w.uniform(6, 14))
        root = w.server("tours", "/tours/{id}", at, 4 + own + guide)
        w.call("tours", "weather", "/forecast", "/forecast", at + 2, forecast, root)
        w.call("tours", "guides", "/guides/{id}", "/guides/7", at + 2 + own, guide, root)
    w.save(folder, "own_work")

    # The tickets before the weather in one request, the weather before the tickets in the next.
    def two(w, at, calls):
        """`calls`: peer, route, ms; each begins when the one before has ended."""
        root, begin = w.server("tours", "/tours/{id}", at, 4 + sum(ms for _, _, ms in calls)), at + 2
        for peer, route, ms in calls:
            w.call("tours", peer, route, route.replace("{id}", "7"), begin, ms, root)
            begin += ms

    w = World(7)
    for i in range(140):
        calls = [("tickets", "/tickets/{id}", w.uniform(30, 40)), ("weather", "/forecast", w.uniform(25, 35))]
        two(w, i * 500.0, calls if i % 2 else calls[::-1])
    w.save(folder, "reversed")

    # The same, but both are asked of the archive, which may be one connection.
    w = World(8)
    for i in range(140):
        calls = [("archive", "/records/{id}", w.uniform(30, 40)), ("archive", "/pictures/{id}", w.uniform(25, 35))]
        two(w, i * 500.0, calls if i % 2 else calls[::-1])
    w.save(folder, "one_peer")

    # As confirmed, in whole milliseconds: calls of 2 to 4 ms show no order, calls of 25 to 60 ms do.
    def rounded(name, seed, bounds):
        w = World(seed)
        for i in range(140):
            took = [w.random.randint(low, high) for low, high in bounds]
            root, begin = w.server("tours", "/tours/{id}", i * 500.0, 2 + (sum(took) if i >= 70 else max(took))), i * 500.0 + 1
            for (peer, route, _, _), ms in zip(peers, took):
                w.client("tours", peer, route.replace("{id}", "7"), begin, ms, root)
                begin += ms if i >= 70 else 0
        w.save(folder, name)

    rounded("rounded", 9, [(2, 4)] * 3)
    rounded("rounded_long", 10, [(30, 40), (25, 35), (45, 60)])

    # The tickets of ten visitors, each with a statement of its own, one after the other.
    w = World(15)
    for i in range(140):
        at, took = i * 500.0, [w.uniform(6, 9) for _ in range(10)]
        first = w.uniform(4, 6)
        root, begin = w.server("tours", "/tours/{id}", at, 4 + first + sum(took)), at + 2
        for n, ms in enumerate([first] + took):
            w.span("tours", "SELECT", CLIENT, begin, ms, root, db__system__name="postgresql", server__address="db",
                   db__query__text="SELECT id FROM visitors WHERE tour = %d" % i if n == 0 else "SELECT seat FROM tickets WHERE visitor = %d" % (i * 10 + n))
            begin += ms
    w.save(folder, "repeated")

    # As confirmed, but nobody records client spans: what the peers record hangs right below the tour.
    w = World(16)
    for i in range(140):
        took = [w.uniform(low, high) for _, _, low, high in peers]
        root, begin = w.server("tours", "/tours/{id}", i * 500.0, 4 + (sum(took) if i >= 70 else max(took))), i * 500.0 + 2
        for (peer, route, _, _), ms in zip(peers, took):
            w.server(peer, route, begin, ms, root)
            begin += ms if i >= 70 else 0
    w.save(folder, "answers_only")

    # One call that is waited for; beside it mail is queued and taken up, and statistics are sent and outlive the answer. They
    # follow each other like a chain, in either order, but nobody waits for them.
    w = World(17)
    for i in range(140):
        at, guide = i * 500.0, w.uniform(20, 30)
        root = w.server("tours", "/tours/{id}", at, 4 + guide)
        w.call("tours", "guides", "/guides/{id}", "/guides/7", at + 2, guide, root)
        sent = w.span("tours", "mails publish", 4, at + 3, 0.5, root, messaging__system="kafka", messaging__destination__name="mails")
        w.span("mailer", "mails process", 5, at + 6, w.uniform(100, 200), sent, messaging__system="kafka", messaging__destination__name="mails")
        later = at + 3 + guide * (0.2 if i % 2 else 0.9)
        w.call("tours", "statistics", "/visits", "/visits", later, w.uniform(80, 120), root)
    w.save(folder, "background")


# ---- latency.tail_amplification --------------------------------------------------------------------------------------

def tail_amplification(folder):
    def run(name, seed, slow_of, count=240):
        """`slow_of(world, i)` says which of the eight calls are slow."""
        w = World(seed)
        for i in range(count):
            at, slow = i * 250.0, slow_of(w, i)
            took = [w.uniform(150, 220) if n in slow else w.uniform(6, 11) for n in range(8)]
            root = w.server("finder", "/find", at, 3 + max(took))
            for n, ms in enumerate(took):
                w.client("finder", "index", "/shards/%d/find" % n, at + 1, ms, root, port=7001 + n)
        w.save(folder, name)

    run("confirmed", 11, lambda w, i: {n for n in range(8) if w.random.random() < 0.02})
    run("ruled_out", 12, lambda w, i: set())
    run("decoy", 13, lambda w, i: {4} if i % 7 == 3 else set())
    run("together", 14, lambda w, i: set(range(8)) if i % 7 == 3 else set())

    # Whenever a request is slow, two of its calls are: by chance a quarter of the requests would be, not a seventh.
    run("in_pairs", 18, lambda w, i: set(w.random.sample(range(8), 2)) if i % 7 == 3 else set())
    run("few", 19, lambda w, i: {n for n in range(8) if w.random.random() < 0.03}, count=90)
    run("rare", 20, lambda w, i: {w.random.randrange(8)} if i % 40 == 7 else set())
    # Calls of any length, from a few milliseconds to hundreds: some are slow, but none of another kind.
    w = World(33)
    for i in range(240):
        took = [8 * w.random.lognormvariate(0, 1) for n in range(8)]
        root = w.server("finder", "/find", i * 250.0, 3 + max(took))
        for n, ms in enumerate(took):
            w.client("finder", "index", "/shards/%d/find" % n, i * 250.0 + 1, ms, root, port=7001 + n)
    w.save(folder, "wide")

    # The shards are asked one after another.
    w = World(35)
    for i in range(240):
        took = [w.uniform(150, 220) if w.random.random() < 0.02 else w.uniform(6, 11) for n in range(8)]
        root, begin = w.server("finder", "/find", i * 250.0, 3 + sum(took)), i * 250.0 + 1
        for n, ms in enumerate(took):
            w.client("finder", "index", "/shards/%d/find" % n, begin, ms, root, port=7001 + n)
            begin += ms
    w.save(folder, "in_line")

    # One address for all; which instance answers only the instances say. index-5 of eight is slow in three calls of ten.
    w = World(36)
    for i in range(240):
        order = w.random.sample(range(8), 8)
        took = [w.uniform(150, 220) if n == 5 and w.random.random() < 0.3 else w.uniform(6, 11) for n in order]
        root = w.server("finder", "/find", i * 250.0, 3 + max(took))
        for n, ms in zip(order, took):
            client = w.client("finder", "index", "/find", i * 250.0 + 1, ms, root)
            w.server("index", "/find", i * 250.0 + 1.2, ms - 0.4, client, instance="index-%d" % n)
    w.save(folder, "bad_instance")

    # As confirmed, but nobody records client spans; and shards that are databases.
    def other_spans(name, seed, call):
        w = World(seed)
        for i in range(240):
            took = [w.uniform(150, 220) if w.random.random() < 0.02 else w.uniform(6, 11) for n in range(8)]
            root = w.server("finder", "/find", i * 250.0, 3 + max(took))
            for n, ms in enumerate(took):
                call(w, i * 250.0 + 1, n, ms, root)
        w.save(folder, name)

    other_spans("answers_only", 37, lambda w, at, n, ms, root: w.server("index", "/shards/{n}/find", at, ms, root, instance="index-%d" % n))
    other_spans("databases", 38, lambda w, at, n, ms, root: w.span("finder", "SELECT", CLIENT, at, ms, root, db__system__name="postgresql", server__address="shard-%d" % n,
                                                                    db__query__text="SELECT id FROM entries WHERE word = 'w%d'" % n))

    # A call every 4 ms, so that seven of them run at once; slow ones take 100 ms instead of 28.
    w = World(40)
    for i in range(240):
        took = [w.uniform(95, 110) if w.random.random() < 0.02 else w.uniform(26, 30) for n in range(8)]
        root = w.server("finder", "/find", i * 250.0, 2 + max(4 * n + ms for n, ms in enumerate(took)))
        for n, ms in enumerate(took):
            w.client("finder", "index", "/shards/%d/find" % n, i * 250.0 + 1 + 4 * n, ms, root, port=7001 + n)
    w.save(folder, "staggered")

    # Twenty calls, five at a time, each begins when another ends: one slow call holds one of the five up, the others go on.
    w = World(64)
    for i in range(240):
        took, free = [w.uniform(24, 40) if w.random.random() < 0.02 else w.uniform(6, 9) for n in range(20)], [0.0] * 5
        begins = []
        for ms in took:
            begins.append(min(free))
            free[free.index(begins[-1])] += ms
        root = w.server("finder", "/find", i * 250.0, 2 + max(free))
        for n, ms in enumerate(took):
            w.client("finder", "index", "/shards/%d/find" % n, i * 250.0 + 1 + begins[n], ms, root, port=7001 + n)
    w.save(folder, "five_at_a_time")

    # A slow call comes with 150 to 200 ms of work that the finder does after it.
    w = World(65)
    for i in range(240):
        took = [w.uniform(60, 80) if w.random.random() < 0.02 else w.uniform(6, 11) for n in range(8)]
        root = w.server("finder", "/find", i * 250.0, 3 + max(took) + (w.uniform(150, 200) if max(took) > 50 else 0))
        for n, ms in enumerate(took):
            w.client("finder", "index", "/shards/%d/find" % n, i * 250.0 + 1, ms, root, port=7001 + n)
    w.save(folder, "own_work")

    # The finder tells eight others and does not wait for any of them.
    w = World(39)
    for i in range(240):
        root = w.server("finder", "/find", i * 250.0, w.uniform(12, 15))
        for n in range(8):
            w.client("finder", "index", "/shards/%d/seen" % n, i * 250.0 + 1, w.uniform(150, 220) if w.random.random() < 0.02 else w.uniform(6, 11), root, port=7001 + n)
    w.save(folder, "not_waited")


# ---- latency.regression_after_deploy ---------------------------------------------------------------------------------

def regression_after_deploy(folder):
    def run(name, seed, release, own=lambda w, at, new: w.uniform(10, 14), archive=lambda w, at, new: w.uniform(18, 24), is_new=lambda i, at: at >= 60000, count=480,
            code=lambda i, new: 200, instance=lambda i: None, version=True, with_archive=True):
        w = World(seed)
        for i in range(count):
            at = i * 120000.0 / count
            new = is_new(i, at)
            mine, theirs = own(w, at, new), archive(w, at, new)
            said = code(i, new)
            root = w.server("guides", "/guides/{id}", at, mine + theirs, None, said, instance=instance(i), version=("3.2" if new else "3.1") if version else None, status=ERROR if said >= 500 else None)
            w.client("guides", "archive", "/records/7", at + mine / 2, theirs, root, instance=instance(i), version=("3.2" if new else "3.1") if version else None)
        w.save(folder, name)
        events(folder, name, *release)

    guides = ("10:01:00Z", "deploy", "guides", "guides 3.1 -> 3.2")
    slow_own = lambda w, at, new: w.uniform(50, 70) if new else w.uniform(10, 14)
    late_archive = lambda w, at, new: w.uniform(70, 90) if at >= 60000 else w.uniform(18, 24)
    run("confirmed", 21, [guides], own=slow_own)
    run("ruled_out", 22, [guides])
    run("decoy", 23, [("10:01:00Z", "deploy", "weather", "weather 8 -> 9")], archive=late_archive, is_new=lambda i, at: False)
    run("callee", 24, [guides], archive=late_archive)
    run("beside", 25, [guides], archive=lambda w, at, new: w.uniform(70, 90) if new else w.uniform(18, 24), is_new=lambda i, at: at >= 60000 and i % 2 == 0, instance=lambda i: "guides-%d" % (i % 2))
    run("before", 26, [("10:01:30Z", "deploy", "guides", "guides 3.1 -> 3.2")], own=lambda w, at, new: w.uniform(50, 70) if at >= 60000 else w.uniform(10, 14), is_new=lambda i, at: at >= 90000)
    run("warm_up", 27, [guides], own=lambda w, at, new: w.uniform(10, 14) + (200 * 0.5 ** ((at - 60000) / 8000) if new else 0))
    run("few", 28, [guides], own=slow_own, count=90)
    run("errors", 29, [guides], code=lambda i, new: 500 if new and i % 8 == 0 else 200)
    run("rollback", 30, [guides, ("10:01:30Z", "deploy", "guides", "rolled back to 3.1")], archive=lambda w, at, new: w.uniform(70, 90) if new else w.uniform(18, 24),
        is_new=lambda i, at: 60000 <= at < 90000)

    # Nobody wrote down when exactly: 10:00 by the change calendar.
    def half_hour(name, seed, version, start):
        w = World(seed)
        for i in range(240):
            at = i * 6000.0
            new = at >= 840000
            mine, theirs = w.uniform(50, 70) if new else w.uniform(10, 14), w.uniform(18, 24)
            root = w.server("guides", "/guides/{id}", at + start, mine + theirs, version=("3.2" if new else "3.1") if version else None)
            w.client("guides", "archive", "/records/7", at + start + mine / 2, theirs, root, version=("3.2" if new else "3.1") if version else None)
        w.save(folder, name)

    half_hour("half_hour", 31, False, -300000.0)          # slow from 10:09 on
    half_hour("half_hour_before", 32, False, -1200000.0)  # slow from 9:54 on
    half_hour("half_hour_version", 34, True, -300000.0)

    # Series only, every ten seconds for half an hour: the P99 and the failures are up from 10:10 to 10:20, the median is not.
    r, rows = random.Random(33), []
    for i in range(180):
        bad = 60 <= i < 120
        rows.append("2026-04-14T10:%02d:%02dZ,guides,%.1f,%.1f,%.3f" % (i // 6, i % 6 * 10, r.uniform(38, 42), r.uniform(300, 360) if bad else r.uniform(90, 110), r.uniform(2, 3) if bad else 0))
    write(folder / "series.metrics.csv", "time,service,latency_p50 (ms),latency_p99 (ms),error_rate (%)\n" + "\n".join(rows) + "\n")


# ---- latency.slow_cohort ---------------------------------------------------------------------------------------------

def slow_cohort(folder):
    museums = ["louvre", "prado", "uffizi", "tate", "moma", "albertina", "rijks", "hermitage"]

    def run(name, seed, which, is_slow, said=lambda slow: {}):
        w = World(seed)
        for i in range(480):
            museum = which(w, i)
            slow = is_slow(w, i, museum)
            w.server("visits", "/visits/{id}", i * 250.0, w.uniform(280, 340) if slow else w.uniform(30, 50), **said(slow), app__museum=museum, app__visit="v-%06x" % w.random.getrandbits(24),
                     app__plan=("basic", "plus")[w.random.randrange(2)], app__region=("eu", "us", "ap")[w.random.randrange(3)], app__page_size=(20, 50)[w.random.randrange(2)], app__layout=("list", "map")[w.random.randrange(2)])
        w.save(folder, name)

    run("confirmed", 41, lambda w, i: museums[w.random.randrange(8)], lambda w, i, museum: museum == "prado")
    run("ruled_out", 42, lambda w, i: museums[w.random.randrange(8)], lambda w, i, museum: i % 10 == 3)
    run("outcome", 44, lambda w, i: museums[w.random.randrange(8)], lambda w, i, museum: i % 10 == 3, lambda slow: {"app.outcome": "partial" if slow else "full", "app.load_duration_ms": 300 if slow else 40})
    run("decoy", 43, lambda w, i: "louvre" if w.random.random() < 0.8 else museums[w.random.randrange(1, 8)], lambda w, i, museum: i % 10 == 3)


# ---- latency.some_instances ------------------------------------------------------------------------------------------

def some_instances(folder):
    def run(name, seed, ms, joins=0.0, version=lambda instance, at: "5.0"):
        w = World(seed)
        for i in range(720):
            at, instance = i * 500.0, i % 3
            if instance == 2 and at < joins:
                continue
            w.server("gate", "/entries/{id}", at, ms(w, instance, at), instance="gate-%d" % instance, version=version(instance, at))
        w.save(folder, name)

    usual = lambda w: w.uniform(18, 26)
    run("confirmed", 51, lambda w, instance, at: w.uniform(60, 90) if instance == 1 else usual(w))
    run("ruled_out", 52, lambda w, instance, at: usual(w))
    run("decoy", 53, lambda w, instance, at: w.uniform(60, 90) if instance == 2 and at < 210000 else usual(w), joins=120000.0)
    # gate-1 keeps its name and gets 5.1 after two minutes; only 5.1 is slow.
    run("canary", 54, lambda w, instance, at: w.uniform(60, 90) if instance == 1 and at >= 120000 else usual(w), version=lambda instance, at: "5.1" if instance == 1 and at >= 120000 else "5.0")
    # gate-1 is slow before it gets 5.1, and after.
    run("host", 55, lambda w, instance, at: w.uniform(60, 90) if instance == 1 else usual(w), version=lambda instance, at: "5.1" if instance == 1 and at >= 180000 else "5.0")

    # Of ten requests gate-1 gets eight that list entries, which take longer, the others hardly any. Everybody lists as fast as gate-1;
    # in `mix_and_slow` gate-1 takes three times as long for both besides.
    def mix(name, seed, factor):
        w = World(seed)
        for i in range(720):
            instance = i % 3
            lists = w.random.random() < (0.8 if instance == 1 else 0.02)
            w.server("gate", "/entries" if lists else "/entries/{id}", i * 500.0, (w.uniform(90, 120) if lists else usual(w)) * (factor if instance == 1 else 1), instance="gate-%d" % instance, version="5.0")
        w.save(folder, name)

    mix("mix", 56, 1)
    mix("mix_and_slow", 57, 3)

    run("between", 66, lambda w, instance, at: w.uniform(32, 44) if instance == 1 else usual(w))
    run("most", 67, lambda w, instance, at: w.uniform(60, 90) if instance > 0 else usual(w))

    # Long-lived connections: gate-1 of four gets two requests of three, and answers in three times the time.
    w = World(58)
    for i in range(720):
        instance = 1 if i % 3 else (0, 2, 3)[i // 3 % 3]
        w.server("gate", "/entries/{id}", i * 500.0, w.uniform(60, 90) if instance == 1 else usual(w), instance="gate-%d" % instance, version="5.0")
    w.save(folder, "crowded")

    # gate-1 takes over from gate-0 and is slow.
    w = World(59)
    for i in range(720):
        w.server("gate", "/entries/{id}", i * 500.0, w.uniform(60, 90) if i >= 360 else usual(w), instance="gate-%d" % (i >= 360), version="5.0")
    w.save(folder, "in_turn")

    # Three instances, gate-1 slow, 15 requests each.
    w = World(60)
    for i in range(45):
        w.server("gate", "/entries/{id}", i * 500.0, w.uniform(60, 90) if i % 3 == 1 else usual(w), instance="gate-%d" % (i % 3), version="5.0")
    w.save(folder, "few")

    # A rolling restart: three instances replace three after three minutes; of the new ones gate-4 is slow, also when it is warm.
    w = World(61)
    for i in range(1440):
        at = i * 500.0
        instance = i % 3 + (3 if at >= 180000 else 0)
        w.server("gate", "/entries/{id}", at, w.uniform(60, 90) if instance == 4 else usual(w), instance="gate-%d" % instance, version="5.0")
    w.save(folder, "rolling")

    # gate-2 joins a minute after a release of the gate and is slow for good; nobody records versions.
    w = World(63)
    for i in range(1080):
        at, instance = i * 500.0, i % 3
        if instance < 2 or at >= 120000:
            w.server("gate", "/entries/{id}", at, w.uniform(60, 90) if instance == 2 else usual(w), instance="gate-%d" % instance)
    w.save(folder, "joined")

    # Forty operations that each instance is asked ten times: only all of them together tell that gate-1 is slow.
    w = World(62)
    for i in range(1200):
        w.server("gate", "/rooms/r%d" % (i // 3 % 40), i * 300.0, w.uniform(60, 90) if i % 3 == 1 else usual(w), instance="gate-%d" % (i % 3), version="5.0")
    w.save(folder, "many_operations")


# ---- latency.tail_divergence -----------------------------------------------------------------------------------------

def tail_divergence(folder):
    def run(name, seed, ms):
        w = World(seed)
        for i in range(1200):
            at = i * 1000.0
            w.server("shop", "/basket", at, ms(w, at >= 600000, at))
        w.save(folder, name)

    run("confirmed", 65, lambda w, later, at: w.uniform(300, 420) if later and w.random.random() < 0.03 else w.uniform(30, 50))
    run("ruled_out", 62, lambda w, later, at: w.uniform(30, 50) * (3 if later else 1))
    # Two in a hundred miss a cache and take 60 ms, before as after: the P98 is now a miss and now a hit.
    w = World(64)
    misses = set(range(0, 560, 56)) | {i for i in range(600, 1200) if i % 33 == 5}
    for i in range(1200):
        w.server("shop", "/basket", i * 1000.0, w.uniform(100, 110) if i in misses else w.uniform(10, 14))
    w.save(folder, "chance")
    run("decoy", 63, lambda w, later, at: w.uniform(300, 420) if 800000 <= at < 820000 else w.uniform(30, 50))


# ---- errors.failing_operation ----------------------------------------------------------------------------------------

def failing_operation(folder):
    def run(name, seed, fails, code=503, recovered=lambda i: False):
        w = World(seed)
        for i in range(400):
            at, ms, bad = i * 300.0, w.uniform(15, 25), fails(i)
            said = code if bad else 200
            root = w.server("kiosk", "/book", at, ms + (24 if recovered(i) else 4), None, 502 if bad and code >= 500 else said, status=ERROR if bad and code >= 500 else None)
            begin = at + 2
            if recovered(i):
                w.call("kiosk", "slots", "/slots/{id}", "/slots/7", begin, 20, root, 503)
                begin += 20
            w.call("kiosk", "slots", "/slots/{id}", "/slots/7", begin, ms, root, said)
        w.save(folder, name)

    run("confirmed", 71, lambda i: i >= 200 and i % 5 == 0)
    run("ruled_out", 72, lambda i: False)
    # As confirmed, but gRPC, and no span has a status: 14 is "unavailable", 5 is "not found".
    w = World(74)
    for i in range(400):
        at, ms, code = i * 300.0, w.uniform(15, 25), 14 if i >= 200 and i % 5 == 0 else 5 if i % 3 == 0 else 0
        root = w.span("kiosk", "museum.Kiosk/Book", SERVER, at, ms + 4, rpc__system="grpc", rpc__service="museum.Kiosk", rpc__method="Book", rpc__grpc__status_code=code)
        client = w.span("kiosk", "museum.Slots/Take", CLIENT, at + 2, ms, root, rpc__system="grpc", rpc__service="museum.Slots", rpc__method="Take", server__address="slots", rpc__grpc__status_code=code)
        w.span("slots", "museum.Slots/Take", SERVER, at + 2.2, ms - 0.4, client, rpc__system="grpc", rpc__service="museum.Slots", rpc__method="Take", rpc__grpc__status_code=code)
    w.save(folder, "codes")
    run("decoy", 73, lambda i: i % 6 == 0, code=404, recovered=lambda i: i % 7 == 1)


# ---- dependency.retry_storm ------------------------------------------------------------------------------------------

def retry_storm(folder):
    def run(name, seed, attempts):
        w = World(seed)
        for i in range(300):
            at, bad = i * 400.0, i >= 150 and i % 2 == 0
            took = [w.uniform(20, 30) for _ in range(attempts if bad else 1)]
            root, begin = w.server("tours", "/tours/{id}", at, 4 + sum(took) + (len(took) - 1), None, 502 if bad else 200, status=ERROR if bad else None), at + 2
            for ms in took:
                w.call("tours", "weather", "/forecast", "/forecast", begin, ms, root, 503 if bad else 200)
                begin += ms + 1
        w.save(folder, name)

    run("confirmed", 81, 5)
    run("ruled_out", 82, 1)

    # Three pages of one list, and a second copy of a call that is late; failures are not repeated.
    w = World(83)
    for i in range(300):
        at, pages, late = i * 400.0, [w.uniform(20, 30) for _ in range(3)], w.uniform(60, 80)
        bad = i % 10 == 0
        root, begin = w.server("tours", "/tours", at, 4 + sum(pages) + late, None, 502 if bad else 200, status=ERROR if bad else None), at + 2
        for n, ms in enumerate(pages):
            w.call("tours", "weather", "/days", "/days?page=%d" % n, begin, ms, root, 503 if bad and n == 2 else 200)
            begin += ms
        w.call("tours", "guides", "/guides/{id}", "/guides/7", begin, late, root)
        w.call("tours", "guides", "/guides/{id}", "/guides/7", begin + 30, late - 31, root)
    w.save(folder, "decoy")


# ---- dependency.missing_timeout --------------------------------------------------------------------------------------

def missing_timeout(folder):
    def run(name, seed, ms_of, cut_at=None):
        w = World(seed)
        for i in range(400):
            at, ms = i * 300.0, ms_of(w, i)
            cut = cut_at is not None and ms > cut_at
            waited = cut_at if cut else ms
            root = w.server("kiosk", "/pay", at, waited + 4, None, 504 if cut else 200, status=ERROR if cut else None)
            if cut:
                client = w.span("kiosk", "POST", CLIENT, at + 2, waited, root, status=ERROR, http__request__method="POST", server__address="cards", server__port=80, url__full="http://cards/charges", error__type="timeout")
            else:
                client = w.span("kiosk", "POST", CLIENT, at + 2, waited, root, http__request__method="POST", server__address="cards", server__port=80, url__full="http://cards/charges", http__response__status_code=200)
            w.span("cards", "POST /charges", SERVER, at + 2.2, ms - 0.4, client, http__request__method="POST", http__route="/charges", http__response__status_code=200)
        w.save(folder, name)

    # A long poll, and uploads that nobody waits for, to the peer that answers lookups in 20 ms.
    w = World(94)
    for i in range(300):
        at, polls = i * 400.0, i % 10 == 3
        ms = w.uniform(20000, 30000) if polls else w.uniform(15, 25)
        root = w.server("kiosk", "/news" if polls else "/rooms/{id}", at, ms + 4)
        w.call("kiosk", "archive", "/changes" if polls else "/rooms/{id}", "/changes" if polls else "/rooms/7", at + 2, ms, root)
        if i % 10 == 5:
            w.client("kiosk", "archive", "/visits", at + 10, 4000, root)
    w.save(folder, "long_poll")

    slow = (50, 110, 170, 230, 290, 350)
    run("confirmed", 91, lambda w, i: w.uniform(3000, 9000) if i in slow else w.uniform(30, 50))
    run("ruled_out", 92, lambda w, i: w.uniform(200, 300) if i in slow else w.uniform(30, 50))
    run("decoy", 93, lambda w, i: w.uniform(3000, 9000) if i in slow else w.uniform(30, 50), cut_at=1000.0)


def main():
    root = pathlib.Path(sys.argv[1])
    for make in (sequential_calls, tail_amplification, regression_after_deploy, slow_cohort, some_instances, tail_divergence):
        make(root / ("latency." + make.__name__))
    failing_operation(root / "errors.failing_operation")
    retry_storm(root / "dependency.retry_storm")
    missing_timeout(root / "dependency.missing_timeout")


if __name__ == "__main__":
    main()
