extension TemplateText {
  var uppercased: TemplateText {
    if let ascii = mapASCII({ 0x61...0x7A ~= $0 ? $0 - 0x20 : $0 }) { return ascii }
    return mapScalars { placed, _ in placed.scalar.properties.uppercaseMapping }
  }

  var lowercased: TemplateText {
    if let ascii = mapASCII({ 0x41...0x5A ~= $0 ? $0 + 0x20 : $0 }) { return ascii }
    return lowercasedScalars { _, _ in false }
  }

  /// The first scalar in title case, all others in lower case.
  var capitalized: TemplateText { lowercasedScalars { _, index in index == 0 } }

  /// Each letter that follows no letter in title case, all others in lower case: Python's `str.title`.
  var titled: TemplateText {
    let scalars = scalars
    return lowercasedScalars { _, index in index == 0 || !scalars[index - 1].scalar.properties.isCased }
  }

  var caseSwapped: TemplateText {
    let all = scalars
    return mapScalars { placed, index in
      let properties = placed.scalar.properties
      if properties.isUppercase { return Self.lowercase(all, at: index) }
      return properties.isLowercase ? properties.uppercaseMapping : String(placed.scalar)
    }
  }

  /// The same bytes mapped one by one, or nil if not all are ASCII.
  private func mapASCII(_ map: (UInt8) -> UInt8) -> TemplateText? {
    guard utf8.allSatisfy({ $0 < 0x80 }) else { return nil }
    var result = TemplateText()
    for run in runs { result.append(utf8[run.range].map(map), origin: run.origin) }
    return result
  }

  private func lowercasedScalars(titled: (Unicode.Scalar, Int) -> Bool) -> TemplateText {
    let all = scalars
    return mapScalars { placed, index in
      titled(placed.scalar, index) ? placed.scalar.properties.titlecaseMapping : Self.lowercase(all, at: index)
    }
  }

  /// One scalar in lower case. A capital sigma that ends a word has one of its own.
  private static func lowercase(_ scalars: [PlacedScalar], at index: Int) -> String {
    let scalar = scalars[index].scalar
    if scalar == "Σ" { return endsWord(scalars, at: index) ? "ς" : "σ" }
    return scalar.properties.lowercaseMapping
  }

  /// Unicode's condition `Final_Sigma`.
  private static func endsWord(_ scalars: [PlacedScalar], at index: Int) -> Bool {
    func isCased(_ range: some Sequence<Int>) -> Bool {
      for position in range {
        let properties = scalars[position].scalar.properties
        if !properties.isCaseIgnorable { return properties.isCased }
      }
      return false
    }
    return isCased((0..<index).reversed()) && !isCased((index + 1)..<scalars.count)
  }
}
