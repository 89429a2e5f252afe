import Foundation
import SpudErrors
import SpudSupport
import SpudMedia
import SpudTokens
import Testing

@Suite("Turns to one stream and back")
struct StreamTokenizerTests {
  let tokenizer: StreamTokenizer
  let directory: String

  init() throws {
    let model = try SmallModel.shared.get()
    tokenizer = model.tokenizer
    directory = model.directory
  }

  private var vocabulary: Vocabulary { tokenizer.vocabulary }

  @Test("text comes back exactly, whatever it spells")
  func textIsExact() throws {
    let texts = [
      "what colour is the star?", "", " ", "\n\n", "<image><size:8></image> <bos><end><i:3><a0:1>",
      "naïve 🥔 汉字 e\u{301}", "\u{0}\u{7F}", String(repeating: "a", count: 5000),
    ]
    for text in texts {
      let stream = try tokenizer.encode([StreamTurn(.user, [.text(text)])])
      #expect(stream.counts(in: vocabulary)[.control] == 3, "\(text)")
      #expect(stream.counts(in: vocabulary)[.image] == nil && stream.counts(in: vocabulary)[.audio] == nil)
      let parts = try tokenizer.decode(stream.ids)[0].parts
      #expect(parts == (text.isEmpty ? [] : [.text(text)]))
    }
  }

  @Test("a conversation with every kind of part comes back as its codes stand for it, and encodes to the same ids")
  func roundTrip() throws {
    let picture = scene(seed: 1)
    let sound = tone(500, seconds: 0.5)
    let clip = VideoClip(frames: [scene(seed: 2), scene(seed: 3)], framesPerSecond: 4, audio: tone(700, seconds: 0.5))
    let turns = [
      StreamTurn(.user, [.image(picture), .audio(sound), .video(clip), .text("what is it?")]),
      StreamTurn(.assistant, [.thought("look"), .text("a square"), .image(picture)]),
    ]
    let stream = try tokenizer.encode(turns)
    let back = try tokenizer.decode(stream.ids)
    #expect(back.map(\.role) == [.user, .assistant])
    #expect(back.map { $0.parts.map(\.kind) } == turns.map { $0.parts.map(\.kind) })
    #expect(back[0].parts[3] == .text("what is it?"))
    #expect(back[1].parts[0] == .thought("look"))
    let copy = try tokenizer.imageCodec.decode(tokenizer.imageCodec.encode(picture))
    #expect(back[0].parts[0] == .image(copy))
    guard case .video(let watched) = back[0].parts[2] else {
      Issue.record("the video is no video")
      return
    }
    #expect(watched.frames.count == 2 && watched.framesPerSecond == 4 && watched.audio?.samples.count == 13 * 640)
    #expect(try tokenizer.encode(turns) == stream)
  }

  @Test("media of the last stream are not coded again, those before it are, and each role has its own codes")
  func remembers() throws {
    let refining = try SmallModel.refining.get().tokenizer
    let shown = [StreamTurn(.user, [.image(stripes())])]
    let drawn = [StreamTurn(.assistant, [.image(stripes())])]
    var media = CodedMedia()
    let first = try refining.encode(shown, cache: &media)
    #expect(try refining.encode(drawn, cache: &media) == refining.encode(drawn))
    #expect(try refining.encode(shown + drawn, cache: &media) == refining.encode(shown + drawn))
    // A tokenizer that would code the picture otherwise takes what it is told: so nothing was coded.
    #expect(try tokenizer.encode(shown).ids != first.ids)
    #expect(try tokenizer.encode(shown, cache: &media).ids == first.ids)
    _ = try tokenizer.encode([StreamTurn(.user, [.text("hm")])], cache: &media)
    #expect(try tokenizer.encode(shown, cache: &media) == tokenizer.encode(shown))
  }

