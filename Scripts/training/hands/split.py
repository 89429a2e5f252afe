"""Which episodes belong to training, to development and to evaluation, and what counts as success."""

TIER_1 = """
click-test click-test-2 click-test-transfer click-dialog click-dialog-2 click-button click-button-sequence click-link
click-tab click-tab-2-easy click-color click-shape click-option click-widget click-checkboxes click-checkboxes-transfer
click-checkboxes-large click-collapsible click-pie-nodelay click-shades focus-text focus-text-2 circle-center
find-midpoint grid-coordinate identify-shape count-sides count-shape navigate-tree unicode-test odd-or-even
email-inbox-delete email-inbox-important ascending-numbers
""".split()
TIER_2 = """
enter-text enter-text-dynamic enter-text-2 enter-password login-user enter-date enter-time simple-arithmetic
simple-algebra visual-addition choose-list read-table multi-orderings use-autocomplete-nodelay
""".split()
TIER_3 = """
drag-box drag-single-shape drag-circle use-slider drag-items right-angle draw-line highlight-text resize-textarea
""".split()

# Pages that grade by how near a click is: the raw reward that counts as success. Elsewhere it is 1.
THRESHOLDS = {"circle-center": 0.9, "find-midpoint": 0.9, "right-angle": 0.9}
STEPS = 24  # actions that an episode may take


def threshold(page: str) -> float:
    return THRESHOLDS.get(page, 1.0)


def seed_of(split: str, page: str, number: int) -> str:
    """The seed of an episode, for Math.seedrandom. Splits are streams of their own names: no number of one is ever met
    in another.

    Evaluation is `evaluation/PAGE/0` to `evaluation/PAGE/99`; nothing in this directory makes an example of them.
    """
    return f"{split}/{page}/{number}"
