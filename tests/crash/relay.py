"""relay: stands between a client and a server's socket, and cuts their connection at a byte.

    relay.py SOCKET [BYTES [close|reset|stall]]     prints its port, and relays until it is killed
"""
import selectors, socket, struct, sys, threading, time

CHUNK = 65536


class Link:
    """A client, the server that it reached, and what is still to be given to either."""

    def __init__(self, client, server):
        self.client, self.server = client, server
        self.out = {client: bytearray(), server: bytearray()}
        self.ended = set()
        self.reset_at = None

    def other(self, s):
        return self.server if s is self.client else self.client


class Relay(threading.Thread):
    """
    Forwards connections of 127.0.0.1:port to a socket, by its path or by host and port. Since arm, moved counts the bytes
    both ways, and heard keeps what clients said.
    """

    def __init__(self, server):
        super().__init__(daemon=True)
        self.server, self.moved, self.heard, self.limit, self.manner = server, 0, bytearray(), None, 'close'
        self.listener = socket.create_server(('127.0.0.1', 0))
        self.port = self.listener.getsockname()[1]
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.listener, selectors.EVENT_READ)
        self.links = {}
        self.start()

    def arm(self, limit=None, manner='close'):
        """Cuts once, behind that many bytes: 'close', 'reset', or 'stall', which is silent for a moment and then resets."""
        self.moved, self.heard, self.manner, self.limit = 0, bytearray(), manner, limit

    def run(self):
        while True:
            for key, events in self.selector.select(0.05):
                if key.fileobj is self.listener:
                    self.accept()
                elif key.fileobj in self.links:
                    self.serve(self.links[key.fileobj], key.fileobj, events)
            for link in [x for x in set(self.links.values()) if x.reset_at and x.reset_at < time.monotonic()]:
                self.drop(link, True)

    def accept(self):
        client = self.listener.accept()[0]
        server = socket.socket(socket.AF_UNIX if isinstance(self.server, str) else socket.AF_INET)
        try:
            server.connect(self.server)
        except OSError:
            client.close()
            server.close()
            return
        link = Link(client, server)
        for s in (client, server):
            s.setblocking(False)
            self.links[s] = link
            self.selector.register(s, selectors.EVENT_READ)

    def serve(self, link, s, events):
        try:
            if events & selectors.EVENT_WRITE:
                del link.out[s][:s.send(link.out[s])]
            if events & selectors.EVENT_READ:
                self.take(link, s, s.recv(CHUNK))
        except BlockingIOError:
            return
        except OSError:
            self.drop(link, False)
            return
        if s in self.links:
            self.watch(link)

    def take(self, link, s, data):
        to = link.other(s)
        if not data:
            link.ended.add(s)
            return
        room = None if self.limit is None else self.limit - self.moved
        self.moved += len(data)
        if s is link.client:
            self.heard += data
        if room is not None and len(data) >= room:
            self.limit = None
            self.cut(link, to, data[:room])
        else:
            link.out[to] += data

    def cut(self, link, to, data):
        """What lies before the cut arrives."""
        to.setblocking(True)
        to.settimeout(1)
        to.sendall(bytes(link.out[to]) + data)
        if self.manner == 'stall':
            for s in (link.client, link.server):
                self.selector.unregister(s)
            link.out = {link.client: bytearray(), link.server: bytearray()}
            link.reset_at = time.monotonic() + 0.2
        else:
            self.drop(link, self.manner == 'reset')

    def watch(self, link):
        """Waits for what can go on; ends the link when both ends, or one and what it sent, are through."""
        if link.reset_at:
            return
        if any(not link.out[link.other(s)] for s in link.ended):
            self.drop(link, False)
            return
        for s in (link.client, link.server):
            full = len(link.out[link.other(s)]) > 4 * CHUNK
            events = (selectors.EVENT_WRITE if link.out[s] else 0) | (0 if s in link.ended or full else selectors.EVENT_READ)
            if s in self.selector.get_map():
                self.selector.unregister(s)
            if events:
                self.selector.register(s, events)

    def drop(self, link, reset):
        for s in (link.client, link.server):
            self.links.pop(s, None)
            if s in self.selector.get_map():
                self.selector.unregister(s)
            if reset and s.family == socket.AF_INET:
                s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
            s.close()


if __name__ == '__main__':
    relay = Relay(sys.argv[1])
    relay.arm(*([int(sys.argv[2])] if len(sys.argv) > 2 else []), *sys.argv[3:4])
    print(relay.port, flush=True)
    relay.join()
