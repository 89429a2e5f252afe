import Foundation
import SpudErrors
import SpudTokens
import Testing

@Suite("The vocabulary")
struct VocabularyTests {
  @Test("every id has one modality, and a name unless it is text")
  func rangesCover() throws {
    let vocabulary = try smallVocabulary()
    #expect(vocabulary.count == 8 + 14 + 32 + 5 + 6)
    for id in 0..<Int32(vocabulary.count) {
      let holders = [vocabulary.text, vocabulary.control, vocabulary.image, vocabulary.audio].filter { $0.contains(id) }
      #expect(holders.count == 1)
      #expect(vocabulary.modality(of: id) != nil)
      #expect((vocabulary.name(of: id) == nil) == (vocabulary.modality(of: id) == .text))
    }
    #expect(vocabulary.modality(of: -1) == nil && vocabulary.modality(of: Int32(vocabulary.count)) == nil)
    #expect(vocabulary.name(of: vocabulary.image.lowerBound + 2) == "<i:2>")
    #expect(vocabulary.name(of: vocabulary.audio.lowerBound + 4) == "<a1:1>")
    #expect(vocabulary.audioCodes(ofLevel: 1) == vocabulary.audio.lowerBound + 3..<vocabulary.audio.upperBound)
    #expect(vocabulary.name(of: vocabulary.size(32)) == "<size:32>")
    #expect(vocabulary.id(ofSize: 0) == nil && vocabulary.id(ofSize: 33) == nil)
    for token in ControlToken.allCases { #expect(vocabulary.name(of: vocabulary.id(of: token)) == token.rawValue) }
  }

  @Test("residual codes stand behind all other ids, are codes of images, and have names of their own")
  func residuals() throws {
    let vocabulary = try smallVocabulary(residual: 4)
    #expect(vocabulary.residual == vocabulary.audio.upperBound..<Int32(vocabulary.count))
    #expect(vocabulary.residual.allSatisfy { vocabulary.modality(of: $0) == .image })
    #expect(vocabulary.name(of: vocabulary.residualCode(3)) == "<r:3>")
    #expect(try read(residual: 4) == vocabulary)
    #expect(try read().residual.isEmpty)
  }

  @Test(
    "residual codes at another place, or none of them, are refused",
    arguments: [
      ("\"first\": 65", "\"first\": 64", "'image.residual.first' is 64, expected 65"),
      ("\"count\": 4}", "\"count\": 0}", "'image.residual.count' is 0"),
      ("\"count\": 4}", "\"count\": 9223372036854775807}", "'image.residual.count'"),
      ("\"count\": 4}", "\"size\": 4}", "'image.residual.count' is missing"),
    ])
  func refusesResiduals(old: String, new: String, message: String) throws {
    try expectRefusal(old, new, residual: 4, message)
  }

  private func expectRefusal(_ old: String, _ new: String, residual: Int = 0, _ message: String) throws {
    do {
      _ = try read(replacing: old, with: new, residual: residual)
      Issue.record("a wrong vocabulary was read")
    } catch let error as SpudError {
      #expect(error.code == .badData)
      #expect(error.message.contains(message), "\(error.message)")
    }
  }

  /// The JSON of a right vocabulary after a textual change, read back.
  private func read(replacing old: String = "", with new: String = "", residual: Int = 0) throws -> Vocabulary {
    let right = SmallModel.vocabularyJSON(try smallVocabulary(residual: residual))
    #expect(old.isEmpty || right.contains(old), "the change changes nothing: \(old)")
    let path = try temporaryDirectory("vocabulary") + "/vocabulary.json"
    try (old.isEmpty ? right : right.replacingOccurrences(of: old, with: new))
      .write(toFile: path, atomically: true, encoding: .utf8)
    return try Vocabulary(path: path)
  }

  @Test("a file is read as it was written")
  func reads() throws { #expect(try read() == smallVocabulary()) }

  @Test(
    "a wrong field is refused, with its name, what was found and what was expected",
    arguments: [
      ("\"schema\": 1", "\"schema\": 2", "'schema' is 2, expected 1"),
      ("\"schema\": 1", "\"schema\": \"1\"", "'schema' is a string"),
      ("\"first\": 0", "\"first\": 1", "'text.first' is 1, expected 0"),
      ("\"count\": 8", "\"count\": 0", "'text.count' is 0"),
      ("\"count\": 8", "\"count\": 2147483647", "'text.count' is 2147483647"),
      ("\"count\": 8", "\"count\": 9223372036854775807", "'text.count'"),
      ("\"count\": 8", "\"count\": 18446744073709551615", "'text.count'"),
      ("\"count\": 8", "\"count\": 7", "'control.first' is 8, expected 7"),
      ("\"count\": 8", "\"count\": 8.5", "'text.count'"),
      ("\"text\"", "\"words\"", "'text' is missing"),
      ("\"first\": 54", "\"first\": 53", "'image.first' is 53, expected 54"),
      ("\"first\": 59", "\"first\": 60", "'audio.first' is 60, expected 59"),
      ("\"patch\": 8", "\"patch\": 0", "'image.patch' is 0"),
      ("\"patch\": 8", "\"patch\": -8", "'image.patch' is -8"),
      ("\"levels\": 2", "\"levels\": 0", "'audio.levels' is 0"),
      ("\"levels\": 2", "\"levels\": 2147483647", "'audio.levels'"),
      ("\"codes_per_level\": 3", "\"codes_per_level\": 0", "'audio.codes_per_level' is 0"),
      ("\"frames_per_second\": 25", "\"frames_per_second\": 50", "'audio.frames_per_second' is 50, expected 25"),
      ("\"<pad>\"", "\"<padding>\"", "lacks <pad>"),
      ("\"<pad>\"", "7", "'control.tokens' holds a number"),
      ("\"<pad>\"", "\"<bos>\"", "names a token twice"),
      ("\"<size:7>\"", "\"<size:77>\"", "lacks <size:1> to <size:32>"),
      ("\"tokens\": [", "\"tokens\": {}, \"others\": [", "'control.tokens' is not a list"),
      ("{\"schema\"", "[{\"schema\"", "vocabulary.json"),
    ])
  func refuses(old: String, new: String, message: String) throws {
    try expectRefusal(old, new, message)
  }

  @Test("a truncated file is refused at every byte")
  func truncated() throws {
    let whole = Array(SmallModel.vocabularyJSON(try smallVocabulary()).utf8)
    let path = try temporaryDirectory("vocabulary") + "/vocabulary.json"
    for length in 0..<whole.count {
      try Data(whole.prefix(length)).write(to: URL(fileURLWithPath: path))
      #expect(throws: SpudError.self) { try Vocabulary(path: path) }
    }
  }
}
