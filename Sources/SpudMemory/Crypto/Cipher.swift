internal import COpenSSL
internal import SpudErrors
internal import SpudTensors

/// What the store asks of OpenSSL's libcrypto: AES-256-GCM, HMAC and HKDF with SHA-256, scrypt, random bytes.
enum Cipher {
  static let keyLength = 32
  static let nonceLength = 12
  static let tagLength = 16
  /// What sealing adds.
  static let overhead = nonceLength + tagLength

  /// What is said when the library fails at something that needs nothing but memory.
  static func failure(_ what: String) -> SpudError {
    SpudError(.internal, "libcrypto cannot do \(what) (OpenSSL 3 was expected)")
  }

  /// Random bytes, from the system's source.
  static func random(_ count: Int) throws -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    // SAFETY: here and below, buffers are valid for the call, which touches at most their count.
    let status = unsafe bytes.withUnsafeMutableBufferPointer { unsafe RAND_bytes($0.baseAddress, Int32($0.count)) }
    guard status == 1 else { throw failure("random numbers") }
    return bytes
  }

  /// A random key.
  static func randomKey() throws -> Secret {
    try unsafe Secret(count: keyLength) { bytes in
      let status = unsafe RAND_priv_bytes(bytes.assumingMemoryBound(to: UInt8.self).baseAddress, Int32(bytes.count))
      guard status == 1 else { throw failure("random numbers") }
    }
  }

  /// HMAC-SHA256 of `message` under `key`, written to `output`, which has 32 bytes.
  private static func authenticate(
    _ message: [UInt8], key: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
  ) throws {
    precondition(output.count == Digest.byteCount, "HMAC-SHA256 has 32 bytes")
    let result = unsafe message.withUnsafeBufferPointer { message in
      unsafe HMAC(
        EVP_sha256(), key.baseAddress, Int32(key.count), message.baseAddress, message.count,
        output.assumingMemoryBound(to: UInt8.self).baseAddress, nil)
    }
    guard unsafe result != nil else { throw failure("HMAC-SHA256") }
  }

  /// HKDF with SHA-256 (RFC 5869), for as many bytes as one block has, 32.
  static func derive(from key: Secret, salt: [UInt8], info: [UInt8]) throws -> Secret {
    let extracted = try unsafe Secret(count: Digest.byteCount) { output in
      let input = unsafe key.withBytes { unsafe [UInt8]($0) }
      try unsafe salt.withUnsafeBytes { try unsafe authenticate(input, key: $0, into: output) }
    }
    return try unsafe Secret(count: Digest.byteCount) { output in
      try unsafe extracted.withBytes { try unsafe authenticate(info + [1], key: $0, into: output) }
    }
  }

  /// scrypt (RFC 7914).
  ///
  /// - Parameters:
  ///   - logCost: The cost N as a power of two.
  ///   - blockSize: The factor r; memory is 128 · N · r bytes.
  static func stretch(_ passphrase: Secret, salt: [UInt8], logCost: Int, blockSize: Int, lanes: Int) throws -> Secret {
    try unsafe Secret(count: keyLength) { output in
      let memory = 128 * (1 << logCost) * blockSize + 128 * blockSize * lanes + (1 << 20)
      let status = unsafe passphrase.withBytes { passphrase in
        unsafe salt.withUnsafeBufferPointer { salt in
          unsafe EVP_PBE_scrypt(
            passphrase.assumingMemoryBound(to: CChar.self).baseAddress, passphrase.count, salt.baseAddress,
            salt.count, UInt64(1) << logCost, UInt64(blockSize), UInt64(lanes), UInt64(memory),
            output.assumingMemoryBound(to: UInt8.self).baseAddress, output.count)
        }
      }
      guard status == 1 else { throw failure("scrypt with \(memory >> 20) MiB of memory") }
    }
  }

  // MARK: Small messages

  /// Seals some bytes with AES-256-GCM under a random nonce.
  ///
  /// - Returns: Nonce, ciphertext, tag.
  static func seal(_ plain: [UInt8], key: Secret, associated: [UInt8]) throws -> [UInt8] {
    let nonce = try random(nonceLength)
    let stream = try CipherStream(.sealing, key: key, nonce: nonce, associated: associated)
    var output = [UInt8](repeating: 0, count: plain.count)
    unsafe plain.withUnsafeBytes { plain in
      unsafe output.withUnsafeMutableBytes { unsafe stream.update(plain, into: $0) }
    }
    return nonce + output + (try stream.finishSealing())
  }

  /// Opens what `seal` made.
  ///
  /// - Returns: Nil when key, associated data or any byte is another.
  static func open(_ sealed: some RandomAccessCollection<UInt8>, key: Secret, associated: [UInt8]) throws -> [UInt8]? {
    guard sealed.count >= overhead else { return nil }
    let input = Array(sealed)
    let stream = try CipherStream(
      .opening, key: key, nonce: Array(input[..<nonceLength]), associated: associated)
    let body = Array(input[nonceLength..<(input.count - tagLength)])
    var output = [UInt8](repeating: 0, count: body.count)
    unsafe body.withUnsafeBytes { body in
      unsafe output.withUnsafeMutableBytes { unsafe stream.update(body, into: $0) }
    }
    return stream.finishOpening(tag: Array(input.suffix(tagLength))) ? output : nil
  }

  /// Seals a key under another one.
  static func wrap(_ key: Secret, under wrapping: Secret, associated: [UInt8]) throws -> [UInt8] {
    try seal(unsafe key.withBytes { unsafe [UInt8]($0) }, key: wrapping, associated: associated)
  }

  /// The bytes that `wrap` gives.
  static let wrappedLength = keyLength + overhead

  /// - Returns: Nil when it is not the key that was wrapped, or not under this one.
  static func unwrap(
    _ wrapped: some RandomAccessCollection<UInt8>, under wrapping: Secret, associated: [UInt8]
  ) throws -> Secret? {
    guard var bytes = try open(wrapped, key: wrapping, associated: associated), bytes.count == keyLength else {
      return nil
    }
    return Secret(taking: &bytes)
  }
}
