/// The body of a form with files: `multipart/form-data` (RFC 7578).
package struct MultipartForm: Sendable, Equatable {
  package struct Field: Sendable, Equatable {
    package let name: String
    package let fileName: String?
    package let bytes: [UInt8]

    /// Its value as text; nil if that is no UTF-8.
    package var text: String? { String(validating: bytes, as: UTF8.self) }
  }

  package static let fieldLimit = 64

  package let fields: [Field]

  /// - Parameter contentType: The header of the request, which names the boundary.
  /// - Throws: `APIError` (400).
  package init(_ body: [UInt8], contentType: String) throws {
    guard let boundary = Self.boundary(in: contentType) else {
      throw APIError(400, "the request must be multipart/form-data with a boundary of 1 to 70 characters")
    }
    let mark = Array("--\(boundary)".utf8)
    guard var position = Self.find(mark, in: body, from: 0) else {
      throw APIError(400, "the body of the form does not hold its boundary")
    }
    var fields: [Field] = []
    while true {
      position += mark.count
      if body[position...].starts(with: "--".utf8) { break }
      guard body[position...].starts(with: "\r\n".utf8),
        let next = Self.find(Array("\r\n".utf8) + mark, in: body, from: position)
      else { throw APIError(400, "the body of the form ends within a field") }
      guard fields.count < Self.fieldLimit else {
        throw APIError(400, "the form has more than \(Self.fieldLimit) fields")
      }
      fields.append(try Self.field(Array(body[min(position + 2, next)..<next])))
      position = next + 2
    }
    self.fields = fields
  }

  /// The first field of a name.
  package subscript(name: String) -> Field? { fields.first { $0.name == name } }

  private static func field(_ part: [UInt8]) throws -> Field {
    let blank = Array("\r\n\r\n".utf8)
    guard let end = find(blank, in: part, from: 0), end <= 4096,
      let head = String(validating: part[..<end], as: UTF8.self)
    else { throw APIError(400, "a field of the form has no head of at most 4096 bytes") }
    let lines = head.split(separator: "\r\n")
    let disposition = lines.first { $0.lowercased().hasPrefix("content-disposition:") } ?? ""
    guard let name = parameter("name", in: disposition) else {
      throw APIError(400, "a field of the form has no name")
    }
    return Field(
      name: name, fileName: parameter("filename", in: disposition), bytes: Array(part[(end + blank.count)...]))
  }

  private static func boundary(in contentType: String) -> String? {
    guard contentType.lowercased().hasPrefix("multipart/form-data"),
      let boundary = parameter("boundary", in: contentType[...]), (1...70).contains(boundary.utf8.count)
    else { return nil }
    return boundary
  }

  /// The value of `name=…` in a header, with or without quotation marks.
  private static func parameter(_ name: String, in header: Substring) -> String? {
    for piece in header.split(separator: ";").dropFirst() {
      let piece = piece.trimmingSpaces
      guard let equal = piece.firstIndex(of: "="), piece[..<equal].lowercased() == name else { continue }
      let value = piece[piece.index(after: equal)...]
      guard value.count >= 2, value.first == "\"", value.last == "\"" else { return String(value) }
      return String(value.dropFirst().dropLast())
    }
    return nil
  }

  /// Where `pattern` begins first in `bytes`, by Horspool's rule.
  ///
  /// - Complexity: O(bytes) on what is not made to be slow, and at most 74 times that.
  private static func find(_ pattern: [UInt8], in bytes: [UInt8], from start: Int) -> Int? {
    var shifts = [Int](repeating: pattern.count, count: 256)
    for (index, byte) in pattern.dropLast().enumerated() { shifts[Int(byte)] = pattern.count - 1 - index }
    var position = start
    while position + pattern.count <= bytes.count {
      let last = bytes[position + pattern.count - 1]
      if last == pattern[pattern.count - 1], bytes[position..<position + pattern.count].elementsEqual(pattern) {
        return position
      }
      position += shifts[Int(last)]
    }
    return nil
  }
}
