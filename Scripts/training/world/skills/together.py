"""See and hear: a spoken question about a picture."""

from ..maker import Maker, assistant, user
from ..scene import PLACES, Scene
from ..speech import DIGITS
from .see import only

TASKS = ["colour", "shape", "where", "count"]


def ask(scene: Scene, task: str, m: Maker) -> tuple[str, ...]:
    """A question that is short to say, its answer and any thought in between; "how many shapes" where the scene has no
    other unambiguous one."""
    by_shape, by_colour = only(scene, "shape"), only(scene, "colour")
    if task == "colour" and by_shape:
        t = m.rng.choice(by_shape)
        return f"what colour is the {t.shape}", t.colour
    if task == "shape" and by_colour:
        t = m.rng.choice(by_colour)
        return f"what shape is the {t.colour} one", t.shape
    if task == "where" and by_shape:
        t = m.rng.choice(by_shape)
        return f"where is the {t.shape}", PLACES[t.place], t.name
    return "how many shapes", DIGITS[len(scene.things)], scene.counted()


def make(m: Maker) -> dict:
    scene = m.scene(2 if m.short else 1)
    picture = m.image(scene)
    tasks = [TASKS[m.index % 3]] if m.short else m.rng.sample(TASKS[:3] * 2 + TASKS[3:], 2)
    turns, task, heard = [], "", []
    for task in tasks:
        question, answer, *thought = ask(scene, task, m)
        heard.append(question)
        parts = [m.spoken(question)]
        if not m.short and m.rng.random() < 0.3:
            parts.append(m.typed("answer the question."))
        if not turns:
            parts.insert(0, picture)
            if not m.short and m.rng.random() < 0.2:
                parts[0], parts[1] = parts[1], parts[0]
        # What was asked is thought first: hearing it and looking for the answer are two steps.
        turns += [user(*parts), assistant(answer, thought="; ".join([question, *thought]))]
        if not m.short and m.rng.random() < 0.4:
            turns += [user(m.typed("what was asked?")), assistant(question)]
    return m.example(task, turns, turns[-1]["parts"][-1]["text"],
                     descriptions={"image": [scene.description], "audio": heard})
