import SpudErrors
import SpudTokens

/// A vocabulary small enough to enumerate: 8 text ids, the control tokens, 5 image codes and 2 levels of 3 sound codes.
func smallVocabulary(
  textCount: Int = 8, imageCount: Int = 5, levels: Int = 2, codes: Int = 3, tokens: [String] = controlTokens,
  residual: Int = 0
) throws -> Vocabulary {
  let image = textCount + tokens.count
  return try Vocabulary(
    name: "vocabulary.json", textFirst: 0, textCount: textCount, controlFirst: textCount, controlTokens: tokens,
    imageFirst: image, imageCount: imageCount, patch: 8, audioFirst: image + imageCount, audioLevels: levels,
    codesPerLevel: codes, audioFramesPerSecond: 25,
    residual: residual > 0 ? (image + imageCount + levels * codes, residual) : nil)
}

let controlTokens = ControlToken.allCases.map(\.rawValue) + (1...32).map { "<size:\($0)>" }

extension Vocabulary {
  /// A size token's id, for tests that know the size is there.
  func size(_ side: Int) -> Int32 { id(ofSize: side) ?? -1 }

  func imageCode(_ code: Int32) -> Int32 { image.lowerBound + code }

  func residualCode(_ code: Int32) -> Int32 { residual.lowerBound + code }

  func soundCode(_ level: Int, _ code: Int32) -> Int32 { audioCodes(ofLevel: level).lowerBound + code }
}
