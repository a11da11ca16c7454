#ifndef CDC_CODEC_UTF8_JSON_H
#define CDC_CODEC_UTF8_JSON_H

#include <jansson.h>

/*
 * Text from outside as a JSON string, mended as base/utf8.h says: never NULL
 * for bytes that are no text, as json_string() is, which then takes the whole
 * object with it. null for NULL.
 */
json_t *utf8_json(const char *s);

#endif
