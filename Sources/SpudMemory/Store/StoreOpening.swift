internal import SpudErrors

/// A store on its way from its files to memory.
struct StoreOpening {
  let layout: StoreLayout
  let files: any StoreFiles
  let settings: SealedStore.Settings
  private(set) var header: StoreHeader
  private(set) var keys: StoreKeys
  private(set) var index = StoreIndex()
  private(set) var writer: StoreWriter?

  init(_ directory: String, key: MasterKey, settings: SealedStore.Settings, files: some StoreFiles) throws {
    layout = StoreLayout(directory: directory)
    self.files = files
    self.settings = settings
    let layout = layout
    let names = try files.names(in: directory)
    let isNew = try Self.isNew(names, directory)
    if isNew {
      guard !settings.isReadOnly else {
        throw SpudError(.noInput, "\(directory): holds no store")
      }
      try files.makeDirectory(directory)
      try files.synchronize(directory: StoreLayout.parent(of: directory))
    }
    let lock = settings.isReadOnly ? nil : try StoreLock.take(layout.lock)
    // Whoever had the lock before may have made it meanwhile.
    if isNew, try !(files.names(in: directory) ?? []).contains(StoreLayout.name(of: layout.manifest)) {
      guard lock != nil else { throw SpudError(.unavailable, "\(directory): is being made by another process") }
      try Self.make(layout, key: key, settings: settings, files: files)
    }
    // What was seen is read first: another process may write while this one reads.
    let manifest = try files.open(layout.manifest, .reading)
    let early = try files.bytes(of: manifest, at: 0, count: min(StoreHeader.byteCount, files.length(of: manifest)))
    header = try StoreHeader(early, path: layout.manifest)
    let seenPath = LastSeen.path(of: header.identity, in: settings.stateDirectory)
    let seen = try LastSeen.read(seenPath, files: files)
    let bytes = try files.bytes(of: manifest, at: 0, count: files.length(of: manifest))
    header = try StoreHeader(bytes.prefix(StoreHeader.byteCount), path: layout.manifest)
    let wrapping = try key.wrappingKey(header, path: directory)
    guard let root = try Cipher.unwrap(header.wrappedRoot, under: wrapping, associated: header.associated) else {
      throw SpudError(.usage, "\(directory): the key does not open it, or its manifest was changed")
    }
    keys = try StoreKeys(root: root, identity: header.identity)
    var journal = try Journal(header)
    var isKnown = seen.map { $0.generation == journal.generation && $0.chain == journal.chain } ?? true
    while let entries = try journal.next(in: bytes, key: keys.manifest, path: layout.manifest) {
      index.apply(entries)
      if let seen, seen.generation == journal.generation { isKnown = seen.chain == journal.chain }
    }
    if let seen, !settings.acceptsOlder {
      // A manifest that was written anew begins behind what was seen.
      guard journal.generation >= seen.generation, isKnown || header.base > seen.generation else {
        throw SpudError(
          .badData,
          "\(directory): holds generation \(journal.generation), but generation \(seen.generation) was seen here: it "
            + "was changed, an older state of it was put back, or a copy of it was written meanwhile; spud memory "
            + "verify --accept-older takes it for the newest")
      }
    }
    guard index.chainSecret.count == Cipher.keyLength else {
      throw SpudError(.badData, "\(directory): the manifest's first record does not open: it was changed")
    }
    guard let lock else { return }
    let found = LastSeen(generation: journal.generation, chain: journal.chain)
    if found != seen { try Self.note(found, at: seenPath, settings: settings, files: files) }
    writer = try StoreWriter(
      self, lock: lock, wrapping: wrapping, journal: journal, seenPath: seenPath, manifestLength: bytes.count)
  }

  /// Whether there is no store yet.
  ///
  /// - Throws: `SpudError` (`badData`) when there is something else.
  private static func isNew(_ names: [String]?, _ directory: String) throws -> Bool {
    guard let names else { return true }
    if names.contains("manifest") { return false }
    let others = names.filter { $0 != "lock" && $0 != "manifest" + StoreLayout.partial }
    guard others.isEmpty || others == ["segments"] else {
      throw SpudError(.badData, "\(directory): is not empty and holds no store; name a directory of its own")
    }
    guard others.isEmpty else { throw SpudError(.badData, "\(directory): its manifest is missing") }
    return true
  }

  private static func make(
    _ layout: StoreLayout, key: MasterKey, settings: SealedStore.Settings, files: some StoreFiles
  ) throws {
    let header = StoreHeader(
      identity: try Cipher.random(16), kind: key.kind, salt: try Cipher.random(32), base: 0)
    let wrapping = try key.wrappingKey(header, path: layout.directory)
    let new = try NewManifest(
      header, root: try Cipher.randomKey(), wrapping: wrapping,
      records: [[.chainSecret(try Cipher.random(Cipher.keyLength))]])
    try files.replace(layout.manifest, with: new.bytes)
  }

  static func note(
    _ seen: LastSeen, at path: String, settings: SealedStore.Settings, files: some StoreFiles
  ) throws {
    if try files.names(in: settings.stateDirectory) == nil {
      var path = ""
      for part in settings.stateDirectory.split(separator: "/") {
        path += "/" + part
        if try files.names(in: path) == nil { try files.makeDirectory(path) }
      }
    }
    try seen.write(path, files: files)
  }
}
