#!/usr/bin/env python3
"""Random JSON Schemas with instances: schemas.py write|check FILE

`write` makes FILE (Tests/SpudSchemaTests/Fixtures/schemas.json): schemas of the supported subset, for each some valid
instances, serialized with their members in the schema's order, and some that are not valid. `check` reads lines of
{"schema": …, "text": …} and tells whether jsonschema accepts every text. It needs jsonschema 4.26, which .venv does not
have:

    python3 -m venv DIR && DIR/bin/pip install jsonschema==4.26.0
    DIR/bin/python Scripts/goldens/schemas.py write Tests/SpudSchemaTests/Fixtures/schemas.json
"""

import json
import random
import sys

import jsonschema

WORDS = ["a", "name", "größe", "x y", 'q"uote', "b\\s", "日本", "😀", "tab\t", "", "null", "0", "~/"]
PATTERNS = {
    "^[a-z]{2,4}$": ["ab", "wxyz"],
    "^(red|green|blue)$": ["red", "blue"],
    r"^\d{3}-\d{4}$": ["555-1234"],
    "^[^0-9]*$": ["", "abc é😀", '"\\\n'],
    "^.+@x\\.y$": ["q@x.y", 'é"@x.y'],
    "b+": ["abba", "b"],
    "^[À-ÿ]+(-[À-ÿ]+)?$": ["é", "ü-ö"],
}
FORMATS = {
    "date": ["2026-03-05"],
    "uuid": ["123e4567-e89b-12d3-a456-426614174000"],
    "date-time": ["2026-03-05T14:07:09Z"],
}


def schema(rng, depth):
    kinds = ["string", "integer", "number", "boolean", "null", "enum", "const", "pattern", "format", "range"]
    if depth > 0:
        kinds += ["object", "object", "array", "array", "anyOf", "types", "ref", "any"]
    kind = rng.choice(kinds)
    if kind == "object":
        names = rng.sample(WORDS, rng.randint(0, 4))
        properties = {name: schema(rng, depth - 1) for name in names}
        required = [name for name in names if rng.random() < 0.7]
        return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}
    if kind == "array":
        result = {"type": "array", "items": schema(rng, depth - 1)}
        if rng.random() < 0.5:
            result["minItems"] = rng.randint(0, 2)
        if rng.random() < 0.5:
            result["maxItems"] = rng.randint(2, 4)
        return result
    if kind == "anyOf":
        return {"anyOf": [schema(rng, depth - 1) for _ in range(rng.randint(1, 3))]}
    if kind == "types":
        return {"type": rng.sample(["string", "integer", "boolean", "null"], 2)}
    if kind == "enum":
        return {"enum": rng.sample([1, "a", None, True, 2.5, ["x", {"y": 1}], {"k": "é"}, "b\n"], 3)}
    if kind == "const":
        return {"const": rng.choice(WORDS + [5, None, {"a": []}])}
    if kind == "string":
        result = {"type": "string", "description": "some text"}
        if rng.random() < 0.5:
            result["minLength"] = rng.randint(0, 3)
        if rng.random() < 0.5:
            result["maxLength"] = rng.randint(3, 6)
        return result
    if kind == "pattern":
        return {"type": "string", "pattern": rng.choice(list(PATTERNS))}
    if kind == "format":
        return {"type": "string", "format": rng.choice(list(FORMATS))}
    if kind == "range":
        low = rng.randint(-1200, 1200)
        result = {"type": "integer"}
        if rng.random() < 0.8:
            result["minimum"] = low
        if rng.random() < 0.8:
            result["maximum"] = low + rng.choice([0, 1, 7, 99, 2345])
        return result
    if kind == "ref":
        return {"$ref": rng.choice(["#/$defs/tree", "#/$defs/list", "#/$defs/leaf"])}
    if kind == "any":
        return rng.choice([{}, True, {"type": "object"}])
    return {"type": kind}


DEFS = {
    "tree": {
        "type": "object",
        "properties": {"value": {"type": "integer"}, "children": {"type": "array", "items": {"$ref": "#/$defs/tree"}}},
        "required": ["value", "children"],
        "additionalProperties": False,
    },
    "list": {"anyOf": [{"type": "null"}, {"$ref": "#/$defs/pair"}]},
    "pair": {
        "type": "object",
        "properties": {"head": {"type": "string"}, "tail": {"$ref": "#/$defs/list"}},
        "required": ["head", "tail"],
        "additionalProperties": False,
    },
    "leaf": {"type": "string", "enum": ["leaf"]},
}


