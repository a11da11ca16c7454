# For tests of what is read through DumpMessages: tests/fake/dumper.py on folder d, and dumpcat.

dump_start() { # [CERT KEY]
	mkdir -p d
	rm -f d/port
	python3 "$TESTS/fake/dumper.py" d "${dump_port:-0}" "$@" 2>>dumper.err &
	dump_pid=$!
	wait_until 20 test -s d/port || diag <dumper.err
	dump_port=$(cat d/port)
	URI=http${1:+s}://127.0.0.1:$dump_port
}

dump_kill() {
	kill -9 "$dump_pid" 2>/dev/null
	wait "$dump_pid" 2>/dev/null
}

# What the log of pchannel $1 has, as dumpcat shows it: id, time tick, type, length, sum.
log_of() {
	python3 -c '
import base64, json, sys
for line in open(sys.argv[1]):
    m = json.loads(line)
    p, s = base64.b64decode(m["payload_b64"]), 0
    for b in p:
        s = (s * 31 + b) % 2 ** 64
    print(int(m["id"], 36), int(m["properties"]["_tt"], 36), m["properties"]["_t"], len(p), s)' "d/$1.jsonl"
}

# What dumpcat wrote of pchannel $1.
read_of() {
	sed -n "/ made /d; s/^$1 //p" "${2:-out}"
}

fault() { # JSON of one fault of DumpMessages
	printf '[{"method": "DumpMessages", %s}]' "$1" >d/faults.new
	mv d/faults.new d/faults
}

# NAME PCHANNEL TXN COUNT BYTES: has so many records written, of one transaction if TXN is not 0.
write_log() {
	mkdir -p d/inbox
	python3 -c '
import base64, json, os, random, sys
name, pchannel, txn, n, size = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5])
r = random.Random(name)
def m(t, p):
    props = {"_v": "1" if t == 2 else "2", "_t": str(t), "_vc": pchannel + "_1v0"}
    if txn:
        props["_tx"] = base64.b64encode(b"\x08" + bytes([txn])).decode()
    return {"properties": props, "payload_b64": base64.b64encode(p).decode()}
v = [m(2, r.randbytes(size)) for _ in range(n)]
if txn:
    v = [m(900, b"")] + v + [m(901, b"")]
json.dump({"pchannel": pchannel, "messages": v}, open("d/inbox/." + name, "w"))
os.rename("d/inbox/." + name, "d/inbox/" + name)' "$@"
}

written() {
	wait_until 20 sh -c '[ -z "$(ls d/inbox)" ]'
}
