/*
 * load_match: which change is meant for a row of the old file.
 *
 * In CSV every key is text. A stream may know it as that text, or as the number or the boolean that it spells, or as both:
 * sync-diff deletes rows of a CSV file by their text, and inserts the other side's by their values. What is said of the text
 * itself goes first.
 */
#include "load_upsert.h"

enum { MOST_TYPED = 6 };	/* parts of a key with values that aren't text */

static bool is_typed(const struct upsert *u, uint32_t part)
{
	return u->seen[part].number || u->seen[part].boolean;
}

int match_start(struct upsert *u, struct error *err)
{
	uint32_t i, typed = 0;

	key_copy(&u->old_key, &u->key);
	for (i = 0; i < u->key.n; i++) {
		const struct path *path = &u->key.part[i].path;

		typed += u->table && is_typed(u, i);
		if (!u->table && shape_is_untyped(&u->shape, path->step[0].name))
			u->old_key.part[i].read = KEY_TEXT;
	}
	if (typed > MOST_TYPED)
		return error_set(err, EXIT_USAGE, "a key of CSV has at most %d parts that aren't text", MOST_TYPED);
	return 0;
}

static enum key_read read_of(const struct upsert *u, uint32_t part, const struct record *row)
{
	struct value v;

	if (!u->seen[part].boolean)
		return KEY_NUMBER;
	if (u->seen[part].number && record_get(row, &u->key.part[part].path, NULL, &v) && value_type(v) == TOKEN_STRING &&
	    !value_text_is(v, SPAN_LIT("true")) && !value_text_is(v, SPAN_LIT("false")))
		return KEY_NUMBER;
	return KEY_BOOLEAN;
}

/* Sets how the parts are read, a bit of the mask for each that isn't only text. false: nothing in the stream is like that. */
static bool set_reading(struct upsert *u, const struct record *row, unsigned mask)
{
	uint32_t i;

	for (i = 0; i < u->key.n; i++) {
		if (!is_typed(u, i))
			continue;
		if (!(mask & 1) && !u->seen[i].text)
			return false;
		u->old_key.part[i].read = mask & 1 ? read_of(u, i, row) : KEY_TYPED;
		mask >>= 1;
	}
	return mask == 0;
}

/* A row without a key has no entry. */
static struct pending *find(struct upsert *u, const struct record *row)
{
	struct error ignored = ERROR_INIT;

	buf_reset(&u->bytes);
	return key_bytes(&u->old_key, row, &u->bytes, &ignored) ? NULL : table_find(&u->pending, key_hash(buf_span(&u->bytes), 0, &u->secret));
}

static int ambiguous(struct upsert *u, const struct record *row, struct error *err)
{
	struct buf shown = BUF_INIT;

	key_show(&u->key, row, &shown);
	error_set(err, EXIT_FAILED, "the stream has the key %s as text and as another value, which is one key in CSV: nothing is changed",
		  error_show(buf_span(&shown)));
	buf_release(&shown);
	return -1;
}

int match_row(struct upsert *u, const struct record *row, struct pending **p, struct error *err)
{
	struct pending *other;
	unsigned mask;

	*p = NULL;
	if (!u->table) {
		*p = find(u, row);
		return 0;
	}
	for (mask = 0; mask < 1u << MOST_TYPED; mask++) {
		if (!set_reading(u, row, mask))
			continue;
		other = find(u, row);
		if (!*p)
			*p = other;
		else if (other && other != *p && other->kind != GONE && ((*p)->kind != GONE || (*p)->seq > other->seq))
			return ambiguous(u, row, err);
	}
	return 0;
}

int match_new(struct upsert *u, const struct record *row, const struct pending *p, struct error *err)
{
	bool mixed = false, added = true;
	uint32_t i;
	int failed;

	for (i = 0; u->table && i < u->key.n; i++)
		mixed = mixed || (is_typed(u, i) && (u->seen[i].text || (u->seen[i].number && u->seen[i].boolean)));
	if (!mixed || p->kind != ROW)
		return 0;
	for (i = 0; i < u->key.n; i++)
		u->old_key.part[i].read = KEY_TEXT;
	buf_reset(&u->bytes);
	failed = key_bytes(&u->old_key, row, &u->bytes, err);
	if (!failed && !table_put(&u->written, key_hash(buf_span(&u->bytes), 0, &u->secret), &added))
		return error_set(err, EXIT_FAILED, "more keys change than --memory holds: give it more, or cut the stream in parts");
	return failed ? -1 : added ? 0 : ambiguous(u, row, err);
}
