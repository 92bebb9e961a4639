/* zone: time zones from TZif files. */
#include "value/zone.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/fileio.h"
#include "base/xalloc.h"
#include "value/time.h"

/* When summer time starts or ends in a year: POSIX's Mm.w.d, Jn or n, and a time of day that may lie outside 0 to 24 h. */
struct change {
	char kind;		/* 'M', 'J', 'n' */
	int month, week, day;
	int32_t time;
};

struct rule {
	bool there, summer;
	int32_t standard, daylight;	/* seconds east */
	struct change start, end;
};

struct zone {
	int64_t *at;		/* owned: transitions */
	int32_t *after;		/* owned: the offset behind each of them */
	size_t n;
	int32_t before;		/* the offset before the first */
	struct rule rule;	/* for times behind the last */
	int64_t low, high;	/* the range last found, and its offset */
	int32_t offset;
};

/* ---- the rule: "GMT0BST,M3.5.0/1,M10.5.0" (POSIX TZ, with RFC 8536's hours to 167) */

static const char *skip_name(const char *p)
{
	if (*p == '<') {
		while (*p && *p != '>')
			p++;
		return *p ? p + 1 : p;
	}
	while ((*p | 0x20) >= 'a' && (*p | 0x20) <= 'z')
		p++;
	return p;
}

/* [+-]h[h[h]][:mm[:ss]] */
static const char *read_hms(const char *p, int32_t *out)
{
	int32_t sign = *p == '-' ? -1 : 1, unit = 3600, v, sum = 0;

	p += *p == '-' || *p == '+';
	do {
		for (v = 0; *p >= '0' && *p <= '9' && v < 1000; p++)
			v = v * 10 + (*p - '0');
		sum += v * unit;
		unit /= 60;
	} while (*p == ':' && unit && p++);
	*out = sign * sum;
	return p;
}

static const char *read_change(const char *p, struct change *c)
{
	char *end;

	*c = (struct change){ 'n', 0, 0, 0, 7200 };
	if (*p == 'M' && sscanf(p, "M%d.%d.%d", &c->month, &c->week, &c->day) == 3 && c->month >= 1 && c->month <= 12) {
		c->kind = 'M';
		p += strspn(p, "M.0123456789");
	} else {
		c->kind = *p == 'J' ? 'J' : 'n';
		p += *p == 'J';
		c->day = (int)strtol(p, &end, 10);
		p = end;
	}
	return *p == '/' ? read_hms(p + 1, &c->time) : p;
}

static void read_rule(struct rule *r, const char *p)
{
	int32_t west;

	r->there = *p != '\0';
	p = read_hms(skip_name(p), &west);
	r->standard = -west;
	if (!*p)
		return;
	r->summer = true;
	r->daylight = r->standard + 3600;
	p = skip_name(p);
	if (*p && *p != ',') {
		p = read_hms(p, &west);
		r->daylight = -west;
	}
	if (*p == ',')
		p = read_change(p + 1, &r->start);
	if (*p == ',')
		read_change(p + 1, &r->end);
}

/* Local seconds (as if UTC) of a change in a year. */
static int64_t change_in(const struct change *c, int64_t year)
{
	int64_t first, day;
	int shift;

	if (c->kind == 'M') {
		first = days_from_civil(year, c->month, 1);
		shift = (c->day - weekday(first) + 7) % 7 + (c->week - 1) * 7;
		while (shift >= days_in_month(year, c->month))
			shift -= 7;
		day = first + shift;
	} else {
		day = days_from_civil(year, 1, 1) + c->day - (c->kind == 'J');
		if (c->kind == 'J' && c->day >= 60 && days_in_month(year, 2) == 29)
			day++;	/* Jn never counts the 29th of February */
	}
	return day * 86400 + c->time;
}

/* Sets the range around a moment, by the rule. */
static void by_rule(struct zone *z, int64_t second, int64_t floor)
{
	const struct rule *r = &z->rule;
	int64_t edge[6], t;
	int32_t after[6], swap;
	struct civil c;
	int i, j;

	if (!r->summer) {
		z->low = floor;
		z->high = INT64_MAX;
		z->offset = r->standard;
		return;
	}
	civil_from_seconds(second, &c);
	for (i = 0; i < 3; i++) {
		edge[2 * i] = change_in(&r->start, c.year - 1 + i) - r->standard;
		after[2 * i] = r->daylight;
		edge[2 * i + 1] = change_in(&r->end, c.year - 1 + i) - r->daylight;
		after[2 * i + 1] = r->standard;
	}
	for (i = 1; i < 6; i++)
		for (j = i; j > 0 && edge[j] < edge[j - 1]; j--) {
			t = edge[j];
			edge[j] = edge[j - 1];
			edge[j - 1] = t;
			swap = after[j];
			after[j] = after[j - 1];
			after[j - 1] = swap;
		}
	for (i = 5; i > 0 && edge[i] > second; i--)
		;
	z->low = edge[i] > floor ? edge[i] : floor;
	z->high = i < 5 ? edge[i + 1] : edge[i] + 1;
	z->offset = after[i];
}

int32_t zone_offset(struct zone *z, int64_t second)
{
	size_t low = 0, high = z->n, mid;

	if (second >= z->low && second < z->high)
		return z->offset;
	while (low < high) {	/* the first transition behind the moment */
		mid = (low + high) / 2;
		if (z->at[mid] <= second)
			low = mid + 1;
		else
			high = mid;
	}
	if (low == z->n && z->rule.there) {
		by_rule(z, second, z->n ? z->at[z->n - 1] : INT64_MIN);
		return z->offset;
	}
	z->low = low ? z->at[low - 1] : INT64_MIN;
	z->high = low < z->n ? z->at[low] : INT64_MAX;
	z->offset = low ? z->after[low - 1] : z->before;
	return z->offset;
}

