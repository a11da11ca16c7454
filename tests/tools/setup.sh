#!/bin/sh
# setup.sh [build|lab|test|lint|package|package-check|clients]: what this tree needs on a Debian that has nothing but git and make.
#
#   build            compiler and libraries
#   lab              and real servers with a client: for tests/tools/lab and make demo
#   test             and all that make check asks for
#   lint, package, package-check, clients    what make lint, make deb, make package-check and the long form of 343 ask for
#
# Debian packages come by apt (root), or the one line to run is printed and the status is 2.  What Debian does not have
# (Milvus, Kafka, pymilvus) goes beneath $CDC_DEPS [.deps], by pip and mvn as they are configured on this machine.
# Says a line, with the size, before each thing that is fetched. Says nothing when all is there, and then asks nobody:
# every need is checked on this machine first.
set -eu

here=$(cd "$(dirname "$0")" && pwd -P)
deps=${CDC_DEPS:-${here%/tests/*}/.deps}
want=${1:-test}

milvus='milvus==2.3.5'
# pymilvus 2.3.7 imports pkg_resources, marshmallow 3 and environs 9 without saying so.
client="pymilvus==2.3.7 setuptools<70 marshmallow<4 environs<10 numpy rocksdict==0.3.29"
# What it needs does not go together with pymilvus's old ones, so it has a venv of its own.
api='schemathesis==4.32.5 openapi-spec-validator==0.9.0'
# What makes clients of lib/api/openapi.json, for the long form of 343.
makers_py=openapi-python-client==0.29.1
makers_js='openapi-typescript@7.13.0 openapi-fetch@0.17.0 typescript@5.9.3'
kafka=3.9.1

# HOW:WHAT:PACKAGE, HOW is c (a command), l (a library for pkg-config), f (a file), p (python can make a venv with pip)
build='f:/usr/include/stdio.h:libc6-dev c:gcc:gcc c:pkg-config:pkg-config c:protoc-c:protobuf-c-compiler
	l:rdkafka:librdkafka-dev l:libprotobuf-c:libprotobuf-c-dev l:jansson:libjansson-dev l:libcurl:libcurl4-openssl-dev
	l:libmicrohttpd:libmicrohttpd-dev
	l:zlib:zlib1g-dev'
lab='c:etcd:etcd-server c:etcdctl:etcd-client c:kcat:kcat c:jq:jq p::python3-venv c:java:default-jre-headless c:mvn:maven
	c:curl:curl c:openssl:openssl'
check='l:cmocka:libcmocka-dev c:prove:perl c:zstd:zstd c:fish:fish c:zsh:zsh c:script:bsdutils
	c:chromium:chromium c:chromedriver:chromium-driver'
clients='p::python3-venv c:node:nodejs c:npm:npm'
lint='c:clang-format:clang-format c:clang-tidy:clang-tidy c:clang:clang f:/usr/lib/llvm-14/lib/clang/14.0.6/lib/linux/libclang_rt.fuzzer-x86_64.a:libclang-rt-14-dev c:cppcheck:cppcheck c:mandoc:mandoc'
# dpkg-buildpackage wants build-essential itself, not only what is in it.
package='c:dh:debhelper c:dpkg-buildpackage:dpkg-dev f:/usr/share/build-essential/list:build-essential l:cmocka:libcmocka-dev'
package_check='c:lintian:lintian c:faketime:faketime c:mmdebstrap:mmdebstrap c:systemd-analyze:systemd'

die() {
	echo "setup: $1" >&2
	exit "${2:-1}"
}

# A shim of a version manager may shadow a good python with one that cannot run.
find_python() {
	for python in python3 /usr/bin/python3; do
		"$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 8))' 2>/dev/null && return
	done
	return 1
}

have() { # HOW WHAT
	case $1 in
	c) command -v "$2" ;;
	l) pkg-config --exists "$2" ;;
	f) test -e "$2" ;;
	p) find_python ;;
	esac >/dev/null 2>&1
}

missing() { # NEED...
	for need; do
		rest=${need#*:}
		have "${need%%:*}" "${rest%%:*}" || printf '%s ' "${rest#*:}"
	done
}

# Runs the command; shows what it said only if it failed.
quiet() {
	if ! "$@" >"$log" 2>&1; then
		tail -n 25 "$log" >&2
		die "failed: $*"
	fi
}

say() { # WHAT-IS-FETCHED
	echo "setup: $1" >&2
}

fetched() { # PACKAGE...: how many apt would fetch, and how large they are
	apt-get install --no-install-recommends --print-uris -y "$@" 2>/dev/null |
		awk '/^\047/ { n++; size += $3 } END { printf "%d Debian packages, %.0f MB", n, size / 1e6 }'
}

packages() { # NEED...
	lack=$(missing "$@")
	[ -n "$lack" ] || return 0
	line="apt-get install --no-install-recommends -y ${lack% }"
	if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
		die "these are missing; as root: $line" 2
	fi
	log=$(mktemp)
	export DEBIAN_FRONTEND=noninteractive
	say 'the lists of Debian packages'
	apt-get update -qq >"$log" 2>&1 || true # old lists may do; the next line knows
	# shellcheck disable=SC2086
	say "$(fetched $lack) to fetch: ${lack% }"
	quiet $line
	rm -f "$log"
	lack=$(missing "$@")
	[ -z "$lack" ] || die "still missing after: $line"
}

# A part is there when its stamp says so, and the stamp comes last: what an interrupted run left is made again.
stamped() { # PART CONTENT
	[ "$(cat "$deps/$1.stamp" 2>/dev/null)" = "$2" ]
}

stamp() { # PART CONTENT
	printf '%s\n' "$2" >"$deps/$1.stamp.tmp"
	mv "$deps/$1.stamp.tmp" "$deps/$1.stamp"
}

venv_part() {
	# A venv knows its own path: one that was copied or whose python was removed is made again.
	stamped venv "$deps $milvus $client" && "$deps/venv/bin/python" -c 'import pip' 2>/dev/null && return
	find_python || die 'no working python3'
	say "pymilvus, and $milvus with the server in it, by pip: 156 MB to fetch"
	rm -rf "$deps/venv" "$deps/venv.stamp" "$deps/milvus.stamp"
	quiet "$python" -m venv "$deps/venv"
	# shellcheck disable=SC2086
	quiet "$deps/venv/bin/python" -m pip install --disable-pip-version-check -q "$milvus" $client
	quiet "$deps/venv/bin/python" -c 'import pymilvus, numpy, rocksdict'
	stamp venv "$deps $milvus $client"
}

apivenv_part() { # for tests of the HTTP API against its document
	stamped apivenv "$deps $api" && "$deps/apivenv/bin/python" -c 'import pip' 2>/dev/null && return
	find_python || die 'no working python3'
	say 'schemathesis, by pip: 17 MB to fetch'
	rm -rf "$deps/apivenv" "$deps/apivenv.stamp"
	quiet "$python" -m venv "$deps/apivenv"
	# shellcheck disable=SC2086
	quiet "$deps/apivenv/bin/python" -m pip install --disable-pip-version-check -q $api
	quiet "$deps/apivenv/bin/python" -c 'import schemathesis, jsonschema_rs, openapi_spec_validator'
	stamp apivenv "$deps $api"
}

clients_part() {
	stamped clients "$deps $makers_py $makers_js" && return
	find_python || die 'no working python3'
	say 'what makes clients of the API, by pip and npm'
	rm -rf "$deps/clients" "$deps/clients.stamp"
	quiet "$python" -m venv "$deps/clients/venv"
	quiet "$deps/clients/venv/bin/python" -m pip install --disable-pip-version-check -q "$makers_py"
	echo '{"private":true}' >"$deps/clients/package.json"
	# shellcheck disable=SC2086
	quiet npm --prefix "$deps/clients" install --silent --no-audit --no-fund $makers_js
	stamp clients "$deps $makers_py $makers_js"
}

milvus_part() { # the server, as the wheel packs it
	stamped milvus "$milvus" && return
	say 'the server is unpacked: 246 MB on disk'
	rm -rf "$deps/milvus" "$deps/milvus.stamp"
	quiet "$deps/venv/bin/python" -c \
		'import sys, milvus; milvus._initialize_data_files(sys.argv[1])' "$deps/milvus"
	stamp milvus "$milvus"
}

kafka_part() {
	stamped kafka "$kafka" && return
	say "Kafka $kafka, by mvn: 59 MB to fetch"
	rm -rf "$deps/kafka" "$deps/kafka.stamp"
	mkdir -p "$deps/kafka"
	cat >"$deps/kafka/pom.xml" <<-X
		<project xmlns="http://maven.apache.org/POM/4.0.0">
		<modelVersion>4.0.0</modelVersion><groupId>t</groupId><artifactId>kafka</artifactId><version>1</version>
		<dependencies>
		<dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>$kafka</version></dependency>
		<dependency><groupId>org.slf4j</groupId><artifactId>slf4j-simple</artifactId><version>1.7.36</version></dependency>
		</dependencies></project>
	X
	quiet mvn -q -B -f "$deps/kafka/pom.xml" dependency:copy-dependencies -DoutputDirectory="$deps/kafka/libs"
	stamp kafka "$kafka"
}

# One run at a time: the second waits and finds all done.
parts() { # PART...
	mkdir -p "$deps"
	deps=$(cd "$deps" && pwd -P) # of one that several trees share by a link there is one name
	exec 9>"$deps/lock"
	flock 9
	log=$deps/setup.log
	for part; do
		"${part}_part"
	done
	rm -f "$log"
}

# Word splitting makes the lists; they hold no pattern characters.
# shellcheck disable=SC2086
case $want in
build) packages $build ;;
lab)
	packages $build $lab
	parts venv milvus kafka
	;;
test)
	packages $build $lab $check $package
	parts venv apivenv milvus kafka
	;;
lint) packages $build $lint ;;
package) packages $build $package ;;
package-check) packages $build $package $package_check ;;
clients)
	packages $clients
	parts clients
	;;
*) die "usage: setup.sh [build|lab|test|lint|package|package-check|clients]" 2 ;;
esac
