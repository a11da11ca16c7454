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

/* As it is, with U+FFFD for each byte that belongs to none. */
void text_utf8(struct buf *b, const char *s, size_t n);

/*
 * Is this sequence a character that a terminal acts on instead of showing it?
 * C0, DEL, C1 (the escapes of one character), the ends of lines of Unicode,
 * and what embeds, overrides or isolates a direction, so that text shows in
 * another order than it has. *u is the character.
 */
int text_acts(const void *s, size_t len, uint32_t *u);

/*
 * For people: those are blanks, so that one line stays one line. A cell is
 * filled with blanks up to `width` characters, and has at least one behind it.
 */
void text_plain(struct buf *b, const char *s, size_t n);
void text_cell(struct buf *b, const char *s, size_t width);

/* How many characters text_plain makes of it. */
size_t text_width(const char *s);

/* The value of a label in Prometheus' text format, without its quotes. */
void text_label(struct buf *b, const char *s);

#endif
