#ifndef CDC_CODEC_UTF8_JSON_H
#define CDC_CODEC_UTF8_JSON_H

#include <jansson.h>

/*
 * Text from outside as a JSON string, mended as base/utf8.h says; null for
 * NULL. Never NULL, unlike json_string(), whose NULL for bytes that are not
 * UTF-8 would take the whole object with it.
 */
json_t *utf8_json(const char *s);

#endif
