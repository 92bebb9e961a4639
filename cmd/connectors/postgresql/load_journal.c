/*
 * load_journal: constraints that are checked at the commit alone. Behind each batch they are checked early: while that goes
 * well, nothing is kept. From the first batch that needs more to come, records that were written are kept; if the commit's
 * own check fails, all is undone back to there, and the records are given again by halves, until those that no other record
 * makes good are found and set aside. Where they were too many to keep, the run fails as the server says.
 */
#include <stdlib.h>

#include "base/xalloc.h"
#include "load.h"

enum { MOST_KEPT = 100000, MOST_BYTES = 32 << 20, MOST_REFUSED = 500, MOST_PAIRED = 40 };

int journal_open(struct database *d, struct error *err)
{
	struct journal *j = &d->journal;
	uint32_t i;

	if (!j->on || j->open || j->replaying)
		return 0;
	if (session_theirs(d, err) || session_run(d, "SAVEPOINT _sync_good", err))
		return -1;
	j->open = true;
	tally_take(d, NULL, &j->tally);
	for (i = 0; i < d->tables; i++)
		d->table[i]->at_journal = d->table[i]->run;
	return 0;
}

void journal_add(struct database *d, const struct arrival *a)
{
	struct journal *j = &d->journal;

	if (!j->open || j->lost)
		return;
	held_add(&j->held, a);
	if (j->held.n > MOST_KEPT || j->held.bytes > MOST_BYTES)
		journal_lose(d);
}

void journal_lose(struct database *d)
{
	d->journal.lost = d->journal.open;
	held_release(&d->journal.held);
}

/* LOAD_DONE: all is well so far; or as a verdict, and checks are still to come. */
static int check(struct database *d, struct error *err)
{
	int verdict = LOAD_DONE;

	if (session_theirs(d, err) || session_run(d, "SAVEPOINT _sync_check", err))
		return -1;
	(void)session_change(d, "SET CONSTRAINTS ALL IMMEDIATE", &verdict, err);
	if (verdict > 0 && session_rollback(d, "_sync_check", &(struct error)ERROR_INIT))
		return -1;
	return verdict ? verdict : session_run(d, "RELEASE SAVEPOINT _sync_check; SET CONSTRAINTS ALL DEFERRED", err);
}

static int close_journal(struct database *d, struct error *err)
{
	journal_drop(d);
	return session_run(d, "RELEASE SAVEPOINT _sync_good", err);
}

int journal_check(struct database *d, struct error *err)
{
	int verdict;

	if (!d->journal.open || d->journal.moving || d->journal.replaying)
		return 0;
	verdict = check(d, err);
	if (verdict > 0)
		error_reset(err);
	return verdict < 0 ? -1 : verdict ? 0 : close_journal(d, err);
}

/* ---- records given again */

/* Those that are refused, and why. */
struct refused {
	struct held held;
	struct error *why;	/* owned */
	size_t cap;
};

void journal_refuse(struct database *d, const struct error *err)
{
	if (!d->journal.failed)
		d->journal.why = *err;
	d->journal.failed = true;
}

bool journal_tries(const struct database *d)
{
	return d->journal.replaying || d->journal.trial;
}

void journal_drop(struct database *d)
{
	uint32_t i;

	d->journal.open = d->journal.lost = false;
	held_release(&d->journal.held);
	for (i = 0; i < d->tables; i++)
		d->table[i]->emptied_late = false;
}

static int forget_tables(struct database *d, struct error *err)
{
	uint32_t i;

	for (i = 0; i < d->tables; i++) {
		d->table[i]->stage[0] = '\0';	/* it may be gone */
		d->table[i]->empty = false;
		d->table[i]->run = d->table[i]->at_journal;
	}
	return session_theirs(d, err);
}

static int give_all(struct database *d, const struct arrival *a, size_t n, struct error *err)
{
	size_t i;
	int failed = 0;

	d->journal.failed = false;
	for (i = 0; i < n && !failed && !d->journal.failed; i++)
		failed = load_again(d->load, &a[i], err);
	if (!failed)
		failed = batch_flush(d, err);
	return failed ? -1 : d->journal.failed;
}

static int too_many(struct error *err)
{
	err->status = EXIT_FAILED;
	err->code = NULL;
	return error_prefix(err, "too many records for a constraint that is checked at the commit");
}

