#!/usr/bin/env python3
"""mongo_client: a MongoDB client of a hundred lines, for tests that must not trust ours: BSON and OP_MSG by the letter.

    mongo_client.py HOST:PORT DATABASE COMMAND    runs a command written in Python: {'find': 'games', 'filter': {}}
    mongo_client.py HOST:PORT DATABASE --bson COLLECTION    prints the documents, sorted, as hexadecimal BSON, one a line
    mongo_client.py HOST:PORT DATABASE --types COLLECTION   …as NAME:TYPE=VALUE words

Values of BSON that Python lacks are B(type, bytes): B(0x07, bytes(12)) is an ObjectId. Integers are int32 if they fit; L(5) is an int64.
"""
import socket, struct, sys


class B:
    def __init__(self, type, raw):
        self.type, self.raw = type, raw

    def __repr__(self):
        return '%02x:%s' % (self.type, self.raw.hex())


class L(int):
    pass


def cstring(s):
    return s.encode() + b'\0'


def encode_value(v):
    if isinstance(v, B):
        return v.type, v.raw
    if isinstance(v, bool):
        return 0x08, bytes([v])
    if v is None:
        return 0x0a, b''
    if isinstance(v, L) or isinstance(v, int) and not -2**31 <= v < 2**31:
        return 0x12, struct.pack('<q', v)
    if isinstance(v, int):
        return 0x10, struct.pack('<i', v)
    if isinstance(v, float):
        return 0x01, struct.pack('<d', v)
    if isinstance(v, str):
        return 0x02, struct.pack('<i', len(v.encode()) + 1) + cstring(v)
    if isinstance(v, bytes):
        return 0x05, struct.pack('<iB', len(v), 0) + v
    if isinstance(v, dict):
        return 0x03, encode(v)
    return 0x04, encode({str(i): e for i, e in enumerate(v)})


def encode(d):
    out = b''
    for k, v in d.items():
        t, raw = encode_value(v)
        out += bytes([t]) + cstring(k) + raw
    return struct.pack('<i', len(out) + 5) + out + b'\0'


SIZES = {0x01: 8, 0x06: 0, 0x07: 12, 0x08: 1, 0x09: 8, 0x0a: 0, 0x10: 4, 0x11: 8, 0x12: 8, 0x13: 16, 0x7f: 0, 0xff: 0}


def size_of(t, b, at):
    if t in SIZES:
        return SIZES[t]
    n = struct.unpack_from('<i', b, at)[0] if t != 0x0b else 0
    if t in (0x02, 0x0d, 0x0e):
        return n + 4
    if t in (0x03, 0x04, 0x0f):
        return n
    if t == 0x05:
        return n + 5
    if t == 0x0c:
        return n + 16
    end = b.index(b'\0', b.index(b'\0', at) + 1) + 1  # 0x0b
    return end - at


def decode_value(t, raw):
    if t == 0x01:
        return struct.unpack('<d', raw)[0]
    if t == 0x02:
        return raw[4:-1].decode()
    if t == 0x03:
        return decode(raw)
    if t == 0x04:
        return list(decode(raw).values())
    if t == 0x08:
        return raw != b'\0'
    if t == 0x0a:
        return None
    if t == 0x10:
        return struct.unpack('<i', raw)[0]
    if t == 0x12:
        return L(struct.unpack('<q', raw)[0])
    return B(t, raw)


def fields(b):
    at, end = 4, struct.unpack_from('<i', b)[0] - 1
    while at < end:
        t = b[at]
        stop = b.index(b'\0', at)
        name, at = b[at + 1:stop].decode(), stop + 1
        n = size_of(t, b, at)
        yield name, t, b[at:at + n]
        at += n


def decode(b):
    return {name: decode_value(t, raw) for name, t, raw in fields(b)}


class Client:
    def __init__(self, address, database):
        host, port = address.rsplit(':', 1)
        self.socket, self.database, self.n = socket.create_connection((host, int(port)), 60), database, 0

    def read(self, n):
        out = b''
        while len(out) < n:
            got = self.socket.recv(n - len(out))
            if not got:
                raise EOFError('the server has closed the connection')
            out += got
        return out

    def raw(self, command):
        """The reply's BSON."""
        self.n += 1
        body = struct.pack('<iB', 0, 0) + encode(dict(command, **{'$db': self.database}))
        self.socket.sendall(struct.pack('<iiii', len(body) + 16, self.n, 0, 2013) + body)
        size = struct.unpack('<iiii', self.read(16))[0]
        return self.read(size - 16)[5:]

    def run(self, command):
        reply = decode(self.raw(command))
        if reply.get('ok') != 1.0 or reply.get('writeErrors'):
            raise RuntimeError(repr(reply))
        return reply

    def documents(self, collection):
        """Every document's BSON."""
        cursor = self.run({'find': collection, 'filter': {}, 'batchSize': 100000})['cursor']
        return [encode(d) for d in cursor['firstBatch']]


def main():
    client = Client(sys.argv[1], sys.argv[2])
    if sys.argv[3] == '--bson':
        print('\n'.join(sorted(d.hex() for d in client.documents(sys.argv[4]))))
    elif sys.argv[3] == '--types':
        for d in client.documents(sys.argv[4]):
            print(' '.join('%s:%02x=%r' % (n, t, decode_value(t, raw)) for n, t, raw in fields(d)))
    else:
        print(client.run(eval(sys.argv[3], {'B': B, 'L': L})))


if __name__ == '__main__':
    main()
