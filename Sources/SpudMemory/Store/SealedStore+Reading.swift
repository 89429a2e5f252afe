internal import SpudErrors
internal import Synchronization

/// A part of a sequence that a store holds in one extent.
package struct StoredPart: Sendable {
  package let extent: StoredExtent
  /// Which blocks of the sequence it gives; the extent may have more behind them.
  package let blocks: Range<Int>
}

/// What a store holds of a sequence, from its beginning.
package struct StoredPrefix: Sendable {
  package var parts: [StoredPart] = []
  /// The chain hash after the last block.
  var chain: Digest

  package var blockCount: Int { parts.last?.blocks.upperBound ?? 0 }
}

/// Whose sequences are looked for, and of which model.
package struct StoreScope: Sendable, Hashable {
  package var tenant: String
  var fingerprint: Digest

  /// - Parameter fingerprint: 32 bytes that stand for the model, its tokenizer, the cache's format and the kernels.
  package init(tenant: String, fingerprint: [UInt8]) {
    self.tenant = tenant
    self.fingerprint = Digest(fingerprint)
  }

  init(_ extent: StoredExtent) {
    tenant = extent.tenant
    fingerprint = extent.fingerprint
  }
}

/// The hashes of a sequence's blocks, each over all ids and marks up to it.
struct BlockChain {
  static let blockLength = 32

  private let stream: DigestStream
  private(set) var hash: Digest

  init(secret: [UInt8], scope: StoreScope) throws {
    stream = try DigestStream()
    var writer = ByteWriter()
    writer.put("spud memory, chain")
    writer.put(counted: secret)
    writer.put(scope.tenant)
    writer.put(raw: scope.fingerprint.bytes)
    stream.update(writer.bytes)
    hash = stream.finish()
  }

  mutating func begin(at other: Digest) { hash = other }

  /// - Parameter written: Bit i is set where id i was written.
  mutating func add(_ ids: ArraySlice<Int32>, written: UInt32) -> Digest {
    unsafe hash.withBytes { unsafe stream.update($0) }
    unsafe withUnsafeTemporaryAllocation(of: UInt32.self, capacity: ids.count + 1) { words in
      for (place, id) in ids.enumerated() { unsafe words[place] = UInt32(bitPattern: id).littleEndian }
      unsafe words[ids.count] = written.littleEndian
      unsafe stream.update(UnsafeRawBufferPointer(words))
    }
    hash = stream.finish()
    return hash
  }
}

extension SealedStore {
  /// The longest beginning of a sequence that is here, in whole blocks of 32 ids.
  ///
  /// - Parameters:
  ///   - written: For each whole block, bit i is set where its id i was written.
  ///   - limit: At most so many blocks are looked for.
  package func find(_ ids: [Int32], written: [UInt32], limit: Int, scope: StoreScope) throws -> StoredPrefix {
    var chain = try BlockChain(secret: index.withLock { $0.chainSecret }, scope: scope)
    var hashes: [Digest] = []
    let limit = min(limit, written.count, ids.count / BlockChain.blockLength)
    func hash(_ block: Int) -> Digest {
      while hashes.count <= block {
        let start = hashes.count * BlockChain.blockLength
        hashes.append(chain.add(ids[start..<start + BlockChain.blockLength], written: written[hashes.count]))
      }
      return hashes[block]
    }
    var prefix = StoredPrefix(chain: chain.hash)
    while prefix.blockCount < limit {
      let place = prefix.blockCount
      var best: StoredPart?
      for extent in index.withLock({ $0.children(of: prefix.chain) })
      where extent.firstBlock == place && StoreScope(extent) == scope {
        var count = 0
        while count < extent.blockCount, place + count < limit, extent.hash(after: count) == hash(place + count) {
          count += 1
        }
        if count > best?.blocks.count ?? 0 { best = StoredPart(extent: extent, blocks: place..<place + count) }
      }
      guard let best else { break }
      prefix.parts.append(best)
      prefix.chain = hash(prefix.blockCount - 1)
    }
    note(prefix)
    return prefix
  }

  /// Makes extents the most recently used.
  private func note(_ prefix: StoredPrefix) {
    guard !prefix.parts.isEmpty else { return }
    let now = Self.now
    uses.withLock { uses in for part in prefix.parts { uses[part.extent.identity] = now } }
    index.withLock { $0.apply([.use(prefix.parts.map(\.extent.identity), time: now)]) }
  }

  /// Opens an extent and puts its bytes where they belong.
  ///
  /// - Parameters:
  ///   - pieces: Where the payload goes, in order, each in memory of its own; what they do not take is dropped; they
  ///     take no more than the payload. Their bytes mean nothing unless this returns.
  ///   - skipped: Bytes of the payload that come before those for the pieces, and are dropped.
  /// - Throws: `SpudError` (`badData`, `io`) when it does not open: it was changed, or is not there any more.
  package func open(
    _ extent: StoredExtent, into pieces: [UnsafeMutableRawBufferPointer], skipping skipped: Int = 0
  ) throws {
    func refusal(_ what: String) -> SpudError {
      SpudError(.badData, "\(layout.segment(extent.segment)), byte \(extent.offset): \(what)")
    }
    guard let key = try keys.withLock({ $0 }).key(of: extent) else { throw refusal("its key does not open") }
    let file = try files.open(layout.segment(extent.segment), .reading)
    let nonce = try files.bytes(of: file, at: extent.offset, count: Cipher.nonceLength)
    let tag = try files.bytes(of: file, at: extent.range.upperBound - Cipher.tagLength, count: Cipher.tagLength)
    let stream = try CipherStream(
      .opening, key: key, nonce: nonce, associated: extent.associated(store: identity))
    var place = extent.offset + nonce.count
    let end = extent.range.upperBound - tag.count
    /// Takes what is of use for the tag alone.
    func drop(_ count: Int) throws {
      guard count > 0 else { return }
      var scrap = [UInt8](repeating: 0, count: min(count, Self.readAtOnce))
      var left = count
      while left > 0 {
        // SAFETY: the buffer is valid for the call.
        try unsafe scrap.withUnsafeMutableBytes { scrap in
          let part = unsafe UnsafeMutableRawBufferPointer(rebasing: scrap[..<min(scrap.count, left)])
          try unsafe files.read(file, into: part, at: place)
          unsafe stream.update(UnsafeRawBufferPointer(part), into: part)
          (place, left) = (place + part.count, left - part.count)
        }
      }
    }
    try drop(skipped)
    var first = 0
    while unsafe first < pieces.count {
      var (next, count) = (first, 0)
      while unsafe next < pieces.count && next - first < 512 {
        let more = unsafe pieces[next].count
        guard next == first || count + more <= Self.readAtOnce else { break }
        count += more
        next += 1
      }
      try unsafe files.read(file, into: pieces[first..<next], at: place)
      for index in first..<next {
        let piece = unsafe pieces[index]
        unsafe stream.update(UnsafeRawBufferPointer(piece), into: piece)
      }
      (first, place) = (next, place + count)
    }
    try drop(end - place)
    guard stream.finishOpening(tag: tag) else { throw refusal("the sealed pages do not open: they were changed") }
  }

  /// Bytes that stay in the processor's caches until they have been deciphered where they are.
  private static let readAtOnce = 1 << 18

  /// The whole payload of an extent.
  func payload(of extent: StoredExtent) throws -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: extent.payload)
    // SAFETY: the buffer is valid for the call.
    try unsafe bytes.withUnsafeMutableBytes { try unsafe open(extent, into: [$0]) }
    return bytes
  }
}
