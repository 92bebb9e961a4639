/* sql: names as SQL has them. */
#include "value/sql.h"

void sql_add_identifier(struct buf *sql, struct span name)
{
	size_t i;

	buf_addc(sql, '"');
	for (i = 0; i < name.n; i++) {
		if (name.p[i] == '"')
			buf_addc(sql, '"');
		buf_addc(sql, name.p[i]);
	}
	buf_addc(sql, '"');
}
