#!/bin/sh
# A login goes to the server that it was given for: not where that one sends us, not to a proxy, and none comes from ~/.netrc.
. "$(dirname "$0")/../lib/lib.sh"
umask 077
echo root:s3cret >login
export CDC_TOKEN=root:s3cret HOME="$T" XDG_STATE_HOME="$T"
for n in '127.0.0.1' localhost; do echo "machine $n login netrc-user password netrc-word"; done >.netrc
printf '%s\n' '{"op":"begin","v":1,"cluster":"c","ts":"1","from":{"t":{"o":0,"n":0,"ts":"0"}}}' >s

recorder() { # FILE [ANSWER]: $at is where it listens
	rm -f "$1" "$1.port"
	python3 "$TESTS/fake/recorder.py" "$1" 0 "${2:-}" 2>>recorder.err &
	wait_until 10 test -s "$1.port"
	at=127.0.0.1:$(cat "$1.port")
}
recorder thief 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}'
thief=$at
meta() { timeout 20 cdc-meta --retry 0 -k database "$@" >"$out" 2>"$err"; }
apply() { timeout 20 cdc-apply --retry 0 --timeout 1 "$@" s >"$out" 2>"$err"; }

for code in 301 302 307 308; do
	recorder etcd "HTTP/1.1 $code Elsewhere\r\nLocation: http://$thief/v3/auth/authenticate\r\nContent-Length: 0\r\n\r\n"
	meta -E "http://$at" --etcd-user-file login
	is "etcd sends us elsewhere, $code: status" $? 1
	like '  which is said' "$(cat "$err")" "etcd 'http://$at': HTTP status $code"
	is '  the login was for it' "$(grep -ac s3cret etcd)" 1
done
recorder milvus "h2 http://$thief/"
apply -T "http://$at"
is 'a Milvus sends us elsewhere: status' $? 1
like '  which is said' "$(cat "$err")" 'HTTP status 307'
is '  nobody was asked there' "$(cat thief)" ''

# Proxies are for what people look at; these are servers of one's own.
http_proxy=http://$thief https_proxy=http://$thief all_proxy=http://$thief
HTTP_PROXY=$http_proxy HTTPS_PROXY=$http_proxy ALL_PROXY=$http_proxy
export http_proxy https_proxy all_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY
recorder etcd 'HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n'
meta -E "http://$at"
is 'a proxy is not asked for etcd' "$(cat thief)" ''
like '  etcd is' "$(cat etcd)" '^POST /v3/'
is '  with no login of .netrc' "$(grep -aic -e authorization -e netrc etcd)" 0
meta -E "https://$at"
apply -T "http://$at"
apply -T "https://$at"
timeout 20 cdc-verify -S "http://$at" -T "http://$at" --retry 0 >"$out" 2>"$err"
is '  nor for anything else' "$(cat thief)" ''
unset http_proxy https_proxy all_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY CDC_TOKEN

# A file can say whom it is for.
printf 'root:s3cret\nfor http://127.0.0.1:1\nfor https://standby\n' >token
exits 2 cdc-apply -T http://127.0.0.1:2 --token-file token s
like 'it is for another' "$(cat "$err")" "^cdc-apply: secret file 'token' is for 'https://standby', not for 'http://127.0.0.1:2'"
exits 2 cdc-apply -T http://standby:443 --token-file token s
exits 2 cdc-verify -S http://127.0.0.1:1 -T http://127.0.0.1:3 --token-file token
exits 3 cdc-apply -T http://127.0.0.1:1/ --token-file token --retry 0 s
printf 'root:s3cret\nfor http://127.0.0.1:1\n' >user
exits 2 cdc-meta -E http://127.0.0.1:1,http://127.0.0.1:2 --etcd-user-file user
exits 3 cdc-meta -E http://127.0.0.1:1 --etcd-user-file user --retry 0
printf 'root:s3cret\nfor http://127.0.0.1 \t\n' >user
exits 3 cdc-meta -E http://127.0.0.1:2379 --etcd-user-file user --retry 0
exits 3 cdc-meta -E http://127.0.0.1 --etcd-user-file user --retry 0
exits 2 cdc-meta -E http://127.0.0.1:19530 --etcd-user-file user
like "etcd's port is the one left out" "$(cat "$err")" "secret file 'user' is for 'http://127.0.0.1:2379', not for 'http://127.0.0.1:19530'"
exits 2 cdc-apply -T http://127.0.0.1:2379 --token-file user s

