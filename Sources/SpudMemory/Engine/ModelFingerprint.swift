internal import Glibc
internal import SpudErrors
internal import SpudInference

/// What stands for a model's files: a hash over all of their bytes.
///
/// Hashing large weights takes seconds, so the hash of a file is kept beside what was seen of stores, and taken again
/// when the file's size, time or number changes.
enum ModelFingerprint {
  static func identity(of model: Model, knownIn directory: String) throws -> [UInt8] {
    let paths = try model.filesOfIdentity
    let known = Known(directory + "/fingerprints")
    var writer = ByteWriter()
    writer.put("spud memory, model")
    for path in paths {
      writer.put(path == model.path ? "" : StoreLayout.name(of: path))
      writer.put(raw: try digest(of: path, known).bytes)
    }
    return try Digest(of: writer.bytes).bytes
  }

  private static func digest(of path: String, _ known: Known) throws -> Digest {
    var status = stat()
    // SAFETY: the path is a NUL-terminated copy that lives for the call.
    guard unsafe stat(path, &status) == 0 else { throw SystemFiles.failure(path, "cannot be read") }
    let key =
      "\(status.st_dev) \(status.st_ino) \(status.st_size) \(status.st_mtim.tv_sec) \(status.st_mtim.tv_nsec) "
      + "\(status.st_ctim.tv_sec) \(status.st_ctim.tv_nsec)"
    // Small files are read each time.
    if status.st_size > 1 << 20, let digest = known[key] { return digest }
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw SystemFiles.failure(path, "cannot be read") }
    let file = OpenFile(path: path, descriptor: descriptor)
    let stream = try DigestStream()
    var place = 0
    let files = SystemFiles()
    while place < Int(status.st_size) {
      let count = min(1 << 20, Int(status.st_size) - place)
      stream.update(try files.bytes(of: file, at: place, count: count))
      place += count
    }
    let digest = stream.finish()
    if status.st_size > 1 << 20 { known.note(key, digest) }
    return digest
  }

  /// Hashes of files seen before: a line each.
  private struct Known {
    private let path: String
    private let lines: [String: Digest]

    init(_ path: String) {
      self.path = path
      let files = SystemFiles()
      guard let file = try? files.open(path, .reading), let length = try? files.length(of: file), length < 1 << 20,
        let bytes = try? files.bytes(of: file, at: 0, count: length)
      else {
        lines = [:]
        return
      }
      var found: [String: Digest] = [:]
      for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
        let parts = line.split(separator: "=", maxSplits: 1)
        guard parts.count == 2, let raw = Self.bytes(hex: parts[1]) else { continue }
        found[String(parts[0])] = Digest(raw)
      }
      lines = found
    }

    subscript(key: String) -> Digest? { lines[key] }

    /// What cannot be noted is hashed again next time.
    func note(_ key: String, _ digest: Digest) {
      let kept = lines.filter { $0.key != key }.sorted { $0.key < $1.key }.suffix(255) + [(key: key, value: digest)]
      let text = kept.map { "\($0.key)=" + Self.hex($0.value.bytes) + "\n" }.joined()
      try? SystemFiles().replace(path, with: Array(text.utf8))
    }

    private static func hex(_ bytes: [UInt8]) -> String {
      bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    private static func bytes(hex text: Substring) -> [UInt8]? {
      let digits = Array(text.utf8)
      guard digits.count == 2 * Digest.byteCount else { return nil }
      let bytes = stride(from: 0, to: digits.count, by: 2).compactMap {
        UInt8(String(decoding: digits[$0..<$0 + 2], as: UTF8.self), radix: 16)
      }
      return bytes.count == Digest.byteCount ? bytes : nil
    }
  }
}
