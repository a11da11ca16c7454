/* cdc-task: a state directory of tasks, see cdc-task(1). */

#include <getopt.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
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
	STATE_DIR = 512,
	PAUSED,
	NO_CHECK,
	ALLOW_NONE,
	REASON,
	JSON,
	LABEL,
	PROGRESS,
	OFFLINE,
	MISSING,
	SET_ADOPT,
	NO_ADOPT,
	MAX_TABLE = 60,
	ASK_MS = 1500, /* of Kafka, for status: it answers in 2 s */
	WATCH_MS = 2000,
	STOP_MS = 20000, /* how long pause waits for the runner */
};

struct task_args {
	char *dir;
	const char *name; /* the operand, or NULL */
	const char *coll; /* a second one, of doctor */
	const char *checks;
	json_t *options; /* of create */
	const char *from;
	const char *reason;
	const char *missing; /* of set */
	int paused, no_check, allow_none, json, watch, label, offline;
	int progress;        /* of run */
	int color, topics;   /* of status */
	int adopt, no_adopt; /* of set */
	int bad; /* the status, where it is an answer: not all is well */
};

/* To standard output, at once and whole. */
static int
print(const struct buf *b, struct err *e)
{
	struct out o = { .fd = STDOUT_FILENO, .name = "standard output" };
	int rc;

	if (b->len > 0) /* lines: the last feed is out_mem's */
		out_mem(&o, b->ptr, b->len - (b->ptr[b->len - 1] == '\n'));
	rc = out_flush(&o, e);
	out_fini(&o);
	return rc;
}

