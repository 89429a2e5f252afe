/// An example that a small model of the office learns from.
package struct OfficeExample: Sendable {
  package let ids: [Int32]
  /// Which of the ids the model is to find itself.
  package let answers: Set<Int>

  init(ids: [Int32], answers: some Sequence<Int>) { (self.ids, self.answers) = (ids, Set(answers)) }

  /// Its length and its ids, in whole numbers of 16 bits; those of answers have the highest bit set.
  package var stored: [UInt16] {
    [UInt16(ids.count)] + ids.indices.map { UInt16(ids[$0]) | (answers.contains($0) ? 0x8000 : 0) }
  }
}
