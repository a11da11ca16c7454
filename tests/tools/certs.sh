#!/bin/sh
# certs.sh DIR: certificates for tests, as PEM files in DIR: NAME.pem, NAME.key.
#
#   ca         signs all but what another one says; other: an authority that nobody trusts
#   server     for 127.0.0.1 and cdc.example, not for localhost; server.both has certificate and key in one file
#   late       the same, and its time is over
#   root       a client's, its common name is root; client: one without such a name
#   stranger   a client's that `other` has signed; old: a client's whose time is over
set -eu

dir=$1
mkdir -p "$dir"
cd "$dir"
umask 077
mkdir -p issued

authority() { # NAME
	openssl req -x509 -newkey rsa:2048 -nodes -keyout "$1.key" -out "$1.pem" -days 30 -subj "/CN=$1" 2>>openssl.log
}

sign() { # NAME COMMON-NAME AUTHORITY NOT-AFTER
	openssl req -newkey rsa:2048 -nodes -keyout "$1.key" -out "$1.csr" -subj "/O=cdc${2:+/CN=$2}" 2>>openssl.log
	printf '%s\n' 'subjectAltName=IP:127.0.0.1,DNS:cdc.example' 'extendedKeyUsage=serverAuth,clientAuth' >"$1.ext"
	: >index.txt
	# `openssl x509` cannot say when it ends; `openssl ca` can
	openssl ca -batch -notext -config ca.conf -cert "$3.pem" -keyfile "$3.key" -startdate 20200101000000Z \
		-enddate "$4" -extfile "$1.ext" -in "$1.csr" -out "$1.pem" 2>>openssl.log
	rm "$1.csr" "$1.ext"
}

cat >ca.conf <<'X'
[ca]
default_ca=us
[us]
new_certs_dir=issued
database=index.txt
default_md=sha256
rand_serial=yes
policy=any
unique_subject=no
[any]
organizationName=supplied
commonName=optional
X
later=$(date -u -d '+30 days' +%Y%m%d%H%M%SZ) past=20210101000000Z
authority ca
authority other
sign server server ca "$later"
sign late server ca $past
sign root root ca "$later"
sign client '' ca "$later"
sign stranger '' other "$later"
sign old '' ca $past
cat server.key server.pem >server.both
rm -rf issued index.txt*
