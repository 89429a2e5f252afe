package import SpudTensors

/// What `/v1/audio/transcriptions` answers.
package enum TranscriptBody {
  /// - Parameter seconds: How long the recording is: one segment from its beginning to its end.
  package static func body(_ text: String, format: TranscriptionRequest.Format, seconds: Double, usage: Usage)
    -> (type: String, bytes: [UInt8])
  {
    switch format {
    case .text: ("text/plain; charset=utf-8", Array((text + "\n").utf8))
    case .srt:
      (
        "text/plain; charset=utf-8",
        Array("1\n\(time(0, mark: ",")) --> \(time(seconds, mark: ","))\n\(text)\n\n".utf8)
      )
    case .vtt:
      (
        "text/vtt; charset=utf-8",
        Array("WEBVTT\n\n\(time(0, mark: ".")) --> \(time(seconds, mark: "."))\n\(text)\n\n".utf8)
      )
    case .json:
      ("application/json", JSONValue.members(["text": .string(text), "usage": tokens(usage)]).serialized)
    case .verbose:
      (
        "application/json",
        JSONValue.members([
          "task": .string("transcribe"), "language": .string("english"), "duration": .number(seconds),
          "text": .string(text),
          "segments": .array([
            .members([
              "id": .number(0), "seek": .number(0), "start": .number(0.0), "end": .number(seconds),
              "text": .string(text), "tokens": .array([]), "temperature": .number(0.0), "avg_logprob": .number(0.0),
              "compression_ratio": .number(1.0), "no_speech_prob": .number(0.0),
            ])
          ]), "usage": .members(["type": .string("duration"), "seconds": .number(Int(seconds.rounded(.up)))]),
        ]).serialized
      )
    }
  }

  /// An event of a stream: more text.
  package static func delta(_ text: String) -> JSONValue {
    .members(["type": .string("transcript.text.delta"), "delta": .string(text)])
  }

  /// The last event of a stream.
  package static func done(_ text: String, usage: Usage) -> JSONValue {
    .members(["type": .string("transcript.text.done"), "text": .string(text), "usage": tokens(usage)])
  }

  private static func tokens(_ usage: Usage) -> JSONValue {
    .members([
      "type": .string("tokens"), "input_tokens": .number(usage.prompt.total),
      "input_token_details": .members([
        "text_tokens": .number(usage.prompt.text), "audio_tokens": .number(usage.prompt.audio),
      ]), "output_tokens": .number(usage.answer.total),
      "total_tokens": .number(usage.prompt.total + usage.answer.total),
    ])
  }

  /// `00:01:02,345`.
  private static func time(_ seconds: Double, mark: String) -> String {
    let milliseconds = Int((seconds * 1e3).rounded())
    func digits(_ value: Int, _ count: Int) -> String {
      let text = String(value)
      return String(repeating: "0", count: max(0, count - text.count)) + text
    }
    let clock = [milliseconds / 3_600_000, milliseconds / 60_000 % 60, milliseconds / 1000 % 60]
    return clock.map { digits($0, 2) }.joined(separator: ":") + mark + digits(milliseconds % 1000, 3)
  }
}
