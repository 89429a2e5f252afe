internal import ArgumentParser
internal import Foundation
internal import SpudErrors
internal import SpudSupport
internal import SpudInference
internal import SpudMemory
internal import SpudOptions
internal import SpudTokens

/// `spud memory`: what is remembered, and how it is forgotten.
struct Memory: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Look at what --memory keeps, forget some of it, try all of it, or lock it with another key.",
    discussion: """
      Examples:
        spud memory list --memory ~/spud-memory --key-file key
        spud memory show letters --memory ~/spud-memory --key-file key --text
        spud memory forget letters --memory ~/spud-memory --key-file key
        spud memory verify --memory ~/spud-memory --key-file key
        spud memory rekey --memory ~/spud-memory --key-file key --new-key-file new
        spud memory export letters --memory ~/spud-memory --key-file key -o letters.json

      What is forgotten opens no more: its keys are gone from the manifest, its bytes from the segments. A copy of the \
      directory that was made before, or a disk that keeps what was overwritten, could still give it to who has the \
      key of that time.
      """,
    subcommands: [
      List.self, Show.self, Forget.self, Verify.self, Rekey.self, Export.self, Measure.self, Resume.self,
      Fill.self,
    ])

  /// Which store, and its key.
  struct StoreOptions: ParsableArguments {
    @Option(name: .customLong("memory"), help: ArgumentHelp("The directory.", valueName: "dir"), completion: .directory)
    var directory: String

    @OptionGroup var unlocking: MemoryKeyOptions

    /// - Parameter mustWrite: Refuses a store that another process writes.
    func open(readOnly: Bool, acceptsOlder: Bool = false, mustWrite: Bool = true) throws -> SealedStore {
      guard FileManager.default.fileExists(atPath: directory) else {
        throw SpudError(.noInput, "\(directory): there is no such directory")
      }
      let store = try SealedStore.open(
        directory, key: unlocking.key(), size: ByteCount(Int.max >> 2), readOnly: readOnly, acceptsOlder: acceptsOlder)
      guard readOnly || store.canWrite || !mustWrite else {
        throw SpudError(.unavailable, "\(directory): cannot be written, or another process writes it: end that first")
      }
      return store
    }
  }

  /// A session as JSON.
  struct SessionReport: Encodable {
    var name, tenant, model, updated: String
    var tokens, turns: Int

    init(_ session: SessionRecord) {
      name = session.name
      tenant = session.tenant
      model = session.model
      tokens = session.tokenCount
      turns = session.turnCount
      updated = Date(timeIntervalSince1970: Double(session.updated) / 1000).formatted(.iso8601)
    }
  }

  /// `spud memory list`
  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Name the conversations that are remembered.")

    @OptionGroup var store: StoreOptions
    @OptionGroup var json: JSONOptions

    struct Report: Encodable {
      var sessions: [SessionReport]
      var bytes: Int
    }

    func run() throws {
      let store = try store.open(readOnly: true)
      let sessions = store.sessions().map(SessionReport.init)
      if json.json { return try JSONOutput.print(Report(sessions: sessions, bytes: store.byteCount)) }
      var table = Table(columns: [
        ("session", .left), ("model", .left), ("turns", .right), ("tokens", .right), ("last continued", .left),
      ])
      for session in sessions {
        table.rows.append(
          [session.name, session.model, "\(session.turns)", "\(session.tokens)", session.updated]
            .map { TerminalText.withoutControls($0) })
      }
      try Terminal.writeLine(table.markdown)
      Terminal.report("\(sessions.count) sessions, \(ByteCount(store.byteCount).rounded) of pages and ids")
    }
  }

  /// `spud memory show`
  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Say what is known about a conversation; its words only with --text.")

    @Argument(help: ArgumentHelp("Its name.", valueName: "session")) var name: String
    @Flag(name: .long, help: "Print what was said, too.") var text = false
    @OptionGroup var store: StoreOptions
    @OptionGroup var json: JSONOptions

    struct Report: Encodable {
      var session: SessionReport
      var words: [Turn]?
    }

    struct Turn: Encodable {
      var role, text: String
    }

    func run() throws {
      let store = try store.open(readOnly: true)
      let (record, state) = try Memory.session(name, in: store)
      let turns = state.turns.map { Turn(role: $0.role.rawValue, text: Memory.words(of: $0)) }
      let report = Report(session: SessionReport(record), words: text ? turns : nil)
      if json.json { return try JSONOutput.print(report) }
      let session = report.session
      try Terminal.writeLine(
        "\(session.name): \(session.turns) turns, \(session.tokens) tokens, with \(session.model), "
          + "last continued \(session.updated)")
      for turn in report.words ?? [] {
        try Terminal.writeLine("\n\(turn.role): \(TerminalText.withoutControls(turn.text))")
      }
    }
  }

  /// A conversation by its name.
  ///
  /// - Throws: `SpudError` (`noInput`) when there is none.
  static func session(_ name: String, in store: SealedStore) throws -> (SessionRecord, SessionState) {
    guard let (record, content) = try store.session(named: name, of: "") else {
      throw none(name, in: store)
    }
    return (record, try SessionState(bytes: content))
  }

  static func none(_ name: String, in store: SealedStore) -> SpudError {
    SpudError(.noInput, "\(store.directory): holds no session '\(name)'; spud memory list names those there are")
  }

  /// What a person reads of a turn.
  static func words(of turn: SessionState.Turn) -> String {
    turn.parts.map { part in
      switch part {
      case .text(let words): words
      case .thought(let words): "(\(words))"
      case .medium(let what): "[\(what)]"
      case .call(let call): "[calls \(call.name) \(call.arguments)]"
      case .result(let result): "[\(result.name ?? "a function") gave \(result.text)]"
      }
    }.joined(separator: " ")
  }
}
