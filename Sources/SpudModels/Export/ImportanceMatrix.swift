package import SpudKernels

/// How much the columns of a model's matrices count: the mean square of what they are multiplied by, over a text.
///
/// Known are the inputs of attention, of its output, and of the feed-forward blocks; experts count as if they saw all
/// of their layer's. What passes from an expert's gate to its down projection is not seen from outside, so those
/// columns count alike, as embedding and output do.
package struct ImportanceMatrix: Sendable {
  /// Sums of squares: [layer and part][column].
  private var sums: [Key: [Double]] = [:]
  private var counts: [Key: Int] = [:]

  private struct Key: Hashable {
    let layer: Int
    let part: LayerInput
  }

  package init() {}

  /// Counts what a layer's matrices are about to be multiplied by.
  ///
  /// - Parameter values: `[tokens, columns]`
  package mutating func count(_ values: Activations, layer: Int, part: LayerInput) {
    let key = Key(layer: layer, part: part)
    var sum = sums[key] ?? [Double](repeating: 0, count: values.columns)
    for row in 0..<values.rows {
      let line = values.row(row)
      for column in line.indices { sum[column] += Double(line[column]) * Double(line[column]) }
    }
    sums[key] = sum
    counts[key, default: 0] += values.rows
  }

  /// What each column of a matrix counts, by the matrix's name in GGUF; nil where nothing is known.
  func columns(of name: String) -> [Float]? {
    let parts = name.split(separator: ".")
    guard parts.count == 4 || parts.count == 3, parts[0] == "blk", let layer = Int(parts[1]) else { return nil }
    let part: LayerInput
    switch parts[2] {
    case "attn_q", "attn_k", "attn_v": part = .attention
    case "attn_output": part = .attentionOutput
    case "ffn_gate", "ffn_up", "ffn_gate_exps", "ffn_up_exps": part = .feedForward
    default: return nil
    }
    let key = Key(layer: layer, part: part)
    guard let sum = sums[key], let count = counts[key], count > 0 else { return nil }
    // No column counts for nothing, however short the text was.
    let least = sum.reduce(0, +) / Double(sum.count) * 1e-4
    return sum.map { Float(max($0, least) / Double(count)) }
  }
}

/// What is multiplied in a layer.
package enum LayerInput: Hashable, Sendable {
  /// Into queries, keys and values.
  case attention
  /// Into what attention adds.
  case attentionOutput
  /// Into gates and ups of feed-forward blocks.
  case feedForward
}
