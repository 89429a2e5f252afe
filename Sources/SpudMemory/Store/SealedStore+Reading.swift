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
    var bytes = hash.bytes
    bytes.reserveCapacity(bytes.count + 4 * ids.count + 4)
    for id in ids { unsafe withUnsafeBytes(of: id.littleEndian) { unsafe bytes.append(contentsOf: $0) } }
    unsafe withUnsafeBytes(of: written.littleEndian) { unsafe bytes.append(contentsOf: $0) }
    stream.update(bytes)
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
    writer.withLock { writer in for part in prefix.parts { writer?.uses[part.extent.identity] = now } }
    index.withLock { $0.apply([.use(prefix.parts.map(\.extent.identity), time: now)]) }
  }

  /// Opens an extent and puts its bytes where they belong.
  ///
  /// - Parameter pieces: Where the payload goes, in order; what they do not take is dropped. Their bytes mean nothing
  ///   unless this returns.
  /// - Throws: `SpudError` (`badData`, `io`) when it does not open: it was changed, or is not there any more.
  package func open(_ extent: StoredExtent, into pieces: [UnsafeMutableRawBufferPointer]) throws {
    func refusal(_ what: String) -> SpudError {
      SpudError(.badData, "\(layout.segment(extent.segment)), byte \(extent.offset): \(what)")
    }
    guard let key = try keys.withLock({ $0 }).key(of: extent) else { throw refusal("its key does not open") }
    let file = try files.open(layout.segment(extent.segment), .reading)
    let sealed = try files.bytes(of: file, at: extent.offset, count: extent.length)
    let stream = try CipherStream(
      .opening, key: key, nonce: Array(sealed[..<Cipher.nonceLength]), associated: extent.associated(store: identity))
    var rest = [UInt8](repeating: 0, count: 1 << 16)
    // SAFETY: the pieces are the caller's; what is read lies within the extent, and the rest goes to memory of its own.
    unsafe sealed.withUnsafeBytes { input in
      var place = Cipher.nonceLength
      let end = Cipher.nonceLength + extent.payload
      for index in unsafe pieces.indices where place < end {
        let piece = unsafe pieces[index]
        let count = min(piece.count, end - place)
        unsafe stream.update(.init(rebasing: input[place..<place + count]), into: .init(rebasing: piece[..<count]))
        place += count
      }
      unsafe rest.withUnsafeMutableBytes { rest in
        while place < input.count - Cipher.tagLength {
          let count = min(rest.count, input.count - Cipher.tagLength - place)
          unsafe stream.update(.init(rebasing: input[place..<place + count]), into: .init(rebasing: rest[..<count]))
          place += count
        }
      }
    }
    guard stream.finishOpening(tag: Array(sealed.suffix(Cipher.tagLength))) else {
      throw refusal("the sealed pages do not open: they were changed")
    }
  }

  /// The whole payload of an extent.
  func payload(of extent: StoredExtent) throws -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: extent.payload)
    // SAFETY: the buffer is valid for the call.
    try unsafe bytes.withUnsafeMutableBytes { try unsafe open(extent, into: [$0]) }
    return bytes
  }
}
