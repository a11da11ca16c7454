#ifndef CDC_CODEC_PB_TEXT_H
#define CDC_CODEC_PB_TEXT_H

#include <stddef.h>

#include <protobuf-c/protobuf-c.h>

/*
 * As protobuf_c_message_unpack, but NULL also if a `string`, at any depth, is
 * not UTF-8: proto3 requires it, and protobuf-c does not check it.
 */
ProtobufCMessage *pb_unpack(
    const ProtobufCMessageDescriptor *d, const void *p, size_t len);

#endif
