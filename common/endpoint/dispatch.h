/* dispatch: what sync-extract and sync-load do: find the connector of the first operand, and become it. */
#ifndef SYNC_ENDPOINT_DISPATCH_H
#define SYNC_ENDPOINT_DISPATCH_H

#include "base/opt.h"

/*
 * Parses argv by the program's options (those of the form --name=value that no table has are passed on: they may be
 * the connector's own), resolves the first operand, and executes PROGRAM-SCHEME with the same options, the endpoint
 * without its fragment, the fragment as a stream, and the other operands. Secrets that the endpoints
 * file holds are not among them: they are in the environment, as SYNC_PASSWORD and SYNC_SECRETS. Returns only an exit status.
 */
int dispatch(const struct opt_program *program, int argc, char **argv);

#endif
