#!/bin/sh
# The page of cdc-httpd in headless Chromium: what it shows, what its buttons do, who may see it, and how it is read without
# a mouse or eyes. The tasks are run by `supervise`, with the programs of tests/stand-in and a mock Kafka for the lag.
. "$(dirname "$0")/../lib/lib.sh"
. "$TESTS/lib/readlib.sh"
for p in chromium chromedriver python3; do
	command -v $p >/dev/null || skip_all "no $p; tests/tools/setup.sh test installs it"
done
export CDC_STATE_DIR="$T/state" CTL="$T/ctl"
mkdir bin ctl
cp "$BUILD/cdc-task" "$BUILD/cdc-httpd" "$TESTS"/stand-in/* bin/
PATH=$T/bin:$PATH
kafka_up

chromedriver --port=0 >driver.out 2>&1 &
wait_until 20 grep -q 'successfully on port' driver.out || diag <driver.out
mkfifo steps answers
python3 "$TESTS/page/browser.py" "http://127.0.0.1:$(sed -n 's/.*successfully on port \([0-9]*\).*/\1/p' driver.out)" "$T/profile" \
	<steps >answers 2>browser.err &
browser=$!
exec 6>steps 7<answers
answer() {
	while read -r line <&7 && [ "$line" != "$(printf '\4')" ]; do printf '%s\n' "$line"; done
}
b() { # STEP [WORD...], see browser.py
	{
		printf '%s\037' "$@" | tr '\n' ' '
		echo
	} >&6
	answer
}
js() { b js "$1"; }
shot() { [ -z "${SHOTS:-}" ] || b shot "$SHOTS/$1.png"; } # for the eye

serve() { # NAME OPTION...: $url is the server
	serve_as=$1
	shift
	: >"$serve_as.at"
	cdc-httpd --listen 127.0.0.1:0 --print-address "$@" >"$serve_as.at" 2>"$serve_as.log" &
	httpd=$!
	wait_until 10 test -s "$serve_as.at" || diag <"$serve_as.log"
	url=http://$(cat "$serve_as.at")
}
# What a person sees of a task: a column of its row.
cell() { # TASK COLUMN
	js "[...document.querySelectorAll('tbody tr')].filter((r) => r.querySelector('th span').textContent === '$1').map((r) => r.cells[$2].innerText)[0] ?? ''"
}
shows() { [ "$(cell "$1" "$2")" = "$3" ]; }
differs() { [ "$(cell "$1" "$2")" != "$3" ]; }
is_text() { [ "$(js "document.querySelector('$1').textContent")" = "$2" ]; }
hidden() { js "document.getElementById('$1').hidden"; }
is_hidden() { [ "$(hidden "$1")" = "$2" ]; }
wish() { jq -r .desired "$CDC_STATE_DIR/tasks/$1/desired.json"; }
quiet() { is "$1: nothing on the console" "$(b console)" ''; }
state() { cdc-task status "$1" --json --offline | jq -r .state; }
state_is() { [ "$(state "$1")" = "$2" ]; }

# One that has failed, with words that are a page's; one whose lag is known; one that runs.
supervised=$T/super.err
cdc-task supervise 2>"$supervised" &
cp bin/cdc-apply apply
evil="</td><img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>&amp; no such file"
echo "$evil" >evil
printf '#!/bin/sh\ncat "%s" >&2\nexit 1\n' "$T/evil" >bin/cdc-apply
cdc-task create broken --no-check -T http://127.0.0.1:2
wait_until 20 state_is broken failed || diag <"$supervised"
cp apply bin/cdc-apply
cdc-task create busy --no-check -T http://127.0.0.1:3 -i 'shop.*' -i 'default.items'
feed <<X2
tick 0 50
tick 0 60000
X2
cdc-task create far --no-check --paused -T http://127.0.0.1:4
at=$(ts 50)
echo "{\"op\":\"ack\",\"ts\":\"$at\",\"pos\":{\"by-dev-rootcoord-dml_0\":{\"o\":1,\"n\":1,\"ts\":\"$at\"}},\"n\":{\"rows\":1234},\"end\":true}" |
	cdc-task commit far

