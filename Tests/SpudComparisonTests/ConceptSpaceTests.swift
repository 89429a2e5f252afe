import SpudPipeline
import SpudTokens
import Testing

@testable import SpudComparison

@Suite("One space")
struct ConceptSpaceTests {
  /// Concepts at their own directions, each modality shifted as a whole, which must not matter.
  static func entries(shifted: Int) -> [ConceptSpace.Entry] {
    let names = ["red", "green", "blue", "ring"]
    return ["image", "text"].enumerated().flatMap { number, modality in
      names.enumerated().map { index, name in
        var state = [Float](repeating: Float(number * 3), count: 6)
        state[(index + (number == 1 ? shifted : 0)) % names.count] += 1
        return ConceptSpace.Entry(
          concept: name, category: name == "ring" ? "shape" : "colour", modality: modality, states: [state])
      }
    }
  }

  @Test("concepts that lie alike in two modalities all find themselves")
  func alike() throws {
    let space = ConceptSpace(entries: Self.entries(shifted: 0))
    let lookups = space.lookups(from: "image", to: "text", layer: 0)
    #expect(lookups.count == 4 && lookups.allSatisfy(\.isHit))
    #expect(lookups.map(\.category) == ["colour", "colour", "colour", "shape"])
    let records = try space.records(system: "unified")
    #expect(records.map(\.pair) == ["image → text", "text → image"])
    #expect(records[0].points.count == 8 && records[1].points.isEmpty)
    let red = records[0].points.filter { $0.concept == "red" }
    #expect(abs(red[0].x - red[1].x) < 1e-5 && abs(red[0].y - red[1].y) < 1e-5)
  }

  @Test("concepts that lie at each other's places find the wrong one")
  func permuted() {
    let lookups = ConceptSpace(entries: Self.entries(shifted: 1)).lookups(from: "image", to: "text", layer: 0)
    #expect(lookups.count == 4 && !lookups.contains(where: \.isHit))
  }

  /// Eight colours and two sizes, of which each is looked up in six directions.
  static func evidence(nearest: (_ concept: Int, _ pair: Int) -> Int) -> Evidence {
    let names = (0..<10).map { "\($0)" }
    let records = (0..<6).map { pair in
      Record.space(
        SpaceRecord(
          system: "unified", layer: 0, pair: "\(pair)",
          lookups: names.indices.map { index in
            .init(
              concept: names[index], category: index < 8 ? "colour" : "size",
              nearest: names[nearest(index, pair)])
          }))
    }
    return Evidence(systems: [SampleEvidence.unified], records: records, seed: 3)
  }

  @Test("to know the category only is chance: a guess within it")
  func categoryIsChance() throws {
    // Six colours find themselves in one of six directions, and else the next colour; sizes every second time.
    let claim = OneSpaceClaim.evaluate(
      Self.evidence { concept, pair in
        concept < 8 ? (pair == concept ? concept : (concept + 1) % 8) : (pair % 2 == 0 ? concept : 17 - concept)
      })
    // Eight colours with a chance of 1 / 8, two sizes with 1 / 2.
    #expect(abs((claim.baseline?.value ?? 0) - 0.2) < 1e-12)
    #expect(claim.finding.contains("and 100 % one of its category"), "\(claim.finding)")
    #expect(claim.verdict == .doesNotHold)
    #expect(
      claim.tables.last?.rows.map { [$0[0], $0[1], $0[4]] }
        == [["colour", "8", "12.5 %"], ["size", "2", "50.0 %"]])
  }

  @Test("six lookups of one concept are not six concepts: the interval comes from whole concepts")
  func resamplesConcepts() throws {
    // Six of ten concepts find themselves wherever they are looked up, the others nowhere.
    let claim = OneSpaceClaim.evaluate(Self.evidence { concept, _ in concept < 6 ? concept : (concept + 1) % 10 })
    #expect(claim.measured?.value == 0.6 && claim.runs == 60)
    let ratio = try #require(claim.ratio)
    let (low, high) = (ratio.low * 0.2, ratio.high * 0.2)
    // Of ten concepts the standard error is 0.155; of sixty lookups it would be 0.063.
    #expect(low < 0.4 && high > 0.8 && low > 0.1, "\(low) … \(high)")
    #expect(claim.verdict == .holdsInPart)
    #expect(OneSpaceClaim.evaluate(Self.evidence { concept, _ in concept }).verdict == .holds)
  }

  @Test("concepts are the words that are answered, seen and said")
  func concepts() {
    func example(
      _ id: String, _ media: PromptPartKind, _ description: String, _ answer: String, task: String = "t"
    ) -> Example {
      Example(
        id: id, skill: "s", task: task,
        turns: [.init(.user, [media == .image ? .image(path: id) : .audio(path: id), .text("?")])], answer: answer,
        imageDescriptions: media == .image ? [description] : [],
        soundDescriptions: media == .audio ? [description] : [])
    }
    let concepts = ConceptExamples(
      [
        example("1", .image, "a red ring; a blue star", "red", task: "colour"),
        example("2", .image, "a red star", "star", task: "shape"),
        example("3", .image, "a blue ring", "blue", task: "colour"),
        // Printed words name colours too, and are more.
        example("6", .image, "red", "red", task: "word"), example("7", .image, "star", "star", task: "word"),
        example("8", .image, "no", "no", task: "word"), example("4", .audio, "red", "red"),
        example("5", .audio, "the red star", "the red star"),
      ], limit: 1)
    // Blue is seen and answered, but never said.
    #expect(concepts.words == ["red", "star"])
    #expect(concepts.category(of: "red") == "s: colour" && concepts.category(of: "star") == "s: shape")
    let prompts = concepts.prompts(for: "red")
    #expect(prompts.map(\.modality) == ["audio", "image", "text"])
    // The shortest description stands for the word.
    #expect(prompts[0].prompts.map(\.part) == [.audio(path: "4")])
    #expect(prompts[1].prompts.map(\.part) == [.image(path: "2")])
  }

  enum PromptPartKind { case image, audio }
}