# In clear to another machine: said, once.
clear="^cdc-[a-z]*: the login for 'http://none.invalid:19530' goes there in clear, where anybody on the way can read it: want https\$"
once() { # WHAT COMMAND...
	what=$1
	shift
	timeout 20 "$@" >"$out" 2>"$err"
	is "in clear: $what" "$(grep -c 'in clear' "$err")" 1
	like '  words' "$(cat "$err")" "$clear"
}
silent() {
	timeout 20 "$@" >"$out" 2>"$err"
	is "not said: $*" "$(grep -c 'in clear' "$err")" 0
}
once cdc-apply cdc-apply -T http://none.invalid:19530 --token-file login --retry 0 s
CDC_TOKEN=root:s3cret once 'of the environment' cdc-apply -T http://none.invalid:19530 --retry 0 s
once cdc-verify cdc-verify -S http://127.0.0.1:1 -T http://none.invalid:19530 --token-file login --retry 0
once 'etcd of a source' cdc-meta -E http://none.invalid:19530,https://none.invalid:2 --etcd-user-file login --retry 0
silent cdc-apply -T http://none.invalid:19530 --retry 0 s
silent cdc-apply -T https://none.invalid:19530 --token-file login --retry 0 s
for h in 127.0.0.1 127.9.9.9 localhost '[::1]'; do
	silent cdc-apply -T "http://$h:1" --token-file login --retry 0 s
done

# Files that others can read.
openssl req -x509 -newkey rsa:2048 -nodes -keyout key -out cert -days 2 -subj /CN=x 2>/dev/null
printf '%s\n' '{"kind":"catalogue","v":1,"rev":9,"root":"by-dev/meta"}' '{"kind":"ready","rev":9}' >cat
printf 'sasl.password=s3cret\n' >props
open() { # FILE COMMAND...
	chmod "$mode" "$1"
	file=$1
	shift
	exits 2 timeout 20 "$@"
	like "  '$file' has mode $mode" "$(cat "$err")" "'$file' has mode 0$mode: others may read it, want 0600"
	is '  in one line' "$(wc -l <"$err")" 1
	chmod 600 "$file"
}
for mode in 644 640 604; do
	open login cdc-meta -E http://127.0.0.1:1 --etcd-user-file login
	open login cdc-apply -T http://127.0.0.1:1 --token-file login s
	open login cdc-verify -S http://127.0.0.1:1 -T http://127.0.0.1:1 --source-token-file login
	open login cdc-httpd --token-file login
	open login cdc-httpd --allow-target http://h:1=login
done
mode=640
open key cdc-meta -E https://127.0.0.1:1 --cert cert --key key
open key cdc-apply -T https://127.0.0.1:1 --cert cert --key key s
open key cdc-verify -S https://127.0.0.1:1 --source-cert cert --source-key key -T http://127.0.0.1:1
open props cdc-read -b 127.0.0.1:1 -X @props --until now -m cat
open key cdc-read -b 127.0.0.1:1 -X ssl.key.location=key --until now -m cat
chmod 644 props
echo client.id=me >props
timeout 5 cdc-read -b 127.0.0.1:1 -X @props --until now -m cat 2>"$err"
fails '  a file without a secret may be open' grep mode "$err"
ok 'a login from a pipe' sh -c "cat login | cdc-apply -n -T http://127.0.0.1:1 --retry 0 --token-file /dev/stdin s; [ \$? = 3 ]"

# A password in a URL is in no message.
hushed() { # STATUS COMMAND...
	exits "$@"
	is '  in one line, without it' "$(wc -l <"$err") $(grep -c hush "$err")" '1 0'
	like '  and with what to do' "$(cat "$err")" "a user in a URL.*[:;] use -"
}
u=http://root:hush@127.0.0.1:1
hushed 2 cdc-meta -E "$u"
hushed 2 cdc-meta -E "http://127.0.0.1:2,root:hush@127.0.0.1:1"
hushed 2 env CDC_ETCD="$u" cdc-meta
hushed 2 cdc-apply -T "$u" s
hushed 2 env CDC_TARGET="$u" cdc-apply s
hushed 2 cdc-apply -T root:hush@127.0.0.1:1 s
hushed 2 cdc-verify -S "$u" -T http://127.0.0.1:1
hushed 2 cdc-verify -S http://127.0.0.1:1 -T "$u"
hushed 2 cdc-read -b root:hush@127.0.0.1:1 --until now -m cat
hushed 2 env CDC_BROKERS=root:hush@127.0.0.1:1 cdc-read --until now -m cat
for o in -E -T -b -S; do
	hushed 2 cdc-task create x --no-check "$o" root:hush@127.0.0.1:1
	hushed 2 cdc-task doctor "$o" root:hush@127.0.0.1:1
done
hushed 2 env CDC_TARGET="$u" cdc-task create x --no-check
hushed 2 cdc-httpd -b root:hush@127.0.0.1:1
done_testing
