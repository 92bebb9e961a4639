/* state_hold: a job of a state file that nobody else moves while records are committed. */
#define _GNU_SOURCE	/* F_OFD_SETLK */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "endpoint/state.h"

/* Its byte of the lock file: jobs don't wait for each other. The first byte is nobody's. */
static off_t byte_of(const char *job)
{
	uint32_t hash = 2166136261u;

	for (; *job; job++)
		hash = (hash ^ (unsigned char)*job) * 16777619u;
	return 1 + (off_t)(hash >> 2);
}

/* 1: locked; 0: somebody else has; -1: the file system has no such locks. */
static int lock_byte(int fd, off_t at)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = at, .l_len = 1 };

#ifdef F_OFD_SETLK
	if (!fcntl(fd, F_OFD_SETLK, &lock))
		return 1;
#else
	errno = EINVAL;
#endif
	return errno == EAGAIN || errno == EACCES ? 0 : -1;
}

static int check_generation(const struct state *s, const struct state_place *p, struct error *err)
{
	struct state now;
	int failed;

	state_init(&now);
	now.reset = s->damaged;
	failed = state_read_file(&now, p, err);
	if (!failed && now.generation != s->generation)
		failed = error_set(err, EXIT_AGAIN, "another run has moved the state in '%s' from generation %llu to %llu", p->where,
				   (unsigned long long)s->generation, (unsigned long long)now.generation);
	state_release(&now);
	return failed;
}

int state_hold_file(struct state *s, const struct state_place *p, struct error *err)
{
	struct buf name = BUF_INIT;
	int fd, failed = 0;

	state_let_go(s);
	buf_addf(&name, "%s.lock", p->where);
	fd = open(buf_str(&name), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	if (fd < 0)
		failed = error_errno(err, EXIT_FAILED, "cannot open '%s'", name.p);
	else if (!lock_byte(fd, byte_of(p->job)))
		failed = error_set(err, EXIT_AGAIN, "another run is about to move the state in '%s'", p->where);
	buf_release(&name);
	s->hold = fd + 1;
	if (!failed)
		failed = check_generation(s, p, err);
	if (failed)
		state_let_go(s);
	return failed;
}

void state_let_go(struct state *s)
{
	if (s->hold)
		close(s->hold - 1);
	s->hold = 0;
}
