"""HTTP/2 as a server speaks it to one client: frames (RFC 9113), HPACK (RFC 7541), the windows. For fakes that must do what no
library lets them do: end in the middle of a message, without trailers, with a GOAWAY, or not at all."""
import socket
import struct
import threading

DATA, HEADERS, PRIORITY, RST, SETTINGS, PUSH, PING, GOAWAY, WINDOW, CONTINUATION = range(10)
END_STREAM, END_HEADERS, PADDED, PRIORITIZED, ACK = 1, 4, 8, 0x20, 1
PREFACE = b'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'
FRAME = 16384

# RFC 7541, appendix A
STATIC = [(n, v) for n, v in (l.partition('|')[::2] for l in '''\
:authority
:method|GET
:method|POST
:path|/
:path|/index.html
:scheme|http
:scheme|https
:status|200
:status|204
:status|206
:status|304
:status|400
:status|404
:status|500
accept-charset
accept-encoding|gzip, deflate
accept-language
accept-ranges
accept
access-control-allow-origin
age
allow
authorization
cache-control
content-disposition
content-encoding
content-language
content-length
content-location
content-range
content-type
cookie
date
etag
expect
expires
from
host
if-match
if-modified-since
if-none-match
if-range
if-unmodified-since
last-modified
link
location
max-forwards
proxy-authenticate
proxy-authorization
range
referer
refresh
retry-after
server
set-cookie
strict-transport-security
transfer-encoding
user-agent
vary
via
www-authenticate'''.split('\n'))]

# RFC 7541, appendix B: how long each byte's code is, a letter each: a is 1, A is 27. Codes of a length follow each other, by byte.
LENGTHS = ('mwBBBBBBBxDBBDBBBBBBBBDBBBBBBBBBfjjlmfhkjjhkhfffeeefffffffghofljmfgggggggggggggggggggggghghmsmnf'
           'oefefefffeggfffefgfeefgggggoknmBtvttvvvwvwwwwwxwxxvwxwwwwuvwvwwxvutvvwwuwvvxuvwwuuvuwvwwtvvvwvvw'
           'zztsvwvyzzzAAzxysuzAAzAxuuzzBAAAtxtuvuuwvvyyxxzwzAzzAAAAABAAAAAz')


def huffman_codes():
    codes, code, last = {}, 0, 0
    for bits, byte in sorted((ord(c) - (96 if c.islower() else 38), i) for i, c in enumerate(LENGTHS)):
        code <<= bits - last
        codes[bits, code] = byte
        code, last = code + 1, bits
    return codes


CODES = huffman_codes()


def unhuffman(data):
    out, code, bits = bytearray(), 0, 0
    for byte in data:
        for i in range(7, -1, -1):
            code, bits = code << 1 | byte >> i & 1, bits + 1
            if (bits, code) in CODES:
                out.append(CODES[bits, code])
                code = bits = 0
    return bytes(out)


class Table:
    """The headers of a connection, as its client packs them."""

    def __init__(self):
        self.dynamic = []

    def entry(self, i):
        return STATIC[i - 1] if i <= len(STATIC) else self.dynamic[i - len(STATIC) - 1]

    def unpack(self, p):
        out, i = [], 0

        def number(prefix):
            nonlocal i
            n, shift = p[i] & (1 << prefix) - 1, 0
            i += 1
            while n >= (1 << prefix) - 1:
                n, shift, i = n + ((p[i] & 127) << shift), shift + 7, i + 1
                if p[i - 1] < 128:
                    break
            return n

        def text():
            nonlocal i
            packed = p[i] & 128
            n = number(7)
            i += n
            return (unhuffman(p[i - n:i]) if packed else p[i - n:i]).decode('latin-1')

        while i < len(p):
            kept = p[i] & 64
            if p[i] & 128:
                out.append(self.entry(number(7)))
                continue
            if p[i] & 224 == 32:
                number(5)  # the table's size: what is dropped is never asked for
                continue
            n = number(6 if kept else 4)
            out.append((self.entry(n)[0] if n else text(), text()))
            if kept:
                self.dynamic.insert(0, out[-1])
        return out


def pack(headers):
    """Plain: nothing is kept, nothing is packed."""
    out = b''
    for pair in headers:
        out += b'\0'
        for s in pair:
            s = s.encode()
            out += bytes([len(s)]) if len(s) < 127 else b'\x7f' + bytes([len(s) - 127 & 127 | 128, len(s) - 127 >> 7])
            out += s
    return out


class Gone(Exception):
    """The client has left, or does not want this answer any more."""


