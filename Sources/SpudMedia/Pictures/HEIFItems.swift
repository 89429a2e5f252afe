import SpudErrors

/// The boxes of a HEIF file that say which items there are, where their data lie, and what belongs to them.
struct HEIFItems {
  struct Property {
    var type: String
    var content: ArraySlice<UInt8>
  }

  private(set) var primary: Int?
  private(set) var types: [Int: String] = [:]
  private var locations: [Int: [Range<Int>]] = [:]
  private var properties: [Property] = []
  private var associations: [Int: [Int]] = [:]
  /// Items that describe another one: from, to.
  private var auxiliaries: [(from: Int, to: Int)] = []
  private let bytes: [UInt8]
  private let name: String

  init(_ bytes: [UInt8], name: String) throws {
    self.bytes = bytes
    self.name = name
    for box in try Self.boxes(bytes[...], name) where box.type == "meta" {
      var itemData: ArraySlice<UInt8>?
      let children = try Self.boxes(box.content.dropFirst(4), name)
      for child in children where child.type == "idat" { itemData = child.content }
      for child in children {
        switch child.type {
        case "pitm": primary = child.content.bigEndian(at: 4, bytes: child.content.first == 0 ? 2 : 4)
        case "iinf": try readTypes(child.content)
        case "iloc": try readLocations(child.content, itemData: itemData)
        case "iprp": try readProperties(child.content)
        case "iref": try readReferences(child.content)
        default: break
        }
      }
    }
  }

  /// The coded data of an item; nil if it has none of its own.
  func data(of item: Int) throws -> [UInt8]? {
    guard let ranges = locations[item] else { return nil }
    guard ranges.reduce(0, { $0 + $1.count }) <= bytes.count else {
      throw SpudError(.badData, "\(name): the picture is cut short or damaged: its coded data are longer than the file")
    }
    guard ranges.allSatisfy({ $0.upperBound <= bytes.count }) else {
      throw SpudError(
        .badData,
        "\(name): the picture is cut short: its coded data end at byte "
          + "\(ranges.map(\.upperBound).max() ?? 0), but the file at byte \(bytes.count)")
    }
    return ranges.flatMap { bytes[$0] }
  }

  func properties(of item: Int) -> [Property] {
    (associations[item] ?? []).compactMap { properties.indices.contains($0) ? properties[$0] : nil }
  }

  func property(_ type: String, of item: Int) -> ArraySlice<UInt8>? {
    properties(of: item).first { $0.type == type }?.content
  }

  /// The item that holds the transparency of another.
  func transparency(of item: Int) -> Int? {
    auxiliaries.first { pair in
      let kind = property("auxC", of: pair.from).map { String(decoding: $0, as: UTF8.self) } ?? ""
      return pair.to == item && (kind.contains("auxiliary:alpha") || kind.contains("hevc:2015:auxid:1"))
    }?.from
  }

  // MARK: - Boxes

  private static func boxes(_ bytes: ArraySlice<UInt8>, _ name: String) throws -> [Property] {
    var found: [Property] = []
    var rest = bytes
    while let short = rest.bigEndian(at: 0, bytes: 4), rest.count >= 8 {
      let type = String(decoding: rest.dropFirst(4).prefix(4), as: UTF8.self)
      // 1 means that a longer number follows, 0 that the box reaches to the end.
      let (headerBytes, length) = short == 1 ? (16, rest.bigEndian64(at: 8) ?? 0) : (8, short == 0 ? rest.count : short)
      guard length >= headerBytes else {
        throw SpudError(.badData, "\(name): the picture is damaged: the box '\(type)' has a length of \(length)")
      }
      found.append(Property(type: type, content: rest.prefix(length).dropFirst(headerBytes)))
      rest = rest.dropFirst(length)
    }
    return found
  }

