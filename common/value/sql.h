/* sql: names as SQL has them (ISO/IEC 9075, delimited identifiers). */
#ifndef SYNC_VALUE_SQL_H
#define SYNC_VALUE_SQL_H

#include "base/buf.h"

/* Adds a name in double quotes, whatever it holds. */
void sql_add_identifier(struct buf *sql, struct span name);

#endif
