/*
 * names: `@name` operands, from the endpoints file ($SYNC_ENDPOINTS, else $XDG_CONFIG_HOME/syncline/endpoints, else
 * ~/.config/syncline/endpoints): lines "NAME URI", of which those that begin with '#' are comments. It may hold secrets, so it
 * must belong to the user or to root and be its owner's alone (mode 0600), or it is refused.
 */
#ifndef SYNC_ENDPOINT_NAMES_H
#define SYNC_ENDPOINT_NAMES_H

#include "base/error.h"

/* *uri is the caller's to free. -1: no such file, wrong owner or mode, or no such name. */
int endpoint_lookup(const char *name, char **uri, struct error *err);

#endif
