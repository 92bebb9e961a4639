/* frame_private: parts of reading `_sync` that the reader uses by themselves. */
#ifndef SYNC_STREAM_FRAME_PRIVATE_H
#define SYNC_STREAM_FRAME_PRIVATE_H

#include "stream/frame.h"

enum { STREAM_ABSENT = UINT32_MAX };	/* meta.stream where `_sync` has no stream */

/* The `_sync` member of an object: 1, 0, or -1 where there are two. */
int meta_find(const struct record *rec, struct value *sync);
/* Reads the `_sync` object; stream is STREAM_ABSENT where it names none. */
int meta_parse(struct meta *meta, struct value sync, struct streams *streams, struct error *err);

#endif
