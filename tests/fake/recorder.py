#!/usr/bin/env python3
"""recorder.py FILE [PORT [ANSWER]]: a server that keeps what it is sent, for proof that something was not.

Writes its port to FILE.port when it listens on 127.0.0.1, a line `connection` to FILE for each one, and all bytes behind it.
ANSWER, with \\r and \\n as in printf, is sent when a head of HTTP is complete, and the connection closed; `h2 URL` sends who
speaks HTTP/2 there, with status 307. Without it nothing is ever answered."""
import os
import socketserver
import sys


def frame(kind, flags, stream, payload=b''):
    return len(payload).to_bytes(3, 'big') + bytes((kind, flags)) + stream.to_bytes(4, 'big') + payload


def elsewhere(url):
    """SETTINGS, and the HEADERS of stream 1: names of RFC 7541's static table, 8 :status and 46 location, values as they are."""
    return frame(4, 0, 0) + frame(1, 5, 1, b'\x08\x03307' + b'\x0f\x1f' + bytes((len(url),)) + url)


class Handler(socketserver.BaseRequestHandler):
    def handle(self):
        out, got, answer = self.server.out, b'', self.server.answer
        out.write(b'connection\n')
        while data := self.request.recv(65536):
            out.write(data)
            got += data
            if answer.startswith(b'h2 ') and len(got) > 100:  # the request is there, too
                self.request.sendall(elsewhere(answer[3:]))
                answer = b''
            elif answer and not answer.startswith(b'h2 ') and b'\r\n\r\n' in got:
                self.request.sendall(answer)
                return


def main(path, port='0', answer=''):
    socketserver.ThreadingTCPServer.allow_reuse_address = True
    socketserver.ThreadingTCPServer.daemon_threads = True
    with socketserver.ThreadingTCPServer(('127.0.0.1', int(port)), Handler) as server:
        server.out = open(path, 'ab', buffering=0)
        server.answer = answer.encode().decode('unicode_escape').encode('latin-1')
        with open(path + '.port.new', 'w') as f:
            f.write(str(server.server_address[1]))
        os.replace(path + '.port.new', path + '.port')
        server.serve_forever()


main(*sys.argv[1:])
