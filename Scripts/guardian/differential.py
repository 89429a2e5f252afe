"""Generates policies and requests, asks cedarpy what it says of them, and writes both as JSON.

Usage: differential.py SEED COUNT goldens.json    (PyPI cedarpy 4.12.2)

Expressions are of any type in any place, so that many fail to evaluate; one set of policies in six has a character
taken out or put in, so that many cannot be parsed. Each set meets every request of its turn.
"""

import json
import random
import sys

import cedarpy

STRINGS = [
    "",
    "a",
    "b",
    "ab",
    "a*b",
    "é",
    "e\u0301",
    "日本",
    "10.0.0.1",
    "1.5",
    "2024-02-29",
    "1d2h",
    'q"uote',
    "back\\slash",
]
IPS = [
    "10.0.0.1",
    "10.0.0.0/8",
    "127.0.0.1",
    "127.0.0.1/4",
    "224.0.0.1",
    "::1",
    "ff02::1/9",
    "1:2::/33",
    "010.0.0.1",
    "1.2.3",
    "::1/129",
]
DECIMALS = ["0.0", "1.5", "-1.50", "922337203685477.5807", "922337203685477.5808", "1", "1.23456", "-0.0001"]
DATETIMES = [
    "2024-02-29",
    "2023-02-29",
    "1970-01-01T00:00:00Z",
    "2024-01-01T10:20:30.456+0130",
    "1969-12-31T23:59:59.999Z",
    "0000-01-01",
    "2024-01-01T24:00:00Z",
    "9999-12-31T23:59:59-2359",
]
DURATIONS = ["1d", "-1d2h3m4s5ms", "1ms", "0s", "-", "2h1d", "106751991167d", "106751991168d", "90000ms"]
TYPES = ["User", "Group", "Acme::Doc"]
IDS = ["alice", "bob", "staff", "admins", "x y"]
ATTRIBUTES = ["age", "name", "on", "tags", "home", "boss", "when", "span", "price", "rec", "none at all"]
LONGS = [0, 1, 2, -1, 41, 9223372036854775807, -9223372036854775808, 4294967296]


