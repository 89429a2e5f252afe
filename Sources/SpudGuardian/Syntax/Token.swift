/// One token of a policy's text.
struct Token: Equatable {
  enum Kind: Equatable {
    /// A name or a word of the language; which of the two, the parser decides by its place.
    case identifier(String)
    /// Digits; whether they fit is checked where the sign is known.
    case number(String)
    /// What is between the quotation marks, with its escapes.
    case string(String)
    /// An operator or a bracket.
    case symbol(String)
    case end
  }

  let kind: Kind
  /// Where it begins, in bytes.
  let offset: Int
}
