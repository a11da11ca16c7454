#!/usr/bin/env python3
"""valid.py ADDRESS: is the document of the server at HOST:PORT one of OpenAPI 3.1, with examples that are as it says?"""
import sys

from openapi_spec_validator import OpenAPIV31SpecValidator

from document import Document, fetch


def examples(node, where=""):
    """Every schema with an example beside it: place, schema, example."""
    if isinstance(node, list):
        node = dict(enumerate(node))
    if not isinstance(node, dict):
        return
    if "schema" in node:
        if "example" in node:
            yield where, node["schema"], node["example"]
        for name, e in node.get("examples", {}).items():
            yield f"{where}/{name}", node["schema"], e["value"]
    for k, v in node.items():
        if k not in ("example", "examples"):
            yield from examples(v, f"{where}/{k}")


def main():
    doc = fetch(sys.argv[1])
    bad = [f"{list(e.absolute_path)}: {e.message}" for e in OpenAPIV31SpecValidator(doc).iter_errors()]
    d = Document(doc)
    n = 0
    for where, schema, value in examples(doc):
        n += 1
        bad += [f"example {where}: {e}" for e in d.errors(schema, value)]
    for path, item in doc["paths"].items():
        for method, op in item.items():
            for status, r in op.get("responses", {}).items() if method != "parameters" else []:
                media = d.at(r).get("content", {})
                if any("example" not in m and "examples" not in m for m in media.values()) and path != "/openapi.json":
                    bad.append(f"{method} {path} {status}: no example")
    for line in bad[:20]:
        print(line)
    print(f"{len(doc['paths'])} paths, {n} examples, {len(bad)} mistakes")
    return 1 if bad or n < 20 else 0


sys.exit(main())
