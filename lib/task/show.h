#ifndef CDC_TASK_SHOW_H
#define CDC_TASK_SHOW_H

#include <jansson.h>

struct buf;

/*
 * The pipeline that runner_run starts, as text that a shell takes: a program
 * a line. A program is named by its path if the shell would not find it, or
 * another one of that name.
 */
void task_show_shell(const char *dir, const json_t *task, struct buf *b);

/* What to type when a task was made: "next      cdc-task run NAME". */
void task_show_next(
    const char *dir, const char *name, int paused, struct buf *b);

/* The definition, with the four command lines in "pipeline". */
void task_show_json(const char *dir, json_t *task, struct buf *b);

#endif
