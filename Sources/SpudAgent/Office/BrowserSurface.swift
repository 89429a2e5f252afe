package import SpudBrowser
internal import SpudErrors
internal import SpudPortal

/// A portal in a real browser, seen as pixels.
package final class BrowserSurface: Surface {
  package let browser: Browser
  private let reader: LetterReader

  static let home = "http://portal.test/"
  private static let letters = "http://portal.test/letters"

  /// Starts a browser before an office, and learns its letters.
  ///
  /// - Throws: `unavailable` where there is no browser, no sandbox, or no font.
  package init(_ office: Office, in sandbox: Sandbox, deadline: Double = 8) throws {
    let configuration = Browser.Configuration(width: 256, height: 256, deadline: deadline)
    browser = try Browser(configuration, in: sandbox) { request in
      if request.url == Self.letters { return .html(LetterReader.page) }
      guard request.url.hasPrefix(Self.home), !request.hidesBody, request.method == "GET" || request.method == "POST"
      else { return .refused }
      let path = "/" + request.url.dropFirst(Self.home.count)
      if path == "/favicon.ico" { return .refused }
      do {
        let reply = try office.reply(to: path, body: request.method == "POST" ? request.body ?? "" : nil)
        return .html(reply.page.html, status: reply.status)
      } catch {
        return .refused
      }
    }
    // The first page is part of starting.
    browser.patience = max(deadline, configuration.startDeadline)
    do {
      try browser.open(Self.letters)
      reader = try LetterReader(learningFrom: browser.look())
      browser.patience = deadline
    } catch let lost as BrowserLost {
      throw SpudError(.unavailable, "\(lost)")
    }
  }

  package func begin() throws { try browser.open(Self.home) }
  package func look() throws -> Sight { reader.read(try browser.look()) }
  package func perform(_ gesture: Gesture) throws { try browser.perform(gesture) }
}
