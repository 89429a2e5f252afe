internal import Foundation

// Built as it is, this program replays the corpora. Built by `Scripts/fuzz`, with SPUD_FUZZ and libFuzzer, libFuzzer
// has the `main` and calls the function below.

#if SPUD_FUZZ
  /// The parser under test, by the name in `SPUD_FUZZ_TARGET`.
  private let target: FuzzTarget = {
    let name = ProcessInfo.processInfo.environment["SPUD_FUZZ_TARGET"] ?? ""
    guard let target = FuzzTarget(rawValue: name) else { preconditionFailure("SPUD_FUZZ_TARGET is '\(name)'") }
    return target
  }()

  /// libFuzzer's entry point: one input.
  @_cdecl("LLVMFuzzerTestOneInput")
  public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    // SAFETY: libFuzzer passes `count` bytes that live for the call; they are copied at once.
    target.run(unsafe Array(UnsafeBufferPointer(start: start, count: count)))
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
