internal import Foundation
internal import SpudErrors
package import SpudPipeline
internal import SpudTensors

/// A system to be compared, before anything is loaded.
package struct SystemSpecification: Sendable, Equatable {
  /// Where a system's models lie.
  package enum Models: Sendable, Equatable {
    case single(String)
    case pipeline(vision: String, hearing: String, language: String)

    package var paths: [String] {
      switch self {
      case .single(let path): [path]
      case .pipeline(let vision, let hearing, let language): [vision, hearing, language]
      }
    }
  }

  package var id: String
  package var kind: SystemKind
  package var models: Models
  package var prompts: PipelinePrompts

  package init(id: String, kind: SystemKind, models: Models, prompts: PipelinePrompts = PipelinePrompts()) {
    self.id = id
    self.kind = kind
    self.models = models
    self.prompts = prompts
  }

  /// The directory or file of this system that is not there; nil when all are.
  package var missing: String? {
    models.paths.first { path in
      !FileManager.default.fileExists(atPath: path.hasSuffix(".gguf") ? path : path + "/config.json")
    }
  }
}

extension SystemSpecification {
  /// The systems that a repository may have, by the directories that it keeps them in.
  ///
  /// - Parameters:
  ///   - unified: the unified model.
  ///   - directory: where the other models lie.
  package static func standard(unified: String, directory: String) -> [SystemSpecification] {
    func pipeline(_ folder: String) -> Models {
      .pipeline(
        vision: "\(directory)/\(folder)/vision", hearing: "\(directory)/\(folder)/hearing",
        language: "\(directory)/\(folder)/language")
    }
    return SystemKind.allCases.map { kind in
      let models: Models =
        switch kind {
        case .unified: .single(unified)
        case .pipelineShared: .pipeline(vision: unified, hearing: unified, language: unified)
        case .pipelineSpecialists, .pipelineParallel: pipeline("pipeline")
        case .pipelineLarge: pipeline("pipeline-large")
        case .denseActive: .single("\(directory)/dense-active")
        case .denseTotal: .single("\(directory)/dense-total")
        }
      return SystemSpecification(id: kind.rawValue, kind: kind, models: models)
    }
  }

  /// The systems of a run.
  ///
  /// - Parameters:
  ///   - argument: names apart by commas, or a JSON file that describes systems; nil is every standard system whose
  ///     models are there.
  /// - Returns: the systems that can be run; and, where none was asked for by name, one sentence on those that cannot.
  /// - Throws: `usage` for a name that is not known; `noInput` when a model is not there; `badData` for a file that
  ///   does not describe systems.
  package static func resolve(
    _ argument: String?, unified: String, directory: String
  ) throws -> (present: [SystemSpecification], absent: String?) {
    let standard = standard(unified: unified, directory: directory)
    guard let argument else {
      let present = standard.filter { $0.missing == nil }
      guard !present.isEmpty else {
        throw SpudError(.noInput, "there is no model at \(unified), and no other system's models are in \(directory)")
      }
      let absent = standard.compactMap { system in system.missing.map { "\(system.id) (\($0))" } }
      return (
        present,
        absent.isEmpty ? nil : "Not measured, for there are no such models: \(absent.joined(separator: ", "))."
      )
    }
    let chosen: [SystemSpecification]
    if argument.hasSuffix(".json") {
      chosen = try read(argument)
    } else {
      chosen = try argument.split(separator: ",").map { name in
        let name = name.filter { !$0.isWhitespace }
        guard let system = standard.first(where: { $0.id == name }) else {
          throw SpudError(
            .usage,
            "there is no system '\(name)'; the systems are \(standard.map(\.id).joined(separator: ", "))")
        }
        return system
      }
    }
    guard !chosen.isEmpty else { throw SpudError(.usage, "no system was named") }
    for system in chosen {
      if let missing = system.missing {
        throw SpudError(.noInput, "the system \(system.id) needs a model at \(missing), which is not there")
      }
    }
    if let twice = Dictionary(grouping: chosen, by: \.id).first(where: { $0.value.count > 1 })?.key {
      throw SpudError(.usage, "the system '\(twice)' is named twice")
    }
    return (chosen, nil)
  }

  /// Reads a file such as
  ///
  ///     {"systems": [
  ///       {"kind": "unified", "model": "mine"},
  ///       {"id": "theirs", "kind": "pipeline-specialists", "vision": "eye", "hearing": "ear", "language": "words",
  ///        "describe_image": "describe the picture.", "describe_frame": "describe the frame.",
  ///        "describe_sound": "describe the sound."}]}
  ///
  /// Paths are relative to the file. Several systems of one kind may be listed under different ids.
  private static func read(_ path: String) throws -> [SystemSpecification] {
    guard FileManager.default.fileExists(atPath: path) else {
      throw SpudError(.noInput, "there is no file \(path) to name the systems")
    }
    guard let systems = try JSONValue(contentsOf: path)["systems"]?.array else {
      throw SpudError(.badData, "\(path): 'systems' should be a list of systems")
    }
    let folder = (path as NSString).deletingLastPathComponent
    return try systems.enumerated().map { index, system in
      let place = "\(path): system \(index + 1)"
      guard let kind = system["kind"]?.string.flatMap(SystemKind.init(rawValue:)) else {
        let kinds = SystemKind.allCases.map(\.rawValue).joined(separator: ", ")
        let found = system["kind"]?.string ?? "missing"
        throw SpudError(.badData, "\(place): 'kind' should be one of \(kinds), but it is \(found)")
      }
      func model(_ key: String) throws -> String {
        guard let model = system[key]?.string, !model.isEmpty else {
          throw SpudError(.badData, "\(place): '\(key)' should name a model's directory")
        }
        return model.hasPrefix("/") || folder.isEmpty ? model : folder + "/" + model
      }
      let models: Models
      if kind.isPipeline, system["model"] == nil {
        models = .pipeline(
          vision: try model("vision"), hearing: try model("hearing"), language: try model("language"))
      } else if kind.isPipeline {
        let shared = try model("model")
        models = .pipeline(vision: shared, hearing: shared, language: shared)
      } else {
        models = .single(try model("model"))
      }
      var prompts = PipelinePrompts()
      if let text = system["describe_image"]?.string { prompts.describeImage = text }
      if let text = system["describe_frame"]?.string { prompts.describeFrame = text }
      if let text = system["describe_sound"]?.string { prompts.describeSound = text }
      return SystemSpecification(
        id: system["id"]?.string ?? kind.rawValue, kind: kind, models: models, prompts: prompts)
    }
  }
}
