internal import COpenSSL
internal import SpudErrors

/// A SHA-256 digest.
struct Digest: Hashable, Sendable {
  static let byteCount = 32

  /// As the bytes stand in memory.
  private var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)

  /// - Parameter bytes: 32 of them.
  init(_ bytes: some Collection<UInt8>) {
    precondition(bytes.count == Self.byteCount, "a digest has 32 bytes, not \(bytes.count)")
    // SAFETY: the words take exactly so many bytes.
    unsafe withUnsafeMutableBytes(of: &words) { unsafe $0.copyBytes(from: bytes) }
  }

  /// A digest that `fill` writes.
  fileprivate init(_ fill: (UnsafeMutableRawBufferPointer) -> Void) {
    unsafe withUnsafeMutableBytes(of: &words) { unsafe fill($0) }
  }

  func withBytes(_ body: (UnsafeRawBufferPointer) -> Void) {
    unsafe withUnsafeBytes(of: words) { unsafe body($0) }
  }

  var bytes: [UInt8] { unsafe withUnsafeBytes(of: words) { unsafe Array($0) } }

  static func == (left: Digest, right: Digest) -> Bool {
    left.words.0 == right.words.0 && left.words.1 == right.words.1 && left.words.2 == right.words.2
      && left.words.3 == right.words.3
  }

  func hash(into hasher: inout Hasher) { hasher.combine(words.0) }
}

/// SHA-256 over bytes that come in pieces. One thread uses it at a time; it can be used again after `finish`.
@safe
final class DigestStream {
  private let context: OpaquePointer

  init() throws {
    guard let context = unsafe EVP_MD_CTX_new(), unsafe EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1 else {
      throw Cipher.failure("SHA-256")
    }
    unsafe self.context = context
  }

  deinit { unsafe EVP_MD_CTX_free(context) }

  func update(_ bytes: [UInt8]) {
    // SAFETY: here and below, the buffer is valid for the call, which reads its count.
    unsafe bytes.withUnsafeBytes { unsafe update($0) }
  }

  func update(_ bytes: UnsafeRawBufferPointer) {
    _ = unsafe EVP_DigestUpdate(context, bytes.baseAddress, bytes.count)
  }

  func finish() -> Digest {
    let digest = unsafe Digest { bytes in
      _ = unsafe EVP_DigestFinal_ex(context, bytes.assumingMemoryBound(to: UInt8.self).baseAddress, nil)
    }
    // Keeps the algorithm, begins anew.
    _ = unsafe EVP_DigestInit_ex(context, nil, nil)
    return digest
  }
}

extension Digest {
  /// The digest of some bytes.
  init(of bytes: [UInt8]) throws {
    let stream = try DigestStream()
    stream.update(bytes)
    self = stream.finish()
  }
}
