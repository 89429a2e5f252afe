/// One of the four normalization forms of Unicode.
enum NormalForm: String, Sendable, CaseIterable {
  case decomposition = "NFD"
  case composition = "NFC"
  case compatibilityDecomposition = "NFKD"
  case compatibilityComposition = "NFKC"

  var isCompatible: Bool { self == .compatibilityDecomposition || self == .compatibilityComposition }
  var composes: Bool { self == .composition || self == .compatibilityComposition }
}

/// A normalization form, by the tables of the `tokenizers` package.
///
/// Text is copied as it is up to a character that could change; only from the starter before that character to the
/// next character that cannot interact is it decomposed, ordered and composed. Bytes that are not UTF-8 pass through.
///
/// - Complexity: O(n), and O(m log m) for a run of m combining marks.
struct Normalizer: Sendable {
  private static let decomposition = Normalizer(.decomposition)
  private static let composition = Normalizer(.composition)
  private static let compatibilityDecomposition = Normalizer(.compatibilityDecomposition)
  private static let compatibilityComposition = Normalizer(.compatibilityComposition)

  /// The normalizer of a form; its tables are read once.
  static func of(_ form: NormalForm) -> Normalizer {
    switch form {
    case .decomposition: decomposition
    case .composition: composition
    case .compatibilityDecomposition: compatibilityDecomposition
    case .compatibilityComposition: compatibilityComposition
    }
  }

  private let form: NormalForm

  /// Per scalar below U+30000: `stable`, or the combining class.
  private let traits: [UInt8]
  private let decompositions: [UInt32: [UInt32]]  // complete, in canonical order
  private let compositions: [UInt64: UInt32]  // first << 32 | second → composite

  private static let tableEnd: UInt32 = 0x30000
  /// A starter that is its own normal form, and that nothing before it takes up.
  private static let stable: UInt8 = 255

  // Hangul, by arithmetic: Unicode 16 §3.12.
  private static let syllables: Range<UInt32> = 0xAC00..<0xD7A4
  private static let leading: Range<UInt32> = 0x1100..<0x1113
  private static let vowels: Range<UInt32> = 0x1161..<0x1176
  private static let trailing: Range<UInt32> = 0x11A8..<0x11C3

  private init(_ form: NormalForm) {
    var traits = [UInt8](repeating: Self.stable, count: Int(Self.tableEnd))
    for field in CanonicalTable.combiningClasses.split(whereSeparator: \.isWhitespace) {
      let parts = field.split(separator: ":")
      for range in HexadecimalRanges(parts[1].split(separator: ",").joined(separator: " ")) {
        for scalar in range { traits[Int(scalar)] = UInt8(parts[0]) ?? 0 }
      }
    }
    var oneStep: [UInt32: [UInt32]] = [:]
    var compositions: [UInt64: UInt32] = [:]
    var seconds: [UInt32] = []
    for field in CanonicalTable.decompositions.split(whereSeparator: \.isWhitespace) {
      let parts = field.split(whereSeparator: { $0 == "=" || $0 == ">" })
      let scalar = UInt32(parts[0], radix: 16) ?? 0
      let step = parts[1].split(separator: "+").compactMap { UInt32($0, radix: 16) }
      oneStep[scalar] = step
      if field.contains("=") {
        compositions[UInt64(step[0]) << 32 | UInt64(step[1])] = scalar
        seconds.append(step[1])
      } else {
        traits[Int(scalar)] = 0
      }
      if !form.composes { traits[Int(scalar)] = 0 }
    }
    if !form.composes {
      for scalar in Self.syllables { traits[Int(scalar)] = 0 }
    }
    // A starter that the one before it can take up is not stable. (No composite begins with such a one.)
    for scalar in seconds where traits[Int(scalar)] == Self.stable { traits[Int(scalar)] = 0 }
    for scalar in Self.vowels { traits[Int(scalar)] = 0 }
    for scalar in Self.trailing { traits[Int(scalar)] = 0 }

    func expand(_ scalar: UInt32) -> [UInt32] {
      oneStep[scalar].map { $0.flatMap(expand) } ?? [scalar]
    }
    var decompositions = oneStep.mapValues { $0.flatMap(expand) }
    if form.isCompatible {
      for (scalar, target) in ScalarMappings(CompatibilityTable.decompositions).flatMap(\.pairs) {
        decompositions[scalar] = target
        if traits[Int(scalar)] == Self.stable { traits[Int(scalar)] = 0 }
      }
    }
    self.form = form
    self.decompositions = decompositions
    self.compositions = compositions
    self.traits = traits
  }