  @Test("a person's fine print is coded twice and comes back better; the assistant's pictures are coded once")
  func refines() throws {
    let refining = try SmallModel.refining.get().tokenizer
    let marks = refining.vocabulary
    let turns = [StreamTurn(.user, [.image(stripes())]), StreamTurn(.assistant, [.image(stripes())])]
    let stream = try refining.encode(turns)
    #expect(stream.spans.map(\.range.count) == [4 + 32, 4 + 16])
    #expect(stream.ids.filter { marks.residual.contains($0) }.count == 16)
    let back = try refining.decode(stream.ids)
    guard case .image(let fine) = back[0].parts[0], case .image(let coarse) = back[1].parts[0] else {
      Issue.record("the pictures are no pictures")
      return
    }
    let (better, worse) = (
      ImageCodec.peakSignalToNoise(stripes(), fine), ImageCodec.peakSignalToNoise(stripes(), coarse)
    )
    #expect(better > worse + 6)
    let clip = VideoClip(frames: [stripes(), stripes()], framesPerSecond: 4, audio: nil)
    #expect(!(try refining.encode([StreamTurn(.user, [.video(clip)])]).ids.contains { marks.residual.contains($0) }))
    #expect(throws: SpudError.self) {
      try StreamTokenizer(
        vocabulary: marks, text: refining.text, imageCodec: tokenizer.imageCodec, audioCodec: refining.audioCodec)
    }
  }

  @Test("spans lie end to end between the marks of their turns")
  func spans() throws {
    let parts: [StreamPart] = [.image(scene(seed: 1)), .text("hm"), .audio(tone(500, seconds: 0.2))]
    let stream = try tokenizer.encodePrompt([StreamTurn(.user, parts)])
    #expect(stream.spans.map(\.kind) == [.image, .text, .audio])
    #expect(stream.spans.map(\.range) == [2..<70, 70..<72, 72..<84])
    #expect(stream.ids.count == 86)
    #expect(stream.ids[84] == vocabulary.id(of: .end) && stream.ids[85] == vocabulary.id(of: .assistant))
    #expect(Array(stream.ids[2..<5]) == [vocabulary.id(of: .image), vocabulary.size(8), vocabulary.size(8)])
    #expect(try tokenizer.decode(stream.ids, mayEndInTurn: true).count == 2)
    #expect(throws: SpudError.self) { try tokenizer.decode(stream.ids) }
    var media = CodedMedia()
    let next = try tokenizer.encodeContinuation([StreamTurn(.user, [.text("hm")])], cache: &media)
    #expect(next.ids.first == vocabulary.id(of: .user) && next.spans[0].range == 1..<3)
  }

  @Test(
    "a video's sound stands beside the picture of its moment",
    arguments: [(4.0, 1.0), (2.0, 2.0), (4.0, 0.3), (4.0, 3.0)])
  func interleaves(rate: Double, seconds: Double) throws {
    let pictures = (0..<4).map { scene(width: 16, height: 16, seed: UInt64($0)) }
    let sound = tone(500, seconds: Float(seconds))
    let clip = VideoClip(frames: pictures, framesPerSecond: rate, audio: sound)
    let ids = try tokenizer.encode([StreamTurn(.user, [.video(clip)])]).ids
    let body = ids[5..<ids.count - 2]  // after <bos> <user> <video> height width, before </video> <end>
    let segments = body.split(separator: vocabulary.id(of: .frame))
    #expect(segments.count == 4)
    var heard = 0
    let total = Int((seconds * 25).rounded(.up))
    for (index, segment) in segments.enumerated() {
      #expect(String(decoding: tokenizer.text.decode([segment.first ?? 0]), as: UTF8.self) == "\(index + 1)")
      #expect(segment.dropFirst().prefix(4).allSatisfy { vocabulary.image.contains($0) })
      let codes = segment.dropFirst(5)
      #expect(codes.allSatisfy { vocabulary.audio.contains($0) } && codes.count % 2 == 0)
      heard += codes.count / 2
      let boundary = Int((Double(index + 1) / rate * 25).rounded())
      #expect(heard == (index == 3 ? total : min(total, boundary)))
    }
    let alone = try tokenizer.encode([StreamTurn(.user, [.audio(sound)])]).ids
    #expect(body.filter { vocabulary.audio.contains($0) } == alone.filter { vocabulary.audio.contains($0) })
  }

  @Test("frames of a video take the first one's size, at most 64 pixels a side")
  func framesShareASize() throws {
    let clip = VideoClip(
      frames: [scene(width: 128, height: 64, seed: 1), scene(width: 40, height: 40, seed: 2)], framesPerSecond: 4)
    let ids = try tokenizer.encode([StreamTurn(.user, [.video(clip)])]).ids
    #expect(Array(ids[2..<5]) == [vocabulary.id(of: .video), vocabulary.size(4), vocabulary.size(8)])
    #expect(ids.count == 2 + 3 + 2 * (2 + 32) + 1 + 1)
  }

  @Test("a video without pictures, or with an impossible rate, is refused")
  func refusesBadVideo() {
    for clip in [
      VideoClip(frames: [], framesPerSecond: 4), VideoClip(frames: [scene(seed: 1)], framesPerSecond: 0),
      VideoClip(frames: [scene(seed: 1)], framesPerSecond: .nan),
    ] {
      #expect(throws: SpudError.self) { try tokenizer.encode([StreamTurn(.user, [.video(clip)])]) }
    }
  }

  @Test("the inside of an answer decodes with or without its <end>, and nothing may follow it")
  func decodesAnswers() throws {
    let end = vocabulary.id(of: .end)
    let a = Int32(UInt8(ascii: "a"))
    #expect(try tokenizer.decodeParts([a, a]) == [.text("aa")])
    #expect(try tokenizer.decodeParts([a, end]) == [.text("a")])
    #expect(try tokenizer.decodeParts([]) == [])
    #expect(throws: SpudError.self) { try tokenizer.decodeParts([a, end, a]) }
    #expect(throws: SpudError.self) { try tokenizer.decodeParts([vocabulary.id(of: .image), vocabulary.size(1)]) }
  }

  @Test("random valid streams decode, and a change of any one id never traps")
  func mutations() throws {
    var generator = SeededGenerator(seed: 21)
    let sound = tone(500, seconds: 0.2)
    let clip = VideoClip(frames: [scene(width: 16, height: 8, seed: 1)], framesPerSecond: 4, audio: sound)
    let picture = scene(width: 16, height: 16, seed: 1)
    let ids = try tokenizer.encode([
      StreamTurn(.user, [.image(picture), .video(clip), .text("hm"), .audio(sound)]),
      StreamTurn(.assistant, [.thought("so"), .text("yes")]),
    ]).ids
    for position in ids.indices {
      for _ in 0..<2 {
        var changed = ids
        changed[position] = Int32.random(in: -2..<Int32(vocabulary.count) + 2, using: &generator)
        _ = try? tokenizer.decode(changed)
      }
      _ = try? tokenizer.decode(Array(ids.prefix(position)))
    }
  }

  @Test("files that contradict each other are refused")
  func contradictions() throws {
    let folder = try temporaryDirectory("contradiction")
    typealias File = StreamTokenizer.File
    for file in [File.text, File.vocabulary, File.image, File.audio] {
      try FileManager.default.copyItem(atPath: directory + "/" + file, toPath: folder + "/" + file)
    }
    _ = try StreamTokenizer.load(directory: folder)
    let others = try smallVocabulary(textCount: 256, imageCount: 23, levels: 2, codes: 16)
    try SmallModel.vocabularyJSON(others)
      .write(toFile: folder + "/vocabulary.json", atomically: true, encoding: .utf8)
    #expect(throws: SpudError.self) { try StreamTokenizer.load(directory: folder) }
    try FileManager.default.removeItem(atPath: folder + "/vocabulary.json")
    do {
      _ = try StreamTokenizer.load(directory: folder)
      Issue.record("a directory without vocabulary.json was read")
    } catch { #expect((error as? SpudError)?.code == .noInput) }
  }
}
