internal import COpenSSL
internal import SpudErrors

/// One message of AES-256-GCM, taken in pieces. What comes out while it is opened is not to be used before
/// `finishOpening` has said that all of it is what was sealed.
@safe
final class CipherStream {
  enum Direction { case sealing, opening }

  private let context: OpaquePointer
  private var failed = false

  init(_ direction: Direction, key: Secret, nonce: [UInt8], associated: [UInt8]) throws {
    precondition(nonce.count == Cipher.nonceLength && key.count == Cipher.keyLength, "a key of 32, a nonce of 12 bytes")
    guard let context = unsafe EVP_CIPHER_CTX_new() else { throw Cipher.failure("AES-256-GCM") }
    unsafe self.context = context
    // SAFETY: here and below, buffers are valid for the call, which touches at most the count it is given.
    let status = unsafe key.withBytes { key in
      unsafe nonce.withUnsafeBufferPointer { nonce in
        unsafe EVP_CipherInit_ex2(
          context, EVP_aes_256_gcm(), key.assumingMemoryBound(to: UInt8.self).baseAddress, nonce.baseAddress,
          direction == .sealing ? 1 : 0, nil)
      }
    }
    var written: Int32 = 0
    let associatedStatus = unsafe associated.withUnsafeBufferPointer {
      unsafe EVP_CipherUpdate(context, nil, &written, $0.baseAddress, Int32($0.count))
    }
    guard status == 1, associatedStatus == 1 || associated.isEmpty else { throw Cipher.failure("AES-256-GCM") }
  }

  deinit { unsafe EVP_CIPHER_CTX_free(context) }

  /// Takes the next piece; both buffers have the same count, below 2 GiB, and may be the same memory.
  func update(_ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) {
    precondition(input.count == output.count, "\(input.count) bytes into \(output.count)")
    guard input.count > 0 else { return }
    var written: Int32 = 0
    let status = unsafe EVP_CipherUpdate(
      context, output.assumingMemoryBound(to: UInt8.self).baseAddress, &written,
      input.assumingMemoryBound(to: UInt8.self).baseAddress, Int32(input.count))
    if status != 1 || Int(written) != input.count { failed = true }
  }

  /// - Returns: The tag.
  func finishSealing() throws -> [UInt8] {
    var tag = [UInt8](repeating: 0, count: Cipher.tagLength)
    var written: Int32 = 0
    var rest = [UInt8](repeating: 0, count: 16)
    let status = unsafe rest.withUnsafeMutableBufferPointer {
      unsafe EVP_CipherFinal_ex(context, $0.baseAddress, &written)
    }
    let tagStatus = unsafe tag.withUnsafeMutableBytes {
      unsafe EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, Int32($0.count), $0.baseAddress)
    }
    guard status == 1, tagStatus == 1, !failed else { throw Cipher.failure("AES-256-GCM") }
    return tag
  }

  /// Whether all that was taken is what was sealed.
  func finishOpening(tag: [UInt8]) -> Bool {
    guard !failed, tag.count == Cipher.tagLength else { return false }
    var tag = tag
    let tagStatus = unsafe tag.withUnsafeMutableBytes {
      unsafe EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, Int32($0.count), $0.baseAddress)
    }
    var written: Int32 = 0
    var rest = [UInt8](repeating: 0, count: 16)
    let status = unsafe rest.withUnsafeMutableBufferPointer {
      unsafe EVP_CipherFinal_ex(context, $0.baseAddress, &written)
    }
    return tagStatus == 1 && status == 1
  }
}
