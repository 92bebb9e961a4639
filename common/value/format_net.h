/* format_net: names and addresses of the net. Used by format.c alone. */
#ifndef SYNC_VALUE_FORMAT_NET_H
#define SYNC_VALUE_FORMAT_NET_H

#include "base/span.h"

bool net_is_ipv4(struct span s);
bool net_is_ipv6(struct span s);
bool net_is_hostname(struct span s);
bool net_is_email(struct span s);
bool net_is_uri(struct span s);

#endif
