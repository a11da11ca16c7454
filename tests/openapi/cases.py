"""Single requests that schemathesis makes from the document: as it says, and not."""
import unittest
import warnings

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode

WEIGHT = {"/cdc": 6, "/tasks": 4, "/tasks/{id}/position": 3, "/tasks/{id}": 2}
ROUND = 20  # cases of one sort in a row
HOSTS = ["127.0.0.1", "localhost"]
OURS = {"host", "content-length", "user-agent", "transfer-encoding", "authorization", "connection"}


class Tame:
    """No request leads a server to a place that is not the test's own, whatever was thought of."""

    def __init__(self, places):
        self.places = places + ["http://" + p for p in places]
        self.ports = [int(p.rpartition(":")[2]) for p in places]

    def member(self, key, v):
        key = key.lower()
        if key in ("uri", "host") and isinstance(v, str) and v not in self.places + HOSTS:
            return v + "~"  # no name of a host has it
        if key == "target" and isinstance(v, str):
            return self.places[len(v) % len(self.places)]
        if key == "port" and isinstance(v, int) and 0 < v < 65536:
            return self.ports[v % len(self.ports)]
        if key == "connect_timeout" and isinstance(v, (int, float)):
            return min(v, 5)
        return self.value(v)

    def value(self, v):
        if isinstance(v, list):
            return [self.value(x) for x in v]
        if isinstance(v, dict):
            return {k: self.member(k, x) for k, x in v.items() if k.lower() not in ("etcd", "brokers", "property")}
        return v


def send(case, client, tame):
    """A case as the bytes that schemathesis would send."""
    case.body = tame.value(case.body)
    kwargs = case.as_transport_kwargs(base_url="http://x")
    kwargs.pop("timeout", None)
    r = requests.Request(**kwargs).prepare()
    headers = [(k, v.decode("latin-1") if isinstance(v, bytes) else v)
               for k, v in r.headers.items() if k.lower() not in OURS]
    client.ask(r.method, r.path_url, r.body.encode() if isinstance(r.body, str) else r.body, headers, "case")


def sorts(doc):
    """What there is to ask, often as it deserves: path, method, as documented or not."""
    for path, item in doc.doc["paths"].items():
        for method, op in item.items():
            if method == "parameters":
                continue
            n = 1 if method == "get" else WEIGHT.get(path, 1)
            modes = [GenerationMode.POSITIVE]
            if "parameters" in op or "requestBody" in op or "parameters" in item:
                modes.append(GenerationMode.NEGATIVE)
            yield from [(path, method.upper(), mode) for mode in modes] * n


def batch(operation, mode, n, salt, ask):
    """n cases of one sort, or as many as there are."""
    count = 0

    @seed(salt)
    @settings(max_examples=n, deadline=None, database=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
    @given(case=operation.as_strategy(generation_mode=mode))
    def run(case):
        nonlocal count
        count += 1
        ask(case)

    try:
        run()
    except (Unsatisfiable, unittest.SkipTest):
        pass
    return count


def cases(o, doc, clients, total):
    """total requests, round after round over all operations."""
    warnings.filterwarnings("ignore")
    tame = Tame(o.places)
    schemathesis.openapi.format("milvus-uri", st.sampled_from(tame.places))
    schemathesis.openapi.format("milvus-host", st.sampled_from(HOSTS))
    schema = schemathesis.openapi.from_dict(doc.doc)
    todo = list(sorts(doc))
    each = min(ROUND, max(1, total // len(todo)))
    done = turn = 0

    def ask(case):
        send(case, clients[turn % len(clients)], tame)

    while done < total:
        path, method, mode = todo[turn % len(todo)]
        done += batch(schema[path][method], mode, min(each, total - done), o.seed * 1000003 + turn, ask)
        turn += 1
