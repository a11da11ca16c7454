# Sourced behind readlib.sh: a streaming log, made of words.
#
#   wal                     as `feed`, with the words of tests/fake/wal26.py, too
#   at_log MS               the last line of a catalogue of 2.6, which was read then: changes come in the log
#   control                 its line of the control channel, which is on topic 0

wal() {
	python3 "$TESTS/fake/wal26.py" >wal.words && feed <wal.words
}

at_log() {
	printf '{"kind":"ready","rev":9,"ts":"%s","ddl":"log"}\n' "$(ts "$1")"
}

control() {
	printf '{"kind":"pchannel","name":"by-dev-rootcoord-dml_0","control":true}\n'
}
