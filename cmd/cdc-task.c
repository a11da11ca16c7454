/* cdc-task: a state directory of tasks, see cdc-task(1). */

#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "base/main.h"
#include "base/mem.h"
#include "base/opt.h"
#include "base/out.h"
#include "base/sig.h"
#include "codec/json_write.h"
#include "doctor/doctor.h"
#include "model/source.h"
#include "run/notify.h"
#include "run/runner.h"
#include "state/state.h"
#include "task/actions.h"
#include "task/commit.h"
#include "task/show.h"
#include "task/status.h"
#include "task/task.h"

enum {
	MAX_TABLE = 60,
	ASK_MS = 1500, /* Kafka's time for status, which answers within 2 s */
	WATCH_MS = 2000,
	STOP_MS = 20000, /* how long pause waits for the runner */
};

struct task_args {
	const char *state_dir; /* as it was given */
	char *dir;
	const char *name; /* the operand, or NULL */
	const char *coll; /* the second operand of doctor */
	const char *checks;
	json_t *options; /* of create */
	const char *from;
	const char *reason;
	enum source_missing missing; /* of set; SOURCE_STOP: not given */
	int paused, no_check, allow_none, json, watch, label, offline;
	int progress;        /* of run */
	int color, topics;   /* of status */
	int adopt, no_adopt; /* of set */
	/*
	 * exit status of a command that did its work: 1 or 3, not all is well
	 */
	int bad;
};

/* Writes the bytes to standard output. */
static int
print(const struct buf *b, struct err *e)
{
	struct out o = out_stdout();
	int rc;

	if (b->len > 0) /* out_mem adds a line feed of its own */
		out_mem(&o, b->ptr, b->len - (b->ptr[b->len - 1] == '\n'));
	rc = out_flush(&o, e);
	out_fini(&o);
	return rc;
}

/*
 * A login that worked in the checks of create may be absent when the task runs.
 */
static void
say_token(const struct task_args *a)
{
	if (json_object_get(a->options, "token-file") == NULL &&
	    opt_env("CDC_TOKEN", NULL) != NULL)
		log_warn("CDC_TOKEN is not kept: each run logs in with what "
			 "CDC_TOKEN is in its own environment, or not at all; "
			 "--token-file FILE is kept");
	if (json_object_get(a->options, "source") != NULL &&
	    json_object_get(a->options, "source-token-file") == NULL &&
	    opt_env("CDC_SOURCE_TOKEN", NULL) != NULL)
		log_warn(
		    "CDC_SOURCE_TOKEN is not for tasks: they log in at "
		    "their source with --source-token-file FILE, or not at "
		    "all");
}

/* Print what was found even if the task could not be made. */
static int
cmd_create(struct task_args *a, struct err *e)
{
	struct buf found = { 0 };
	struct err e2;
	int rc;

	if (state_name(a->name, e) == -1 ||
	    task_option_defaults(a->options, e) == -1)
		return -1;
	rc = task_make(a->dir, a->name, a->from == NULL ? "start" : a->from,
	    json_incref(a->options), a->no_check ? NULL : &found,
	    (a->paused ? TASK_MAKE_PAUSED : 0u) |
		(a->allow_none ? TASK_MAKE_ALLOW_NONE : 0u),
	    e);
	if (rc == 0 && !a->no_check)
		task_show_next(a->dir, a->name, a->paused, &found);
	if (print(&found, rc == -1 ? &e2 : e) == -1)
		rc = -1;
	if (rc == 0)
		say_token(a);
	buf_fini(&found);
	return rc;
}

static int
cmd_list(struct task_args *a, struct err *e)
{
	char **names = task_list(a->dir, e);
	struct buf b = { 0 };
	int rc;

	if (names == NULL)
		return -1;
	for (size_t i = 0; names[i] != NULL; i++) {
		buf_adds(&b, names[i]);
		buf_addc(&b, '\n');
	}
	rc = print(&b, e);
	buf_fini(&b);
	task_list_free(names);
	return rc;
}

