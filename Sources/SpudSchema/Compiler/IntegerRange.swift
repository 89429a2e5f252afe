/// Integers between two bounds, as a grammar of their digits.
extension Grammar {
  /// - Parameters:
  ///   - low: The least integer; nil for no bound.
  ///   - high: The greatest; nil for no bound.
  mutating func integers(from low: Int?, to high: Int?) -> NodeID {
    var choices: [NodeID] = []
    // −9…−5 are the numbers 5…9 behind a sign.
    if low.map({ $0 < 0 }) ?? true {
      let least = high.map { $0 < 0 ? $0.magnitude : 1 } ?? 1
      choices.append(sequence([text("-"), naturals(from: least, to: low?.magnitude)]))
    }
    if high.map({ $0 >= 0 }) ?? true {
      choices.append(naturals(from: low.map { $0 > 0 ? $0.magnitude : 0 } ?? 0, to: high?.magnitude))
    }
    return choice(choices)
  }

  private mutating func naturals(from low: UInt, to high: UInt?) -> NodeID {
    var choices: [NodeID] = []
    let lowest = digits(of: low)
    if let high {
      let highest = digits(of: high)
      for count in lowest.count...max(lowest.count, highest.count) {
        let from = count == lowest.count ? lowest : [1] + .init(repeating: 0, count: count - 1)
        let to = count == highest.count ? highest : .init(repeating: 9, count: count)
        choices.append(numbers(from: from[...], to: to[...]))
      }
    } else {
      choices.append(numbers(from: lowest[...], to: .init(repeating: 9, count: lowest.count)))
      let more = add(.repetition(digits(), minimum: Int32(lowest.count), limit: nil))
      choices.append(sequence([bytes(ByteSet("123456789")), more]))
    }
    return choice(choices)
  }

  /// Numbers of as many digits as both bounds have.
  private mutating func numbers(from low: ArraySlice<UInt8>, to high: ArraySlice<UInt8>) -> NodeID {
    guard let first = low.first, let last = high.first else { return Self.empty }
    let restLow = low.dropFirst(), restHigh = high.dropFirst()
    if first == last { return sequence([digit(first...first), numbers(from: restLow, to: restHigh)]) }
    let nines = [UInt8](repeating: 9, count: restLow.count)[...]
    let zeros = [UInt8](repeating: 0, count: restLow.count)[...]
    var choices = [
      sequence([digit(first...first), numbers(from: restLow, to: nines)]),
      sequence([digit(last...last), numbers(from: zeros, to: restHigh)]),
    ]
    if first + 1 < last {
      let any = add(.repetition(digits(), minimum: Int32(restLow.count), limit: Int32(restLow.count)))
      choices.append(sequence([digit((first + 1)...(last - 1)), any]))
    }
    return choice(choices)
  }

  private mutating func digit(_ range: ClosedRange<UInt8>) -> NodeID {
    bytes(ByteSet((0x30 + range.lowerBound)...(0x30 + range.upperBound)))
  }

  private func digits(of value: UInt) -> [UInt8] { String(value).utf8.map { $0 - 0x30 } }
}
