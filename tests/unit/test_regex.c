/* test_regex: ECMA-262 patterns: what they match, what is refused and where, and that work is bounded. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/buf.h"
#include "value/regex.h"

static int matches(const char *pattern, struct span text)
{
	struct error err = ERROR_INIT;
	struct regex *re = regex_compile(span_of(pattern), &err);
	int rc;

	if (!re)
		print_error("%s: %s\n", pattern, err.text);
	assert_non_null(re);
	rc = regex_match(re, text, &err);
	regex_free(re);
	return rc;
}

struct row { const char *pattern, *text; int want; };

static const struct row rows[] = {
	{ "", "", 1 }, { "", "abc", 1 }, { "b", "abc", 1 }, { "^b", "abc", 0 }, { "c$", "abc", 1 }, { "^abc$", "abc\n", 0 },
	{ "^$", "", 1 }, { "^$", "\n", 0 }, { "^", "x", 1 }, { "$", "x", 1 }, { "^ab", "abc", 1 }, { "a$b", "a$b", 0 },
	/* rows */
	{ "^[0-9]{4}-[0-9]{2}$", "2024-25", 1 }, { "^[0-9]{4}-[0-9]{2}$", "2024-2", 0 }, { "^[0-9]{4}-[0-9]{2}$", "2024-255", 0 },
	{ "^referee-[0-9]+$", "referee-0", 1 }, { "^referee-[0-9]+$", "referee-", 0 }, { "^referee-[0-9]+$", "referee-1x", 0 },
	{ "^a?b$", "b", 1 }, { "^a?b$", "ab", 1 }, { "^a?b$", "aab", 0 }, { "^a*a$", "aaa", 1 }, { "^a*ab$", "ab", 1 },
	{ "^a{2,3}$", "aaaa", 0 }, { "^a{2,3}$", "aaa", 1 }, { "^a{2,}$", "a", 0 }, { "^a{0}b$", "b", 1 }, { "^a+?$", "aaa", 1 },
	{ "^a?b?a$", "a", 1 }, { "^[ab]?[bc]?c$", "bc", 1 }, { "^\\d+\\w$", "12", 1 }, { "^[]$", "", 0 }, { "^[^]$", "\n", 1 },
	{ "^[^a]$", "\xc3\xa9", 1 }, { "^[^a]$", "a", 0 }, { "^x[\\d-]{3}$", "x1-2", 1 }, { "^\xc3\xa9$", "\xc3\xa9", 1 },
	/* what ECMA-262 means */
	{ "^.$", "\n", 0 }, { "^.$", "\r", 0 }, { "^.$", "\xe2\x80\xa8", 0 }, { "^.$", "\xf0\x9f\x90\xb2", 1 }, { "^.$", "\x0b", 1 },
	{ "^\\s$", "\xc2\xa0", 1 }, { "^\\s$", "\xef\xbb\xbf", 1 }, { "^\\s$", "\xe2\x80\xa9", 1 }, { "^\\s$", "\xe2\x80\x8b", 0 },
	{ "^\\s$", "\xc2\x85", 0 }, { "^\\S$", "\xc2\x85", 1 }, { "^\\S$", "\xc2\xa0", 0 }, { "^[\\S]$", "\xc2\xa0", 0 },
	{ "^[^\\s]$", "a", 1 }, { "^[\\s\\S]$", "\xe2\x80\xa8", 1 }, { "^\\d$", "\xe0\xa7\xaa", 0 }, { "^\\D$", "\xe0\xa7\xaa", 1 },
	{ "^\\w$", "\xc3\xa9", 0 }, { "^\\W$", "\xc3\xa9", 1 }, { "^[\\W]$", "\xc3\xa9", 1 }, { "^[\\D]$", "5", 0 },
	{ "\\bword\\b", "a word.", 1 }, { "\\Bord\\b", "a word.", 1 }, { "^[\\b]$", "\b", 1 },
	{ "^\\cC$", "\x03", 1 }, { "^\\cc$", "\x03", 1 }, { "^\\x41\\u0042\\u{43}$", "ABC", 1 }, { "^\\ud83d\\udc32*$", "\xf0\x9f\x90\xb2\xf0\x9f\x90\xb2", 1 },
	{ "^\xf0\x9f\x90\xb2*$", "\xf0\x9f\x90\xb2\xf0\x9f\x90\xb2", 1 }, { "^[\\u{1f400}-\\u{1f4ff}]$", "\xf0\x9f\x90\xb2", 1 },
	{ "^\\p{Letter}+$", "\xc3\xa9" "a", 1 }, { "^\\p{L}+$", "a1", 0 }, { "^\\p{digit}+$", "\xe0\xa7\xaa\xe0\xa7\xa8", 1 },
	{ "^\\p{Script=Greek}$", "\xce\xb1", 1 }, { "^\\p{sc=Greek}$", "a", 0 }, { "^\\p{scx=Deva}$", "\xe0\xa4\x85", 1 },
	{ "^\\P{Lu}$", "a", 1 }, { "^[\\p{Lu}\\d]+$", "A1", 1 }, { "^\\p{ASCII}+$", "aZ~", 1 }, { "^\\P{ASCII}$", "a", 0 },
	{ "^\\p{Any}$", "\n", 1 }, { "^\\p{gc=Lowercase_Letter}$", "x", 1 }, { "^\\p{Emoji_Presentation}$", "\xf0\x9f\x90\xb2", 1 },
	{ "^\\p{Alphabetic}$", "1", 0 }, { "^\\p{White_Space}$", " ", 1 }, { "^\\p{LC}$", "q", 1 }, { "^\\p{Assigned}$", "q", 1 },
	{ "(a)\\1", "aa", 1 }, { "(?<x>a)\\k<x>", "ab", 0 }, { "^(a)?\\1b$", "b", 1 }, { "^(?:a|b)+$", "abab", 1 }, { "a(?=b)", "ac", 0 },
	{ "a(?!b)", "ac", 1 }, { "(?<=a)b", "ab", 1 }, { "(?<!a)b", "ab", 0 }, { "^(|a)$", "", 1 }, { "a|b|", "", 1 },
	{ "^\\/\\.\\-\\_$", "/.-_", 1 }, { "^]}{$", "]}{", 1 }, { "^a{,3}$", "a{,3}", 1 }, { "^a{x}$", "a{x}", 1 },
	{ "^[[:alpha:]]$", "a]", 1 }, { "^[[.a.]$", "[", 1 }, { "^[a\\-z]$", "-", 1 }, { "^[a-]$", "-", 1 }, { "^[-a]$", "-", 1 },
	{ "^#x y$", "#x y", 1 }, { "^\\0$", "", 0 }, { "\\$\\^", "$^", 1 }, { "^[\\n\\t]+$", "\n\t", 1 },
};

