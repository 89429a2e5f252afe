package import SpudTensors

/// A request to `/v1/audio/speech`.
package struct SpeechRequest: Sendable {
  package static let inputLimit = 4096

  package let model: String?
  package let input: String
  package let format: SoundFormat
  /// Whether the sound comes as events, not as a file.
  package let isStreamOfEvents: Bool
  package let sampling: SamplingFields

  /// - Throws: `APIError`, naming the field.
  package init(_ json: JSONValue) throws {
    let fields = try RequestForm.speech.reader(json)
    model = try fields.string("model")
    guard let input = try fields.required("input").string, !input.isEmpty else {
      throw fields.fail("input", "must be a string that is not empty")
    }
    guard input.count <= Self.inputLimit else {
      throw fields.fail("input", "has \(input.count) characters, but the limit is \(Self.inputLimit)")
    }
    self.input = input
    format = try SoundFormat(fields, field: "response_format")
    isStreamOfEvents = try fields.choice("stream_format", of: ["audio", "sse"]) == "sse"
    _ = try fields.double("speed", in: 1...1)
    var sampling = SamplingFields()
    sampling.temperature = try fields.double("temperature", in: 0...5)
    sampling.seed = try SamplingFields.seed(fields)
    self.sampling = sampling
  }
}
