#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"
#include "codec/json_write.h"

static void
is(struct buf *b, const char *want)
{
	assert_non_null(b->ptr);
	assert_string_equal(b->ptr, want);
	buf_fini(b);
}

static void
plain_of(const char *s, const char *want)
{
	struct buf b = { 0 };

	buf_adds(&b, "");
	text_plain(&b, s, strlen(s));
	is(&b, want);
}

static void
a_terminal_acts_on_nothing(void **state)
{
	(void)state;
	plain_of("", "");
	plain_of("a\x1b[31mb\r\n\x7f", "a [31mb   ");
	plain_of("\xc2\x9b"
		 "0c\xc2\x80\xc2\x9f\xc2\xa0",
	    " 0c  \xc2\xa0");
	plain_of("a\xe2\x80\xae"
		 "b\xe2\x80\xaa\xe2\x81\xa6\xe2\x81\xa9\xe2\x80\xa8.",
	    "a b    .");
	/* joiners and marks of one direction belong to words */
	plain_of("\xe2\x80\x8d\xe2\x80\x8f", "\xe2\x80\x8d\xe2\x80\x8f");
	plain_of("\xe4\xb8\x96\xe7\x95\x8c \xf0\x9f\x8c\x8d \xc3\xa9",
	    "\xe4\xb8\x96\xe7\x95\x8c \xf0\x9f\x8c\x8d \xc3\xa9");
}

static void
bytes_of_no_character_are_marked(void **state)
{
	(void)state;
	plain_of("\x9b"
		 "31m",
	    "\xef\xbf\xbd"
	    "31m");
	plain_of("a\xe4\xb8", "a\xef\xbf\xbd\xef\xbf\xbd");
	plain_of("\xc0\x9b", "\xef\xbf\xbd\xef\xbf\xbd");
	plain_of("\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
}

static void
columns_are_of_characters(void **state)
{
	struct buf b = { 0 };

	(void)state;
	text_cell(&b, "\xe4\xb8\x96\x1b", 4);
	text_cell(&b, "longer", 3);
	text_cell(&b, "", 2);
	is(&b, "\xe4\xb8\x96    longer    ");
	assert_int_equal(text_width("\xe4\xb8\x96\x1b\x9b"), 3);
}

static void
a_label_is_one_value(void **state)
{
	struct buf b = { 0 };

	(void)state;
	text_label(&b, "x\"} 1\nforged{a=\"\\\xff\xe4\xb8\x96");
	is(&b, "x\\\"} 1\\nforged{a=\\\"\\\\\xef\xbf\xbd\xe4\xb8\x96");
}

/* What is escaped is the same value. */
static void
json_has_no_escapes_either(void **state)
{
	static const char odd[] = "a\x1b\xc2\x9b\x7f\xe2\x80\xae\xe2\x80\x9c"
				  "\xc2\xa9\n\xe4\xb8\x96";
	static const char want[] =
	    "\"a\\u001b\\u009b\\u007f\xe2\x80\xae\xe2\x80\x9c"
	    "\xc2\xa9\\n\xe4\xb8\x96\"";
	struct buf b = { 0 };
	json_t *j = json_string(odd), *back;
	struct jsonw w = { .b = &b };

	(void)state;
	jw_quote(&b, odd, strlen(odd));
	back = json_loads(b.ptr, JSON_DECODE_ANY, NULL);
	assert_string_equal(json_string_value(back), odd);
	json_decref(back);
	is(&b, want);
	jw_dump(&b, j, 0);
	back = json_loads(b.ptr, JSON_DECODE_ANY, NULL);
	assert_string_equal(json_string_value(back), odd);
	json_decref(back);
	assert_null(strpbrk(b.ptr, "\x1b\x7f"));
	assert_null(strstr(b.ptr, "\xc2\x9b"));
	buf_fini(&b);
	jw_open(&w, NULL, '[');
	jw_value(&w, NULL, NULL);
	jw_value(&w, NULL, j);
	jw_close(&w, ']');
	assert_int_equal(b.len, strlen(want) + 7);
	buf_fini(&b);
	json_decref(j);
}

static void
lines_stay_lines(void **state)
{
	static const char in[] = "{\"a\": \"\xc2\x9b\",\t\"b\":1}\n\x1b\xff\n";
	struct buf b = { 0 };

	(void)state;
	jw_lines(&b, in, sizeof in - 1);
	is(&b, "{\"a\": \"\\u009b\", \"b\":1}\n \xef\xbf\xbd\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_terminal_acts_on_nothing),
		cmocka_unit_test(bytes_of_no_character_are_marked),
		cmocka_unit_test(columns_are_of_characters),
		cmocka_unit_test(a_label_is_one_value),
		cmocka_unit_test(json_has_no_escapes_either),
		cmocka_unit_test(lines_stay_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
