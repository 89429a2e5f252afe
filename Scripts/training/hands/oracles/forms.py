"""Pages whose fields are filled in."""

import re

from . import Dom, oracle


def fill(box: list[float], text: str):
    yield "click", box
    yield "type", text


@oracle("enter-text", "enter-text-dynamic")
def enter_text(d: Dom):
    yield from fill(d.box("#tt"), d.quoted())
    yield "click", d.text("#subbtn")


@oracle("enter-text-2")
def enter_text_2(d: Dom):
    yield from fill(d.box("#tt"), d.quoted().upper() if "upper" in d.task else d.quoted().lower())
    yield "click", d.text("#subbtn")


@oracle("enter-password")
def enter_password(d: Dom):
    for field in ("#password", "#verify"):
        yield from fill(d.box(field), d.quoted())
    yield "click", d.text("#subbtn")


@oracle("login-user")
def login_user(d: Dom):
    for field, text in zip(("#username", "#password"), re.findall('"([^"]*)"', d.task)):
        yield from fill(d.box(field), text)
    yield "click", d.text("#subbtn")


@oracle("enter-date")
def enter_date(d: Dom):
    month, day, year = re.search(r"(\d+)/(\d+)/(\d+)", d.task).groups()
    left, top, _, bottom = d.box("#tt")
    yield from fill([left, top, left + 24, bottom], month + day + year)
    yield "click", d.text("#subbtn")


@oracle("enter-time")
def enter_time(d: Dom):
    hour, minute, half = re.search(r"(\d+):(\d+) ?([AP])M", d.task).groups()
    left, top, _, bottom = d.box("#tt")
    yield from fill([left, top, left + 24, bottom], f"{int(hour):02d}{minute}{half}")
    yield "click", d.text("#subbtn")


@oracle("simple-arithmetic")
def simple_arithmetic(d: Dom):
    a, sign, b = re.match(r"(\d+) (.) (\d+)", d.js("hands.own(document.querySelector('#math-problem'))")).groups()
    value = {"+": int(a) + int(b), "-": int(a) - int(b), "x": int(a) * int(b)}[sign]
    yield from fill(d.box("#math-answer"), str(value))
    yield "click", d.text("#subbtn")


@oracle("simple-algebra")
def simple_algebra(d: Dom):
    a, sign, b, total = re.match(
        r"(\w+) (.) (\w+) = (-?\d+)", d.js("hands.own(document.querySelector('#math-problem'))")
    ).groups()
    known, total = int(b if a == "x" else a), int(total)
    value = total - known if sign == "+" else total + known if a == "x" else known - total
    yield from fill(d.box("#math-answer"), str(value))
    yield "click", d.text("#subbtn")


@oracle("visual-addition")
def visual_addition(d: Dom):
    yield from fill(d.box("#math-answer"), str(d.js("hands.all('.addition-block').length")))
    yield "click", d.text("#subbtn")


@oracle("read-table")
def read_table(d: Dom):
    key = re.search("value of (.*) into", d.task)[1]
    value = d.js(f"hands.own(hands.all('#tab tr').find(r => hands.own(r.children[0]) === {key!r}).children[1])")
    yield from fill(d.box("#tt"), value)
    yield "click", d.text("#subbtn")


@oracle("multi-orderings")
def multi_orderings(d: Dom):
    genre, name, year = re.match("Search for (.*) movies directed by (.*) from year (.*)[.]", d.task).groups()
    values = {"Genre": genre, "Director": name, "Year": year}
    for i in range(3):
        row = f"hands.all('#area tr')[{i}]"
        yield from fill(d.box(f"{row}.querySelector('input')"), values[d.js(f"hands.own({row}.querySelector('th'))")])
    yield "click", d.text("#area .final")
