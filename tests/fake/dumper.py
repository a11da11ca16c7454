#!/usr/bin/env python3
"""A Milvus whose log is read through DumpMessages: dumper.py DIR [PORT [CERT KEY]] | dumper.py raw FILE PORTFILE

DIR has the log: PCHANNEL.jsonl, a message a line as DumpMessages gave it, {id, wal, properties, payload_b64}, in its order.
DIR/port is written when it listens, DIR/log gets a line a call, with the messages sent at its end.

It is a live source, too: a file DIR/inbox/NAME is {"pchannel": P, "messages": [{properties, payload_b64}, ...]}; its messages
get ids behind all others and a time tick from the clock, one for all of them if they are a transaction (_tx), and are
appended to P.jsonl, which the server does before it says anything newer. The file is gone then.

As Milvus 2.6.20: a start beyond the end is silently the earliest; an id that is none is refused; a pchannel that does not exist
hangs; with end_timetick a call ends with status 0 once the clock is past it; a transaction whose first member is before the
start is not sent. What differs from a real one is said in a file each, looked for at every call:
  version   instead of 2.6.20         login   USER:PASSWORD, else grpc-status 16      deny   grpc-status 7 for DumpMessages
  keys      the path of the KEYS of asked.py: it answers questions about that catalogue, too
  P.first   the id below which nothing is kept any more: a start below it is silently there
  P.flood   {"messages": N, "bytes": B}   instead of P.jsonl, made as it is sent, ids from 1 on
  faults    [{"method": M, "pchannel": P, "skip": N, "times": N, ...}]   the first that fits a call and is not used up:
              "after": N       messages are sent first; without it, none           "sleep": SEC     waits then
              "cut": true      half a message, then a reset of the connection      "half": true     half of one, then status 0
              "bare": true     the end, without trailers                           "hang": true     no more bytes
              "goaway": true   GOAWAY, then the connection is closed               "grpc": S        ends with that status
              "status": CODE   the message that is a Status, then status 0         "reset": true    starts at the earliest
              "jump": N        leaves out the N messages that come next            "flags": true    says a message is compressed
              "pace": SEC      between messages, and each in frames of 100 bytes   "end": true      status 0, as if all was sent

raw plays FILE, what a server sent on a connection, to one client, as far as the client has asked for it.
"""
import base64
import json
import os
import socket
import ssl
import sys
import threading
import time

import asked
import h2

PREFIX = '/milvus.proto.milvus.MilvusService/'
DIGITS = '0123456789abcdefghijklmnopqrstuvwxyz'
TICK_MS = 20  # of the time ticks that are not in the log


def base36(n):
    out = ''
    while n or not out:
        n, out = n // 36, DIGITS[n % 36] + out
    return out


def varint(n):
    out = b''
    while n > 127:
        out, n = out + bytes([n & 127 | 128]), n >> 7
    return out + bytes([n])


def field(n, value):
    if isinstance(value, int):
        return varint(n << 3) + varint(value)
    value = value.encode() if isinstance(value, str) else value
    return varint(n << 3 | 2) + varint(len(value)) + value


def fields(p):
    """Of a message: {number: the last value}."""
    out, i = {}, 0

    def number():
        nonlocal i
        n = shift = 0
        while True:
            n, shift, i = n | (p[i] & 127) << shift, shift + 7, i + 1
            if p[i - 1] < 128:
                return n

    while i < len(p):
        key = number()
        value = number()
        if key & 7 == 2:
            value, i = p[i:i + value], i + value
        out[key >> 3] = value
    return out


def grpc(p, flag=0):
    return bytes([flag]) + len(p).to_bytes(4, 'big') + p


class Message:
    def __init__(self, line):
        m = json.loads(line)
        self.id, self.props = int(m['id'], 36), m['properties']
        self.tt, self.txn = int(self.props['_tt'], 36), self.props.get('_tx')
        inside = field(1, field(1, m['id']) + field(2, m['wal'])) + field(2, base64.b64decode(m['payload_b64']))
        inside += b''.join(field(3, field(1, k) + field(2, v)) for k, v in self.props.items())
        self.bytes = field(2, inside)


