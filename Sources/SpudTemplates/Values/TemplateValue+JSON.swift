internal import SpudTensors

extension TemplateValue {
  /// A value of a request: all that it spells, the keys of objects included, is the user's.
  init(_ json: JSONValue) {
    switch json {
    case .null: self = .none
    case .bool(let value): self = .bool(value)
    case .number(let spelling):
      if let value = Int(spelling) {
        self = .integer(value)
      } else if spelling.utf8.allSatisfy({ $0 == UInt8(ascii: "-") || 0x30...0x39 ~= $0 }) {
        self = .largeInteger(spelling)
      } else {
        self = .float(Double(spelling) ?? .infinity)
      }
    case .string(let string): self = .text(string, origin: .user)
    case .array(let items): self = .list(items.map { Self($0) })
    case .object(let object): self = .dictionary(TemplateDictionary(object))
    }
  }
}

extension TemplateDictionary {
  init(_ object: JSONObject) {
    self.init()
    for member in object.members { _ = set(.text(member.key, origin: .user), to: TemplateValue(member.value)) }
  }
}
