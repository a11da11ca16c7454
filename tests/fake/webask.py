#!/usr/bin/env python3
"""webask.py ADDRESS COMMAND...: what curl does not ask an HTTP server.

ADDRESS is HOST:PORT, as the server prints it.

raw               lines NAME<TAB>REQUEST from stdin, with escapes such as \\r\\n and @ for the headers Host and
                  Connection: close; prints NAME, the statuses of all answers, and "open" if the server did not close
slow              clients that never come to an end, each until the server gives it up
loris N           N connections with a byte a second each, and requests beside them
crowd N           N connections that say nothing, and a request beside them
flood N MS        N requests at once that each take MS
streams N         N answers without an end, and one more
idle              a connection with nothing to say
pipeline N        N requests in one go, answers in order?
"""
import collections
import http.client
import re
import socket
import sys
import threading
import time

HEAD = b"Host: localhost\r\nConnection: close\r\n"
GET = b"GET /x HTTP/1.1\r\nHost: localhost\r\n\r\n"


def connect(timeout=20):
    s = socket.create_connection((host, port))
    s.settimeout(timeout)
    return s


def rest(s):
    """All until the server closes; and whether it did."""
    got = b""
    try:
        while data := s.recv(1 << 16):
            got += data
    except TimeoutError:
        return got, "open"
    except ConnectionResetError:
        pass
    return got, ""


def statuses(got):
    return " ".join(m.decode() for m in re.findall(rb"(?m)^HTTP/1\.1 (\d+) ", got))


def one(path="/x", timeout=20):
    """Status and seconds of a request on a connection of its own."""
    begin = time.monotonic()
    c = http.client.HTTPConnection(host, port, timeout=timeout)
    try:
        c.request("GET", path)
        r = c.getresponse()
        r.read()
        return r.status, time.monotonic() - begin
    finally:
        c.close()


def raw():
    for line in sys.stdin:
        name, text = line.rstrip("\n").split("\t")
        s = connect(3)
        s.sendall(text.encode("latin-1").decode("unicode_escape").encode("latin-1").replace(b"@", HEAD))
        got, state = rest(s)
        s.close()
        print(f"{name}\t{statuses(got) or '-'}{' ' + state if state else ''}")


def drip(s, data, every=0.5, limit=80):
    """A byte now and then, until the server has had enough: what it said, and when."""
    begin = time.monotonic()
    s.setblocking(True)
    s.settimeout(every)
    got = b""
    for i in range(int(limit / every)):
        try:
            if data:
                s.sendall(data[i % len(data):][:1])
        except OSError:
            break
        try:
            more = s.recv(1 << 16)
            if not more:
                break
            got += more
        except TimeoutError:
            continue
        except OSError:
            break
    s.close()
    return got, time.monotonic() - begin


def after_answer(s):
    s.sendall(GET)
    got = b""
    while b"}\n" not in got:
        got += s.recv(1 << 16)
    return s


def slow_reader():
    """Asks for 8 MB and looks for them a minute later; when they were given up stands in the server's log."""
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    s.connect((host, port))
    s.sendall(GET.replace(b"/x", b"/great"))
    time.sleep(63)
    s.settimeout(5)
    got, state = rest(s)
    return (b"HTTP/1.1 200 \n" if not state and 0 < len(got) < 8 << 20 else b""), 60


def begun(text):
    s = connect()
    s.sendall(text)
    return s


SLOW = {
    "nothing at all": (lambda: drip(connect(), b""), 10),
    "half a line": (lambda: drip(connect(), b"GET /xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"), 10),
    "half a header": (lambda: drip(begun(b"GET /x HTTP/1.1\r\nHost: localhost\r\n"), b"a"), 10),
    "half a body": (lambda: drip(begun(b"POST /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 900\r\n\r\n"), b"a"), 10),
    "half a body for /cdc": (lambda: drip(begun(
        b"POST /cdc HTTP/1.1\r\nHost: localhost\r\nContent-Length: 900\r\n\r\n"), b"a"), 10),
    "a body without an end": (lambda: drip(begun(
        b"POST /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 90000000\r\n\r\n"), b"a"), 10),
    "half a second request": (lambda: drip(after_answer(connect()), b"GET /xxxxxxxxxxxxxxxxxxxxxxxxxxxxx"), 10),
    "no second request": (lambda: drip(after_answer(connect()), b""), 60),
    "an answer that is not read": (slow_reader, 60),
}