static void says_what_matches(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof rows / sizeof *rows; i++) {
		int got = matches(rows[i].pattern, span_of(rows[i].text));

		if (got != rows[i].want)
			print_error("/%s/ on '%s'\n", rows[i].pattern, error_show(span_of(rows[i].text)));
		assert_int_equal(got, rows[i].want);
	}
	assert_int_equal(matches("^\\0$", (struct span){ "", 1 }), 1);
	assert_int_equal(matches("^[^x]$", (struct span){ "", 1 }), 1);
}

static const struct { const char *pattern, *why; } refused[] = {
	{ "*", "column 1: nothing to repeat" }, { "a**", "column 3: nothing to repeat" }, { "a++", "column 3: nothing to repeat" },
	{ "\xc3\xa9(", "column 2: a '(' without its ')'" }, { "a)", "column 2: a ')' without its '('" }, { "[a", "column 1: a '[' without its ']'" },
	{ "(?>a)", "column 1: ECMA-262 has no such group" }, { "x(?i)a", "column 2: ECMA-262 has no such group" }, { "(?#c)", "column 1: ECMA-262 has no such group" },
	{ "(?P<n>a)", "column 1: ECMA-262 has no such group" }, { "(*UTF)a", "column 2: nothing to repeat" }, { "\\Aa", "column 1: ECMA-262 has no escape '\\A'" },
	{ "a\\Z", "column 2: ECMA-262 has no escape '\\Z'" }, { "\\Qa\\E", "column 1: ECMA-262 has no escape '\\Q'" },
	{ "\\h", "column 1: ECMA-262 has no escape '\\h'" }, { "\\", "column 1: a backslash at the end" }, { "\\01", "column 1: ECMA-262 has no escape '\\0'" },
	{ "(a)\\2", "column 4: a reference to group 2, of which there are 1" }, { "a{3,2}", "column 2: a count whose end is below its beginning" },
	{ "a{65536}", "column 2: a count above 65535" }, { "[z-a]", "column 2: a range that ends before it begins" },
	{ "\\p{Foo}", "column 1: unknown property 'Foo'" }, { "\\p{Greek}", "column 1: unknown property 'Greek'" }, { "\\pL", "column 1: \\p wants a property in braces" },
	{ "\\p{L&}", "column 1: unknown property 'L&'" }, { "\\p{Xan}", "column 1: unknown property 'Xan'" }, { "\\ud83d", "column 1: a lone surrogate, which no text holds" },
	{ "\\u12", "column 1: \\u wants four hexadecimal digits" }, { "\\u{110000}", "column 1: \\u{…} wants a code point in hexadecimal" },
	{ "\\xg0", "column 1: \\x wants two hexadecimal digits" }, { "^*", "column 2: nothing to repeat" }, { "(?<=a*)b", "column 1: lookbehind of variable length is not supported" },
	{ "(?<1>a)", "column 1: a group's name is letters, digits and '_', 32 at most, then '>'" },
};

