"""Pages where a place has to be found, and menus that open."""

import re

from . import Dom, oracle


def spot(x: float, y: float) -> list[float]:
    """Bounds of a single place."""
    return [x - 1, y - 1, x + 1, y + 1]


CENTRES = "hands.all('.black-circle').map(hands.point)"  # what is clicked lands 50 lower


@oracle("circle-center")
def circle_center(d: Dom):
    ((x, y),) = d.js(CENTRES)
    yield "click", spot(x, y + 50)
    yield "click", d.text("#subbtn")


@oracle("find-midpoint")
def find_midpoint(d: Dom):
    a, b = d.js(CENTRES)
    yield "click", spot((a[0] + b[0]) / 2, (a[1] + b[1]) / 2 + 50)
    yield "click", d.text("#subbtn")


@oracle("navigate-tree")
def navigate_tree(d: Dom):
    """Opens folders from the outside in until the name is seen."""
    name = d.quoted()
    while True:
        way = d.js(f"""(() => {{ const named = hands.all('#tree span').filter(e => hands.own(e) === {name!r});
          const seen = named.find(hands.seen);
          if (seen) return [hands.text(seen), true];
          const outside = [];
          for (let e = named[0].parentElement; e.id !== 'tree'; e = e.parentElement)
            if (e.tagName === 'LI') outside.unshift(e);
          const closed = outside.filter(e => hands.seen(e) && e.querySelector(':scope > .hitarea')).pop();
          return [hands.box(closed.querySelector(':scope > .hitarea')), false]; }})()""")
        yield "click", way[0]
        if way[1]:
            return


@oracle("click-pie-nodelay")
def click_pie(d: Dom):
    yield "click", d.box("hands.all('#divWheel [id*=spreader]').filter(hands.seen).pop()")
    yield "click", d.box(f"hands.named('#divWheel text', {d.quoted()!r})")


@oracle("ascending-numbers")
def ascending_numbers(d: Dom):
    """The numbers vanish with the first click, so that their places are the plan."""
    yield "plan", d.js("['1', '2', '3', '4', '5'].map(n => hands.box(hands.named('svg text', n)))")
    for i in range(5):
        yield "planned", i


@oracle("choose-list")
def choose_list(d: Dom):
    """The list of a select is drawn outside of the page, so the keyboard reaches it: a name typed at it chooses."""
    yield "key", "tab"
    yield "type", re.match("Select (.*) from the list", d.task)[1]
    yield "click", d.text("#area button")


@oracle("use-autocomplete-nodelay")
def use_autocomplete(d: Dom):
    start, *end = re.findall('"([^"]*)"', d.task)
    yield "click", d.box("#tags")
    yield "type", start
    ends = f"hands.own(e).startsWith({start!r}) && hands.own(e).endsWith({(end or [''])[0]!r})"
    item = f"hands.all('.ui-menu-item').find(e => {ends})"
    if d.js(f"hands.box({item})")[3] < 208:
        yield "click", d.text(item)
    else:
        yield "type", d.js(f"hands.own({item})")[len(start) :]
        yield "key", "tab"
    yield "click", d.text("#subbtn")
