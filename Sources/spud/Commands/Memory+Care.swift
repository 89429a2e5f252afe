internal import ArgumentParser
internal import Foundation
internal import SpudErrors
internal import SpudInference
internal import SpudMemory
internal import SpudOptions
internal import SpudSupport
internal import SpudTokens

extension Memory {
  /// `spud memory forget`
  struct Forget: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Forget a conversation with the pages that no other one begins with, or everything.")

    @Argument(help: ArgumentHelp("Its name.", valueName: "session")) var name: String?
    @Flag(name: .long, help: "Forget everything.") var all = false
    @OptionGroup var store: StoreOptions
    @OptionGroup var json: JSONOptions

    struct Report: Encodable {
      var extents: Int
    }

    func validate() throws {
      guard (name != nil) != all else { throw ValidationError("Name the session to forget, or give --all.") }
    }

    func run() throws {
      let store = try store.open(readOnly: false)
      let count: Int
      if let name {
        guard store.sessions(of: "").contains(where: { $0.name == name }) else { throw Memory.none(name, in: store) }
        count = try store.forget(.session(name: name, tenant: "", paths: paths(in: store)))
      } else {
        count = try store.forget(.everything)
      }
      if json.json { return try JSONOutput.print(Report(extents: count)) }
      Terminal.report(count == 1 ? "1 extent is forgotten" : "\(count) extents are forgotten")
    }

    /// The ids of every conversation that opens, so that what is common stays.
    private func paths(in store: SealedStore) -> [SessionPath] {
      store.sessions(of: "").compactMap { record in
        guard let (_, state) = try? Memory.session(record.name, in: store) else { return nil }
        return SessionPath(name: record.name, ids: state.ids, written: state.written)
      }
    }
  }

  /// `spud memory verify`
  struct Verify: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Try to open everything, and look for bytes that belong to nothing.",
      discussion: "What a crash left behind is taken away first, where the directory can be written.")

    @Flag(name: .long, help: "Take an older state that was put back for the newest from now on.")
    var acceptOlder = false
    @OptionGroup var store: StoreOptions
    @OptionGroup var json: JSONOptions

    struct Report: Encodable {
      var opened, bytes, leftBytes: Int
      var refused: [String]
    }

    func run() throws {
      // Whoever writes takes away first what a crash left behind.
      let store = try store.open(readOnly: false, acceptsOlder: acceptOlder, mustWrite: acceptOlder)
      let findings = try store.verify()
      let report = Report(
        opened: findings.opened, bytes: findings.bytes, leftBytes: findings.leftBytes, refused: findings.refused)
      if json.json {
        try JSONOutput.print(report)
      } else {
        Terminal.report(
          "\(findings.opened) extent\(findings.opened == 1 ? " opens" : "s open"), \(ByteCount(findings.bytes).rounded)"
        )
        for sentence in findings.refused { Terminal.report("refused: \(sentence)") }
        if findings.leftBytes > 0 { Terminal.report("\(findings.leftBytes) bytes belong to no extent") }
      }
      guard findings.refused.isEmpty, findings.leftBytes == 0 else {
        throw SpudError(
          .badData,
          "\(store.directory): \(findings.refused.count) extents do not open, \(findings.leftBytes) bytes are "
            + "left over")
      }
    }
  }

  /// `spud memory rekey`
  struct Rekey: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Lock the memory with another key from now on.")

    @Option(name: .long, help: ArgumentHelp("The new key.", valueName: "file"), completion: .file())
    var newKeyFile: String?
    @Option(name: .long, help: ArgumentHelp("The new passphrase, in a file.", valueName: "file"), completion: .file())
    var newPassphraseFile: String?
    @Flag(name: .long, help: "Ask for the new passphrase on the terminal.") var newPassphrase = false
    @OptionGroup var store: StoreOptions

    func validate() throws {
      guard [newKeyFile != nil, newPassphraseFile != nil, newPassphrase].count(where: \.self) == 1 else {
        throw ValidationError("Give one of --new-key-file, --new-passphrase-file and --new-passphrase.")
      }
    }

    func run() throws {
      let key: MasterKey
      if let newKeyFile {
        key = try .file(newKeyFile)
      } else if let newPassphraseFile {
        key = try .passphraseFile(newPassphraseFile)
      } else {
        key = try .askPassphrase("New passphrase of the memory: ")
      }
      try store.open(readOnly: false).rekey(key)
      Terminal.report("\(store.directory) is locked with the new key")
    }
  }

  /// `spud memory export`
  struct Export: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Write a conversation as JSON, in the clear: its words and its ids.")

    @Argument(help: ArgumentHelp("Its name.", valueName: "session")) var name: String
    @Option(
      name: [.customShort("o"), .customLong("out")],
      help: ArgumentHelp("Where to; standard output without it.", valueName: "file"), completion: .file())
    var file: String?
    @OptionGroup var store: StoreOptions

    struct Report: Encodable {
      var session: SessionReport
      var turns: [Show.Turn]
      var ids: [Int32]
    }

    func run() throws {
      let (record, state) = try Memory.session(name, in: try store.open(readOnly: true))
      let report = Report(
        session: SessionReport(record),
        turns: state.turns.map { .init(role: $0.role.rawValue, text: Memory.words(of: $0)) },
        ids: state.ids)
      let line = try JSONOutput.line(report)
      guard let file, file != "-" else { return try Terminal.writeLine(line) }
      try AtomicFile.write(Array((line + "\n").utf8), to: file)
    }
  }
}
