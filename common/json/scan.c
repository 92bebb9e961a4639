/* scan: chooses the scanner for this machine, and says what is wrong with a line. */
#include "json/scan.h"

#include <stdlib.h>
#include <string.h>

#include "json/scan_private.h"

static const struct { const char *name; scan_fn *scan; } variants[] = {
#ifdef SCAN_X86
	{ "avx2", scan_avx2 }, { "sse2", scan_sse2 },
#endif
	{ "portable", scan_portable },
};
enum { VARIANTS = sizeof variants / sizeof *variants };

static size_t chosen = VARIANTS;
static bool use_shapes = true;

/* The C library knows what the processor has since it started; asking the processor itself is slow on a virtual machine. */
#if defined(SCAN_X86) && defined(__GLIBC__) && defined(__has_include)
#if __has_include(<sys/platform/x86.h>)
#include <sys/platform/x86.h>
#endif
#endif
#ifdef CPU_FEATURE_ACTIVE
#define HAS_AVX2 (CPU_FEATURE_ACTIVE(AVX2) && CPU_FEATURE_ACTIVE(BMI1) && CPU_FEATURE_ACTIVE(BMI2))
#elif defined(SCAN_X86)
#define HAS_AVX2 (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2"))
#endif

static bool has(const char *variant)
{
#ifdef SCAN_X86
	if (!strcmp(variant, "avx2"))
		return HAS_AVX2;
#endif
	(void)variant;
	return true;
}

int scan_choose(const char *variant)
{
	size_t i;

	for (i = 0; i < VARIANTS; i++) {
		if (strcmp(variants[i].name, variant) || !has(variant))
			continue;
		chosen = i;
		return 0;
	}
	return -1;
}

static void choose_best(void)
{
	const char *wish = getenv("SYNC_SCAN");

	if (wish && !scan_choose(wish))
		return;
	for (chosen = 0; !has(variants[chosen].name);)
		chosen++;
}

const char *scan_variant(void)
{
	if (chosen == VARIANTS)
		choose_best();
	return variants[chosen].name;
}

void scan_use_shapes(bool on)
{
	use_shapes = on;
}

int scan_fail(struct scan_fault *fault, enum fault what, size_t at)
{
	fault->what = what;
	fault->at = at;
	return -1;
}

int scan_grow(struct tape *tape, const struct scan_limits *limits, struct scan_fault *fault, size_t at)
{
	size_t cap = tape->cap ? (size_t)tape->cap * 2 : 64;
	struct token *tok;

	/* what edits add to the tape stands beyond the line's own limit */
	if (tape->n >= limits->tokens)
		return scan_fail(fault, FAULT_TOKENS, at);
	tok = cap < UINT32_MAX ? realloc(tape->tok, cap * sizeof *tok) : NULL;
	if (!tok)
		return scan_fail(fault, FAULT_MEMORY, at);
	tape->tok = tok;
	tape->cap = (uint32_t)cap;
	return 0;
}

void tape_release(struct tape *tape)
{
	uint32_t i;

	for (i = 0; tape->work && i < TAPE_SHAPES; i++)
		free(tape->work->like[i]);
	free(tape->tok);
	free(tape->work);
	*tape = (struct tape)TAPE_INIT;
}

static int hex4(const char *p, const char *end)
{
	int v = 0, i, c;

	for (i = 0; i < 4; i++) {
		if (p + i >= end)
			return -1;
		c = (unsigned char)p[i];
		if (c >= '0' && c <= '9')
			c -= '0';
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			c = (c | 0x20) - 'a' + 10;
		else
			return -1;
		v = v << 4 | c;
	}
	return v;
}

const char *scan_escape(const char *p, const char *end, struct scan_fault *fault, const char *base)
{
	int unit;

	if (p + 1 >= end) {
		scan_fail(fault, FAULT_END, (size_t)(end - base));
		return NULL;
	}
	if (p[1] != 'u') {
		if (p[1] && strchr("\"\\/bfnrt", p[1]))
			return p + 2;
		scan_fail(fault, FAULT_ESCAPE, (size_t)(p - base));
		return NULL;
	}
	unit = hex4(p + 2, end);
	if (unit < 0) {
		scan_fail(fault, FAULT_ESCAPE, (size_t)(p - base));
		return NULL;
	}
	if (unit < 0xd800 || unit > 0xdfff)
		return p + 6;
	if (unit < 0xdc00 && end - p >= 12 && p[6] == '\\' && p[7] == 'u') {
		unit = hex4(p + 8, end);
		if (unit >= 0xdc00 && unit <= 0xdfff)
			return p + 12;
	}
	scan_fail(fault, FAULT_SURROGATE, (size_t)(p - base));
	return NULL;
}

