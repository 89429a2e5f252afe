internal import SpudBrowser
internal import SpudGuardian
package import SpudPortal
internal import SpudSupport

/// What the clerk's model learns from: what the script does on screens of the portal, also where the hands have just
/// erred, and on such screens with other words in a field.
package struct ClerkExamples {
  package private(set) var examples: [OfficeExample] = []
  private var random: SeededGenerator
  /// The share of actions that are mistaken.
  private let mistakes = 0.15

  /// - Parameter seed: of the choices.
  package init(seed: UInt64) { random = SeededGenerator(seed: seed) }

  /// Adds what a task gives.
  /// - Throws: what the work throws.
  package mutating func add(_ task: PortalTask) throws {
    let hands = ErringHands(seed: random.next(), mistakes: mistakes)
    var setting = Workday.Setting()
    // What is mistaken is done, to be seen.
    setting.usesGuardian = false
    setting.options.budget.actions = 60 * (1 + task.gold.count)
    setting.describesScreens = random.index(below: 6) == 0
    if random.index(below: 3) == 0 { setting.notice = notice() }
    _ = try Workday(task, hands: hands, sandbox: nil, setting: setting)
    // What large tasks show again and again is as good as a part of it.
    for moment in hands.moments.values.shuffled(using: &random).prefix(400) {
      add(moment)
      if random.index(below: 4) == 0 { addPlaces(of: moment.sight) }
      // A field has other words than it had.
      if case .send(let filling) = moment.goal, random.index(below: 3) == 0 {
        add(moment.with(sight: changed(moment.sight, filling)))
      }
    }
  }

  private mutating func add(_ moment: ErringHands.Moment) {
    let before = ClerkStream.before(moment.goal, after: moment.last, on: moment.sight)
    let action = ScriptedHands.action(for: moment.goal, after: moment.last, on: moment.sight)
    guard before.count <= ClerkStream.longest, let written = ClerkStream.written(action, on: moment.sight) else {
      return
    }
    let answer = written + [ClerkStream.end]
    examples.append(OfficeExample(ids: before + answer, answers: before.count..<before.count + answer.count))
  }

  /// An exercise in where things are: without one, nineteen in twenty errors were the right words in a wrong row.
  private mutating func addPlaces(of sight: Sight) {
    let parts = sight.parts
    var ids = ClerkStream.screen(sight)
    var answers: [Int] = []
    for part in parts.shuffled(using: &random).prefix(12) {
      ids += ClerkStream.clicking(part, among: parts)
      answers += [ids.count - 2, ids.count - 1]
    }
    if ids.count <= ClerkStream.longest { examples.append(OfficeExample(ids: ids, answers: answers)) }
  }

  /// A screen on which a field has a value of the goal, or one that is nearly one.
  private mutating func changed(_ sight: Sight, _ filling: Fact.Filling) -> Sight {
    let values = filling.values.values.sorted()
    guard let field = sight.fields.randomElement(using: &random)?.field,
      let value = values.randomElement(using: &random)
    else { return sight }
    return sight.with(text: value.mistaken(&random), in: field)
  }

  /// Words of the portal in no order, as somebody might post them.
  private mutating func notice() -> String {
    let words =
      PortalForm.allCases.flatMap { [$0.title] + $0.fields } + Records.teams + Records.items + ["Save", "Find"]
    let phrases = [
      "Dear all,", "today", "please", "by Monday", "nobody may", "the lift is out of order", "ask for", "note:",
    ]
    return (0..<(3 + random.index(below: 6))).map { _ in
      random.index(below: 2) == 0
        ? words[random.index(below: words.count)] : phrases[random.index(below: phrases.count)]
    }.joined(separator: " ")
  }
}

/// Scripted hands that err now and then, and keep what they saw.
private struct ErringHands: Hands {
  struct Moment {
    var goal: Goal
    var last: Proposal?
    var sight: Sight

    func with(sight: Sight) -> Moment { Moment(goal: goal, last: last, sight: sight) }
  }

  final class Moments { var values: [Moment] = [] }

  private let kept = Moments()
  private var random: SeededGenerator
  private let mistakes: Double
  private var goal: Goal = .show(.stock)
  private var last: Proposal?

  var moments: Moments { kept }

  init(seed: UInt64, mistakes: Double) { (random, self.mistakes) = (SeededGenerator(seed: seed), mistakes) }

  mutating func begin(_ goal: Goal) { (self.goal, last) = (goal, nil) }

  mutating func next(_ sights: [Sight]) throws -> HandAction {
    guard let sight = sights.last else { return .alert("there is nothing to be seen") }
    kept.values.append(Moment(goal: goal, last: last, sight: sight))
    var action = ScriptedHands.action(for: goal, after: last, on: sight)
    if random.fraction() < mistakes, let wrong = mistake(on: sight) { action = .gesture(wrong) }
    if case .gesture(let gesture) = action { last = Proposal(gesture, on: sight) }
    return action
  }

  private mutating func mistake(on sight: Sight) -> Gesture? {
    var words = [""]
    if case .send(let filling) = goal { words = filling.values.values.sorted() }
    if case .show(.person(let email)) = goal { words = [email] }
    switch random.index(below: 4) {
    case 0:
      guard let word = words.randomElement(using: &random) else { return nil }
      return .type(word.mistaken(&random))
    case 1: return .key([.all, .backspace, .tab][random.index(below: 3)])
    default: return sight.parts.randomElement(using: &random).map { .click(x: $0.centre.x, y: $0.centre.y) }
    }
  }
}

extension String {
  /// The same with a slip or two; now and then as it is, and now and then empty.
  fileprivate func mistaken(_ random: inout SeededGenerator) -> String {
    let alphabet = Array("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@.- ")
    var letters = Array(self)
    let place = random.index(below: letters.count + 1)
    switch random.index(below: 7) {
    case 0: break
    case 1: letters = []
    case 2: letters = Array(letters.prefix(place))
    case 3: letters.insert(alphabet[random.index(below: alphabet.count)], at: place)
    case 4 where place < letters.count: letters.remove(at: place)
    case 5 where place + 1 < letters.count: letters.swapAt(place, place + 1)
    default: if place < letters.count { letters[place] = alphabet[random.index(below: alphabet.count)] }
    }
    return String(letters)
  }
}

extension Sight {
  /// The same screen with other words in a field.
  fileprivate func with(text: String, in field: Part) -> Sight {
    var cells = self.cells
    let letters = Array(text.prefix(field.width))
    for offset in 0..<field.width {
      let place = field.row * columns + field.column + offset
      let letter = offset < letters.count ? letters[offset] : " "
      cells[place].letter = letter
      cells[place].ink = letter == " " ? cells[place].paper : 0
    }
    return Sight(columns: columns, rows: rows, cells: cells, fingerprint: fingerprint)
  }
}
