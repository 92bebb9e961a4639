"""time_model: what the time step makes of instants and local times, compared with Python's datetime and zoneinfo.

    time_model.py local|zones|formats|rfc3339|epoch SEED COUNT

local     local times, most of them near a change of clocks, to UTC; gaps and overlaps as told
zones     instants as clocks show them in zones
formats   what strftime writes is read, and written the same
rfc3339   offsets, fractions of any length, leap seconds, days that are none
epoch     numbers of seconds, milli-, micro- and nanoseconds, from before 1970 too
"""
import random, sys, tempfile, zoneinfo
from datetime import datetime, timedelta, timezone

from transform_model import Num, loads, dumps, transform

PER_STREAM = 40
UTC = timezone.utc
EPOCH = datetime(1970, 1, 1)


class Case:
    """A stream: its time step, and pairs of what goes in and what comes out (a code where it is set aside)."""

    def __init__(self, **step):
        self.step, self.pairs = {'field': 't', **step}, []


def compare(cases, folder):
    specs = {'s%d' % i: [('time', c.step, None)] for i, c in enumerate(cases)}
    lines = [dumps({'_sync': {'stream': 's%d' % i, 'version': str(k)}, 't': given}) for i, c in enumerate(cases) for k, (given, _) in enumerate(c.pairs)]
    out, bad = transform(folder, specs, lines, '--plain')
    got = {}
    for doc in map(loads, out + bad):
        sync = doc['_sync']
        got[sync['stream'], sync['version']] = '!' + sync['error']['code'] if 'error' in sync else doc['t']
    for i, c in enumerate(cases):
        for k, (given, want) in enumerate(c.pairs):
            if got['s%d' % i, str(k)] != want:
                print('step ', dumps(c.step), '\ngiven', dumps(given), '\nwant ', want, '\ngot  ', got['s%d' % i, str(k)])
                return 1
    print('# %d times, %d of them set aside' % (len(lines), len(bad)))
    return 0


# ---- zones

def random_zone(r):
    while True:
        name = r.choice(sorted(zoneinfo.available_timezones()))
        if not name.startswith(('posix', 'right', 'localtime')) and name != 'Factory':
            return name, zoneinfo.ZoneInfo(name)


def changes(zone, r, n):
    """UTC times around which the offset changes; years past any table included."""
    found, tries = [], 0
    while len(found) < n and tries < 60:
        tries += 1
        low = datetime(r.choice([1880, 1910, 1940, 1945, 1970, 1985, 2000, 2010, 2024, 2036, 2037, 2038, 2100, 2500]), 1, 1, tzinfo=UTC) + timedelta(
            days=r.randrange(365 * 10))
        high = low + timedelta(days=r.choice([30, 200]))
        if low.astimezone(zone).utcoffset() == high.astimezone(zone).utcoffset():
            continue
        while high - low > timedelta(seconds=1):
            middle = low + (high - low) // 2
            if middle.astimezone(zone).utcoffset() == low.astimezone(zone).utcoffset():
                low = middle
            else:
                high = middle
        found.append(high.replace(microsecond=0, tzinfo=None))
    return found


def near(r, moments):
    at = r.choice(moments) if moments and r.random() < 0.8 else datetime(r.randrange(1850, 2600), 1, 1) + timedelta(days=r.randrange(365))
    return at + timedelta(seconds=r.choice([0, -1, 1, r.randrange(-7200, 7200), r.randrange(-90000, 90000)]))


def utc_text(at):
    return at.strftime('%Y-%m-%dT%H:%M:%SZ') if at.year > 999 else '%04d' % at.year + at.strftime('-%m-%dT%H:%M:%SZ')


def resolve(zone, at, gap, overlap):
    moments = [at.replace(tzinfo=zone, fold=f).astimezone(UTC).replace(tzinfo=None) for f in (0, 1)]
    there = [m for m in moments if m.replace(tzinfo=UTC).astimezone(zone).replace(tzinfo=None) == at]
    if there and moments[0] == moments[1]:
        return utc_text(moments[0])
    what, code = (overlap, '!time-overlap') if there else (gap, '!time-gap')
    return code if what == 'reject' else utc_text(min(moments) if what == 'earlier' else max(moments))


