/*
 * extract_jobs: --jobs: several processes read ranges of one table's blocks (PostgreSQL 14 and later) under the snapshot
 * that this one exports, each over a connection of its own, and this one writes their rows, in whole lines.
 *
 * A worker is a fork of this process. Over a socket it is told the statement of a part, and answers with messages: rows, a
 * row to be set aside, that the part is done, or why it failed. It holds a chunk of rows at most, and ends when its
 * socket does.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/fileio.h"
#include "base/sig.h"
#include "base/xalloc.h"
#include "extract.h"

enum { SPLIT_LEAST = 512, PART_MOST = 16384, PARTS_EACH = 4, CHUNK = 128 << 10 };	/* blocks, blocks, parts, bytes */

struct worker {
	pid_t pid;
	int fd;			/* ours of the socket */
	bool busy;
};

struct order {
	uint32_t table, bytes;	/* which one, and the statement's length, which follows */
};

struct message {
	enum { ROWS, ASIDE, DONE, FAILED } kind;
	uint32_t records;	/* ROWS; the status of FAILED */
	uint64_t bytes;		/* that follow: lines; "code\0why\0row"; a message */
};

/* ---- in a worker */

static int say(int fd, int kind, uint32_t records, struct span text, struct error *err)
{
	struct message m = { .records = records, .bytes = text.n };

	m.kind = kind;
	return io_write_two(fd, (struct span){ (const char *)&m, sizeof m }, text, "socket", err);
}

int worker_row(struct extract *x, bool last, struct error *err)
{
	struct writer *w = &x->tool->writer;
	int failed = 0;

	if (!last) {
		buf_addc(&w->out, '\n');
		x->worker.rows++;
	}
	if (w->out.n < CHUNK && !(last && w->out.n))
		return 0;
	failed = say(x->worker.fd, ROWS, x->worker.rows, buf_span(&w->out), err);
	x->worker.rows = 0;
	buf_reset(&w->out);
	return failed;
}

int worker_aside(struct extract *x, const char *code, const char *why, struct span row, struct error *err)
{
	struct buf b = BUF_INIT;
	int failed;

	buf_add(&b, code, strlen(code) + 1);
	buf_add(&b, why, strlen(why) + 1);
	buf_addspan(&b, row);
	failed = say(x->worker.fd, ASIDE, 0, buf_span(&b), err);
	buf_release(&b);
	return failed;
}

/* One order. 1: there is none any more. */
static int obey(struct extract *x, struct error *err)
{
	struct order o;
	struct table *t;
	char *sql;
	int failed;

	if (io_read_full(x->worker.fd, &o, sizeof o) != sizeof o)
		return 1;
	sql = xmalloc(o.bytes + 1);
	if (io_read_full(x->worker.fd, sql, o.bytes) != o.bytes) {
		free(sql);
		return 1;
	}
	sql[o.bytes] = '\0';
	t = &x->table[o.table];
	table_start(x, t);
	failed = table_copy(x, t, sql, err) || worker_row(x, true, err) ||
		say(x->worker.fd, DONE, 0, SPAN_LIT(""), err) ? -1 : 0;
	free(sql);
	return failed;
}

