/* test_text: characters, white space, case and normal forms; what Unicode's files say, as Python's unicodedata has it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include "value/text.h"

static struct text_room room;

/* The text as it is changed; NULL where it stays. */
static void becomes(enum text_change what, const char *text, const char *want)
{
	struct buf out = BUF_INIT;
	bool changed;

	buf_adds(&out, "before");
	changed = text_change(what, span_of(text), &room, &out);
	assert_int_equal(changed, want != NULL);
	assert_memory_equal(out.p, "before", 6);
	if (want)
		assert_string_equal(buf_str(&out) + 6, want);
	else
		assert_int_equal(out.n, 6);
	buf_release(&out);
}

static void characters(void **state)
{
	(void)state;
	assert_int_equal(text_length(SPAN_LIT("")), 0);
	assert_int_equal(text_length(SPAN_LIT("abc")), 3);
	assert_int_equal(text_length(SPAN_LIT("aé€𝄞")), 4);
	assert_int_equal(text_length(SPAN_LIT("ééééééééééééé12345€€€")), 21);
}

static void white_space(void **state)
{
	(void)state;
	becomes(TEXT_TRIM, "", NULL);
	becomes(TEXT_TRIM, "a b", NULL);
	becomes(TEXT_TRIM, " a b\t", "a b");
	becomes(TEXT_TRIM, "\u2003\u00a0é\u3000\n", "é");
	becomes(TEXT_TRIM, " \xc2\x85 ", "");
	becomes(TEXT_TRIM, "\u200b a", NULL);	/* a zero width space is none */
	becomes(TEXT_TRIM, "\x1f" "a", NULL);
	becomes(TEXT_SQUEEZE, "a b", NULL);
	becomes(TEXT_SQUEEZE, "a  b", "a b");
	becomes(TEXT_SQUEEZE, "a\tb", "a b");
	becomes(TEXT_SQUEEZE, "  a\u00a0\u2028b \r\n", " a b ");
	becomes(TEXT_SQUEEZE, "é", NULL);
}

static void normal_form(void **state)
{
	static const char *const rows[][2] = {
		{ "e\u0301", "é" }, { "\u1e9b\u0323", NULL }, { "\uac00\u11a8", "\uac01" }, { "\u1100\u1161", "\uac00" },
		{ "\u0344", "\u0308\u0301" }, { "\u212b", "Å" }, { "q\u0307\u0323", "q\u0323\u0307" }, { "\u0958", "\u0915\u093c" },
		{ "\U0001d15e", "\U0001d157\U0001d165" }, { "plain", NULL }, { "é", NULL }, { "ﬁ", NULL }, { "²", NULL },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof rows / sizeof *rows; i++)
		becomes(TEXT_NFC, rows[i][0], rows[i][1]);
}

static void letter_case(void **state)
{
	(void)state;
	becomes(TEXT_LOWER, "ABC xyz", "abc xyz");
	becomes(TEXT_LOWER, "ÀÉΣ", "àéσ");
	becomes(TEXT_LOWER, "abc1é", NULL);
	becomes(TEXT_LOWER, "\u1e9e\u0130", "ßi");
	becomes(TEXT_UPPER, "abcß\u01c6", "ABCß\u01c4");
	becomes(TEXT_UPPER, "\u1f80\u0149", "\u1f88\u0149");
	becomes(TEXT_UPPER, "ABC1", NULL);
	becomes(TEXT_FOLD, "Straße", "strasse");
	becomes(TEXT_FOLD, "ΣΑΣς", "σασσ");
	becomes(TEXT_FOLD, "ﬁ", "fi");
	becomes(TEXT_FOLD, "ABC", "abc");
	becomes(TEXT_FOLD, "abc", NULL);
	becomes(TEXT_FOLD, "\u0130", "i\u0307");
}

static void long_texts(void **state)
{
	struct buf text = BUF_INIT, want = BUF_INIT;
	int i;

	(void)state;
	for (i = 0; i < 5000; i++) {
		buf_adds(&text, "e\u0301");
		buf_adds(&want, "é");
	}
	becomes(TEXT_NFC, buf_str(&text), buf_str(&want));
	buf_release(&text);
	buf_release(&want);
}

static int release(void **state)
{
	(void)state;
	free(room.v);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(characters), cmocka_unit_test(white_space), cmocka_unit_test(normal_form), cmocka_unit_test(letter_case),
		cmocka_unit_test(long_texts),
	};

	return cmocka_run_group_tests(tests, NULL, release);
}
