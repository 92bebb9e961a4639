/* diff_parts: more keys than memory holds: rows go by their key's hash into partitions in the spill file, settled one by one. */
#include <stdlib.h>

#include "base/xalloc.h"
#include "merge/diff_private.h"

enum { FAN = 64, FAN_BITS = 6, PER_ROW = 80, SPARE = 192 << 10 };

struct part {
	uint64_t *block;	/* owned: where blocks of rows are in the spill file, all full */
	size_t blocks, cap;
	struct parted *row;	/* owned: the block being filled */
	size_t n;
	uint64_t rows;
};

struct parts {
	struct part part[FAN];
	unsigned shift;		/* a hash's bits from here on choose the partition */
	size_t block;		/* rows a block */
};

static size_t block_bytes(const struct parts *p) { return p->block * sizeof(struct parted); }

static struct parts *new_parts(struct diff *d, unsigned shift)
{
	struct parts *p = xcalloc(1, sizeof *p);
	size_t bytes = d->memory.limit / (FAN * 16);

	p->shift = shift;
	p->block = (bytes < 64 << 10 ? bytes : 64 << 10) / sizeof(struct parted);
	if (p->block < 16)
		p->block = 16;
	memory_force(&d->memory, block_bytes(p) * FAN);
	return p;
}

static void free_parts(struct diff *d, struct parts *p)
{
	int i;

	if (!p)
		return;
	for (i = 0; i < FAN; i++) {
		free(p->part[i].block);
		free(p->part[i].row);
	}
	memory_give(&d->memory, block_bytes(p) * FAN);
	free(p);
}

static int write_block(struct diff *d, struct parts *p, struct part *to, struct error *err)
{
	XGROW(to->block, to->blocks, to->cap);
	if (spill_write(&d->spill, to->row, block_bytes(p), &to->block[to->blocks], err))
		return -1;
	to->blocks++;
	to->n = 0;
	return 0;
}

static int add_row(struct diff *d, struct parts *p, const struct parted *row, struct error *err)
{
	struct part *to = &p->part[row->key.hi >> p->shift & (FAN - 1)];

	if (!to->row)
		to->row = xcalloc(p->block, sizeof *to->row);
	if (to->n == p->block && write_block(d, p, to, err))
		return -1;
	to->row[to->n++] = *row;
	to->rows++;
	return 0;
}

/* All rows of a partition, in the order they came. */
static int each_row(struct diff *d, struct parts *p, struct part *part, int (*fn)(struct diff *d, struct parts *to, const struct parted *row,
		    struct error *err), struct parts *to, struct error *err)
{
	struct parted *row = xmalloc(block_bytes(p));
	size_t i, j;
	int failed = 0;

	for (i = 0; !failed && i < part->blocks; i++) {
		failed = spill_read(&d->spill, part->block[i], row, block_bytes(p), err);
		for (j = 0; !failed && j < p->block; j++)
			failed = fn(d, to, &row[j], err);
	}
	for (j = 0; !failed && j < part->n; j++)
		failed = fn(d, to, &part->row[j], err);
	free(row);
	return failed;
}

static int place(struct diff *d, struct parts *to, const struct parted *row, struct error *err)
{
	(void)to;
	return diff_place_again(d, row, err);
}

static int finish(struct diff *d, struct parts *p, struct error *err);

/* A partition that is still too much for the table is divided by the next bits of the hash, as long as there are some. */
static int finish_part(struct diff *d, struct parts *p, struct part *part, struct error *err)
{
	size_t left = d->memory.used < d->memory.limit ? d->memory.limit - d->memory.used : 0;
	struct parts *finer;
	int failed;

	if (p->shift < FAN_BITS || part->rows * PER_ROW + SPARE <= left) {
		failed = each_row(d, p, part, place, NULL, err) || diff_finish_table(d, err);
		table_release(&d->table);
		return failed ? -1 : 0;
	}
	finer = new_parts(d, p->shift - FAN_BITS);
	failed = each_row(d, p, part, add_row, finer, err) || finish(d, finer, err);
	free_parts(d, finer);
	return failed ? -1 : 0;
}

static int finish(struct diff *d, struct parts *p, struct error *err)
{
	int i;

	for (i = 0; i < FAN; i++) {
		if (p->part[i].rows && finish_part(d, p, &p->part[i], err))
			return -1;
		free(p->part[i].row);
		free(p->part[i].block);
		p->part[i] = (struct part){ NULL, 0, 0, NULL, 0, 0 };
	}
	return 0;
}

/* ---- what diff.c calls */

int diff_start_parts(struct diff *d, struct error *err)
{
	struct parted row;
	uint32_t i;

	d->parts = new_parts(d, 64 - FAN_BITS);
	if (diff_part_passed(d, err))
		return -1;
	for (i = 0; i < d->table.n; i++) {
		row.key = table_hash(&d->table, i);
		memcpy(&row.row, table_entry(&d->table, i), sizeof row.row);
		if (add_row(d, d->parts, &row, err))
			return -1;
	}
	table_release(&d->table);
	return 0;
}

int diff_part_row(struct diff *d, const struct parted *row, struct error *err)
{
	return add_row(d, d->parts, row, err);
}

int diff_finish_parts(struct diff *d, struct error *err)
{
	return finish(d, d->parts, err);
}

void diff_free_parts(struct diff *d)
{
	free_parts(d, d->parts);
	d->parts = NULL;
}
