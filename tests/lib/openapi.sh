# Sourced by tests behind lib.sh: answers of cdc-httpd held against its document, tests/openapi/document.py.
#
#   document COMMAND.py ARG...   one of tests/openapi
#   checked ADDRESS              a proxy before the server there that looks at each answer; $checked is to be asked
#   checked_end N                a test: all were as the document says, and N of them at least

apipython=${CDC_DEPS:-$top/.deps}/apivenv/bin/python
checked_n=0

document() {
	document_script=$1
	shift
	"$apipython" "$TESTS/openapi/$document_script" "$@"
}

checked() {
	checked=$1
	[ -x "$apipython" ] || return 0 # without it the test is as good, but for this
	checked_n=$((checked_n + 1))
	"$apipython" "$TESTS/openapi/proxy.py" "$1" "checked.$checked_n" >"proxy.$checked_n" 2>"proxy.$checked_n.err" &
	checked_pid=$!
	wait_until 20 test -s "proxy.$checked_n" || diag <"proxy.$checked_n.err"
	checked=$(cat "proxy.$checked_n")
}

checked_end() {
	[ -x "$apipython" ] || return 0
	kill "$checked_pid"
	wait "$checked_pid"
	is 'all answers are as the document says' "$(sed '$d' "checked.$checked_n"; cat "proxy.$checked_n.err")" ''
	ok "  $(tail -n 1 "checked.$checked_n") of them" [ "$(tail -n 1 "checked.$checked_n")" -ge "$1" ]
}
