/* fuzz_frames: any bytes through a reader and a stage that touches nothing; what comes out is read again without complaint. */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/fileio.h"
#include "stream/reject.h"
#include "stream/stage.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Runs the stage over text; the output, its line feeds included, goes to out. */
static int run(struct span text, const struct reader_options *o, struct buf *out, struct error *err)
{
	static const struct stage stage = { .names_pass = true };
	struct streams streams;
	struct rejects rejects;
	struct reader r;
	struct writer w;
	char name[] = "/tmp/fuzz_frames.XXXXXX";
	int fd = mkstemp(name), failed;

	if (fd < 0)
		abort();
	unlink(name);
	streams_init(&streams);
	rejects_open(&rejects, "fuzz", "/dev/null", NULL, err);
	reader_open_memory(&r, text, "fuzz", &streams, o);
	writer_open(&w, fd, "out", &streams, false);
	w.rejects = &rejects;
	failed = stage_run(&stage, NULL, &r, &w, NULL, err);
	if (!failed && lseek(fd, 0, SEEK_SET) == 0) {
		buf_reserve(out, w.bytes + 1);
		out->n = (size_t)io_read_full(fd, out->p, w.bytes);
	}
	writer_close(&w);
	reader_close(&r);
	rejects_close(&rejects);
	streams_release(&streams);
	close(fd);
	return failed;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reader_options o = READER_OPTIONS_INIT, plain = READER_OPTIONS_INIT;
	struct buf first = BUF_INIT, second = BUF_INIT;
	struct error err = ERROR_INIT;

	if (size < 1)
		return 0;
	o.plain = data[0] & 1;
	o.uncounted = data[0] & 2;
	o.data = data[0] & 4;
	o.file = data[0] & 8;
	o.whole_lines = data[0] & 16;
	if (!run((struct span){ (const char *)data + 1, size - 1 }, &o, &first, &err) &&
	    run(buf_span(&first), &plain, &second, &err))
		abort();
	buf_release(&first);
	buf_release(&second);
	return 0;
}
