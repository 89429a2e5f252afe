internal import Foundation
package import SpudBrowser
internal import SpudErrors

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

  static let inside = "/workspace"
  private static let fileLimit = 20_000, byteLimit = 256 << 20

  /// - Throws: `noInput` where there is no such folder, `badData` where it is too large.
  package init(_ path: String) throws {
    original = URL(filePath: path).resolvingSymlinksInPath()
    let kind = (try? FileManager.default.attributesOfItem(atPath: original.path))?[.type] as? FileAttributeType
    guard kind == .typeDirectory else {
      throw SpudError(.noInput, "\(path): no such folder")
    }
    copy = FileManager.default.temporaryDirectory.appending(path: "spud-workspace-\(UUID().uuidString)")
      .resolvingSymlinksInPath()
    do {
      try FileManager.default.createDirectory(at: copy, withIntermediateDirectories: true)
    } catch {
      throw SpudError(.io, "\(copy.path): no folder could be made for the copy")
    }
    try fill(path)
  }

  package var path: String { original.path }

  deinit { try? FileManager.default.removeItem(at: copy) }

  private func fill(_ name: String) throws {
    var bytes = 0
    for (path, kind) in Self.entries(of: original) {
      guard kind != .typeSymbolicLink else {
        remarks.append("\(path) is a link, which was not copied")
        continue
      }
      let (from, to) = (original.appending(path: path), copy.appending(path: path))
      do {
        if kind == .typeDirectory {
          try FileManager.default.createDirectory(at: to, withIntermediateDirectories: true)
        } else if kind == .typeRegular {
          let data = try Data(contentsOf: from)
          bytes += data.count
          guard bytes <= Self.byteLimit, before.count < Self.fileLimit else {
            throw SpudError(
              .badData, "\(name): more than \(Self.fileLimit) files or \(Self.byteLimit >> 20) MiB, which is the limit")
          }
          before[path] = data
          try data.write(to: to)
          let mode = try FileManager.default.attributesOfItem(atPath: from.path)[.posixPermissions] ?? 0o644
          try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: to.path)
        }
      } catch let error as SpudError {
        throw error
      } catch {
        throw SpudError(.io, "\(from.path): cannot be copied")
      }
    }
  }

  /// Every entry under a folder, by path from it, without following links; `.git` is left out.
  private static func entries(of folder: URL) -> [(String, FileAttributeType)] {
    var found: [(String, FileAttributeType)] = []
    var open = [""]
    while let directory = open.popLast() {
      let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path + "/" + directory)) ?? []
      for name in names.sorted() where !(directory.isEmpty && name == ".git") {
        let path = directory.isEmpty ? name : "\(directory)/\(name)"
        let attributes = try? FileManager.default.attributesOfItem(atPath: folder.path + "/" + path)
        guard let kind = attributes?[.type] as? FileAttributeType else { continue }
        found.append((path, kind))
        if kind == .typeDirectory { open.append(path) }
      }
    }
    return found.sorted { $0.0 < $1.0 }
  }

  /// The files of the copy, by path.
  package var files: [String] { Self.entries(of: copy).filter { $0.1 == .typeRegular }.map(\.0) }

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
      guard kind != .typeSymbolicLink else {
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
      let old = before[path].map { String(decoding: $0, as: UTF8.self) }
      return text == old ? nil : Change(path: path, before: old ?? "", after: text, isNew: old == nil)
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
    return (gone + other).sorted()
  }

  /// Puts the changes into the folder.
  ///
  /// - Throws: `badData` where a file there is no longer what was copied; nothing is written then.
  package func apply() throws {
    let changes = self.changes
    for change in changes {
      let target = original.appending(path: change.path)
      let now = try? Data(contentsOf: target)
      let isLink = (try? FileManager.default.attributesOfItem(atPath: target.path))?[.type] as? FileAttributeType
      guard now == before[change.path], isLink != .typeSymbolicLink else {
        throw SpudError(.badData, "\(change.path): has changed in the folder since it was copied; nothing was written")
      }
    }
    for change in changes {
      let target = original.appending(path: change.path)
      do {
        try FileManager.default.createDirectory(
          at: target.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(change.after.utf8).write(to: target, options: .atomic)
      } catch {
        throw SpudError(.io, "\(change.path): cannot be written")
      }
    }
  }
}
