"""servers: servers of the test's own, which are killed and started again."""
import glob, os, shutil, signal, subprocess, time

from relay import Relay

LIMIT = 60


def until(what, fn):
    """Polls until fn is true."""
    limit = time.monotonic() + LIMIT
    while not fn():
        if time.monotonic() > limit:
            raise SystemExit(what + ' takes too long')
        time.sleep(0.005)


class Server:
    """A process that listens at a socket, and a relay to it. variable holds its address in pipelines."""

    def __init__(self, folder):
        self.folder = folder
        os.mkdir(folder)
        self.set_up()
        self.log = open(os.path.join(folder, 'log'), 'ab')
        self.start()
        self.relay = Relay(self.socket)

    def start(self):
        """The socket or the memory of a server that was killed may be in use until the last of its processes has seen it."""
        until('starting ' + self.name, self.try_start)

    def launch(self):
        self.process = subprocess.Popen(self.argv, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, cwd=self.folder,
                                        start_new_session=True)

    def try_start(self):
        self.launch()
        self.wait_ready()
        return self.process.poll() is None

    def wait_ready(self):
        until(self.name, lambda: self.ready() or self.process.poll() is not None)

    def kill(self):
        """The server itself, by SIGKILL, and starts it again."""
        self.process.kill()
        self.process.wait()
        self.start()

    def stop(self):
        self.process.send_signal(self.stop_by)
        self.process.wait()
        self.log.close()


