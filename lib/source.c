#include "source.h"

#include <stdio.h>
#include <string.h>

#include "err.h"

void
source_advise(struct err *e, const char *seen, const char *task)
{
	size_t n = strlen(e->msg);

	snprintf(e->msg + n, sizeof e->msg - n,
	    "%s%s: was it restored? 'cdc-task set %.64s --missing keep' goes "
	    "on with it as it is, and keeps at the target what it has no more, "
	    "'--missing drop' drops that there, '--from WHERE' begins anew",
	    seen == NULL ? "" : ", the newest change seen before is of ",
	    seen == NULL ? "" : seen, task == NULL ? "NAME" : task);
}
