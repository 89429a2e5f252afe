internal import SpudErrors

/// What the one process that writes a store knows beside its index.
struct StoreWriter: Sendable {
  let lock: StoreLock
  private let layout: StoreLayout
  private let files: any StoreFiles
  private let settings: SealedStore.Settings
  private let seenPath: String

  private(set) var header: StoreHeader
  private(set) var wrapping: Secret
  private(set) var journal: Journal
  private var manifest: OpenFile
  /// The segment that is appended to: its number and where it ends; nil before the first.
  private var segment: (number: UInt32, file: OpenFile, end: Int)?
  private var nextSegment: UInt32 = 1
  /// Segments that were written since the last commit.
  private var dirty: [OpenFile] = []
  private var hasNewSegment = false
  /// Why nothing is written any more.
  private(set) var failure: SpudError?
  /// Extents that were of use since the last commit, with the time.
  var uses: [UInt64: UInt64] = [:]

  init(
    _ opening: StoreOpening, lock: StoreLock, wrapping: Secret, journal: Journal, seenPath: String,
    manifestLength: Int
  ) throws {
    self.lock = lock
    self.wrapping = wrapping
    self.journal = journal
    self.seenPath = seenPath
    layout = opening.layout
    files = opening.files
    settings = opening.settings
    header = opening.header
    manifest = try files.open(layout.manifest, .changing)
    if manifestLength > journal.length {
      // A record that was never whole.
      try files.truncate(manifest, to: journal.length)
      try files.synchronize(manifest)
    }
    try tidy(opening.index)
  }

  /// Bytes of the manifest.
  var manifestLength: Int { journal.length }

  /// Removes what no extent names: what a crash left behind, and the bytes of what was dropped.
  private mutating func tidy(_ index: StoreIndex) throws {
    try files.makeDirectory(layout.segments)
    let live = index.bySegment()
    for name in try files.names(in: layout.segments) ?? [] {
      guard let number = UInt32(name), StoreLayout.name(ofSegment: number) == name else { continue }
      nextSegment = max(nextSegment, number + 1)
      guard let extents = live[number] else {
        try files.remove(layout.segment(number))
        continue
      }
      guard let file = try? files.open(layout.segment(number), .changing) else { continue }
      let end = extents.last?.range.upperBound ?? 0
      let length = try files.length(of: file)
      if length > end { try files.truncate(file, to: end) }
      var gap = 0
      for extent in extents {
        if extent.offset > gap { try files.punch(file, gap..<extent.offset) }
        gap = extent.range.upperBound
      }
      // What is shorter than it should be is not written behind.
      if length >= end { segment = (number, file, end) }
    }
  }

  /// Where the next extent goes, in a new segment if need be.
  mutating func place(_ extent: inout StoredExtent) throws {
    if let current = segment, current.end + extent.length > StoreLayout.segmentLength, current.end > 0 { segment = nil }
    if segment == nil {
      let file = try files.open(layout.segment(nextSegment), .creating)
      segment = (nextSegment, file, 0)
      nextSegment += 1
      hasNewSegment = true
    }
    extent.segment = segment?.number ?? 0
    extent.offset = segment?.end ?? 0
  }

  /// Writes a sealed extent at the place that `place` gave it.
  mutating func write(_ sealed: UnsafeRawBufferPointer, of extent: StoredExtent) throws {
    guard let current = segment, current.number == extent.segment, current.end == extent.offset else {
      preconditionFailure("extent \(extent.identity) has no place")
    }
    // SAFETY: the buffer is valid for the call.
    try unsafe files.write(sealed, to: current.file, at: extent.offset)
    segment?.end += sealed.count
    if !dirty.contains(where: { $0 === current.file }) { dirty.append(current.file) }
  }

  /// Has the device hold what was written, then says so in the manifest, then notes that it was seen. When it returns,
  /// nothing of it is lost any more.
  mutating func commit(_ entries: [ManifestEntry], keys: StoreKeys) throws {
    var entries = entries
    for (time, group) in Dictionary(grouping: uses.keys, by: { uses[$0] ?? 0 }).sorted(by: { $0.key < $1.key }) {
      entries.append(.use(group.sorted(), time: time))
    }
    for file in dirty { try files.synchronize(file) }
    if hasNewSegment { try files.synchronize(directory: layout.segments) }
    dirty = []
    hasNewSegment = false
    let place = journal.length
    var next = journal
    let record = try next.append(entries, key: keys.manifest)
    try files.write(record, to: manifest, at: place)
    try files.synchronize(manifest)
    journal = next
    uses = [:]
    try noteSeen()
  }

  private func noteSeen() throws {
    try StoreOpening.note(
      LastSeen(generation: journal.generation, chain: journal.chain), at: seenPath, settings: settings, files: files)
  }

  /// Gives the room of extents back that the manifest does not name any more.
  ///
  /// - Parameter live: What is left of each of their segments.
  mutating func release(_ extents: [StoredExtent], live: Set<UInt32>) throws {
    for (number, group) in Dictionary(grouping: extents, by: \.segment).sorted(by: { $0.key < $1.key }) {
      if !live.contains(number), segment?.number != number {
        try files.remove(layout.segment(number))
        continue
      }
      let file =
        try segment.flatMap { $0.number == number ? $0.file : nil } ?? files.open(layout.segment(number), .changing)
      for extent in group.sorted(by: { $0.offset < $1.offset }) { try files.punch(file, extent.range) }
    }
  }

  /// Writes the manifest anew, without anything that was dropped, and overwrites the old one.
  mutating func replaceManifest(_ new: NewManifest, wrapping: Secret) throws {
    let (old, oldLength) = (manifest, journal.length)
    try files.replace(layout.manifest, with: new.bytes)
    manifest = try files.open(layout.manifest, .changing)
    header = new.header
    self.wrapping = wrapping
    journal = new.journal
    uses = [:]
    try noteSeen()
    // Its name is gone; so is, where the file system writes in place, what it held.
    try files.write([UInt8](repeating: 0, count: oldLength), to: old, at: 0)
    try files.synchronize(old)
  }

  /// Notes that something could not be written: from now on nothing is.
  mutating func fail(_ error: any Error) -> SpudError {
    let reason = (error as? SpudError) ?? SpudError(.internal, "\(error)")
    let failure = SpudError(reason.code, "\(reason.message); nothing more is remembered")
    self.failure = self.failure ?? failure
    return failure
  }
}
