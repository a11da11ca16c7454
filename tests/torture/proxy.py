"""A TCP proxy that misbehaves on demand: one server behind it, any number of links, a thread of its own.

Directions are UP (client to server) and DOWN (server to client).  Every switch can be thrown at any moment from any thread;
heal() takes all of them back.  What a switch did to a link that is left broken (bytes were kept back) is ended by a reset.
"""
import asyncio
import socket
import struct
import threading
import time

UP, DOWN = 'up', 'down'
CHUNK = 64 << 10
QUEUE = 256       # chunks on their way in one direction of one link
PATIENCE = 10     # seconds for the proxy's own thread to do what it is told


class Way:
    """What happens in one direction, to all links."""

    def __init__(self):
        self.passed = 0       # bytes
        self.lost = 0         # bytes taken and not passed on
        self.heal()

    def heal(self):
        self.delay = 0.0      # seconds
        self.rate = 0         # bytes a second, 0: as they come
        self.stalled = False  # what comes is kept until heal()
        self.swallow = False  # what comes is thrown away
        self.reset_in = None  # so many bytes more, then the link is reset


class Link:
    def __init__(self, proxy, client):
        self.proxy, self.client, self.server = proxy, client, None
        self.torn = False     # bytes are missing in it: it can never be whole again
        self.ended = set()    # directions that were half-closed

    async def run(self):
        p = self.proxy
        try:
            while p.deaf:
                await asyncio.sleep(0.02)
            self.server = await asyncio.open_connection('127.0.0.1', p.to)
            await asyncio.gather(self.carry(UP, self.client[0], self.server[1]),
                                 self.carry(DOWN, self.server[0], self.client[1]))
        except (OSError, asyncio.IncompleteReadError):
            self.cut(reset=True)
        finally:
            self.cut()
            p.links.discard(self)

    async def carry(self, name, reader, writer):
        queue = asyncio.Queue(QUEUE)
        taking = asyncio.ensure_future(self.take(name, reader, queue))
        try:
            await self.give(name, queue, writer)
        finally:
            taking.cancel()

    async def take(self, name, reader, queue):
        way, loop = self.proxy.ways[name], asyncio.get_running_loop()
        try:
            while data := await reader.read(CHUNK):
                await queue.put((loop.time() + way.delay, data))
        except OSError:
            self.cut(reset=True)
        await queue.put((0, b''))

    async def give(self, name, queue, writer):
        way, loop = self.proxy.ways[name], asyncio.get_running_loop()
        while True:
            due, data = await queue.get()
            await asyncio.sleep(max(0, due - loop.time()))
            while way.stalled:
                await asyncio.sleep(0.02)
            if not data:
                break
            if way.swallow:
                self.torn = True
            if self.torn or name in self.ended:
                way.lost += len(data)
                continue
            await self.pass_on(name, data, writer)
        if not writer.is_closing() and not self.torn and name not in self.ended:
            writer.write_eof()

    async def pass_on(self, name, data, writer):
        way = self.proxy.ways[name]
        while data and name not in self.ended:
            size = max(1, min(len(data), way.rate // 10)) if way.rate else len(data)
            last = way.reset_in is not None and size >= way.reset_in
            if last:
                size, way.reset_in = way.reset_in, None
            elif way.reset_in is not None:
                way.reset_in -= size
            writer.write(data[:size])
            await writer.drain()
            way.passed += size
            if last:
                await asyncio.sleep(0.02)  # the first half of the frame shall be read
                self.proxy.resets += 1
                self.cut(reset=True)
                return
            data = data[size:]
            if way.rate:
                await asyncio.sleep(size / way.rate)

    def ends(self):
        return [w for _, w in filter(None, (self.client, self.server))]

    def cut(self, reset=False):
        for w in self.ends():
            if reset:
                s = w.get_extra_info('socket')
                if s is not None and s.fileno() >= 0:
                    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
                w.transport.abort()
            else:
                w.close()

    def half_close(self, name):
        w = self.client[1] if name == DOWN else self.server and self.server[1]
        if w and not w.is_closing() and name not in self.ended:
            self.ended.add(name)
            w.write_eof()


class Proxy:
    """Listens on 127.0.0.1:port (0: a free one) and passes on to 127.0.0.1:to."""

    def __init__(self, to, port=0):
        self.to, self.port = int(to), int(port)
        self.ways = {UP: Way(), DOWN: Way()}
        self.links = set()
        self.taken = self.resets = 0  # links so far; resets inside a frame
        self.deaf = False             # a new link is taken and never answered
        self.server = None
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, daemon=True).start()
        self.listen()

    def do(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(PATIENCE)

    def call(self, f, *args):
        async def now():
            return f(*args)
        return self.do(now())

    async def _taken(self, reader, writer):
        self.taken += 1
        link = Link(self, (reader, writer))
        self.links.add(link)
        await link.run()

    @property
    def uri(self):
        return f'http://127.0.0.1:{self.port}'

    @property
    def address(self):
        return f'127.0.0.1:{self.port}'

    def passed(self):
        return {name: w.passed for name, w in self.ways.items()}

    # The switches

    def listen(self):
        async def start():
            self.server = await asyncio.start_server(self._taken, '127.0.0.1', self.port, limit=CHUNK)
            self.port = self.server.sockets[0].getsockname()[1]
        if self.server is None:
            self.do(start())

    def refuse(self):
        """No new links: the port is closed."""
        async def stop():
            self.server.close()
            self.server = None
        if self.server is not None:
            self.do(stop())

    def cut(self, reset=True):
        """Ends all links, by a reset or in order; returns how many."""
        def all_of_them():
            links = list(self.links)
            for link in links:
                link.cut(reset)
            return len(links)
        return self.call(all_of_them)

    def half_close(self, name):
        """The receivers in this direction see an end; the other direction goes on."""
        def all_of_them():
            for link in list(self.links):
                link.half_close(name)
            return len(self.links)
        return self.call(all_of_them)

    def delay(self, seconds, *names):
        self._set('delay', seconds, names)

    def throttle(self, rate, *names):
        self._set('rate', rate, names)

    def stall(self, *names):
        """Links stay, nothing passes, and new ones are taken and not answered."""
        self._set('stalled', True, names)
        if not names:
            self.deaf = True

    def swallow(self, *names):
        """Bytes are taken and thrown away: the sender believes that they came."""
        self._set('swallow', True, names)

    def reset_after(self, size, *names):
        """After so many bytes more, a reset of the link that carries them."""
        self._set('reset_in', max(1, size), names)

    def _set(self, what, value, names):
        for name in names or (UP, DOWN):
            setattr(self.ways[name], what, value)

    def heal(self):
        for w in self.ways.values():
            w.heal()
        self.deaf = False
        self.listen()

        def torn():
            for link in [link for link in self.links if link.torn]:
                link.cut(reset=True)
        self.call(torn)

    def close(self):
        self.refuse()
        self.cut()
        # The links' ends are told by the loop that they are cut; it stops behind that.
        end = time.monotonic() + PATIENCE
        while self.links and time.monotonic() < end:
            self.cut()
            time.sleep(0.02)
        self.loop.call_soon_threadsafe(self.loop.stop)
