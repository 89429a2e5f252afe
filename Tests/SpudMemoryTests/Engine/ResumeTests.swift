import Foundation
import SpudErrors
import SpudKernels
import SpudMedia
import SpudTokens
import Synchronization
import Testing

@testable import SpudInference
@testable import SpudMemory

@Suite("Conversations that go on in another process")
struct ResumeTests {
  static let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  static let unified = tests.appending(path: "SpudInferenceTests/Fixtures/tiny-unified").path
  static let nano = tests.deletingLastPathComponent().appending(path: "Models/spud-nano").path

  let scratch: Scratch

  init() throws { scratch = try Scratch() }

  static let picture = RGBImage(
    width: 16, height: 24, pixels: (0..<16 * 24).flatMap { $0 % 16 < 8 ? [250, 20, 20] : [20, 20, 250] as [UInt8] })
  static let tone = Waveform(samples: (0..<5000).map { 0.3 * sin(Float($0) * 0.2) }, sampleRate: 16_000)

  /// Turns of a conversation: words, a picture, a sound.
  static let turns: [[StreamPart]] = [
    [.text(String(repeating: "the first ", count: 10))], [.image(picture), .text("what is it?")],
    [.audio(tone), .text("what was said?")], [.text("and the last")],
  ]

  static func options(_ seed: UInt64) -> GenerationOptions {
    GenerationOptions(
      sampling: Sampling(temperature: 1.2, seed: seed), maximumTokens: 12, output: .text, thinking: 0)
  }

  /// A model in a process of its own, as far as a model can tell.
  func load(_ path: String, _ format: CacheFormat) async throws -> Model {
    try await Model.load(path, options: LoadOptions(threads: 2, cache: format))
  }

  func store() throws -> SealedStore { try scratch.open(limit: 1 << 30) }

  /// Has all that is to be sealed sealed, and lets go of the store, so that another may write it.
  func close(_ model: Model) async -> String? {
    let failure = await model.flushMemory()
    await model.detachMemory()
    return failure
  }

  @Test(
    "a conversation that is resumed is the one that never stopped, in every form of the cache",
    arguments: CacheFormat.allCases)
  func resumed(format: CacheFormat) async throws {
    let whole = try await load(Self.unified, format).makeIsolatedSession()
    var expected: [[Int32]] = []
    for (index, turn) in Self.turns.enumerated() {
      expected.append(try await whole.respond(to: turn, options: Self.options(UInt64(index))).answer().tokens)
    }
    for (index, turn) in Self.turns.enumerated() {
      let model = try await load(Self.unified, format)
      let memory = try await store().attach(to: model)
      let session = try memory.session(named: "s", of: model)
      let answer = try await session.respond(to: turn, options: Self.options(UInt64(index))).answer()
      #expect(answer.tokens == expected[index], "turn \(index)")
      #expect(answer.remarks.allSatisfy { $0.kind != "memory" })
      if index > 0 {
        #expect(answer.usage.restored >= 32 && answer.usage.restored % 32 == 0, "turn \(index)")
        #expect(answer.usage.restored == answer.usage.cached)
      }
      try await memory.save(session, named: "s", of: model)
      #expect(await close(model) == nil)
    }
  }

  @Test("a text-only model goes on with the ids that it wrote, however their text is spelled")
  func textOnly() async throws {
    let path = scratch.root + "/text-only"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    for file in ["config.json", "generation_config.json", "tokenizer.json", "model.safetensors"] {
      try FileManager.default.copyItem(atPath: Self.unified + "/" + file, toPath: path + "/" + file)
    }
    let turns = (0..<4).map { "\($0)" + String(repeating: " a word", count: 12) }
    let whole = try await load(path, .bf16).makeIsolatedSession()
    var expected: [Answer] = []
    for (index, turn) in turns.enumerated() {
      expected.append(try await whole.respond(to: [.text(turn)], options: Self.options(UInt64(index))).answer())
    }
    for (index, turn) in turns.enumerated() {
      let model = try await load(path, .bf16)
      let memory = try await store().attach(to: model)
      let session = try memory.session(named: "s", of: model)
      let answer = try await session.respond(to: [.text(turn)], options: Self.options(UInt64(index))).answer()
      #expect(answer.tokens == expected[index].tokens, "turn \(index)")
      // As much as one that never stopped finds in its cache: an answer that is no text is read again by both.
      #expect(answer.usage.cached == expected[index].usage.cached, "turn \(index)")
      #expect(answer.usage.restored == answer.usage.cached, "turn \(index)")
      try await memory.save(session, named: "s", of: model)
      #expect(await close(model) == nil)
    }
    #expect(expected.contains { $0.usage.cached > 0 })
  }

