internal import SpudErrors
internal import SpudMedia
internal import SpudTensors

/// Debian's headless Chromium in a sandbox without a network, drawn one frame at a time, so that a screen depends on
/// nothing but the page.
///
/// Every call has a deadline. When it passes, or the browser is gone, another is started at once, with nothing open,
/// and the call throws `BrowserLost`. All that a page asks for is answered by one function.
///
/// Not to be used from two threads at once.
package final class Browser {
  package struct Configuration: Sendable {
    /// The size of what is seen, in pixels.
    package var width: Int
    package var height: Int
    /// Seconds that a call may take.
    package var deadline: Double
    /// Seconds that each step of starting may take. A busy machine starts a program far more slowly than it answers.
    package var startDeadline: Double

    package init(width: Int = 500, height: Int = 320, deadline: Double = 8, startDeadline: Double = 60) {
      self.width = width
      self.height = height
      self.deadline = deadline
      self.startDeadline = startDeadline
    }
  }

  package let configuration: Configuration
  /// Seconds that a call may take from now on; at first the configuration's.
  package var patience: Double
  /// What the browser calls itself, with its version.
  package private(set) var version = ""
  /// What dialogs said, which are closed without a yes as they open.
  package private(set) var dialogs: [String] = []
  /// How often another was started.
  package private(set) var restarts = 0

  private let sandbox: Sandbox
  private let program: String
  private let answer: (PageRequest) -> PageAnswer
  private var pipe: BrowserPipe?
  private var session: String?
  private var number = 0
  private var answers: [Int: JSONValue] = [:]
  /// Calls whose answers nobody waits for.
  private var ignored: Set<Int> = []
  private var hasLoaded = false
  private var isStarting = false
  /// A page was asked for and has yet to come.
  private(set) var isLoading = false

  /// Starts a browser.
  ///
  /// - Parameters:
  ///   - sandbox: where it runs.
  ///   - answer: what becomes of each request of a page. It is called while a call of the browser waits.
  /// - Throws: `unavailable` where it is not installed or does not start.
  package init(
    _ configuration: Configuration = Configuration(), in sandbox: Sandbox,
    answer: @escaping (PageRequest) -> PageAnswer
  ) throws {
    self.configuration = configuration
    patience = configuration.deadline
    self.sandbox = sandbox
    self.answer = answer
    program = try Self.installed()
    try start()
  }

  deinit { pipe?.close() }

  /// The program itself, not the script that Debian starts it by.
  /// - Throws: `unavailable`.
  package static func installed() throws -> String {
    let places = "/usr/lib/chromium:/usr/lib/chromium-browser"
    if let found = Program.find("chromium-headless-shell", in: places) { return found }
    throw SpudError(.unavailable, "chromium-headless-shell is not installed: Scripts/install agent")
  }

  private static let flags = """
    --headless --remote-debugging-pipe --run-all-compositor-stages-before-draw --enable-begin-frame-control \
    --no-first-run --disable-gpu --force-device-scale-factor=1 --hide-scrollbars --disable-background-networking \
    --disable-component-update --disable-extensions --force-color-profile=srgb --disable-back-forward-cache \
    --disable-hang-monitor --disable-ipc-flooding-protection --disable-renderer-backgrounding \
    --disable-features=PaintHolding,IsolateOrigins,site-per-process --disable-site-isolation-trials \
    --user-data-dir=/tmp/profile
    """.split(separator: " ").map(String.init)

  /// - Throws: `unavailable` where two in a row do not start.
  private func start() throws {
    do {
      try launch()
    } catch is BrowserLost {
      do {
        try launch()
      } catch let lost as BrowserLost {
        pipe?.close()
        throw SpudError(.unavailable, "the browser does not start in its sandbox: \(lost.reason)")
      }
    }
  }

  private func launch() throws {
    pipe?.close()
    isStarting = true
    defer { isStarting = false }
    (session, answers, ignored, hasLoaded, isLoading) = (nil, [:], [], false, false)
    pipe = try BrowserPipe(
      sandbox.program,
      sandbox.arguments(folders: [], directory: "/tmp") + [program] + Self.flags
        + ["--host-resolver-rules=MAP * ~NOTFOUND", "about:blank"])
    version = try call("Browser.getVersion")["product"]?.string ?? ""
    let target =
      try call(
        "Target.createTarget",
        [
          "url": .string("about:blank"), "width": .number(configuration.width), "height": .number(configuration.height),
          "enableBeginFrameControl": .bool(true),
        ])["targetId"] ?? .null
    session = try call("Target.attachToTarget", ["targetId": target, "flatten": .bool(true)])["sessionId"]?.string
    _ = try call("Page.enable")
    _ = try call("Fetch.enable", ["patterns": .array([.members(["urlPattern": .string("*")])])])
    // What a page opens would not be held: it is closed before it runs.
    _ = try call(
      "Target.setAutoAttach",
      ["autoAttach": .bool(true), "waitForDebuggerOnStart": .bool(true), "flatten": .bool(true)])
  }

  /// Ends the browser and starts another.
  package func restart() throws {
    restarts += 1
    try start()
  }

  /// The process group of the browser, for tests that end it.
  package var processGroup: Int32? { pipe?.group }

  // MARK: - Messages

  /// Runs calls; where the browser is lost in them, starts another.
  func guarded<T>(_ body: () throws -> T) throws -> T {
    do {
      return try body()
    } catch let lost as BrowserLost {
      try restart()
      throw lost
    }
  }

  var deadline: ContinuousClock.Instant {
    .now + .seconds(isStarting ? max(patience, configuration.startDeadline) : patience)
  }

  /// Sends a message and returns its number.
  func send(_ method: String, _ parameters: KeyValuePairs<String, JSONValue> = [:]) throws -> Int {
    try send(method, .members(parameters))
  }

  func send(_ method: String, _ parameters: JSONValue) throws -> Int {
    guard let pipe else { throw BrowserLost(reason: "none is running") }
    number += 1
    var members: [(String, JSONValue)] = [
      ("id", .number(number)), ("method", .string(method)), ("params", parameters),
    ]
    if let session { members.append(("sessionId", .string(session))) }
    try pipe.send(.object(JSONObject(members)), until: deadline)
    return number
  }

  /// Sends a message whose answer does not matter.
  private func post(_ method: String, _ parameters: KeyValuePairs<String, JSONValue>) throws {
    ignored.insert(try send(method, parameters))
  }

  /// The answer to a message that was sent.
  func wait(for number: Int) throws -> JSONValue {
    let until = deadline
    while answers[number] == nil { try read(until: until) }
    let answer = answers.removeValue(forKey: number) ?? .null
    if let problem = answer["error"]?["message"]?.string { throw BrowserLost(reason: "it refuses: \(problem)") }
    return answer["result"] ?? .null
  }

  func forget(_ number: Int) { answers[number] = nil }

  func hasAnswer(to number: Int) -> Bool { answers[number] != nil }

  func call(_ method: String, _ parameters: KeyValuePairs<String, JSONValue> = [:]) throws -> JSONValue {
    try wait(for: try send(method, parameters))
  }

  /// Takes in one message, if one comes in time.
  func read(until: ContinuousClock.Instant, mayLack: Bool = false) throws {
    guard let pipe else { throw BrowserLost(reason: "none is running") }
    guard let message = try pipe.receive(until: until, mayLack: mayLack) else { return }
    if let number = message["id"]?.int {
      if ignored.remove(number) == nil { answers[number] = message }
    } else if let method = message["method"]?.string {
      try handle(method, message["params"] ?? .null)
    }
  }

  private func handle(_ event: String, _ values: JSONValue) throws {
    switch event {
    case "Page.loadEventFired": (hasLoaded, isLoading) = (true, false)
    case "Page.frameRequestedNavigation", "Page.frameStartedLoading": isLoading = true
    case "Page.frameStoppedLoading": isLoading = false
    case "Page.javascriptDialogOpening":
      dialogs.append(values["message"]?.string ?? "")
      try post("Page.handleJavaScriptDialog", ["accept": .bool(false)])
    case "Fetch.requestPaused": try answer(paused: values)
    case "Target.attachedToTarget" where session != nil:  // before, it is the tab of our own
      try post("Target.closeTarget", ["targetId": values["targetInfo"]?["targetId"] ?? .null])
    case "Inspector.targetCrashed", "Target.targetCrashed": throw BrowserLost(reason: "the page crashed it")
    case "Inspector.detached": throw BrowserLost(reason: "the page is gone")
    default: break
    }
  }

  private func answer(paused values: JSONValue) throws {
    let id = values["requestId"] ?? .null
    let request = values["request"] ?? .null
    let entries = (request["postDataEntries"]?.array ?? []).compactMap { $0["bytes"]?.string.flatMap(Base64.decode) }
    let body = entries.isEmpty ? request["postData"]?.string : String(decoding: entries.flatMap { $0 }, as: UTF8.self)
    let asked = PageRequest(
      method: request["method"]?.string ?? "", url: request["url"]?.string ?? "", body: body,
      hidesBody: body == nil && request["hasPostData"]?.bool == true)
    switch answer(asked) {
    case .silence: break
    case .refused:
      try post("Fetch.failRequest", ["requestId": id, "errorReason": .string("BlockedByClient")])
    case .redirect(let address):
      let header = JSONValue.members(["name": .string("Location"), "value": .string(address)])
      try post(
        "Fetch.fulfillRequest", ["requestId": id, "responseCode": .number(303), "responseHeaders": .array([header])])
    case .page(let status, let type, let body, let headers):
      let lines =
        [("Content-Type", type), ("Cache-Control", "no-store")]
        + headers.sorted { $0.key < $1.key }
        .map { ($0.key, $0.value) }
      try post(
        "Fetch.fulfillRequest",
        [
          "requestId": id, "responseCode": .number(status), "body": .string(Base64.encode(body)),
          "responseHeaders": .array(lines.map { .members(["name": .string($0.0), "value": .string($0.1)]) }),
        ])
    }
  }

  /// Opens an address and waits until it has loaded.
  /// - Throws: `BrowserLost`.
  package func open(_ url: String) throws {
    try guarded {
      hasLoaded = false
      let until = deadline
      let sent = try send("Page.navigate", ["url": .string(url)])
      while !hasLoaded || answers[sent] == nil {
        try read(until: until)
        if let problem = answers[sent]?["result"]?["errorText"]?.string {
          answers[sent] = nil
          throw BrowserLost(reason: "\(url): \(problem)")
        }
      }
      answers[sent] = nil
    }
  }
}