int zone_local(struct zone *z, int64_t local, int64_t at[2])
{
	int32_t before = zone_offset(z, local - 86400), after = zone_offset(z, local + 86400);
	int64_t a = local - before, b = local - after, swap;
	bool a_is = zone_offset(z, a) == before, b_is = zone_offset(z, b) == after;

	if (a > b) {
		swap = a;
		a = b;
		b = swap;
	}
	if (a_is && b_is) {
		at[0] = a;
		at[1] = b;
		return a == b ? 1 : 2;
	}
	if (a_is || b_is) {
		at[0] = at[1] = a_is ? local - before : local - after;
		return 1;
	}
	at[0] = a;
	at[1] = b;
	return 0;
}

/* ---- TZif */

static int64_t big_endian(const unsigned char *p, int n)
{
	uint64_t v = 0;
	int i;

	for (i = 0; i < n; i++)
		v = v << 8 | p[i];
	return n == 4 ? (int32_t)(uint32_t)v : (int64_t)v;
}

struct header {
	size_t isut, isstd, leap, time, type, abbrev;
};

static struct header read_header(const unsigned char *p)
{
	struct header h;
	size_t *field[] = { &h.isut, &h.isstd, &h.leap, &h.time, &h.type, &h.abbrev };
	int i;

	for (i = 0; i < 6; i++)
		*field[i] = (size_t)(uint32_t)big_endian(p + 20 + 4 * i, 4);
	return h;
}

static size_t body_size(const struct header *h, size_t time_size)
{
	return h->time * time_size + h->time + h->type * 6 + h->abbrev + h->leap * (time_size + 4) + h->isstd + h->isut;
}

static bool is_tzif(struct span s)
{
	return s.n >= 44 && !memcmp(s.p, "TZif", 4);
}

static int take_body(struct zone *z, const unsigned char *p, const struct header *h, int time_size)
{
	const unsigned char *index = p + h->time * (size_t)time_size, *type = index + h->time;
	size_t i;

	if (h->type == 0)
		return -1;
	z->n = h->time;
	z->at = xcalloc(h->time, sizeof *z->at);
	z->after = xcalloc(h->time, sizeof *z->after);
	z->before = (int32_t)big_endian(type, 4);
	for (i = 0; i < h->time; i++) {
		if (index[i] >= h->type)
			return -1;
		z->at[i] = big_endian(p + i * (size_t)time_size, time_size);
		z->after[i] = (int32_t)big_endian(type + 6 * index[i], 4);
	}
	return 0;
}

static int take_file(struct zone *z, struct span s)
{
	const unsigned char *p = (const unsigned char *)s.p;
	struct header h;
	size_t skip;
	char *footer, *eol;

	if (!is_tzif(s))
		return -1;
	h = read_header(p);
	skip = 44 + body_size(&h, 4);
	if (p[4] < '2' || s.n < skip)
		return s.n < skip ? -1 : take_body(z, p + 44, &h, 4);
	s.p += skip;
	s.n -= skip;
	if (!is_tzif(s))
		return -1;
	p = (const unsigned char *)s.p;
	h = read_header(p);
	skip = 44 + body_size(&h, 8);
	if (s.n < skip || take_body(z, p + 44, &h, 8))
		return -1;
	if (s.n > skip + 1 && s.p[skip] == '\n') {
		footer = xstrndup(s.p + skip + 1, s.n - skip - 1);
		eol = strchr(footer, '\n');
		if (eol)
			*eol = '\0';
		read_rule(&z->rule, footer);
		free(footer);
	}
	return 0;
}

/* A name that stays below the folder. */
static bool is_name(const char *name)
{
	return *name && *name != '/' && !strstr(name, "..") &&
		name[strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/")] == '\0';
}

static int read_zone_file(const char *name, struct buf *out)
{
	const char *const folders[] = { getenv("TZDIR"), "/usr/share/zoneinfo", "/usr/lib/zoneinfo" };
	struct buf path = BUF_INIT;
	struct error err;
	int failed = -1;
	size_t i;

	for (i = 0; failed && i < 3; i++) {
		if (!folders[i] || !*folders[i])
			continue;
		buf_reset(&path);
		buf_reset(out);
		buf_addf(&path, "%s/%s", folders[i], name);
		failed = io_slurp(buf_str(&path), 1 << 20, out, &err);
	}
	buf_release(&path);
	return failed;
}

/* "+02:00": 1 and the offset. */
static int fixed(const char *name, int32_t *offset)
{
	if ((*name != '+' && *name != '-') || name[1] < '0' || name[1] > '9')
		return 0;
	return *read_hms(name, offset) == '\0';
}

struct zone *zone_load(const char *name, struct error *err)
{
	struct zone *z = xcalloc(1, sizeof *z);
	struct buf file = BUF_INIT;
	int32_t offset = 0;

	if (!strcmp(name, "UTC") || !strcmp(name, "Z") || fixed(name, &offset)) {
		z->before = offset;
	} else if (!is_name(name) || read_zone_file(name, &file) || take_file(z, buf_span(&file))) {
		error_set(err, EXIT_USAGE, "no time zone '%s' in the system's zoneinfo (the package tzdata has them)",
			  error_show(span_of(name)));
		zone_free(z);
		z = NULL;
	}
	buf_release(&file);
	return z;
}

void zone_free(struct zone *z)
{
	if (!z)
		return;
	free(z->at);
	free(z->after);
	free(z);
}
