/* load_state: the table _sync_state, in the search path's first schema. */
#include "load.h"

static int make_table(struct database *d, struct buf *name, struct error *err)
{
	struct buf sql = BUF_INIT;
	int failed;

	pg_add_name(name, d->pg.schema, "_sync_state");
	if (session_ours(d, err))
		return -1;
	buf_addf(&sql, "CREATE TABLE IF NOT EXISTS %s (job text PRIMARY KEY, generation bigint NOT NULL, state text NOT NULL)", buf_str(name));
	failed = session_run(d, buf_str(&sql), err);
	if (failed && (!strcmp(d->pg.state, "23505") || !strcmp(d->pg.state, "42P07")))
		err->status = EXIT_AGAIN;	/* another run makes it at this moment */
	buf_release(&sql);
	return failed;
}

int state_load(struct database *d, struct error *err)
{
	const char *job = d->load->place.job;
	struct buf sql = BUF_INIT, name = BUF_INIT;
	uint64_t there;
	PGresult *r;
	int failed;

	pg_add_name(&name, d->pg.schema, "_sync_state");
	failed = session_number(d, "SELECT 1 WHERE pg_catalog.to_regclass($1) IS NOT NULL", buf_str(&name), &there, err);
	buf_addf(&sql, "SELECT state FROM %s WHERE job=$1", buf_str(&name));
	if (!failed && there) {
		r = pg_query(&d->pg, buf_str(&sql), 1, &job, "read the state in", err);
		failed = !r ? -1 : PQntuples(r) ? state_parse(&d->load->state, (struct span){ PQgetvalue(r, 0, 0), (size_t)PQgetlength(r, 0, 0) },
							      d->uri, err) : 0;
		PQclear(r);
	}
	buf_release(&sql);
	buf_release(&name);
	return failed;
}

static int moved(const struct database *d, struct error *err)
{
	return error_set(err, EXIT_AGAIN, "another run has moved the state in '%s'", error_show(span_of(d->uri)));
}

/* Records alone are checked against it too; nobody moves it then before they are committed. */
static int check_unmoved(struct database *d, const char *table, struct error *err)
{
	const char *job = d->load->place.job;
	struct buf sql = BUF_INIT;
	uint64_t there, generation = 0;
	int failed = session_number(d, "SELECT 1 WHERE pg_catalog.to_regclass($1) IS NOT NULL", table, &there, err);

	buf_addf(&sql, "SELECT generation FROM %s WHERE job=$1 FOR SHARE", table);
	if (!failed && there)
		failed = session_number(d, buf_str(&sql), job, &generation, err);
	buf_release(&sql);
	return failed || generation == d->load->state.generation || d->load->state.damaged ? failed : moved(d, err);
}

/* The first one is inserted, and any other takes the place of the one before it; a damaged one is what it is. */
static int swap(struct database *d, const char *table, struct error *err)
{
	static const char *const forms[] = {
		"INSERT INTO %s VALUES ($1, $2, $3) ON CONFLICT (job) DO NOTHING",
		"UPDATE %s SET generation=$2, state=$3 WHERE job=$1 AND generation=$2::bigint-1",
		"INSERT INTO %s VALUES ($1, $2, $3) ON CONFLICT (job) DO UPDATE SET generation=excluded.generation, state=excluded.state",
	};
	struct state *s = &d->load->state;
	struct buf text = BUF_INIT, sql = BUF_INIT;
	char generation[24];
	const char *values[] = { d->load->place.job, generation, NULL };
	PGresult *r;
	int failed;

	snprintf(generation, sizeof generation, "%llu", (unsigned long long)++s->generation);
	state_text(s, &text);
	values[2] = buf_str(&text);
	buf_addf(&sql, forms[s->damaged ? 2 : s->generation > 1], table);
	r = pg_query(&d->pg, buf_str(&sql), 3, values, "keep the state in", err);
	failed = !r ? -1 : strcmp(PQcmdTuples(r), "1") ? moved(d, err) : 0;
	PQclear(r);
	buf_release(&text);
	buf_release(&sql);
	return failed;
}

/* Within the transaction: whoever moves it first wins. */
int state_save(struct database *d, struct error *err)
{
	struct state *s = &d->load->state;
	struct buf name = BUF_INIT;
	int failed;

	if (!s->changed && !d->in_transaction)
		return 0;
	failed = session_begin(d, err);
	if (!failed && s->changed)
		failed = make_table(d, &name, err) || swap(d, buf_str(&name), err) ? -1 : 0;
	else if (!failed) {
		pg_add_name(&name, d->pg.schema, "_sync_state");
		failed = check_unmoved(d, buf_str(&name), err);
	}
	if (!failed && s->changed)
		s->changed = s->damaged = false;
	buf_release(&name);
	return failed;
}
