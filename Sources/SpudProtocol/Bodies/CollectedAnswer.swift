/// An answer as its events add up to it: what a body that is not streamed holds.
package struct CollectedAnswer: Sendable, Equatable {
  package struct Call: Sendable, Equatable {
    package let id: String
    package let name: String
    /// The text of a JSON object, if the call is whole.
    package var arguments = ""
  }

  package private(set) var content = ""
  package private(set) var reasoning = ""
  package private(set) var calls: [Call] = []
  package private(set) var media: [AnswerMedium] = []

  package init() {}

  /// - Parameter makeID: Gives a call an id if the model gave none.
  package mutating func add(_ events: [AnswerEvent], makeID: (Int) -> String) {
    for event in events {
      switch event {
      case .content(let text): content += text
      case .reasoning(let text): reasoning += text
      case .callStarted(let index, let name, let id): calls.append(Call(id: id ?? makeID(index), name: name))
      case .callArguments(let index, let part): if calls.indices.contains(index) { calls[index].arguments += part }
      case .callEnded: break
      case .medium(let medium): media.append(medium)
      }
    }
  }
}
