import ArgumentParser
import SpudErrors
import Testing

@testable import spud

@Suite("Failures on the command line")
struct FailureTests {
  @Test("an error of ours is one sentence with its own exit code")
  func ownErrors() {
    let failure = Failure(SpudError(.badData, "a.png: it ends after 3 bytes"))
    #expect(failure.exitCode == 65)
    #expect(failure.text == "spud: a.png: it ends after 3 bytes")
  }

  @Test("an unknown flag is wrong usage")
  func unknownFlag() throws {
    let error = try #require(throws: (any Error).self) { try Spud.parseAsRoot(["doctor", "--nonsense"]) }
    let failure = Failure(error)
    #expect(failure.exitCode == 64)
    #expect(failure.text.hasPrefix("spud: Unknown option '--nonsense'"))
  }

  @Test("an error that is not ours is a fault")
  func foreignErrors() {
    struct Foreign: Error {}
    #expect(Failure(Foreign()).exitCode == 70)
  }
}

@Suite("The order of media on the command line")
struct MediaOrderTests {
  @Test("media keep the order of their flags, across kinds and spellings")
  func order() throws {
    let options = try MediaOptions.parse(
      ["--audio", "1.wav", "--image=2.png", "--video", "3.mp4", "--image", "4.png", "--audio=5.wav"])
    #expect(options.inOrder.map(\.path) == ["1.wav", "2.png", "3.mp4", "4.png", "5.wav"])
    #expect(options.inOrder.map(\.kind) == [.audio, .image, .video, .image, .audio])
  }
}
