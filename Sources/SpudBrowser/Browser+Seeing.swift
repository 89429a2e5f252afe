internal import SpudErrors
internal import Glibc
internal import SpudMedia
internal import SpudTensors

extension Browser {
  /// Draws one frame.
  package func frame() throws {
    _ = try guarded { try call("HeadlessExperimental.beginFrame") }
  }

  /// The page as it is drawn now.
  /// - Throws: `BrowserLost`.
  package func screenshot() throws -> Screen {
    try guarded {
      for _ in 0..<20 {
        let answer = try call(
          "HeadlessExperimental.beginFrame",
          ["screenshot": .members(["format": .string("png"), "optimizeForSpeed": .bool(true)])])
        guard let text = answer["screenshotData"]?.string else { continue }
        guard let bytes = Base64.decode(text), let image = try? RGBImage.decode(bytes, name: "the screenshot") else {
          throw BrowserLost(reason: "a screenshot that is no PNG")
        }
        return Screen(image)
      }
      throw BrowserLost(reason: "no screenshot in twenty frames")
    }
  }

  /// The page once it has loaded and no longer changes: two frames in a row that are equal, or the sixtieth.
  /// - Parameters:
  ///   - width: of the part that counts, from the left; all by default.
  ///   - height: of it, from the top.
  package func look(width: Int = .max, height: Int = .max) throws -> Screen {
    let until = deadline
    try guarded {
      while isLoading {
        _ = try call("HeadlessExperimental.beginFrame")
        if isLoading { try read(until: .now + .milliseconds(4), mayLack: true) }
        if ContinuousClock.now > until { throw BrowserLost(reason: "a page did not come in time") }
      }
    }
    var before: Screen?
    for _ in 0..<60 {
      let now = try screenshot().cropped(width: width, height: height)
      if now == before { return now }
      before = now
      usleep(12_000)
    }
    guard let before else { throw SpudError(.internal, "no screen was seen") }
    return before
  }
}
