#if Server
internal import Foundation
internal import SpudErrors
internal import SpudProtocol

/// The page at `/`, and the documentation of the interface at `/openapi.json`.
enum Page {
  /// Which file is at which path, and of what type.
  static let files: [String: (name: String, type: String)] = [
    "/": ("index.html", "text/html; charset=utf-8"), "/page.css": ("page.css", "text/css; charset=utf-8"),
    "/page.js": ("page.js", "text/javascript; charset=utf-8"), "/openapi.json": ("openapi.json", "application/json"),
  ]

  /// The page asks nobody but this server, and nothing else may be put into it.
  private static let policy =
    "default-src 'self'; img-src 'self' data: blob:; media-src 'self' data: blob:; base-uri 'none'; "
    + "form-action 'self'; frame-ancestors 'none'"

  /// Reads the files, which lie in a folder beside the program.
  ///
  /// - Throws: `SpudError` (`unavailable`) when one is missing.
  static func load() throws -> [String: Reply.Body] {
    try files.mapValues { file in
      let folder = Bundle.main.bundleURL.appending(path: "spud_SpudServer.resources/Resources")
      guard let data = try? Data(contentsOf: folder.appending(path: file.name)) else {
        throw SpudError(.unavailable, "\(folder.path): lacks \(file.name), which belongs beside the server")
      }
      let headers = [
        ("content-security-policy", policy), ("x-content-type-options", "nosniff"), ("cache-control", "no-cache"),
      ]
      return Reply.Body(type: file.type, bytes: Array(data), headers: headers)
    }
  }

  static func answer(_ server: ServerContext, _ incoming: Incoming) async throws -> Reply {
    guard let body = server.page[incoming.path] else { throw APIError(404, "there is nothing at \(incoming.path)") }
    return .body(body)
  }
}
#endif
