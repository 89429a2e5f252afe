import Foundation
import SpudErrors
import SpudMedia
import SpudTensors
import SpudTokens
import Testing

@Suite("Examples")
struct ExampleTests {
  let tokenizer: StreamTokenizer
  let folder: String

  init() throws {
    tokenizer = try SmallModel.shared.get().tokenizer
    folder = try temporaryDirectory("examples")
    try scene(seed: 1).writePNG(to: folder + "/picture.png")
    try tone(500, seconds: 0.3).writeWAV(to: folder + "/sound.wav")
    try FileManager.default.createDirectory(atPath: folder + "/clip", withIntermediateDirectories: true)
    try scene(width: 16, height: 16, seed: 2).writePNG(to: folder + "/clip/0.png")
    try scene(width: 16, height: 16, seed: 3).writePNG(to: folder + "/clip/1.png")
  }

  private func write(_ lines: [String]) throws -> String {
    let path = folder + "/examples-\(UUID().uuidString).jsonl"
    try lines.joined(separator: "\n").write(toFile: path, atomically: true, encoding: .utf8)
    return path
  }

  private func line(_ parts: String, answer: String = #"{"text":"red"}"#) -> String {
    #"{"id":"a","skill":"see","turns":[{"role":"user","parts":[\#(parts)]},{"role":"assistant","parts":[\#(answer)]}]}"#
  }

  @Test("packing writes each example's stream, whatever the number of threads")
  func packs() throws {
    let path = try write([
      line(#"{"image":"picture.png"},{"text":"what colour?"}"#), "", line(#"{"audio":"sound.wav"}"#),
      line(#"{"video":"clip"}"#, answer: #"{"thought":"hm"},{"image":"picture.png"}"#), "  ",
    ])
    let packer = try ExamplePacker(tokenizer)
    let packed = try packer.pack([path, path], threads: 2)
    #expect(packed.count == 6)
    #expect(packed == (try packer.pack([path, path], threads: 1)))
    let expected = try tokenizer.encode([
      StreamTurn(.user, [.image(scene(seed: 1)), .text("what colour?")]), StreamTurn(.assistant, [.text("red")]),
    ])
    #expect(packed[0].map { Int32($0) } == expected.ids)
    #expect(packed[3] == packed[0])

    let output = folder + "/packed.safetensors"
    try packed.write(to: output)
    let file = try SafetensorsFile(path: output)
    #expect(try file.tensor("tokens").shape == [packed.tokens.count] && file.tensor("tokens").elementType == .u16)
    #expect(try file.tensor("offsets").shape == [7] && file.tensor("offsets").elementType == .i64)
    let offset = file.bytes(of: try file.tensor("offsets")).loadLittleEndian(fromByteOffset: 8, as: Int64.self)
    #expect(offset == Int64(expected.ids.count))
  }

  @Test(
    "a bad line is refused with its file and number",
    arguments: [
      "nonsense", "[]", "{}", #"{"turns":[]}"#, #"{"turns":[{"role":"user"}]}"#,
      #"{"turns":[{"role":"king","parts":[]}]}"#,
      #"{"turns":[{"role":"user","parts":[{"text":1}]}]}"#, #"{"turns":[{"role":"user","parts":["text"]}]}"#,
      #"{"turns":[{"role":"user","parts":[{"smell":"rose"}]}]}"#,
      #"{"turns":[{"role":"user","parts":[{"image":"none.png"}]}]}"#,
      #"{"turns":[{"role":"user","parts":[{"image":"../picture.png"}]}]}"#,
      #"{"turns":[{"role":"user","parts":[{"image":"/etc/hostname"}]}]}"#,
      #"{"turns":[{"role":"user","parts":[{"image":"sound.wav"}]}]}"#,
      #"{"turns":[{"role":"user","parts":[{"audio":"picture.png"}]}]}"#,
      #"{"turns":[{"role":"user","parts":[{"text":"a","image":"picture.png"}]}]}"#,
    ])
  func refuses(bad: String) throws {
    let path = try write([line(#"{"text":"a"}"#), "", bad])
    do {
      _ = try ExamplePacker(tokenizer).pack([path], threads: 2)
      Issue.record("a bad line was packed")
    } catch let error as SpudError {
      #expect(error.message.hasPrefix("\(path):3: "), "\(error.message)")
    }
  }

  @Test("frames of a film are counted from 1")
  func frames() throws {
    let store = MediaStore()
    for number in 1...2 {
      let frame = try store.frame(number, ofFilmAt: folder + "/clip")
      #expect(frame == scene(width: 16, height: 16, seed: UInt64(number) + 1))
    }
    for number in [0, 3] {
      #expect(throws: SpudError.self) { try store.frame(number, ofFilmAt: folder + "/clip") }
    }
  }

  @Test("a missing file of examples is no input, an empty one has none")
  func files() throws {
    #expect(throws: SpudError.self) { try ExampleFile(path: folder + "/none.jsonl") }
    #expect(try ExampleFile(path: try write([])).count == 0)
  }

  @Test("media for fitting are each named once, in an order that the seed gives")
  func media() throws {
    let path = try write(
      (0..<3).map { _ in line(#"{"image":"picture.png"},{"video":"clip"},{"audio":"sound.wav"}"#) })
    let media = try ExampleMedia(files: [path], seed: 4)
    #expect(media.pictures.count == 2 && media.sounds.count == 2)
    #expect(try ExampleMedia(files: [path], seed: 4).pictures == media.pictures)
    let counts = try media.pictures.map { try ExampleMedia.pictures(of: $0, patch: 8).count }
    #expect(counts.sorted() == [1, 2])
    let sounds = try media.sounds.compactMap { try ExampleMedia.sound(of: $0) }
    #expect(sounds.count == 1)
  }
}