static int
cmd_show(struct task_args *a, struct err *e)
{
	json_t *task = state_task(a->dir, a->name, e);
	struct buf b = { 0 };
	int rc;

	if (task == NULL)
		return -1;
	if (a->json)
		task_show_json(a->dir, task, &b);
	else
		task_show_shell(a->dir, task, &b);
	rc = print(&b, e);
	buf_fini(&b);
	json_decref(task);
	return rc;
}

static int
cmd_delete(struct task_args *a, struct err *e)
{
	return task_delete(a->dir, a->name, e);
}

static void
status_of(struct task_args *a, char *const *names, struct buf *b)
{
	struct task_status *v;
	size_t n = 0;

	while (names[n] != NULL)
		n++;
	v = x_calloc(n + 1, sizeof *v);
	task_status_all(a->dir, names, n, a->offline ? 0 : ASK_MS, v);
	if (!a->json)
		task_status_table(v, n, a->color, a->topics, b);
	for (size_t i = 0; i < n; i++) {
		if (a->json) {
			task_status_json(&v[i], b);
			buf_addc(b, '\n');
		}
		a->bad |= !task_status_good(&v[i]);
		task_status_fini(&v[i]);
	}
	free(v);
}

static int
status_once(struct task_args *a, struct err *e)
{
	char *one[] = { NULL, NULL }, **names = NULL;
	struct buf b = { 0 };
	int rc;

	if (a->name == NULL && (names = task_list(a->dir, e)) == NULL)
		return -1;
	if (a->watch && isatty(STDOUT_FILENO))
		buf_adds(&b, "\033[H\033[2J");
	one[0] = a->name == NULL ? NULL : x_strdup(a->name);
	status_of(a, names == NULL ? one : names, &b);
	free(one[0]);
	rc = print(&b, e);
	task_list_free(names);
	buf_fini(&b);
	return rc;
}

static int
cmd_status(struct task_args *a, struct err *e)
{
	if (a->name != NULL && state_check(a->dir, a->name, e) == -1)
		return -1;
	a->topics = log_verbose();
	log_level(LOG_NORMAL); /* no events of librdkafka among the rows */
	a->color = task_status_color(STDOUT_FILENO);
	if (!a->watch)
		return status_once(a, e);
	sig_init();
	while (sig_stop == 0) {
		struct pollfd p = { .fd = sig_fd(), .events = POLLIN };

		if (status_once(a, e) == -1)
			return -1;
		poll(&p, 1, WATCH_MS);
	}
	return 0;
}

static int
cmd_run(struct task_args *a, struct err *e)
{
	struct runner_conf conf = { .dir = a->dir,
		.name = a->name,
		.label = a->label,
		/* with a label, other runs write to the same terminal */
		.progress = a->progress && !a->label && isatty(STDERR_FILENO) };

	sig_init();
	notify_init();
	return runner_run(&conf, e);
}

static int
cmd_supervise(struct task_args *a, struct err *e)
{
	sig_init();
	notify_init();
	return runner_supervise(a->dir, e);
}

static int
cmd_commit(struct task_args *a, struct err *e)
{
	sig_init();
	return task_commit(a->dir, a->name, STDIN_FILENO, e);
}

static int
cmd_pause(struct task_args *a, struct err *e)
{
	return task_pause(a->dir, a->name, a->reason, STOP_MS, e);
}

static int
cmd_resume(struct task_args *a, struct err *e)
{
	return task_resume(a->dir, a->name, a->reason, e);
}

static int
cmd_set(struct task_args *a, struct err *e)
{
	int adopt = a->adopt || a->no_adopt;

	if (a->from == NULL && a->missing == SOURCE_STOP && !adopt)
		return err_set(e, ERR_USAGE,
		    "set needs --from, --missing, --adopt or --no-adopt");
	if (a->adopt && a->no_adopt)
		return err_set(e, ERR_USAGE, "--adopt or --no-adopt, not both");
	if (a->from != NULL && task_set(a->dir, a->name, a->from, e) == -1)
		return e->kind == ERR_USAGE ? err_wrap(e, "--from") : -1;
	if (a->missing != SOURCE_STOP &&
	    task_set_missing(a->dir, a->name, a->missing, e) == -1)
		return -1;
	return adopt ? task_set_adopt(a->dir, a->name, a->adopt, e) : 0;
}

