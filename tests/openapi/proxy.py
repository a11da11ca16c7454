#!/usr/bin/env python3
"""
proxy.py ADDRESS REPORT: stands before the server at HOST:PORT and holds each of its answers against its document.

Prints its own address. What the document does not allow goes to the file REPORT, a line each; after SIGTERM its last
line there is the number of answers. Bodies are as they are; answers without an end are not for it.
"""
import http.client
import os
import signal
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from document import Document, fetch

HOP = {"connection", "keep-alive", "transfer-encoding"}


class Proxy(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    answers = 0
    lock = threading.Lock()

    def setup(self):
        super().setup()
        self.server_side = http.client.HTTPConnection(*self.server.to, timeout=60)

    def finish(self):
        self.server_side.close()
        super().finish()

    def body(self):
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        got = b""
        while n := int(self.rfile.readline().split(b";")[0], 16):
            got += self.rfile.read(n)
            self.rfile.readline()
        self.rfile.readline()
        return got

    def forward(self):
        sent = self.body()
        up = self.server_side
        up.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for k, v in self.headers.items():
            if k.lower() not in HOP | {"content-length", "expect"}:
                up.putheader(k, v)
        if sent or self.command in ("POST", "PUT"):
            up.putheader("Content-Length", str(len(sent)))
        up.endheaders(sent)
        r = up.getresponse()
        got = r.read()
        self.note(sent, r, got)
        self.send_response_only(r.status, r.reason)
        for k, v in r.getheaders():
            if k.lower() not in HOP | {"content-length"}:
                self.send_header(k, v)
        if self.command == "HEAD" or r.status != 204:
            self.send_header("Content-Length", r.getheader("Content-Length", str(len(got))))
        self.end_headers()
        self.wfile.write(got)

    def note(self, sent, r, got):
        path = self.path.split("?")[0]
        bad = self.server.document.check(self.command, path, r.status, dict(r.getheaders()), got, sent)
        with Proxy.lock:
            Proxy.answers += 1
            for line in bad:
                print(line.replace("\n", " "), file=self.server.report, flush=True)

    def log_message(self, *args):
        pass

    def __getattr__(self, name):
        if name.startswith("do_"):
            return self.forward
        raise AttributeError(name)


def main():
    address, report = sys.argv[1:]
    host, _, port = address.rpartition(":")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
    server.daemon_threads = True
    server.to = host, int(port)
    server.document = Document(fetch(address))
    server.report = open(report, "w")

    def stop(signo, frame):
        print(Proxy.answers, file=server.report, flush=True)
        os._exit(0)

    signal.signal(signal.SIGTERM, stop)
    print("127.0.0.1:%d" % server.server_address[1], flush=True)
    server.serve_forever()


main()
