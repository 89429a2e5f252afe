package import SpudKernels

extension Transformer {
  /// Appends a batch's tokens to their sequences, and gives what the head would read of each.
  ///
  /// - Parameter batch: At most `chunkLength` tokens.
  /// - Returns: `[tokens, modelWidth]`, after the final norm, valid until the next call of any kind.
  /// - Throws: As `forward` does; the cache is unchanged then.
  package func lastStates(of batch: Batch, cache: KeyValueCache) throws -> Activations {
    precondition(batch.tokens.count <= chunkLength, "\(batch.tokens.count) tokens are more than one pass takes")
    try check(batch, cache)
    let pass = try begin(batch, cache: cache, logitsAt: Array(batch.tokens.indices))
    while !advance(pass) {}
    let states = select(Array(batch.tokens.indices), of: pass.hidden)
    giveBack(pass.hidden)
    finalNorm.normalize(states, into: states, compute: compute)
    return states
  }
}
