import SpudErrors
import Testing

@Suite("Errors")
struct SpudErrorTests {
  @Test(
    "what a message quotes may be of any length: the message's middle is left out",
    arguments: ["x", "é", "e\u{301}", "👩‍👩‍👧"])
  func longMessages(quoted: String) {
    let limit = SpudError.longestMessage
    let whole = String(repeating: quoted, count: limit / quoted.unicodeScalars.count)
    #expect(SpudError(.badData, whole).message == whole)
    let long = SpudError(.badData, "file: '" + String(repeating: quoted, count: 50_000) + "' is not wanted").message
    #expect(long.unicodeScalars.count == limit && long.utf8.count <= 4 * limit)
    #expect(long.hasPrefix("file: '") && long.hasSuffix("' is not wanted") && long.unicodeScalars.contains("…"))
  }
}
