internal import Foundation
package import SpudBrowser
internal import SpudErrors
internal import SpudSupport

/// A copy of a folder that is worked on in its place, and what is different in the end.
///
/// Files are read and written through their whole path without links: none leads outside.
package final class Workspace {
  /// The folder that was copied.
  let original: URL
  /// Where the copy is; removed with this object.
  let copy: URL
  /// Files that tools have written, by path from the folder. Only these reach the folder.
  package private(set) var written: Set<String> = []
  /// What was not copied, in words.
  package private(set) var remarks: [String] = []
  /// The bytes of each file as it was when it was copied.
  private var before: [String: Data] = [:]
  /// Links of the folder, which the copy does not have.
  private var links: Set<String> = []

  static let inside = "/workspace"
  private static let fileLimit = 20_000, byteLimit = 256 << 20

  /// - Throws: `noInput` where there is no such folder, `badData` where it is too large.
  package init(_ path: String) throws {
    original = URL(filePath: path.isEmpty ? "/nowhere" : path).resolvingSymlinksInPath()
    let kind = (try? FileManager.default.attributesOfItem(atPath: original.path))?[.type] as? FileAttributeType
    guard kind == .typeDirectory, !path.isEmpty else {
      throw SpudError(.noInput, "'\(path)': no such folder")
    }
    copy = FileManager.default.temporaryDirectory.appending(path: "spud-workspace-\(UUID().uuidString)")
      .resolvingSymlinksInPath()
    guard let entries = Self.entries(of: original, most: Self.fileLimit, bytes: Self.byteLimit) else {
      throw SpudError(
        .badData,
        "\(path): more than \(Self.fileLimit) files or \(Self.byteLimit >> 20) MiB, the limit of what is copied")
    }
    do {
      try FileManager.default.createDirectory(at: copy, withIntermediateDirectories: true)
    } catch {
      throw SpudError(.io, "\(copy.path): no folder could be made for the copy")
    }
    do {
      try fill(entries)
    } catch {
      try? FileManager.default.removeItem(at: copy)
      throw error
    }
  }

  package var path: String { original.path }
  /// Where the copy is, for whoever has to remove it when the process ends.
  package var copyPath: String { copy.path }

  deinit { try? FileManager.default.removeItem(at: copy) }

  private func fill(_ entries: [(String, FileAttributeType)]) throws {
    for (path, kind) in entries {
      guard kind != .typeSymbolicLink else {
        links.insert(path)
        remarks.append("\(path) is a link, which was not copied")
        continue
      }
      guard kind == .typeDirectory || kind == .typeRegular else {
        remarks.append("\(path) is no file, and was not copied")
        continue
      }
      let (from, to) = (original.appending(path: path), copy.appending(path: path))
      do {
        if kind == .typeDirectory {
          try FileManager.default.createDirectory(at: to, withIntermediateDirectories: true)
        } else if kind == .typeRegular {
          let data = try Data(contentsOf: from)
          before[path] = data
          try data.write(to: to)
          let mode = try FileManager.default.attributesOfItem(atPath: from.path)[.posixPermissions] ?? 0o644
          try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: to.path)
        }
      } catch {
        throw SpudError(.io, "\(from.path): cannot be copied")
      }
    }
  }

  /// Every entry under a folder, by path from it, without following links; `.git` is left out. Nil where there are more
  /// of them, or of their bytes, than the limits.
  private static func entries(of folder: URL, most: Int, bytes limit: Int) -> [(String, FileAttributeType)]? {
    var found: [(String, FileAttributeType)] = []
    var open = [""]
    var bytes = 0
    while let directory = open.popLast() {
      let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path + "/" + directory)) ?? []
      for name in names.sorted() where !(directory.isEmpty && name == ".git") {
        let path = directory.isEmpty ? name : "\(directory)/\(name)"
        let attributes = try? FileManager.default.attributesOfItem(atPath: folder.path + "/" + path)
        guard let kind = attributes?[.type] as? FileAttributeType else { continue }
        found.append((path, kind))
        if kind == .typeRegular { bytes += attributes?[.size] as? Int ?? 0 }
        guard found.count <= most, bytes <= limit else { return nil }
        if kind == .typeDirectory { open.append(path) }
      }
    }
    return found.sorted { $0.0 < $1.0 }
  }

  /// The files of the copy, by path.
  package var files: [String] {
    (Self.entries(of: copy, most: .max, bytes: .max) ?? []).filter { $0.1 == .typeRegular }.map(\.0)
  }

  /// The folder of the copy as a sandbox sees it.
  package var folder: Sandbox.Folder { Sandbox.Folder(copy.path, as: Self.inside, isWritable: true) }

  /// Where a path of the workspace is.
  ///
  /// - Throws: `badData` where it leads outside, or through a link.
  func resolve(_ path: String) throws -> (url: URL, path: String) {
    var parts: [String] = []
    let given = path.hasPrefix(Self.inside + "/") ? String(path.dropFirst(Self.inside.count + 1)) : path
    guard !given.hasPrefix("/"), !given.contains("\0") else {
      throw SpudError(.badData, "\(path): a path outside of the workspace")
    }
    for part in given.split(separator: "/").map(String.init) where part != "." {
      guard part != ".." else { throw SpudError(.badData, "\(path): a path outside of the workspace") }
      parts.append(part)
      let url = copy.appending(path: parts.joined(separator: "/"))
      let kind = (try? FileManager.default.attributesOfItem(atPath: url.path))?[.type] as? FileAttributeType
      guard kind != .typeSymbolicLink, !links.contains(parts.joined(separator: "/")) else {
        throw SpudError(.badData, "\(path): \(parts.joined(separator: "/")) is a link, which is not followed")
      }
    }
    let clean = parts.joined(separator: "/")
    return (copy.appending(path: clean), clean)
  }

  /// - Throws: `noInput` where there is no such file, `badData` where it is no text or too large.
  package func read(_ path: String) throws -> String {
    let (url, clean) = try resolve(path)
    guard let data = try? Data(contentsOf: url) else { throw SpudError(.noInput, "\(clean): no such file") }
    guard data.count <= 4 << 20, let text = String(data: data, encoding: .utf8) else {
      throw SpudError(.badData, "\(clean): \(data.count) bytes that are no text, or too many")
    }
    return text
  }

  package func write(_ text: String, to path: String) throws {
    let (url, clean) = try resolve(path)
    guard !clean.isEmpty, clean != ".git", !clean.hasPrefix(".git/") else {
      throw SpudError(.badData, "\(path): no file that may be written")
    }
    do {
      try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(text.utf8).write(to: url)
    } catch {
      throw SpudError(.io, "\(clean): cannot be written")
    }
    written.insert(clean)
  }

  // MARK: - What is different

  package struct Change: Sendable, Equatable {
    package let path: String
    package let before: String
    package let after: String
    package let isNew: Bool
  }

  /// What tools have written, where it is different now.
  package var changes: [Change] {
    written.sorted().compactMap { path in
      guard let text = try? read(path) else { return nil }
      let old = before[path]
      // Byte by byte: to a string an accent is the same however it is spelled.
      guard old.map({ !$0.elementsEqual(text.utf8) }) ?? true else { return nil }
      return Change(path: path, before: String(decoding: old ?? Data(), as: UTF8.self), after: text, isNew: old == nil)
    }
  }

  /// Files that commands made, changed or deleted, which do not reach the folder.
  package var leftOut: [String] {
    let now = Set(files)
    let gone = before.keys.filter { !now.contains($0) }.map { "\($0) was deleted" }
    let other = now.subtracting(written).compactMap { path -> String? in
      guard let old = before[path] else { return "\(path) was made" }
      return (try? Data(contentsOf: copy.appending(path: path))) == old ? nil : "\(path) was changed"
    }
    let lost = written.filter { now.contains($0) && (try? read($0)) == nil }.map { "\($0) is no text any more" }
    let vanished = written.filter { before[$0] == nil && !now.contains($0) }.map { "\($0) was deleted again" }
    return (gone + other + lost + vanished).sorted()
  }

  /// Puts the changes into the folder, all of them or none.
  ///
  /// - Throws: `badData` where a file there is no longer what was copied, or lies behind a link; `io` where one cannot
  ///   be written.
  package func apply() throws {
    let changes = self.changes
    for change in changes {
      let now = try? Data(contentsOf: original.appending(path: change.path))
      guard now == before[change.path], !isBehindLink(change.path) else {
        throw SpudError(.badData, "\(change.path): has changed in the folder since it was copied; nothing was written")
      }
    }
    var done: [Change] = []
    do {
      for change in changes {
        let target = original.appending(path: change.path)
        try? FileManager.default.createDirectory(
          at: target.deletingLastPathComponent(), withIntermediateDirectories: true)
        try AtomicFile.write(Array(change.after.utf8), to: target.path)
        done.append(change)
      }
    } catch {
      let left = done.filter { !isUndone($0) }.map(\.path)
      let reason = (error as? SpudError)?.message ?? "a file cannot be written"
      throw SpudError(
        .io,
        "\(reason); "
          + (left.isEmpty ? "nothing was changed" : "\(left.joined(separator: ", ")) could not be put back"))
    }
  }

  /// Whether a path of the folder, or a folder on the way to it, is a link there now.
  private func isBehindLink(_ path: String) -> Bool {
    var place = original
    return path.split(separator: "/").contains { part in
      place.append(path: String(part))
      let kind = (try? FileManager.default.attributesOfItem(atPath: place.path))?[.type] as? FileAttributeType
      return kind == .typeSymbolicLink
    }
  }

  private func isUndone(_ change: Change) -> Bool {
    let target = original.appending(path: change.path).path
    guard let old = before[change.path] else { return (try? FileManager.default.removeItem(atPath: target)) != nil }
    return (try? AtomicFile.write(Array(old), to: target)) != nil
  }
}
