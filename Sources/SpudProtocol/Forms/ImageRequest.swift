package import SpudTensors

/// A request to `/v1/images/generations`.
package struct ImageRequest: Sendable {
  package static let countLimit = 10

  package let model: String?
  package let prompt: String
  package let count: Int
  package let sampling: SamplingFields
  package let streams: Bool
  /// How often an unfinished picture is to be sent.
  package let partialCount: Int

  /// - Throws: `APIError`, naming the field.
  package init(_ json: JSONValue) throws {
    let fields = try RequestForm.images.reader(json)
    model = try fields.string("model")
    guard let prompt = try fields.required("prompt").string, !prompt.isEmpty else {
      throw fields.fail("prompt", "must be a string that is not empty")
    }
    self.prompt = prompt
    count = try fields.int("n", in: 1...Self.countLimit) ?? 1
    // There is no place where a picture could be fetched from.
    _ = try fields.choice("response_format", of: ["b64_json"])
    _ = try fields.choice("output_format", of: ["png"])
    streams = try fields.bool("stream") ?? false
    partialCount = try fields.int("partial_images", in: 0...8) ?? 0
    guard partialCount == 0 || streams else { throw fields.fail("partial_images", "needs 'stream'") }
    guard !streams || count == 1 else { throw fields.fail("n", "must be 1 with 'stream'") }
    var sampling = SamplingFields()
    sampling.temperature = try fields.double("temperature", in: 0...5)
    sampling.seed = try SamplingFields.seed(fields)
    self.sampling = sampling
  }
}
