internal import Foundation
public import SpudErrors
package import SpudQuantizer
public import SpudMedia

/// An image as codes, one a patch, in reading order; where these miss it, with a second one each.
public struct ImageCodes: Sendable, Equatable {
  /// In patches.
  public let height: Int
  /// In patches.
  public let width: Int
  public let codes: [Int32]  // [height, width], each in 0..<ImageCodec.codeCount
  /// What the codes leave over: [height, width], each in 0..<ImageCodec.residualCount; or none.
  public let residuals: [Int32]

  public init(height: Int, width: Int, codes: [Int32], residuals: [Int32] = []) {
    precondition(codes.count == height * width, "\(codes.count) codes do not fill \(height)×\(width) patches")
    precondition(residuals.isEmpty || residuals.count == codes.count, "a second code for each patch, or for none")
    self.height = height
    self.width = width
    self.codes = codes
    self.residuals = residuals
  }
}

/// Pictures to codes and back: each square patch becomes the nearest entry of a fitted codebook.
///
/// Codebooks are fitted to what pictures mostly show. Fine print they miss: 8,192 codes leave patches that letters
/// cross at 17 dB, and twice as many would give half a decibel. So a picture of which several patches come back badly
/// gets second codes, for what the first leave over, and other pictures stay as short as they were.
public struct ImageCodec: Sendable {
  /// The side of a patch, in pixels.
  public let patch: Int
  package let codebook: ResidualCodebook  // width patch · patch · 3, values 0…1
  package let residual: Codebook?  // [residualCount, components of `codebook`]

  /// The most patches per side; the vocabulary has size tokens up to this.
  public static let longestSide = 32

  /// A picture is missed when at least so many of its patches come back with a mean squared error above `missedError`.
  ///
  /// Of pictures of words in the small world 94 in 100 are, of scenes with shapes fewer than one in 100.
  static let missedPatches = 4
  /// 16.5 dB, for values of 0…1: 10^−1.65.
  static let missedError: Float = 0.022387

  public var codeCount: Int { codebook.codesPerLevel }

  /// Codes for what the first codes leave over; 0 where the codec has none.
  public var residualCount: Int { residual?.centres.rows ?? 0 }

  package init(patch: Int, codebook: ResidualCodebook, residual: Codebook? = nil) {
    precondition(codebook.width == patch * patch * 3 && codebook.levels.count == 1, "one level of RGB patches")
    precondition(residual.map { $0.centres.columns == codebook.components.rows } ?? true, "centres live in the basis")
    self.patch = patch
    self.codebook = codebook
    self.residual = residual
  }

  /// The codes of a picture, which is first brought to a size that the codec takes (see `fittingSize`).
  ///
  /// - Parameters:
  ///   - image: of any size.
  ///   - mayRefine: whether a picture that the first codes miss gets second ones.
  public func encode(_ image: RGBImage, mayRefine: Bool = true) -> ImageCodes {
    let size = Self.fittingSize(width: image.width, height: image.height, patch: patch)
    return encode(image, size: size, mayRefine: mayRefine)
  }

  /// The codes of a picture scaled to `size` pixels, each a positive multiple of the patch.
  func encode(_ image: RGBImage, size: (width: Int, height: Int), mayRefine: Bool) -> ImageCodes {
    let (patches, kindOf) = Self.patches(of: Self.scaled(image, to: size), side: patch)
    let codes = codebook.encode(patches)
    let residuals = mayRefine ? residuals(of: patches, codes: codes, kindOf: kindOf) : []
    return ImageCodes(
      height: size.height / patch, width: size.width / patch, codes: kindOf.map { codes[$0] },
      residuals: residuals.isEmpty ? [] : kindOf.map { residuals[$0] })
  }

