import Foundation
import SpudMedia
import Testing

@testable import SpudComparison

/// Chromium, if it is installed.
private let browser = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].first {
  FileManager.default.isExecutableFile(atPath: $0)
}

@Suite("The report in a browser", .enabled(if: browser != nil, "Chromium is not installed"), .serialized)
struct BrowserTests {
  /// Shows a page and returns what the document has become and what the console said.
  private func show(
    _ page: String, width: Int, picture: String? = nil, isDark: Bool = false
  ) throws -> (document: String, console: String) {
    let folder = FileManager.default.temporaryDirectory.appending(path: "spud-browser-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appending(path: "page.html")
    try Data(page.utf8).write(to: file)
    let process = Process()
    process.executableURL = URL(fileURLWithPath: try #require(browser))
    process.arguments =
      [
        "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars",
        "--user-data-dir=\(folder.path)/profile", "--enable-logging=stderr", "--virtual-time-budget=2000",
        "--window-size=\(width),1200", "--blink-settings=preferredColorScheme=\(isDark ? 0 : 1)",
      ] + (picture.map { ["--screenshot=\($0)"] } ?? ["--dump-dom"]) + [file.absoluteString]
    let (output, errors) = (folder.appending(path: "out"), folder.appending(path: "err"))
    for file in [output, errors] { _ = FileManager.default.createFile(atPath: file.path, contents: nil) }
    process.standardOutput = try FileHandle(forWritingTo: output)
    process.standardError = try FileHandle(forWritingTo: errors)
    try process.run()
    process.waitUntilExit()
    let console = String(decoding: try Data(contentsOf: errors), as: UTF8.self)
      .split(separator: "\n").filter { $0.contains(":CONSOLE") }.joined(separator: "\n")
    return (String(decoding: try Data(contentsOf: output), as: UTF8.self), console)
  }

  @Test("shows every claim and every plot, without a word in the console")
  func rendersEverything() throws {
    let report = SampleEvidence.sharedReport
    let (document, console) = try show(report.html(), width: 1400)
    #expect(console.isEmpty, "\(console)")
    for claim in report.claims {
      #expect(document.contains("id=\"claim-\(claim.id.rawValue)\""))
      #expect(document.contains("data-claim=\"\(claim.id.rawValue)\" data-verdict=\"\(claim.verdict.rawValue)\""))
      for plot in claim.plots { #expect(document.contains("<figure class=\"plot\" id=\"\(plot.id)\">")) }
    }
    for id in ["skills", "timeline", "stream", "experts"] {
      #expect(document.contains("<figure class=\"plot\" id=\"\(id)\">"), "\(id)")
    }
  }

  @Test("nothing stands out beyond the page, and one drawing of each plot is shown", arguments: [400, 1400])
  func fits(width: Int) throws {
    // A browser's window has a least width, so the page is put into a frame of the width asked for; the frame's owner
    // may look into it, and its answer is read from the document.
    let page = SampleEvidence.sharedReport.html()
      .replacing("<meta http-equiv=\"Content-Security-Policy\"", with: "<meta name=\"policy\"")
    let wrapper = """
      <!DOCTYPE html><html><body style="margin:0"><iframe id="f" style="border:0;width:\(width)px;height:1200px" \
      srcdoc="\(escaped(page))"></iframe><script>
      document.getElementById('f').onload = function () {
        const d = this.contentDocument, w = d.documentElement.scrollWidth;
        const plots = [...d.querySelectorAll('figure.plot svg')].map(plot => plot.getBoundingClientRect());
        const shown = plots.filter(box => box.width > 0).length;
        const wide = plots.filter(box => box.right > w).length;
        const first = d.querySelector('ol.claims').getBoundingClientRect().bottom;
        document.body.dataset.result = [w, shown, wide, Math.round(first)].join(' ');
      };</script></body></html>
      """
    let (document, _) = try show(wrapper, width: max(width, 600))
    let result = try #require(document.firstMatch(of: /data-result="([0-9]+) ([0-9]+) ([0-9]+) ([0-9]+)"/))
    #expect(Int(result.1) == width, "the page is \(result.1) pixels wide in a window of \(width)")
    let plots = SampleEvidence.sharedReport.claims.reduce(0) { $0 + $1.plots.count } + 3
    #expect(Int(result.2) == plots, "\(result.2) of \(plots) plots are shown")
    #expect(result.3 == "0")
    // All verdicts stand on the first screen of a desk's window.
    if width == 1400 { #expect((Int(result.4) ?? 0) <= 900, "the last claim ends at \(result.4)") }
  }

  @Test("a picture of it can be taken, on light paper and on dark", arguments: [500, 1400], [true, false])
  func photographs(width: Int, isDark: Bool) throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "spud-report-\(UUID().uuidString).png").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    _ = try show(SampleEvidence.sharedReport.html(), width: width, picture: path, isDark: isDark)
    let data = try #require(FileManager.default.contents(atPath: path))
    // A page that failed to draw is one colour, which a PNG squeezes to next to nothing.
    #expect(data.count > 30_000, "\(data.count) bytes")
    let corner = try RGBImage.load(path: path).pixels.prefix(3)
    #expect(corner.allSatisfy { isDark ? $0 < 64 : $0 > 192 }, "\(corner)")
  }
}
