/* sig: signals, temporary files removed when one ends the program, and closed standard descriptors. */
#include "base/sig.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#elif defined __FreeBSD__
#include <sys/procctl.h>
#endif

enum { SLOTS = 64, PATH_ROOM = 4096 };

/* A slot is used by the handler only while `used` is set: paths are written before, and unlinked never twice. */
static struct {
	volatile sig_atomic_t used;
	char path[PATH_ROOM];
} slots[SLOTS];
static volatile sig_atomic_t deferring, caught;

static void again(int sig)
{
	struct sigaction act;
	sigset_t set;

	memset(&act, 0, sizeof act);
	act.sa_handler = SIG_DFL;
	sigaction(sig, &act, NULL);
	sigemptyset(&set);
	sigaddset(&set, sig);
	raise(sig);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

static void ending(int sig)
{
	int saved = errno, i;

	if (deferring && !caught) {
		caught = sig;
		errno = saved;
		return;
	}
	for (i = 0; i < SLOTS; i++)
		if (slots[i].used)
			unlink(slots[i].path);
	again(sig);
	errno = saved;
}

static void hold_descriptor(int fd)
{
	int got;

	if (fcntl(fd, F_GETFD) >= 0 || errno != EBADF)
		return;
	got = open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
	if (got >= 0 && got != fd) {
		dup2(got, fd);
		close(got);
	}
	if (fcntl(fd, F_GETFD) < 0)
		_exit(3);
}

void sig_start(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction act, old;
	size_t i;

	for (i = 0; i < 3; i++)
		hold_descriptor((int)i);
	memset(&act, 0, sizeof act);
	act.sa_handler = SIG_DFL;
	sigaction(SIGPIPE, &act, NULL);
	act.sa_handler = ending;
	for (i = 0; i < sizeof signals / sizeof *signals; i++)
		if (!sigaction(signals[i], NULL, &old) && old.sa_handler != SIG_IGN)
			sigaction(signals[i], &act, NULL);	/* nohup stays nohup */
}

void sig_child(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGPIPE };
	struct sigaction act;
	size_t i;

	memset(&act, 0, sizeof act);
	act.sa_handler = SIG_DFL;
	for (i = 0; i < sizeof signals / sizeof *signals; i++)
		sigaction(signals[i], &act, NULL);
	for (i = 0; i < SLOTS; i++)
		slots[i].used = 0;
#ifdef __linux__
	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
#elif defined __FreeBSD__
	(void)procctl(P_PID, 0, PROC_PDEATHSIG_CTL, &(int){ SIGTERM });
#endif
}

int sig_temporary(const char *path)
{
	size_t n = strlen(path);
	int i;

	if (n >= PATH_ROOM)
		return -1;
	for (i = 0; i < SLOTS; i++) {
		if (slots[i].used)
			continue;
		memcpy(slots[i].path, path, n + 1);
		slots[i].used = 1;
		return 0;
	}
	return -1;
}

void sig_forget(const char *path)
{
	int i;

	for (i = 0; i < SLOTS; i++)
		if (slots[i].used && !strcmp(slots[i].path, path))
			slots[i].used = 0;
}

void sig_defer(void)
{
	deferring = 1;
}

bool sig_stopping(void)
{
	return caught != 0;
}

void sig_finish(void)
{
	if (caught)
		again(caught);
}
