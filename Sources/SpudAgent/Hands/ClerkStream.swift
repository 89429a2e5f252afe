internal import SpudBrowser
internal import SpudGuardian

/// A goal, the last action and a screen as the ids that the clerk's model reads, and the action that it writes.
///
///     example = <bos> <user> goal (<last> done)? <screen> part* </screen> <assistant> action <end>
///     goal    = <send> form (<value> label <value> value)* | <show> <value> (email | "Stock")
///     part    = thing row column (<value> text)?
///     thing   = (<text> | <link> | <button>) words | (<field> | <focus>) label
///     done    = <send> form | <click> words | <type> | <key> name
///     action  = <click> thing row column | <type> label <value> text | <key> name | <done> | <alert> text
///
/// The ids are those of the Guardian's stream, and behind them those of places, a letter's on the grid. What is clicked
/// is named before its place is said, and what is filled in before its value: each is then what follows on the same
/// words elsewhere, which a small model finds soon. (With the place alone, 21 % of clicks went elsewhere after 14
/// million tokens.)
package enum ClerkStream {
  private typealias V = GuardianVocabulary

  private static let kinds = ["<text>", "<link>", "<show>", "<done>", "<alert>"]
  private static let rows = 64, columns = 32

  /// How many ids there are.
  package static let idCount = V.count + kinds.count + rows + columns
  /// The longest that a goal with a screen may be; what is longer cannot be read.
  package static let longest = 880
  /// The longest action.
  static let longestAction = 100

  static let end = V.control("<end>")
  /// The ids that an action begins with.
  static let actions = [V.control("<click>"), V.control("<type>"), V.control("<key>"), own("<done>"), own("<alert>")]
  static let done = actions[3]
  static let rowIDs = V.count + kinds.count..<V.count + kinds.count + rows
  static let columnIDs = V.count + kinds.count + rows..<V.count + kinds.count + rows + columns
  private static let thingIDs = [Sight.Part.Kind.text, .link, .button, .field, .focusedField].map(kind)
  /// The ids of keys, by their names.
  static let keys: [(id: Int32, key: Gesture.Key)] = [Gesture.Key.all, .tab, .backspace].compactMap { key in
    let ids = V.text(key.rawValue)
    return ids.count == 1 ? (ids[0], key) : nil
  }

  /// - Precondition: the name is one of `kinds`.
  private static func own(_ name: String) -> Int32 {
    guard let place = kinds.firstIndex(of: name) else { preconditionFailure("there is no control token \(name)") }
    return Int32(V.count + place)
  }

  /// What comes before an action.
  static func before(_ goal: Goal, after last: Proposal?, on sight: Sight) -> [Int32] {
    var ids = [V.control("<bos>"), V.control("<user>")] + self.goal(goal)
    if let last { ids += [V.control("<last>")] + done(last) }
    return ids + screen(sight) + [V.control("<assistant>")]
  }

  static func screen(_ sight: Sight) -> [Int32] {
    var ids = [V.control("<screen>")]
    let parts = sight.parts
    for part in parts {
      ids += thing(part, among: parts) + place(row: part.row, column: part.column)
      if part.isField { ids += [V.control("<value>")] + V.text(part.text) }
    }
    return ids + [V.control("</screen>")]
  }

  private static func goal(_ goal: Goal) -> [Int32] {
    switch goal {
    case .send(let filling): GuardianStream.sending(Proposal.Effect(name: filling.form, values: filling.values))
    case .show(.person(let email)): show(email)
    case .show(.stock): show("Stock")
    }
  }

  private static func show(_ text: String) -> [Int32] { [own("<show>"), V.control("<value>")] + V.text(text) }

  /// What a part is called.
  private static func thing(_ part: Sight.Part, among parts: [Sight.Part]) -> [Int32] {
    [kind(part.kind)] + V.text(part.isField ? Sight.label(of: part, among: parts) : part.text)
  }

  private static func done(_ last: Proposal) -> [Int32] {
    if let effect = last.effect { return [V.control("<send>")] + V.text(effect.name) }
    switch last.action {
    case "type": return [V.control("<type>")]
    case "key": return [V.control("<key>")] + V.text(last.text)
    default: return [V.control("<click>")] + V.text(last.target)
    }
  }

  private static func kind(_ kind: Sight.Part.Kind) -> Int32 {
    switch kind {
    case .text: own("<text>")
    case .link: own("<link>")
    case .button: V.control("<button>")
    case .field: V.control("<field>")
    case .focusedField: V.control("<focus>")
    }
  }

  private static func place(row: Int, column: Int) -> [Int32] {
    [Int32(rowIDs.lowerBound + min(row, rows - 1)), Int32(columnIDs.lowerBound + min(column, columns - 1))]
  }

  static func isPlace(_ id: Int32) -> Bool { rowIDs.contains(Int(id)) || columnIDs.contains(Int(id)) }

  static func clicking(_ part: Sight.Part, among parts: [Sight.Part]) -> [Int32] {
    [actions[0]] + thing(part, among: parts) + place(row: part.row, column: part.column)
  }

  /// An action as it is written, without its end; nil where it is none that hands have in the portal.
  static func written(_ action: HandAction, on sight: Sight) -> [Int32]? {
    switch action {
    case .gesture(.click(let x, let y)):
      guard let part = sight.part(x: x, y: y) else { return nil }
      return clicking(part, among: sight.parts)
    case .gesture(.type(let text)):
      return [actions[1]] + V.text(sight.focus?.label ?? "") + [V.control("<value>")] + V.text(text)
    case .gesture(.key(let key)): return keys.first { $0.key == key }.map { [actions[2], $0.id] }
    case .gesture: return nil
    case .done: return [done]
    case .alert(let text): return [actions[4]] + V.text(text)
    }
  }

  /// What may follow on an action's beginning; nil where it is whole.
  ///
  /// - Parameter rows: that the screen has.
  static func next(after written: [Int32], rows: Int = rows) -> [Int32]? {
    guard let first = written.first else { return actions }
    let last = written[written.count - 1]
    let words = written.count > longestAction ? [] : V.textIDs
    switch first {
    case actions[0]:
      if written.count == 1 { return thingIDs }
      if rowIDs.contains(Int(last)) { return columnIDs.map { Int32($0) } }
      return columnIDs.contains(Int(last)) ? nil : words + rowIDs.prefix(rows).map { Int32($0) }
    case actions[1]:
      if last == end { return nil }
      return words + [written.contains(V.control("<value>")) ? end : V.control("<value>")]
    case actions[2]: return written.count > 1 ? nil : keys.map(\.id)
    case done: return nil
    default: return last == end ? nil : words + [end]
    }
  }

  /// The action that whole ids write.
  ///
  /// - Precondition: the ids are what `next` allowed.
  static func action(_ written: [Int32], on sight: Sight) -> HandAction {
    switch written[0] {
    case actions[0]:
      let place = written.suffix(2).map { Int($0) }
      let (row, column) = (place[0] - rowIDs.lowerBound, place[1] - columnIDs.lowerBound)
      let (x, y) = (column * LetterReader.width + 4, row * LetterReader.height + 8)
      let centre = sight.part(x: x, y: y)?.centre ?? (x: x, y: y)
      return .gesture(.click(x: centre.x, y: centre.y))
    case actions[1]: return .gesture(.type(V.spelled(written.drop { $0 != V.control("<value>") })))
    case actions[2]: return .gesture(.key(keys.first { $0.id == written[1] }?.key ?? .tab))
    case done: return .done
    default: return .alert(V.spelled(written[1...]))
    }
  }
}
