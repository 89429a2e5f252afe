import Foundation
import SpudErrors
import SpudInference
import SpudMedia
import Testing

@testable import spud

@Suite("Where the media of an answer go")
struct AnswerFilesTests {
  private let picture = RGBImage(width: 2, height: 2, pixels: [UInt8](repeating: 9, count: 12))
  private let sound = Waveform(samples: [Float](repeating: 0.1, count: 160))

  /// What is written of two sounds and a picture, and what is said, in a directory of its own.
  private func outcome(_ file: String?) throws -> (names: [String], remarks: [String]) {
    let folder = FileManager.default.temporaryDirectory.appending(path: "spud-files-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let files = try AnswerFiles(path: file.map { folder.path + "/" + $0 }, expecting: nil)
    try files.write(sound)
    try files.write(picture)
    try files.write(sound)
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    #expect(files.written.map { URL(filePath: $0).lastPathComponent }.sorted() == names)
    return (names, files.remarks.map { $0.replacing(folder.path + "/", with: "") })
  }

  @Test(
    "a pattern with two places, or one that is none, is no name", arguments: ["a%db%d.png", "a%s.png", "%9999d.png"])
  func badPatterns(_ name: String) throws {
    let error = #expect(throws: SpudError.self) { try AnswerFiles(path: name, expecting: nil) }
    #expect(error?.code == .usage)
    _ = try AnswerFiles(path: "100%.png", expecting: nil)
  }

  @Test("one file for one name, and more only for a pattern; what is not saved is told")
  func names() throws {
    let (none, told) = try outcome(nil)
    #expect(none.isEmpty)
    #expect(
      told == [
        "the answer holds a picture and 2 sounds that were not saved: -o answer.png saves it, -o 'answer-%d.wav' saves "
          + "every sound"
      ])
    let (one, more) = try outcome("a.wav")
    #expect(one == ["a.wav"])
    #expect(more.first?.hasPrefix("the answer holds a picture and another sound that were not saved") == true)
    #expect(try outcome("a-%d.wav").names == ["a-1.wav", "a-2.wav"])
    #expect(try outcome("a-%03d.png").names == ["a-001.png"])
    let (all, nothing) = try outcome("part-%d")
    #expect(all == ["part-1.png", "part-1.wav", "part-2.wav"] && nothing.isEmpty)
  }

  @Test("a file that was asked for and not written is told")
  func missing() throws {
    let folder = FileManager.default.temporaryDirectory.path
    let files = try AnswerFiles(path: folder + "/never.png", expecting: nil)
    #expect(files.remarks == ["the answer holds no picture, so \(folder)/never.png was not written"])
    #expect(try AnswerFiles(path: folder + "/never-%d.png", expecting: nil).remarks.count == 1)
    #expect(try AnswerFiles(path: nil, expecting: nil).remarks.isEmpty)
  }

  @Test("a pattern has one place for a number", arguments: ["a.png", "a-%d-%d.png", "a%x.png", "100%.png", "%0d.png"])
  func noPattern(path: String) {
    #expect(FilePattern(path) == nil)
  }

  @Test("names that end in nothing known are refused before anything is computed")
  func refused() {
    for path in ["a.jpg", "a", "a-%d.gif"] {
      #expect(throws: SpudError.self) { try AnswerFiles(path: path, expecting: nil) }
    }
    #expect(throws: SpudError.self) { try AnswerFiles(path: "a-%d.wav", expecting: .image) }
  }
}
