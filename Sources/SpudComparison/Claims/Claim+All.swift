extension Claim {
  /// Judges every claim, in the order of the report.
  package static func all(_ evidence: Evidence) -> [Claim] {
    Identifier.allCases.map { id in
      switch id {
      case .latency: LatencyClaim.evaluate(evidence)
      case .nuance: NuanceClaim.evaluate(evidence)
      case .cost: CostClaim.evaluate(evidence)
      case .constantLatency: ConstantLatencyClaim.evaluate(evidence)
      case .video: VideoClaim.evaluate(evidence)
      case .together: TogetherClaim.evaluate(evidence)
      case .oneSpace: OneSpaceClaim.evaluate(evidence)
      case .depth: DepthClaim.evaluate(evidence)
      case .price: PriceClaim.evaluate(evidence)
      case .memory: MemoryClaim.evaluate(evidence)
      case .agent: AgentClaim.evaluate(evidence)
      case .guardian: GuardianClaim.evaluate(evidence)
      }
    }
  }
}