/* What opened the door now is not there when the task runs. */
static void
say_token(const struct task_args *a)
{
	if (json_object_get(a->options, "token-file") == NULL &&
	    opt_env("CDC_TOKEN", NULL) != NULL)
		log_warn("CDC_TOKEN is not kept: each run logs in with what "
			 "CDC_TOKEN is in its own environment, or not at all; "
			 "--token-file FILE is kept");
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
		/* who labels is one of several on a terminal */
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
	int how = a->missing == NULL ? 0 : source_missing_of(a->missing);

	int adopt = a->adopt || a->no_adopt;

	if (a->from == NULL && a->missing == NULL && !adopt)
		return err_set(e, ERR_USAGE,
		    "set needs --from, --missing, --adopt or --no-adopt");
	if (a->adopt && a->no_adopt)
		return err_set(e, ERR_USAGE, "--adopt or --no-adopt, not both");
	if (a->missing != NULL && how <= SOURCE_STOP)
		return err_set(e, ERR_USAGE, "--missing is keep or drop");
	if (a->from != NULL && task_set(a->dir, a->name, a->from, e) == -1)
		return -1;
	if (a->missing != NULL && task_set_missing(a->dir, a->name,
				      (enum source_missing)how, e) == -1)
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

#define DIR_OPT                                                                \
	{                                                                      \
		"state-dir", STATE_DIR, "DIR",                                 \
		    "where tasks are kept [$CDC_STATE_DIR]"                    \
	}
static const struct opt dir_opt[] = { DIR_OPT, { 0 } };
static const struct opt create_opt[] = { DIR_OPT,
	{ "from", 'f', "WHERE", "where to begin, see cdc-read(1) [start]" },
	{ "paused", PAUSED, NULL, "do not run it before it is resumed" },
	{ "no-check", NO_CHECK, NULL, "ask no server whether it can work" },
	{ "allow-none", ALLOW_NONE, NULL,
	    "make it though an --include meets nothing yet" },
	{ 0 } };
static const struct opt status_opt[] = { DIR_OPT,
	{ "json", JSON, NULL, "a line of JSON for each task" },
	{ "offline", OFFLINE, NULL, "do not ask Kafka for lag and backlog" },
	{ "watch", 'w', NULL, "again every two seconds, until a signal" },
	{ 0 } };
static const struct opt doctor_opt[] = { DIR_OPT,
	{ "check", 'k', "LIST", "only these checks" },
	{ "json", JSON, NULL, "a line of JSON for each check" },
	{ "from", 'f', "WHERE", "where it would begin [start]" }, { 0 } };
static const struct opt show_opt[] = { DIR_OPT,
	{ "json", JSON, NULL, "the definition, with the pipeline" }, { 0 } };
static const struct opt run_opt[] = { DIR_OPT,
	{ "label", LABEL, NULL, "put [NAME] in front of each message" },
	{ "progress", PROGRESS, "WHEN", "auto or never, on a terminal [auto]" },
	{ 0 } };
static const struct opt reason_opt[] = { DIR_OPT,
	{ "reason", REASON, "TEXT", "why, for status and the log" }, { 0 } };
static const struct opt set_opt[] = { DIR_OPT,
	{ "from", 'f', "WHERE", "where to go on, see cdc-read(1)" },
	{ "missing", MISSING, "WHAT",
	    "what the source lost without a drop: keep or drop" },
	{ "adopt", SET_ADOPT, NULL,
	    "collections that the target has already are ours to drop" },
	{ "no-adopt", NO_ADOPT, NULL, "they are not, as at first" }, { 0 } };

enum { NONE, MAYBE, ONE };
static const struct command {
	const char *name;
	const struct opt *table;
	int operand; /* a NAME */
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

static void
task_arg(struct task_args *a, int letter, const char *arg)
{
	struct err e;

	for (const struct task_option *o = task_options; o->name != NULL; o++)
		if (o->letter == letter &&
		    task_option_set(a->options, o, arg, &e) == -1)
			opt_die("%s", e.msg);
}

static int
is_flag(struct task_args *a, int letter)
{
	struct {
		int letter, *flag;
	} flags[] = { { 'w', &a->watch }, { JSON, &a->json },
		{ OFFLINE, &a->offline }, { LABEL, &a->label },
		{ PAUSED, &a->paused }, { NO_CHECK, &a->no_check },
		{ ALLOW_NONE, &a->allow_none }, { SET_ADOPT, &a->adopt },
		{ NO_ADOPT, &a->no_adopt } };

	for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
		if (flags[i].letter == letter)
			return *flags[i].flag = 1;
	return 0;
}

static void
take(struct task_args *a, int letter, const char *arg)
{
	if (is_flag(a, letter))
		return;
	switch (letter) {
	case STATE_DIR:
		free(a->dir);
		a->dir = x_strdup(arg);
		break;
	case 'f':
		a->from = arg;
		break;
	case 'k':
		a->checks = arg;
		break;
	case MISSING:
		a->missing = arg;
		break;
	case REASON:
		a->reason = arg;
		break;
	case PROGRESS:
		a->progress = opt_choice("progress", arg, "never", "auto");
		break;
	default:
		task_arg(a, letter, arg);
	}
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
			table[n++] =
			    (struct opt){ o->name, o->letter, o->arg, o->help };
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
	const char *arg;
	int letter, at;

	while (
	    (letter = opt_until(argc, argv, dir_opt, usage, &arg, &at)) != -1)
		take(a, letter, arg);
	if (at >= argc)
		opt_die("which command?");
	c = find_command(argv[at]);
	make_table(c, table);
	snprintf(line, sizeof line, "%s %s[OPTION]...", c->name,
	    c->run == cmd_doctor ? "[NAME [COLLECTION]] "
	    : c->operand == ONE  ? "NAME "
	    : c->operand == NONE ? ""
				 : "[NAME] ");
	for (;;) {
		optind = at + 1;
		while ((letter = opt_until(
			    argc, argv, table, line, &arg, &at)) != -1)
			take(a, letter, arg);
		if (at >= argc)
			break;
		if (a->name == NULL)
			a->name = argv[at];
		else if (c->run == cmd_doctor && a->coll == NULL)
			a->coll = argv[at];
		else
			opt_die("one NAME too many: '%s'", argv[at]);
	}
	check_operand(c, a);
	return c;
}

int
main(int argc, char **argv)
{
	struct task_args a = { .options = json_object(), .progress = 1 };
	const struct command *c;
	struct err e = { 0 };
	char *dir;

	log_init(argv[0]);
	signal(SIGPIPE, SIG_IGN);
	c = parse(&a, argc, argv);    /* exits 2 on a mistake */
	dir = state_dir_whole(a.dir); /* a definition keeps it */
	free(a.dir);
	a.dir = dir;
	if (c->run(&a, &e) == 0)
		err_clear(&e);
	else if (e.kind != ERR_STOP && e.kind != ERR_PIPE)
		log_error("%s", e.msg);
	json_decref(a.options);
	free(a.dir);
	if (e.kind == ERR_PIPE)
		sig_die_of_pipe();
	sig_reraise(); /* returns unless a signal stopped us */
	return e.kind == ERR_NONE && a.bad ? a.bad : err_status(&e);
}
