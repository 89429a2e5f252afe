internal import Foundation
package import SpudBrowser
internal import SpudErrors

/// The files of the pages, answered to a browser without a network.
package struct MiniwobSite: Sendable {
  private let root: URL
  static let address = "http://miniwob.test/"

  /// - Parameter pages: the folder `html/miniwob` of PyPI's miniwob 1.1.0.
  /// - Throws: `noInput` where it is none.
  package init(pages: String) throws {
    let folder = URL(filePath: pages).resolvingSymlinksInPath()
    root = folder.deletingLastPathComponent()
    guard FileManager.default.fileExists(atPath: folder.appending(path: "click-test.html").path),
      FileManager.default.fileExists(atPath: root.appending(path: "core/core.js").path)
    else {
      throw SpudError(
        .noInput, "\(pages): not the folder html/miniwob of PyPI's miniwob 1.1.0, which has the pages")
    }
  }

  package func answer(_ request: PageRequest) -> PageAnswer {
    guard request.method == "GET", request.url.hasPrefix(Self.address) else { return .refused }
    let path = request.url.dropFirst(Self.address.count).prefix { $0 != "?" && $0 != "#" }
    let decoded = String(path).removingPercentEncoding ?? ""
    guard !decoded.split(separator: "/").contains(".."), !decoded.contains("\0") else { return .refused }
    let file = root.appending(path: decoded).resolvingSymlinksInPath()
    guard file.path.hasPrefix(root.path + "/"), let data = try? Data(contentsOf: file) else { return .refused }
    return .page(type: Self.type(of: file.pathExtension.lowercased()), body: Array(data))
  }

  private static func type(of name: String) -> String {
    switch name {
    case "html": "text/html; charset=utf-8"
    case "js": "text/javascript"
    case "css": "text/css"
    case "png": "image/png"
    case "gif": "image/gif"
    case "jpg", "jpeg": "image/jpeg"
    case "svg": "image/svg+xml"
    default: "application/octet-stream"
    }
  }
}
