#ifndef CDC_RUN_WATCH_H
#define CDC_RUN_WATCH_H

/*
 * What changes among the tasks of a state directory, told by the kernel
 * (inotify(7)): tasks that come and go, their definitions and wishes. Files
 * are watched, not the tasks' folders: those change with each checkpoint, ten
 * times a second. A network's file system does not tell what others change:
 * look from time to time all the same.
 */

/* A descriptor that is readable when something has changed, or -1. */
int taskwatch_open(void);
/*
 * Watch the folder of the tasks, or the files of one. Before they are read,
 * so that no change is missed; again each time they were, as a file that is
 * replaced is another one. 0, or -1 if that cannot be told.
 */
int taskwatch_tasks(int fd, const char *dir);
int taskwatch_task(int fd, const char *dir, const char *name);
/* What was told is being looked at. */
void taskwatch_drain(int fd);

#endif
