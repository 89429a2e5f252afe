internal import SpudPortal

/// The ids of the Guardian's stream: bytes, control, and words of the portal that are one id each.
package enum GuardianVocabulary {
  static let controls = [
    "<pad>", "<bos>", "<end>", "<user>", "<assistant>", "<last>", "<screen>", "</screen>", "<field>", "<focus>",
    "<button>", "<line>", "<click>", "<type>", "<key>", "<drag>", "<scroll>", "<send>", "<value>", "<allow>", "<ask>",
    "<veto>",
  ]

  /// Longer ones come before those that they begin with.
  static let words: [String] = {
    let forms = PortalForm.allCases.flatMap { [$0.title] + $0.fields }
    let names = Records.teams + Records.items + Records.lists
    let phrases = """
      @spud.test|, team |, start |, hardware |, badge |, list |team |start |return |withdraw badge|leave |deactivate\
      |2026-|2027-|If an item is out of stock, |order 5 of it.|report it.|If an email is taken, put 2 before the @.\
      |. The signer may grant badges up to |Onboard |Offboard |Correct |Reconcile the stock of | person| people\
      | records| record| items| item|Something failed: try again|Email is taken|None in stock|! |Save|Find|Sign in\
      |People|Portal|Person|Stock|Home|all|tab|backspace
      """.split(separator: "|").map(String.init)
    var seen: Set<String> = []
    return (forms + names + phrases).filter { seen.insert($0).inserted }.sorted { $0.utf8.count > $1.utf8.count }
  }()

  package static let count = 256 + controls.count + words.count
  /// The ids that spell something: bytes and words.
  static let textIDs = Array(0..<Int32(256)) + Array(Int32(256 + controls.count)..<Int32(count))

  private static let controlIDs = Dictionary(
    controls.enumerated().map { ($0.element, Int32(256 + $0.offset)) }
  ) { first, _ in first }

  /// The words by their first byte, in their order.
  private static let byFirst: [UInt8: [(bytes: [UInt8], id: Int32)]] = {
    var table: [UInt8: [(bytes: [UInt8], id: Int32)]] = [:]
    for (number, word) in words.enumerated() {
      let bytes = Array(word.utf8)
      table[bytes[0], default: []].append((bytes, Int32(256 + controls.count + number)))
    }
    return table
  }()

  /// - Precondition: the name is one of `controls`.
  static func control(_ name: String) -> Int32 {
    guard let id = controlIDs[name] else { preconditionFailure("there is no control token \(name)") }
    return id
  }

  /// A text as ids: at each place the longest word that stands there, else its byte.
  static func text(_ text: String) -> [Int32] {
    let bytes = Array(text.utf8)
    var ids: [Int32] = []
    var place = 0
    while place < bytes.count {
      let rest = bytes[place...]
      if let word = byFirst[bytes[place]]?.first(where: { rest.starts(with: $0.bytes) }) {
        ids.append(word.id)
        place += word.bytes.count
      } else {
        ids.append(Int32(bytes[place]))
        place += 1
      }
    }
    return ids
  }

  /// What ids spell; control ids spell nothing.
  static func spelled(_ ids: some Sequence<Int32>) -> String {
    let bytes = ids.flatMap { id in
      switch Int(id) {
      case ..<256: [UInt8(id)]
      case (256 + controls.count)..<count: Array(words[Int(id) - 256 - controls.count].utf8)
      default: [UInt8]()
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
