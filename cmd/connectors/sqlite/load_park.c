/* load_park: rows that wait for each other's unique values, so that no order of their changes works. */
#include <stdlib.h>

#include "base/xalloc.h"
#include "load.h"

enum { MOST_WORK = 1000000 };	/* records that are tried again, in all: a row that finds no way may need all others to be tried once more */

void tally_take(const struct database *d, struct tally *out)
{
	const struct load *l = d->load;
	uint32_t i;

	*out = (struct tally){ l->inserted, l->updated, l->unchanged, l->deleted, xreallocarray(NULL, 2 * (size_t)d->tables + 1, sizeof *out->of_tables) };
	for (i = 0; i < d->tables; i++) {
		out->of_tables[2 * i] = d->table[i]->added;
		out->of_tables[2 * i + 1] = d->table[i]->deleted;
	}
}

void tally_give_back(struct database *d, const struct tally *t)
{
	struct load *l = d->load;
	uint32_t i;

	l->inserted = t->inserted;
	l->updated = t->updated;
	l->unchanged = t->unchanged;
	l->deleted = t->deleted;
	for (i = 0; i < d->tables; i++) {
		d->table[i]->added = t->of_tables[2 * i];
		d->table[i]->deleted = t->of_tables[2 * i + 1];
	}
}

void tally_release(struct tally *t)
{
	free(t->of_tables);
}

/* ---- one row */

bool park_now(const struct database *d)
{
	return d->parking;
}

/* Which columns unique indexes have. */
static int ask_unique(struct database *d, struct table *t, struct error *err)
{
	sqlite3_stmt *stmt;
	struct column *c;
	int rc;

	if (t->asked)
		return 0;
	t->asked = true;
	if (target_prepare(d, "SELECT DISTINCT x.name FROM pragma_index_list(?) AS i, pragma_index_xinfo(i.name) AS x "
			   "WHERE i.\"unique\" AND x.key AND x.cid>=0", &stmt, err))
		return -1;
	sqlite3_bind_text(stmt, 1, t->name, -1, SQLITE_STATIC);
	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		c = table_column(t, span_of((const char *)sqlite3_column_text(stmt, 0)));
		if (c)
			c->unique = true;
	}
	if (rc != SQLITE_DONE)
		target_error(d, "reading the table's indexes", err);
	sqlite3_finalize(stmt);
	return rc == SQLITE_DONE ? 0 : -1;
}

static bool sets_unique(const struct table *t, const struct shape *s)
{
	uint32_t i;

	for (i = 0; i < s->n; i++)
		if (t->column[s->column[i]].unique && !t->column[s->column[i]].key)
			return true;
	return false;
}

/* Its triggers would see the values that are none. */
int park_row(struct database *d, struct table *t, const struct cell *old, struct error *err)
{
	sqlite3_stmt *stmt;
	int verdict = LOAD_DONE;

	if (ask_unique(d, t, err))
		return -1;
	if (!old && t->simple && sets_unique(t, d->shape)) {
		stmt = shape_statement(d, t, d->shape, SQL_PARK, err);
		if (!stmt)
			return -1;
		cells_bind(stmt, 1, d->cell, d->shape->n);
		verdict = target_run(d, stmt, t, err);
	}
	retry_keep(d, t, old);
	return verdict < 0 ? -1 : LOAD_DONE;
}

/* ---- all of them */

static int try_parked(struct database *d, struct error *err)
{
	struct held waiting = HELD_INIT;
	int failed;

	retry_copy(d, &waiting);
	retry_replace(d, &(struct held)HELD_INIT);
	d->parking = true;
	failed = held_take(&waiting, d->load, err);
	d->parking = false;
	retry_on_trial(d, true);
	failed = failed || retry_while_it_helps(d, err) ? -1 : 0;
	retry_on_trial(d, false);
	return failed;
}

static const struct held none = HELD_INIT;

/* Those of `trying`, as one: *works, and they are written; else nothing is, and *stuck are those that found no way. */
static int try_these(struct database *d, const struct held *trying, struct held *stuck, bool *works, struct error *err)
{
	const bool silent = d->silent;
	struct held copy = HELD_INIT;
	struct tally tally;
	int failed;

	tally_take(d, &tally);
	held_select(trying, &none, false, &copy);
	retry_replace(d, &copy);
	d->silent = true;
	failed = target_exec(d, "SAVEPOINT _sync_park", err) || try_parked(d, err);
	d->silent = silent;
	*works = !failed && !retry_some(d);
	retry_copy(d, stuck);
	if (!failed && (!*works || (d->o->dry_run && !silent))) {
		tally_give_back(d, &tally);
		failed = target_exec(d, "ROLLBACK TO _sync_park", err);
		if (*works) {	/* a dry run says nothing before it knows */
			held_select(trying, &none, false, &copy);
			retry_replace(d, &copy);
		}
		failed = failed || (*works && try_parked(d, err));
	}
	tally_release(&tally);
	return failed || target_exec(d, "RELEASE _sync_park", err) ? -1 : 0;
}

/* --newer may leave a row alone, which would keep what it was parked with. Rows that find no way keep no others from theirs. */
int park_all(struct database *d, struct error *err)
{
	struct held all = HELD_INIT, trying = HELD_INIT, fewer = HELD_INIT, stuck = HELD_INIT;
	size_t work = 0;
	bool works = false;
	int failed = 0;

	if (d->o->newer)
		return 0;
	retry_copy(d, &all);
	retry_copy(d, &trying);
	while (!failed && !works && trying.n && work < MOST_WORK) {
		work += trying.n;
		failed = try_these(d, &trying, &stuck, &works, err);
		if (works)
			break;
		held_select(&trying, &stuck, false, &fewer);
		held_release(&trying);
		held_release(&stuck);
		trying = fewer;
		fewer = none;
	}
	if (!works)
		held_release(&trying);
	held_select(&all, &trying, false, &stuck);
	retry_replace(d, &stuck);
	held_release(&trying);
	held_release(&all);
	return failed;
}
