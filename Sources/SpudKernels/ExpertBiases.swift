/// What is added to the products of a layer's experts.
package struct ExpertBiases {
  /// `[experts, panels · 32]`, in the order of the panels: 16 of gate, then 16 of up.
  let gateUp: Activations
  let down: Activations  // [experts, width]

  /// - Parameters:
  ///   - gate: `[experts, expertWidth]`
  ///   - up: `[experts, expertWidth]`
  ///   - down: `[experts, width]`
  package init(gate: [Float], up: [Float], down: [Float], expertCount: Int) {
    precondition(
      expertCount > 0 && gate.count == up.count && gate.count % expertCount == 0 && down.count % expertCount == 0,
      "\(gate.count), \(up.count) and \(down.count) biases for \(expertCount) experts")
    let (expertWidth, width) = (gate.count / expertCount, down.count / expertCount)
    gateUp = Activations(rows: expertCount, columns: (expertWidth + 15) / 16 * 32)
    self.down = Activations(rows: expertCount, columns: width)
    for expert in 0..<expertCount {
      var row = [Float](repeating: 0, count: gateUp.columns)
      for column in 0..<expertWidth {
        let place = column / 16 * 32 + column % 16
        row[place] = gate[expert * expertWidth + column]
        row[place + 16] = up[expert * expertWidth + column]
      }
      gateUp[expert] = row
      self.down[expert] = Array(down[expert * width..<(expert + 1) * width])
    }
  }

  /// Bytes in memory of one expert's.
  var bytesPerExpert: Int { 4 * (gateUp.columns + down.columns) }
}
