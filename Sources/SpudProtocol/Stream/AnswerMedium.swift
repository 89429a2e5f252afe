/// A picture or a sound of an answer, encoded as it is sent.
package struct AnswerMedium: Sendable, Equatable {
  package enum Kind: Sendable, Equatable { case image, audio }

  package let kind: Kind
  /// What the bytes are: `image/png`.
  package let type: String
  package let bytes: [UInt8]

  package init(_ kind: Kind, type: String, bytes: [UInt8]) { (self.kind, self.type, self.bytes) = (kind, type, bytes) }
}
