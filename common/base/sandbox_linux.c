/* sandbox_linux: no new privileges, Landlock without paths, and a seccomp filter in plain BPF. */
#ifdef __linux__
#define _GNU_SOURCE
#include "base/sandbox_linux.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#elif defined(__riscv) && __riscv_xlen == 64
#define ARCH AUDIT_ARCH_RISCV64
#endif

/* ---- seccomp */

#ifdef ARCH

enum { NEWEST = 462 };	/* mseal: a call that is newer than what was judged here doesn't exist inside */

/* Refused with EPERM. What an architecture lacks is left out. */
static const uint16_t refused[] = {
	SYS_openat, SYS_openat2, SYS_open_by_handle_at, SYS_name_to_handle_at, SYS_truncate, SYS_memfd_create,
	SYS_unlinkat, SYS_renameat2, SYS_mkdirat, SYS_linkat, SYS_symlinkat, SYS_mknodat,
	SYS_fchmodat, SYS_fchownat, SYS_fchmod, SYS_fchown, SYS_utimensat, SYS_setxattr, SYS_lsetxattr, SYS_removexattr, SYS_lremovexattr,
	SYS_chdir, SYS_fchdir, SYS_chroot, SYS_pivot_root, SYS_mount, SYS_umount2, SYS_move_mount, SYS_open_tree, SYS_fsopen,
	SYS_execve, SYS_execveat, SYS_clone, SYS_clone3, SYS_unshare, SYS_setns,
	SYS_socket, SYS_socketpair, SYS_connect, SYS_bind, SYS_listen, SYS_accept, SYS_accept4,
	SYS_ptrace, SYS_process_vm_readv, SYS_process_vm_writev, SYS_process_madvise, SYS_pidfd_open, SYS_pidfd_getfd, SYS_kcmp,
	SYS_io_uring_setup, SYS_io_uring_enter, SYS_io_uring_register, SYS_bpf, SYS_perf_event_open, SYS_userfaultfd,
	SYS_add_key, SYS_request_key, SYS_keyctl, SYS_init_module, SYS_finit_module, SYS_kexec_load, SYS_acct, SYS_quotactl,
	SYS_swapon, SYS_reboot, SYS_setuid, SYS_setgid, SYS_setresuid, SYS_setresgid, SYS_capset, SYS_personality,
	SYS_inotify_init1, SYS_fanotify_init, SYS_mq_open, SYS_shmget, SYS_semget, SYS_msgget,
#ifdef SYS_open
	SYS_open, SYS_creat, SYS_unlink, SYS_rmdir, SYS_rename, SYS_renameat, SYS_mkdir, SYS_link, SYS_symlink, SYS_mknod,
	SYS_chmod, SYS_chown, SYS_lchown, SYS_fork, SYS_vfork, SYS_utime, SYS_utimes, SYS_futimesat, SYS_inotify_init,
#endif
#if !defined(SYS_open) && defined(SYS_renameat)
	SYS_renameat,
#endif
};

enum { COUNT = sizeof refused / sizeof *refused, HEAD = 6, TAIL = 2 };
_Static_assert(2 * COUNT + TAIL <= 255, "every jump reaches");

/*
 * Where calls begin to be refused and where they cease to, by turns, in order: bound[0] is the first one refused, bound[1] the
 * first one allowed after it. They are searched by halves, since the kernel tries each call's number when it takes the filter.
 */
struct search {
	uint16_t bound[2 * COUNT];
	size_t n;
	struct sock_filter *f;	/* the first of n jumps; behind them stand allow and refuse */
};

static int by_number(const void *a, const void *b)
{
	return *(const uint16_t *)a - *(const uint16_t *)b;
}

static void find_bounds(struct search *s)
{
	uint16_t call[COUNT];
	size_t i;

	memcpy(call, refused, sizeof call);
	qsort(call, COUNT, sizeof *call, by_number);
	for (i = 0; i < COUNT; i++) {
		if (s->n && s->bound[s->n - 1] >= call[i])
			s->n--;
		else
			s->bound[s->n++] = call[i];
		s->bound[s->n++] = (uint16_t)(call[i] + 1);
	}
}

/* How far it is from a jump to what holds below bound `to`, of which those from `from` on are left to compare and begin at `at`. */
static uint8_t distance(const struct search *s, size_t jump, size_t from, size_t to, size_t at)
{
	return (uint8_t)((from < to ? at : s->n + to % 2) - jump - 1);
}

