#include "codec/utf8_json.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"

json_t *
utf8_json(const char *s)
{
	size_t n = s == NULL ? 0 : strlen(s);
	json_t *j = s == NULL ? json_null() : json_stringn(s, n);
	char *text;

	if (j != NULL)
		return j;
	text = x_malloc(3 * n + 1); /* each byte can become U+FFFD */
	utf8_copy(text, 3 * n + 1, s, n);
	j = json_string(text);
	free(text);
	return j;
}