  private func trait(_ scalar: UInt32) -> UInt8 {
    scalar < Self.tableEnd ? traits[Int(scalar)] : Self.stable
  }

  /// Normalizes a range of `bytes`; nil when nothing in it could change.
  func normalized(_ bytes: [UInt8], _ range: Range<Int>) -> [UInt8]? {
    var output: [UInt8] = []
    var pending: [UInt32] = []
    var copied = range.lowerBound  // everything before is in `output`
    var starter = range.lowerBound  // where the last stable character, or invalid byte, began
    var index = range.lowerBound
    while index < range.upperBound {
      let decoded = bytes.scalar(at: index, before: range.upperBound)
      if trait(decoded.value) == Self.stable {
        starter = index
        index += decoded.length
        continue
      }
      // Something may change: take in what can interact, from the starter on.
      pending.removeAll(keepingCapacity: true)
      var end = starter
      while end < range.upperBound {
        let next = bytes.scalar(at: end, before: range.upperBound)
        if end > index, trait(next.value) == Self.stable { break }
        // An invalid byte can only be what `starter` points at; what follows has nothing to join.
        if next.isValid { pending.append(next.value) } else { starter += next.length }
        end += next.length
      }
      output.append(contentsOf: bytes[copied..<starter])
      for scalar in normalized(pending) { output.append(scalar: scalar) }
      copied = end
      starter = end
      index = end
    }
    guard copied > range.lowerBound else { return nil }
    output.append(contentsOf: bytes[copied..<range.upperBound])
    return output
  }

  /// Decomposes, orders and, where the form asks for it, composes.
  private func normalized(_ scalars: [UInt32]) -> [UInt32] {
    var decomposed: [UInt32] = []
    decomposed.reserveCapacity(scalars.count)
    for scalar in scalars {
      if let parts = decompositions[scalar] {
        decomposed.append(contentsOf: parts)
      } else if Self.syllables.contains(scalar) {
        let index = scalar - Self.syllables.lowerBound
        decomposed.append(Self.leading.lowerBound + index / 588)
        decomposed.append(Self.vowels.lowerBound + index % 588 / 28)
        if index % 28 > 0 { decomposed.append(Self.trailing.lowerBound - 1 + index % 28) }
      } else {
        decomposed.append(scalar)
      }
    }
    order(&decomposed)
    return form.composes ? composed(decomposed) : decomposed
  }

  private func composed(_ decomposed: [UInt32]) -> [UInt32] {
    var composed: [UInt32] = []
    composed.reserveCapacity(decomposed.count)
    var starter: Int?
    var lastClass: UInt8 = 0  // of what is between the starter and here
    for scalar in decomposed {
      let current = combiningClass(scalar)
      if let at = starter, at == composed.count - 1 || (lastClass < current && lastClass != 0),
        let joined = composite(composed[at], scalar)
      {
        composed[at] = joined
        continue
      }
      if current == 0 { starter = composed.count }
      lastClass = current
      composed.append(scalar)
    }
    return composed
  }

  /// Puts each run of marks in the order of their classes, keeping that of equal ones.
  private func order(_ scalars: inout [UInt32]) {
    var index = 0
    while index < scalars.count {
      guard combiningClass(scalars[index]) != 0 else {
        index += 1
        continue
      }
      var end = index
      var isOrdered = true
      var last: UInt8 = 0
      while end < scalars.count {
        let current = combiningClass(scalars[end])
        if current == 0 { break }
        if current < last { isOrdered = false }
        last = current
        end += 1
      }
      if !isOrdered {
        let keys = (index..<end).map { (combiningClass(scalars[$0]), $0, scalars[$0]) }
        for (offset, key) in keys.sorted(by: { ($0.0, $0.1) < ($1.0, $1.1) }).enumerated() {
          scalars[index + offset] = key.2
        }
      }
      index = end
    }
  }

  private func combiningClass(_ scalar: UInt32) -> UInt8 {
    let trait = trait(scalar)
    return trait == Self.stable ? 0 : trait
  }

  private func composite(_ first: UInt32, _ second: UInt32) -> UInt32? {
    if Self.leading.contains(first), Self.vowels.contains(second) {
      let pair = (first - Self.leading.lowerBound) * 21 + (second - Self.vowels.lowerBound)
      return Self.syllables.lowerBound + pair * 28
    }
    if Self.syllables.contains(first), Self.trailing.contains(second),
      (first - Self.syllables.lowerBound).isMultiple(of: 28)
    {
      return first + (second - Self.trailing.lowerBound + 1)
    }
    return compositions[UInt64(first) << 32 | UInt64(second)]
  }
}
