/// What kind of thing a system under test is.
package enum SystemKind: String, Codable, Sendable, CaseIterable {
  case unified
  case pipelineShared = "pipeline-shared"
  case pipelineSpecialists = "pipeline-specialists"
  case pipelineLarge = "pipeline-large"
  case pipelineParallel = "pipeline-parallel"
  case denseActive = "dense-active"
  case denseTotal = "dense-total"

  package var isPipeline: Bool {
    switch self {
    case .pipelineShared, .pipelineSpecialists, .pipelineLarge, .pipelineParallel: true
    case .unified, .denseActive, .denseTotal: false
    }
  }

  package var isDense: Bool { self == .denseActive || self == .denseTotal }

  /// One sentence for the report.
  package var summary: String {
    switch self {
    case .unified: "one stream, one prefill, one decode"
    case .pipelineShared:
      "the same weights plumbed as a pipeline: describe the picture, transcribe the sound, answer from the two texts"
    case .pipelineSpecialists: "three specialists whose parameters sum to the unified model's"
    case .pipelineLarge: "three specialists, each as large as the unified model"
    case .pipelineParallel: "specialists, with vision and hearing side by side on two cores"
    case .denseActive: "the unified model with a dense feed-forward of the experts' active size"
    case .denseTotal: "the unified model with a dense feed-forward of the experts' total size"
    }
  }
}

/// A system under test as the report introduces it.
package struct SystemCard: Codable, Sendable, Equatable {
  /// The name on the command line and in the journal.
  package var id: String
  package var kind: SystemKind
  /// The model directories behind it, as given.
  package var models: [String]
  /// Parameters of all its modules.
  package var parameters: Int
  /// Weights that one token written is multiplied by, of the module that answers; the input's embedding is looked up.
  package var activeParameters: Int
  /// Read from memory for one token written, of the module that answers.
  package var bytesPerToken: Int
  /// Multiplications and additions for one token, of the module that answers.
  package var flopsPerToken: Int
  /// Cores reserved while it answers.
  package var cores: Int

  /// What the counts of the report's table are.
  package static let definition = """
    Parameters are the weights of all modules, without the few of the norms. What is active, bytes and operations are \
    those of one token that the answering module writes: the weights that it is multiplied by, two operations each, \
    the output's matrix among them. The input's embedding, of which one row is looked up, is not among them; a count \
    that has it is larger by that matrix. Of a pipeline the answering module is the language module: what the others \
    cost stands in the times.
    """

  package init(
    id: String, kind: SystemKind, models: [String], parameters: Int, activeParameters: Int, bytesPerToken: Int,
    flopsPerToken: Int, cores: Int
  ) {
    self.id = id
    self.kind = kind
    self.models = models
    self.parameters = parameters
    self.activeParameters = activeParameters
    self.bytesPerToken = bytesPerToken
    self.flopsPerToken = flopsPerToken
    self.cores = cores
  }
}
