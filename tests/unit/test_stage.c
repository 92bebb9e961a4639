/* test_stage: what a stage passes on, drops and changes comes out whole and in order, however input arrives. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fileio.h"
#include "stream/stage.h"

/* What becomes of a record is said in its first byte of "do": p pass, d drop, e edit, w write it twice. */
static int on_record(void *self, struct record *rec, struct meta *meta, struct writer *w, struct error *err)
{
	struct step step = { .kind = STEP_NAME, .name = SPAN_LIT("n"), .quoted = SPAN_LIT("\"n\"") };
	const struct path path = { .step = &step, .n = 1, .text = SPAN_LIT("n") };
	struct value v = VALUE_NONE;

	(void)self;
	assert_true(value_member(record_root(rec), SPAN_LIT("do"), &v));
	switch (value_bytes(v).p[0]) {
	case 'd':
		return STAGE_DROP;
	case 'e':
		return record_set(rec, &path, SPAN_LIT("0"), err) ? -1 : STAGE_PASS;
	case 'w':
		return writer_record(w, rec, meta, err) ? -1 : STAGE_PASS;
	default:
		return STAGE_PASS;
	}
}

/* A line in, and what should come of it. */
static void add_one(struct buf *in, struct buf *want)
{
	static const char what[] = "ppppppppppppppppppppppppppppppppppppppdew";
	static const char *const ends[] = { "\n", "\n", "\n", "\n", "\n", "\n", "\r\n", "\n\n", "\n \t\n" };
	size_t n = rand() % 400 ? (size_t)rand() % 400 : (size_t)rand() % 600000, i, start;
	char c = what[(size_t)rand() % (sizeof what - 1)];

	start = in->n;
	buf_addf(in, "{\"do\":\"%c\",\"text\":\"", c);
	for (i = 0; i < n; i++)
		buf_addc(in, (char)('a' + rand() % 26));
	buf_adds(in, "\",\"n\":");
	for (i = c == 'w' ? 2 : c != 'd'; i; i--) {
		buf_add(want, in->p + start, in->n - start);
		buf_adds(want, c == 'e' ? "0}\n" : "1}\n");
	}
	buf_adds(in, "1}");
	buf_adds(in, ends[(size_t)rand() % (sizeof ends / sizeof *ends)]);
}

/* Writes it in pieces of any size, and ends. */
static void feed(int fd, const struct buf *in)
{
	struct error err;
	size_t at = 0, n;

	while (at < in->n) {
		n = (size_t)rand() % (rand() % 2 ? 500 : 200000) + 1;
		n = n > in->n - at ? in->n - at : n;
		if (io_write(fd, in->p + at, n, "pipe", &err))
			_exit(1);
		at += n;
	}
	_exit(0);
}

static void run_stage(int in, int out)
{
	const struct stage stage = { .record = on_record };
	struct reader_options o = READER_OPTIONS_INIT;
	struct error err = ERROR_INIT;
	struct streams streams;
	struct writer w;
	struct reader r;

	o.plain = true;
	streams_init(&streams);
	writer_open(&w, out, "out", &streams, true);
	reader_open(&r, in, "in", &streams, &o);
	if (stage_run(&stage, NULL, &r, &w, NULL, &err))
		fail_msg("%s", err.text);
	reader_close(&r);
	assert_int_equal(writer_flush(&w, &err), 0);
	writer_close(&w);
	streams_release(&streams);
}

static void same_bytes(FILE *f, const struct buf *want)
{
	char *got = malloc(want->n + 1);

	rewind(f);
	assert_non_null(got);
	assert_int_equal(fread(got, 1, want->n + 1, f), want->n);
	assert_memory_equal(got, want->p, want->n);
	free(got);
}

static void one_round(bool piped)
{
	struct buf in = BUF_INIT, want = BUF_INIT;
	FILE *out = tmpfile(), *file = tmpfile();
	struct error err;
	int fds[2], status;
	size_t i, n = (size_t)rand() % 8000;
	pid_t child = -1;

	for (i = 0; i < n; i++)
		add_one(&in, &want);
	if (n && rand() % 2)	/* the last line's feed */
		in.n--;
	assert_int_equal(pipe(fds), 0);
	if (piped) {
		child = fork();
		if (!child)
			feed(fds[1], &in);
	} else {
		assert_int_equal(io_write(fileno(file), in.p, in.n, "file", &err), 0);
		rewind(file);
	}
	close(fds[1]);
	run_stage(piped ? fds[0] : fileno(file), fileno(out));
	close(fds[0]);
	if (piped) {
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_int_equal(status, 0);
	}
	same_bytes(out, &want);
	fclose(out);
	fclose(file);
	buf_release(&in);
	buf_release(&want);
}

static void whole_and_in_order(void **state)
{
	int i;

	(void)state;
	srand(1);
	for (i = 0; i < 20; i++)
		one_round(i % 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(whole_and_in_order) };

	return cmocka_run_group_tests_name("stage", tests, NULL, NULL);
}