  private mutating func readTypes(_ content: ArraySlice<UInt8>) throws {
    for entry in try Self.boxes(content.dropFirst(content.first == 0 ? 6 : 8), name) where entry.type == "infe" {
      let width = entry.content.first == 2 ? 2 : 4
      guard let item = entry.content.bigEndian(at: 4, bytes: width) else { continue }
      types[item] = String(decoding: entry.content.dropFirst(6 + width).prefix(4), as: UTF8.self)
    }
  }

  /// Where items lie: in the file, or in a box of this one.
  private mutating func readLocations(_ content: ArraySlice<UInt8>, itemData: ArraySlice<UInt8>?) throws {
    var reader = FieldReader(content, name: name)
    let version = try reader.number(1)
    _ = try reader.number(3)
    let widths = try reader.number(2)
    let (offsetWidth, lengthWidth, baseWidth) = (widths >> 12, widths >> 8 & 15, widths >> 4 & 15)
    let indexWidth = version == 0 ? 0 : widths & 15
    var extentCount = 0
    for _ in 0..<(try reader.number(version < 2 ? 2 : 4)) {
      let item = try reader.number(version < 2 ? 2 : 4)
      let method = version == 0 ? 0 : try reader.number(2) & 15
      _ = try reader.number(2)
      let base = try reader.number(baseWidth)
      var ranges: [Range<Int>] = []
      for _ in 0..<(try reader.number(2)) {
        // An extent may take no byte of this list, so that its length does not bound their number.
        extentCount += 1
        guard extentCount <= 1 << 16 else { throw reader.damaged() }
        _ = try reader.number(indexWidth)
        let (offset, length) = (try reader.number(offsetWidth), try reader.number(lengthWidth))
        let start = base + offset + (method == 1 ? itemData?.startIndex ?? 0 : 0)
        ranges.append(start..<start + (length == 0 ? max(bytes.count - start, 0) : length))
      }
      if method < 2 { locations[item] = ranges }
    }
  }

  private mutating func readProperties(_ content: ArraySlice<UInt8>) throws {
    for box in try Self.boxes(content, name) {
      if box.type == "ipco" { properties = try Self.boxes(box.content, name) }
      guard box.type == "ipma" else { continue }
      var reader = FieldReader(box.content, name: name)
      let version = try reader.number(1)
      let flags = try reader.number(3)
      for _ in 0..<(try reader.number(4)) {
        let item = try reader.number(version == 0 ? 2 : 4)
        for _ in 0..<(try reader.number(1)) {
          // The top bit says that the property is essential; they are counted from 1.
          let index = flags & 1 == 0 ? try reader.number(1) & 0x7F : try reader.number(2) & 0x7FFF
          associations[item, default: []].append(index - 1)
        }
      }
    }
  }

  private mutating func readReferences(_ content: ArraySlice<UInt8>) throws {
    let width = content.first == 0 ? 2 : 4
    for box in try Self.boxes(content.dropFirst(4), name) where box.type == "auxl" {
      guard let from = box.content.bigEndian(at: 0, bytes: width),
        let to = box.content.bigEndian(at: width + 2, bytes: width)
      else { continue }
      auxiliaries.append((from, to))
    }
  }
}

/// Numbers one after the other, most significant byte first.
private struct FieldReader {
  private let bytes: ArraySlice<UInt8>
  private var offset = 0
  private let name: String

  init(_ bytes: ArraySlice<UInt8>, name: String) {
    self.bytes = bytes
    self.name = name
  }

  /// The next number, of `width` bytes: 0 to 4, or 8.
  mutating func number(_ width: Int) throws -> Int {
    guard width > 0 else { return 0 }
    guard let value = width == 8 ? bytes.bigEndian64(at: offset) : bytes.bigEndian(at: offset, bytes: min(width, 4)),
      value <= 1 << 40
    else { throw damaged() }
    offset += width
    return value
  }

  func damaged() -> SpudError {
    SpudError(.badData, "\(name): the picture is damaged: its list of items ends early or points nowhere")
  }
}
