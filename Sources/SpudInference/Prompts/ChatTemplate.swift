/// How a conversation is written for a text-only model that was trained on one.
///
/// A checkpoint carries its template as a Jinja program. Running programs out of model files is a hole that
/// three engines have had to close, so the program is only looked at, and the form it writes is one of these.
package enum ChatTemplate: String, Sendable, CaseIterable {
  /// Qwen and many others: `<|im_start|>user\n…<|im_end|>\n<|im_start|>assistant\n`.
  case chatML = "chatml"
  /// Llama 3: `<|start_header_id|>user<|end_header_id|>\n\n…<|eot_id|>`.
  case llama3
  /// Mistral and Mixtral: `[INST] … [/INST]`.
  case mistral
  /// OLMo and OLMoE: `<|user|>\n…\n<|assistant|>\n`, where the marks are plain text.
  case olmo
  /// Zephyr and TinyLlama: the same marks, and `</s>` after every turn.
  case zephyr
  /// No form: the text goes in as it is, and the model continues it.
  case raw

  /// A stretch of a prompt.
  package enum Segment: Equatable, Sendable {
    /// One special token, by its name.
    case special(String)
    /// Text, in which nothing is special whatever it spells.
    case text(String)
  }

  /// One turn of a conversation that consists of text.
  package struct Turn: Equatable, Sendable {
    package var isUser: Bool
    package var text: String

    package init(isUser: Bool, text: String) {
      self.isUser = isUser
      self.text = text
    }
  }

  /// The form that a checkpoint's Jinja template writes, judged by the marks in it.
  package init(jinja: String?) {
    guard let jinja else {
      self = .raw
      return
    }
    if jinja.contains("<|im_start|>") {
      self = .chatML
    } else if jinja.contains("<|start_header_id|>") {
      self = .llama3
    } else if jinja.contains("[INST]") {
      self = .mistral
    } else if let user = jinja.firstRange(of: "<|user|>"), jinja.contains("<|assistant|>") {
      let after = jinja[user.upperBound...]
      let turn = after[..<(after.firstRange(of: "<|")?.lowerBound ?? after.endIndex)]
      self = turn.contains("eos_token") ? .zephyr : .olmo
    } else {
      self = .raw
    }
  }

  /// Special tokens that end an answer in this form, beside those that the checkpoint names itself.
  package var endings: [String] {
    switch self {
    case .chatML: ["<|im_end|>"]
    case .llama3: ["<|eot_id|>"]
    case .mistral, .zephyr: ["</s>"]
    case .olmo, .raw: []
    }
  }

  /// A conversation that ends with the user's turn, up to where the assistant's answer begins.
  ///
  /// Neighbouring stretches of text are joined, so that they are split into tokens together.
  ///
  /// - Parameters:
  ///   - turns: The turns so far, not empty.
  ///   - beginning: The special token with which this checkpoint begins every text, if it has one.
  package func segments(of turns: [Turn], beginning: String?) -> [Segment] {
    var writer = SegmentWriter()
    if let beginning { writer.special(beginning) }
    for (index, turn) in turns.enumerated() {
      let role = turn.isUser ? "user" : "assistant"
      switch self {
      case .chatML:
        writer.special("<|im_start|>")
        writer.text("\(role)\n\(turn.text)")
        writer.special("<|im_end|>")
        writer.text("\n")
      case .llama3:
        writer.special("<|start_header_id|>")
        writer.text(role)
        writer.special("<|end_header_id|>")
        writer.text("\n\n\(turn.text)")
        writer.special("<|eot_id|>")
      case .mistral:
        if turn.isUser {
          writer.text("\(index == 0 ? "" : " ")[INST] \(turn.text) [/INST]")
        } else {
          writer.text(" \(turn.text)")
          writer.special("</s>")
        }
      case .olmo:
        writer.text("<|\(role)|>\n\(turn.text)")
        if !turn.isUser { writer.special("<|endoftext|>") }
        writer.text("\n")
      case .zephyr:
        writer.text("<|\(role)|>\n\(turn.text)")
        writer.special("</s>")
        writer.text("\n")
      case .raw:
        writer.text(turn.text)
      }
    }
    switch self {
    case .chatML:
      writer.special("<|im_start|>")
      writer.text("assistant\n")
    case .llama3:
      writer.special("<|start_header_id|>")
      writer.text("assistant")
      writer.special("<|end_header_id|>")
      writer.text("\n\n")
    case .olmo, .zephyr:
      writer.text("<|assistant|>\n")
    case .mistral, .raw:
      break
    }
    return writer.segments
  }

  private struct SegmentWriter {
    var segments: [Segment] = []

    mutating func special(_ name: String) {
      segments.append(.special(name))
    }

    mutating func text(_ text: String) {
      if case .text(let before) = segments.last {
        segments[segments.count - 1] = .text(before + text)
      } else if !text.isEmpty {
        segments.append(.text(text))
      }
    }
  }
}
