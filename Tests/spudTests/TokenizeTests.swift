import SpudErrors
import Testing

@testable import spud

@Suite("spud tokenize and detokenize")
struct TokenizeTests {
  @Test("ids are read from bare numbers, from lists, and from what other commands print")
  func readsIDs() throws {
    let expected: [Int32] = [3, 1, 4]
    for source in [
      "3 1 4", "3,1,4\n", "[3, 1, 4]", #"{"tokens": [3, 1, 4]}"#,
      #"{"schema": 1, "tokens": [{"id": 3, "piece": "a"}, {"id": 1}, {"id": 4, "position": 2}]}"#,
    ] {
      #expect(try Detokenize.parse(source) == expected, "\(source)")
    }
    #expect(try Detokenize.parse("") == [])
  }

  @Test(
    "what is no list of ids is refused, saying which id",
    arguments: ["1 2 x", "-1", "1.5", "2147483648", "{}", #"{"tokens": ["a"]}"#, #"{"tokens": [1"#, "🥔"])
  func refuses(source: String) {
    #expect(throws: SpudError.self) { try Detokenize.parse(source) }
  }

  @Test("the table has its columns, and shows what a terminal would act on")
  func table() {
    let table = Tokenize.table([
      .init(position: 0, id: 961, modality: "control", piece: "<bos>"),
      .init(position: 1, id: 7, modality: "text", piece: " a\u{1B}\n"),
    ])
    #expect(
      table == """
        position   id  modality  piece
               0  961  control   <bos>
               1    7  text      " a\\u{1b}\\n"

        """)
  }
}
