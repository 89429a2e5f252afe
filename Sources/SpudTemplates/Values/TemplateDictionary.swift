/// A dictionary, in the order in which its keys came.
struct TemplateDictionary {
  /// What makes two keys the same: 1, 1.0 and true are, as in Python.
  enum Key: Hashable {
    case none
    case number(Double)
    case text([UInt8])
  }

  private(set) var entries: [(key: TemplateValue, value: TemplateValue)] = []
  private var positions: [Key: Int] = [:]
  private(set) var depth = 1

  private static let linearLimit = 8

  var count: Int { entries.count }
  var keys: [TemplateValue] { entries.map(\.key) }
  var values: [TemplateValue] { entries.map(\.value) }
  /// Each key with its value, as tuples.
  var items: [TemplateValue] { entries.map { .list(TemplateList([$0.key, $0.value], isTuple: true)) } }

  subscript(key: Key) -> TemplateValue? { position(of: key).map { entries[$0].value } }
  subscript(name: String) -> TemplateValue? { self[.text(Array(name.utf8))] }

  private func position(of key: Key) -> Int? {
    if entries.count > Self.linearLimit { return positions[key] }
    return entries.firstIndex { Key($0.key) == key }
  }

  /// Sets a value; the place of a key that is there already stays.
  ///
  /// - Returns: False if `key` cannot be one, because it is a list, say.
  mutating func set(_ key: TemplateValue, to value: TemplateValue) -> Bool {
    guard let wanted = Key(key) else { return false }
    depth = max(depth, 1 + value.depth)
    if let position = position(of: wanted) {
      entries[position].value = value
      return true
    }
    entries.append((key, value))
    if entries.count == Self.linearLimit + 1 {
      for (position, entry) in entries.enumerated() { if let key = Key(entry.key) { positions[key] = position } }
    } else if entries.count > Self.linearLimit {
      positions[wanted] = entries.count - 1
    }
    return true
  }

  mutating func set(_ name: String, to value: TemplateValue) { _ = set(.text(name), to: value) }
}

extension TemplateDictionary.Key {
  init?(_ value: TemplateValue) {
    switch value {
    case .none: self = .none
    case .bool(let value): self = .number(value ? 1 : 0)
    case .integer(let value): self = .number(Double(value))
    case .float(let value): self = .number(value)
    case .text(let text): self = .text(text.utf8)
    default: return nil
    }
  }
}
