/* names: `@name` operands, from the endpoints file. */
#include "endpoint/names.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fileio.h"
#include "base/sandbox.h"
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

/* It may hold secrets, so nobody else may read it; and who may write it sends data where he likes. */
static int check_owner(int fd, const char *path, struct error *err)
{
	struct stat st;

	if (fstat(fd, &st))
		return error_errno(err, EXIT_USAGE, "cannot look at the endpoints file '%s'", path);
	if (!S_ISREG(st.st_mode))
		return error_set(err, EXIT_USAGE, "the endpoints file '%s' is no file", path);
	if (st.st_uid != geteuid() && st.st_uid != 0)
		return error_set(err, EXIT_USAGE, "the endpoints file '%s' belongs to another user", path);
	if (st.st_mode & 077)
		return error_set(err, EXIT_USAGE, "others may read the endpoints file '%s': chmod 600 it", path);
	return 0;
}

/* What is checked is what is read: the file that was opened, whatever becomes of its name. */
static int read_file(const char *path, struct buf *out, struct error *err)
{
	int fd, failed;

	sandbox_no_cores();	/* the limit stays for the connector, too */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return error_errno(err, EXIT_USAGE, "cannot open the endpoints file '%s'", path);
	failed = check_owner(fd, path, err) || io_slurp_fd(fd, path, MOST, out, err) ? -1 : 0;
	close(fd);
	return failed;
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
	size_t n;

	for (line = strtok_r(text, "\r\n", &save); line; line = strtok_r(NULL, "\r\n", &save)) {
		rest = line[0] == '#' ? NULL : match(line, name);
		if (!rest || !*rest)
			continue;
		for (n = strlen(rest); n && strchr(" \t", rest[n - 1]); n--)
			;
		return xstrndup(rest, n);
	}
	return NULL;
}

int endpoint_lookup(const char *name, char **uri, struct error *err)
{
	char *path = file_name();
	struct buf b = BUF_INIT;
	int failed = read_file(path, &b, err);

	*uri = failed ? NULL : find(buf_str(&b), name);
	if (!failed && !*uri)
		failed = error_set(err, EXIT_USAGE, "no endpoint '%s' in '%s'", error_show(span_of(name)), path);
	if (failed)
		err->status = EXIT_USAGE;
	buf_release(&b);
	free(path);
	return failed ? -1 : 0;
}
