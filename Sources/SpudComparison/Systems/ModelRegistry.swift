internal import Foundation
internal import SpudErrors
package import SpudInference
internal import SpudModels
package import SpudPipeline
internal import SpudTensors
internal import SpudTokens

/// Loads the models of the systems, each once for each pool of threads. Those that have all threads share one pool;
/// those of a parallel pipeline, which work side by side, have their own, on processors of their own.
package final class ModelRegistry {
  private var models: [String: Model] = [:]
  /// The first model with all threads.
  private var host: Model?
  private let threads: Int
  private let stopwatch: Stopwatch
  private let onLoad: (String) -> Void

  /// - Parameters:
  ///   - threads: that a system computes with; a parallel pipeline divides them.
  ///   - onLoad: told each path before it is loaded.
  package init(threads: Int, stopwatch: Stopwatch = .continuous, onLoad: @escaping (String) -> Void = { _ in }) {
    self.threads = threads
    self.stopwatch = stopwatch
    self.onLoad = onLoad
  }

  /// The model at `path`, its threads on the processors from `firstProcessor` on.
  package func model(_ path: String, threads: Int, firstProcessor: Int = 0) async throws -> Model {
    let key = "\(threads) \(firstProcessor) \(path)"
    if let model = models[key] { return model }
    onLoad(path)
    var options = LoadOptions(threads: threads)
    options.firstProcessor = firstProcessor
    let model: Model
    if threads == self.threads, let host {
      model = try await Model.load(path, options: options, sharing: host)
    } else {
      model = try await Model.load(path, options: options)
      if threads == self.threads { host = model }
    }
    models[key] = model
    return model
  }

  /// The unified model, if it is among the systems.
  package func unified(of specifications: [SystemSpecification]) async throws -> (id: String, model: Model)? {
    for specification in specifications where specification.kind == .unified {
      if case .single(let path) = specification.models {
        return (specification.id, try await model(path, threads: threads))
      }
    }
    return nil
  }

  /// The systems with their models loaded. One that has the same models as a pipeline before it, and only plumbs them
  /// otherwise, is not asked the same questions again.
  package func systems(_ specifications: [SystemSpecification]) async throws -> [SystemUnderTest] {
    var systems: [SystemUnderTest] = []
    for (index, specification) in specifications.enumerated() {
      var system = try await system(specification)
      system.answersLike =
        specifications[..<index].first {
          $0.kind.isPipeline && specification.kind.isPipeline && $0.models == specification.models
            && $0.prompts == specification.prompts
        }?.id
      systems.append(system)
    }
    return systems
  }

  /// A system with its models loaded.
  package func system(_ specification: SystemSpecification) async throws -> SystemUnderTest {
    let media = MediaStore()
    switch specification.models {
    case .single(let path):
      let model = try await model(path, threads: threads)
      let responder = ModelResponder(model, name: "unified", media: media, stopwatch: stopwatch)
      return SystemUnderTest(
        card: Self.card(specification, [ModelShape(model)], answering: ModelShape(model), cores: threads),
        responder: responder,
        outputs: model.isUnified ? [.text, .image, .audio] : [.text])
    case .pipeline(let vision, let hearing, let language):
      let isParallel = specification.kind == .pipelineParallel && threads > 1
      let half = isParallel ? max(1, threads / 2) : threads
      let eye = try await model(vision, threads: half)
      let ear = try await model(hearing, threads: half, firstProcessor: isParallel ? half : 0)
      let mind = try await model(language, threads: threads)
      func responder(_ model: Model, _ name: String) -> ModelResponder {
        ModelResponder(model, name: name, media: media, stopwatch: stopwatch)
      }
      let last = responder(mind, "language")
      // One checkpoint in all three places is counted once.
      let models = Dictionary([(vision, eye), (hearing, ear), (language, mind)]) { first, _ in first }
      return SystemUnderTest(
        card: Self.card(
          specification, models.values.map(ModelShape.init), answering: ModelShape(mind), cores: threads),
        responder: Pipeline(
          vision: responder(eye, "vision"), hearing: responder(ear, "hearing"), language: last,
          prompts: specification.prompts, media: media, isParallel: isParallel, stopwatch: stopwatch),
        language: last, prompts: specification.prompts,
        outputs: specification.kind == .pipelineShared && mind.isUnified ? [.text, .image, .audio] : [.text])
    }
  }

  /// The parameters of all modules; what one token costs, of the one that answers.
  static func card(
    _ specification: SystemSpecification, _ modules: [ModelShape], answering: ModelShape, cores: Int
  ) -> SystemCard {
    SystemCard(
      id: specification.id, kind: specification.kind, models: specification.models.paths,
      parameters: modules.reduce(0) { $0 + $1.parameters }, activeParameters: answering.activeParameters,
      bytesPerToken: answering.bytesPerToken, flopsPerToken: answering.flopsPerToken, cores: cores)
  }

  /// Changes whenever one of the systems' model files does.
  package static func fingerprint(of specifications: [SystemSpecification]) -> String {
    specifications.map { specification in
      let parts = specification.models.paths.map { path -> String in
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? [""]
        let shared = (try? ModelDirectory(path))?.shared ?? [:]
        let files = names.map { ($0, $0.isEmpty ? path : path + "/" + $0) } + shared.map { ($0, $1) }
        let sizes = files.sorted { $0.0 < $1.0 }.filter { !$0.0.hasSuffix(".md") }.compactMap { name, file -> String? in
          let attributes = try? FileManager.default.attributesOfItem(atPath: file)
          guard let size = attributes?[.size] as? Int, let date = attributes?[.modificationDate] as? Date else {
            return nil
          }
          return "\(name) \(size) \(Int(date.timeIntervalSince1970))"
        }
        return sizes.joined(separator: ", ")
      }
      return "\(specification.id): \(parts.joined(separator: " | "))"
    }.joined(separator: "; ")
  }
}

extension ModelShape {
  fileprivate init(_ model: Model) { self.init(model.transformer.configuration) }
}
