/// What a file says about one tensor, checked against the file.
package struct TensorInfo: Sendable, Equatable {
  package let name: String
  package let elementType: ElementType
  /// `[outer, …, inner]`, row-major: the last dimension's elements are neighbours. GGUF files say it in reverse.
  package let shape: [Int]
  /// Where the elements are, from the file's first byte.
  /// For a tensor that is made of others, only how many bytes those take.
  package let byteRange: Range<Int>
  /// What the files call the form of a tensor that is made of others; nil for one that is as it is stored.
  package let origin: String?
  /// The type that says how precisely to hold the elements: their own, but where they are numbers made of fewer bits.
  package let precision: ElementType

  /// - Parameter precision: nil for the elements' own type.
  package init(
    name: String, elementType: ElementType, shape: [Int], byteRange: Range<Int>, origin: String? = nil,
    precision: ElementType? = nil
  ) {
    self.name = name
    self.elementType = elementType
    self.shape = shape
    self.byteRange = byteRange
    self.origin = origin
    self.precision = precision ?? elementType
  }

  /// Elements in all. A checked file's tensors cannot overflow here.
  package var elementCount: Int { shape.reduce(1, *) }

  /// The product of `shape`; nil if a dimension is negative or the product overflows.
  package static func elementCount(of shape: [Int]) -> Int? {
    var product = 1
    for dimension in shape {
      guard dimension >= 0 else { return nil }
      let (next, overflow) = product.multipliedReportingOverflow(by: dimension)
      guard !overflow else { return nil }
      product = next
    }
    return product
  }
}
