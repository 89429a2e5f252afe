package import SpudBrowser

/// Task, last actions and screens as ids, and ids as actions.
package struct HandStream {
  /// The actions and the vanished groups that a turn repeats.
  private static let last = 4, before = 16
  private typealias V = HandVocabulary

  private let codebook: MarkCodebook

  package init(_ codebook: MarkCodebook) { self.codebook = codebook }

  /// How many ids there are, with one of sound, which the vocabulary's form asks for.
  package var vocabularyCount: Int { Int(HandVocabulary.firstCode) + codebook.count + 1 }
  /// Ids below this one may stand in an answer.
  package var answerCount: Int { Int(HandVocabulary.firstCode) }
  package var end: Int32 { V.control("<end>") }

  /// A screen's groups, each as its ids: the codes of its marks, then its place.
  package func groups(_ screen: Screen) -> [[Int32]] {
    MarkReader.read(screen).map { group in
      let centre = group.centre
      return group.marks.map { V.firstCode + Int32(codebook.code(MarkCodebook.patch(screen, $0))) }
        + V.place(centre.x, centre.y)
    }
  }

  /// All that comes before an answer.
  ///
  /// - Parameters:
  ///   - task: in words.
  ///   - plan: places that were planned in this episode.
  ///   - last: what was done so far; the last four count.
  ///   - before: the groups of the screen before.
  ///   - now: the groups of the present one.
  package func prompt(
    task: String, plan: [Place], last: [HandStep], before: [[Int32]], now: [[Int32]]
  ) -> [Int32] {
    var ids = [V.control("<bos>"), V.control("<user>")] + V.text(task)
    if !plan.isEmpty { ids += Self.plan(plan) }
    for step in last.suffix(Self.last) { ids += [V.control("<last>")] + Self.ids(of: step) }
    let present = Set(now)
    let gone = before.filter { !present.contains($0) }.prefix(Self.before)
    if !gone.isEmpty { ids += [V.control("<before>")] + gone.joined() }
    return ids + [V.control("<screen>")] + now.joined()
      + [V.control("</screen>"), V.control("<end>"), V.control("<assistant>")]
  }

  private static func plan(_ plan: [Place]) -> [Int32] {
    [V.control("<think>")] + plan.flatMap { V.place($0.x, $0.y) } + [V.control("</think>")]
  }

  static func ids(of step: HandStep) -> [Int32] {
    switch step {
    case .click(let x, let y): [V.control("<click>")] + V.place(x, y)
    case .press(let x, let y): [V.control("<press>")] + V.place(x, y)
    case .drag(let x, let y, let toX, let toY): [V.control("<drag>")] + V.place(x, y) + V.place(toX, toY)
    case .type(let text): [V.control("<type>")] + V.text(text)
    case .key(let name): [V.control("<key>"), V.control("<key:\(name)>")]
    case .done: [V.control("<done>")]
    case .alert(let text): [V.control("<alert>")] + V.text(text)
    }
  }

  // MARK: - Answers

  /// The ids that may come next in an answer.
  package func allowed(after written: [Int32]) -> [Int32] {
    var written = written[...]
    let think = V.control("<think>"), closing = V.control("</think>")
    if written.isEmpty {
      return [think] + ["click", "drag", "type", "key", "done", "alert"].map { V.control("<\($0)>") }
    }
    if written.first == think, let close = written.firstIndex(of: closing) {
      written = written[(close + 1)...]
      if written.isEmpty { return ["click", "drag", "type", "key"].map { V.control("<\($0)>") } }
    }
    let xs = (0..<Int32(V.bins)).map { V.firstX + $0 }, ys = (0..<Int32(V.bins)).map { V.firstY + $0 }
    guard let kind = written.first else { return [end] }
    if kind == think { return written.count % 2 == 0 ? ys : xs + [closing] }
    let done = written.count - 1
    if kind == V.control("<click>") || kind == V.control("<drag>") {
      guard done < (kind == V.control("<click>") ? 2 : 4) else { return [end] }
      return done % 2 == 0 ? xs : ys
    }
    if kind == V.control("<key>") { return done == 0 ? V.keys.map { V.control("<key:\($0)>") } : [end] }
    return kind == V.control("<done>") || done > 40 ? [end] : Array(0..<256) + [end]
  }

  /// Plan and action of an answer; the action is nil where it is none.
  package func parse(_ ids: [Int32]) -> (plan: [Place], step: HandStep?) {
    var ids = ids[...]
    var plan: [Place] = []
    if ids.first == V.control("<think>") {
      let close = ids.firstIndex(of: V.control("</think>")) ?? ids.endIndex
      plan = Self.places(Array(ids[(ids.startIndex + 1)..<close]))
      ids = close < ids.endIndex ? ids[(close + 1)...] : []
    }
    guard let kind = ids.first else { return (plan, nil) }
    let rest = ids.dropFirst().filter { $0 != end }
    let places = Self.places(rest)
    switch kind {
    case V.control("<click>"): return (plan, places.first.map { .click(x: $0.x, y: $0.y) })
    case V.control("<press>"): return (plan, places.first.map { .press(x: $0.x, y: $0.y) })
    case V.control("<drag>"):
      guard places.count >= 2 else { return (plan, nil) }
      return (plan, .drag(fromX: places[0].x, fromY: places[0].y, toX: places[1].x, toY: places[1].y))
    case V.control("<type>"): return (plan, .type(V.text(of: rest)))
    case V.control("<alert>"): return (plan, .alert(V.text(of: rest)))
    case V.control("<key>"):
      return (plan, V.keys.first { rest.first == V.control("<key:\($0)>") }.map { .key($0) })
    case V.control("<done>"): return (plan, .done)
    default: return (plan, nil)
    }
  }

  /// Places in pixels, the second pixels of bins, of pairs of an x and a y.
  private static func places(_ ids: [Int32]) -> [Place] {
    stride(from: 0, to: ids.count - ids.count % 2, by: 2).compactMap { at in
      let (x, y) = (Int(ids[at] - V.firstX), Int(ids[at + 1] - V.firstY))
      guard (0..<V.bins).contains(x), (0..<V.bins).contains(y) else { return nil }
      return Place(x: x * V.bin + 1, y: y * V.bin + 1)
    }
  }
}