bool scan_ascii(const char *p, const char *end)
{
	while (p < end && !(*p & 0x80))
		p++;
	return p == end;
}

static inline bool follows(unsigned char c)
{
	return (c & 0xc0) == 0x80;
}

const char *scan_utf8(const char *text, const char *text_end)
{
	const unsigned char *p = (const unsigned char *)text, *end = (const unsigned char *)text_end;
	uint64_t v;

	while (p < end) {
		if (end - p >= 8 && (memcpy(&v, p, 8), !(v & 0x8080808080808080u))) {
			p += 8;
		} else if (*p < 0x80) {
			p++;
		} else if (*p < 0xe0) {
			if (*p < 0xc2 || end - p < 2 || !follows(p[1]))
				return (const char *)p;
			p += 2;
		} else if (*p < 0xf0) {
			if (end - p < 3 || !follows(p[1]) || !follows(p[2]) || (*p == 0xe0 && p[1] < 0xa0) || (*p == 0xed && p[1] > 0x9f))
				return (const char *)p;
			p += 3;
		} else {
			if (*p > 0xf4 || end - p < 4 || !follows(p[1]) || !follows(p[2]) || !follows(p[3]) ||
			    (*p == 0xf0 && p[1] < 0x90) || (*p == 0xf4 && p[1] > 0x8f))
				return (const char *)p;
			p += 4;
		}
	}
	return NULL;
}

void scan_index_escapes(struct scan_index *x, const char *p)
{
	const char *at = p, *end = p + x->size;
	size_t i;

	while ((at = memchr(at, '\\', (size_t)(end - at))) && end - at > 1) {
		i = (size_t)(at + 1 - p);
		x->quote[i / 64] &= ~((uint64_t)1 << (i & 63));
		at += 2;
	}
}

int scan_check_utf8(struct span text)
{
	return text.n && scan_utf8(text.p, text.p + text.n) ? -1 : 0;
}

static int explain(const struct scan_fault *f, const struct scan_limits *limits, struct error *err)
{
	static const struct { const char *code, *text; } faults[] = {
		[FAULT_END] = { "bad-json", "the line ends inside a value" },
		[FAULT_VALUE] = { "bad-json", "no JSON value" },
		[FAULT_NUMBER] = { "bad-json", "no JSON number" },
		[FAULT_NAME] = { "bad-json", "a member's name in quotes is missing" },
		[FAULT_COLON] = { "bad-json", "a colon is missing" },
		[FAULT_COMMA] = { "bad-json", "a comma or a closing bracket is missing" },
		[FAULT_AFTER] = { "bad-json", "something stands after the value" },
		[FAULT_CONTROL] = { "bad-json", "a control character in a string must be escaped" },
		[FAULT_ESCAPE] = { "bad-json", "no such escape" },
		[FAULT_UTF8] = { "bad-utf8", "no UTF-8" },
		[FAULT_SURROGATE] = { "lone-surrogate", "half of a surrogate pair" },
	};
	size_t column = f->at + 1;

	switch (f->what) {
	case FAULT_DEEP:
		return error_data(err, "too-deep", "byte %zu: nested deeper than %u (--max-depth)", column, limits->depth);
	case FAULT_TOKENS:
		return error_data(err, "too-many-tokens", "byte %zu: more than %u values and names (--max-tokens)", column,
				  limits->tokens);
	case FAULT_MEMORY:
		return error_set(err, EXIT_FAILED, "out of memory for a record");
	default:
		return error_data(err, faults[f->what].code, "byte %zu: %s", column, faults[f->what].text);
	}
}

int scan_onto(struct tape *tape, const char *base, size_t from, size_t size, const struct scan_limits *limits, struct error *err)
{
	struct scan_fault fault;
	uint32_t before = tape->n;

	if (chosen == VARIANTS)
		choose_best();
	if (!tape->work && !(tape->work = calloc(1, sizeof *tape->work)))
		return error_set(err, EXIT_FAILED, "out of memory for a record");
	if (!variants[chosen].scan(tape, base, from, size, limits, &fault))
		return 0;
	tape->n = before;
	fault.at -= from;
	return explain(&fault, limits, err);
}

int scan_text(struct tape *tape, const char *p, size_t n, const struct scan_limits *limits, struct error *err)
{
	tape->n = 0;
	if (n > INT32_MAX)
		return error_data(err, "too-long", "a line of %zu bytes; two GiB is the most", n);
	tape->shape = 0;
	if (!use_shapes && tape->work)
		scan_forget(tape->work);
	if (scan_onto(tape, p, 0, n, limits, err))
		return -1;
	if (use_shapes && !tape->shape)
		scan_learn(tape, p, n);
	return 0;
}
