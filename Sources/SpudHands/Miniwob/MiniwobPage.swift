/// The pages of MiniWoB++ that the hands are measured on, as `Scripts/training/hands/split.py` has them.
package enum MiniwobPage {
  package static let tiers: [[String]] = [
    """
    click-test click-test-2 click-test-transfer click-dialog click-dialog-2 click-button click-button-sequence \
    click-link click-tab click-tab-2-easy click-color click-shape click-option click-widget click-checkboxes \
    click-checkboxes-transfer click-checkboxes-large click-collapsible click-pie-nodelay click-shades focus-text \
    focus-text-2 circle-center find-midpoint grid-coordinate identify-shape count-sides count-shape navigate-tree \
    unicode-test odd-or-even email-inbox-delete email-inbox-important ascending-numbers
    """,
    """
    enter-text enter-text-dynamic enter-text-2 enter-password login-user enter-date enter-time simple-arithmetic \
    simple-algebra visual-addition choose-list read-table multi-orderings use-autocomplete-nodelay
    """,
    """
    drag-box drag-single-shape drag-circle use-slider drag-items right-angle draw-line highlight-text resize-textarea
    """,
  ].map { $0.split(separator: " ").map(String.init) }

  /// Pages that grade by how near a click is, and the raw reward that counts as success; elsewhere it is 1.
  package static let thresholds = ["circle-center": 0.9, "find-midpoint": 0.9, "right-angle": 0.9]

  /// Actions that an episode may take.
  package static let steps = 24

  package static func threshold(_ page: String) -> Double { thresholds[page] ?? 1 }

  /// The seed of an episode, for Math.seedrandom; `evaluation` 0 to 99 are none that training or development plays.
  package static func seed(_ split: String, _ page: String, _ number: Int) -> String { "\(split)/\(page)/\(number)" }
}
