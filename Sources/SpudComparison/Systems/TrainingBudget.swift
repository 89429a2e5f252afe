internal import SpudTensors

extension SystemSpecification {
  /// The tokens that this system's models were trained on, each model counted once, by the `training.json` beside its
  /// weights; nil when one of them does not say.
  package var trainingTokens: Double? {
    var sum = 0.0
    for path in Set(models.paths) {
      let file = try? JSONValue(contentsOf: path + "/training.json")
      guard let tokens = file?["tokens"]?.double, tokens >= 0 else { return nil }
      sum += tokens
    }
    return sum
  }

  /// What the reader has to know of the budgets: nil when fewer than two systems with models of their own say theirs.
  package static func trainingRemark(_ systems: [SystemSpecification]) -> String? {
    var told: [(id: String, paths: Set<String>, tokens: Double)] = []
    for system in systems {
      let paths = Set(system.models.paths)
      guard let tokens = system.trainingTokens, !told.contains(where: { $0.paths == paths }) else { continue }
      told.append((system.id, paths, tokens))
    }
    guard told.count > 1 else { return nil }
    let list = told.map { "\($0.id) \(Format.fixed($0.tokens / 1e6, 1))" }.joined(separator: ", ")
    return """
      Trained on, in millions of tokens: \(list). A system that saw fewer is weaker than it could be, and loses partly \
      for that.
      """
  }
}