/* As pg_dump does it: a lock that somebody waits for between ours and the parent's would be waited for for ever. */
static int join_snapshot(struct extract *x, const char *snapshot, struct error *err)
{
	struct buf sql = BUF_INIT;
	int failed;

	buf_addf(&sql, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET TRANSACTION SNAPSHOT '%s'", snapshot);
	failed = pg_open_again(&x->pg, err) || pg_run(&x->pg, buf_str(&sql), "read", err) ||
		tables_lock(x, " NOWAIT", err) ? -1 : 0;
	buf_release(&sql);
	return failed;
}

static _Noreturn void work(struct extract *x, int fd, const char *snapshot)
{
	struct error err = ERROR_INIT, ignored;
	int null = open("/dev/null", O_RDWR), got;

	sig_child();
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	x->worker.fd = fd;
	x->tool->writer.fd = -1;
	buf_reset(&x->tool->writer.out);
	got = join_snapshot(x, snapshot, &err);
	while (!got)
		got = obey(x, &err);
	if (got < 0)
		(void)say(fd, FAILED, (uint32_t)err.status, span_of(err.text), &ignored);
	PQfinish(x->pg.c);
	_exit(0);
}

/* ---- the workers */

static int start_worker(struct extract *x, const char *snapshot, struct error *err)
{
	int pair[2];
	uint32_t i;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		return error_errno(err, EXIT_AGAIN, "cannot make a socket");
	pid = fork();
	if (pid == 0) {
		close(pair[0]);
		for (i = 0; i < x->workers; i++)
			close(x->work[i].fd);
		work(x, pair[1], snapshot);
	}
	close(pair[1]);
	if (pid < 0) {
		close(pair[0]);
		return error_errno(err, EXIT_AGAIN, "cannot start a process to read with");
	}
	(void)fcntl(pair[0], F_SETFD, FD_CLOEXEC);
	x->work[x->workers++] = (struct worker){ .pid = pid, .fd = pair[0] };
	return 0;
}

static int start_workers(struct extract *x, struct error *err)
{
	PGresult *r;
	int failed = 0;

	if (x->workers)
		return 0;
	r = pg_query(&x->pg, "SELECT pg_catalog.pg_export_snapshot()", 0, NULL, "share the snapshot of", err);
	if (!r || writer_flush(&x->tool->writer, err)) {
		PQclear(r);
		return -1;
	}
	x->work = xcalloc(x->o->jobs, sizeof *x->work);
	while (!failed && x->workers < x->o->jobs)
		failed = start_worker(x, PQgetvalue(r, 0, 0), err);
	PQclear(r);
	return failed;
}

static int wait_for(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

/* A worker that waits for an order ends by itself when there is none to come; one at work is told. */
void jobs_end(struct extract *x)
{
	uint32_t i;

	for (i = 0; i < x->workers; i++) {
		if (x->work[i].busy)
			kill(x->work[i].pid, SIGTERM);
		close(x->work[i].fd);
	}
	for (i = 0; i < x->workers; i++)
		if (x->work[i].pid > 0)
			wait_for(x->work[i].pid);
	free(x->work);
	x->work = NULL;
	x->workers = 0;
}

static int worker_gone(struct extract *x, struct worker *w, struct error *err)
{
	int status = wait_for(w->pid);

	w->pid = -1;
	w->busy = false;
	return error_set(err, EXIT_FAILED, WIFSIGNALED(status) ? "a process that reads '%s' was ended by signal %d" :
			 "a process that reads '%s' ended with status %d", error_show(span_of(x->pg.shown)),
			 WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
}

/* ---- parts of a table */

struct plan {
	PGresult *r;		/* rows: schema, name, kind, blocks */
	uint64_t each;		/* blocks of a part */
	int row;		/* the next part begins in this table… */
	uint64_t block;		/* …at this block */
};

/* The table and those that inherit from it, or are its partitions. 1: it is worth splitting, and may be. */
static int plan_table(struct extract *x, const struct table *t, struct plan *p, struct error *err)
{
	static const char sql[] = "WITH RECURSIVE tree AS (SELECT $1::pg_catalog.oid AS oid UNION SELECT i.inhrelid FROM pg_catalog.pg_inherits i JOIN tree "
		"ON tree.oid=i.inhparent WHERE $2::pg_catalog.bool AND NOT i.inhdetachpending) SELECT n.nspname, c.relname, c.relkind, CASE WHEN c.relkind IN ('r', 'm') "
		"THEN pg_catalog.pg_relation_size(c.oid) / pg_catalog.current_setting('block_size')::pg_catalog.int8 ELSE 0 END, "
		"pg_catalog.has_table_privilege(c.oid, 'SELECT') AND NOT pg_catalog.row_security_active(c.oid) "
		"FROM tree JOIN pg_catalog.pg_class c ON c.oid=tree.oid JOIN pg_catalog.pg_namespace n ON n.oid=c.relnamespace ORDER BY 4 DESC, c.oid";
	const char *values[] = { t->oid, t->only ? "f" : "t" };
	uint64_t blocks = 0;
	int i;

	*p = (struct plan){ .r = pg_query(&x->pg, sql, 2, values, "read the tables of", err) };
	if (!p->r)
		return -1;
	for (i = 0; i < PQntuples(p->r); i++) {
		blocks += strtoull(PQgetvalue(p->r, i, 3), NULL, 10);
		if (*PQgetvalue(p->r, i, 4) != 't') {
			diag_note("--jobs: '%s' is read by one process: this user may read it, but not all of its parts by themselves", t->name);
			return 0;
		}
	}
	p->each = blocks / (x->o->jobs * PARTS_EACH);
	p->each = p->each < SPLIT_LEAST ? SPLIT_LEAST : p->each > PART_MOST ? PART_MOST : p->each;
	return blocks >= (uint64_t)2 * SPLIT_LEAST;
}

/* The next part's rows: " FROM ONLY … AS q WHERE …". False: there is none. The last of a table has no upper bound. */
static bool next_part(struct plan *p, struct part *part, struct buf *sql)
{
	const char *kind;
	uint64_t blocks, end = p->block + p->each;

	while (p->row < PQntuples(p->r) && *PQgetvalue(p->r, p->row, 2) == 'p')	/* has no rows of its own */
		p->row++;
	if (p->row >= PQntuples(p->r))
		return false;
	kind = PQgetvalue(p->r, p->row, 2);
	blocks = strtoull(PQgetvalue(p->r, p->row, 3), NULL, 10);
	buf_adds(sql, *kind == 'm' ? " FROM " : " FROM ONLY ");
	pg_add_name(sql, PQgetvalue(p->r, p->row, 0), PQgetvalue(p->r, p->row, 1));
	buf_adds(sql, " AS q");
	part->blocks = p->block || end < blocks;
	if (part->blocks)
		buf_addf(sql, " WHERE q.ctid >= '(%llu,0)'", (unsigned long long)p->block);
	if (end < blocks) {
		buf_addf(sql, " AND q.ctid < '(%llu,0)'", (unsigned long long)end);
		p->block = end;
	} else {
		p->block = 0;
		p->row++;
	}
	part->source = buf_span(sql);
	return true;
}

/* Without the signal that a write would end this process by when the worker has ended. */
static int send_all(int fd, const void *p, size_t n)
{
	const char *at = p;
	ssize_t put;

	for (; n; at += put, n -= (size_t)put) {
		put = send(fd, at, n, MSG_NOSIGNAL);
		if (put < 0 && errno != EINTR)
			return -1;
		put = put < 0 ? 0 : put;
	}
	return 0;
}

/* Gives the worker its next part, if there is one. */
static int give(struct extract *x, struct worker *w, struct table *t, struct plan *p, struct error *err)
{
	struct buf source = BUF_INIT, sql = BUF_INIT;
	struct order o = { .table = (uint32_t)(t - x->table) };
	struct part part;
	int failed = 0;

	w->busy = next_part(p, &part, &source);
	if (w->busy) {
		failed = table_sql(x, t, &part, &sql, err);
		o.bytes = (uint32_t)sql.n;
		if (!failed && (send_all(w->fd, &o, sizeof o) || send_all(w->fd, sql.p, sql.n)))
			failed = worker_gone(x, w, err);
	}
	buf_release(&source);
	buf_release(&sql);
	return failed;
}

/* ---- what they say */

static int take_rows(struct extract *x, const struct table *t, const struct worker *w, const struct message *m, struct error *err)
{
	struct writer *out = &x->tool->writer;
	struct buf *b = writer_line_start(out);

	buf_reserve(b, m->bytes);
	if (io_read_full(w->fd, b->p + b->n, m->bytes) != (ssize_t)m->bytes)
		return 1;
	b->n += m->bytes;
	counts_add(&x->tool->read, t->stream, m->records);
	if (writer_lines_end(out, t->stream, m->records, err))
		return -1;
	progress_update(&x->tool->progress, counts_total(&x->tool->read), out->bytes);
	return 0;
}

static int take_text(struct extract *x, struct table *t, const struct worker *w, const struct message *m, struct error *err)
{
	char *text = xmalloc(m->bytes + 1), *why, *row;
	int failed = 1;

	if (io_read_full(w->fd, text, m->bytes) == (ssize_t)m->bytes) {
		text[m->bytes] = '\0';
		why = text + strlen(text) + 1;
		if (m->kind == ASIDE) {
			row = why + strlen(why) + 1;
			counts_add(&x->tool->read, t->stream, 1);
			failed = row_aside(x, t, text, why, (struct span){ row, (size_t)(text + m->bytes - row) }, err);
		} else {
			failed = error_set(err, (int)m->records, "%s", text);
		}
	}
	free(text);
	return failed;
}

/* One message of a worker's. */
static int hear(struct extract *x, struct worker *w, struct table *t, struct plan *p, struct error *err)
{
	struct message m;
	int failed = 1;

	if (io_read_full(w->fd, &m, sizeof m) == sizeof m) {
		if (m.kind == DONE)
			return give(x, w, t, p, err);
		failed = m.kind == ROWS ? take_rows(x, t, w, &m, err) : take_text(x, t, w, &m, err);
	}
	return failed > 0 ? worker_gone(x, w, err) : failed;
}

/* Waits for any of those at work, and hears all that have something to say. 0: none is at work. */
static int hear_all(struct extract *x, struct table *t, struct plan *p, struct error *err)
{
	struct pollfd polled[JOBS_MOST];
	int busy = 0, failed = 0;
	uint32_t i;

	for (i = 0; i < x->workers; i++) {
		polled[i] = (struct pollfd){ .fd = x->work[i].busy ? x->work[i].fd : -1, .events = POLLIN };
		busy += x->work[i].busy;
	}
	if (!busy)
		return 0;
	if (poll(polled, x->workers, -1) < 0)
		return errno == EINTR ? 1 : error_errno(err, EXIT_FAILED, "cannot wait for the processes that read");
	for (i = 0; !failed && i < x->workers; i++)
		if (polled[i].revents)
			failed = hear(x, &x->work[i], t, p, err);
	return failed ? -1 : 1;
}

int jobs_read(struct extract *x, struct table *t, struct error *err)
{
	struct plan p = { .r = NULL };
	int got = 0;
	uint32_t i;

	if (x->o->jobs < 2 || t->query || x->pg.version < 140000)
		return 0;
	got = plan_table(x, t, &p, err);
	if (got > 0) {
		diag_note("'%s' is read by %llu processes", t->name, (unsigned long long)x->o->jobs);
		got = start_workers(x, err) ? -1 : 1;
		for (i = 0; got > 0 && i < x->workers; i++)
			got = give(x, &x->work[i], t, &p, err) ? -1 : 1;
		while (got > 0)
			got = hear_all(x, t, &p, err);
		got = got < 0 ? -1 : 1;
	}
	PQclear(p.r);
	return got;
}
