/*
 * drive_regex: does what regex.t says. Each line of input is [PATTERN, TEXT, …]; its line of output has a word for each text: 1, 0
 * or limit, or is "refused: why".
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/fileio.h"
#include "json/record.h"
#include "value/regex.h"

static void match_all(struct record *rec, struct buf *out)
{
	struct error err = ERROR_INIT;
	struct walk walk = { 0, 0, 0 };
	struct regex *re;
	struct value v;
	int rc;

	value_next(record_root(rec), &walk, NULL, &v);
	re = regex_compile(value_text(v, &rec->arena), &err);
	if (!re)
		buf_addf(out, "refused: %s", err.text);
	while (re && value_next(record_root(rec), &walk, NULL, &v)) {
		rc = regex_match(re, value_text(v, &rec->arena), &err);
		buf_adds(out, rc < 0 ? "limit " : rc ? "1 " : "0 ");
	}
	buf_addc(out, '\n');
	regex_free(re);
}

int main(void)
{
	static const struct scan_limits limits = SCAN_LIMITS_INIT;
	struct buf in = BUF_INIT, out = BUF_INIT;
	struct error err = ERROR_INIT;
	struct record rec;
	char *p, *eol;

	record_init(&rec);
	if (io_slurp("-", (size_t)1 << 30, &in, &err))
		return 3;
	for (p = buf_str(&in); (eol = strchr(p, '\n')); p = eol + 1) {
		if (record_copy(&rec, p, (size_t)(eol - p), &limits, &err))
			return 3;
		match_all(&rec, &out);
	}
	fwrite(out.p, 1, out.n, stdout);
	record_release(&rec);
	buf_release(&in);
	buf_release(&out);
	return fflush(stdout) ? 3 : 0;
}