static void refuses_what_isnt_there(void **state)
{
	struct error err = ERROR_INIT;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof refused / sizeof *refused; i++) {
		assert_null(regex_compile(span_of(refused[i].pattern), &err));
		assert_string_equal(err.text, refused[i].why);
		assert_int_equal(err.status, EXIT_USAGE);
	}
}

static void bounds_its_work(void **state)
{
	struct error err = ERROR_INIT;
	struct regex *re = regex_compile(SPAN_LIT("^(a+)+$"), &err);
	char text[64];

	(void)state;
	memset(text, 'a', sizeof text);
	text[sizeof text - 1] = 'b';
	assert_int_equal(regex_match(re, (struct span){ text, sizeof text }, &err), -1);
	assert_string_equal(err.code, "pattern-limit");
	assert_int_equal(regex_match(re, SPAN_LIT("aaa"), &err), 1);
	regex_free(re);
}

/* Deep recursion in the matcher must not end the program: what is too deep for the JIT's stack is tried without it. */
static void long_texts(void **state)
{
	struct error err = ERROR_INIT;
	struct regex *re = regex_compile(SPAN_LIT("^(?:a|b|cd)*$"), &err);
	size_t n = 300000;
	char *text = malloc(n);

	(void)state;
	memset(text, 'a', n);
	assert_true(regex_match(re, (struct span){ text, n }, &err) != 0);
	regex_free(re);
	free(text);
}

/* Rows say what the engine says: the same pattern inside a group isn't taken for a row. */
static void rows_agree_with_the_engine(void **state)
{
	static const char *const atoms[] = { "a", "b", "[ab]", "[^a]", "\\d", "[b-c]", "\\w", "-" };
	static const char *const counts[] = { "", "", "?", "*", "+", "{2}", "{1,2}", "{0,1}" };
	struct buf plain = BUF_INIT, grouped = BUF_INIT;
	char text[8];
	int round, i, k;

	(void)state;
	srand(7);
	for (round = 0; round < 3000; round++) {
		buf_reset(&plain);
		for (i = 0; i < 1 + rand() % 4; i++)
			buf_addf(&plain, "%s%s", atoms[rand() % 8], counts[rand() % 8]);
		buf_reset(&grouped);
		buf_addf(&grouped, "^(?:%.*s)%s", (int)plain.n, plain.p, round % 2 ? "$" : "");
		buf_addf(&plain, "%s", round % 2 ? "$" : "");
		buf_addc(&plain, '\0');
		memmove(plain.p + 1, plain.p, plain.n - 1);
		plain.p[0] = '^';
		for (k = 0; k < 8; k++) {
			struct span s = { text, (size_t)(rand() % 8) };
			struct error err = ERROR_INIT;
			struct regex *a, *b;

			for (i = 0; i < 8; i++)
				text[i] = "abc1-"[rand() % 5];
			a = regex_compile(buf_span(&plain), &err);
			b = regex_compile(buf_span(&grouped), &err);
			if (regex_match(a, s, &err) != regex_match(b, s, &err))
				fail_msg("%.*s and %.*s on '%.*s'", (int)plain.n, plain.p, (int)grouped.n, grouped.p, (int)s.n, s.p);
			regex_free(a);
			regex_free(b);
		}
	}
	buf_release(&plain);
	buf_release(&grouped);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_what_matches), cmocka_unit_test(refuses_what_isnt_there), cmocka_unit_test(bounds_its_work),
		cmocka_unit_test(long_texts), cmocka_unit_test(rows_agree_with_the_engine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
