import Foundation
import SpudErrors
import SpudTensors
import Testing

@Suite("A model's directory")
struct ModelDirectoryTests {
  private let temporary: TemporaryDirectory

  init() throws {
    temporary = try TemporaryDirectory()
    for folder in ["first", "second", "group/third"] {
      try FileManager.default.createDirectory(
        atPath: temporary.file(folder), withIntermediateDirectories: true)
    }
    _ = try temporary.write([1], to: "first/tokenizer.json")
  }

  private func refer(_ text: String, from folder: String = "second") throws -> ModelDirectory {
    _ = try temporary.write(Array(text.utf8), to: folder + "/shared_files.json")
    return try ModelDirectory(temporary.file(folder))
  }

  @Test("without references has its own files")
  func own() throws {
    let directory = try ModelDirectory(temporary.file("first/"))
    #expect(try directory.path(of: "tokenizer.json") == temporary.file("first/tokenizer.json"))
    #expect(directory.shared.isEmpty)
  }

  @Test("finds a shared file beside it, and beside its parent")
  func shared() throws {
    let text = #"{"tokenizer.json": "../first"}"#
    let path = try refer(text).path(of: "tokenizer.json")
    #expect(try Data(contentsOf: URL(filePath: path)) == Data([1]))
    #expect(try refer(text).path(of: "config.json") == temporary.file("second/config.json"))
    let deep = try refer(#"{"tokenizer.json": "../../first"}"#, from: "group/third").path(of: "tokenizer.json")
    #expect(try Data(contentsOf: URL(filePath: deep)) == Data([1]))
  }

  @Test(
    "refuses references to anything else",
    arguments: [
      "/etc", "..", "../..", "first", ".", "", "../first/../first", "../../../first", "../.hidden", "../first/",
      "../a/b/c", "..//first", "../first\\u0000",
    ])
  func refused(directory: String) {
    let error = #expect(throws: SpudError.self) { try refer("{\"tokenizer.json\": \"\(directory)\"}") }
    #expect(error?.code == .badData && error?.message.contains("beside this one") == true)
  }

  @Test("refuses other files, other forms, and a file that is here as well")
  func refusedForms() throws {
    func message(_ text: String, from folder: String = "second") -> String {
      let error = #expect(throws: SpudError.self) { try refer(text, from: folder).path(of: "tokenizer.json") }
      return error?.message ?? ""
    }
    #expect(message(#"{"config.json": "../first"}"#).contains("'config.json' cannot be shared"))
    #expect(message(#"{"../x/tokenizer.json": "../first"}"#).contains("cannot be shared"))
    #expect(message("[]").contains("holds no object"))
    #expect(message(#"{"tokenizer.json": 3}"#).contains("a number"))
    #expect(message(#"{"tokenizer.json": "../second"}"#, from: "first").contains("it is here as well"))
    #expect(message(#"{"tokenizer.json": "../group"}"#).contains("spud copy"))
  }
}
