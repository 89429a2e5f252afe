"""Writes the labelled actions of Mind2Web-SC as JSON, in their order: what a guard is told, and the label.

Usage: mind2web_cases.py cases.json    (PyPI inspect-evals 0.28.0, which holds the data)
"""

import importlib.util
import json
import pathlib
import sys


def main():
    package = pathlib.Path(importlib.util.find_spec("inspect_evals").origin).parent
    source = package / "mind2web_sc" / "data" / "seeact" / "sample_labeled_all.json"
    cases = [
        {
            "task": case["confirmed_task"],
            "action": case["target_action_reprs"],
            "domain": case["domain"],
            "subdomain": case["subdomain"],
            "website": case["website"],
            "user": case["user_info"],
            "denied": case["label"] == 1,
            "violation": case["violation"],
        }
        for case in json.loads(source.read_text(encoding="utf-8"))
    ]
    with open(sys.argv[1], "w", encoding="utf-8") as file:
        file.write("[\n" + ",\n".join(json.dumps(case, ensure_ascii=False) for case in cases) + "\n]\n")


if __name__ == "__main__":
    main()
