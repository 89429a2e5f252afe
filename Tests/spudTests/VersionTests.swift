import Foundation
import Testing

@testable import spud

@Suite("The version")
struct VersionTests {
  @Test("is the newest in the changelog")
  func newest() throws {
    let file = CommandLineProgram.repository.appending(path: "CHANGELOG.md")
    let heading = try #require(
      try String(contentsOf: file, encoding: .utf8).split(separator: "\n").first { $0.hasPrefix("## ") })
    #expect(heading.dropFirst(3).split(separator: " ").first.map(String.init) == Spud.version)
  }

  @Test("is printed by --version")
  func printed() async throws {
    let result = try await CommandLineProgram.run(["--version"])
    #expect(result.exitCode == 0 && result.output == Spud.version + "\n")
  }
}
