/* regex_property: the Unicode properties that ECMA-262 knows (tables 67 to 69) by the names that PCRE2 has for them. */
#include <stdio.h>

#include "value/regex_private.h"

/* General categories: PCRE2's short name, then all others that ECMA-262 takes. */
static const char *const categories[][4] = {
	{ "L&", "LC", "Cased_Letter" }, { "Pe", "Close_Punctuation" }, { "Pc", "Connector_Punctuation" }, { "Cc", "Control", "cntrl" },
	{ "Sc", "Currency_Symbol" }, { "Pd", "Dash_Punctuation" }, { "Nd", "Decimal_Number", "digit" }, { "Me", "Enclosing_Mark" },
	{ "Pf", "Final_Punctuation" }, { "Cf", "Format" }, { "Pi", "Initial_Punctuation" }, { "L", "Letter" }, { "Nl", "Letter_Number" },
	{ "Zl", "Line_Separator" }, { "Ll", "Lowercase_Letter" }, { "M", "Mark", "Combining_Mark" }, { "Sm", "Math_Symbol" },
	{ "Lm", "Modifier_Letter" }, { "Sk", "Modifier_Symbol" }, { "Mn", "Nonspacing_Mark" }, { "N", "Number" },
	{ "Ps", "Open_Punctuation" }, { "C", "Other" }, { "Lo", "Other_Letter" }, { "No", "Other_Number" },
	{ "Po", "Other_Punctuation" }, { "So", "Other_Symbol" }, { "Zp", "Paragraph_Separator" }, { "Co", "Private_Use" },
	{ "P", "Punctuation", "punct" }, { "Z", "Separator" }, { "Zs", "Space_Separator" }, { "Mc", "Spacing_Mark" },
	{ "Cs", "Surrogate" }, { "S", "Symbol" }, { "Lt", "Titlecase_Letter" }, { "Cn", "Unassigned" }, { "Lu", "Uppercase_Letter" },
};

static const char *const binaries[] = {
	"ASCII_Hex_Digit", "AHex", "Alphabetic", "Alpha", "Any", "Bidi_Control", "Bidi_C", "Bidi_Mirrored", "Bidi_M", "Case_Ignorable", "CI",
	"Cased", "Changes_When_Casefolded", "CWCF", "Changes_When_Casemapped", "CWCM", "Changes_When_Lowercased", "CWL",
	"Changes_When_Titlecased", "CWT", "Changes_When_Uppercased", "CWU", "Dash", "Default_Ignorable_Code_Point", "DI", "Deprecated",
	"Dep", "Diacritic", "Dia", "Emoji", "Emoji_Component", "EComp", "Emoji_Modifier", "EMod", "Emoji_Modifier_Base", "EBase",
	"Emoji_Presentation", "EPres", "Extended_Pictographic", "ExtPict", "Extender", "Ext", "Grapheme_Base", "Gr_Base",
	"Grapheme_Extend", "Gr_Ext", "Hex_Digit", "Hex", "IDS_Binary_Operator", "IDSB", "IDS_Trinary_Operator", "IDST", "ID_Continue",
	"IDC", "ID_Start", "IDS", "Ideographic", "Ideo", "Join_Control", "Join_C", "Logical_Order_Exception", "LOE", "Lowercase",
	"Lower", "Math", "Noncharacter_Code_Point", "NChar", "Pattern_Syntax", "Pat_Syn", "Pattern_White_Space", "Pat_WS",
	"Quotation_Mark", "QMark", "Radical", "Regional_Indicator", "RI", "Sentence_Terminal", "STerm", "Soft_Dotted", "SD",
	"Terminal_Punctuation", "Term", "Unified_Ideograph", "UIdeo", "Uppercase", "Upper", "Variation_Selector", "VS", "White_Space",
	"space", "XID_Continue", "XIDC", "XID_Start", "XIDS",
};

static const char *category(struct span name)
{
	size_t i, k;

	for (i = 0; i < sizeof categories / sizeof *categories; i++)
		for (k = 0; k < 4 && categories[i][k]; k++)
			if (span_is(name, categories[i][k]) && categories[i][k][1] != '&')
				return categories[i][0];
	return NULL;
}

static bool is_binary(struct span name)
{
	size_t i;

	for (i = 0; i < sizeof binaries / sizeof *binaries; i++)
		if (span_is(name, binaries[i]))
			return true;
	return false;
}

/* A script's name begins with a capital and has letters and underscores; whether there is such a one PCRE2 knows. */
static bool may_be_script(struct span s)
{
	size_t i;

	if (!s.n || s.n > 64 || s.p[0] < 'A' || s.p[0] > 'Z')
		return false;
	for (i = 1; i < s.n; i++)
		if (s.p[i] != '_' && !((s.p[i] | 32) >= 'a' && (s.p[i] | 32) <= 'z'))
			return false;
	return true;
}

static bool eat(struct span *s, const char *prefix)
{
	size_t n = strlen(prefix);

	if (s->n < n || memcmp(s->p, prefix, n))
		return false;
	s->p += n;
	s->n -= n;
	return true;
}

int property_class(struct span name, bool negated, char out[256])
{
	char p = negated ? 'P' : 'p';
	const char *short_name;

	if (span_is(name, "ASCII")) {
		snprintf(out, 256, negated ? "\\x{80}-\\x{10ffff}" : "\\x{0}-\\x{7f}");
		return 0;
	}
	if (span_is(name, "Assigned")) {
		snprintf(out, 256, "\\%c{Cn}", negated ? 'p' : 'P');
		return 0;
	}
	if (eat(&name, "Script_Extensions=") || eat(&name, "scx=")) {
		snprintf(out, 256, "\\%c{scx:%.*s}", p, (int)(name.n & 127), name.p);
		return may_be_script(name) ? 0 : -1;
	}
	if (eat(&name, "Script=") || eat(&name, "sc=")) {
		snprintf(out, 256, "\\%c{sc:%.*s}", p, (int)(name.n & 127), name.p);
		return may_be_script(name) ? 0 : -1;
	}
	short_name = category(name);
	if (!short_name && (eat(&name, "General_Category=") || eat(&name, "gc="))) {
		short_name = category(name);
		if (!short_name)
			return -1;
	}
	if (short_name)
		snprintf(out, 256, "\\%c{%s}", p, short_name);
	else if (is_binary(name))
		snprintf(out, 256, "\\%c{%.*s}", p, (int)name.n, name.p);
	else
		return -1;
	return 0;
}
