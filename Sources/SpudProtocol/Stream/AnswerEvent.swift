/// Something that a model's answer says, as it is read.
package enum AnswerEvent: Sendable, Equatable {
  /// Text for the reader.
  case content(String)
  /// Text of a thought.
  case reasoning(String)
  /// A call of a tool begins. Calls are counted from 0; the format may give an id of its own.
  case callStarted(index: Int, name: String, id: String?)
  /// A further part of a call's arguments, which together are the text of one JSON object.
  case callArguments(index: Int, String)
  /// A call ends. It is not whole if the model broke off or wrote something that is no call: the arguments are then cut
  /// short, and what could not be read follows as content.
  case callEnded(index: Int, isWhole: Bool)
  /// A picture or a sound, whole.
  case medium(AnswerMedium)
}

extension [AnswerEvent] {
  /// The same events with neighbouring parts of one text joined: what does not depend on how the answer was cut.
  package var merged: [AnswerEvent] {
    var result: [AnswerEvent] = []
    for event in self {
      switch (result.last, event) {
      case (.content(let a)?, .content(let b)): result[result.count - 1] = .content(a + b)
      case (.reasoning(let a)?, .reasoning(let b)): result[result.count - 1] = .reasoning(a + b)
      case (.callArguments(let last, let a)?, .callArguments(let index, let b)) where last == index:
        result[result.count - 1] = .callArguments(index: index, a + b)
      default: result.append(event)
      }
    }
    return result
  }
}
