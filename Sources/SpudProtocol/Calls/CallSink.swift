/// Where a parser of calls puts what it understood; the rest it keeps, so that nothing is lost if it turns out no call.
struct CallSink: Sendable {
  enum Output: Sendable {
    case started(name: String, id: String?)
    case arguments([UInt8])
    /// The call that was started is whole.
    case ended
  }

  private(set) var outputs: [Output] = []
  /// Bytes that were read but are in no output yet.
  private(set) var held: [UInt8]
  /// Whether a call was started and not ended.
  private(set) var isOpen = false

  /// - Parameter opening: The marker that began the call.
  init(opening: [UInt8] = []) { held = opening }

  mutating func hold(_ byte: UInt8) { held.append(byte) }

  /// All that is held is accounted for by the start of this call.
  mutating func start(name: String, id: String? = nil) {
    outputs.append(.started(name: name, id: id))
    held = []
    isOpen = true
  }

  mutating func arguments(_ bytes: some Sequence<UInt8>) {
    if case .arguments(var earlier) = outputs.last {
      outputs.removeLast()
      earlier += bytes
      outputs.append(.arguments(earlier))
    } else {
      outputs.append(.arguments(Array(bytes)))
    }
  }

  mutating func arguments(_ text: String) { arguments(text.utf8) }

  /// What is held was part of the call.
  mutating func accept() { held = [] }

  mutating func end() {
    outputs.append(.ended)
    held = []
    isOpen = false
  }

  mutating func take() -> [Output] {
    defer { outputs = [] }
    return outputs
  }
}

/// What a parser of calls says to a byte.
enum CallStep: Sendable {
  case more
  /// The block ended with this byte.
  case done
  /// This byte cannot stand here.
  case failed
}
