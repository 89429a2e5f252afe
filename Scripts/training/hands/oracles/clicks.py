"""Pages of one or two clicks on what the task names."""

import re

from . import Dom, oracle


@oracle("click-test")
def click_test(d: Dom):
    yield "click", d.text("#subbtn")


@oracle("click-test-2", "click-test-transfer")
def click_test_2(d: Dom):
    yield "click", d.free(f"hands.named('button', '{re.search('button (ONE|TWO)', d.task)[1]}')")


@oracle("click-button-sequence")
def click_button_sequence(d: Dom):
    yield "click", d.free("#subbtn")
    yield "click", d.free("#subbtn2")


@oracle("click-dialog")
def click_dialog(d: Dom):
    yield "click", d.box(".ui-dialog-titlebar button")


@oracle("click-dialog-2")
def click_dialog_2(d: Dom):
    name = d.quoted()
    yield "click", d.box(".ui-dialog-titlebar button") if name == "x" else d.named(".ui-dialog-buttonset button", name)


@oracle("click-button", "unicode-test")
def click_button(d: Dom):
    yield "click", d.named("button", d.quoted())


@oracle("click-link", "click-tab-2-easy")
def click_link(d: Dom):
    yield "click", d.named(".alink", d.quoted())


@oracle("click-tab")
def click_tab(d: Dom):
    yield "click", d.named("#area ul a", re.search(r"Tab #\d", d.task)[0])


@oracle("click-color")
def click_color(d: Dom):
    colour = re.search(r"the (\w+) colored", d.task)[1]
    yield "click", d.box(f"#area .color[data-color={colour}]")


@oracle("click-widget")
def click_widget(d: Dom):
    kind = d.quoted()
    e = f"#area [data-type={kind}]"
    yield "click", d.text(e) if kind == "button" else d.box(e)


@oracle("click-option")
def click_option(d: Dom):
    name = re.match("Select (.*) and click Submit", d.task)[1]
    yield "click", d.box(f"hands.named('label', {name!r}).querySelector('input')")
    yield "click", d.text("#subbtn")


@oracle("click-checkboxes", "click-checkboxes-transfer", "click-checkboxes-large")
def click_checkboxes(d: Dom):
    names = re.match("Select (.*) and click Submit", d.task)[1]
    wanted = [] if names == "nothing" else names.split(", ")
    for i in range(d.js("hands.all('label').length")):
        if d.js(f"hands.own(hands.all('label')[{i}])") in wanted:
            yield "click", d.box(f"hands.all('label')[{i}].querySelector('input')")
    yield "click", d.text("#subbtn")


@oracle("focus-text")
def focus_text(d: Dom):
    yield "click", d.box("#tt")


@oracle("focus-text-2")
def focus_text_2(d: Dom):
    yield "click", d.box("#tt" + re.search(r"the (\d)", d.task)[1])


@oracle("click-collapsible")
def click_collapsible(d: Dom):
    yield "click", d.text("#area h3")
    yield "click", d.text("#subbtn")


@oracle("click-shades")
def click_shades(d: Dom):
    colour = re.search(r"shades of (\w+)", d.task)[1]
    for i in range(12):
        if d.js(f"hands.all('#area span')[{i}].dataset.color") == colour:
            yield "click", d.box(f"hands.all('#area span')[{i}]")
    yield "click", d.text("#submit")


SHAPES = """hands.all('#area_svg > *').map(e => ({
  box: hands.box(e), colour: e.getAttribute('fill'), size: hands.size(e) > 15 ? 'large' : 'small',
  text: e.tagName === 'text' ? e.textContent : {rect: 'rectangle', circle: 'circle', polygon: 'triangle'}[e.tagName],
  type: e.tagName !== 'text' ? 'shape' : /[0-9]/.test(e.textContent) ? 'digit' : 'letter'}))"""


def matching(d: Dom, description: str) -> list[list[float]]:
    """Bounds of the shapes that a description like "large red letter" fits, in reading order."""
    *about, kind = description.split(" ")
    fits = [
        s["box"]
        for s in d.js(SHAPES)
        if kind in ("item", s["text"], s["type"]) and all(word in (s["size"], s["colour"]) for word in about)
    ]
    return sorted(fits, key=lambda b: (b[1] + b[3], b[0]))


@oracle("click-shape")
def click_shape(d: Dom):
    yield "click", matching(d, re.match("Click on an? (.*)", d.task)[1])[0]


@oracle("count-shape")
def count_shape(d: Dom):
    count = len(matching(d, re.match("How many (.*)s are there", d.task)[1]))
    yield "click", d.named("#count-buttons button", str(count))


@oracle("identify-shape")
def identify_shape(d: Dom):
    s = d.js(SHAPES)[0]
    yield "click", d.text(f"#area-buttons button[data-type={s['text'] if s['type'] == 'shape' else s['type']}]")


@oracle("count-sides")
def count_sides(d: Dom):
    """The figure is paint only, so the page's two throws are thrown again: its turn and its sides."""
    sides = d.js(f"(Math.seedrandom({d.seed!r}), core.randi(0, 181), core.randi(3, 8))")
    yield "click", d.text(f"#form button[data-sides='{sides}']")


@oracle("grid-coordinate")
def grid_coordinate(d: Dom):
    where = re.search(r"\((-?\d),(-?\d)\)", d.task)[0]
    yield "click", d.box(f"document.getElementById('{where}')")


@oracle("odd-or-even")
def odd_or_even(d: Dom):
    for i in range(d.js("hands.all('.row').length")):
        number = int(d.js(f"hands.own(hands.all('.row')[{i}].querySelector('.display-number'))"))
        yield "click", d.text(f"hands.all('.row')[{i}].querySelector('.{'odd' if number % 2 else 'even'}')")
    yield "click", d.text("#submit")


@oracle("email-inbox-delete")
def email_inbox_delete(d: Dom):
    yield "click", email_icon(d, "trash")


@oracle("email-inbox-important")
def email_inbox_important(d: Dom):
    yield "click", email_icon(d, "star")


def email_icon(d: Dom, icon: str) -> list[float]:
    name = re.search("email by (.*) and click", d.task)[1]
    thread = f"hands.all('.email-thread').find(e => hands.own(e.querySelector('.email-sender')) === {name!r})"
    return d.box(f"{thread}.querySelector('.{icon}')")