  @Test("what is sealed waits while somebody is answered, but not for long, and not in a crowd")
  func deferred() async throws {
    #expect(!MemoryLink.isDue(after: .seconds(1), isIdle: false, backlog: 3))
    #expect(MemoryLink.isDue(after: .zero, isIdle: true, backlog: 1))
    #expect(MemoryLink.isDue(after: .seconds(3), isIdle: false, backlog: 1))
    #expect(MemoryLink.isDue(after: .zero, isIdle: false, backlog: MemoryLink.backlogLimit))
    // Whoever waits for it does not wait in vain.
    let model = try await load(Self.unified, .bf16)
    let memory = try await store().attach(to: model)
    let session = try memory.session(named: "s", of: model)
    _ = try await session.respond(to: Self.turns[0], options: Self.options(2)).answer()
    #expect(await close(model) == nil)
    #expect(model.engineState.sealedTokens >= 32 && model.engineState.unsealedTokens == 0)
  }

  @Test("of a prompt that takes long, what has been read is sealed before the rest is")
  func whileReading() async throws {
    let model = try await load(Self.nano, .bf16)
    _ = try await store().attach(to: model)
    try await model.thread.run { model.engine.memory?.interval = .zero }
    let handedOver = Mutex<[Int]>([])
    var options = Self.options(3)
    options.onPromptProgress = { read in
      guard read < 1 else { return }
      handedOver.withLock { $0.append(model.engineState.sealedTokens + model.engineState.unsealedTokens) }
    }
    let prompt = Request([.text(String(repeating: "red star ", count: 900))], options: options)
    let answer = try await model.submit(prompt).answer()
    #expect(await close(model) == nil)
    let most = try #require(handedOver.withLock { $0.max() })
    #expect(most >= 256 && most < answer.usage.input)
    #expect(model.engineState.sealedTokens >= answer.usage.input / 32 * 32)
  }

  @Test("an extent that does not open is read again, and said; the answer is the same")
  func miss() async throws {
    let turns = [String(repeating: "red star ", count: 120), String(repeating: "blue circle ", count: 60), "what now?"]
    let options = GenerationOptions(sampling: .greedy, maximumTokens: 16, output: .text, thinking: 0)
    let whole = try await load(Self.nano, .bf16).makeIsolatedSession()
    var expected: [Answer] = []
    for turn in turns { expected.append(try await whole.respond(to: [.text(turn)], options: options).answer()) }
    do {
      let model = try await load(Self.nano, .bf16)
      let memory = try await store().attach(to: model)
      let session = try memory.session(named: "s", of: model)
      for (turn, before) in zip(turns, expected).dropLast() {
        #expect(try await session.respond(to: [.text(turn)], options: options).answer().tokens == before.tokens)
      }
      try await memory.save(session, named: "s", of: model)
      #expect(await close(model) == nil)
    }
    // The second of the conversation's extents, in the middle of a page.
    var extents = try store().index.withLock { $0.extents.values.filter { $0.kind == .pages } }
    extents.sort { $0.firstBlock < $1.firstBlock }
    try #require(extents.count >= 2)
    var segment = try scratch.bytes("segments/00000001")
    segment[extents[1].offset + extents[1].length / 2] ^= 1
    try scratch.put(segment, at: "segments/00000001")
    let model = try await load(Self.nano, .bf16)
    let memory = try await store().attach(to: model)
    let session = try memory.session(named: "s", of: model)
    let answer = try await session.respond(to: [.text(turns[2])], options: options).answer()
    #expect(answer.tokens == expected[2].tokens)
    #expect(answer.usage.restored == extents[1].firstBlock * 32)
    #expect(answer.remarks.contains { $0.kind == "memory" })
  }

