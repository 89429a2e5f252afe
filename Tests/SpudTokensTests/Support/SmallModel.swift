import Foundation
import SpudQuantizer
import SpudMedia
import SpudSupport
import SpudTokens

/// A whole set of tokenizers fitted in the test: byte-level text, 24 image codes, 2 levels of 16 sound codes.
struct SmallModel {
  static let shared: Result<SmallModel, any Error> = Result { try SmallModel() }

  let directory: String
  let tokenizer: StreamTokenizer

  /// The same with 16 residual codes for pictures.
  static let refining: Result<SmallModel, any Error> = Result { try SmallModel(residual: 16) }

  private init(residual: Int = 0) throws {
    directory = try temporaryDirectory("model")
    let vocabulary = try smallVocabulary(textCount: 256, imageCount: 24, levels: 2, codes: 16, residual: residual)
    try Self.vocabularyJSON(vocabulary).write(
      toFile: directory + "/" + StreamTokenizer.File.vocabulary, atomically: true, encoding: .utf8)
    try Self.tokenizerJSON(vocabulary).write(
      toFile: directory + "/" + StreamTokenizer.File.text, atomically: true, encoding: .utf8)
    let image = try residual > 0 ? Self.refiningCodec() : Self.imageCodec()
    try image.write(to: directory + "/" + StreamTokenizer.File.image)
    try Self.audioCodec().write(to: directory + "/" + StreamTokenizer.File.audio)
    tokenizer = try StreamTokenizer.load(directory: directory)
  }

  static func imageCodec() throws -> ImageCodec {
    var recipe = ImageCodec.Recipe()
    recipe.codeCount = 24
    return try ImageCodec.fit(recipe: recipe) { use in
      for seed in 0..<30 { _ = use(scene(seed: UInt64(seed))) }
    }
  }

  /// The first codes of `imageCodec`, and second ones for what they leave of stripes: the first adds nothing.
  static func refiningCodec() throws -> ImageCodec {
    let first = try imageCodec()
    let picture = stripes()
    let (kinds, kindOf) = ImageCodec.patches(of: picture, side: 8)
    let left = first.codebook.remainder(of: kinds.selecting(kindOf), codes: first.encode(picture).codes)
    var centres = Matrix(rows: 16, columns: left.columns)
    for row in 1..<16 {
      centres.values.replaceSubrange(row * left.columns..<(row + 1) * left.columns, with: left[row: row])
    }
    return ImageCodec(patch: 8, codebook: first.codebook, residual: Codebook(centres: centres))
  }

  static func audioCodec() throws -> AudioCodec {
    var recipe = AudioCodec.Recipe()
    recipe.codesPerLevel = 16
    recipe.componentCount = 40
    return try AudioCodec.fit(recipe: recipe) { use in
      for pitch in stride(from: Float(200), to: 2000, by: 100) { _ = try use(tone(pitch, seconds: 0.4)) }
      _ = try use(Waveform(samples: [Float](repeating: 0, count: 1600), sampleRate: 16_000))
    }
  }

  static func vocabularyJSON(_ vocabulary: Vocabulary) -> String {
    let tokens = vocabulary.controlTokens.map { "\"\($0)\"" }.joined(separator: ", ")
    let second = vocabulary.residual
    let residual = second.isEmpty ? "" : ", \"residual\": {\"first\": \(second.lowerBound), \"count\": \(second.count)}"
    return """
      {"schema": 1, "text": {"first": 0, "count": \(vocabulary.text.count)},
       "control": {"first": \(vocabulary.control.lowerBound), "tokens": [\(tokens)]},
       "image": {"first": \(vocabulary.image.lowerBound), "count": \(vocabulary.image.count), "patch": 8\(residual)},
       "audio": {"first": \(vocabulary.audio.lowerBound), "levels": \(vocabulary.audioLevels),
                 "codes_per_level": \(vocabulary.codesPerLevel), "frames_per_second": 25}}
      """
  }

  /// One piece for each byte, no merges, and every other id as an added token.
  static func tokenizerJSON(_ vocabulary: Vocabulary) throws -> String {
    // The printable stand-ins for bytes of GPT-2's byte-level alphabet.
    let plain = Array(33...126) + Array(161...172) + Array(174...255)
    var next: UInt32 = 256
    var pieces: [String: Int] = [:]
    for byte in 0..<256 {
      var scalar = UInt32(byte)
      if !plain.contains(byte) {
        scalar = next
        next += 1
      }
      pieces[String(Character(Unicode.Scalar(scalar) ?? "?"))] = byte
    }
    let added = (vocabulary.control.lowerBound..<Int32(vocabulary.count)).map { id -> [String: Any] in
      [
        "id": Int(id), "content": vocabulary.name(of: id) ?? "", "single_word": false, "lstrip": false, "rstrip": false,
        "normalized": false, "special": true,
      ]
    }
    let level: [String: Any] = [
      "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true,
    ]
    let root: [String: Any] = [
      "version": "1.0", "added_tokens": added, "pre_tokenizer": level, "decoder": level,
      "model": ["type": "BPE", "vocab": pieces, "merges": [String]()] as [String: Any],
    ]
    return String(decoding: try JSONSerialization.data(withJSONObject: root), as: UTF8.self)
  }
}

/// A new directory that nothing else uses.
func temporaryDirectory(_ name: String) throws -> String {
  let url = FileManager.default.temporaryDirectory.appending(path: "spud-tokens-\(name)-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  return url.path
}

/// A light background with three rectangles in strong colours, anywhere.
func scene(width: Int = 64, height: Int = 64, seed: UInt64) -> RGBImage {
  var generator = SeededGenerator(seed: seed)
  var pixels = [UInt8](repeating: 232, count: width * height * 3)
  let palette: [[UInt8]] = [[220, 30, 35], [35, 160, 60], [35, 70, 215]]
  for colour in palette {
    let side = min(12, width / 2, height / 2)
    let left = Int.random(in: 0..<width - side, using: &generator)
    let top = Int.random(in: 0..<height - side, using: &generator)
    for y in top..<top + side {
      for x in left..<left + side { for channel in 0..<3 { pixels[(y * width + x) * 3 + channel] = colour[channel] } }
    }
  }
  return RGBImage(width: width, height: height, pixels: pixels)
}

/// Upright stripes, black on white, as wide as `scene`s never show them; the patches differ.
func stripes(width: Int = 32, height: Int = 32) -> RGBImage {
  var pixels: [UInt8] = []
  for y in 0..<height {
    for x in 0..<width { pixels += [UInt8](repeating: (x + y / 8 + x / 8) % 3 == 0 ? 0 : 255, count: 3) }
  }
  return RGBImage(width: width, height: height, pixels: pixels)
}

/// A sine of 0.25, with a fade at both ends.
func tone(_ frequency: Float, seconds: Float, level: Float = 0.25) -> Waveform {
  let count = Int(seconds * 16_000)
  return Waveform(
    samples: (0..<count).map { index in
      let fade = min(1, Float(min(index, count - index)) / 400)
      return level * fade * sin(2 * .pi * frequency * Float(index) / 16_000)
    }, sampleRate: 16_000)
}
