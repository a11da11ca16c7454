#ifndef CDC_CODEC_PB_TEXT_H
#define CDC_CODEC_PB_TEXT_H

#include <stddef.h>

#include <protobuf-c/protobuf-c.h>

/*
 * As protobuf_c_message_unpack, which takes any bytes for a `string`: NULL
 * also if one of them, however deep, is not UTF-8, as proto3 says that it is.
 */
ProtobufCMessage *pb_unpack(
    const ProtobufCMessageDescriptor *d, const void *p, size_t len);

#endif
