import Glibc
import SpudErrors
import SpudMedia
import SpudTensors
import Testing

@testable import SpudBrowser

@Suite("The browser", .enabled(if: Installed.browser), .serialized)
struct BrowserTests {
  private static func page(_ body: String) -> PageAnswer {
    .html("<!doctype html><body style='margin:0;background:#fff'>\(body)</body>")
  }

  /// A browser whose every page is answered by `answer`. What shall succeed has all the time that a busy machine
  /// needs.
  private func browser(_ answer: @escaping (PageRequest) -> PageAnswer) throws -> Browser {
    try Browser(.init(width: 500, height: 320, deadline: 120, startDeadline: 120), in: Sandbox(), answer: answer)
  }

  /// Opens a page that does not come within a second.
  private func lose(_ browser: Browser, at url: String) {
    let before = browser.patience
    browser.patience = 1
    #expect(throws: BrowserLost.self) { try browser.open(url) }
    browser.patience = before
  }

  @Test("a page is seen as pixels, the same twice")
  func pixels() throws {
    let browser = try browser { _ in
      Self.page("<div style='position:absolute;left:10px;top:20px;width:30px;height:40px;background:#f00'></div>")
    }
    try browser.open("http://portal.test/")
    let screen = try browser.look()
    func pixel(_ x: Int, _ y: Int) -> [UInt8] {
      let first = (y * screen.width + x) * 3
      return Array(screen.image.pixels[first..<first + 3])
    }
    #expect((screen.width, screen.height) == (500, 320))
    #expect(pixel(9, 20) == [255, 255, 255])
    #expect(pixel(10, 20) == [255, 0, 0])
    #expect(pixel(39, 59) == [255, 0, 0])
    #expect(pixel(40, 59) == [255, 255, 255])
    #expect(try browser.look() == screen)
    #expect(screen.cropped(width: 10, height: 20).image.pixels.allSatisfy { $0 == 255 })
  }

  @Test("what is typed and clicked arrives as one request, with its body")
  func form() throws {
    var seen: [PageRequest] = []
    let browser = try browser { request in
      seen.append(request)
      return Self.page(
        "<form method=post action=/save><input name=a style='position:absolute;left:0;top:0;width:200px;height:30px'>"
          + "<button style='position:absolute;left:0;top:50px;width:100px;height:30px'>Save</button></form>")
    }
    try browser.open("http://portal.test/")
    try browser.perform(.click(x: 50, y: 15))
    try browser.perform(.type("Ann Lee"))
    try browser.perform(.click(x: 50, y: 65))
    _ = try browser.look()
    let posts = seen.filter { $0.method == "POST" }
    #expect(posts == [PageRequest(method: "POST", url: "http://portal.test/save", body: "a=Ann+Lee")])
  }

  @Test("keys select and delete, a drag moves with the button held, the wheel turns")
  func hands() throws {
    let browser = try browser { _ in
      Self.page(
        """
        <input id=a style='position:absolute;left:0;top:0;width:200px;height:30px' value=old>
        <div id=d style='position:absolute;left:0;top:100px;width:400px;height:200px'></div>
        <script>moves=[];d.onmousemove=e=>moves.push([e.clientX,e.clientY,e.buttons]);wheel=0;onwheel=e=>wheel+=e.deltaY
        </script>
        """)
    }
    try browser.open("http://portal.test/")
    try browser.perform(.click(x: 50, y: 15))
    try browser.perform(.key(.all))
    try browser.perform(.type("new"))
    try browser.perform(.key(.backspace))
    #expect(try browser.examine("a.value") == .string("ne"))
    try browser.perform(.drag(fromX: 11, fromY: 111, toX: 51, toY: 131))
    #expect(
      try browser.examine("moves.filter(m=>m[2]==1).map(m=>m[0]+','+m[1]).join(' ')")
        == .string("21,116 31,121 41,126 51,131"))
    try browser.perform(.scroll(x: 20, y: 150, by: 40))
    _ = try browser.look()
    #expect(try browser.examine("wheel").int == 40)
  }

  @Test("a page that never comes is given up at the deadline, and the next one opens")
  func never() throws {
    let browser = try browser { $0.url.hasSuffix("/never") ? .silence : Self.page("here") }
    lose(browser, at: "http://portal.test/never")
    try browser.open("http://portal.test/")
    #expect(browser.restarts == 1)
  }

  @Test("a page whose script never ends is given up, and the next one opens")
  func endless() throws {
    let browser = try browser {
      Self.page($0.url.hasSuffix("/loop") ? "<script>while(true){}</script>" : "here")
    }
    lose(browser, at: "http://portal.test/loop")
    try browser.open("http://portal.test/")
    #expect(browser.restarts == 1)
  }

  @Test("dialogs are closed without a yes, and told")
  func dialog() throws {
    let browser = try browser { _ in Self.page("<script>answer=confirm('Delete all?')</script>") }
    try browser.open("http://portal.test/")
    #expect(browser.dialogs == ["Delete all?"])
    #expect(try browser.examine("answer") == .bool(false))
  }

  @Test("a browser that dies is replaced")
  func crash() throws {
    let browser = try browser { _ in Self.page("here") }
    try browser.open("http://portal.test/")
    kill(-(try #require(browser.processGroup)), SIGKILL)
    // It may answer a little longer.
    #expect(throws: BrowserLost.self) { for _ in 0..<500 { _ = try browser.look() } }
    try browser.open("http://portal.test/")
    #expect(try browser.look().width == 500)
  }

  @Test("what a page opens beside itself is closed, and files and other addresses are asked for or not to be had")
  func outside() throws {
    var seen: [String] = []
    let browser = try browser { request in
      seen.append(request.url)
      guard request.url.hasPrefix("http://portal.test/") else { return .refused }
      return Self.page(
        "<img src='https://elsewhere.test/x?secret'><script>w=window.open('/popup');"
          + "fetch('file:///etc/passwd').then(()=>leak=1,()=>leak=0)</script>")
    }
    try browser.open("http://portal.test/")
    _ = try browser.look()
    #expect(seen.contains("https://elsewhere.test/x?secret"))
    #expect(!seen.contains("http://portal.test/popup"))
    #expect(try browser.examine("leak").int == 0)
    #expect(throws: BrowserLost.self) { try browser.open("file:///etc/shadow") }
  }
}
