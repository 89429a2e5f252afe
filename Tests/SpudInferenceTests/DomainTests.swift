import Foundation
import SpudErrors
import SpudMedia
import SpudTokens
import Testing

@testable import SpudInference

@Suite("What a model was trained on")
struct DomainTests {
  private static let models = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Models").path
  private static let nano = Result { try #require(try Domain.load(directory: models + "/spud-nano")) }

  private static func picture(_ width: Int, _ height: Int) -> StreamPart {
    .image(RGBImage(width: width, height: height, pixels: [UInt8](repeating: 9, count: width * height * 3)))
  }

  private static func sound(_ seconds: Double) -> StreamPart {
    .audio(Waveform(samples: [Float](repeating: 0.1, count: Int(seconds * 16_000))))
  }

  private func departures(_ parts: StreamPart...) throws -> String? {
    try Self.nano.get().departures(of: parts, model: "spud-nano")
  }

  @Test(
    "prompts of the world are known, with or without their last mark, in either spelling",
    arguments: [
      "draw a red circle", "draw a small cyan ring at the top left",
      "draw a big blue star at the left and a small green square at the bottom right", "say seven", "say one two three",
      "say orange square", "what is 12 plus 9876?", "what is 12 plus 9876",
      "a is 3; add 4; double it; take away 1. what is a?",
    ])
  func known(prompt: String) throws {
    #expect(try departures(.text(prompt)) == nil)
  }

  @Test(
    "prompts with media are known by the media before them",
    arguments: ["what colour is the star?", "what color is the star", "is the red circle left of the blue star?"])
  func knownOfPictures(prompt: String) throws {
    #expect(try departures(Self.picture(64, 64), .text(prompt)) == nil)
    #expect(try departures(.text(prompt)) != nil)
    #expect(try departures(Self.picture(64, 64), Self.sound(1)) == nil)
  }

  @Test("what lies outside is named, with a prompt that the model may know")
  func outside() throws {
    func said(_ words: String, _ parts: StreamPart...) throws {
      let sentence = try #require(try Self.nano.get().departures(of: parts, model: "spud-nano"))
      #expect(sentence.hasPrefix("outside what spud-nano was trained on"))
      #expect(sentence.contains(words), "\(sentence)")
      #expect(!sentence.contains("\n"))
    }
    try said("the words “why”, “sky”", .text("why is the sky blue"))
    try said("the word “speak” (try “say red circle”)", .text("speak: red circle"))
    try said(
      "a prompt of this form (try “draw a small blue star at the top left and a big green square at the top”)",
      .text("draw a blue star and a green square"))
    try said("try “draw a red circle”", .text("Draw a Red circle"))
    try said("a picture of 128×128 pixels (it knows 64×64 or 128×64)", Self.picture(128, 128), .text("read the text."))
    try said("a sound of 9.0 seconds", Self.sound(9), .text("what is said?"))
    try said(
      "a video of 40 frames (it knows 4 to 8)",
      .video(
        VideoClip(
          frames: [RGBImage](
            repeating: RGBImage(width: 64, height: 64, pixels: [UInt8](repeating: 9, count: 12288)), count: 40),
          framesPerSecond: 4)), .text("will they collide?"))
    try said("a prompt of image + image", Self.picture(64, 64), Self.picture(64, 64), .text("which?"))
  }

  @Test(
    "every shipped model has such a file",
    arguments: [
      "spud-nano", "dense-active", "dense-total", "pipeline/vision", "pipeline/hearing", "pipeline/language",
    ])
  func shipped(model: String) throws {
    let domain = try #require(try Domain.load(directory: Self.models + "/" + model))
    #expect(!domain.words.isEmpty)
    #expect((domain.prompts == nil) == (model == "pipeline/language"))
  }

  @Test("a model without the file is not judged, and a damaged file is told")
  func files() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "spud-domain-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    #expect(try Domain.load(directory: folder.path) == nil)
    for (text, says) in [
      ("[]", "expected an object"), (#"{"schema": 2}"#, "schema"), (#"{"schema": 1}"#, "words"),
      (#"{"schema": 1, "words": [1]}"#, "words"),
      (#"{"schema": 1, "words": [], "image": {"sizes": [[64]]}}"#, "sizes"),
      (#"{"schema": 1, "words": [], "audio": {"seconds": [3, 1]}}"#, "seconds"),
      (#"{"schema": 1, "words": [], "slots": {"n": {"from": 2, "to": 1}}}"#, "slots"),
      (#"{"schema": 1, "words": [], "prompts": [{"media": ["smell"], "forms": []}]}"#, "media"),
      (#"{"schema": 1, "words": [], "prompts": [{"media": [], "forms": ["draw {x}"]}]}"#, "draw {x}"),
    ] {
      try Data(text.utf8).write(to: folder.appending(path: "domain.json"))
      let error = #expect(throws: SpudError.self) { try Domain.load(directory: folder.path) }
      #expect(error?.code == .badData && error?.message.contains(says) == true, "\(String(describing: error))")
    }
  }
}
