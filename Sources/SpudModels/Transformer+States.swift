package import SpudKernels

extension Transformer {
  /// What the last layer leaves of each token, after the final norm: what logits are made from.
  ///
  /// - Parameters:
  ///   - batch: Tokens to append to their sequences.
  ///   - cache: Where their keys and values go.
  /// - Returns: `[tokens, modelWidth]`
  /// - Throws: As `forward` does; the cache is unchanged then.
  package func states(of batch: Batch, cache: KeyValueCache) throws -> [[Float]] {
    let pass = try begin(batch, cache: cache, logitsAt: Array(batch.tokens.indices))
    while !advance(pass) {}
    let states = select(Array(batch.tokens.indices), of: pass.hidden)
    giveBack(pass.hidden)
    finalNorm.normalize(states, into: states, compute: compute)
    return (0..<states.rows).map { states[$0] }
  }
}
