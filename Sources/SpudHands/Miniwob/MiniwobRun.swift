package import SpudBrowser
internal import SpudErrors

/// Plays pages with hands and counts successes.
package final class MiniwobRun {
  /// Writes an answer, id by id, from a prompt.
  package typealias Thinker = ([Int32], HandStream) throws -> [Int32]

  private let stream: HandStream?
  private let thinker: Thinker?
  private let browser: Browser
  /// For hands without a model.
  private var chance: any RandomNumberGenerator

  /// - Parameters:
  ///   - stream: of the model; nil plays at random: up to ten clicks anywhere.
  ///   - thinker: the model.
  package init(
    _ site: MiniwobSite, in sandbox: Sandbox, stream: HandStream?, thinker: Thinker?, chance: any RandomNumberGenerator
  ) throws {
    self.stream = stream
    self.thinker = thinker
    self.chance = chance
    browser = try Browser(.init(width: 500, height: 320), in: sandbox) { site.answer($0) }
  }

  package var browserVersion: String { browser.version }

  /// The raw reward of an episode; nil where it did not end, or the browser was lost.
  package func play(_ page: String, seed: String) throws -> Double? {
    do {
      return try stream == nil ? random(page, seed) : modelled(page, seed)
    } catch is BrowserLost {
      return nil
    }
  }

  private func random(_ page: String, _ seed: String) throws -> Double? {
    let episode = try MiniwobEpisode(page, seed: seed, in: browser)
    for _ in 0..<10 {
      let (x, y) = (Int.random(in: 0..<160, using: &chance), Int.random(in: 50..<210, using: &chance))
      _ = try episode.act(.click(x: x, y: y))
      if let reward = try episode.reward() { return reward }
    }
    return nil
  }

  private func modelled(_ page: String, _ seed: String) throws -> Double? {
    guard let stream, let thinker else { return nil }
    let episode = try MiniwobEpisode(page, seed: seed, in: browser)
    var plan: [Place] = [], last: [HandStep] = [], before: [[Int32]] = []
    for _ in 0..<MiniwobPage.steps {
      let now = stream.groups(try episode.look())
      let prompt = stream.prompt(task: episode.task, plan: plan, last: last, before: before, now: now)
      let (said, step) = stream.parse(try thinker(prompt, stream))
      guard let step else { break }
      if !said.isEmpty { plan = said }
      guard try episode.act(step) else { break }
      last.append(step)
      before = now
      if try episode.reward() != nil { break }
      // The same thing four times is no way on.
      if last.count >= 4, Set(last.suffix(4)).count == 1 { break }
    }
    _ = try episode.look()
    return try episode.reward()
  }
}
