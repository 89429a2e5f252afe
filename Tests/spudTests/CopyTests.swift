import Foundation
import Testing

@testable import spud

@Suite("Copying a model")
struct CopyTests {
  /// Beside each other: the tiny model's tokenizer and codecs, and the rest of it, which refers to them.
  private func prepare(_ folder: URL) throws {
    let files = FileManager.default
    let model = URL(filePath: CommandLineProgram.model)
    try files.copyItem(at: model, to: folder.appending(path: "whole"))
    try files.copyItem(at: model, to: folder.appending(path: "part"))
    let names = ["tokenizer.json", "image_codec.safetensors", "audio_codec.safetensors"]
    for name in names { try files.removeItem(at: folder.appending(path: "part/\(name)")) }
    let references = names.map { "\"\($0)\": \"../whole\"" }.joined(separator: ", ")
    try Data("{\(references)}".utf8).write(to: folder.appending(path: "part/shared_files.json"))
  }

  @Test("one that shares files is read where it is, and its copy holds them all")
  func whole() async throws {
    try await CommandLineProgram.run(["copy", "-m", "part", "-o", "copy", "--json"], prepare: prepare) {
      folder, outcome in
      #expect(outcome.exitCode == 0 && outcome.output.contains("tokenizer.json"), "\(outcome.errors)")
      let names = try FileManager.default.contentsOfDirectory(atPath: folder.appending(path: "copy").path)
      let expected = try FileManager.default.contentsOfDirectory(atPath: folder.appending(path: "whole").path)
      #expect(names.sorted() == expected.sorted())
      for name in names {
        #expect(
          FileManager.default.contentsEqual(
            atPath: folder.appending(path: "copy/\(name)").path, andPath: folder.appending(path: "whole/\(name)").path))
      }
    }
    let shared = try await CommandLineProgram.run(["tokenize", "red", "-m", "part"], prepare: prepare)
    let own = try await CommandLineProgram.run(["tokenize", "red", "-m", "whole"], prepare: prepare)
    #expect(shared.exitCode == 0 && shared.output == own.output && !own.output.isEmpty)
  }

  @Test("leaves nothing behind when a shared file is missing, and writes over nothing")
  func refused() async throws {
    try await CommandLineProgram.run(
      ["copy", "-m", "part", "-o", "copy"],
      prepare: { folder in
        try prepare(folder)
        try FileManager.default.removeItem(at: folder.appending(path: "whole/tokenizer.json"))
      }
    ) { folder, outcome in
      #expect(outcome.exitCode == 66 && outcome.errors.contains("'tokenizer.json' should be at"))
      let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
      #expect(names.sorted() == ["part", "whole"])
    }
    let there = try await CommandLineProgram.run(["copy", "-m", "part", "-o", "whole"], prepare: prepare)
    #expect(there.exitCode == 64 && there.errors.contains("whole"))
  }
}
