import Dispatch
import SpudErrors
import SpudKernels
import SpudModels
import SpudTokens
import Synchronization
import Testing

@testable import SpudInference

/// What an answer was chosen from: a hash of all its logits, which one bit anywhere changes.
private final class LogitHash: Sendable {
  private let state = Mutex<UInt64>(0xcbf2_9ce4_8422_2325)
  var value: UInt64 { state.withLock { $0 } }

  func add(_ logits: Span<Float>) {
    state.withLock { state in
      for index in logits.indices { state = (state ^ UInt64(logits[index].bitPattern)) &* 0x100_0000_01b3 }
    }
  }
}

@Suite("Schedules", .serialized)
struct ScheduleTests {
  /// A question, and what it is answered alone.
  struct Expected: Sendable {
    var request: Request
    var tokens: [Int32]
    var hash: UInt64
  }

  /// Questions of all lengths, several of which begin alike.
  static func requests() -> [Request] {
    let parts: [[StreamPart]] = [
      [.text("hm")],
      [.image(TinyModel.picture), .text("what is it?")],
      [.image(TinyModel.picture), .text("what is it, and what was it before it became what it is?")],
      [.image(TinyModel.picture), .audio(TinyModel.tone), .text("and this?")],
      [.text(String(repeating: "the same and the same and ", count: 5)), .text("one")],
      [.text(String(repeating: "the same and the same and ", count: 5)), .text("another")],
      [.audio(TinyModel.tone)],
      // One id more than whole blocks.
      [.text(String(repeating: "x", count: 29))], [.text(String(repeating: "y", count: 61))],
    ]
    return (0..<12).map { index in
      Request(
        parts[index % parts.count],
        options: TinyModel.options(seed: UInt64(index), tokens: 5 + index * 31 % 90))
    }
  }

  /// What each request is answered alone, by a model of its own without any company.
  static func alone(_ model: Model) async throws -> [Expected] {
    var expected: [Expected] = []
    for request in requests() {
      let hash = LogitHash()
      var watched = request
      watched.options.onLogits = { hash.add($0) }
      let answer = try await model.makeIsolatedSession().respond(toConversation: watched).answer()
      expected.append(Expected(request: request, tokens: answer.tokens, hash: hash.value))
    }
    return expected
  }

  static func load(_ format: CacheFormat, pages: Int?, level: InstructionSet? = nil) async throws -> Model {
    var options = LoadOptions(threads: 2, cache: format)
    if let level { (options.instructionSet, options.weights) = (level, .q8_0) }
    if let pages {
      options.cacheSize = pages * CacheShape(layerCount: 2, headCount: 1, headWidth: 16, format: format).pageBytes
    }
    return try await Model.load(TinyModel.directory, options: options)
  }

  @Test(
    "no answer depends on anybody else: alone, in company, from the tree, in pieces, after giving pages up",
    arguments: CacheFormat.allCases, [8, 12, 40])
  func independent(format: CacheFormat, pages: Int) async throws {
    try await expectIndependence(
      of: try await Self.load(format, pages: pages), alone: try await Self.load(format, pages: nil), pages: pages)
  }

  @Test("the same where what was read goes through tiles", .enabled(if: InstructionSet.emulatedAMX.isSupported))
  func independentInTiles() async throws {
    let alone = try await Self.load(.bf16, pages: nil, level: .emulatedAMX)
    try await expectIndependence(
      of: try await Self.load(.bf16, pages: 12, level: .emulatedAMX), alone: alone, pages: 12, runs: 2..<3)
    // And tiles are used, for what was read alone.
    let vectors = try await Self.alone(try await Self.load(.bf16, pages: nil, level: .emulatedAVX512))
    #expect(zip(vectors, try await Self.alone(alone)).allSatisfy { $0.hash != $1.hash })
  }

  /// - Parameter runs: The seeds of the arrivals: 0 is as it is, 1 block by block, and from 2 on every answer is due
  ///   again after each layer of a block.
  private func expectIndependence(of model: Model, alone: Model, pages: Int, runs: Range<UInt64> = 0..<3) async throws {
    let expected = try await Self.alone(alone)
    for seed in runs {
      var random = RandomGenerator(seed: seed)
      let engine = model.engine
      try await model.thread.run {
        if seed > 0 {
          engine.pace.idLimit = 32
          engine.pace.stepLimits = StepLimits(queries: 5, mixedIDs: 7)
        }
        if seed > 1 { engine.pace.gap = .zero }
      }
      try await withThrowingTaskGroup(of: Void.self) { group in
        for _ in 0..<20 {
          let choice = expected[Int(random.next() % UInt64(expected.count))]
          let delay = Int(random.next() % 30)
          let interruptedAfter = random.next() % 4 == 0 ? Int(random.next() % 6) : nil
          let scope: CacheScope = random.next() % 5 == 0 ? .tenant("other") : .shared
          group.addTask {
            try await Task.sleep(for: .milliseconds(delay))
            let hash = LogitHash()
            var request = choice.request
            request.options.onLogits = { hash.add($0) }
            let response = model.makeSession(scope: scope).respond(toConversation: request)
            var pieces = 0
            for try await piece in response {
              pieces += 1
              if pieces == interruptedAfter { response.interrupt() }
              guard case .finished(let answer) = piece else { continue }
              if answer.finish == .interrupted {
                #expect(interruptedAfter != nil && choice.tokens.starts(with: answer.tokens))
              } else {
                #expect(answer.tokens == choice.tokens && hash.value == choice.hash)
              }
            }
          }
        }
        try await group.waitForAll()
      }
      try await expectIdle(model)
    }
    // The tree was of use, where it had room.
    if pages == 40 {
      let again = try await model.makeSession().respond(toConversation: expected[2].request).answer()
      #expect(again.usage.cached >= 32 && again.tokens == expected[2].tokens)
    }
  }

