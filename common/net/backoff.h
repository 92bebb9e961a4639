/*
 * backoff: the time between one try and the next. It doubles, and a share of it is chosen by chance, so that many that
 * failed together don't come back together.
 *
 *   struct backoff b = { .first_ms = 20, .most = 6 };
 *   while ((failed = attempt(err)) && may_pass(err) && backoff_wait(&b))
 *           error_reset(err);
 */
#ifndef SYNC_NET_BACKOFF_H
#define SYNC_NET_BACKOFF_H

#include <stdbool.h>

struct backoff {
	unsigned first_ms;	/* about so long before the second try; at most 10 seconds */
	unsigned most;		/* so many waits */
	unsigned waits;		/* so far */
};

/* For connections: three more tries within a second or so. What takes longer is for whoever runs the job (status 75). */
#define BACKOFF_CONNECT { .first_ms = 100, .most = 3 }

/* The next wait in milliseconds, between a half and one and a half of first_ms doubled each time; counts it. */
unsigned backoff_next(struct backoff *b);
/* Waits so long. false: there were enough, and it didn't wait. */
bool backoff_wait(struct backoff *b);

#endif
