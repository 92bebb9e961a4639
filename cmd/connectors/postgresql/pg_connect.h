/*
 * pg_connect: how pg comes to its connection.
 *
 * TLS: a server elsewhere is verified (sslmode=verify-full) by the authorities that the system trusts, unless the address, its
 * service or PGSSLMODE say another sslmode, and sslrootcert, PGSSLROOTCERT or ~/.postgresql/root.crt other authorities.
 */
#ifndef SYNC_POSTGRESQL_PG_CONNECT_H
#define SYNC_POSTGRESQL_PG_CONNECT_H

#include "pg.h"

/* pg->c, by pg->shown and the password of the user and that of his key (NULL for none), after a few tries if need be. */
int pg_connect(struct pg *pg, const char *password, const char *key, struct error *err);
/* Why pg->c couldn't be made with these parameters: always -1. 75 where it may pass. */
int pg_refused(struct pg *pg, const char *const *names, const char *const *values, struct error *err);

#endif
