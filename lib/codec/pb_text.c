#include "codec/pb_text.h"

#include <string.h>

#include "base/utf8.h"
#include "codec/json_write.h"

static int is_text(const ProtobufCMessage *m);

static int
is_text_value(const ProtobufCFieldDescriptor *f, const void *at)
{
	const void *v = *(void *const *)at;

	if (v == NULL)
		return 1;
	return f->type == PROTOBUF_C_TYPE_STRING ? utf8_is(v, strlen(v))
						 : is_text(v);
}

/* A member of a oneof shares its memory with the others. */
static int
is_set(const ProtobufCMessage *m, const ProtobufCFieldDescriptor *f)
{
	const char *base = (const char *)m;

	return (f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) == 0 ||
	       *(const uint32_t *)(base + f->quantifier_offset) == f->id;
}

static int
is_text_field(const ProtobufCMessage *m, const ProtobufCFieldDescriptor *f)
{
	const char *at = (const char *)m + f->offset;
	size_t n;

	if (f->label != PROTOBUF_C_LABEL_REPEATED)
		return !is_set(m, f) || is_text_value(f, at);
	n = *(const size_t *)((const char *)m + f->quantifier_offset);
	for (size_t i = 0; i < n; i++)
		if (!is_text_value(f, *(void *const *const *)at + i))
			return 0;
	return 1;
}

static int
is_text(const ProtobufCMessage *m)
{
	for (unsigned i = 0; i < m->descriptor->n_fields; i++) {
		const ProtobufCFieldDescriptor *f = &m->descriptor->fields[i];

		if ((f->type == PROTOBUF_C_TYPE_STRING ||
			f->type == PROTOBUF_C_TYPE_MESSAGE) &&
		    !is_text_field(m, f))
			return 0;
	}
	return 1;
}

ProtobufCMessage *
pb_unpack(const ProtobufCMessageDescriptor *d, const void *p, size_t len)
{
	ProtobufCMessage *m = protobuf_c_message_unpack(d, NULL, len, p);

	if (m == NULL || is_text(m))
		return m;
	protobuf_c_message_free_unpacked(m, NULL);
	return NULL;
}