def slow():
    results = {}

    def run(name, what):
        results[name] = what()

    threads = [threading.Thread(target=run, args=(n, w)) for n, (w, _) in SLOW.items()]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    for name, (_, want) in SLOW.items():
        got, took = results[name]
        when = f"after {want} s" if want - 1 <= took <= want + 8 else f"after {took:.1f} s, not {want}"
        message = re.search(rb'"message":"([^"]*)"', got)
        problem = "problem" if b"problem+json" in got else ""
        print(name, statuses(got) or "-", when, message.group(1).decode() if message else "", problem, sep="|")


def loris(n):
    links = [connect() for _ in range(n)]
    for s in links:
        s.sendall(b"POST /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000\r\n\r\n")
    worst, asked, begin = 0.0, 0, time.monotonic()
    while time.monotonic() - begin < 8:
        for s in links:
            s.sendall(b"a")
        for _ in range(3):
            status, took = one()
            assert status == 200, status
            worst, asked = max(worst, took), asked + 1
        time.sleep(0.2)
    ends = collections.Counter(statuses(rest(s)[0]) for s in links)
    whole = time.monotonic() - begin
    print("beside them:", "in under a second" if worst < 1 else f"{worst:.2f} s", "for all" if asked > 9 else asked)
    print("they got:", *(f"{k} x {v}" for k, v in ends.items()))
    print("and were gone", "in time" if whole < 16 else f"after {whole:.1f} s")


def crowd(n):
    links = [connect() for _ in range(n)]
    status, took = one()
    print(f"{n} others: {status}", "in under a second" if took < 1 else f"after {took:.2f} s")
    for s in links:
        s.close()


def flood(n, ms):
    results = collections.Counter()
    lock = threading.Lock()
    barrier = threading.Barrier(n + 1)

    def run():
        c = http.client.HTTPConnection(host, port, timeout=60)
        c.connect()
        barrier.wait()
        c.request("GET", f"/x?ms={ms}")
        r = c.getresponse()
        text = r.read()
        with lock:
            results[r.status, r.getheader("Retry-After"), b"too many requests" in text] += 1
        c.close()

    threads = [threading.Thread(target=run) for _ in range(n)]
    for t in threads:
        t.start()
    barrier.wait()
    for t in threads:
        t.join()
    for (status, retry, text), count in sorted(results.items(), key=str):
        print(count, status, f"retry {retry}" if retry else "", "too many requests" if text else "", sep="|")
    print("afterwards", one()[0])


def open_stream(quiet):
    s = connect()
    s.sendall(b"GET /stream?for=%s HTTP/1.1\r\nHost: localhost\r\n\r\n" % (b"quiet" if quiet else b"ever"))
    return s, s.recv(16)[:12].decode()


def open_streams(n):
    """Half of them say nothing: that a client of those has left shows when nothing is written."""
    return [open_stream(i % 2) for i in range(n)]


def streams(n):
    links = open_streams(n)
    print("streams:", *(f"{k} x {v}" for k, v in collections.Counter(status for _, status in links).items()))
    print("one more:", one("/stream?for=ever")[0])
    print("others:", one()[0])
    first = links[0][0]
    end = time.monotonic() + 20
    good = 0
    links = links[1:]
    while good < n - 1 and time.monotonic() < end:
        for s, _ in links:
            s.close()
        time.sleep(1)
        links = open_streams(n - 1)
        good = sum(status.endswith("200") for _, status in links)
    print("when they have left:", good)
    more = 0
    while more < 100:
        more += len(first.recv(100))
    print("the first goes on")


def idle():
    """A connection that is kept until the server closes it."""
    s = after_answer(connect(60))
    print("idle", flush=True)
    got, state = rest(s)
    print(len(got), state or "closed")


def pipeline(n):
    s = connect()
    ask = b"".join(b"POST /%d HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc" % i for i in range(n))
    s.sendall(ask + b"GET /last HTTP/1.1\r\n" + HEAD + b"\r\n")
    got, state = rest(s)
    paths = re.findall(rb'"path":"/(\w+)"', got)
    print(paths == [b"%d" % i for i in range(n)] + [b"last"], len(paths), state or "closed")


host, _, port = sys.argv[1].rpartition(":")
port = int(port)
globals()[sys.argv[2]](*map(int, sys.argv[3:]))
