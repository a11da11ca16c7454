"""Sequences of requests over a few tasks: those of all clients, and those of one, which knows how they must be."""
import base64
import json

from client import DEAD

SHARED = [f"t{i}" for i in range(6)]
ODD_NAMES = ["nope", "..", ".", "%2e%2e", "..%2f..", "a%20b", "%ff", "x" * 128, "x" * 129, "x" * 3000, ".new.t0", "-x",
             "a;b", "%00", "a%0ab", "tasks", "caf%C3%A9", "*", "t0.", "T0"]
TEXTS = ["", "*", "a", "ä", "\U0001f600", "\x00", "\x7f", "a.b", "../../etc/passwd", "<script>&", "'; drop", "x" * 70000,
         "%s%n%d", "\u202e", "1e9", "http://", "by-dev-rootcoord-dml_0", "by-dev-rootcoord-dml_0_1v0",
         "2026-01-02T03:04:05Z", "now", "start", "task:t0", "@/etc/passwd"]
NUMBERS = [0, -1, 1, 2**31, 2**53 + 1, 2**63 - 1, -2**63, 2**63, 10**30, 1.5, 3.0, 1e300, -0.0]
VALUES = TEXTS + NUMBERS + [None, True, False, [], {}, [[]], {"": ""}, [None], {"a": {"b": []}}]
# Why a create that is right may be refused all the same.
IN_THE_WAY = ("the task num has reach the limit", "duplicate with existing task")


