import Foundation
import FoundationXML
import SpudErrors
import SpudTokens
import Testing

@Suite("A drawn stream")
struct StreamDrawingTests {
  let tokenizer: StreamTokenizer

  init() throws { tokenizer = try SmallModel.shared.get().tokenizer }

  /// Collects the text of an SVG document, and counts its elements.
  private final class Reader: NSObject, XMLParserDelegate {
    var text = ""
    var elements: [String: Int] = [:]

    func parser(_ parser: XMLParser, foundCharacters string: String) { text += string }

    func parser(
      _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
      attributes: [String: String]
    ) { elements[name, default: 0] += 1 }
  }

  private func read(_ svg: String) throws -> Reader {
    let reader = Reader()
    let parser = XMLParser(data: Data(svg.utf8))
    parser.delegate = reader
    try #require(parser.parse(), "\(parser.parserError.map { "\($0)" } ?? "")")
    return reader
  }

  @Test("is well-formed XML with every piece, one picture and one cell a sound code")
  func wellFormed() throws {
    let stream = try tokenizer.encodePrompt([
      StreamTurn(.user, [.image(scene(seed: 1)), .audio(tone(500, seconds: 0.4)), .text("a < b & \"c\"\u{1}\n")])
    ])
    let drawing = try read(try StreamDrawing(tokenizer).svg(stream.ids))
    #expect(drawing.elements["image"] == 1)
    #expect(drawing.text.contains("<bos>") && drawing.text.contains("&") && !drawing.text.contains("\u{1}"))
    #expect(drawing.text.contains("64 image codes") && drawing.text.contains("20 sound codes"))
    let tiles = stream.ids.count - 64 - 20
    #expect(drawing.elements["rect"] == 1 + tiles + 20 + 4)
  }

  @Test("image codes without a size are refused, and nothing draws nothing")
  func edges() throws {
    let code = tokenizer.vocabulary.imageCode(0)
    #expect(throws: SpudError.self) { try StreamDrawing(tokenizer).svg([code]) }
    #expect(throws: SpudError.self) {
      try StreamDrawing(tokenizer).svg([tokenizer.vocabulary.size(2), tokenizer.vocabulary.size(2), code])
    }
    _ = try read(try StreamDrawing(tokenizer).svg([]))
  }

  @Test("a picture with second codes is drawn once, and some of them alone are refused")
  func residuals() throws {
    let refining = try SmallModel.refining.get().tokenizer
    let stream = try refining.encode([StreamTurn(.user, [.image(stripes())])])
    let drawing = try read(try StreamDrawing(refining).svg(stream.ids))
    #expect(drawing.elements["image"] == 1)
    #expect(drawing.text.contains("32 image codes, one or two a patch"))
    #expect(throws: SpudError.self) { try StreamDrawing(refining).svg(Array(stream.ids.prefix(25))) }
  }
}
