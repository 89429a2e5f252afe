internal import SpudErrors
internal import SpudQuantizer
internal import SpudTensors

extension ResidualCodebook {
  /// What a codec file is for.
  enum FileKind: String {
    case image, audio
  }

  /// The most values that one codebook file may hold: 256 MiB of `Float`.
  private static let valueLimit = 1 << 26
  /// Far beyond any codebook, and small enough that no product or sum overflows into what is no number.
  private static let magnitudeLimit: Float = 1e6

  /// Writes the codebook as safetensors.
  ///
  /// Tensors: `mean` [width], `components` [n, width], `variances` [n] and `centres` [levels, codes, n], where a code
  /// stands for `mean + centre · components`; a picture codec may add `residual` [codes, n], what second codes add to
  /// that. Centres may be `F16`, all else is `F32`. Rows of `centres` are coordinates along principal components, the
  /// one of greatest variance first, so their first columns start a model's embeddings well.
  func write(_ kind: FileKind, residual: Codebook? = nil, metadata: [String: String], to path: String) throws {
    var writer = SafetensorsWriter()
    writer.add("mean", shape: [width], mean)
    writer.add("components", shape: [components.rows, width], components.values)
    writer.add("variances", shape: [components.rows], variances)
    writer.add(
      "centres", shape: [levels.count, codesPerLevel, components.rows], levels.flatMap { $0.centres.values })
    if let residual {
      writer.add("residual", shape: [residual.centres.rows, residual.centres.columns], residual.centres.values)
    }
    for (key, value) in metadata.sorted(by: { $0.key < $1.key }) { writer.setMetadata(key, value) }
    writer.setMetadata("schema", "1")
    writer.setMetadata("kind", kind.rawValue)
    try writer.write(to: path)
  }

  /// Reads what `write` wrote.
  ///
  /// - Throws: `.noInput` when the file is not there; `.badData` naming the tensor, what was found and expected.
  static func read(
    _ kind: FileKind, path: String
  ) throws -> (codebook: ResidualCodebook, residual: Codebook?, metadata: [String: String]) {
    let file = try SafetensorsFile(path: path)
    let metadata = Dictionary(file.metadata.map { ($0.key, $0.value) }) { first, _ in first }
    guard metadata["kind"] == kind.rawValue, metadata["schema"] == "1" else {
      throw SpudError(
        .badData,
        "\(path): the metadata says kind '\(metadata["kind"] ?? "")', schema '\(metadata["schema"] ?? "")', "
          + "expected '\(kind.rawValue)' and '1'")
    }
    func values(
      _ name: String, rank: Int, types: [ElementType] = [.f32]
    ) throws -> (shape: [Int], values: [Float]) {
      let tensor = try file.tensor(name)
      guard types.contains(tensor.elementType), tensor.shape.count == rank, tensor.shape.allSatisfy({ $0 > 0 }),
        tensor.elementCount <= valueLimit
      else {
        throw SpudError(
          .badData,
          "\(path): tensor '\(name)' is \(tensor.elementType) \(tensor.shape), "
            + "expected \(types.map(\.rawValue).joined(separator: " or ")) with \(rank) positive dimensions")
      }
      let numbers = try Dequantization.floats(
        of: file.bytes(of: tensor), tensor.elementType, name: "\(path): tensor '\(name)'")
      guard numbers.allSatisfy({ $0.magnitude <= magnitudeLimit }) else {
        throw SpudError(
          .badData, "\(path): tensor '\(name)' holds a number that is not within ±\(magnitudeLimit), expected none")
      }
      return (tensor.shape, numbers)
    }
    let mean = try values("mean", rank: 1)
    let components = try values("components", rank: 2)
    let variances = try values("variances", rank: 1)
    let centres = try values("centres", rank: 3, types: [.f32, .f16])
    func check(_ name: String, _ found: [Int], _ expected: [Int]) throws {
      guard found == expected else {
        throw SpudError(
          .badData, "\(path): tensor '\(name)' has shape \(found), expected \(expected) like its neighbours")
      }
    }
    let count = components.shape[0]
    try check("components", components.shape, [count, mean.shape[0]])
    try check("variances", variances.shape, [count])
    try check("centres", centres.shape, [centres.shape[0], centres.shape[1], count])
    let holdsResidual = kind == .image && file.tensors.contains { $0.name == "residual" }
    let residual = holdsResidual ? try values("residual", rank: 2, types: [.f32, .f16]) : nil
    if let residual { try check("residual", residual.shape, [residual.shape[0], count]) }
    let levelSize = centres.shape[1] * count
    let levels = (0..<centres.shape[0]).map { level in
      Codebook(
        centres: Matrix(
          rows: centres.shape[1], columns: count,
          values: Array(centres.values[level * levelSize..<(level + 1) * levelSize])))
    }
    let codebook = ResidualCodebook(
      mean: mean.values, components: Matrix(rows: count, columns: mean.shape[0], values: components.values),
      variances: variances.values, levels: levels)
    let second = residual.map {
      Codebook(centres: Matrix(rows: $0.shape[0], columns: count, values: $0.values))
    }
    return (codebook, second, metadata)
  }
}

extension ImageCodec {
  /// Reads `image_codec.safetensors`.
  public init(path: String) throws {
    let (codebook, residual, metadata) = try ResidualCodebook.read(.image, path: path)
    guard let patch = Int(metadata["patch"] ?? ""), (1...64).contains(patch),
      codebook.width == patch * patch * 3, codebook.levels.count == 1
    else {
      throw SpudError(
        .badData,
        "\(path): patch '\(metadata["patch"] ?? "")' and \(codebook.levels.count) levels of width \(codebook.width), "
          + "expected one level of patch · patch · 3")
    }
    self.init(patch: patch, codebook: codebook, residual: residual)
  }

  public func write(to path: String) throws {
    try codebook.write(.image, residual: residual, metadata: ["patch": "\(patch)"], to: path)
  }
}

extension AudioCodec {
  /// Reads `audio_codec.safetensors`.
  public init(path: String) throws {
    let (codebook, _, _) = try ResidualCodebook.read(.audio, path: path)
    guard codebook.width == Self.melFramesPerFrame * Self.bands, codebook.levels.count <= 16 else {
      throw SpudError(
        .badData,
        "\(path): \(codebook.levels.count) levels of width \(codebook.width), "
          + "expected at most 16 of \(Self.melFramesPerFrame * Self.bands)")
    }
    self.init(codebook: codebook)
  }

  public func write(to path: String) throws {
    try codebook.write(
      .audio,
      metadata: [
        "sample_rate": "\(Self.sampleRate)", "mel_frames": "\(Self.melFramesPerFrame)", "bands": "\(Self.bands)",
        "frames_per_second": "\(Self.framesPerSecond)",
      ], to: path)
  }
}
