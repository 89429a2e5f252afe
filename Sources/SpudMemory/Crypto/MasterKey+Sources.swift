internal import COpenSSL
internal import Glibc
internal import SpudErrors

extension MasterKey {
  /// The name under which a service's credentials and the kernel's keyring hold the key.
  package static let name = "spud-memory"

  /// A raw key from a file that nobody but its owner can read.
  ///
  /// - Throws: `SpudError`: `noInput` when there is none, `badData` when it is too short, a link, or open to others.
  package static func file(_ path: String) throws -> MasterKey {
    .raw(try secret(in: path, least: leastBytes))
  }

  /// A passphrase from a file that nobody but its owner can read; a newline at its end is no part of it.
  package static func passphraseFile(_ path: String) throws -> MasterKey {
    let secret = try secret(in: path, least: 1)
    var bytes = unsafe secret.withBytes { unsafe [UInt8]($0) }
    if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
    guard !bytes.isEmpty else { throw SpudError(.badData, "\(path): holds an empty passphrase") }
    return .passphrase(Secret(taking: &bytes))
  }

  private static func secret(in path: String, least: Int) throws -> Secret {
    // SAFETY: the path is a NUL-terminated copy that lives for the call.
    let descriptor = unsafe open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw SpudError(
        errno == ENOENT ? .noInput : .badData,
        "\(path): the key cannot be opened: \(unsafe String(cString: strerror(errno)).lowercased())")
    }
    defer { close(descriptor) }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw SpudError(.badData, "\(path): is no plain file, expected a file with a key")
    }
    guard status.st_mode & 0o077 == 0, status.st_uid == geteuid() || status.st_uid == 0 else {
      throw SpudError(
        .badData,
        "\(path): can be read by others (mode \(String(status.st_mode & 0o777, radix: 8))), expected a file of yours "
          + "with mode 600")
    }
    let count = Int(status.st_size)
    guard (least...4096).contains(count) else {
      throw SpudError(.badData, "\(path): holds \(count) bytes, but a key has \(least) to 4096")
    }
    return try unsafe Secret(count: count) { bytes in
      guard unsafe Glibc.read(descriptor, bytes.baseAddress, bytes.count) == count else {
        throw SpudError(.io, "\(path): the key cannot be read")
      }
    }
  }

  /// The key that a service was given: the file `spud-memory` in `$CREDENTIALS_DIRECTORY`; nil where there is none.
  package static func credential(_ environment: [String: String]) throws -> MasterKey? {
    guard let directory = environment["CREDENTIALS_DIRECTORY"], !directory.isEmpty else { return nil }
    let path = directory + "/" + name
    guard unsafe access(path, F_OK) == 0 else { return nil }
    return try file(path)
  }

  /// The key "spud-memory", of the kind "user", in the kernel's keyring; nil where there is none.
  package static func keyring() throws -> MasterKey? {
    let key = unsafe spud_find_key(name)
    guard key >= 0 else { return nil }
    let count = spud_read_key(key, nil, 0)
    guard count >= leastBytes, count <= 4096 else {
      throw SpudError(
        .badData,
        "the kernel's key \(name) holds \(max(count, 0)) bytes that can be read, but a key has \(leastBytes) to 4096")
    }
    return .raw(
      try unsafe Secret(count: count) { bytes in
        let buffer = unsafe bytes.assumingMemoryBound(to: UInt8.self)
        guard unsafe spud_read_key(key, buffer.baseAddress, buffer.count) == count else {
          throw SpudError(.io, "the kernel's key \(name) cannot be read")
        }
      })
  }

  /// The key that is given, or else the one that a service was given, or else the kernel's.
  ///
  /// - Throws: `SpudError` (`usage`) when there is none of them: nothing is ever kept without a key.
  package static func find(_ given: MasterKey?, environment: [String: String]) throws -> MasterKey {
    if let found = try given ?? credential(environment) ?? keyring() { return found }
    throw SpudError(
      .usage,
      "no key was given, and nothing is remembered without one: name a file of \(leastBytes) random bytes "
        + "(head -c 32 /dev/urandom > KEY; chmod 600 KEY) or a passphrase")
  }
}