def instance(rng, node, depth=0):
    if node is True:
        node = {}
    if "$ref" in node:
        return instance(rng, DEFS[node["$ref"].split("/")[-1]], depth + 1)
    if "anyOf" in node:
        choices = node["anyOf"]
        return instance(rng, choices[0] if depth > 4 else rng.choice(choices), depth + 1)
    if "enum" in node:
        return rng.choice(node["enum"])
    if "const" in node:
        return node["const"]
    kind = node.get("type", "any")
    if isinstance(kind, list):
        kind = rng.choice(kind)
    if kind == "any":
        return rng.choice([1, "x", None, [], [1, {"a": [True, "é"]}], {}, {"k": {"l": -2.5e-3}}])
    if kind == "object":
        if "properties" not in node:
            return rng.choice([{}, {"a": [1, {"b": None}], "ü": "x"}])
        return {
            name: instance(rng, value, depth + 1)
            for name, value in node["properties"].items()
            if name in node["required"] or rng.random() < 0.5
        }
    if kind == "array":
        low = node.get("minItems", 0)
        count = low if depth > 3 else rng.randint(low, node.get("maxItems", low + 2))
        return [instance(rng, node["items"], depth + 1) for _ in range(count)]
    if kind == "string":
        if "pattern" in node:
            return rng.choice(PATTERNS[node["pattern"]])
        if "format" in node:
            return rng.choice(FORMATS[node["format"]])
        count = rng.randint(node.get("minLength", 0), node.get("maxLength", 6))
        return "".join(rng.choice('ab "\\\n\u0001\u007fé日😀/') for _ in range(count))
    if kind == "integer":
        low = node.get("minimum", node.get("maximum", 0) - 3000)
        return rng.randint(low, node.get("maximum", low + 5000))
    if kind == "number":
        return rng.choice([0, -1, 2.5, 1e-7, -3.25e20, 123456789, 0.1])
    return {"boolean": rng.random() < 0.5, "null": None}[kind]


def spoiled(rng, value):
    """A value that is a little different."""
    if isinstance(value, dict):
        result = dict(value)
        if result and rng.random() < 0.5:
            key = rng.choice(list(result))
            result[key] = spoiled(rng, result[key])
        else:
            result["unknown"] = 1
        return result
    if isinstance(value, list):
        return value + [value[-1] if value else 0] * 4 if rng.random() < 0.5 else [spoiled(rng, item) for item in value]
    if isinstance(value, bool) or value is None:
        return "true"
    if isinstance(value, (int, float)):
        return rng.choice([value + 100000, value + 0.5, str(value)])
    return rng.choice([value + "!!!!!!!", 5, None, ""])


def write(path):
    rng = random.Random(20260305)
    cases = []
    while len(cases) < 300:
        node = schema(rng, 3)
        if isinstance(node, bool):
            continue
        full = {**node, "$defs": DEFS} if "$ref" in json.dumps(node) else node
        validator = jsonschema.Draft202012Validator(full)
        valid, invalid = [], []
        for number in range(6):
            value = instance(rng, node)
            assert validator.is_valid(value), (full, value)
            style = [{"separators": (",", ":")}, {}, {"indent": 2}][number % 3]
            text = json.dumps(value, ensure_ascii=False, **style)
            if text not in valid:
                valid.append(text)
            other = spoiled(rng, value)
            text = json.dumps(other, ensure_ascii=False)
            if not validator.is_valid(other) and text not in invalid:
                invalid.append(text)
        # jsonschema does not check formats by itself, so their spoiled instances may pass there.
        cases.append({"schema": full, "valid": valid, "invalid": invalid})
    with open(path, "w", encoding="utf-8") as file:
        json.dump(cases, file, ensure_ascii=False, separators=(",", ":"))
        file.write("\n")
    print(
        f"{len(cases)} schemas, {sum(len(c['valid']) for c in cases)} valid, "
        f"{sum(len(c['invalid']) for c in cases)} invalid"
    )


def check(path):
    count = bad = 0
    with open(path, encoding="utf-8") as file:
        for line in file:
            case = json.loads(line)
            count += 1
            try:
                value = json.loads(case["text"])
                jsonschema.Draft202012Validator(case["schema"]).validate(value)
            except (ValueError, jsonschema.ValidationError) as error:
                bad += 1
                print(f"{str(error).splitlines()[0]}\n  {json.dumps(case)[:600]}")
    print(f"{count - bad} of {count} texts are valid")
    return 1 if bad or not count else 0


if __name__ == "__main__":
    sys.exit({"write": write, "check": check}[sys.argv[1]](sys.argv[2]))
