#!/usr/bin/env python3
"""mongo_relay: stands between a client and a MongoDB server, message by message, and spoils what it is told to.

    mongo_relay.py HOST:PORT FILE cut COMMAND     …closes the connection instead of giving the server that command
    mongo_relay.py HOST:PORT FILE code OLD NEW    …changes an error's code in the server's answers

Its own port stands in FILE, and in FILE.heard the names of the commands, a line each. COMMAND:NAME is one of that collection.
"""
import os, socket, struct, sys, threading


def message(s):
    """A whole message; empty at the end."""
    out = b''
    while len(out) < 16 or len(out) < struct.unpack_from('<i', out)[0]:
        got = s.recv(65536 if len(out) >= 16 and struct.unpack_from('<i', out)[0] - len(out) > 65536 else
                     struct.unpack_from('<i', out)[0] - len(out) if len(out) >= 16 else 16 - len(out))
        if not got:
            return b''
        out += got
    return out


def command(m):
    """Of an OP_MSG: its first field's name, and that field where it is text."""
    if struct.unpack_from('<i', m, 12)[0] != 2013 or m[20] != 0:
        return ''
    end = m.index(b'\0', 26)
    name = m[26:end].decode()
    return name + (':' + m[end + 5:m.index(b'\0', end + 5)].decode() if m[25] == 2 else '')


def forward(source, target, change):
    try:
        while True:
            m = message(source)
            m = change(m) if m else m
            if not m:
                break
            target.sendall(m)
    except OSError:
        pass
    for s in (source, target):
        try:
            s.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def main():
    address, where, what, *words = sys.argv[1:]
    heard = open(where + '.heard', 'a', buffering=1)

    def asked(m):
        heard.write(command(m) + '\n')
        return b'' if what == 'cut' and words[0] in (command(m), command(m).split(':')[0]) else m

    def answered(m):
        if what != 'code':
            return m
        return m.replace(b'\x10code\0' + struct.pack('<i', int(words[0])), b'\x10code\0' + struct.pack('<i', int(words[1])))

    listener = socket.create_server(('127.0.0.1', 0))
    with open(where + '.new', 'w') as f:
        f.write(str(listener.getsockname()[1]))
    os.rename(where + '.new', where)
    host, port = address.rsplit(':', 1)
    while True:
        client = listener.accept()[0]
        server = socket.create_connection((host, int(port)))
        for args in ((client, server, asked), (server, client, answered)):
            threading.Thread(target=forward, args=args, daemon=True).start()


if __name__ == '__main__':
    main()