static int replay(struct database *d, const struct arrival *a, size_t n, struct refused *bad, struct error *err)
{
	struct tally tally;
	int verdict;

	tally_take(d, NULL, &tally);
	if (session_theirs(d, err) || session_run(d, "SAVEPOINT _sync_again", err))
		return -1;
	verdict = give_all(d, a, n, err);
	if (!verdict) {
		verdict = check(d, err);
		if (verdict > 0)
			journal_refuse(d, err);
	}
	if (verdict < 0)
		return -1;
	if (!verdict)
		return session_run(d, "RELEASE SAVEPOINT _sync_again", err);
	error_reset(err);
	if (session_rollback(d, "_sync_again", err) || forget_tables(d, err))
		return -1;
	tally_restore(d, NULL, &tally);
	if (n > 1)
		return replay(d, a, n / 2, bad, err) || replay(d, a + n / 2, n - n / 2, bad, err) ? -1 : 0;
	if (bad->held.n == MOST_REFUSED) {
		*err = d->journal.why;
		return too_many(err);
	}
	XGROW(bad->why, bad->held.n, bad->cap);
	bad->why[bad->held.n] = d->journal.why;
	held_add(&bad->held, a);
	return 0;
}

/* Given again together as long as fewer are refused: some may need each other. */
static int replay_rest(struct database *d, struct refused *bad, struct error *err)
{
	struct refused old;
	size_t before;
	int failed = 0;

	do {
		old = *bad;
		*bad = (struct refused){ HELD_INIT, NULL, 0 };
		before = old.held.n;
		failed = before ? replay(d, old.held.v, old.held.n, bad, err) : 0;
		held_release(&old.held);
		free(old.why);
	} while (!failed && bad->held.n && bad->held.n < before);
	return failed;
}

/* Two that need each other, among a few that nothing makes good. */
static int replay_pairs(struct database *d, struct refused *bad, struct error *err)
{
	struct refused old = *bad, two;
	bool *done = xcalloc(old.held.n + 1, sizeof *done);
	size_t i, j;
	int failed = 0;

	*bad = (struct refused){ HELD_INIT, NULL, 0 };
	for (i = 0; i < old.held.n && !failed; i++) {
		for (j = i + 1; j < old.held.n && old.held.n <= MOST_PAIRED && !done[i] && !failed; j++) {
			const struct arrival pair[2] = { old.held.v[i], old.held.v[j] };

			if (done[j])
				continue;
			two = (struct refused){ HELD_INIT, NULL, 0 };
			failed = replay(d, pair, 2, &two, err);
			done[i] = done[j] = !failed && !two.held.n;
			held_release(&two.held);
			free(two.why);
		}
		if (done[i])
			continue;
		XGROW(bad->why, bad->held.n, bad->cap);
		bad->why[bad->held.n] = old.why[i];
		held_add(&bad->held, &old.held.v[i]);
	}
	held_release(&old.held);
	free(old.why);
	free(done);
	return failed;
}

static int replay_all(struct database *d, struct error *err)
{
	struct journal *j = &d->journal;
	struct held held = j->held;
	struct refused bad = { HELD_INIT, NULL, 0 };
	size_t i;
	int failed;

	j->held = (struct held)HELD_INIT;
	j->open = false;
	j->replaying = true;
	failed = session_rollback(d, "_sync_good", err) || forget_tables(d, err) || replace_again(d, err) ? -1 : 0;
	tally_restore(d, NULL, &j->tally);
	failed = failed || replay(d, held.v, held.n, &bad, err) || replay_rest(d, &bad, err) || replay_pairs(d, &bad, err) ||
		replay_rest(d, &bad, err) ? -1 : 0;
	j->replaying = false;
	for (i = 0; i < bad.held.n && !failed; i++)
		failed = load_set_aside(d->load, &bad.held.v[i], &bad.why[i]) ? (*err = bad.why[i], -1) : 0;
	held_release(&bad.held);
	held_release(&held);
	free(bad.why);
	return failed;
}

int journal_settle(struct database *d, struct error *err)
{
	int verdict;

	if (!d->journal.open)
		return 0;
	verdict = check(d, err);
	if (!verdict)
		return close_journal(d, err);
	if (verdict < 0)
		return -1;
	if (d->journal.lost)
		return too_many(err);
	error_reset(err);
	return replay_all(d, err);
}
