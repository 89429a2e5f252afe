import Foundation
import SpudErrors
import SpudTensors
import SpudTokens
import Testing

@Suite("Codec files")
struct CodecFileTests {
  let model: SmallModel
  let folder: String

  init() throws {
    model = try SmallModel.shared.get()
    folder = try temporaryDirectory("codec")
  }

  private func expectRefusal(_ path: String, naming thing: String = "") {
    do {
      _ = try ImageCodec(path: path)
      Issue.record("\(path) was read")
    } catch let error as SpudError {
      #expect(error.code == .badData)
      #expect(error.message.hasPrefix(path) && (thing.isEmpty || error.message.contains(thing)), "\(error.message)")
    } catch { Issue.record("\(error)") }
  }

  @Test("a codec read back gives the same codes and pictures")
  func roundTrip() throws {
    let path = folder + "/image.safetensors"
    let codec = model.tokenizer.imageCodec
    try codec.write(to: path)
    let again = try ImageCodec(path: path)
    let picture = scene(seed: 3)
    #expect(again.encode(picture) == codec.encode(picture))
    #expect(try again.decode(again.encode(picture)) == codec.decode(codec.encode(picture)))
    #expect(throws: SpudError.self) { try AudioCodec(path: path) }
  }

  @Test("a missing file is no input")
  func missing() {
    do {
      _ = try AudioCodec(path: folder + "/none.safetensors")
      Issue.record("a file that is not there was read")
    } catch { #expect((error as? SpudError)?.code == .noInput) }
  }

  @Test("a truncated file is refused at every length of its header, and at many beyond it")
  func truncated() throws {
    let whole = [UInt8](try Data(contentsOf: URL(fileURLWithPath: model.directory + "/" + StreamTokenizer.File.image)))
    let header = 8 + whole.prefix(8).enumerated().reduce(0) { $0 + Int($1.element) << (8 * $1.offset) }
    let path = folder + "/short.safetensors"
    for length in Array(0...header) + Array(stride(from: header + 1, to: whole.count, by: 9973)) + [whole.count - 1] {
      try Data(whole.prefix(length)).write(to: URL(fileURLWithPath: path))
      expectRefusal(path)
    }
  }

  @Test("each wrong tensor, shape, type, value or remark is refused by name")
  func wrongContent() throws {
    typealias Tensors = [(String, [Int], [Float])]
    func write(_ name: String, _ change: (inout Tensors, inout [String: String]) -> Void) throws -> String {
      var tensors: Tensors = [
        ("mean", [192], [Float](repeating: 0, count: 192)),
        ("components", [2, 192], [Float](repeating: 0.1, count: 384)),
        ("variances", [2], [2, 1]),
        ("centres", [1, 3, 2], [0, 1, 2, 3, 4, 5]),
      ]
      var metadata = ["schema": "1", "kind": "image", "patch": "8"]
      change(&tensors, &metadata)
      var writer = SafetensorsWriter()
      for (name, shape, values) in tensors { writer.add(name, shape: shape, values) }
      for (key, value) in metadata { writer.setMetadata(key, value) }
      let path = folder + "/\(name).safetensors"
      try writer.write(to: path)
      return path
    }
    _ = try ImageCodec(path: try write("right") { _, _ in })
    for index in 0..<4 {
      expectRefusal(try write("without-\(index)") { tensors, _ in tensors.remove(at: index) })
      expectRefusal(
        try write("nan-\(index)") { tensors, _ in tensors[index].2[0] = .nan }, naming: "not within")
    }
    expectRefusal(try write("flat") { tensors, _ in tensors[3].1 = [6] }, naming: "centres")
    expectRefusal(try write("empty") { tensors, _ in tensors[3] = ("centres", [1, 0, 2], []) }, naming: "centres")
    expectRefusal(try write("turned") { tensors, _ in tensors[3].1 = [1, 2, 3] }, naming: "centres")
    let second: (String, [Int], [Float]) = ("residual", [4, 2], [Float](repeating: 1, count: 8))
    #expect(try ImageCodec(path: try write("second") { tensors, _ in tensors.append(second) }).residualCount == 4)
    expectRefusal(
      try write("second-nan") { tensors, _ in tensors.append((second.0, second.1, second.2.map { _ in .nan })) },
      naming: "not within")
    expectRefusal(
      try write("second-wide") { tensors, _ in tensors.append((second.0, [2, 4], second.2)) }, naming: "residual")
    expectRefusal(
      try write("second-flat") { tensors, _ in tensors.append((second.0, [8], second.2)) }, naming: "residual")
    expectRefusal(try write("narrow") { tensors, _ in tensors[0] = ("mean", [191], [Float](repeating: 0, count: 191)) })
    expectRefusal(try write("levels") { tensors, _ in tensors[3].1 = [3, 1, 2] }, naming: "levels")
    expectRefusal(try write("patch") { _, metadata in metadata["patch"] = "9" }, naming: "patch '9'")
    expectRefusal(try write("no-patch") { _, metadata in metadata["patch"] = nil }, naming: "patch ''")
    expectRefusal(try write("huge-patch") { _, metadata in metadata["patch"] = "9223372036854775807" })
    expectRefusal(try write("kind") { _, metadata in metadata["kind"] = "audio" }, naming: "kind 'audio'")
    expectRefusal(try write("schema") { _, metadata in metadata["schema"] = "2" }, naming: "schema '2'")
    let path = folder + "/integers.safetensors"
    var writer = SafetensorsWriter()
    writer.add("mean", shape: [192], [Int32](repeating: 0, count: 192))
    for (key, value) in ["schema": "1", "kind": "image", "patch": "8"] { writer.setMetadata(key, value) }
    try writer.write(to: path)
    expectRefusal(path, naming: "expected F32")
  }
}
