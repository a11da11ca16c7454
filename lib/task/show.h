#ifndef CDC_TASK_SHOW_H
#define CDC_TASK_SHOW_H

#include <jansson.h>

struct buf;

/*
 * The pipeline that runner_run starts, as text for a shell, a program a line. A
 * program is written with its path if the shell would find none, or another one
 * of that name.
 */
void task_show_shell(const char *dir, const json_t *task, struct buf *b);

/* What to type after a task was made: "next cdc-task run NAME". */
void task_show_next(
    const char *dir, const char *name, int paused, struct buf *b);

/* The definition, with the four command lines in "pipeline". */
void task_show_json(const char *dir, json_t *task, struct buf *b);

#endif
