"""The few requests of Kafka's protocol that the tests need and no tool here has; https://kafka.apache.org/protocol."""
import contextlib
import os
import socket
import struct

LIST_OFFSETS, METADATA, DELETE_TOPICS, DELETE_RECORDS = 2, 3, 20, 21
LOW, HIGH = -2, -1  # ListOffsets: the earliest offset, the one after the latest
TIMEOUT_MS = 10000


class KafkaError(Exception):
    def __init__(self, what, code):
        self.code = code
        super().__init__(f'{what}: Kafka error {code}')


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, form):
        out = struct.unpack_from('>' + form, self.data, self.at)
        self.at += struct.calcsize('>' + form)
        return out[0] if len(out) == 1 else out

    def text(self):
        n = self.take('h')
        self.at += max(n, 0)
        return self.data[self.at - n:self.at].decode() if n >= 0 else None


def text(s):
    return struct.pack('>h', len(s)) + s.encode()


def ask(key, version, body, address=None):
    """One request on a connection of its own; what stands behind the answer's header."""
    host, _, port = (address or os.environ['CDC_BROKERS']).partition(':')
    head = struct.pack('>hhi', key, version, 1) + text('cdc-test')
    with contextlib.closing(socket.create_connection((host, int(port)), 30)) as s:
        s.sendall(struct.pack('>i', len(head) + len(body)) + head + body)
        f = s.makefile('rb')
        size, = struct.unpack('>i', f.read(4))
        return Reader(f.read(size)[4:])


def ends(topic):
    """The low and the high watermark of partition 0."""
    out = []
    for which in LOW, HIGH:
        r = ask(LIST_OFFSETS, 1, struct.pack('>ii', -1, 1) + text(topic) + struct.pack('>iiq', 1, 0, which))
        r.take('i'), r.text()
        _, _, code, _, offset = r.take('iihqq')
        if code:
            raise KafkaError(f'offsets of {topic}', code)
        out.append(offset)
    return tuple(out)


def topics():
    """The names of all topics."""
    r = ask(METADATA, 1, struct.pack('>i', -1))
    for _ in range(r.take('i')):  # brokers
        r.take('i'), r.text(), r.take('i'), r.text()
    r.take('i')
    out = set()
    for _ in range(r.take('i')):
        r.take('h')
        out.add(r.text())
        r.take('b')
        for _ in range(r.take('i')):
            r.take('hii')
            for _ in range(2):
                for _ in range(r.take('i')):
                    r.take('i')
    return out


def delete_topic(topic):
    r = ask(DELETE_TOPICS, 1, struct.pack('>i', 1) + text(topic) + struct.pack('>i', TIMEOUT_MS))
    r.take('i'), r.take('i'), r.text()
    code = r.take('h')
    if code:
        raise KafkaError(f'delete {topic}', code)


def delete_records(topic, offset):
    """All below the offset, as retention does it."""
    r = ask(DELETE_RECORDS, 0, struct.pack('>i', 1) + text(topic) + struct.pack('>iiqi', 1, 0, offset, TIMEOUT_MS))
    r.take('i'), r.take('i'), r.text()
    _, _, low, code = r.take('iiqh')
    if code:
        raise KafkaError(f'delete records of {topic}', code)
    return low