/* Compares with the bounds from `from` to `to` (without), by jumps that begin at `at`. */
static void add_jumps(const struct search *s, size_t from, size_t to, size_t at)
{
	size_t middle = from + (to - from) / 2, right = at + 1 + (middle - from);

	if (from == to)
		return;
	s->f[at] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, s->bound[middle], distance(s, at, middle + 1, to, right),
						distance(s, at, from, middle, at + 1));
	add_jumps(s, from, middle, at + 1);
	add_jumps(s, middle + 1, to, right);
}

static struct sock_filter ret(uint32_t what)
{
	return (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, what);
}

static size_t build(struct sock_filter *f)
{
	struct search s = { .n = 0, .f = f + HEAD };

	f[0] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch));
	f[1] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCH, 1, 0);
	f[2] = ret(SECCOMP_RET_KILL_PROCESS);	/* another architecture's numbers mean other calls */
	f[3] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
	f[4] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, NEWEST, 0, 1);	/* x32 numbers too */
	f[5] = ret(SECCOMP_RET_ERRNO | ENOSYS);
	find_bounds(&s);
	add_jumps(&s, 0, s.n, 0);
	s.f[s.n] = ret(SECCOMP_RET_ALLOW);
	s.f[s.n + 1] = ret(SECCOMP_RET_ERRNO | EPERM);
	return HEAD + s.n + TAIL;
}

static int filter(struct error *err)
{
	struct sock_filter f[HEAD + 2 * COUNT + TAIL];
	struct sock_fprog program = { (unsigned short)build(f), f };

	if (!prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) || errno == EINVAL || errno == ENOSYS)
		return 0;	/* a kernel without seccomp says EINVAL */
	return error_errno(err, EXIT_FAILED, "cannot drop rights (seccomp)");
}

#else

static int filter(struct error *err)
{
	(void)err;
	return 0;
}

#endif

/* ---- Landlock: a ruleset that handles everything and allows nothing */

#if defined(__has_include)
#if __has_include(<linux/landlock.h>) && defined(SYS_landlock_create_ruleset)
#define LANDLOCK 1
#endif
#endif

#ifdef LANDLOCK

static int landlock_version(void)
{
	return (int)syscall(SYS_landlock_create_ruleset, NULL, 0, 1u << 0);
}

static int landlock(struct error *err)
{
	/* rights of the file system by version: 13 bits, then REFER, TRUNCATE, (network), IOCTL_DEV */
	static const uint64_t rights[] = { 0, 0x1fff, 0x3fff, 0x7fff, 0x7fff, 0xffff };
	struct { uint64_t fs, net; } attr = { 0, 0 };
	int version = landlock_version(), fd, failed;

	if (version < 1)
		return 0;
	attr.fs = rights[version < 5 ? version : 5];
	attr.net = version >= 4 ? 3 : 0;	/* TCP bind and connect */
	fd = (int)syscall(SYS_landlock_create_ruleset, &attr, version >= 4 ? sizeof attr : sizeof attr.fs, 0);
	if (fd < 0)
		return error_errno(err, EXIT_FAILED, "cannot drop rights (landlock)");
	failed = (int)syscall(SYS_landlock_restrict_self, fd, 0);
	if (failed)
		error_errno(err, EXIT_FAILED, "cannot drop rights (landlock)");
	close(fd);
	return failed ? -1 : 0;
}

#else

static int landlock_version(void)
{
	return 0;
}

static int landlock(struct error *err)
{
	(void)err;
	return 0;
}

#endif

int sandbox_linux(struct error *err)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return errno == EINVAL ? 0 : error_errno(err, EXIT_FAILED, "cannot drop rights (no new privileges)");
	if (landlock(err))
		return -1;
	return filter(err);
}

const char *sandbox_linux_describe(void)
{
	static char text[80];
	int version = landlock_version(), n;

	n = snprintf(text, sizeof text, "no-new-privileges");
	if (version > 0)
		n += snprintf(text + n, sizeof text - (size_t)n, ", landlock %d", version);
#ifdef ARCH
	if (prctl(PR_GET_SECCOMP, 0, 0, 0, 0) >= 0)
		snprintf(text + n, sizeof text - (size_t)n, ", seccomp");
#endif
	return text;
}

#else
typedef int sandbox_linux_is_for_linux;
#endif
