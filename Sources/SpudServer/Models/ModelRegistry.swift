#if Server
internal import SpudErrors
internal import SpudInference
internal import SpudOptions
internal import SpudProtocol

/// The models that are served, in the order in which they were named.
struct ModelRegistry: Sendable {
  let models: [ServedModel]

  /// - Parameter fallback: The path of the model that is served where none is named.
  /// - Throws: `SpudError` when there is no such model, or two have one name.
  init(_ options: ServeOptions, fallback: () throws -> String, now: Int) throws {
    let named = try options.models.isEmpty ? [fallback()] : options.models
    var models: [ServedModel] = []
    for text in named {
      let (name, path) = try Self.parse(text)
      guard !models.contains(where: { $0.name == name }) else {
        throw SpudError(.usage, "two models have the name '\(name)': give one of them another with -m NAME=PATH")
      }
      models.append(
        ServedModel(
          name: name, path: path, created: now, gate: Gate(limit: options.parallel, queueLimit: options.queue)))
    }
    self.models = models
  }

  /// `NAME=PATH`, or a path, whose last part is the name.
  private static func parse(_ text: String) throws -> (name: String, path: String) {
    if let equal = text.firstIndex(of: "="), !text[..<equal].contains("/"), equal > text.startIndex {
      return (String(text[..<equal]), try ModelLocation().resolve(String(text[text.index(after: equal)...])))
    }
    let path = try ModelLocation().resolve(text)
    return (ModelLocation.name(of: path), path)
  }

  /// The model that a request names, or the first.
  ///
  /// - Throws: `APIError` (404) when it names another.
  func find(_ name: String?) throws -> ServedModel {
    guard let name, !name.isEmpty else { return models[0] }
    guard let found = models.first(where: { $0.name == name }) else {
      throw APIError(
        404, "there is no model '\(name.prefix(80))' here: there is \(models.map(\.name).joined(separator: ", "))",
        parameter: "model", code: "model_not_found")
    }
    return found
  }
}
#endif
