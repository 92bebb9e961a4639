/* dispatch: finds the connector of the first operand, and becomes it. */
#include "endpoint/dispatch.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/diag.h"
#include "base/sig.h"
#include "base/xalloc.h"
#include "endpoint/exec.h"
#include "endpoint/secret.h"
#include "endpoint/uri.h"

/* argv with the first operand resolved. Files that are read name their stream by an option, since all their operands are files. */
static char **resolved(const char *program, const struct endpoint *e, int argc, char **argv, int first, struct buf *option)
{
	char **out = xcalloc((size_t)argc + 3, sizeof *out);
	bool file = !strcmp(e->scheme, "file") && !strcmp(program, "sync-extract");
	int n = 0, i;

	out[n++] = argv[0];
	if (e->stream && file) {
		buf_addf(option, "--stream=%s", e->stream);
		out[n++] = buf_str(option);
	}
	for (i = 1; i < first; i++)
		out[n++] = argv[i];
	out[n++] = e->text;
	if (e->stream && !file)
		out[n++] = e->stream;
	for (i = first + 1; i < argc; i++)
		out[n++] = argv[i];
	return out;
}

/* Of all arguments: --state names an endpoint too. */
static int refuse_secrets(int argc, char **argv, struct error *err)
{
	const char *value;
	int i;

	for (i = 1; i < argc; i++) {
		value = !strncmp(argv[i], "--", 2) ? strchr(argv[i], '=') : NULL;
		if (secret_refuse(value ? value + 1 : argv[i], err))
			return -1;
	}
	return 0;
}

static void give(const char *name, const char *secret)
{
	if (secret)
		(void)setenv(name, secret, 1);
}

int dispatch(const struct opt_program *program, int argc, char **argv)
{
	struct error err = ERROR_INIT;
	struct endpoint e = ENDPOINT_INIT;
	struct buf option = BUF_INIT;	/* --stream=…, for as long as args */
	char **args = NULL;
	int first;

	sig_start();
	diag_start(program->name);
	first = opt_parse(program, argc, argv, &err);
	if (program->unknown)
		opt_list_release(program->unknown);	/* they are in argv, and go on with it */
	if (first == OPT_ASKED)
		return EXIT_DONE;
	if (first >= 0 && first == argc)
		error_set(&err, EXIT_USAGE, "an endpoint is missing; try '%s --help'", program->name);
	else if (first >= 0 && !refuse_secrets(argc, argv, &err) && !endpoint_parse(&e, argv[first], &err)) {
		args = resolved(program->name, &e, argc, argv, first, &option);
		give("SYNC_PASSWORD", e.password);
		give("SYNC_SECRETS", e.secrets);
		connector_exec(program->name, e.scheme, args, &err);
	}
	free(args);
	buf_release(&option);
	endpoint_release(&e);
	return diag_fail(&err);
}
