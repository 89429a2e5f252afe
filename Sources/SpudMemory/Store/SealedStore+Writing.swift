internal import Glibc
internal import SpudErrors
internal import Synchronization

/// Something to be sealed: what it is, and where its bytes are.
@safe
package struct NewExtent {
  var extent: StoredExtent
  /// Its bytes, in order, valid until it is written.
  var pieces: [UnsafeRawBufferPointer]
}

extension SealedStore {
  /// Milliseconds since 1970.
  package static var now: UInt64 {
    var time = timespec()
    _ = unsafe clock_gettime(CLOCK_REALTIME, &time)
    return UInt64(max(0, time.tv_sec)) * 1000 + UInt64(time.tv_nsec) / 1_000_000
  }

  /// Does something to the store's files, unless they cannot be written.
  ///
  /// - Throws: What `body` throws; after that nothing is written any more.
  func write<Result>(_ body: (inout StoreWriter) throws -> Result) throws -> Result {
    try writer.withLock { writer in
      guard var copy = writer else {
        throw SpudError(
          .unavailable,
          "\(directory): cannot be written, or another process writes it, so nothing more is remembered here")
      }
      if let failure = copy.failure { throw failure }
      let noted = uses.withLock { uses in
        defer { uses = [:] }
        return uses
      }
      copy.uses.merge(noted) { max($0, $1) }
      do {
        let result = try body(&copy)
        writer = copy
        return result
      } catch let error as Refusal {
        throw error.reason
      } catch {
        // What is on the disk now is found out when it is opened next.
        let failure = copy.fail(error)
        writer = copy
        throw failure
      }
    }
  }

  /// Something that cannot be done, and leaves the store as it was.
  struct Refusal: Error {
    var reason: SpudError
  }

  /// Seals and writes extents, and then makes other changes, all at once: when it returns, nothing of it is lost any
  /// more.
  ///
  /// - Parameters:
  ///   - extents: Each has a random key, the place that is free, and its time of use set.
  ///   - changes: What else changes with them.
  /// - Returns: The extents as they stand in the manifest.
  func append(
    _ extents: [NewExtent], and changes: ([StoredExtent]) -> [ManifestEntry] = { _ in [] }
  ) throws -> [StoredExtent] {
    try write { writer in
      let keys = keys.withLock { $0 }
      try makeRoom(for: extents.reduce(0) { $0 + $1.extent.length }, &writer, keys)
      var placed: [StoredExtent] = []
      for new in extents {
        var extent = new.extent
        extent.used = max(extent.used, Self.now)
        let key = try Cipher.randomKey()
        extent.wrappedKey = try keys.wrap(key, of: extent)
        try writer.place(&extent)
        // SAFETY: the pieces are valid until this method returns.
        let sealed = try unsafe seal(extent, key: key, pieces: new.pieces)
        try unsafe sealed.withUnsafeBytes { try unsafe writer.write($0, of: extent) }
        placed.append(extent)
      }
      let entries = placed.map { ManifestEntry.add($0) } + changes(placed)
      try writer.commit(entries, keys: keys)
      let dropped = index.withLock { index in
        let before = entries.flatMap { entry -> [StoredExtent] in
          guard case .drop(let identities) = entry else { return [] }
          return identities.compactMap { index.extents[$0] }
        }
        index.apply(entries)
        return before
      }
      if !dropped.isEmpty { try writer.release(dropped, live: liveSegments) }
      try compactIfLong(&writer, keys)
      return placed
    }
  }

  var liveSegments: Set<UInt32> { index.withLock { Set($0.extents.values.map(\.segment)) } }

  private func seal(_ extent: StoredExtent, key: Secret, pieces: [UnsafeRawBufferPointer]) throws -> [UInt8] {
    let nonce = try Cipher.random(Cipher.nonceLength)
    let stream = try CipherStream(.sealing, key: key, nonce: nonce, associated: extent.associated(store: identity))
    var sealed = [UInt8](repeating: 0, count: extent.length)
    // SAFETY: the pieces have `payload` bytes together, the array room for them, the nonce, the tag and the padding.
    unsafe sealed.withUnsafeMutableBytes { output in
      unsafe output.copyBytes(from: nonce)
      var place = nonce.count
      for index in unsafe pieces.indices {
        let piece = unsafe pieces[index]
        unsafe UnsafeMutableRawBufferPointer(rebasing: output[place..<place + piece.count]).copyMemory(from: piece)
        place += piece.count
      }
      precondition(place == nonce.count + extent.payload, "\(place - nonce.count) bytes of \(extent.payload)")
      // In one go, the zeros behind the payload too: the cipher is slower on short pieces.
      let body = unsafe UnsafeMutableRawBufferPointer(
        rebasing: output[nonce.count..<output.count - Cipher.tagLength])
      unsafe stream.update(UnsafeRawBufferPointer(body), into: body)
    }
    sealed.replaceSubrange((sealed.count - Cipher.tagLength)..., with: try stream.finishSealing())
    return sealed
  }

  /// Drops what was least recently of use until so many bytes more fit under the limit.
  private func makeRoom(for count: Int, _ writer: inout StoreWriter, _ keys: StoreKeys) throws {
    let slack = 1 << 16  // The record that names the new extents.
    let (excess, doomed) = index.withLock { index in
      let excess = index.byteCount + writer.manifestLength + count + slack - settings.byteLimit
      return (excess, excess > 0 ? index.leastRecentlyUsed(freeing: excess) : [])
    }
    guard excess > 0 else { return }
    guard let doomed else {
      throw Refusal(
        reason: SpudError(
          .unavailable,
          "\(directory): \(count) bytes more do not fit under the limit of \(settings.byteLimit) bytes"))
    }
    try drop(doomed, and: [], &writer, keys)
  }

  /// Drops extents: first the manifest forgets them, then their room is given back.
  func drop(
    _ extents: [StoredExtent], and changes: [ManifestEntry], _ writer: inout StoreWriter, _ keys: StoreKeys
  ) throws {
    let entries = [ManifestEntry.drop(extents.map(\.identity))] + changes
    try writer.commit(entries, keys: keys)
    index.withLock { $0.apply(entries) }
    try writer.release(extents, live: liveSegments)
  }

  /// Writes the manifest anew once most of it is about what is not there any more.
  private func compactIfLong(_ writer: inout StoreWriter, _ keys: StoreKeys) throws {
    guard writer.manifestLength > 1 << 20 else { return }
    let live = index.withLock { index in
      index.extents.values.reduce(index.sessions.count * 256) { $0 + 256 + $1.hashes.count }
    }
    if writer.manifestLength > 2 * live + (1 << 20) { try compact(&writer, keys) }
  }

  func compact(_ writer: inout StoreWriter, _ keys: StoreKeys) throws {
    var header = writer.header
    header.base = writer.journal.generation + 1  // Never the one that was seen last of the old manifest.
    let new = try NewManifest(
      header, root: keys.root, wrapping: writer.wrapping, records: index.withLock { $0.snapshot() })
    try writer.replaceManifest(new, wrapping: writer.wrapping)
  }

  /// Writes down which extents were of use, where that has not been done along with something else.
  package func noteUses() throws {
    guard canWrite, !uses.withLock({ $0.isEmpty }) else { return }
    try write { writer in try writer.commit([], keys: keys.withLock { $0 }) }
  }
}
