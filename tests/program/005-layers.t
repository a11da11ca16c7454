#!/bin/sh
# The rooms of lib/: each includes only what lib/LAYERS allows.
. "$(dirname "$0")/../lib/lib.sh"
check=$TESTS/tools/layers.sh

exits 0 sh "$check"
is 'the walls stand' "$(cat "$out")" ''

mkdir -p tree/lib && cp "$top/lib/LAYERS" tree/lib
(cd "$top" && tar -cf - lib/*/*.[ch] cmd/*.c) | tar -xf - -C tree
planted() { # NAME FILE INCLUDE SENTENCE
	cp "tree/$2" saved
	printf '#include "%s"\n' "$3" >>"tree/$2"
	line=$(wc -l <"tree/$2")
	sh "$check" tree >"$out" && rc=0 || rc=$?
	is "$1" "$rc $(cat "$out")" "1 $2:$line: $4"
	mv saved "tree/$2"
}
planted 'up the stair' lib/net/http.c apply/apply.h 'net may not include apply/apply.h'
planted 'from side to side' lib/apply/call.c stream/stream.h 'apply may not include stream/stream.h'
planted 'a private header of another room' lib/doctor/rows.c verify/priv.h 'verify/priv.h is for lib/verify only'
planted 'in a program' cmd/cdc-read.c stream/priv.h 'stream/priv.h is for lib/stream only'
exits 0 sh "$check" tree

echo 'mq:' >>tree/lib/LAYERS
sh "$check" tree >"$out"
is 'a room twice' "$? $(cat "$out")" '1 lib/LAYERS: mq stands there twice'
sed 's/^base:.*/base: codec/' "$top/lib/LAYERS" >tree/lib/LAYERS
sh "$check" tree >"$out"
is 'a room that opens to a higher one' "$? $(cat "$out")" \
	"1 lib/LAYERS: codec does not stand below base
lib/LAYERS: base does not use codec"
sed 's/^apply:.*/& mq/' "$top/lib/LAYERS" >tree/lib/LAYERS
sh "$check" tree >"$out"
is 'a door that nobody uses' "$? $(cat "$out")" '1 lib/LAYERS: apply does not use mq'
mkdir tree/lib/attic && echo '#include "base/err.h"' >tree/lib/attic/x.c
cp "$top/lib/LAYERS" tree/lib
sh "$check" tree >"$out"
is 'a room that nobody knows' "$? $(cat "$out")" '1 lib/attic/x.c:1: attic is not in lib/LAYERS'
rm -r tree/lib/attic
for i in $(seq 40); do echo >"tree/lib/format/x$i.c"; done
sh "$check" tree >"$out"
is 'a room without walls' "$? $(sed 's/[0-9]\{2\}/N/' "$out")" '1 lib/format/ has N files: what are its rooms?'
mkdir -p bare/lib && cp tree/lib/LAYERS bare/lib
exits 1 sh "$check" bare

# What a file exports, and whom it needs.
check=$TESTS/tools/symbols.sh
exits 0 sh "$check"
is 'one place for each name, and no circle' "$(cat "$out")" ''
echo 'int b(void); int a(void) { return b(); }' >a.c
echo 'int c(void); int b(void) { return c(); }' >b.c
echo 'int b(void); int c(void) { return 3; }' >c.c
cc -c a.c b.c c.c
exits 0 sh "$check" a.o b.o c.o
echo 'int b(void); int c(void) { return b(); }' >c.c
cc -c c.c
exits 1 sh "$check" a.o b.o c.o
is 'a circle' "$(sort -u "$out" | paste -sd' ')" 'files: input contains a loop: tsort: b.o tsort: c.o'
echo 'int a(void) { return 4; }' >c.c
cc -c c.c
exits 1 sh "$check" a.o c.o
is 'a name of two' "$(cat "$out")" 'a is exported twice'
done_testing
