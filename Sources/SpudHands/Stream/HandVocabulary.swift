/// The ids of the stream of the hands: text, control, codes of marks.
///
/// The same as in `Scripts/training/hands/stream.py`; the README beside it has the layout.
package struct HandVocabulary: Sendable {
  /// Pixels of a bin of places, and bins along each axis.
  static let bin = 2, bins = 128
  static let keys = ["enter", "tab", "backspace", "escape", "left", "up", "right", "down", "all"]

  static let names: [String] =
    [
      "<pad>", "<bos>", "<end>", "<user>", "<assistant>", "<image>", "</image>", "<audio>", "</audio>", "<video>",
      "</video>", "<frame>", "<think>", "</think>",
    ] + (1...32).map { "<size:\($0)>" }
    + [
      "<screen>", "</screen>", "<before>", "<last>", "<click>", "<press>", "<drag>", "<type>", "<key>", "<done>",
      "<alert>",
    ] + keys.map { "<key:\($0)>" } + (0..<bins).map { "<x:\($0)>" } + (0..<bins).map { "<y:\($0)>" }

  private static let controls = Dictionary(
    names.enumerated().map { ($0.element, Int32(256 + $0.offset)) }
  ) { first, _ in first }

  /// The id of each byte: byte-level pieces, in the order of their letters.
  static let byteIDs: [Int32] = {
    let printable = Set(Array(33..<127) + Array(161..<173) + Array(174..<256))
    var other = 256
    let letters = (0..<256).map { byte in
      if printable.contains(byte) { return byte }
      defer { other += 1 }
      return other
    }
    var ids = [Int32](repeating: 0, count: 256)
    for (id, byte) in letters.indices.sorted(by: { letters[$0] < letters[$1] }).enumerated() { ids[byte] = Int32(id) }
    return ids
  }()

  private static let bytes: [UInt8] = {
    var bytes = [UInt8](repeating: 0, count: 256)
    for (byte, id) in byteIDs.enumerated() { bytes[Int(id)] = UInt8(byte) }
    return bytes
  }()

  /// The id of the first code.
  static let firstCode = Int32(256 + names.count)
  static let firstX = control("<x:0>"), firstY = control("<y:0>")

  /// - Precondition: the name is one of `names`.
  static func control(_ name: String) -> Int32 {
    guard let id = controls[name] else { preconditionFailure("there is no control token \(name)") }
    return id
  }

  static func text(_ text: String) -> [Int32] { text.utf8.map { byteIDs[Int($0)] } }

  static func text(of ids: some Sequence<Int32>) -> String {
    String(decoding: ids.filter { (0..<256).contains($0) }.map { bytes[Int($0)] }, as: UTF8.self)
  }

  static func place(_ x: Int, _ y: Int) -> [Int32] {
    [firstX + Int32(min(max(x / bin, 0), bins - 1)), firstY + Int32(min(max(y / bin, 0), bins - 1))]
  }
}