serve plain --allow-anyone
curl -s -D head -o page "$url/"
is 'the page needs nothing from elsewhere' "$(grep -ciE '(src|href)="?(https?:)?//' page)" 0
like '  and may not have it' "$(tr -d '\r' <head)" "^Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
answer # that it has begun
b size 1280 800
b go "$url/"
ok 'all tasks are there' wait_until 10 shows busy 1 running
is '  in order' "$(js "[...document.querySelectorAll('tbody th span:first-child')].map((e) => e.textContent).join(' ')")" 'broken busy far'
is '  and how they are' "$(cell broken 1) $(cell far 1)" 'failed paused'
is '  in words' "$(js "document.getElementById('summary').textContent")" '3 tasks, 1 paused, 1 needs attention'
is 'what it takes, and where to' "$(cell busy 0 | tr '\n' '|')" 'busy|shop.*, default.items|to http://127.0.0.1:3|'
is '  or all' "$(cell far 0 | sed -n 2p)" 'all collections'
is 'its lag' "$(cell far 2)" '60 s'
is '  rows' "$(cell far 3)" '1,234'
n=$(cell busy 3)
feed <<X2
tick 0 75050
X2
ok 'the lag moves' wait_until 10 shows far 2 '75 s'
ok '  and rows' differs busy 3 "$n"
is 'a last error is text, whatever it holds' "$(cell broken 5)" "cdc-apply, status 1: $evil"
is '  and does nothing' "$(js "document.title + document.querySelectorAll('td img, td script').length")" 'Milvus CDC: tasks0'
quiet 'so far'

# its buttons
button='#tasks tr:nth-child(2) button'
b click "$button"
ok 'Pause: it is paused' wait_until 20 shows busy 1 paused
is '  as wished' "$(wish busy)" paused
ok '  and the button says what it does now' wait_until 5 is_text "$button" Resume
is '  and a screen reader is told' "$(js "document.getElementById('news').textContent")" 'busy is paused'
n=$(cell busy 3)
b click "$button"
ok 'Resume: it goes on' wait_until 20 shows busy 1 running
is '  as wished' "$(wish busy)" running
ok '  and its rows too' wait_until 10 differs busy 3 "$n"

# without a mouse, without eyes
b go "$url/"
wait_until 10 shows busy 1 running
is 'a row has a name' "$(b role '#tasks tr:nth-child(2) th')" 'rowheader busy shop.*, default.items to http://127.0.0.1:3'
is '  a cell a role' "$(b role '#tasks tr:nth-child(2) td')" 'cell running'
is 'a button says whose' "$(b role "$button")" 'button Pause busy'
is 'errors are said at once, news when there is time' "$(js "['error', 'news'].map((i) => document.getElementById(i).getAttribute('role')).join(' ')")" 'alert status'
b keys Tab Tab
is 'the second button by keys' "$(js 'document.activeElement.getAttribute("aria-label")')" 'Pause busy'
b keys Enter
ok '  and Enter' wait_until 20 shows busy 1 paused
is '  the keyboard stays there' "$(js 'document.activeElement.getAttribute("aria-label")')" 'Resume busy'
b keys Space
ok '  Space, too' wait_until 20 shows busy 1 running

# narrow and wide, dark and light
dark="[...document.querySelectorAll('td, th, p, button, .health, .more')].filter((e) => e.offsetParent).map((e) => {
	const luminance = (s) => s.match(/[0-9.]+/g).slice(0, 3).map((v) => v / 255).map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
		.reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
	let back = e;
	while (/, 0\\)\$/.test(getComputedStyle(back).backgroundColor)) back = back.parentElement;
	const [a, z] = [getComputedStyle(e).color, getComputedStyle(back).backgroundColor].map(luminance).sort((x, y) => y - x);
	return (a + 0.05) / (z + 0.05);
}).reduce((x, y) => Math.min(x, y)) >= 4.5"
for scheme in light dark; do
	b scheme $scheme
	is "$scheme: all text stands out from what is behind it, WCAG 2 AA" "$(js "$dark")" true
	shot wide-$scheme
