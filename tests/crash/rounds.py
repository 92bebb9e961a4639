"""rounds: a pipeline is run, disturbed, run again until done, and compared with a run that nobody disturbed."""
import os, re, signal, subprocess, time

SCHEMA = '{"type":"object","required":["id","home"],"properties":{"id":{"type":"integer"},"price":{"type":"number"}}}'
UNLIKE = 'changed'     # a field that no two runs have equal
KILLED, TRUNCATED, AGAIN = 128 + signal.SIGKILL, 3, 75


class Pipeline:
    """
    A shell line, what it starts from, steps that change its source, each followed by another run, and the digest of what
    it must leave. With servers: a shell line that shows the target for sync-diff, what it may leave behind, and a mark that
    any write to the target changes.
    """

    def __init__(self, name, prepare, line, digest, steps=(), kinds=(), show=None, same=None, leftovers=None, touched=None, pair=None, key='id'):
        self.name, self.prepare, self.line, self.digest, self.steps, self.kinds = name, prepare, line, digest, steps, kinds
        self.show, self.same, self.left, self.touched, self.pair, self.key = show, same, leftovers, touched, pair or name, key
        self.servers = []


class Wrong(Exception):
    """What a round found."""


class Runner:
    """Runs pipelines in the current folder; their output goes to the file log."""

    def __init__(self, env, rng):
        self.env, self.rng = env, rng

    def environment(self, pipeline, relayed=()):
        return dict(self.env, **{s.variable: s.address(s in relayed) for s in pipeline.servers})

    def start(self, pipeline, relayed=()):
        with open('log', 'ab') as log:
            self.logged = log.tell()
            return subprocess.Popen(['/bin/sh', '-c', pipeline.line], env=self.environment(pipeline, relayed), stdin=subprocess.DEVNULL,
                                    stdout=log, stderr=log, start_new_session=True)

    def said(self):
        """What the last run wrote."""
        with open('log', 'rb') as log:
            log.seek(self.logged)
            return log.read().decode(errors='replace')

    def note(self, text):
        with open('log', 'a') as log:
            log.write('# %s\n' % text)

    # ---- runs without disturbance

    def run(self, pipeline, relayed=()):
        p = self.start(pipeline, relayed)
        status = p.wait()
        settle(p.pid)
        return status

    def finish(self, pipeline):
        """As a user would: again, while that may help."""
        for _ in range(5):
            for s in pipeline.servers:
                s.wait_ready()
            status = self.run(pipeline)
            if status != AGAIN:
                break
        if status:
            raise Wrong('the last run exits %d' % status)

    def steps(self, pipeline, each):
        """Prepares, and calls each for every state of the source."""
        for s in pipeline.servers:
            s.clear()
        pipeline.prepare(*pipeline.servers)
        with open('schema.json', 'w') as f:
            f.write(SCHEMA)
        each()
        for i, step in enumerate(pipeline.steps):
            for s in pipeline.servers:
                s.calm()
            self.note('step %d' % (i + 1))
            step(*pipeline.servers)
            each()

    # ---- a clean run

    def clean(self, pipeline):
        """Sets what an undisturbed run leaves, how long it takes, and the bytes that each server sees."""
        pipeline.took, pipeline.moved = 0, {}

        def each():
            began = time.monotonic()
            for s in pipeline.servers:
                s.relay.arm()
            status = self.run(pipeline, pipeline.servers)
            if status:
                raise SystemExit('%s: a clean run exits %d\n%s' % (pipeline.name, status, self.said()))
            pipeline.took = max(pipeline.took, time.monotonic() - began)
            for s in pipeline.servers:
                pipeline.moved[s.name] = max(pipeline.moved.get(s.name, 0), s.relay.moved)

        self.steps(pipeline, each)
        pipeline.want = pipeline.digest(*pipeline.servers)
        if pipeline.show:
            pipeline.shown = self.shown(pipeline)
        if pipeline.same:
            self.must(pipeline, pipeline.same, 'a clean run leaves a difference')

    def shown(self, pipeline):
        return subprocess.run(['/bin/sh', '-c', pipeline.show], env=self.environment(pipeline), stdout=subprocess.PIPE, check=True).stdout

    def must(self, pipeline, line, wrong):
        out = subprocess.run(['/bin/sh', '-c', line], env=self.environment(pipeline), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if out.returncode:
            raise Wrong('%s: %s' % (wrong, out.stdout.decode(errors='replace')[-1000:]))

    # ---- disturbances

    def disturb(self, pipeline):
        """One run with something in it that ends it, perhaps."""
        server = self.rng.choice([None] + pipeline.servers) if pipeline.servers else None
        how = self.rng.choice(server.disturbances) if server else 'stage'
        if how == 'cut':
            self.cut(pipeline, server)
            return
        at = self.rng.uniform(0, pipeline.took * 1.2)
        self.note('%s of %s after %.3f s' % (how, server.name if server else 'the pipeline', at))
        p = self.start(pipeline)
        time.sleep(at)
        if server:
            server.disturb(how, self.rng)
        else:
            self.kill_stage(p)
        status = p.wait()
        settle(p.pid)
        self.check(status, () if server else (KILLED, TRUNCATED))

    def kill_stage(self, p):
        pids = processes(p.pid)
        if pids:
            try:
                os.kill(self.rng.choice(pids), signal.SIGKILL)
            except ProcessLookupError:
                pass

    def cut(self, pipeline, server):
        limit = self.rng.randint(0, int(pipeline.moved[server.name] * 1.1))
        manner = self.rng.choice(('close', 'reset', 'stall'))
        self.note('%s of the connection to %s after %d bytes' % (manner, server.name, limit))
        server.relay.arm(limit, manner)
        status = self.run(pipeline, (server,))
        server.relay.arm()
        self.check(status, ())

    def check(self, status, others):
        if status not in (0, AGAIN) + others:
            raise Wrong('a disturbed run exits %d' % status)
        if status == TRUNCATED and not re.search('truncated|no input at all|was ended by signal 9', self.said()):
            raise Wrong('a disturbed run fails')

    # ---- a round

    def round(self, pipeline):
        """Raises Wrong, or SystemExit where it can't go on."""
        def each():
            for _ in range(self.rng.randint(1, 2 if pipeline.servers else 3)):
                self.disturb(pipeline)
            self.finish(pipeline)

        self.steps(pipeline, each)
        if pipeline.digest(*pipeline.servers) != pipeline.want:
            raise Wrong('the target differs from a clean run')
        if pipeline.show:
            self.compare(pipeline)
        self.look_for_leftovers(pipeline)
        if pipeline.touched:
            self.idle(pipeline)

    def compare(self, pipeline):
        with open('clean.stream', 'wb') as f:
            f.write(pipeline.shown)
        with open('now.stream', 'wb') as f:
            f.write(self.shown(pipeline))
        self.must(pipeline, 'sync-diff --key %s --ignore %s clean.stream now.stream' % (pipeline.key, UNLIKE),
                  'sync-diff finds another target than that of a clean run')

    def look_for_leftovers(self, pipeline):
        left = [f for _, _, files in os.walk('.') for f in files
                if f.endswith(('.tmp', '.append', '.upsert', '.before', '-journal', '-wal')) or f.startswith('.append.')]
        if pipeline.left:
            left += pipeline.left(*pipeline.servers)
        if left:
            raise Wrong('left behind: ' + ' '.join(left))

    def idle(self, pipeline):
        """A finished job that is run again writes nothing, and says so."""
        for s in pipeline.servers:
            s.relay.arm()
        before = pipeline.touched(*pipeline.servers)
        if self.run(pipeline, pipeline.servers):
            raise Wrong('a finished job that is run again fails')
        if pipeline.touched(*pipeline.servers) != before:
            raise Wrong('a finished job that is run again writes')
        if ' 0 inserted, 0 updated, ' not in self.said() or re.search('[1-9][0-9]* (inserted|updated|deleted|set aside)', self.said()):
            raise Wrong('a finished job that is run again does not say that it wrote nothing')


def processes(group):
    """Tools of a process group, by /proc."""
    found = []
    for pid in filter(str.isdigit, os.listdir('/proc')):
        try:
            with open('/proc/%s/stat' % pid) as f:
                name, rest = f.read().split('(', 1)[1].rsplit(')', 1)
        except (OSError, IndexError):
            continue
        if int(rest.split()[2]) == group and name.startswith('sync-'):
            found.append(int(pid))
    return found


def settle(group):
    """Waits until no process of the group is left."""
    limit = time.monotonic() + 30
    while processes(group):
        if time.monotonic() > limit:
            os.killpg(group, signal.SIGKILL)
            raise Wrong('a stage did not end when its pipe broke')
        time.sleep(0.005)
