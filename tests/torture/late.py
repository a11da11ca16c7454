"""What comes late: the catalogue behind the rows, a request behind those that were sent after it."""
import socket
import struct
import urllib.parse

from network import QUICK
from proxy import DOWN
from torture import *  # noqa: F401,F403

FIELDS = [F('pk', 'Int64', primary=True), F('vec', 'FloatVector', dim=4)]


@scenario(short=0, long=8)
def catalogue_is_late(t):
    """Rows are in the log, and readable, long before anybody can say which collection, under which name, they are of."""
    proxy = t.proxy(urllib.parse.urlsplit(t.etcd).port)
    t.etcd = proxy.uri
    db, load = t.make_db(), t.load(kinds=('ddl', 'parts'))
    pipe = t.pipeline().start()
    t.watch(pipe)
    for i in t.each_round():
        pipe.catch_up()
        t.fault('etcd: answers come two seconds late')
        proxy.delay(2, DOWN)
        for name in f'new{i}', 'again':
            if t.src.exists(db, name):
                t.src.drop(db, name)
            t.src.create(db, name, FIELDS, shards=2)
            t.src.create_partition(db, name, 'p')
            for part in '', 'p':
                keys = list(range(i * 100 + len(part) * 50, i * 100 + len(part) * 50 + 20))
                t.src.insert(db, name, {'pk': keys, 'vec': [vec(k, 1, 2, 3) for k in keys]}, part)
        t.src.rename(db, f'new{i}', f'old{i}')
        for name in f'old{i}', 'again':
            t.src.index(db, name, 'vec')
            t.src.load(db, name)
        pipe.catch_up(120)
        proxy.delay(0, DOWN)
        if i % 5 == 4:
            t.check(pipe, f'after {i + 1} rounds')
        load.wait_rows(20)
    t.check(pipe, 'at the end')
    pipe.stop()


class Straggler:
    """A relay in front of the target that can lose a client, and deliver what it had said HOLD seconds later."""
    HOLD = 1.5  # less than LATE_MS (lib/net/grpc_priv.h), whatever the target makes of its deadline

    def __init__(self, uri):
        self.to = urllib.parse.urlsplit(uri).port
        self.listener = socket.create_server(('127.0.0.1', 0))
        self.uri = f'http://127.0.0.1:{self.listener.getsockname()[1]}'
        self.armed = threading.Event()  # the next that speaks is lost
        self.answered = 0               # requests that were delivered late, and done
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                server = socket.create_connection(('127.0.0.1', self.to))
                for way in (self.up, self.down):
                    threading.Thread(target=way, args=(client, server), daemon=True).start()

    def up(self, client, server):
        with contextlib.suppress(OSError):
            while data := client.recv(65536):
                # A short one is a setting or an acknowledgement of HTTP/2, or asks for something.
                if len(data) > 300 and self.armed.is_set():
                    self.armed.clear()
                    return self.lose(client, server, data)
                server.sendall(data)
        server.close()

    def lose(self, client, server, data):
        client.settimeout(0.1)
        with contextlib.suppress(TimeoutError):
            while more := client.recv(65536):
                data += more
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        client.shutdown(socket.SHUT_RD)
        client.close()
        time.sleep(self.HOLD)  # the fault
        server.sendall(data)

    def down(self, client, server):
        with contextlib.suppress(OSError):
            while data := server.recv(65536):
                with contextlib.suppress(OSError):
                    client.sendall(data)
                    continue
                server.settimeout(1)  # its answer, to nobody
                with contextlib.suppress(TimeoutError):
                    while server.recv(65536):
                        pass
                self.answered += 1
                break
        server.close()
        client.close()

    def close(self):
        self.listener.close()


@scenario(short=0, long=8)
def request_delivered_late(t):
    """Its connection breaks, and yet it arrives: nothing that touches its keys may have been sent meanwhile."""
    relay = Straggler(t.target)
    t.target = relay.uri
    load = t.load(kinds=('ups', 'text'))
    pipe = t.pipeline(apply=QUICK).start()
    t.watch(pipe)
    for i in t.each_round():
        load.wait_rows(30)
        before = relay.answered
        relay.armed.set()
        eventually(lambda: relay.answered > before, 30, 'a request that was delivered late')
        t.fault('target: a connection broke, and its request came late')
        pipe.catch_up()
        if i % 5 == 4:
            t.check(pipe, f'after {i + 1} rounds')
    t.check(pipe, 'at the end')
    pipe.stop()
    relay.close()