  /// Second codes of a picture's kinds of patches, or none where the first serve it or the codec has no others.
  private func residuals(of patches: Matrix, codes: [Int32], kindOf: [Int]) -> [Int32] {
    guard let residual else { return [] }
    let left = codebook.remainder(of: patches, codes: codes)
    let most = Self.missedError * Float(codebook.width)
    let isMissed = (0..<left.rows).map { row in left[row: row].reduce(0) { $0 + $1 * $1 } > most }
    return kindOf.count { isMissed[$0] } >= Self.missedPatches ? residual.nearest(to: left).indices : []
  }

  /// The picture that `codes` stand for.
  ///
  /// - Throws: `.badData` when a code is outside the codebook.
  public func decode(_ image: ImageCodes) throws(SpudError) -> RGBImage {
    if let wrong = image.codes.first(where: { $0 < 0 || $0 >= codeCount }) {
      throw SpudError(.badData, "image code \(wrong) is outside the codebook's 0..<\(codeCount)")
    }
    if let wrong = image.residuals.first(where: { $0 < 0 || $0 >= residualCount }) {
      throw SpudError(.badData, "residual code \(wrong) is outside the codebook's 0..<\(residualCount)")
    }
    let patches = codebook.decode(image.codes, adding: residual, at: image.residuals)
    let width = image.width * patch
    var pixels = [UInt8](repeating: 0, count: image.height * image.width * patch * patch * 3)
    for index in 0..<image.codes.count {
      let top = index / image.width * patch
      let left = index % image.width * patch
      for y in 0..<patch {
        let source = index * codebook.width + y * patch * 3
        let target = ((top + y) * width + left) * 3
        for x in 0..<patch * 3 {
          pixels[target + x] = UInt8((min(max(patches.values[source + x], 0), 1) * 255).rounded())
        }
      }
    }
    return RGBImage(width: width, height: image.height * patch, pixels: pixels)
  }

  /// The size at which a picture is coded.
  ///
  /// A picture of at most `keptUpTo` pixels a side keeps its size, to the nearest multiple of the patch; a larger one
  /// is scaled so that its longest side is `reducedTo`, and keeps its shape as nearly as whole patches allow. Neither
  /// is more than `longestSide` patches.
  static func fittingSize(
    width: Int, height: Int, patch: Int, keptUpTo: Int = 128, reducedTo: Int = 64
  ) -> (width: Int, height: Int) {
    let longest = max(width, height, 1)
    let most = longestSide * patch
    let scale = longest <= min(keptUpTo, most) ? 1 : Double(min(reducedTo, most)) / Double(longest)
    func side(_ length: Int) -> Int {
      let patches = (Double(length) * scale / Double(patch)).rounded()
      return min(max(Int(patches), 1), longestSide) * patch
    }
    return (side(width), side(height))
  }

  /// The size at which a video's frames are coded, by its first: at most 64 pixels a side, because a video is many
  /// pictures and its tokens are what it costs. At 32 a model did not learn to read places from the codes.
  static func frameSize(of first: RGBImage, patch: Int) -> (width: Int, height: Int) {
    fittingSize(width: first.width, height: first.height, patch: patch, keptUpTo: 64, reducedTo: 64)
  }

  /// A video's frame as it is coded: what a codebook should learn of it.
  public static func frame(_ image: RGBImage, patch: Int) -> RGBImage {
    scaled(image, to: frameSize(of: image, patch: patch))
  }

  static func scaled(_ image: RGBImage, to size: (width: Int, height: Int)) -> RGBImage {
    if image.width == size.width, image.height == size.height { return image }
    return image.resized(width: size.width, height: size.height, filter: .bilinear)
  }

  /// The different patches of a picture, `[kinds, side · side · 3]` with values 0…1, and which of them stands at each
  /// place, in reading order. Background repeats: what is alike is looked up once.
  package static func patches(of image: RGBImage, side: Int) -> (kinds: Matrix, kindOf: [Int]) {
    var known: [[UInt8]: Int] = [:]
    var kindOf: [Int] = []
    var values: [Float] = []
    forEachPatch(of: image, side: side) { bytes in
      let kind = known[bytes] ?? known.count
      if kind == known.count {
        known[bytes] = kind
        for byte in bytes { values.append(Float(byte) / 255) }
      }
      kindOf.append(kind)
    }
    return (Matrix(rows: known.count, columns: side * side * 3, values: values), kindOf)
  }

