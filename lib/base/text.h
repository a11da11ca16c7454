#ifndef CDC_BASE_TEXT_H
#define CDC_BASE_TEXT_H

#include <stddef.h>
#include <stdint.h>

struct buf;

/*
 * Text from outside (names, reasons of peers, files, bytes of a key), made
 * fit for where it goes. Each sink has one way in:
 *
 *   a terminal, a log, a service manager    text_plain, text_cell
 *   JSON                                    jw_str, jw_quote; jw_dump for
 *                                           what jansson holds
 *   a label of Prometheus                   text_label
 *   a shell                                 task_argv_text
 *   the name of a topic                     pos_topic_name checks it
 *
 * None of them fails, and none loses what can be read: bytes that are no
 * UTF-8 become U+FFFD.
 */

/* The bytes as they are, with U+FFFD for each byte that is not UTF-8. */
void text_utf8(struct buf *b, const char *s, size_t n);

/*
 * 1 if a terminal acts on this sequence instead of showing it: C0, DEL, C1
 * (escapes of one character), Unicode's line ends, and the characters that
 * embed, override or isolate a direction, so that text shows in another order
 * than it has. *u is the character.
 */
int text_acts(const void *s, size_t len, uint32_t *u);

/*
 * For people: characters that a terminal acts on become blanks, so that one
 * line stays one line. text_cell fills up with blanks to `width` characters,
 * and writes at least one blank at the end.
 */
void text_plain(struct buf *b, const char *s, size_t n);
void text_cell(struct buf *b, const char *s, size_t width);

/* How many characters text_plain makes of s. */
size_t text_width(const char *s);

/* The value of a label in Prometheus's text format, without quotes. */
void text_label(struct buf *b, const char *s);

#endif
