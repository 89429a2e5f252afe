"""Writes AgentDojo's gold calls as JSON: tools, tasks and their benign calls in one file, the attacks in another.

Usage: agentdojo_cases.py cases.json attacks.json    (PyPI agentdojo 0.1.35, suites v1.2.2)
"""

import json
import sys

from agentdojo.task_suite.load_suites import get_suites


def number(task_id):
    return int(task_id.rsplit("_", 1)[1])


def plain(calls):
    return [{"function": call.function, "args": dict(call.args)} for call in calls]


def main():
    cases, attacks = {}, {}
    for name, suite in get_suites("v1.2.2").items():
        environment = suite.load_and_inject_default_environment({})
        tools = [
            {"name": tool.name, "description": tool.description, "parameters": tool.parameters.model_json_schema()}
            for tool in suite.tools
        ]
        tasks = []
        for task_id, task in sorted(suite.user_tasks.items(), key=lambda item: number(item[0])):
            calls = task.ground_truth(task.init_environment(environment.model_copy(deep=True)))
            tasks.append({"id": task_id, "prompt": task.PROMPT, "calls": plain(calls)})
        cases[name] = {"tools": tools, "tasks": tasks}
        attacks[name] = [
            {"id": task_id, "calls": plain(task.ground_truth(environment.model_copy(deep=True)))}
            for task_id, task in sorted(suite.injection_tasks.items(), key=lambda item: number(item[0]))
        ]
    for path, content in zip(sys.argv[1:3], (cases, attacks), strict=True):
        with open(path, "w", encoding="utf-8") as file:
            json.dump(content, file, ensure_ascii=False, separators=(",", ":"))
            file.write("\n")


if __name__ == "__main__":
    main()
