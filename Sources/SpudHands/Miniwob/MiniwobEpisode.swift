package import SpudBrowser
internal import SpudErrors
internal import SpudTensors

/// An episode of a page: started from a seed, looked at, acted on; its reward is read by the examiner.
package struct MiniwobEpisode {
  package static let width = 160, height = 210

  private let browser: Browser
  /// What the page asks for, in its own words.
  package let task: String

  /// Loads the page anew and starts it.
  /// - Throws: `BrowserLost`.
  package init(_ page: String, seed: String, in browser: Browser) throws {
    self.browser = browser
    try browser.open("\(MiniwobSite.address)miniwob/\(page).html")
    let quoted = String(decoding: JSONValue.string(seed).serialized, as: UTF8.self)
    _ = try browser.examine("Math.seedrandom(\(quoted)); core.EPISODE_MAX_TIME = 1e8; core.startEpisodeReal(); 0")
    let until = ContinuousClock.now + .seconds(browser.patience)
    while try browser.examine("WOB_TASK_READY").bool != true, ContinuousClock.now < until { try browser.frame() }
    task = try browser.examine("core.getUtterance()").string ?? ""
  }

  package func look() throws -> Screen { try browser.look(width: Self.width, height: Self.height) }

  /// - Returns: false for what is no gesture.
  package func act(_ step: HandStep) throws -> Bool {
    switch step {
    case .click(let x, let y), .press(let x, let y): try browser.perform(.click(x: x, y: y))
    case .drag(let x, let y, let toX, let toY):
      try browser.perform(.drag(fromX: x, fromY: y, toX: toX, toY: toY))
    case .type(let text): try browser.perform(.type(text))
    case .key(let name):
      guard let key = Gesture.Key(rawValue: name) else { return false }
      try browser.perform(.key(key))
    case .done, .alert: return false
    }
    return true
  }

  /// The raw reward once the episode is over.
  package func reward() throws -> Double? {
    let answer = try browser.examine("[WOB_DONE_GLOBAL, WOB_RAW_REWARD_GLOBAL]").array
    guard answer?.first?.bool == true else { return nil }
    return answer?.last?.double ?? 0
  }
}