class Sequence:
    def __init__(self, o, number, clients, rnd):
        self.o, self.clients, self.rnd = o, clients, rnd
        self.own = {f"own{number}-{i}": f"own_{number}_{i}" for i in range(3)}
        self.left = 0
        self.tags = {}

    def run(self, n):
        self.left = n
        while self.left > 0:
            self.rnd.choices([self.life, self.shared, self.broken, self.hostile, self.looks], [1, 6, 7, 7, 3])[0]()

    def ask(self, method, target, body=None, headers=(), kind="sequence"):
        if isinstance(body, (dict, list)):
            body = json.dumps(body).encode()
        self.left -= 1
        return self.rnd.choice(self.clients).ask(method, target, body, headers, kind)

    def cdc(self, kind, data, **more):
        return self.ask("POST", "/cdc", {"request_type": kind, "request_data": data}, **more)

    # ---- what is right ----

    def target(self, good=False):
        place = self.o.target if good else self.rnd.choices(self.o.places, [6, 2, 1, 1])[0]
        wait = 1 if place == DEAD else 20
        if self.rnd.random() < 0.5:
            return {"uri": self.rnd.choice(["", "http://"]) + place, "connect_timeout": wait}
        host, _, port = place.rpartition(":")
        return {"host": host, "port": int(port), "connect_timeout": wait, "token": "root:s3cret"}

    def create(self, name, coll, good=False):
        r = self.rnd
        data = {"task_id": name, "milvus_connect_param": self.target(good)}
        colls = [{"name": coll, "use_start_position": True}]
        data |= {"db_collections": {"default": colls}} if r.random() < 0.3 else {"collection_infos": colls}
        mapping = {"source_db": "default", "target_db": "default", "collection_mapping": {coll: coll + "_x"}}
        extra = {"disable_auto_start": r.random() < 0.5, "buffer_config": {"period": 1, "size": 1},
                 "rpc_channel_info": {"name": "by-dev-replicate-msg"}, "name_mapping": [mapping]}
        return data | {k: v for k, v in extra.items() if r.random() < 0.2}

    def definition(self, name, coll):
        return {"name": name, "from": self.rnd.choice(["start", "beginning", "now"]), "paused": self.rnd.random() < 0.5,
                "options": {"target": "http://" + self.rnd.choice(self.o.places), "include": ["default." + coll]}}

    def make(self, name, coll):
        if self.rnd.random() < 0.5:
            return self.cdc("create", self.create(name, coll))
        body = self.create(name, coll) if self.rnd.random() < 0.6 else self.definition(name, coll)
        return self.ask("POST", "/tasks" + self.rnd.choice(["", "", "?dry_run=1", "?dry_run=0"]), body)

    def offset(self):
        return self.rnd.choice([0, 1, 5, "7", str(2**40)])

    def position(self):
        r = self.rnd
        if r.random() < 0.3:
            return {"from": r.choice(["start", "beginning", "now", "checkpoint", "2026-01-02T03:04:05Z"])}
        ts, o = str(r.randrange(2**62)), self.offset()
        topics = {f"by-dev-rootcoord-dml_{i}": {"o": o, "n": o, "ts": ts} for i in range(r.randrange(1, 4))}
        return {"ts": ts, "topics": topics}

    def put(self, name, body=None):
        tag = self.rnd.choice([self.tags.get(name, "*"), "*", '"p0000000000000000"', "x"])
        headers = [("If-Match", tag)] if self.rnd.random() < 0.9 else []
        a = self.ask("PUT", f"/tasks/{name}/position", body or self.position(), headers)
        self.remember(name, a)

    def remember(self, name, a):
        if a and a.status == 200 and "ETag" in a.headers:
            self.tags[name] = a.headers["ETag"]

    # ---- tasks of one client ----

    def must(self, what, yes, a):
        if not yes and a is not None:
            self.clients[0].log.fail(f"{what}: not so: {a.status} {a.body[:600]!r}")

    def life(self):
        """Made, looked at, paused, put elsewhere, resumed, deleted; nobody else does that to it."""
        name, coll = self.rnd.choice(list(self.own.items()))
        a = self.ask("POST", "/tasks", self.create(name, coll, True))
        if a is None or any(t in a.json().get("message", "") for t in IN_THE_WAY):
            return
        self.must("a new task is made", a.status == 201 and a.json()["task_id"] == name, a)
        if a.status != 201:
            return
        for step in self.rnd.choices([self.seen, self.paused, self.placed, self.resumed], k=self.rnd.randrange(1, 6)):
            step(name)
        self.gone(name)

    def seen(self, name):
        a = self.ask("GET", f"/tasks/{name}")
        self.must("it is there", a and a.status == 200 and a.json()["task_id"] == name, a)
        a = self.cdc("get", {"task_id": name})
        self.must("and on /cdc", a and a.json()["code"] == 200 and a.json()["data"]["task"]["task_id"] == name, a)
        a = self.cdc("list", {})
        self.must("and in the list", a and name in [t["task_id"] for t in a.json()["data"]["tasks"]], a)

    def paused(self, name):
        self.ask("POST", f"/tasks/{name}/pause", {"reason": "a test"} if self.rnd.random() < 0.5 else None)
        a = self.ask("GET", f"/tasks/{name}")
        self.must("it is paused", a and a.json().get("state") == "Paused", a)
        a = self.cdc("pause", {"task_id": name})
        self.must("once", a and "has paused" in a.json().get("message", ""), a)

    def placed(self, name):
        self.ask("POST", f"/tasks/{name}/pause")
        a = self.ask("GET", f"/tasks/{name}/position")
        self.must("it has a position", a and a.status == 200, a)
        body = {"ts": "1000", "topics": {"by-dev-rootcoord-dml_0": {"o": "7", "n": 7, "ts": "1000"}}}
        tag = a.headers.get("ETag", "") if a else ""
        a = self.ask("PUT", f"/tasks/{name}/position", body, [("If-Match", tag)])
        there = a.json().get("topics", {}).get("by-dev-rootcoord-dml_0", {}) if a else {}
        self.must("it is put elsewhere", there.get("o") == "7", a)
        a = self.ask("PUT", f"/tasks/{name}/position", body, [("If-Match", tag)])
        self.must("once with one tag", a and a.status == 412, a)
        a = self.cdc("position", {"task_id": name})
        told = a.json().get("data", {}).get("positions", []) if a else []
        at = [base64.b64decode(p["msg_id"])[-8:] for p in told]
        self.must("and /cdc says so", at == [(6).to_bytes(8, "little")], a)

    def resumed(self, name):
        a = self.ask("POST", f"/tasks/{name}/resume")
        self.must("it is resumed", a and a.status == 200, a)
        if self.o.runners:  # it may fail at once: it stands where no topic has anything
            return
        a = self.ask("GET", f"/tasks/{name}")
        self.must("and so it stays", a and a.json().get("state") != "Paused", a)
        a = self.ask("PUT", f"/tasks/{name}/position", self.position(), [("If-Match", "*")])
        self.must("and not put elsewhere", a and a.status in (409, 422), a)

    def gone(self, name):
        if self.rnd.random() < 0.5:
            a = self.ask("DELETE", f"/tasks/{name}")
            self.must("it is deleted", a and a.status == 204, a)
        else:
            a = self.cdc("delete", {"task_id": name})
            self.must("it is deleted", a and a.json() == {"code": 200, "data": {}}, a)
        a = self.ask("GET", f"/tasks/{name}")
        self.must("and gone", a and a.status == 404, a)

    # ---- tasks of all clients: whatever comes of it is right, if the document has it ----

    def shared(self):
        r = self.rnd
        name = r.choice(SHARED)
        what = r.choice(["make", "make", "pause", "resume", "get", "position", "delete", "put", "put", "log", "cdc"])
        if what == "make":
            self.make(name, r.choice(["c" + name[1:], "c" + name[1:], "c1", "*"]))
        elif what == "put":
            self.put(name)
        elif what == "cdc":
            self.cdc(r.choice(["get", "pause", "resume", "position", "delete"]), {"task_id": name, "ignore_not_found": True})
        elif what == "log":
            query = r.choice(["", "limit=1", "limit=10000", "follow=1", "follow=1&limit=3", "limit=0", "follow=2"])
            self.ask("GET", f"/tasks/{name}/log?" + query)
        elif what in ("pause", "resume"):
            self.ask("POST", f"/tasks/{name}/{what}", r.choice([None, {}, {"reason": r.choice(TEXTS)}]))
        elif what == "delete":
            self.ask("DELETE", f"/tasks/{name}")
        else:
            self.remember(name, self.ask("GET", f"/tasks/{name}" + ("" if what == "get" else "/position")))

    def looks(self):
        r = self.rnd
        self.ask(r.choice(["GET", "GET", "HEAD"]), r.choice([
            "/metrics", "/cdc/metrics", "/readyz", "/healthz", "/version", "/openapi.json", "/", "/cdc", "/tasks",
            "/tasks?limit=2", "/tasks?after=t2", "/tasks?state=Paused", "/tasks?state=nope",
            "/tasks?limit=1&after=t0&state=Running", "/nope", "/tasks/", "//tasks"]))
        if r.random() < 0.1:
            self.tidy()

    def tidy(self):
        """What cases have made would in time be too many."""
        a = self.ask("GET", "/tasks?limit=1000")
        for t in a.json().get("tasks", []) if a else []:
            if t["task_id"] not in SHARED and not t["task_id"].startswith("own"):
                self.ask("DELETE", f"/tasks/{t['task_id']}")

    # ---- nearly right ----

    def right(self):
        """Any request with a body: method, target, body."""
        r = self.rnd
        name = r.choice(SHARED)
        kind = r.choice(["create", "create", "get", "list", "pause", "resume", "delete", "position", "maintenance"])
        data = {"create": self.create(name, "c1"), "list": {},
                "maintenance": {"operation": "set_log_level", "params": {"log_level": "error"}},
                }.get(kind, {"task_id": name})
        return r.choice([("POST", "/cdc", {"request_type": kind, "request_data": data})] * 3 + [
            ("POST", "/tasks", self.create(name, "c1")), ("POST", "/tasks", self.definition(name, "c1")),
            ("POST", f"/tasks/{name}/pause", {"reason": "x"}), ("PUT", f"/tasks/{name}/position", self.position())])

    def places(self, node, path=()):
        """Every place in a body, but those that say where a server is."""
        yield path
        items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
        for k, v in items:
            if k not in ("uri", "host", "port", "target", "connect_timeout"):
                yield from self.places(v, path + (k,))

    def spoil(self, body):
        """One thing in it is another."""
        r = self.rnd
        where = r.choice([p for p in self.places(body) if p] or [()])
        node = body
        for k in where[:-1]:
            node = node[k]
        what = r.choice(["value", "value", "drop", "key", "case", "more"])
        if not where or what == "more":
            body[r.choice(TEXTS)] = r.choice(VALUES)
        elif what == "value" or isinstance(node, list):
            node[where[-1]] = r.choice(VALUES)
        else:
            v = node.pop(where[-1])
            if what != "drop":
                node[r.choice(TEXTS) if what == "key" else where[-1].upper()] = v
        return body

    def broken(self):
        method, target, body = self.right()
        for _ in range(self.rnd.choice([1, 1, 2, 5])):
            body = self.spoil(body)
        headers = [("If-Match", "*")] if method == "PUT" else []
        self.ask(method, target, body, headers, "broken")

    # ---- hostile ----

    def hostile(self):
        self.rnd.choice([self.bytes, self.names, self.queries, self.heads, self.tokens])()

    def bytes(self):
        """A body that is no JSON, or nearly none."""
        r = self.rnd
        method, target, body = self.right()
        text = json.dumps(body, ensure_ascii=False).encode("utf-8", "surrogatepass")
        cut = r.randrange(len(text))
        text = r.choice([
            text[:cut], text[cut:], text + b"x", text + text, b"[" * r.choice([33, 200000]),
            text[:cut] + b"\x00" + text[cut:], text[:cut] + b"\xff\xfe" + text[cut:],
            text[:cut] + bytes([r.randrange(256)]) + text[cut + 1:], b"", b"null", b"{}", b"[]", b"3", b'"a"',
            b"\xef\xbb\xbf" + text, text.replace(b"{", b'{"task_id":"a",', 1), b'{"a":1,"a":2}', b"1e999", b"-", b"NaN",
            b'"\\ud800"', b'{"\\u0000":1}', b" " * 1000 + text, b"{" + b'"k":1,' * 1000 + b'"z":1}',
            b"\x00" * (1 << 20), b"x" * ((1 << 20) + 1)])
        if any(p in text for p in (b'"uri', b'"host', b'"target')):
            try:  # a byte less may be another place
                json.loads(text)
                return
            except ValueError:
                pass
        chunked = [("Transfer-Encoding", "chunked")] if r.random() < 0.2 and text else []
        self.ask(method, target, text, chunked + ([("If-Match", "*")] if method == "PUT" else []), "hostile")

    def names(self):
        r = self.rnd
        name = r.choice(ODD_NAMES)
        path = r.choice([f"/tasks/{name}", f"/tasks/{name}/log", f"/tasks/{name}/position", f"/tasks/{name}/pause",
                         f"/{name}", f"/tasks/t0/{name}", f"/cdc/{name}", f"/tasks/{name}/log?follow=1"])
        method = r.choice(["GET", "GET", "POST", "DELETE", "PUT", "PATCH", "HEAD", "OPTIONS", "TRACE", "FOO"])
        self.ask(method, path, b"{}" if method in ("POST", "PUT") else None, kind="hostile")

    def queries(self):
        r = self.rnd
        keys = ["limit", "state", "after", "follow", "dry_run", "x", ""]
        values = ["1", "0", "-1", "1.5", "", "99999999999999999999", "%ff", "%00", "a", "Running", "+1", "%20", "x" * 5000, "%"]
        query = "&".join(r.choice(keys) + r.choice(["=", "", "=="]) + r.choice(values)
                         for _ in range(r.choice([1, 1, 2, 3, 63, 64, 65, 200])))
        if "follow=1" in query:
            return
        self.ask("GET", r.choice(["/tasks", "/tasks/t0/log", "/version", "/cdc"]) + "?" + query, kind="hostile")

    def heads(self):
        r = self.rnd
        name, value = r.choice([
            ("X-Request-Id", "x" * 64), ("X-Request-Id", "x" * 65), ("X-Request-Id", "a b"), ("X-Request-Id", "good-1"),
            ("Host", "evil.example"), ("Host", ""), ("Origin", "http://evil.example"), ("Origin", "null"),
            ("Content-Type", "text/plain"), ("Content-Type", "x" * 3000), ("If-Match", 'W/"x"'), ("If-Match", "x" * 9000),
            ("X", "y" * 31000), ("X", "y" * 40000), ("Transfer-Encoding", "gzip"), ("Range", "bytes=0-1"),
            ("Accept", "image/png"), ("Cookie", "a=b"), ("Connection", "close"), ("Expect", "200-maybe"), ("Upgrade", "h2c"), ("If-None-Match", "*")])
        if name == "Transfer-Encoding":
            self.ask("POST", "/cdc", b"{}", [(name, value)], "hostile")
        else:
            path = r.choice(["/tasks", "/cdc", "/tasks/t0/position", "/version"])
            self.ask(r.choice(["GET", "GET", "POST", "PUT"]), path, None, [(name, value)], "hostile")

    def tokens(self):
        r = self.rnd
        token = r.choice(["Bearer " + (self.o.read_token or "x"), "Bearer x", "Bearer ", "Basic cm9vdA==",
                          "Bearer " + "x" * 5000, "bearer  x", ""])
        method, target, body = r.choice([self.right(), ("GET", "/tasks", None), ("DELETE", "/tasks/t1", None),
                                         ("GET", "/healthz", None)])
        if DEAD in json.dumps(body):
            return
        self.ask(method, target, body, [("Authorization", token)], "hostile")