static int
cmd_log(struct task_args *a, struct err *e)
{
	struct buf raw = { 0 }, b = { 0 };
	int rc = task_log_read(a->dir, a->name, &raw, e);

	jw_lines(&b, raw.ptr, raw.len);
	if (rc == 0)
		rc = print(&b, e);
	buf_fini(&raw);
	buf_fini(&b);
	return rc;
}

static int
cmd_doctor(struct task_args *a, struct err *e)
{
	struct doctor_conf c = { .dir = a->dir,
		.name = a->name,
		.only = a->checks,
		.coll = a->coll,
		.json = a->json,
		.print = print };

	c.task = doctor_task(a->dir, a->name, a->from, a->options, &c.made, e);
	a->bad = c.task == NULL ? -1 : doctor_run(&c, e);
	json_decref(c.task);
	return a->bad == -1 ? -1 : 0;
}

/* ---- the command line ---- */

#define A struct task_args
#define DIR_OPT                                                                \
	OPT_TEXT(0, "state-dir", "DIR", A, state_dir, NULL, NULL,              \
	    "where tasks are kept [$CDC_STATE_DIR]")
static const struct opt dir_opt[] = { DIR_OPT, { 0 } };
static const struct opt create_opt[] = { DIR_OPT,
	OPT_TEXT('f', "from", "WHERE", A, from, NULL, NULL,
	    "where to begin, see cdc-read(1) [start]"),
	OPT_FLAG(0, "paused", A, paused, "do not run it before it is resumed"),
	OPT_FLAG(
	    0, "no-check", A, no_check, "ask no server whether it can work"),
	OPT_FLAG(0, "allow-none", A, allow_none,
	    "make it though an --include meets nothing yet"),
	{ 0 } };
static const struct opt status_opt[] = { DIR_OPT,
	OPT_FLAG(0, "json", A, json, "a line of JSON for each task"),
	OPT_FLAG(0, "offline", A, offline,
	    "do not ask the source for lag and backlog"),
	OPT_FLAG(
	    'w', "watch", A, watch, "again every two seconds, until a signal"),
	{ 0 } };
static const struct opt doctor_opt[] = { DIR_OPT,
	OPT_TEXT(
	    'k', "check", "LIST", A, checks, NULL, NULL, "only these checks"),
	OPT_FLAG(0, "json", A, json, "a line of JSON for each check"),
	OPT_TEXT('f', "from", "WHERE", A, from, NULL, NULL,
	    "where it would begin [start]"),
	{ 0 } };
static const struct opt show_opt[] = { DIR_OPT,
	OPT_FLAG(0, "json", A, json, "the definition, with the pipeline"),
	{ 0 } };
static const struct opt run_opt[] = { DIR_OPT,
	OPT_FLAG(0, "label", A, label, "put [NAME] in front of each message"),
	OPT_WORD(0, "progress", "WHEN", A, progress, "never|auto", 0, 1,
	    "auto or never, on a terminal [auto]"),
	{ 0 } };
static const struct opt reason_opt[] = { DIR_OPT,
	OPT_TEXT(0, "reason", "TEXT", A, reason, NULL, NULL,
	    "why, for status and the log"),
	{ 0 } };
static const struct opt set_opt[] = { DIR_OPT,
	OPT_TEXT('f', "from", "WHERE", A, from, NULL, NULL,
	    "where to go on, see cdc-read(1)"),
	OPT_WORD(0, "missing", "WHAT", A, missing, "keep|drop", SOURCE_KEEP, 0,
	    "what the source lost without a drop: keep or drop"),
	OPT_FLAG(0, "adopt", A, adopt,
	    "collections that the target has already are ours to drop"),
	OPT_FLAG(0, "no-adopt", A, no_adopt, "they are not, as at first"),
	{ 0 } };

