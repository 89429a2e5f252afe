extension PolicySet {
  /// Decides a request: what no policy permits is denied, and what one forbids is denied whatever others permit.
  ///
  /// A policy whose evaluation fails does not apply, and is reported. So write a veto that must not be missed as the
  /// condition of a permission.
  ///
  /// - Complexity: O(size of the policies · size of the values that they compare).
  package func decide(_ request: AuthorizationRequest, entities: EntityStore) -> Decision {
    let evaluator = Evaluator(request: request, entities: entities)
    var permits: [String] = [], forbids: [String] = []
    var failures: [Decision.Failure] = []
    for policy in policies {
      do {
        guard try policy.conditions.allSatisfy({ try evaluator.bool($0) }) else { continue }
        if policy.effect == .permit { permits.append(policy.id) } else { forbids.append(policy.id) }
      } catch {
        let message = (error as? EvaluationError)?.message ?? "\(error)"
        failures.append(Decision.Failure(policy: policy.id, message: message))
      }
    }
    return Decision(
      isAllowed: forbids.isEmpty && !permits.isEmpty, reasons: forbids.isEmpty ? permits : forbids, failures: failures)
  }
}