class Postgres(Server):
    name, variable, stop_by = 'PostgreSQL', 'PG', signal.SIGQUIT
    disturbances = ('terminate', 'backend', 'server', 'cut')

    @staticmethod
    def programs():
        """The folder of the newest server, or None."""
        found = [d for d in glob.glob('/usr/lib/postgresql/*/bin') if os.access(d + '/postgres', os.X_OK)]
        initdb = shutil.which('initdb')
        found.sort(key=lambda d: int(d.split('/')[4].split('.')[0]))
        return found[-1] if found else initdb and os.path.dirname(initdb)

    @classmethod
    def available(cls):
        return bool(cls.programs())

    def as_user(self, *argv):
        """The server refuses to run as root."""
        return ['setpriv', '--reuid', 'postgres', '--regid', 'postgres', '--clear-groups', *argv] if os.getuid() == 0 else list(argv)

    def set_up(self):
        bin, data = self.programs(), self.folder + '/data'
        if os.getuid() == 0:
            shutil.chown(self.folder, 'postgres')
        subprocess.run(self.as_user(bin + '/initdb', '-D', data, '-U', 'tester', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'),
                       cwd=self.folder, stdout=subprocess.DEVNULL, check=True)
        with open(data + '/postgresql.conf', 'a') as f:
            f.write("listen_addresses=''\nunix_socket_directories='%s'\nfsync=off\nautovacuum=off\nshared_buffers=16MB\n"
                    "max_connections=40\nmax_prepared_transactions=5\nwal_level=logical\n" % self.folder)
        self.socket = self.folder + '/.s.PGSQL.5432'
        self.argv = self.as_user(bin + '/postgres', '-D', data)
        self.psql = [bin + '/psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-h', self.folder, '-U', 'tester', '-d', 'postgres']

    def address(self, relayed=False):
        return ('postgresql://tester@127.0.0.1:%d/postgres?sslmode=disable' % self.relay.port if relayed else
                'postgresql://tester@/postgres?host=' + self.folder)

    def sql(self, text):
        out = subprocess.run(self.psql, input=text, capture_output=True, text=True)
        if out.returncode:
            raise SystemExit('psql: %s' % out.stderr)
        return out.stdout

    def ready(self):
        return subprocess.run(self.psql + ['-c', 'select 1'], capture_output=True).returncode == 0

    def backends(self):
        out = subprocess.run(self.psql + ['-c', "select pid from pg_stat_activity where application_name='syncline'"],
                             capture_output=True, text=True).stdout
        return [int(p) for p in out.split()]

    def disturb(self, how, rng):
        if how == 'server':
            self.kill()
            return
        pids = self.backends()
        if not pids:
            return
        if how == 'terminate':
            self.sql('select pg_terminate_backend(%d)' % rng.choice(pids))
            return
        try:
            os.kill(rng.choice(pids), signal.SIGKILL)
        except ProcessLookupError:
            pass

    def clear(self):
        self.calm()
        self.sql('drop schema public cascade; create schema public')

    def calm(self):
        """Sessions of killed clients end when the server next looks at their sockets."""
        self.wait_ready()
        until('the end of sessions', lambda: not self.backends())

    def leftovers(self, tables):
        """Whatever the pipelines don't own."""
        self.calm()
        return self.sql("""select relkind::text || ' ' || relname from pg_class c join pg_namespace n on n.oid = relnamespace
            where nspname !~ '^(pg_catalog|information_schema|pg_toast)$' and relkind in ('r', 'v', 'S', 'p', 'm')
            and relname not in (%s) union all select 'prepared ' || gid from pg_prepared_xacts
            union all select 'slot ' || slot_name from pg_replication_slots
            union all select 'type ' || typname from pg_type where typnamespace = 'public'::regnamespace and typrelid = 0 and typelem = 0
            """ % ','.join("'%s'" % t for t in tables)).split('\n')[:-1]

    def digest(self, table, order):
        return self.sql("select count(*), md5(string_agg(t::text, E'\\n' order by %s)) from %s t" % (order, table)).strip()

    def touched(self, tables):
        """Changes when a row is written, be it with the same values."""
        return ' '.join(self.sql("select coalesce(md5(string_agg(xmin::text || ctid::text, ',' order by ctid)), '-') from %s" % t).strip()
                        for t in tables if self.sql("select to_regclass('%s')" % t).strip())


class Redis(Server):
    name, variable, stop_by = 'Redis', 'REDIS', signal.SIGKILL
    disturbances = ('terminate', 'server', 'cut')

    @classmethod
    def available(cls):
        return bool(shutil.which('redis-server') and shutil.which('redis-cli'))

    def set_up(self):
        self.socket = self.folder + '/s'
        self.argv = ['redis-server', '--port', '0', '--unixsocket', self.socket, '--dir', self.folder, '--save', '', '--appendonly', 'yes',
                     '--appendfsync', 'always', '--auto-aof-rewrite-percentage', '0']

    def address(self, relayed=False):
        return 'redis://127.0.0.1:%d/0' % self.relay.port if relayed else 'redis:///0?host=' + self.socket

    def cli(self, *argv):
        return subprocess.run(['redis-cli', '-s', self.socket, *argv], capture_output=True, text=True).stdout

    def ready(self):
        return self.cli('ping') == 'PONG\n'

    def disturb(self, how, rng):
        if how == 'server':
            self.kill()
        else:
            self.cli('client', 'kill', 'type', 'normal', 'skipme', 'yes')

    def calm(self):
        self.wait_ready()

    def clear(self):
        self.calm()
        self.cli('flushall')

    def leftovers(self, patterns):
        return [k for k in self.cli('keys', '*').split('\n')[:-1] if not k.startswith(tuple(patterns))]

    def digest(self, pattern, but):
        """Of hashes, without a field."""
        return self.cli('eval', """local keys, out = redis.call('keys', ARGV[1]), {}
            table.sort(keys)
            for _, k in ipairs(keys) do
                local h, t = redis.call('hgetall', k), {}
                for i = 1, #h, 2 do if h[i] ~= ARGV[2] then t[#t + 1] = h[i] .. '=' .. h[i + 1] end end
                table.sort(t)
                out[#out + 1] = k .. ' ' .. table.concat(t, ' ')
            end
            return #keys .. ' ' .. redis.sha1hex(table.concat(out, '\\n'))""", '0', pattern, but)

    def touched(self):
        return [x for x in self.cli('info', 'persistence').split('\r\n') if x.startswith('rdb_changes_since_last_save')]


class Servers:
    """Those that pipelines ask for, each started once."""

    def __init__(self, top):
        self.top, self.running = top, {}

    def get(self, kind):
        if kind not in self.running:
            self.running[kind] = kind(os.path.join(self.top, kind.name))
        return self.running[kind]

    def stop(self):
        for s in self.running.values():
            s.stop()
