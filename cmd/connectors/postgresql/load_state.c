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

/* Swaps the state within the transaction: whoever moved it first wins. */
int state_save(struct database *d, struct error *err)
{
	struct state *s = &d->load->state;
	struct buf text = BUF_INIT, sql = BUF_INIT, name = BUF_INIT;
	char generation[24];
	const char *values[] = { d->load->place.job, generation, NULL };
	PGresult *r = NULL;
	int failed;

	if (!s->changed)
		return 0;
	failed = session_begin(d, err) || make_table(d, &name, err) ? -1 : 0;
	snprintf(generation, sizeof generation, "%llu", (unsigned long long)++s->generation);
	state_text(s, &text);
	values[2] = buf_str(&text);
	buf_addf(&sql, "INSERT INTO %s AS t VALUES ($1, $2, $3) ON CONFLICT (job) DO UPDATE SET generation=excluded.generation, state=excluded.state%s",
		 buf_str(&name), s->damaged ? "" : " WHERE t.generation=excluded.generation-1");
	if (!failed)
		r = pg_query(&d->pg, buf_str(&sql), 3, values, "keep the state in", err);
	if (!failed && !r)
		failed = -1;
	if (!failed && strcmp(PQcmdTuples(r), "1"))
		failed = error_set(err, EXIT_AGAIN, "another run has moved the state in '%s'", error_show(span_of(d->uri)));
	s->changed = failed != 0;
	s->damaged = s->damaged && failed;
	PQclear(r);
	buf_release(&text);
	buf_release(&sql);
	buf_release(&name);
	return failed;
}