class Flood:
    """Messages as they are asked for."""

    def __init__(self, messages, size, born):
        self.n, self.size, self.born = messages, size, born

    def __len__(self):
        return self.n

    def __getitem__(self, i):
        tt = (int(self.born * 1000) - 10_000_000 << 18) + i
        props = {'_v': '1', '_t': '2', '_tt': base36(tt), '_lc': base36(i), '_vc': 'flood_0v0'}
        line = {'id': base36(i + 1), 'wal': 3, 'properties': props, 'payload_b64': ''}
        m = Message(json.dumps(line))
        payload = i.to_bytes(8, 'big') * (self.size // 8)
        m.bytes = field(2, fields(m.bytes)[2] + field(2, payload))
        return m


class Log:
    """A pchannel: what its file has by now."""

    def __init__(self, path):
        self.path, self.size, self.messages = path, 0, []

    def read(self):
        if os.path.getsize(self.path) == self.size:
            return
        with open(self.path, 'rb') as f:
            f.seek(self.size)
            for line in f:
                if not line.endswith(b'\n'):
                    break
                self.messages.append(Message(line))
                self.size += len(line)


class Fake:
    def __init__(self, folder):
        self.dir, self.lock, self.logs, self.rules, self.used = folder, threading.RLock(), {}, '', {}
        self.last_ts = 0
        self.catalogue = asked.Asked(self.said('keys'), '') if self.said('keys') else None
        self.out = open(self.at('log'), 'a', buffering=1)
        os.makedirs(self.at('inbox'), exist_ok=True)

    def at(self, name):
        return os.path.join(self.dir, name)

    def said(self, name):
        try:
            with open(self.at(name)) as f:
                return f.read().strip()
        except OSError:
            return None

    def now(self, alloc=True):
        with self.lock:
            ts = int(time.time() * 1000) << 18
            self.last_ts = max(ts, self.last_ts + (1 if alloc else 0))
            return self.last_ts

    def log(self, pchannel):
        flood = self.said(pchannel + '.flood')
        if flood:
            f = json.loads(flood)
            return Flood(f['messages'], f['bytes'], os.path.getmtime(self.at(pchannel + '.flood')))
        if not os.path.exists(self.at(pchannel + '.jsonl')):
            return None
        with self.lock:
            log = self.logs.setdefault(pchannel, Log(self.at(pchannel + '.jsonl')))
            log.read()
        return log.messages

    def take(self, path):
        """What a test wants to have written."""
        with open(path) as f:
            want = json.load(f)
        with self.lock:
            have = self.log(want['pchannel']) or []
            at = max((m.id for m in have), default=0)
            confirmed, ts = base36(at), base36(self.now())
            text = ''
            for m in want['messages']:
                at += 1
                tt = ts if '_tx' in m['properties'] else base36(self.now())
                props = {**m['properties'], '_tt': tt, '_lc': confirmed if '_tx' in m['properties'] else base36(at - 1)}
                text += json.dumps({'id': base36(at), 'wal': 3, 'properties': props, 'payload_b64': m['payload_b64']}) + '\n'
            # one write, so that kill -9 leaves all of it or nothing
            with open(self.at(want['pchannel'] + '.jsonl'), 'ab', 0) as f:
                f.write(text.encode())
            os.unlink(path)

    def inbox(self):
        while True:
            for name in sorted(os.listdir(self.at('inbox'))):
                if not name.startswith('.'):
                    self.take(self.at('inbox/' + name))
            time.sleep(0.01)

    def fault(self, method, pchannel):
        with self.lock:
            text = self.said('faults') or '[]'
            if text != self.rules:
                self.rules, self.used = text, {}
            for i, f in enumerate(json.loads(text)):
                if f['method'] != method or f.get('pchannel', pchannel) != pchannel:
                    continue
                n = self.used[i] = self.used.get(i, 0) + 1
                if f.get('skip', 0) < n <= f.get('skip', 0) + f.get('times', 1):
                    return f
        return {}

    # what is asked

    def answer(self, s):
        method = s.headers.get(':path', '').removeprefix(PREFIX)
        want, deny = self.said('login'), os.path.exists(self.at('deny'))
        got = base64.b64decode(s.headers.get('authorization', '')).decode()
        r = fields(s.body[5:])
        if want and got != want:
            return self.end(s, 16, 'auth check failure, please check username and password', method)
        if method == 'GetVersion':
            version = self.said('version') or '2.6.20'
            return self.unary(s, method, field(1, b'') + field(2, version))
        if method == 'AllocTimestamp':
            return self.unary(s, method, field(1, b'') + field(2, self.now()))
        if method != 'DumpMessages' and self.catalogue:
            return self.unary(s, method, self.catalogue.call(method, s.body[5:]))
        if method != 'DumpMessages':
            return self.end(s, 12, 'unknown method ' + method, method)
        if deny:
            return self.end(s, 7, 'PrivilegeDumpMessages: permission deny', method)
        self.dump(s, r)

    def end(self, s, status, text, note):
        trailers = [('grpc-status', str(status)), ('grpc-message', text)]
        if s.sent == 0 and status:
            trailers = [(':status', '200'), ('content-type', 'application/grpc')] + trailers
        self.out.write(f'{time.monotonic():.3f} {note} {status}\n')
        s.head(trailers, h2.END_STREAM)

    def unary(self, s, method, p):
        f = self.fault(method, None)
        time.sleep(f.get('sleep', 0))
        if 'grpc' in f:
            return self.end(s, f['grpc'], f.get('text', 'a fault'), method)
        s.head([(':status', '200'), ('content-type', 'application/grpc')])
        s.data(grpc(p))
        self.end(s, 0, '', method)

    def dump(self, s, r):
        pchannel, start = r[1].decode(), fields(r.get(2, b'')).get(1, b'').decode()
        floor, last, include = r.get(3, 0), r.get(4, 0), r.get(5, 0)
        note = f'DumpMessages {pchannel} from {start}{"" if include else "+"} to {last}'
        f, log = self.fault('DumpMessages', pchannel), self.log(pchannel)
        s.head([(':status', '200'), ('content-type', 'application/grpc')])
        while log is None:
            s.alive()
            time.sleep(0.05)
        try:
            from_id = int(start, 36)
        except ValueError:
            s.data(grpc(field(1, field(1, 1) + field(2, f'invalid message id {start}') + field(3, 1100))))
            return self.end(s, 0, '', note)
        self.run(s, pchannel, log, from_id if include else from_id + 1, floor, last, f, note)

    def run(self, s, pchannel, log, from_id, floor, last, f, note):
        flood, split, at, sent, jump = isinstance(log, Flood), set(), 0, 0, f.get('jump', 0)
        if f.get('reset') or (not flood and from_id > max((m.id for m in log), default=0) + 1):
            from_id = 0
        from_id = max(from_id, int(self.said(pchannel + '.first') or '0', 36))
        if flood:
            at = max(0, from_id - 1)
        if f.get('after', 0) == 0 and self.harm(s, f, log[at].bytes if at < len(log) else b'', note):
            return
        while True:
            clock = self.now(False)
            log = log if flood else self.log(pchannel)
            while at < len(log):
                m, at = log[at], at + 1
                if m.txn and m.props['_t'] == '900' and self.is_split(log, at - 1, from_id):
                    split.add(m.txn)
                if last and m.tt > last:
                    return self.end(s, 0, '', f'{note} sent {sent}')
                if m.id < from_id or m.tt < floor or m.txn in split:
                    continue
                if jump:
                    jump -= 1
                    continue
                self.send(s, m.bytes, f)
                sent += 1
                if sent == f.get('after') and self.harm(s, f, m.bytes, f'{note} sent {sent}'):
                    return
            if last and clock > last + (TICK_MS << 18):
                return self.end(s, 0, '', f'{note} sent {sent}')
            s.alive()
            time.sleep(0.005)

    @staticmethod
    def is_split(log, at, from_id):
        """Is a member of the transaction that begins there before the start?"""
        txn, i = log[at].txn, at
        while i < len(log) and log[i].txn == txn:
            if log[i].id < from_id:
                return True
            i += 1
        return False

    @staticmethod
    def send(s, p, f):
        p = grpc(p, 1 if f.get('flags') else 0)
        if 'pace' not in f:
            return s.data(p)
        for i in range(0, len(p), 100):
            s.data(p[i:i + 100])
        time.sleep(f['pace'])

    def harm(self, s, f, message, note):
        """True if that was the end of the call."""
        time.sleep(f.get('sleep', 0))
        half = grpc(message)[:len(message) // 2 + 5]
        if f.get('cut'):
            s.data(half)
            time.sleep(0.05)
            s.conn.cut()
        elif f.get('half'):
            s.data(half)
            self.end(s, 0, '', note)
        elif f.get('bare'):
            s.data(b'', h2.END_STREAM)
        elif f.get('goaway'):
            s.conn.goaway(0)
            time.sleep(0.05)
            s.conn.sock.shutdown(socket.SHUT_RDWR)
        elif f.get('hang'):
            while True:
                s.alive()
                time.sleep(0.05)
        elif 'grpc' in f:
            self.end(s, f['grpc'], f.get('text', 'a fault'), note)
        elif 'status' in f:
            s.data(grpc(field(1, field(1, 1) + field(2, f.get('text', 'a fault')) + field(3, f['status']))))
            self.end(s, 0, '', note)
        elif f.get('end'):
            self.end(s, 0, '', note)
        else:
            return False
        self.out.write(f'{time.monotonic():.3f} {note} {json.dumps(f)}\n')
        return True


def tell(path, port):
    with open(path + '.new', 'w') as f:
        f.write(str(port))
    os.replace(path + '.new', path)


def serve(folder, port='0', cert=None, key=None):
    tls = None
    if cert:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(cert, key)
        tls.set_alpn_protocols(['h2'])
    fake = Fake(folder)
    tell(fake.at('port'), h2.listen(fake.answer, int(port), tls))
    fake.inbox()


def raw(path, portfile):
    """Frames of a stream wait until the client has sent its request."""
    server = socket.create_server(('127.0.0.1', 0))
    tell(portfile, server.getsockname()[1])
    sock, asked = server.accept()[0], set()
    with open(path, 'rb') as f:
        p = f.read()

    def hear():
        buf = b''
        while True:
            more = sock.recv(65536)
            if not more:
                return
            buf += more
            if buf.startswith(h2.PREFACE):
                buf = buf[len(h2.PREFACE):]
            while len(buf) >= 9 and len(buf) >= 9 + int.from_bytes(buf[:3], 'big'):
                if buf[3] in (h2.HEADERS, h2.DATA) and buf[4] & h2.END_STREAM:
                    asked.add(int.from_bytes(buf[5:9], 'big'))
                buf = buf[9 + int.from_bytes(buf[:3], 'big'):]

    threading.Thread(target=hear, daemon=True).start()
    at = 0
    while at < len(p):
        n = 9 + int.from_bytes(p[at:at + 3], 'big')
        stream = int.from_bytes(p[at + 5:at + 9], 'big')
        while stream and stream not in asked:
            time.sleep(0.005)
        sock.sendall(p[at:at + n])
        at += n
    time.sleep(0.2)
    sock.close()


if __name__ == '__main__':
    if sys.argv[1] == 'raw':
        raw(*sys.argv[2:])
    else:
        serve(*sys.argv[1:])
