internal import SpudErrors
internal import SpudKernels
internal import SpudTensors

extension ExpertForm {
  /// A tensor that holds some projections of some experts, one expert after the other.
  struct Part {
    /// How the projections of one expert lie.
    enum Layout {
      /// One after the other, each `[outputs, inputs]`.
      case inOrder
      /// Rows of them in turn.
      case interleaved
      /// `[inputs, outputs]`, columns of them in turn.
      case transposed
    }

    var name: String
    let projections: [ExpertWeights.Projection]
    let experts: Range<Int>
    var shape: [Int]
    var layout = Layout.inOrder
    var isBias = false
  }

  /// The tensors that hold a layer's experts.
  func parts(_ plan: ExpertsPlan, modelWidth: Int) -> [Part] {
    let all = 0..<plan.expertCount
    let inner = [plan.width, modelWidth]
    let outer = [modelWidth, plan.width]
    func both(_ name: String, _ layout: Part.Layout) -> Part {
      let shape = layout == .transposed ? [modelWidth, 2 * plan.width] : [2 * plan.width, modelWidth]
      return Part(
        name: name, projections: [.gate, .up], experts: all, shape: [plan.expertCount] + shape, layout: layout)
    }
    func one(_ name: String, _ projection: ExpertWeights.Projection, _ shape: [Int]) -> Part {
      Part(name: name, projections: [projection], experts: all, shape: [plan.expertCount] + shape)
    }
    switch self {
    case .separate(let gate, let up, let down):
      return all.flatMap { expert in
        [(gate, ExpertWeights.Projection.gate, inner), (up, .up, inner), (down, .down, outer)].map {
          Part(
            name: Self.fill($0.0, expert: expert), projections: [$0.1], experts: expert..<expert + 1, shape: $0.2)
        }
      }
    case .fused(let gateUp, let down): return [both(gateUp, .inOrder), one(down, .down, outer)]
    case .interleaved(let gateUp, let down): return [both(gateUp, .interleaved), one(down, .down, outer)]
    case .transposed(let gateUp, let down):
      var last = one(down, .down, inner)
      last.layout = .transposed
      return [both(gateUp, .transposed), last]
    case .stacked(let gate, let up, let down):
      return [one(gate, .gate, inner), one(up, .up, inner), one(down, .down, outer)]
    }
  }
}

extension ExpertForm.Part {
  /// The tensor of the biases, whose shape has no inputs.
  var biases: ExpertForm.Part {
    var part = self
    part.name = ExpertForm.biasName(of: name)
    part.isBias = true
    part.shape.remove(at: layout == .transposed ? shape.count - 2 : shape.count - 1)
    if layout == .transposed { part.layout = .interleaved }
    return part
  }

  /// Elements of a row as it is stored; each bias is a row for itself.
  var rowWidth: Int { isBias ? 1 : shape[shape.count - 1] }

  /// Where one expert's projection lies among its `count` bytes or elements; nil where it is not in one piece.
  func range(of projection: ExpertWeights.Projection, count: Int) -> Range<Int>? {
    guard layout == .inOrder, let place = projections.firstIndex(of: projection) else { return nil }
    let size = count / projections.count
    return place * size..<(place + 1) * size
  }

  /// One projection of one expert, `[outputs, inputs]`.
  ///
  /// - Parameters:
  ///   - expert: All that the tensor holds of the expert.
  ///   - width: Elements of a row of it.
  func values<Element>(
    of projection: ExpertWeights.Projection, in expert: ArraySlice<Element>, width: Int
  ) -> [Element] {
    guard let place = projections.firstIndex(of: projection), width > 0 else { return [] }
    let (first, rows, step) = (expert.startIndex, expert.count / width, projections.count)
    switch layout {
    case .inOrder:
      let size = expert.count / step
      return Array(expert[first + place * size..<first + (place + 1) * size])
    case .interleaved:
      return stride(from: place, to: rows, by: step).flatMap { expert[first + $0 * width..<first + ($0 + 1) * width] }
    case .transposed:
      var result: [Element] = []
      result.reserveCapacity(expert.count / step)
      for column in stride(from: place, to: width, by: step) {
        for row in 0..<rows { result.append(expert[first + row * width + column]) }
      }
      return result
    }
  }

  /// One projection of one expert that is not in one piece, as bytes, `[outputs, inputs]`.
  ///
  /// - Parameter bytes: All that the tensor holds of the expert.
  /// - Throws: `SpudError.badData` where blocks of inputs would have to be taken apart.
  func gathered(_ projection: ExpertWeights.Projection, from bytes: RawSpan, _ tensor: TensorInfo) throws -> [UInt8] {
    let rowBytes = bytes.byteCount / shape[shape.count - 2]
    guard layout == .transposed else {
      let all = (0..<bytes.byteCount).map { bytes.loadLittleEndian(fromByteOffset: $0, as: UInt8.self) }
      return values(of: projection, in: all[...], width: rowBytes)
    }
    switch tensor.elementType {
    case .f16, .bf16:
      let all = (0..<bytes.byteCount / 2).map { bytes.loadLittleEndian(fromByteOffset: 2 * $0, as: UInt16.self) }
      return values(of: projection, in: all[...], width: rowBytes / 2).littleEndianBytes
    case .f32:
      let all = (0..<bytes.byteCount / 4).map { bytes.loadLittleEndian(fromByteOffset: 4 * $0, as: UInt32.self) }
      return values(of: projection, in: all[...], width: rowBytes / 4).littleEndianBytes
    default:
      throw SpudError(
        .badData,
        "tensor '\(name)' has inputs first and elements of type \(tensor.elementType), but F32, F16 or BF16 was "
          + "expected")
    }
  }
}
