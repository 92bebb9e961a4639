/* names: `@name` operands, from the endpoints file. */
#include "endpoint/names.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fileio.h"
#include "base/xalloc.h"

enum { MOST = 1 << 20 };

static char *file_name(void)
{
	const char *set = getenv("SYNC_ENDPOINTS"), *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	struct buf b = BUF_INIT;

	if (set && *set)
		return xstrdup(set);
	if (config && config[0] == '/')
		buf_addf(&b, "%s/syncline/endpoints", config);
	else
		buf_addf(&b, "%s/.config/syncline/endpoints", home ? home : "");
	return buf_take(&b);
}

static int check_mode(const char *path, struct error *err)
{
	struct stat st;

	if (stat(path, &st))
		return error_errno(err, EXIT_USAGE, "cannot open the endpoints file '%s'", path);
	if (st.st_mode & 077)
		return error_set(err, EXIT_USAGE, "others may read the endpoints file '%s': chmod 600 it", path);
	return 0;
}

/* The rest of a line behind its first word, when that is name. */
static char *match(char *line, const char *name)
{
	size_t n;

	line += strspn(line, " \t");
	n = strcspn(line, " \t");
	if (n != strlen(name) || strncmp(line, name, n))
		return NULL;
	line += n;
	return line + strspn(line, " \t");
}

static char *find(char *text, const char *name)
{
	char *line, *rest, *save = NULL;

	for (line = strtok_r(text, "\r\n", &save); line; line = strtok_r(NULL, "\r\n", &save)) {
		rest = line[0] == '#' ? NULL : match(line, name);
		if (!rest || !*rest)
			continue;
		rest[strcspn(rest, " \t")] = '\0';
		return xstrdup(rest);
	}
	return NULL;
}

int endpoint_lookup(const char *name, char **uri, struct error *err)
{
	char *path = file_name();
	struct buf b = BUF_INIT;
	int failed = check_mode(path, err) || io_slurp(path, MOST, &b, err);

	*uri = failed ? NULL : find(buf_str(&b), name);
	if (!failed && !*uri)
		failed = error_set(err, EXIT_USAGE, "no endpoint '%s' in '%s'", error_show(span_of(name)), path);
	if (failed)
		err->status = EXIT_USAGE;
	buf_release(&b);
	free(path);
	return failed ? -1 : 0;
}
