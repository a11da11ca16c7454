#!/usr/bin/env python3
"""hidden.py FOLDER: the secrets in a recording, a line each: as they are, and as they stand in base64.

Tokens and access keys of other clusters and stores, and hashes of passwords.
"""
import base64
import gzip
import json
import re
import sys

SECRETS = re.compile(rb'\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}|root:\w+|"access_key_\w+":"[^"]*"')


def found(folder):
    out = set()
    for name in 'kafka', 'etcd':
        with gzip.open('%s/%s.jsonl.gz' % (folder, name), 'rt') as f:
            for line in map(json.loads, f):
                texts = [base64.b64decode(line['value_b64'])]
                for _, v in line.get('headers', ()):
                    texts.append(base64.b64decode(v))
                    if re.fullmatch(rb'([A-Za-z0-9+/]{4})*[A-Za-z0-9+/]{2,4}={0,2}', v := texts[-1]) and len(v) % 4 == 0:
                        texts.append(base64.b64decode(v))
                for t in texts:
                    out.update(SECRETS.findall(t))
    return out


def forms(secret):
    """It may begin at any place of three: what does not depend on its neighbours is the same everywhere."""
    yield secret.decode()
    yield json.dumps(secret.decode())[1:-1]
    for n in range(3):
        b = base64.b64encode(b'x' * n + secret).decode()
        yield b[[0, 2, 3][n]:len(b) - 4]


secrets = found(sys.argv[1])
if not secrets:
    sys.exit('hidden.py: there are none')
print(*sorted({f for s in secrets for f in forms(s)}), sep='\n')
