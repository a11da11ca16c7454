"""What the document at /openapi.json allows: every answer is held against it here, whoever asked."""
import json
import re
import urllib.request

import jsonschema_rs

# Of HTTP itself, on any answer.
PLAIN = {"connection", "content-length", "content-type", "date", "transfer-encoding"}


def fetch(address, token=None):
    """The document of a server, HOST:PORT."""
    headers = {"Authorization": "Bearer " + token} if token else {}
    request = urllib.request.Request(f"http://{address}/openapi.json", headers=headers)
    with urllib.request.urlopen(request, timeout=20) as r:
        return json.load(r)


def once(pairs):
    """An object's members, each there once."""
    out = dict(pairs)
    if len(out) != len(pairs):
        raise ValueError("a key is there twice")
    return out


def parse(text):
    def no(word):
        raise ValueError(f"{word} is not JSON")
    return json.loads(text, object_pairs_hook=once, parse_constant=no)


class Document:
    def __init__(self, doc):
        self.doc = doc
        self.validators = {}
        self.templates = [(re.compile(re.sub(r"\\\{\w+\\\}", "[^/]{1,128}", re.escape(p)) + r"\Z"), p) for p in doc["paths"]]

    def at(self, thing):
        while "$ref" in thing:
            ref, thing = thing["$ref"], self.doc
            for part in ref[2:].split("/"):
                thing = thing[part.replace("~1", "/").replace("~0", "~")]
        return thing

    def errors(self, schema, value):
        """Why value is not as schema wants it."""
        key = json.dumps(schema, sort_keys=True)
        if key not in self.validators:
            whole = {**schema, "components": self.doc["components"]}
            self.validators[key] = jsonschema_rs.Draft202012Validator(whole)
        return [f"{'/'.join(map(str, e.instance_path)) or 'it'}: {e.message[:300]}"
                for e in self.validators[key].iter_errors(value)]

    def template(self, path):
        """The path of the document that this one is, or None."""
        if path in self.doc["paths"]:
            return path
        return next((p for r, p in self.templates if r.match(path)), None)

    def response(self, method, path, status):
        """What may be answered to this, or None."""
        every = self.doc["components"]["responses"]
        generic = {r["content"]["application/problem+json"]["example"]["status"]: r
                   for r in every.values() if "application/problem+json" in r.get("content", {})}
        template = self.template(path)
        item = self.doc["paths"].get(template, {})
        operation = item.get(method.lower())
        if template == "/cdc" and operation is None:
            operation = item["get"]
        if operation is None:
            wanted = 404 if template is None else 405
            # what is refused before anybody looks at the path
            early = status in (400, 401, 403, 408, 413, 414, 431, 501, 503)
            return generic[status] if status == wanted or early else None
        found = operation["responses"].get(str(status))
        return None if found is None else self.at(found)

    def check(self, method, path, status, headers, body, sent=b""):
        """
        All that an answer has against the document; headers is a dict, path is without its query. A list of texts.
        """
        headers = {k.lower(): v for k, v in headers.items()}
        found = self.response("GET" if method == "HEAD" else method, path, status)
        if found is None:
            return [f"{method} {path}: status {status} is not documented: {body[:300]!r}"]
        if found.get("x-may-be-html") and "content-type" not in headers and body.startswith(b"<html>"):
            return []  # what does not fit into libmicrohttpd's memory
        bad = self.check_headers(found, headers)
        bad += self.check_body(found, headers, body) if method != "HEAD" else []
        bad += self.check_type(found, body, sent) if not bad and method == "POST" else []
        return [f"{method} {path} {status}: {x}" for x in bad]

    def check_headers(self, found, headers):
        bad = []
        known = {k.lower(): self.at(h) for k, h in found.get("headers", {}).items()}
        for name, header in known.items():
            if name not in headers:
                if header.get("required"):
                    bad.append(f"header {name} is missing")
                continue
            bad += [f"header {name}: {e}" for e in self.errors(header["schema"], headers[name])]
        # a request that was refused early has no id, one that was refused late has
        extra = set(headers) - set(known) - PLAIN - {"x-request-id"}
        return bad + [f"header {name} is not documented" for name in sorted(extra)]

    def check_body(self, found, headers, body):
        if "content" not in found:
            return [f"a body: {body[:100]!r}"] if body else []
        kind = headers.get("content-type", "").split(";")[0]
        media = found["content"].get(kind)
        if media is None:
            return [f"type '{kind}' is not documented"]
        try:
            value = parse(body) if kind.endswith("json") and not kind.endswith("ndjson") else body.decode()
            bad = self.errors(media["schema"], value)
            for line in value.split("\n")[:-1] if "x-line" in media else []:
                bad += [f"line {line[:100]}: {e}" for e in self.errors(media["x-line"], parse(line))]
        except ValueError as e:
            bad = [f"{e}: {body[:300]!r}"]
        return bad

    def check_type(self, found, body, sent):
        """On /cdc: is it an answer to that type of request?"""
        kinds = found.get("x-by-request-type")
        try:
            asked, got = json.loads(sent), json.loads(body)
        except (ValueError, RecursionError):
            return []
        if not kinds or not isinstance(asked, dict) or got.get("code") != 200:
            return []
        kind = next((v for k, v in asked.items() if k.lower() == "request_type"), None)
        if kind not in kinds:
            return [f"success for a request of type {kind!r}"]
        return self.errors({"$ref": kinds[kind]}, got)