enum { NONE, MAYBE, ONE };
static const struct command {
	const char *name;
	const struct opt *table;
	int operand; /* the command takes a NAME */
	int (*run)(struct task_args *a, struct err *e);
} commands[] = {
	{ "create", create_opt, ONE, cmd_create },
	{ "list", dir_opt, NONE, cmd_list },
	{ "status", status_opt, MAYBE, cmd_status },
	{ "doctor", doctor_opt, MAYBE, cmd_doctor },
	{ "show", show_opt, ONE, cmd_show },
	{ "run", run_opt, ONE, cmd_run },
	{ "supervise", dir_opt, NONE, cmd_supervise },
	{ "pause", reason_opt, ONE, cmd_pause },
	{ "resume", reason_opt, ONE, cmd_resume },
	{ "set", set_opt, ONE, cmd_set },
	{ "log", dir_opt, ONE, cmd_log },
	{ "commit", dir_opt, ONE, cmd_commit },
	{ "delete", dir_opt, ONE, cmd_delete },
};

static const char usage[] =
    "[OPTION]... COMMAND [NAME] [OPTION]...\n"
    "  create NAME      make a task\n"
    "  list             the tasks' names\n"
    "  status [NAME]    how they are\n"
    "  doctor [NAME]    what is wrong, and what to do\n"
    "  show NAME        the pipeline that run starts\n"
    "  run NAME         run it in the foreground\n"
    "  supervise        run all that are wanted\n"
    "  pause NAME       stop it, in order\n"
    "  resume NAME      want it again\n"
    "  set NAME         begin elsewhere, or by other rules\n"
    "  log NAME         what happened to it\n"
    "  commit NAME      keep the acks of cdc-apply\n"
    "  delete NAME      forget it\n"
    "cdc-task COMMAND --help says a command's options";

static const struct command *
find_command(const char *word)
{
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
		if (strcmp(commands[i].name, word) == 0)
			return &commands[i];
	opt_die("no command '%s'", word);
}

/* The command's own options, and for some those of the pipeline. */
static void
make_table(const struct command *c, struct opt table[static MAX_TABLE])
{
	int n = 0;

	for (const struct opt *o = c->table; o->name != NULL; o++)
		table[n++] = *o;
	if (c->run == cmd_create || c->run == cmd_doctor)
		for (const struct task_option *o = task_options;
		     o->name != NULL && n < MAX_TABLE - 1; o++)
			table[n++] = task_option_opt(
			    o, offsetof(struct task_args, options));
	table[n] = (struct opt){ 0 };
}

static void
check_operand(const struct command *c, const struct task_args *a)
{
	if (c->operand == ONE && a->name == NULL)
		opt_die("%s needs a NAME", c->name);
	if (c->operand == NONE && a->name != NULL)
		opt_die("%s takes no NAME", c->name);
}

/* Options may stand before and behind COMMAND and NAME. */
static const struct command *
parse(struct task_args *a, int argc, char **argv)
{
	const struct command *c;
	struct opt table[MAX_TABLE];
	char line[64];
	int at = opt_until(argc, argv, dir_opt, usage, a);

	if (at >= argc)
		opt_die("which command?");
	c = find_command(argv[at]);
	make_table(c, table);
	snprintf(line, sizeof line, "%s %s[OPTION]...", c->name,
	    c->run == cmd_doctor ? "[NAME [COLLECTION]] "
	    : c->operand == ONE  ? "NAME "
	    : c->operand == NONE ? ""
				 : "[NAME] ");
	for (at = opt_go_on(argc, argv, at + 1, table, line, a); at < argc;
	     at++)
		if (a->name == NULL)
			a->name = argv[at];
		else if (c->run == cmd_doctor && a->coll == NULL)
			a->coll = argv[at];
		else
			opt_die("one NAME too many: '%s'", argv[at]);
	check_operand(c, a);
	return c;
}

int
main(int argc, char **argv)
{
	struct task_args a = { .options = json_object() };
	const struct command *c;
	struct err e = { 0 };

	log_init(argv[0]);
	signal(SIGPIPE, SIG_IGN);
	c = parse(&a, argc, argv); /* exits 2 on a mistake */
	/* absolute, because a definition may keep it */
	a.dir = state_dir_whole(a.state_dir);
	if (c->run(&a, &e) == 0)
		err_clear(&e);
	json_decref(a.options);
	free(a.dir);
	return main_end(&e, a.bad);
}