class Stream:
    def __init__(self, conn, number):
        self.conn, self.number = conn, number
        self.window, self.body, self.gone, self.sent = conn.initial, b'', False, 0
        self.headers, self.block = {}, b''

    def alive(self):
        if self.gone or self.conn.gone:
            raise Gone()

    def data(self, p, flags=0):
        """Sends p as the client's windows let it."""
        c, at = self.conn, 0
        while at < len(p) or (flags and not p):
            with c.lock:
                while p and min(self.window, c.window) <= 0 and not (self.gone or c.gone):
                    c.lock.wait()
                self.alive()
                n = max(0, min(len(p) - at, self.window, c.window, FRAME * 8))
                self.window, c.window, self.sent = self.window - n, c.window - n, self.sent + n
            piece = p[at:at + n]
            at += n
            last = at == len(p)
            frames = [piece[i:i + FRAME] for i in range(0, len(piece), FRAME)] or [b'']
            c.put(b''.join(c.frame(DATA, flags if last and i == len(frames) - 1 else 0, self.number, f)
                           for i, f in enumerate(frames)))
            if last:
                return

    def head(self, headers, flags=0):
        self.alive()
        self.conn.put(self.conn.frame(HEADERS, END_HEADERS | flags, self.number, pack(headers)))

    def reset(self, code):
        self.conn.put(self.conn.frame(RST, 0, self.number, struct.pack('>I', code)))


class Conn:
    """handle(stream) is called in a thread of its own once a request is whole."""

    def __init__(self, sock, handle):
        self.sock, self.handle, self.streams = sock, handle, {}
        self.lock, self.out = threading.Condition(), threading.Lock()
        self.window, self.initial, self.gone, self.table = 65535, 65535, False, Table()

    @staticmethod
    def frame(kind, flags, stream, p):
        return struct.pack('>I', len(p))[1:] + struct.pack('>BBI', kind, flags, stream) + p

    def put(self, p):
        try:
            with self.out:
                self.sock.sendall(p)
        except OSError:
            self.left()
            raise Gone()

    def left(self):
        with self.lock:
            self.gone = True
            self.lock.notify_all()

    def cut(self):
        """A reset, so that the client sees no end in order."""
        try:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
            self.sock.shutdown(socket.SHUT_RD)  # run() reads, and closes it
        except OSError:
            pass
        self.left()

    def goaway(self, last, code=0):
        self.put(self.frame(GOAWAY, 0, 0, struct.pack('>II', last, code)))

    def get(self, n):
        p = b''
        while len(p) < n:
            more = self.sock.recv(n - len(p))
            if not more:
                raise Gone()
            p += more
        return p

    def run(self):
        try:
            if self.get(len(PREFACE)) != PREFACE:
                return
            self.put(self.frame(SETTINGS, 0, 0, b''))
            while True:
                head = self.get(9)
                self.took(head[3], head[4], struct.unpack('>I', head[5:])[0] & 0x7fffffff, self.get(int.from_bytes(head[:3], 'big')))
        except (Gone, OSError):
            pass
        finally:
            self.left()
            self.sock.close()

    def took(self, kind, flags, number, p):
        s = self.streams.get(number)
        if kind in (HEADERS, DATA) and flags & PADDED:
            p = p[1:len(p) - p[0]]
        if kind == HEADERS:
            s = self.streams[number] = Stream(self, number)
            p = p[5:] if flags & PRIORITIZED else p
        if kind in (HEADERS, CONTINUATION):
            s.block += p
            if flags & END_HEADERS:
                s.headers = dict(self.table.unpack(s.block))
        elif kind == DATA and s:
            s.body += p
            if p:
                for n in (0, number):
                    self.put(self.frame(WINDOW, 0, n, struct.pack('>I', len(p))))
        elif kind == SETTINGS and not flags & ACK:
            with self.lock:
                for i in range(0, len(p), 6):
                    key, value = struct.unpack('>HI', p[i:i + 6])
                    if key == 4:
                        for t in self.streams.values():
                            t.window += value - self.initial
                        self.initial = value
                self.lock.notify_all()
            self.put(self.frame(SETTINGS, ACK, 0, b''))
        elif kind == PING and not flags & ACK:
            self.put(self.frame(PING, ACK, 0, p))
        elif kind in (WINDOW, RST):
            with self.lock:
                if kind == RST and s:
                    s.gone = True
                elif kind == WINDOW and number == 0:
                    self.window += struct.unpack('>I', p)[0]
                elif kind == WINDOW and s:
                    s.window += struct.unpack('>I', p)[0]
                self.lock.notify_all()
        if kind in (HEADERS, DATA) and flags & END_STREAM:
            threading.Thread(target=self.answer, args=(s,), daemon=True).start()

    def answer(self, s):
        try:
            self.handle(s)
        except Gone:
            pass
        except Exception:
            self.cut()  # and Python says why
            raise
        finally:
            self.streams.pop(s.number, None)


def listen(handle, port=0, tls=None):
    """Serves until the process ends; returns the port."""
    server = socket.create_server(('127.0.0.1', port), backlog=64)

    def one(sock):
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            Conn(tls.wrap_socket(sock, server_side=True) if tls else sock, handle).run()
        except OSError:
            sock.close()

    def accept():
        while True:
            threading.Thread(target=one, args=(server.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    return server.getsockname()[1]
