import SpudSupport
import Testing

@Suite("Lines of a text")
struct LinesTests {
  @Test("a line ends where any editor ends it, and a mark of byte order is no part of one")
  func ends() {
    #expect("a\nb\r\n\r\nc".lines == ["a", "b", "", "c"])
    #expect("\u{FEFF}a\r\n".lines == ["a", ""])
    // Neither a lone return nor what Unicode calls a separator of lines, which JSON allows in a string.
    #expect("a\rb\u{2028}c".lines == ["a\rb\u{2028}c"])
  }
}
