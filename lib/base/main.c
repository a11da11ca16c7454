#include "base/main.h"

#include "base/err.h"
#include "base/log.h"
#include "base/sig.h"

int
main_end(const struct err *e, int status)
{
	if (e->kind != ERR_NONE && e->kind != ERR_STOP && e->kind != ERR_PIPE)
		log_error("%s", e->msg);
	sig_reraise(); /* returns unless a signal stopped us */
	if (e->kind == ERR_PIPE)
		sig_die_of_pipe();
	return e->kind == ERR_NONE ? status : err_status(e);
}