done
is 'and they are two' "$(js 'getComputedStyle(document.body).backgroundColor')" 'rgb(14, 17, 22)'
b size 500 900
is 'narrow: nothing is cut off' "$(js 'document.documentElement.scrollWidth <= window.innerWidth')" true
is '  and each value has its name' "$(js "getComputedStyle(document.querySelector('#tasks td'), '::before').content")" '"State" / ""'
shot narrow
# a small telephone: each value in its card
b size 360 740
is 'at 360 px nothing leaves its card' "$(js "[...document.querySelectorAll('tbody tr')].flatMap((r) =>
	[...r.querySelectorAll('th, td, span, time, button')].filter((e) =>
	e.getBoundingClientRect().right > r.getBoundingClientRect().right || e.scrollWidth > Math.max(e.clientWidth, e.offsetWidth)).map((e) => e.innerText))")" '[]'
is '  nor the page' "$(js 'document.documentElement.scrollWidth <= 360')" true
shot phone
b size 1280 800
zone=$(js "new Date(50).toLocaleTimeString(undefined, {timeZoneName: 'short'}).split(' ').pop()")
like 'a date has its zone' "$(cell far 4)" " $zone\$"
b scheme light
quiet 'to here'

# without a server
kill "$httpd"
ok 'a server that is gone: said' wait_until 10 is_hidden error false
like '  so' "$(js "document.getElementById('error').textContent")" '^cdc-httpd does not answer; below is what it said at [0-9].*[0-9]'
is '  and what is shown is old' "$(js "document.getElementById('table').className")" old
shot gone
b console >/dev/null

# a token
(umask 077; echo s3cret-token >token; echo 0nly-look >look)
serve locked --token-file token --read-token-file look
is 'the page is for everybody' "$(curl -s -o page -w '%{http_code}' "$url/")" 200
is '  its parts too, and no more' "$(for p in page.css page.js tasks version metrics; do curl -s -o part -w '%{http_code} ' "$url/$p"; done)" '200 200 401 401 401 '
is '  but not by another name' "$(curl -s -o part -w '%{http_code}' -H 'Host: evil.example' "$url/")" 403
is '  and holds no secret' "$(cat page part | grep -c -e s3cret -e 0nly)" 0
b go "$url/"
is 'a token is asked for' "$(hidden login) $(hidden table)" 'false true'
is '  in a field that has a name, and the focus' "$(b role '#token'), $(js document.activeElement.id), $(js 'document.activeElement.type')" 'textbox Token, token, password'
b keys wrong Enter
ok '  another one is none' wait_until 10 is_text '#error' 'this token is not known here'
shot token
b console >/dev/null
b keys 0nly-look Enter
ok 'one to look' wait_until 10 shows busy 1 running
is '  the field is empty again' "$(js 'document.getElementById("token").value') $(hidden login)" ' true'
b click "$button"
ok '  may not pause' wait_until 10 is_text '#error' 'busy cannot be paused: this token is for reading'
is '  and has not' "$(wish busy)" running
b go "$url/"
ok 'it is kept while the tab is open' wait_until 10 shows busy 1 running
b click '#forget'
is 'and forgotten on demand' "$(hidden login) $(js 'sessionStorage.length + localStorage.length + document.cookie')" 'false 0'
b console >/dev/null
b keys s3cret-token Enter
wait_until 10 shows busy 1 running
b click "$button"
ok 'one to change' wait_until 20 shows busy 1 paused
quiet 'with a token'

b quit
wait $browser
is 'the browser did all that it was told' "$(cat browser.err)" ''
done_testing
