#if Server
internal import SpudMedia
internal import SpudTokens

/// A picture of which only the first codes are there.
struct PictureInProgress {
  /// A patch that is complete with an id: `pixels` is `[side, side, 3]`.
  struct Patch {
    let index: Int
    let pixels: [UInt8]
  }

  private let tokenizer: StreamTokenizer
  private var isOpen = false
  private var sizes: [Int] = []
  private var codes: [Int32] = []
  private var residuals: [Int32] = []

  init(_ tokenizer: StreamTokenizer) { self.tokenizer = tokenizer }

  /// Height and width in patches, once they are known.
  var size: (height: Int, width: Int)? { sizes.count == 2 ? (sizes[0], sizes[1]) : nil }

  /// The share of the patches that are there, 0…1.
  var fraction: Double { size.map { Double(codes.count) / Double($0.height * $0.width) } ?? 0 }

  /// Takes one more id of an answer.
  ///
  /// - Returns: The patch that is complete with it.
  mutating func push(_ id: Int32) throws -> Patch? {
    let vocabulary = tokenizer.vocabulary
    if id == vocabulary.id(of: .image) {
      self = PictureInProgress(tokenizer)
      isOpen = true
    } else if id == vocabulary.id(of: .imageEnd) {
      isOpen = false
    } else if isOpen, vocabulary.sizes.contains(id), sizes.count < 2 {
      sizes.append(Int(id - vocabulary.sizes.lowerBound) + 1)
    } else if isOpen, vocabulary.residual.contains(id) {
      residuals.append(id - vocabulary.residual.lowerBound)
    } else if isOpen, vocabulary.image.contains(id) {
      codes.append(id - vocabulary.image.lowerBound)
      let index = codes.count - 1
      let own = residuals.indices.contains(index) ? [residuals[index]] : []
      let picture = try tokenizer.imageCodec.decode(
        ImageCodes(height: 1, width: 1, codes: [codes[index]], residuals: own))
      return Patch(index: index, pixels: picture.pixels)
    }
    return nil
  }

  /// The picture as far as it goes, the rest grey; nil while its size is not known.
  func picture() throws -> RGBImage? {
    guard let (height, width) = size, !codes.isEmpty else { return nil }
    let missing = height * width - codes.count
    guard missing >= 0 else { return nil }
    var image = try tokenizer.imageCodec.decode(
      ImageCodes(
        height: height, width: width, codes: codes + Array(repeating: 0, count: missing), residuals: residuals))
    let side = tokenizer.imageCodec.patch
    for index in codes.count..<height * width {
      let (top, left) = (index / width * side, index % width * side)
      for row in top..<top + side {
        let start = (row * image.width + left) * 3
        image.pixels.replaceSubrange(start..<start + side * 3, with: repeatElement(0xC0, count: side * 3))
      }
    }
    return image
  }
}
#endif
