internal import SpudTensors

/// A request to `/v1/audio/transcriptions`.
package struct TranscriptionRequest: Sendable {
  package enum Format: String, Sendable, CaseIterable {
    case json, text, srt, vtt
    case verbose = "verbose_json"
  }

  package let model: String?
  package let recording: [UInt8]
  package let name: String
  package let format: Format
  package let streams: Bool
  package let temperature: Double?

  /// - Throws: `APIError`, naming the field.
  package init(_ form: MultipartForm) throws {
    var names: Set<String> = []
    for field in form.fields where !names.insert(field.name).inserted && !field.name.hasSuffix("[]") {
      throw APIError.invalid("'\(field.name.prefix(60))' is given more than once", parameter: field.name)
    }
    var members: [(String, JSONValue)] = []
    for field in form.fields where field.name != "file" {
      guard let text = field.text else { throw APIError.invalid("'\(field.name)' is not UTF-8", parameter: field.name) }
      members.append((field.name, .string(text)))
    }
    let fields = try RequestForm.transcriptions.reader(.object(JSONObject(members)))
    guard let file = form["file"] else {
      throw APIError(400, "'file' is missing", parameter: "file", code: "missing_required_parameter")
    }
    guard !file.bytes.isEmpty else { throw fields.fail("file", "is empty") }
    recording = file.bytes
    name = file.fileName.map { String($0.prefix(80)) } ?? "file"
    model = try fields.string("model")
    format =
      try fields.choice("response_format", of: Format.allCases.map(\.rawValue)).flatMap { Format(rawValue: $0) }
      ?? .json
    streams =
      try fields.choice("stream", of: ["true", "false", "True", "False", "1", "0"])
      .map { ["true", "1"].contains($0.lowercased()) } ?? false
    temperature = try fields.string("temperature").map { text in
      guard let number = Double(text), (0...5).contains(number) else {
        throw fields.fail("temperature", "must be a number from 0 to 5")
      }
      return number
    }
    let granularity = try fields.string("timestamp_granularities[]") ?? fields.string("timestamp_granularities")
    guard granularity == nil || granularity == "segment" else {
      throw fields.fail("timestamp_granularities", "must be segment: words have no times")
    }
  }
}
