internal import Foundation

// Built as it is, this program replays the corpora. Built by `Scripts/fuzz`, with SPUD_FUZZ and libFuzzer, libFuzzer
// has the `main`, and calls the function below once, then SpudTensors' `testOneInput`.

#if SPUD_FUZZ
internal import SpudTensors

/// libFuzzer's first call: from here on its inputs go to the parser that is named in `SPUD_FUZZ_TARGET`. (The command
/// line that it passes is not needed.)
@_cdecl("LLVMFuzzerInitialize")
public func initialize() -> CInt {
  let name = ProcessInfo.processInfo.environment["SPUD_FUZZ_TARGET"] ?? ""
  guard let target = FuzzTarget(rawValue: name) else { preconditionFailure("SPUD_FUZZ_TARGET is '\(name)'") }
  FuzzEntry.fuzz { target.run($0) }
  return 0
}
#else
@main
enum Replay {
  /// Runs every file of `DIRECTORY/<target>/` through its target.
  ///
  /// Usage: `spud-fuzz [DIRECTORY]`, by default `Tests/Corpus`; or `spud-fuzz --list`, the names of the targets.
  static func main() throws {
    if CommandLine.arguments.dropFirst().first == "--list" {
      for target in FuzzTarget.allCases { print(target.rawValue) }
      return
    }
    defer { ScratchFile.remove() }
    let root = CommandLine.arguments.dropFirst().first ?? "Tests/Corpus"
    for target in FuzzTarget.allCases {
      let folder = "\(root)/\(target.rawValue)"
      let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
      for name in names { target.run(try [UInt8](Data(contentsOf: URL(filePath: "\(folder)/\(name)")))) }
      print("\(target.rawValue): \(names.count) inputs")
    }
  }
}
#endif
