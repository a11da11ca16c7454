"""A client that believes no answer: each is held against the document, and what must never be is kept in `failures`."""
import collections
import http.client
import json
import re
import threading
import time

from document import Document, fetch

# 500 and 503 are for a target that is away; the tests have one that is.
DEAD = "127.0.0.1:1"
AWAY = "fail to connect the milvus: "


class Log:
    """What all clients of a run have seen."""

    def __init__(self, runners, away):
        self.runners = runners
        ports = "|".join(a.rpartition(":")[2] for a in away)
        self.away = re.compile(rf'(:|"port": ?)({ports})\b'.encode())
        self.lock = threading.Lock()
        self.statuses = collections.Counter()
        self.codes = collections.Counter()
        self.kinds = collections.Counter()
        self.failures = []
        self.worst = 0.0

    @property
    def requests(self):
        return sum(self.statuses.values())

    def add(self, kind, status, code, bad, took):
        with self.lock:
            self.kinds[kind] += 1
            self.statuses[status] += 1
            if code is not None:
                self.codes[code] += 1
            self.failures += bad
            self.worst = max(self.worst, took)

    def fail(self, text):
        with self.lock:
            self.failures.append(text)


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def json(self):
        try:
            got = json.loads(self.body)
            return got if isinstance(got, dict) else {}
        except ValueError:
            return {}


class Client:
    """One connection to HOST:PORT; not for several threads."""

    def __init__(self, address, document, log, token=None):
        host, _, port = address.rpartition(":")
        self.where, self.document, self.log, self.token = (host, int(port)), document, log, token
        self.link = None

    def ask(self, method, target, body=None, headers=(), kind="sequence"):
        """
        The answer, or None if there was none, which is a failure. body is bytes; headers are pairs. An answer without an
        end is left after its first part.
        """
        headers = list(headers)
        if self.token and not any(k.lower() == "authorization" for k, _ in headers):
            headers.append(("Authorization", "Bearer " + self.token))
        begin = time.monotonic()
        try:
            r, got = self.exchange(method, target, body, headers)
        except (OSError, http.client.HTTPException) as e:
            self.close()
            self.log.fail(f"{method} {target[:200]} {(body or b'')[:300]!r}: no answer: {e!r}")
            return None
        answer = Answer(r.status, dict(r.getheaders()), got)
        path = self.path(target)
        bad = self.document.check(method, path, r.status, answer.headers, got, body or b"")
        bad += self.wrong(answer, body or b"")
        bad = [f"{x}  <- {method} {target[:200]} {(body or b'')[:600]!r}" for x in bad]
        code = answer.json().get("code") if path == "/cdc" and method == "POST" else None
        self.log.add(kind, r.status, code, bad, time.monotonic() - begin)
        return answer

    @staticmethod
    def path(target):
        """As the server decodes it, or as it is if it does not."""
        path = target.split("?")[0]
        try:
            raw = re.sub(rb"%([0-9A-Fa-f]{2})", lambda m: bytes([int(m[1], 16)]), path.encode("latin-1"))
            return raw.decode() if "%2f" not in path.lower() else path
        except UnicodeError:
            return path

    def exchange(self, method, target, body, headers):
        if self.link is None:
            self.link = http.client.HTTPConnection(*self.where, timeout=60)
            self.link.connect()
        c = self.link
        names = {k.lower() for k, _ in headers}
        c.putrequest(method, target, skip_host="host" in names, skip_accept_encoding=True)
        for k, v in headers:
            c.putheader(k, v)
        if "transfer-encoding" in names:
            body = b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in (body[:7], body[7:]) if p) + b"0\r\n\r\n"
        elif body is not None:
            c.putheader("Content-Length", str(len(body)))
        c.endheaders(body)
        r = c.getresponse()
        if r.getheader("Content-Length") is None and r.status == 200 and method != "HEAD":
            got = r.read1(1 << 16)
            got = got[:got.rfind(b"\n") + 1]
            self.close()
            return r, got
        got = r.read()
        if r.will_close:
            self.close()
        return r, got

    def close(self):
        if self.link is not None:
            self.link.close()
        self.link = None

    def wrong(self, answer, body):
        """What the document has, and this run must not see."""
        said = answer.json() if answer.body[:1] == b"{" else {}
        code = said.get("code", answer.status)
        if code < 500 or code == 501:
            return []
        message = said.get("message", "")
        if code == 503 and "Retry-After" in answer.headers:
            return []
        if AWAY in message and self.log.away.search(body):
            return []
        if self.log.runners and "do not get on" in message:
            return []
        return [f"{answer.status} {code}: {message}"]


def document(address, token=None):
    return Document(fetch(address, token))