  /// Nothing but the tree owns pages when nobody asks.
  private func expectIdle(_ model: Model) async throws {
    let engine = model.engine
    let (free, held) = try await model.thread.run {
      _ = engine.step()
      return (engine.cache.freePageCount, engine.tree.count)
    }
    #expect(free + held == engine.cache.pageLimit)
  }

  @Test("a short prompt does not wait for a long one that is read together")
  func short() async throws {
    let model = try await Self.load(.bf16, pages: 40)
    let order = Mutex<[String]>([])
    func answer(_ name: String, _ text: String) -> Task<Void, any Error> {
      var options = TinyModel.options(tokens: 1)
      options.onLogits = { _ in order.withLock { $0.append(name) } }
      return Task { [options] in _ = try await model.respond(to: [.text(text)], options: options).answer() }
    }
    // The long one's first layer takes until the short one has come.
    let hasBegun = Mutex(false)
    let hasCome = DispatchSemaphore(value: 0)
    try await model.thread.run {
      model.engine.transformer.inputObserver = { layer, part, values in
        guard layer == 0, part == .attention, values.rows > 100 else { return }
        hasBegun.withLock { $0 = true }
        hasCome.wait()
      }
    }
    let long = answer("long", String(repeating: "x", count: 150))
    let patience = ContinuousClock.now + .seconds(30)
    while !hasBegun.withLock({ $0 }), .now < patience { try await Task.sleep(for: .milliseconds(1)) }
    try #require(hasBegun.withLock { $0 })
    let short = answer("short", "a")
    try await Task.sleep(for: .milliseconds(500))
    hasCome.signal()
    try await short.value
    try await long.value
    #expect(order.withLock { $0 } == ["short", "long"])
  }

  @Test("whoever stops reading pauses its own answer only, and whoever leaves frees its pages")
  func readers() async throws {
    let model = try await Self.load(.bf16, pages: 40)
    let long = TinyModel.options(seed: 3, tokens: 150)
    let slow = model.respond(to: [.text("one")], options: long)
    var iterator = slow.makeAsyncIterator()
    _ = try await iterator.next()
    let quick = try await model.respond(to: [.text("two")], options: long).answer()
    #expect(!quick.tokens.isEmpty)
    // Left in the middle: by cancelling the task that reads.
    let task = Task {
      for try await _ in model.respond(to: [.text("three")], options: long) {}
    }
    try await Task.sleep(for: .milliseconds(5))
    task.cancel()
    _ = await task.result
    while let piece = try await iterator.next() {
      if case .finished(let answer) = piece { #expect(!answer.tokens.isEmpty) }
    }
    try await Task.sleep(for: .milliseconds(50))
    try await expectIdle(model)
  }

  @Test("who waits for requests packs what no token has met, and who does not leaves it in the file")
  func rest() async throws {
    for packsAhead in [false, true] {
      var options = LoadOptions(threads: 1)
      options.packsAhead = packsAhead
      let model = try await Model.load(TinyModel.directory, options: options)
      func toCome() async throws -> Int { try await model.thread.run { model.transformer.bytesToCome } }
      let patience = ContinuousClock.now + .seconds(packsAhead ? 60 : 0.2)
      while try await toCome() > 0, .now < patience { try await Task.sleep(for: .milliseconds(5)) }
      #expect(try await (toCome() == 0) == packsAhead)
    }
  }

  @Test("an engine that has something to do and does nothing is told from one that rests or works")
  func silence() {
    var state = EngineState()
    let late = state.lastStep + .seconds(31)
    #expect(state.silence(at: late) == nil)
    state.active = 1
    #expect(state.silence(at: late) == .seconds(31))
    #expect(state.silence(at: state.lastStep + .seconds(29)) == nil)
  }

  @Test("what the whole cache could not hold is refused, with both numbers")
  func tooLarge() async throws {
    let model = try await Self.load(.f32, pages: 4)
    let error = await #expect(throws: SpudError.self) {
      _ = try await model.respond(
        to: [.text(String(repeating: "the ", count: 60))], options: TinyModel.options(tokens: 100)
      ).answer()
    }
    #expect(error?.code == .badData)
    #expect(error?.description.contains("128") ?? false)
    let answer = try await model.respond(to: [.text("hm")], options: TinyModel.options(tokens: 40)).answer()
    #expect(!answer.tokens.isEmpty)
  }
}
