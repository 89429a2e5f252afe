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

/// Memory in which sealed pages are deciphered: kept from one extent to the next, for the system takes longer to clear
/// fresh memory than the cipher needs.
final class CipherChunks: Sendable {
  @safe
  final class Chunk: @unchecked Sendable {
    // `@unchecked`: whoever took it has it alone.

    // As much as stays in the processor's caches until it has been deciphered, where it is, and copied: the cipher is a
    // third slower on pieces as short as a head's.
    let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 64)

    deinit { unsafe bytes.deallocate() }
  }

  private let free = Mutex<[Chunk]>([])

  func take() -> Chunk { free.withLock { $0.popLast() } ?? Chunk() }

  func give(_ chunk: Chunk) { free.withLock { $0.append(chunk) } }
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
  /// - Parameter pieces: Where the payload goes, in order; what they do not take is dropped; they take no more than
  ///   the payload. Their bytes mean nothing unless this returns.
  /// - Throws: `SpudError` (`badData`, `io`) when it does not open: it was changed, or is not there any more.
  package func open(_ extent: StoredExtent, into pieces: [UnsafeMutableRawBufferPointer]) throws {
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
    let lent = chunks.take()
    defer { chunks.give(lent) }
    let chunk = unsafe lent.bytes
    var (piece, done) = (0, 0)
    while place < end {
      let part = unsafe UnsafeMutableRawBufferPointer(rebasing: chunk[..<min(chunk.count, end - place)])
      try unsafe files.read(file, into: part, at: place)
      unsafe stream.update(UnsafeRawBufferPointer(part), into: part)
      var taken = 0
      // SAFETY: both ranges lie within their buffers.
      while unsafe taken < part.count && piece < pieces.count {
        let count = unsafe min(pieces[piece].count - done, part.count - taken)
        unsafe UnsafeMutableRawBufferPointer(rebasing: pieces[piece][done..<done + count])
          .copyMemory(from: UnsafeRawBufferPointer(rebasing: part[taken..<taken + count]))
        (taken, done) = (taken + count, done + count)
        if unsafe done == pieces[piece].count { (piece, done) = (piece + 1, 0) }
      }
      place += part.count
    }
    guard stream.finishOpening(tag: tag) else { throw refusal("the sealed pages do not open: they were changed") }
  }

  /// The whole payload of an extent.
  func payload(of extent: StoredExtent) throws -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: extent.payload)
    // SAFETY: the buffer is valid for the call.
    try unsafe bytes.withUnsafeMutableBytes { try unsafe open(extent, into: [$0]) }
    return bytes
  }
}
