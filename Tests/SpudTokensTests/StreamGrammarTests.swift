import SpudErrors
import SpudSupport
import SpudTokens
import Testing

@Suite("The stream's grammar")
struct StreamGrammarTests {
  let vocabulary: Vocabulary

  init() throws { vocabulary = try smallVocabulary() }

  private func id(_ token: ControlToken) -> Int32 { vocabulary.id(of: token) }

  /// Every id of `ids` in turn; nil when all are taken, the first error otherwise.
  private func check(_ ids: [Int32], beginning: StreamGrammar.Beginning = .stream) -> SpudError? {
    var grammar = StreamGrammar(vocabulary, beginning: beginning)
    for id in ids {
      do { try grammar.push(id) } catch { return error }
    }
    return grammar.errorAtEnd()
  }

  private var picture: [Int32] {
    [id(.image), vocabulary.size(1), vocabulary.size(2)]
      + [vocabulary.imageCode(0), vocabulary.imageCode(4), id(.imageEnd)]
  }

  private var sound: [Int32] {
    [id(.audio), vocabulary.soundCode(0, 2), vocabulary.soundCode(1, 0), id(.audioEnd)]
  }

  private var clip: [Int32] {
    [id(.video), vocabulary.size(1), vocabulary.size(1)]
      + [id(.frame), 1, vocabulary.imageCode(1), vocabulary.soundCode(0, 0), vocabulary.soundCode(1, 1)]
      + [id(.frame), 1, 2, vocabulary.imageCode(2), id(.videoEnd)]
  }

  @Test("accepts a stream with every kind of part")
  func acceptsEverything() {
    let parts = picture + [3, 4] + sound + clip + [id(.think), 1, 2, id(.thinkEnd), 5]
    #expect(check([id(.begin), id(.user)] + parts + [id(.end), id(.assistant)] + parts + [id(.end)]) == nil)
    #expect(check([id(.begin)]) == nil)
    #expect(check([id(.begin), id(.user), id(.end)]) == nil)
  }

