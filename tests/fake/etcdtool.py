#!/usr/bin/env python3
"""etcdtool.py URL COMMAND...: an etcd for tests, over its JSON gateway.

  replay FILE [A B]...  each line is one transaction, {"put":{KEY:BASE64},"delete":[KEY]}; prints the last revision;
                 in values each A is a B, of as many bytes
  load FILE      each line is a key as it once was, {"key":KEY,"value_b64":BASE64,"mod_revision":N}, gzip or not: put in the
                 order in which they changed, read back and compared; prints what stands before the first / of a key
  put KEY [VALUE]  one key; prints the revision
  record BASE    what changes beneath BASE from now on, as lines for replay, until a signal
  compact        all that is past
  wipe           every key
  forget ROOT    all keys beneath it
  revision [KEY] of now, or that in which the key was made
  login          root:secret, and logins on
"""
import base64
import gzip
import http.client
import json
import os
import sys
import urllib.parse


def b64(s):
    return base64.b64encode(s.encode()).decode()


class Etcd:
    def __init__(self, url):
        self.http = http.client.HTTPConnection(urllib.parse.urlsplit(url).netloc, timeout=30)

    def call(self, path, body):
        self.http.request('POST', path, json.dumps(body), {'Content-Type': 'application/json'})
        r = self.http.getresponse()
        text = r.read()
        if r.status != 200:
            sys.exit('etcdtool: %s: %s %s' % (path, r.status, text.decode()))
        return json.loads(text)

    def txn(self, line):
        ops = [{'requestPut': {'key': b64(k), 'value': v}} for k, v in line.get('put', {}).items()]
        ops += [{'requestDeleteRange': {'key': b64(k)}} for k in line.get('delete', [])]
        return int(self.call('/v3/kv/txn', {'success': ops})['header']['revision'])

    def watch(self, base):
        body = {'create_request': {'key': b64(base + '/'), 'range_end': b64(base + '0')}}
        self.http.request('POST', '/v3/watch', json.dumps(body), {'Content-Type': 'application/json'})
        for line in self.http.getresponse():
            yield json.loads(line)['result'].get('events', [])


def load(etcd, path):
    open_ = gzip.open if path.endswith('.gz') else open
    with open_(path, 'rt') as f:
        items = sorted((json.loads(x) for x in f), key=lambda x: x['mod_revision'])
    for i in range(0, len(items), 100):  # an etcd takes 128 in one transaction
        etcd.txn({'put': {x['key']: x['value_b64'] for x in items[i:i + 100]}})
    for x in items:
        kvs = etcd.call('/v3/kv/range', {'key': b64(x['key'])}).get('kvs', [])
        if [k.get('value', '') for k in kvs] != [x['value_b64']]:
            sys.exit('etcdtool: %s: is not what was put' % x['key'])
    return sorted({x['key'].split('/')[0] for x in items})


def renamed(line, names):
    for key, value in line.get('put', {}).items():
        value = base64.b64decode(value)
        for a, b in zip(names[::2], names[1::2]):
            a, b = a.encode(), os.fsencode(b)
            assert len(a) == len(b), '%r and %r are of different lengths' % (a, b)
            value = value.replace(a, b)
        line['put'][key] = base64.b64encode(value).decode()
    return line


def record(etcd, base):
    """One line a revision."""
    rev, line = None, None
    for events in etcd.watch(base):
        for e in events:
            if e['kv']['mod_revision'] != rev:
                if line:
                    print(json.dumps(line, separators=(',', ':')), flush=True)
                rev, line = e['kv']['mod_revision'], {}
            key = base64.b64decode(e['kv']['key']).decode()
            if e.get('type') == 'DELETE':
                line.setdefault('delete', []).append(key)
            else:
                line.setdefault('put', {})[key] = e['kv'].get('value', '')


def main(url, command, *args):
    etcd = Etcd(url)
    if command == 'replay':
        for text in open(args[0]):
            rev = etcd.txn(renamed(json.loads(text), args[1:]))
        print(rev)
    elif command == 'load':
        print(*load(etcd, args[0]))
    elif command == 'put':
        print(etcd.txn({'put': {args[0]: b64(args[1] if len(args) > 1 else '')}}))
    elif command == 'record':
        record(etcd, args[0])
    elif command == 'compact':
        rev = etcd.call('/v3/kv/range', {'key': b64('x')})['header']['revision']
        etcd.call('/v3/kv/compaction', {'revision': rev, 'physical': True})
    elif command == 'wipe':
        etcd.call('/v3/kv/deleterange', {'key': 'AA==', 'range_end': 'AA=='})
    elif command == 'forget':
        etcd.call('/v3/kv/deleterange', {'key': b64(args[0] + '/'), 'range_end': b64(args[0] + '0')})
    elif command == 'revision':
        a = etcd.call('/v3/kv/range', {'key': b64(args[0] if args else 'x'), 'keys_only': True})
        print(a['kvs'][0]['create_revision'] if args else a['header']['revision'])
    elif command == 'login':
        etcd.call('/v3/auth/user/add', {'name': 'root', 'password': 'secret'})
        etcd.call('/v3/auth/user/grant', {'user': 'root', 'role': 'root'})
        etcd.call('/v3/auth/enable', {})
    else:
        sys.exit(__doc__)


if __name__ == '__main__':
    main(*sys.argv[1:])
