/// What a file says about one tensor, checked against the file.
package struct TensorInfo: Sendable, Equatable {
  package let name: String
  package let elementType: ElementType
  /// `[outer, …, inner]`, row-major: the last dimension's elements are neighbours. GGUF files say it in reverse.
  package let shape: [Int]
  /// Where the elements are, from the file's first byte.
  package let byteRange: Range<Int>

  package init(name: String, elementType: ElementType, shape: [Int], byteRange: Range<Int>) {
    self.name = name
    self.elementType = elementType
    self.shape = shape
    self.byteRange = byteRange
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
