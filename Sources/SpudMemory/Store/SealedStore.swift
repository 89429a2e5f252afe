internal import SpudErrors
internal import Synchronization

/// Pages and conversations, sealed on disk: see `StoreLayout` for the files, `docs` for the format.
///
/// One process writes a store at a time; others may read it. Every extent has a random key of its own, wrapped in the
/// manifest under the key of its tenant; what does not open, or is not what was asked for, is not there. Nothing is
/// kept in the clear but sizes, and the number of the format.
package final class SealedStore: Sendable {
  /// How a store is opened.
  package struct Settings: Sendable {
    /// Bytes that the store may take at most, its manifest included.
    package var byteLimit = 10 << 30
    /// Where the last generation that was seen is kept.
    package var stateDirectory: String
    /// Opens a store though a newer state of it was seen before, and takes it for the newest from now on.
    package var acceptsOlder = false
    /// Only reads, even if nobody writes.
    package var isReadOnly = false

    package init(stateDirectory: String) { self.stateDirectory = stateDirectory }
  }

  let layout: StoreLayout
  let files: any StoreFiles
  let identity: [UInt8]
  let settings: Settings
  let index: Mutex<StoreIndex>
  let keys: Mutex<StoreKeys>
  /// Extents that were of use since the last commit, with the time: apart from the writer, so that looking for pages
  /// never waits for a disk.
  let uses = Mutex<[UInt64: UInt64]>([:])
  /// Nil where another process writes.
  let writer: Mutex<StoreWriter?>

  package var directory: String { layout.directory }

  /// Whether this process may write: no other did when it was opened.
  package var canWrite: Bool { writer.withLock { $0 != nil } }

  /// Bytes that the extents take.
  package var byteCount: Int { index.withLock { $0.byteCount } }

  /// Opens a store, and makes it where there is none.
  ///
  /// - Throws: `SpudError`: `badData` when it is no store, of another version, changed, or older than one seen before;
  ///   `usage` when the key does not open it; `io`.
  package convenience init(
    _ directory: String, key: MasterKey, settings: Settings, files: some StoreFiles = SystemFiles()
  ) throws {
    try self.init(StoreOpening(directory, key: key, settings: settings, files: files))
  }

  init(_ opening: StoreOpening) throws {
    layout = opening.layout
    files = opening.files
    settings = opening.settings
    identity = opening.header.identity
    index = Mutex(opening.index)
    keys = Mutex(opening.keys)
    writer = Mutex(opening.writer)
  }

  /// A directory for what is kept apart from stores: `$XDG_STATE_HOME/spud`, or `~/.local/state/spud`.
  ///
  /// - Throws: `SpudError` (`unavailable`) when the environment names neither.
  package static func stateDirectory(_ environment: [String: String]) throws -> String {
    if let state = environment["XDG_STATE_HOME"], state.hasPrefix("/") { return state + "/spud" }
    if let home = environment["HOME"], home.hasPrefix("/") { return home + "/.local/state/spud" }
    throw SpudError(
      .unavailable, "neither XDG_STATE_HOME nor HOME names a directory, so what was seen of a store cannot be kept")
  }
}