def literal(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def uid(choose):
    return f"{choose.choice(TYPES)}::{literal(choose.choice(IDS))}"


class Writer:
    def __init__(self, choose):
        self.choose = choose

    def policy(self):
        choose = self.choose
        effect = choose.choice(["permit", "permit", "forbid"])
        annotation = choose.choice(["", "", '@id("x")\n', "@note\n"])
        head = f"{annotation}{effect} ({self.head('principal')}, {self.action()}, {self.head('resource')})"
        for _ in range(choose.choice([0, 1, 1, 1, 2])):
            kind = choose.choice(["when", "when", "unless"])
            head += f" {kind} {{ {self.expression(choose.choice([1, 2, 3, 4]), 'bool')} }}"
        return head + ";"

    def head(self, name):
        choose = self.choose
        form = choose.random()
        if form < 0.85:
            return name
        if form < 0.88:
            return f"{name} == {uid(choose)}"
        if form < 0.92:
            return f"{name} in {uid(choose)}"
        if form < 0.97:
            return f"{name} is {choose.choice(TYPES)}"
        return f"{name} is {choose.choice(TYPES)} in {uid(choose)}"

    def action(self):
        name = self.choose.choice(["read", "write", "all"])
        return self.choose.choice(
            ["action"] * 6
            + [
                f'action == Action::"{name}"',
                f'action in Action::"{name}"',
                f'action in [Action::"{name}", Action::"write"]',
                "action in []",
            ]
        )

    def expression(self, depth, kind=None):
        choose = self.choose
        if kind is None or choose.random() < 0.04:
            kind = choose.choice(
                ["bool", "long", "string", "entity", "set", "record", "ip", "decimal", "datetime", "duration"]
            )
        if depth <= 0 or choose.random() < 0.08:
            return self.leaf(kind)
        if choose.random() < 0.05:
            parts = [
                self.expression(depth - 1, "bool"),
                self.expression(depth - 1, kind),
                self.expression(depth - 1, kind),
            ]
            return "(if {} then {} else {})".format(*parts)
        if choose.random() < 0.05:
            return self.attribute(depth)
        return getattr(self, kind)(depth - 1)

    def leaf(self, kind):
        choose = self.choose
        if kind == "bool":
            return choose.choice(["true", "false", "context.on", "principal.on"])
        if kind == "long":
            return choose.choice([str(choose.choice(LONGS)), "principal.age", "context.age"])
        if kind == "string":
            return choose.choice([literal(choose.choice(STRINGS)), "principal.name", "context.name"])
        if kind == "entity":
            return choose.choice([uid(choose), "principal", "resource", "action", "principal.boss"])
        if kind == "set":
            return choose.choice(["[]", "principal.tags", "context.tags", "[1, 2, 2]", "[principal, resource]"])
        if kind == "record":
            return choose.choice(["{}", "context", "principal.rec", '{"a": 1, b: [2]}'])
        samples = {"ip": IPS, "decimal": DECIMALS, "datetime": DATETIMES, "duration": DURATIONS}[kind]
        stored = {"ip": "home", "decimal": "price", "datetime": "when", "duration": "span"}[kind]
        return choose.choice([f"{kind}({literal(choose.choice(samples))})", f"principal.{stored}", f"context.{stored}"])

    def attribute(self, depth):
        base = self.expression(depth - 1, self.choose.choice(["entity", "record"]))
        name = self.choose.choice(ATTRIBUTES)
        return f"({base})[{literal(name)}]" if " " in name or self.choose.random() < 0.3 else f"({base}).{name}"

    def bool(self, depth):
        choose, e = self.choose, self.expression
        form = choose.randrange(22)
        if form < 3:
            return " && ".join(f"({e(depth, 'bool')})" for _ in range(choose.choice([2, 2, 3])))
        if form < 6:
            return " || ".join(f"({e(depth, 'bool')})" for _ in range(choose.choice([2, 2, 3])))
        if form == 6:
            return "!" * choose.choice([1, 1, 2, 4, 5]) + f"({e(depth, 'bool')})"
        if form < 9:
            kind = choose.choice(
                [None, "long", "string", "set", "record", "entity", "ip", "decimal", "datetime", "duration"]
            )
            return f"({e(depth, kind)}) {choose.choice(['==', '!='])} ({e(depth, kind)})"
        if form < 11:
            kind = choose.choice(["long", "long", "datetime", "duration", "decimal"])
            return f"({e(depth, kind)}) {choose.choice(['<', '<=', '>', '>='])} ({e(depth, kind)})"
        if form == 11:
            return f"({e(depth, 'entity')}) in ({e(depth, choose.choice(['entity', 'set']))})"
        if form == 12:
            return f"({e(depth, 'entity')}) in [{e(depth, 'entity')}, {e(depth, 'entity')}]"
        if form == 13:
            tail = choose.choice(["", f" in ({e(depth, 'entity')})"])
            return f"({e(depth, 'entity')}) is {choose.choice(TYPES)}{tail}"
        if form == 14:
            name = choose.choice(ATTRIBUTES)
            path = (
                literal(name)
                if " " in name or choose.random() < 0.3
                else choose.choice([name, f"{name}.a", f"rec.{name}"])
            )
            return f"({e(depth, choose.choice(['entity', 'record']))}) has {path}"
        if form == 15:
            pattern = choose.choice(["*", "a*", "*b", "a\\*b", "*a*b*", "é*", "", "10.*.1", "\\u{e9}", "*\\\\*"])
            return f'({e(depth, "string")}) like "{pattern}"'
        if form == 16:
            return f"({e(depth, 'set')}).contains({e(depth)})"
        if form == 17:
            return f"({e(depth, 'set')}).{choose.choice(['containsAll', 'containsAny'])}({e(depth, 'set')})"
        if form == 18:
            return f"({e(depth, 'set')}).isEmpty()"
        if form == 19:
            method = choose.choice(["hasTag", "hasTag", "getTag"])
            return f"({e(depth, 'entity')}).{method}({choose.choice([literal('t'), literal('u'), e(depth, 'string')])})"
        if form == 20:
            method = choose.choice(["isIpv4", "isIpv6", "isLoopback", "isMulticast"])
            return choose.choice([f"({e(depth, 'ip')}).{method}()", f"({e(depth, 'ip')}).isInRange({e(depth, 'ip')})"])
        method = choose.choice(["lessThan", "lessThanOrEqual", "greaterThan", "greaterThanOrEqual"])
        return f"({e(depth, 'decimal')}).{method}({e(depth, 'decimal')})"

    def long(self, depth):
        choose, e = self.choose, self.expression
        form = choose.randrange(4)
        if form == 0:
            return f"-({e(depth, 'long')})" if choose.random() < 0.7 else f"--{choose.choice([1, 5])}"
        if form == 1:
            unit = choose.choice(["toMilliseconds", "toSeconds", "toMinutes", "toHours", "toDays"])
            return f"({e(depth, 'duration')}).{unit}()"
        return f" {choose.choice(['+', '-', '*'])} ".join(
            f"({e(depth, 'long')})" for _ in range(choose.choice([2, 2, 3]))
        )

    def string(self, depth):
        return self.choose.choice(
            [f'({self.expression(depth, "entity")}).getTag("t")', self.leaf("string"), "context.rec.name"]
        )

    def entity(self, depth):
        return self.leaf("entity")

    def set(self, depth):
        return "[" + ", ".join(self.expression(depth) for _ in range(self.choose.randrange(4))) + "]"

    def record(self, depth):
        keys = self.choose.sample(["a", '"b c"', "age", '"é"'], self.choose.randrange(4))
        return "{" + ", ".join(f"{key}: {self.expression(depth)}" for key in keys) + "}"

    def ip(self, depth):
        return f"ip({self.expression(depth, 'string')})" if self.choose.random() < 0.2 else self.leaf("ip")

    def decimal(self, depth):
        return f"decimal({self.expression(depth, 'string')})" if self.choose.random() < 0.2 else self.leaf("decimal")

    def datetime(self, depth):
        e = self.expression
        return self.choose.choice(
            [
                f"({e(depth, 'datetime')}).offset({e(depth, 'duration')})",
                f"({e(depth, 'datetime')}).toDate()",
                self.leaf("datetime"),
            ]
        )

    def duration(self, depth):
        e = self.expression
        return self.choose.choice(
            [
                f"({e(depth, 'datetime')}).durationSince({e(depth, 'datetime')})",
                f"({e(depth, 'datetime')}).toTime()",
                self.leaf("duration"),
            ]
        )


def extension(function, text):
    return {"__extn": {"fn": function, "arg": text}}


def attributes(choose):
    """Each attribute mostly of the type that its name promises, sometimes of another, sometimes not there."""
    good = {
        "age": choose.choice(LONGS),
        "name": choose.choice(STRINGS),
        "on": choose.random() < 0.5,
        "tags": choose.choice([[], [1, 2], ["a", "b"], ["a", ["b"]], [{"a": 1}]]),
        "home": extension("ip", choose.choice(IPS[:8])),
        "price": extension("decimal", choose.choice(DECIMALS[:4])),
        "when": extension("datetime", choose.choice([DATETIMES[0]] + DATETIMES[2:6])),
        "span": extension("duration", choose.choice(DURATIONS[:4])),
        "boss": {"__entity": {"type": "User", "id": choose.choice(IDS)}},
        "rec": choose.choice([{"name": "ab", "a": 1}, {}, {"age": {"a": {"b": 1}}}]),
    }
    if choose.random() < 0.3:
        good["age"], good["name"] = good["name"], good["age"]
    return {key: value for key, value in good.items() if choose.random() < 0.85}


def entities(choose):
    order = [(kind, name) for kind in TYPES for name in IDS if choose.random() < 0.8]
    choose.shuffle(order)
    store = []
    for position, (kind, name) in enumerate(order):
        parents = choose.sample(order[:position], min(position, choose.choice([0, 1, 1, 2])))
        store.append(
            {
                "uid": {"type": kind, "id": name},
                "attrs": attributes(choose),
                "parents": [{"type": parent[0], "id": parent[1]} for parent in parents],
                "tags": choose.choice([{}, {"t": "a"}, {"t": 1, "u": [True]}]),
            }
        )
    for name, parents in (("all", []), ("read", ["all"]), ("write", ["all"])):
        store.append(
            {
                "uid": {"type": "Action", "id": name},
                "attrs": {},
                "parents": [{"type": "Action", "id": p} for p in parents],
            }
        )
    return store


def request(choose):
    def named():
        return {"type": choose.choice(TYPES), "id": choose.choice(IDS)}
    return {
        "principal": named(),
        "action": {"type": "Action", "id": choose.choice(["read", "write"])},
        "resource": named(),
        "context": attributes(choose),
    }


def spell(entity):
    return f"{entity['type']}::{literal(entity['id'])}"


def mutated(choose, text):
    position = choose.randrange(len(text))
    characters = list('(){}[]"\\.,;:=<>&|!+-*@?/ \n') + ["in", "has", "is", "::", "é", "\u00a0", "0", "_"]
    form = choose.randrange(3)
    if form == 0:
        return text[:position] + text[position + 1 :]
    return text[:position] + choose.choice(characters) + text[position + (form - 1) :]


def main():
    seed, count, path = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    choose = random.Random(seed)
    stores = [entities(choose) for _ in range(6)]
    requests = [request(choose) for _ in range(30)]
    asked = [
        {
            "principal": spell(r["principal"]),
            "action": spell(r["action"]),
            "resource": spell(r["resource"]),
            "context": r["context"],
        }
        for r in requests
    ]
    stored = [json.dumps(store) for store in stores]
    cases, tally = [], {}
    for number in range(count):
        writer = Writer(choose)
        text = "\n".join(writer.policy() for _ in range(choose.choice([1, 1, 2, 3])))
        if number % 6 == 0:
            text = mutated(choose, text)
        store = number % len(stores)
        chosen = choose.sample(range(len(requests)), 6)
        answers = []
        for answer in cedarpy.is_authorized_batch([asked[i] for i in chosen], text, stored[store]):
            decision = answer.decision.value
            if decision == "NoDecision":
                answers = None
                tally["refused"] = tally.get("refused", 0) + 1
                break
            failed = sorted(
                {error.split("`")[1] for error in map(str, answer.diagnostics.errors)}, key=lambda name: int(name[6:])
            )
            answers.append(
                [
                    int(decision == "Allow"),
                    sorted(int(r[6:]) for r in answer.diagnostics.reasons),
                    [int(f[6:]) for f in failed],
                ]
            )
            tally[decision] = tally.get(decision, 0) + 1
            tally["with errors"] = tally.get("with errors", 0) + bool(failed)
        cases.append({"policies": text, "entities": store, "requests": chosen, "answers": answers})
    with open(path, "w", encoding="utf-8") as file:
        head = {
            "command": f"differential.py {seed} {count}",
            "cedarpy": "4.12.2",
            "entities": stores,
            "requests": requests,
        }
        file.write(json.dumps(head, ensure_ascii=False)[:-1] + ', "cases": [\n')
        file.write(",\n".join(json.dumps(case, ensure_ascii=False, separators=(",", ":")) for case in cases) + "\n]}\n")
    print(tally)


if __name__ == "__main__":
    main()
