/* load_mirror: keys that nothing brought, and how many are deleted. */
#include "load.h"

static bool is_ours(struct database *d, struct span key)
{
	struct span parts[MOST_PARTS];

	return !key_is_own(key) && (!d->tmpl.parts || template_match(&d->tmpl, key, parts));
}

/* Calls fn for the keys under the template, or for all, some more than once. */
static int each_page(struct database *d, scan_fn *fn, struct error *err)
{
	struct buf pattern = BUF_INIT;
	int failed;

	if (d->tmpl.parts)
		template_pattern(&d->tmpl, &pattern);
	failed = redis_scan(&d->redis, d->tmpl.parts ? buf_span(&pattern) : SPAN_LIT("*"), NULL, fn, d, err);
	buf_release(&pattern);
	return failed;
}

/* ---- --max-delete */

static int count_page(void *ctx, struct span *key, size_t n, struct error *err)
{
	struct database *d = ctx;
	size_t i;

	(void)err;
	for (i = 0; i < n; i++)
		d->keys_at_start += is_ours(d, key[i]);
	return 0;
}

int guard_spooled(struct database *d, struct error *err)
{
	if (!d->deletes && !d->truncates)
		return 0;
	if (!d->counted && each_page(d, count_page, err))
		return -1;
	d->counted = true;
	d->deletes += d->truncates * d->keys_at_start;
	d->truncates = 0;
	return guard_deletes(d->load, d->deletes, d->keys_at_start, err);
}

static int delete_page(void *ctx, struct span *key, size_t n, struct error *err)
{
	struct database *d = ctx;
	struct span w[2] = { SPAN_LIT("DEL") }, raw;
	size_t i, sent = 0;

	for (i = 0; i < n; i++) {
		if (!is_ours(d, key[i]))
			continue;
		w[1] = key[i];
		redis_send(&d->redis, 2, w);
		sent++;
	}
	for (; sent; sent--) {
		if (redis_read(&d->redis, REPLY_LIMIT, &raw, err))
			return -1;
		if (item_first(raw).type == '-')
			return redis_refused(&d->redis, item_first(raw).text, "write to", err);
		d->load->deleted += item_first(raw).n > 0;
	}
	return 0;
}

int keys_truncate(struct database *d, struct error *err)
{
	return each_page(d, delete_page, err);
}

/* ---- mirrors: one sort of the keys that came, and those that are there */

static int mirror_begin(struct database *d, struct error *err)
{
	if (d->seen.priv)
		return 0;
	if (spill_open(&d->seen_spill, err))
		return -1;
	sort_init(&d->seen, &d->seen_spill, &d->memory, 8 << 20);
	return 0;
}

int mirror_see(struct database *d, struct span key, struct error *err)
{
	return mirror_begin(d, err) ? -1 : sort_add(&d->seen, key, SPAN_LIT("came"), err);
}

static int see_page(void *ctx, struct span *key, size_t n, struct error *err)
{
	struct database *d = ctx;
	size_t i;

	for (i = 0; i < n; i++)
		if (is_ours(d, key[i]) && sort_add(&d->seen, key[i], SPAN_LIT(""), err))
			return -1;
	return 0;
}

/* {"_sync":{"op":"delete"},…key…}, for who listens and for --dry-run */
static void add_delete(struct database *d, struct span key, struct buf *line)
{
	struct span parts[MOST_PARTS];
	struct buf name = BUF_INIT;
	uint32_t i;

	buf_adds(line, "{\"_sync\":{\"op\":\"delete\"}");
	if (!d->tmpl.parts) {
		buf_adds(line, ",\"key\":");
		put_text(line, key);
	} else if (template_match(&d->tmpl, key, parts)) {
		for (i = 0; i < d->tmpl.parts; i++) {
			buf_reset(&name);
			name_add_reserved(&name, d->tmpl.name[i]);
			buf_addc(line, ',');
			put_text(line, buf_span(&name));
			buf_addc(line, ':');
			put_text(line, parts[i]);
		}
	}
	buf_addc(line, '}');
	buf_release(&name);
}

static int spool_delete(struct database *d, struct span key, struct error *err)
{
	struct row r = { .op = OP_DELETE, .key = key, .expires = -1 };
	struct buf line = BUF_INIT;
	int failed;

	if (d->own->publish || d->o->dry_run)
		add_delete(d, key, &line);
	r.arrival.line = buf_span(&line);
	r.arrival.stream = d->stream == UINT32_MAX ? 0 : d->stream;
	failed = spool_add(d, &r, err);
	buf_release(&line);
	d->deletes++;
	return failed;
}

/* All lines of one key: it came, it is there. */
struct group {
	struct buf key;
	bool any, came, there;
};

static int close_group(struct database *d, struct group *g, struct error *err)
{
	bool goes = g->there && !g->came;

	d->keys_at_start += g->there;
	g->any = g->came = g->there = false;
	return goes ? spool_delete(d, buf_span(&g->key), err) : 0;
}

static int sort_out(struct database *d, struct error *err)
{
	struct group g = { .key = BUF_INIT };
	struct span key, line;
	int got, failed = 0;

	while (!failed && (got = sort_next(&d->seen, &key, &line, err)) > 0) {
		if (g.any && !span_eq(key, buf_span(&g.key)))
			failed = close_group(d, &g, err);
		if (!g.any) {
			buf_reset(&g.key);
			buf_addspan(&g.key, key);
			g.any = true;
		}
		g.came = g.came || line.n;
		g.there = g.there || !line.n;
	}
	failed = failed || got < 0 || (g.any && close_group(d, &g, err)) ? -1 : 0;
	buf_release(&g.key);
	return failed;
}

int mirror_deletes(struct database *d, struct error *err)
{
	int failed;

	if (guard_keeps_all(d->load))
		return 0;
	d->keys_at_start = 0;
	d->counted = true;
	failed = mirror_begin(d, err) || each_page(d, see_page, err) || sort_out(d, err) || guard_whole(d->load, d->keys_at_start, err) ? -1 : 0;
	sort_release(&d->seen);
	spill_close(&d->seen_spill);
	return failed;
}
