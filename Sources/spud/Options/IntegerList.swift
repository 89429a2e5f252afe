internal import ArgumentParser

/// Numbers as benchmarks take them: `512`, `1,2,4`, `1-4`, `128-512+128` (step) and `1-16*2` (factor), joined by
/// commas.
struct IntegerList: ExpressibleByArgument, Equatable {
  /// Each number once, in the order given.
  let values: [Int]

  /// The most numbers that a list may hold; a typing error must not start a year of work.
  static let limit = 256

  init(_ values: [Int]) {
    self.values = values
  }

  init?(argument: String) {
    var values: [Int] = []
    for item in argument.split(separator: ",", omittingEmptySubsequences: false) {
      guard let numbers = Self.numbers(item) else { return nil }
      values += numbers.filter { !values.contains($0) }
      guard values.count <= Self.limit else { return nil }
    }
    self.init(values)
  }

  var defaultValueDescription: String { values.map(String.init).joined(separator: ",") }

  private static func numbers(_ item: Substring) -> [Int]? {
    if let number = number(item) { return [number] }
    let ends = item.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
    guard ends.count == 2, let first = number(ends[0]) else { return nil }
    let rest = ends[1]
    if let mark = rest.firstIndex(where: { $0 == "+" || $0 == "*" }) {
      guard let last = number(rest[..<mark]), let step = number(rest[rest.index(after: mark)...]) else { return nil }
      return rest[mark] == "+" ? sums(first, last, step) : products(first, last, step)
    }
    return number(rest).flatMap { sums(first, $0, 1) }
  }

  /// A whole number without a sign, small enough that sums of two never overflow.
  private static func number(_ text: Substring) -> Int? {
    guard !text.isEmpty, text.allSatisfy({ $0.isASCII && $0.isNumber }), let value = Int(text), value <= 1 << 30 else {
      return nil
    }
    return value
  }

  private static func sums(_ first: Int, _ last: Int, _ step: Int) -> [Int]? {
    guard step > 0, first <= last, (last - first) / step < limit else { return nil }
    return Array(stride(from: first, through: last, by: step))
  }

  private static func products(_ first: Int, _ last: Int, _ factor: Int) -> [Int]? {
    guard factor > 1, first > 0, first <= last else { return nil }
    var values: [Int] = []
    var value = first
    // `last` and so `value` are at most 2³⁰, and so is `factor`: the product fits in 64 bits.
    while value <= last {
      values.append(value)
      value *= factor
    }
    return values
  }
}