  @Test("what was written with a part of the context is not kept: it is read again, from all of it")
  func attended() async throws {
    var options = LoadOptions(threads: 2)
    options.attend = 256
    let prompt = String(repeating: "red star ", count: 160) + "draw a red circle"
    let drawing = GenerationOptions(sampling: .greedy, output: .image, thinking: 0)
    var state = SessionState()
    var input = 0
    do {
      let model = try await Model.load(Self.nano, options: options)
      let memory = try await store().attach(to: model)
      let session = try memory.session(named: "s", of: model)
      let answer = try await session.respond(to: [.text(prompt)], options: drawing).answer()
      #expect(answer.tokens.count > 64)
      input = answer.usage.input
      state = await session.state()
      try await memory.save(session, named: "s", of: model)
      #expect(await close(model) == nil)
    }
    let next = GenerationOptions(sampling: .greedy, maximumTokens: 16, output: .text, thinking: 0)
    let whole = try await load(Self.nano, .bf16).makeIsolatedSession(resuming: state)
    let expected = try await whole.respond(to: [.text("what was that?")], options: next).answer()
    let model = try await load(Self.nano, .bf16)
    let memory = try await store().attach(to: model)
    let session = try memory.session(named: "s", of: model)
    let answer = try await session.respond(to: [.text("what was that?")], options: next).answer()
    #expect(answer.tokens == expected.tokens)
    #expect(answer.usage.restored == input / 32 * 32 && input > 256)
  }

  @Test("another model's session is refused by name, another cache's pages are not found")
  func otherModel() async throws {
    let model = try await load(Self.unified, .bf16)
    let memory = try await store().attach(to: model)
    let session = try memory.session(named: "s", of: model)
    _ = try await session.respond(to: Self.turns[0], options: Self.options(1)).answer()
    try await memory.save(session, named: "s", of: model)
    #expect(await close(model) == nil)
    let wide = try await load(Self.unified, .f32)
    let other = try ModelMemory(memory.store, model: wide)
    let state = await session.state()
    #expect(try memory.pages.find(state.ids, written: state.written, limit: 99, tenant: "").count > 0)
    #expect(try other.pages.find(state.ids, written: state.written, limit: 99, tenant: "").isEmpty)
    let nano = try await load(Self.nano, .bf16)
    let strange = try ModelMemory(memory.store, model: nano)
    let error = #expect(throws: SpudError.self) { try strange.session(named: "s", of: nano) }
    #expect(error?.message.contains("tiny-unified") == true)
  }

  @Test("a tenant finds what was read for it, and nothing of another's")
  func tenants() async throws {
    let prompt = Request([.text(String(repeating: "the first ", count: 20))], options: Self.options(1))
    for (round, tenants) in [["ada", "bob"], ["ada"], ["eve"]].enumerated() {
      let model = try await load(Self.unified, .bf16)
      _ = try await store().attach(to: model)
      for tenant in tenants {
        let answer = try await model.submit(prompt, tenant: tenant).answer()
        #expect((answer.usage.restored > 0) == (round == 1), "\(tenant) in round \(round)")
      }
      #expect(await close(model) == nil)
    }
  }

  @Test("a conversation is the same from its bytes, and cut bytes are refused")
  func bytes() async throws {
    let model = try await load(Self.unified, .bf16)
    let session = model.makeIsolatedSession()
    for turn in Self.turns[..<3] { _ = try await session.respond(to: turn, options: Self.options(1)).answer() }
    let state = await session.state()
    #expect(state.turns.count == 6 && state.ids.count > 60)
    #expect(try SessionState(bytes: state.bytes) == state)
    for count in 0..<state.bytes.count {
      #expect(throws: SpudError.self) { try SessionState(bytes: Array(state.bytes[..<count])) }
    }
  }

  @Test("a conversation that is resumed is measured beside one that is read, and both write the same")
  func measured() async throws {
    let directory = scratch.root + "/measured"
    let model = try await load(Self.unified, .q8)
    let rounds = try await ResumeMeasurement(tokens: 200, rounds: 2, directory: directory).run(model)
    #expect(rounds.count == 2)
    for round in rounds {
      #expect(round.resumed.usage.input == round.read.usage.input)
      #expect(round.resumed.usage.restored > round.read.usage.input - 96 && round.read.usage.cached == 0)
      #expect(round.resumed.open > 0 && round.resumed.restore > 0 && round.read.compute > 0)
    }
    #expect(!FileManager.default.fileExists(atPath: directory))
  }
}
