import SpudErrors
import Foundation
package indirect enum JSONValue: Sendable {
  case null, boolean(Bool), integerNumber(Int), double(Double), text(String), list([JSONValue]), map([(key: String, value: JSONValue)])
  package init(contentsOf path: String) throws {
    guard let d = FileManager.default.contents(atPath: path) else { throw SpudError(.noInput, "\(path): none") }
    try self.init(parsing: [UInt8](d), name: path)
  }
  package init(parsing: [UInt8], name: String) throws {
    var p = P(b: parsing, i: 0)
    self = try p.value()
  }
  package var isObject: Bool { if case .map = self { true } else { false } }
  package var isNull: Bool { if case .null = self { true } else { false } }
  package var kind: String { "a thing" }
  package var string: String? { if case .text(let s) = self { s } else { nil } }
  package var bool: Bool? { if case .boolean(let s) = self { s } else { nil } }
  package var integer: Int? { if case .integerNumber(let s) = self { s } else { nil } }
  package var number: Double? { if case .integerNumber(let s) = self { Double(s) } else { nil } }
  package var elements: [JSONValue]? { if case .list(let s) = self { s } else { nil } }
  package var members: [(key: String, value: JSONValue)]? { if case .map(let s) = self { s } else { nil } }
  package subscript(_ k: String) -> JSONValue? { members?.first { $0.key == k }?.value }
}
struct P {
  var b: [UInt8]; var i: Int
  mutating func ws() { while i < b.count, b[i] <= 32 { i += 1 } }
  mutating func value() throws -> JSONValue {
    ws()
    switch b[i] {
    case 123:
      i += 1; var m: [(key: String, value: JSONValue)] = []
      ws(); if b[i] == 125 { i += 1; return .map(m) }
      while true { ws(); let k = str(); ws(); i += 1; m.append((k, try value())); ws(); i += 1; if b[i-1] == 125 { return .map(m) } }
    case 91:
      i += 1; var m: [JSONValue] = []
      ws(); if b[i] == 93 { i += 1; return .list(m) }
      while true { m.append(try value()); ws(); i += 1; if b[i-1] == 93 { return .list(m) } }
    case 34: return .text(str())
    case 116: i += 4; return .boolean(true)
    case 102: i += 5; return .boolean(false)
    case 110: i += 4; return .null
    default: var s = ""; while !([44,93,125,10,32].contains(b[i])) { s.append(Character(UnicodeScalar(b[i]))); i += 1 }; return .integerNumber(Int(s) ?? 0)
    }
  }
  mutating func str() -> String {
    i += 1; var o: [UInt8] = []
    while b[i] != 34 { if b[i] == 92 { i += 1
      switch b[i] { case 110: o.append(10); case 116: o.append(9); case 114: o.append(13); case 98: o.append(8); case 102: o.append(12)
      case 117: o += Array(String(UnicodeScalar(UInt32(String(decoding: b[i+1...i+4], as: UTF8.self), radix: 16)!)!).utf8); i += 4
      default: o.append(b[i]) } } else { o.append(b[i]) }; i += 1 }
    i += 1
    return String(decoding: o, as: UTF8.self)
  }
}
