#!/usr/bin/env python3
"""etcdproxy.py URL [fields]: an etcd gateway in front of URL, without gRPC. Its first watch says "created" and then
nothing for ever, as if its connection had died; with `fields` that is as it should be, but the first question for fields
after a watch was made is not answered. Prints its port. Every other request goes through."""
import base64
import http.client
import http.server
import json
import sys
import time
import urllib.parse

netloc = urllib.parse.urlsplit(sys.argv[1]).netloc
fields = sys.argv[2:] == ['fields']
watches = refused = 0


def is_for_fields(path, body):
    return path == '/v3/kv/range' and b'/fields/' in base64.b64decode(json.loads(body)['key'])


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def log_message(self, *args):
        pass

    def do_POST(self):
        global watches, refused
        body = self.rfile.read(int(self.headers['Content-Length']))
        if fields and watches and not refused and is_for_fields(self.path, body):
            refused = 1
            self.send_response(503)
            self.send_header('Content-Length', '0')
            self.end_headers()
            return
        c = http.client.HTTPConnection(netloc)
        c.request('POST', self.path, body, {'Content-Type': 'application/json'})
        r = c.getresponse()
        self.send_response(r.status)
        self.send_header('Content-Type', 'application/json')
        if self.path != '/v3/watch':
            text = r.read()
            self.send_header('Content-Length', str(len(text)))
            self.end_headers()
            self.wfile.write(text)
            return
        self.send_header('Transfer-Encoding', 'chunked')
        self.end_headers()
        watches += 1
        mute = watches == 1 and not fields
        while True:
            text = r.readline()
            # byte by byte: an answer can come in any pieces
            for i in range(len(text)):
                self.wfile.write(b'1\r\n' + text[i:i + 1] + b'\r\n')
            while mute:
                time.sleep(1)


server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
server.daemon_threads = True
print(server.server_address[1], flush=True)
server.serve_forever()