  @Test("names the position, what was found and what was expected")
  func errorsSayWhatAndWhere() throws {
    let missing = [id(.begin), id(.user), 1] + picture.prefix(4) + [id(.end)]
    #expect(
      check(missing)?.message
        == "position 7: found <end> (id \(id(.end))), expected 1 more image code in the image opened at position 3")
    #expect(check(missing)?.code == .badData)
    #expect(
      check([id(.begin), id(.user), 1, vocabulary.imageCode(3)])?.message
        == "position 3: found image code 3 (id \(vocabulary.imageCode(3))), "
        + "expected text, <image>, <audio>, <video>, <think> or <end>")
    #expect(
      check([id(.begin), id(.user), id(.audio), vocabulary.soundCode(1, 0)])?.message
        == "position 3: found sound code <a1:0> (id \(vocabulary.soundCode(1, 0))), "
        + "expected a sound code of level 0 or </audio> in the audio opened at position 2")
    #expect(
      check([id(.begin), id(.user), 1])?.message
        == "position 3: the stream ends, expected text, <image>, <audio>, <video>, <think> or <end>")
    for foreign in [Int32(vocabulary.count), -1, .max, .min] {
      let message = "position 0: id \(foreign) is outside the vocabulary, expected 0 to \(vocabulary.count - 1)"
      #expect(check([foreign])?.message == message)
    }
  }

  @Test("refuses what breaks a span")
  func refusesBrokenSpans() {
    let open = [id(.begin), id(.user)]
    let size = [vocabulary.size(1), vocabulary.size(1)]
    let code = vocabulary.imageCode(0)
    let broken: [[Int32]] = [
      [id(.image), code], [id(.image), vocabulary.size(1), code], [id(.image)] + size + [id(.imageEnd)],
      [id(.image)] + size + [code, code], [id(.image)] + size + [1],
      [id(.image)] + size + [code, id(.imageEnd), code],
      [id(.audio), vocabulary.soundCode(0, 0), id(.audioEnd)],
      [id(.audio), vocabulary.soundCode(0, 0), vocabulary.soundCode(0, 0)],
      [id(.audio), id(.imageEnd)], [id(.audio), 1], [id(.audio), id(.audio)],
      [id(.video), code], [id(.video)] + size + [code], [id(.video)] + size + [vocabulary.soundCode(0, 0)],
      [id(.video)] + size + [id(.frame), id(.frame)], [id(.video)] + size + [id(.frame), code],
      [id(.video)] + size + [id(.frame), 1, id(.videoEnd)], [id(.video)] + size + [id(.frame), 1, 1, 1, 1, 1],
      [id(.video)] + size + [id(.frame), 1, code, vocabulary.soundCode(0, 0), id(.videoEnd)],
      [id(.think), id(.think)], [id(.think), id(.image)], [id(.think), id(.end)], [id(.thinkEnd)],
      [id(.frame)], [id(.imageEnd)], [id(.audioEnd)], [id(.videoEnd)], [id(.pad)], [id(.begin)], [id(.user)], size,
    ]
    for ids in broken { #expect(check(open + ids) != nil, "\(ids)") }
    #expect(check([id(.user)]) != nil)
    #expect(check([id(.begin), 1]) != nil)
    #expect(check([id(.begin), id(.begin)]) != nil)
    #expect(check([id(.begin), id(.end)]) != nil)
  }

  @Test("a given picture may begin with a residual code for each patch; a drawn one, or a video's, may not")
  func residuals() throws {
    let refining = try smallVocabulary(residual: 4)
    let (code, residual) = (refining.imageCode(1), refining.residualCode(3))
    func check(_ ids: [Int32]) -> String? {
      var grammar = StreamGrammar(refining, beginning: .turn)
      for id in ids {
        do { try grammar.push(id) } catch { return error.message }
      }
      return grammar.errorAtEnd(mayEndInTurn: true)?.message
    }
    let open = [id(.image), refining.size(1), refining.size(2)]
    #expect(check(open + [code, code, id(.imageEnd)]) == nil)
    #expect(check(open + [residual, residual, code, code, id(.imageEnd), 1]) == nil)
    let opened = " in the image opened at position 0"
    #expect(
      check(open + [residual, code])
        == "position 4: found image code 1 (id \(code)), expected 1 more residual code\(opened)")
    #expect(
      check(open + [residual, residual, residual])
        == "position 5: found residual code 3 (id \(residual)), expected 2 more image codes\(opened)")
    #expect(
      check(open + [code, residual])
        == "position 4: found residual code 3 (id \(residual)), expected 1 more image code\(opened)")
    #expect(check(open + [id(.imageEnd)])?.contains("expected 2 residual or image codes") == true)
    let frame = [id(.video), refining.size(1), refining.size(1), id(.frame), 1]
    #expect(check(frame + [code, id(.videoEnd)]) == nil)
    #expect(check(frame + [residual]) != nil && check(frame + [code, residual]) != nil)

    var grammar = StreamGrammar(refining, beginning: .turn)
    for id in open { try grammar.push(id) }
    #expect(grammar.allowed().ranges == [refining.image])
    try grammar.push(residual)
    #expect(grammar.allowed().ranges == [refining.residual])
    try grammar.push(residual)
    #expect(grammar.allowed().ranges == [refining.image])
  }

  @Test("a refused id leaves the machine where it stood")
  func refusalChangesNothing() throws {
    var grammar = StreamGrammar(vocabulary, beginning: .turn)
    for id in picture.dropLast(2) {
      #expect(throws: SpudError.self) { try grammar.push(self.id(.pad)) }
      try grammar.push(id)
    }
    try grammar.push(vocabulary.imageCode(1))
    try grammar.push(self.id(.imageEnd))
    #expect(grammar.position == 6 && grammar.isBetweenParts && !grammar.isComplete)
  }

  @Test("under no policy, what may be sampled is exactly what is accepted, along random walks", arguments: 0..<40)
  func maskEqualsGrammar(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    var grammar = StreamGrammar(vocabulary, policy: .unrestricted)
    for _ in 0..<300 {
      let allowed = grammar.allowed()
      for id in -1..<Int32(vocabulary.count + 1) {
        var copy = grammar
        let accepted = (try? copy.push(id)) != nil
        #expect(accepted == allowed.contains(id), "id \(id) at position \(grammar.position)")
      }
      try grammar.push(try #require(choose(allowed, &generator)))
    }
  }

  @Test(
    "a walk under the mask always parses, closes its turn in time, and keeps to the policy",
    arguments: [StreamPolicy.Output.any, .text, .image, .audio], [nil, 0, 5])
  func walksClose(output: StreamPolicy.Output, thinking: Int?) throws {
    var generator = SeededGenerator(seed: 11)
    for room in Array(1...40) + [64, 100, 200, 500] {
      for _ in 0..<12 {
        var policy = StreamPolicy()
        policy.output = output
        policy.thinking = thinking
        policy.imageSides = 2...6
        policy.imageRoom = 9
        policy.audioRoom = 2
        policy.audioFrames = 1...8
        let ids = try walk(policy, room: room, &generator)
        #expect(ids.count <= room)
        #expect(check([id(.begin), id(.assistant)] + ids) == nil, "\(ids)")
        try expect(ids, keepTo: policy, room: room)
      }
    }
  }

  /// Random ids under the mask until the turn closes.
  @Test("all thoughts of a turn share one limit: at it the thought must end, and no other may begin")
  func thoughtLimit() throws {
    var policy = StreamPolicy()
    policy.thoughtLimit = 3
    var grammar = StreamGrammar(vocabulary, beginning: .turn, policy: policy)
    let text = vocabulary.text.lowerBound
    try grammar.push(id(.think))
    for _ in 0..<2 { try grammar.push(text) }
    try grammar.push(id(.thinkEnd))
    #expect(grammar.allowed().contains(id(.think)))
    try grammar.push(id(.think))
    #expect(grammar.allowed().contains(text))
    try grammar.push(text)
    #expect(grammar.allowed().ranges == [id(.thinkEnd)..<id(.thinkEnd) + 1])
    try grammar.push(id(.thinkEnd))
    #expect(!grammar.allowed().contains(id(.think)) && grammar.allowed().contains(text))
    // The next turn has thoughts of its own.
    try grammar.push(id(.end))
    try grammar.push(id(.assistant))
    #expect(grammar.allowed().contains(id(.think)))
  }

  private func walk(
    _ policy: StreamPolicy, room: Int, _ generator: inout SeededGenerator
  ) throws -> [Int32] {
    var grammar = StreamGrammar(vocabulary, beginning: .turn, policy: policy)
    var ids: [Int32] = []
    while !grammar.isComplete {
      let next = try #require(choose(grammar.allowed(remaining: room - ids.count), &generator))
      try grammar.push(next)
      ids.append(next)
      guard ids.count <= room else { break }
    }
    return ids
  }

  private func expect(_ ids: [Int32], keepTo policy: StreamPolicy, room: Int) throws {
    let pictures = ids.filter { $0 == id(.image) }.count
    let sounds = ids.filter { $0 == id(.audio) }.count
    #expect(!ids.contains(id(.video)))
    let outside = ids.split(separator: id(.thinkEnd), omittingEmptySubsequences: false).last ?? []
    switch policy.output {
    case .any: break
    case .text: #expect(pictures == 0 && sounds == 0)
    case .image:
      #expect(sounds == 0 && pictures == (room >= 9 ? 1 : 0))
      #expect(!outside.contains { vocabulary.text.contains($0) })
    case .audio:
      #expect(pictures == 0 && sounds == (room >= 5 ? 1 : 0))
      #expect(!outside.contains { vocabulary.text.contains($0) })
    }
    let thoughts = ids.filter { $0 == id(.think) }.count
    if let budget = policy.thinking {
      #expect(thoughts <= min(1, budget))
      if budget > 0, room >= 20 { #expect(thoughts == 1 && ids.first == id(.think)) }
      if let end = ids.firstIndex(of: id(.thinkEnd)) { #expect(end - 1 <= budget) }
    }
    for (position, id) in ids.enumerated() where id == self.id(.image) {
      #expect((vocabulary.size(2)...vocabulary.size(6)).contains(ids[position + 1]))
      #expect((vocabulary.size(2)...vocabulary.size(6)).contains(ids[position + 2]))
    }
  }

  private func choose(_ allowed: AllowedIDs, _ generator: inout SeededGenerator) -> Int32? {
    // By range first, so that rare marks are as likely as the many text ids.
    allowed.ranges.randomElement(using: &generator).map { Int32.random(in: $0, using: &generator) }
  }

  @Test("with .any, a picture or sound is not begun unless a usual one fits")
  func spansNeedRoom() {
    let grammar = StreamGrammar(vocabulary, beginning: .turn)
    #expect(!grammar.allowed(remaining: 68).contains(id(.image)))
    #expect(grammar.allowed(remaining: 69).contains(id(.image)))
    #expect(!grammar.allowed(remaining: 22).contains(id(.audio)))
    #expect(grammar.allowed(remaining: 23).contains(id(.audio)))
    #expect(grammar.allowed(remaining: 1).ranges == [id(.end)..<id(.end) + 1])
  }

  @Test("the mask leaves allowed logits alone and everything else at minus infinity")
  func maskMasks() throws {
    var generator = SeededGenerator(seed: 12)
    var grammar = StreamGrammar(vocabulary, beginning: .turn)
    for _ in 0..<100 {
      let allowed = grammar.allowed(remaining: 100)
      // Checkpoints pad their output to a round number of rows.
      let original = (0..<vocabulary.count + 7).map { _ in Float.random(in: -5...5, using: &generator) }
      var logits = original
      allowed.mask(&logits)
      for (id, logit) in logits.enumerated() {
        #expect(logit == (allowed.contains(Int32(id)) ? original[id] : -.infinity))
      }
      #expect(allowed.count == logits.count { $0 > -.infinity })
      try grammar.push(try #require(choose(allowed, &generator)))
      if grammar.isComplete { grammar = StreamGrammar(vocabulary, beginning: .turn) }
    }
  }
}
