/* test_sandbox: each call that the sandbox refuses is tried from inside. */
#ifdef __linux__
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/syscall.h>
#endif

#include <cmocka.h>

#include "base/sandbox.h"

static char folder[] = "/tmp/test_sandbox.XXXXXX";
static char file[64], other[64];

static int do_open(void) { return open(file, O_RDONLY); }
static int do_open_write(void) { return open(file, O_WRONLY | O_TRUNC); }
static int do_create(void) { return open(other, O_CREAT | O_WRONLY, 0600); }
static int do_unlink(void) { return unlink(file); }
static int do_rename(void) { return rename(file, other); }
static int do_mkdir(void) { return mkdir(other, 0700); }
static int do_rmdir(void) { return rmdir(folder); }
static int do_link(void) { return link(file, other); }
static int do_symlink(void) { return symlink(file, other); }
static int do_mkfifo(void) { return mkfifo(other, 0600); }
static int do_truncate(void) { return truncate(file, 0); }
static int do_chmod(void) { return chmod(file, 0777); }
static int do_chdir(void) { return chdir("/"); }
static int do_exec(void) { return execl("/bin/true", "true", (char *)NULL); }
static int do_socket(void) { return socket(AF_INET, SOCK_STREAM, 0); }
static int do_socket_local(void) { return socket(AF_UNIX, SOCK_STREAM, 0); }
static int do_socketpair(void) { int s[2]; return socketpair(AF_UNIX, SOCK_STREAM, 0, s); }

static int do_fork(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	return pid < 0 ? -1 : 0;
}

#ifdef __linux__
static int do_vfork(void) { return (int)syscall(SYS_clone, 17, NULL, NULL, NULL, 0) < 0 ? -1 : 0; }
static int do_ptrace(void) { return (int)syscall(SYS_ptrace, 0, 0, 0, 0); }
static int do_io_uring(void) { char p[256] = { 0 }; return (int)syscall(SYS_io_uring_setup, 1, p); }
static int do_bpf(void) { char p[128] = { 0 }; return (int)syscall(SYS_bpf, 0, p, sizeof p); }
static int do_openat2(void) { uint64_t how[3] = { 0, 0, 0 }; return (int)syscall(SYS_openat2, AT_FDCWD, file, how, sizeof how); }
static int do_memfd(void) { return (int)syscall(SYS_memfd_create, "x", 0); }
static int do_perf(void) { return (int)syscall(SYS_perf_event_open, NULL, 0, 0, 0, 0); }
static int do_unshare(void) { return (int)syscall(SYS_unshare, 0); }
#ifdef SYS_creat
static int do_creat(void) { return (int)syscall(SYS_creat, other, 0600); }
static int do_old_fork(void) { return (int)syscall(SYS_fork) < 0 ? -1 : 0; }
#endif
#endif

static const struct { const char *name; int (*call)(void); } calls[] = {
	{ "open", do_open }, { "open for writing", do_open_write }, { "create", do_create }, { "unlink", do_unlink },
	{ "rename", do_rename }, { "mkdir", do_mkdir }, { "rmdir", do_rmdir }, { "link", do_link }, { "symlink", do_symlink },
	{ "mkfifo", do_mkfifo }, { "truncate", do_truncate }, { "chmod", do_chmod }, { "chdir", do_chdir }, { "exec", do_exec },
	{ "socket", do_socket }, { "local socket", do_socket_local }, { "socketpair", do_socketpair }, { "fork", do_fork },
#ifdef __linux__
	{ "clone", do_vfork }, { "ptrace", do_ptrace }, { "io_uring", do_io_uring }, { "bpf", do_bpf }, { "openat2", do_openat2 },
	{ "memfd_create", do_memfd }, { "perf_event_open", do_perf }, { "unshare", do_unshare },
#ifdef SYS_creat
	{ "creat", do_creat }, { "old fork", do_old_fork },
#endif
#endif
};
enum { CALLS = sizeof calls / sizeof *calls };

/* Runs fn in a child and gives its exit status. */
static int in_child(int (*fn)(void *), void *arg)
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(fn(arg));
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int refused_inside(void *arg)
{
	struct error err = ERROR_INIT;
	size_t i = *(size_t *)arg;

	if (sandbox_enter(&err))
		return 10;
	errno = 0;
	if (calls[i].call() >= 0)
		return 11;
	return errno == EPERM || errno == EACCES ? 0 : 12;
}

static int works_inside(void *arg)
{
	struct error err = ERROR_INIT;
	struct rlimit core;
	int fd = open(file, O_RDWR);
	char c;
	void *m;

	(void)arg;
	if (fd < 0 || sandbox_enter(&err))
		return 10;
	m = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (m == MAP_FAILED || pwrite(fd, "x", 1, 0) != 1 || pread(fd, &c, 1, 0) != 1 || ftruncate(fd, 1) || fsync(fd))
		return 11;
	if (getrlimit(RLIMIT_CORE, &core) || core.rlim_cur != 0 || core.rlim_max != 0)
		return 12;
	return 0;
}

static bool enforced(void)
{
	return strstr(sandbox_describe(), "seccomp") || strstr(sandbox_describe(), "pledge") || strstr(sandbox_describe(), "capsicum");
}

static void calls_are_refused(void **state)
{
	size_t i;
	int got;

	(void)state;
	for (i = 0; i < CALLS; i++) {
		got = in_child(refused_inside, &i);
		if (got)
			fail_msg("%s: %s", calls[i].name, got == 11 ? "is allowed" : got == 12 ? "fails for another reason" : "no sandbox");
	}
	assert_int_equal(access(file, F_OK), 0);
	assert_int_equal(access(other, F_OK), -1);
}

static void open_files_go_on(void **state)
{
	(void)state;
	assert_int_equal(in_child(works_inside, NULL), 0);
}

static int make_folder(void **state)
{
	int fd;

	(void)state;
	if (!mkdtemp(folder))
		return -1;
	snprintf(file, sizeof file, "%s/file", folder);
	snprintf(other, sizeof other, "%s/other", folder);
	fd = open(file, O_CREAT | O_WRONLY, 0600);
	return fd < 0 ? -1 : close(fd);
}

static int remove_folder(void **state)
{
	(void)state;
	unlink(file);
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(calls_are_refused),
		cmocka_unit_test(open_files_go_on),
	};

	if (enforced())
		return cmocka_run_group_tests_name("sandbox", tests, make_folder, remove_folder);
	printf("1..1\nok 1 # SKIP the sandbox is %s\n", sandbox_describe());
	return 0;
}
