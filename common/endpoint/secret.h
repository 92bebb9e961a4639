/*
 * secret: what of an address may not stand among a program's arguments, which everyone on the machine can read: the password
 * of user:password@host, and parameters of the query whose names say that they are secret (password, token, …).
 */
#ifndef SYNC_ENDPOINT_SECRET_H
#define SYNC_ENDPOINT_SECRET_H

#include "base/error.h"

/* -1 where an argument is an address with a secret: a usage error with the way to do it. It doesn't repeat the secret. */
int secret_refuse(const char *arg, struct error *err);
/*
 * Takes the secrets out of an address: *password, of the authority or of the parameter `password`, as it was written,
 * and *others, the other parameters as `sslpassword=x&token=y`. Both are the caller's, NULL for none. -1: two passwords, or
 * one that an unescaped '/', '?' or '#' breaks in two.
 */
int secret_take(char *address, char **password, char **others, struct error *err);

/*
 * For connectors: the password that came in SYNC_PASSWORD, or one of the others in SYNC_SECRETS by its name, decoded; the
 * caller's, NULL for none. -1: its percent signs are wrong. The environment forgets them by secrets_forget. A connector asks for
 * the password whether there is one or not: from then on it leaves no core file, whatever its client reads elsewhere.
 */
int secret_password(char **out, struct error *err);
int secret_other(const char *name, char **out, struct error *err);
void secrets_forget(void);

#endif