  static func forEachPatch(of image: RGBImage, side: Int, _ body: ([UInt8]) -> Void) {
    var bytes = [UInt8](repeating: 0, count: side * side * 3)
    for top in stride(from: 0, through: image.height - side, by: side) {
      for left in stride(from: 0, through: image.width - side, by: side) {
        for y in 0..<side {
          let source = ((top + y) * image.width + left) * 3
          for x in 0..<side * 3 { bytes[y * side * 3 + x] = image.pixels[source + x] }
        }
        body(bytes)
      }
    }
  }
}

extension ImageCodec {
  /// How an image codebook is fitted.
  public struct Recipe: Sendable {
    public var patch = 8
    public var codeCount = 1024
    public var iterations = 40
    public var seed: UInt64 = 1
    /// The most distinct patches that are learned from.
    public var patchLimit = 150_000

    public init() {}
  }

  /// Fits a codebook to the patches of pictures.
  ///
  /// Identical patches count as the square root of their number, so that flat backgrounds leave codes for edges.
  ///
  /// - Parameters:
  ///   - recipe: the sizes of the codebook, and how long to search for it.
  ///   - progress: is told what is being done, in words.
  ///   - pictures: calls its argument with each picture until that answers false, which it does at
  ///     `patchLimit`; so they should come in random order.
  public static func fit(
    recipe: Recipe, progress: ((String) -> Void)? = nil, pictures: ((RGBImage) -> Bool) throws -> Void
  ) throws -> ImageCodec {
    let width = recipe.patch * recipe.patch * 3
    var distinct = DistinctPoints(width: width, limit: recipe.patchLimit)
    try pictures { image in
      let size = fittingSize(width: image.width, height: image.height, patch: recipe.patch)
      forEachPatch(of: scaled(image, to: size), side: recipe.patch) { distinct.insert($0) }
      return !distinct.isFull
    }
    progress?("\(distinct.count) distinct patches")
    let (points, weights) = distinct.points { Float($0) / 255 }
    let codebook = try ResidualCodebook.fit(
      points, weights: weights,
      recipe: .init(
        levels: 1, codesPerLevel: recipe.codeCount, componentCount: width, iterations: recipe.iterations,
        seed: recipe.seed),
      progress: progress)
    return ImageCodec(patch: recipe.patch, codebook: codebook)
  }

  /// Peak signal-to-noise ratio of pictures, brought to the codec's size, after a round trip: over all their pixels.
  public func peakSignalToNoise(over pictures: [RGBImage]) throws(SpudError) -> Double {
    var sum = 0.0
    var count = 0
    for picture in pictures {
      let size = Self.fittingSize(width: picture.width, height: picture.height, patch: patch)
      let original = Self.scaled(picture, to: size)
      sum += Self.squaredDifference(original, try decode(encode(original)))
      count += original.pixels.count
    }
    return Self.decibels(sum, count)
  }

  /// Peak signal-to-noise ratio of `copy` against `original`, in decibels; infinite when they are equal.
  ///
  ///     10 · log₁₀(255² / mean squared difference)
  public static func peakSignalToNoise(_ original: RGBImage, _ copy: RGBImage) -> Double {
    decibels(squaredDifference(original, copy), original.pixels.count)
  }

  private static func squaredDifference(_ original: RGBImage, _ copy: RGBImage) -> Double {
    precondition(original.width == copy.width && original.height == copy.height, "the pictures have one size")
    return zip(original.pixels, copy.pixels).reduce(0.0) { total, pair in
      let difference = Double(pair.0) - Double(pair.1)
      return total + difference * difference
    }
  }

  private static func decibels(_ sum: Double, _ count: Int) -> Double {
    sum == 0 ? .infinity : 10 * log10(255 * 255 * Double(count) / sum)
  }
}