def local(r, count):
    for _ in range(count // PER_STREAM):
        name, zone = random_zone(r)
        gap, overlap = r.choice(['reject', 'earlier', 'later']), r.choice(['reject', 'earlier', 'later'])
        case = Case(**{'from': '%Y-%m-%d %H:%M:%S', 'zone': name, 'gap': gap, 'overlap': overlap})
        moments = [m + timedelta(seconds=s) for m in changes(zone, r, 6) for s in
                   {int(m.replace(tzinfo=UTC).astimezone(zone).utcoffset().total_seconds()),
                    int((m - timedelta(seconds=1)).replace(tzinfo=UTC).astimezone(zone).utcoffset().total_seconds())}]
        for _ in range(PER_STREAM):
            at = near(r, moments)
            case.pairs.append((at.strftime('%Y-%m-%d %H:%M:%S'), resolve(zone, at, gap, overlap)))
        yield case


def zones(r, count):
    for _ in range(count // PER_STREAM):
        name, zone = random_zone(r)
        numbers = r.random() < 0.5
        case = Case(**{'from': 'epoch', 'to': {'zone': name} if numbers else {'zone': name, 'format': '%a %e %b %Y %H:%M:%S %z'}})
        moments = changes(zone, r, 6)
        for _ in range(PER_STREAM):
            at = near(r, moments)
            there = at.replace(tzinfo=UTC).astimezone(zone)
            offset = int(there.utcoffset().total_seconds())
            if numbers:
                want = '!lossy' if offset % 60 else there.strftime('%Y-%m-%dT%H:%M:%S') + '%s%02d:%02d' % ('-' if offset < 0 else '+', *divmod(abs(offset) // 60, 60))
            elif offset % 60:
                continue
            else:
                want = there.strftime('%a ') + '%2d' % there.day + there.strftime(' %b %Y %H:%M:%S %z')
            case.pairs.append((Num(int((at - EPOCH).total_seconds())), want))
        yield case


# ---- formats

DATES = ['%Y-%m-%d', '%d/%m/%Y', '%m/%d/%y', '%d %B %Y', '%a, %d %b %Y', '%A %d %h %Y', '%Y%m%d', '%Y-%j', '%j.%Y', '%F', '%D', '%b %d %Y', '%d.%m.%y']
TIMES = ['%H:%M:%S', '%T', '%H:%M', '%R', '%I:%M:%S %p', '%I:%M%p', '%H%M%S', '%H:%M:%S.%f', '%H.%M']
BETWEEN = [' ', 'T', ', ', ' at ', '%%', '%n', ' | ']


def formats(r, count):
    for _ in range(count // PER_STREAM):
        date, clock, between = r.choice(DATES), r.choice(TIMES), r.choice(BETWEEN)
        form = date + between + clock
        offset = r.random() < 0.4
        there = Case(**{'from': form + ' %z' * offset, **({} if offset else {'zone': 'UTC'})})
        back = Case(to=form)
        for _ in range(PER_STREAM):
            at = datetime(r.randrange(1969, 2069) if '%y' in form or '%D' in form else r.randrange(1000, 9999), 1, 1) + timedelta(
                seconds=r.randrange(365 * 86400), microseconds=r.randrange(1000000))
            shown = at.strftime(form.replace('%n', '\n').replace('%h', '%b'))
            known = at.replace(microsecond=at.microsecond if '%f' in form else 0, second=at.second if any(x in form for x in ('%S', '%T')) else 0)
            fraction = ('.%06d' % known.microsecond).rstrip('0') if known.microsecond else ''
            utc = known.strftime('%Y-%m-%dT%H:%M:%S') + fraction + 'Z'
            back.pairs.append((utc, shown.replace('.%06d' % at.microsecond, '.%06d000' % at.microsecond) if '%f' in form else shown))
            if not offset:
                there.pairs.append((r.choice([shown, shown, shown.upper(), shown.lower()]) if 'T' not in between and 'at' not in between else shown, utc))
                continue
            minutes = r.randrange(-1439, 1440)
            text = '%s%02d%s%02d' % ('-' if minutes < 0 else '+', abs(minutes) // 60, r.choice(['', ':']), abs(minutes) % 60)
            moved = known - timedelta(minutes=minutes)
            there.pairs.append((shown + ' ' + text, moved.strftime('%Y-%m-%dT%H:%M:%S') + fraction + 'Z'))
        yield there
        yield back


# ---- rfc3339 and epoch

def rfc3339(r, count):
    for _ in range(count // PER_STREAM):
        case = Case()
        for _ in range(PER_STREAM):
            year, month, day = r.choice([r.randrange(1, 10000), 2000, 1900, 2024, 2023, 9999, 1]), r.randrange(0, 14) if r.random() < 0.1 else r.randrange(1, 13), r.randrange(26, 33)
            month = 2 if r.random() < 0.3 else month
            hour, minute = r.choice([23, 23, r.randrange(0, 26)]), r.choice([59, 59, r.randrange(0, 62)])
            second = r.choice([60, 59, 0, r.randrange(0, 63)])
            digits = ''.join(r.choice('0123456789') for _ in range(r.choice([0, 0, 1, 3, 6, 9, 10, 12])))
            offset = r.choice([0, 0, r.randrange(-1439, 1440), 60, -330])
            text = '%04d-%02d-%02d%s%02d:%02d:%02d%s%s' % (year, month, day, r.choice('Tt '), hour, minute, second, '.' + digits if digits else '',
                r.choice('Zz') if not offset else '%s%02d:%02d' % ('-' if offset < 0 else '+', abs(offset) // 60, abs(offset) % 60))
            try:
                at = datetime(year, month, day, hour, minute, min(second, 59)) + timedelta(seconds=second == 60, minutes=-offset)
                if second > 60 or second == 60 and (at - EPOCH).total_seconds() % 86400:
                    raise ValueError
                kept = digits.rstrip('0')
                want = '!lossy' if len(kept) > 9 else utc_text(at)[:-1] + ('.' + kept if kept else '') + 'Z'
            except OverflowError:
                continue        # year 0, which RFC 3339 has and Python not, or 10000
            except ValueError:
                want = '!bad-time'
            if want[-1] == 'Z' and text[10:11] == 'T' and text[-1] == 'Z' and second != 60:
                want = text     # as it was written
            case.pairs.append((text, want))
        yield case


POWERS = {'epoch': 0, 'epoch-ms': 3, 'epoch-us': 6, 'epoch-ns': 9}


def epoch(r, count):
    for _ in range(count // PER_STREAM):
        unit, to = r.choice(list(POWERS)), r.choice(list(POWERS))
        power, case, back = POWERS[unit], Case(**{'from': unit}), Case(**{'from': unit, 'to': to})
        for _ in range(PER_STREAM):
            v = r.choice([0, -1, 1, r.randrange(-62135596800, 253402300800)]) * 10**power + r.randrange(10**power)
            nanos = v * 10**(9 - power)
            at = EPOCH + timedelta(seconds=nanos // 10**9)
            fraction = ('.%09d' % (nanos % 10**9)).rstrip('0') if nanos % 10**9 else ''
            shown = r.choice([Num(v), str(v), Num('%d.0' % v), Num('%de0' % v), Num('%d0e-1' % v if v else '0')])
            case.pairs.append((shown, utc_text(at)[:-1] + fraction + 'Z'))
            unit_to = 10**(9 - POWERS[to])
            back.pairs.append((shown, '!lossy' if nanos % unit_to else Num(nanos // unit_to)))
        yield case
        yield back


def main():
    mode, seed, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    cases = list({'local': local, 'zones': zones, 'formats': formats, 'rfc3339': rfc3339, 'epoch': epoch}[mode](random.Random(seed), count))
    with tempfile.TemporaryDirectory() as folder:
        return compare(cases, folder)


sys.exit(main())
