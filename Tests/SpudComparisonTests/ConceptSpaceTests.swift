import SpudPipeline
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
        return ConceptSpace.Entry(concept: name, modality: modality, states: [state])
      }
    }
  }

  @Test("concepts that lie alike in two modalities all find themselves")
  func alike() throws {
    let space = ConceptSpace(entries: Self.entries(shifted: 0))
    let (hits, concepts) = space.hits(from: "image", to: "text", layer: 0)
    #expect(hits == 4 && concepts == 4)
    let records = try space.records(system: "unified")
    #expect(records.map(\.pair) == ["image → text", "text → image"])
    #expect(records[0].points.count == 8 && records[1].points.isEmpty)
    let red = records[0].points.filter { $0.concept == "red" }
    #expect(abs(red[0].x - red[1].x) < 1e-5 && abs(red[0].y - red[1].y) < 1e-5)
  }

  @Test("concepts that lie at each other's places find the wrong one")
  func permuted() {
    #expect(ConceptSpace(entries: Self.entries(shifted: 1)).hits(from: "image", to: "text", layer: 0).hits == 0)
  }

  @Test("concepts are the words that are answered, seen and said")
  func concepts() {
    func example(_ id: String, _ media: PromptPartKind, _ description: String, _ answer: String) -> Example {
      Example(
        id: id, skill: "s", task: "t",
        turns: [.init(.user, [media == .image ? .image(path: id) : .audio(path: id), .text("?")])], answer: answer,
        imageDescriptions: media == .image ? [description] : [],
        soundDescriptions: media == .audio ? [description] : [])
    }
    let concepts = ConceptExamples(
      [
        example("1", .image, "a red ring; a blue star", "red"), example("2", .image, "a red star", "star"),
        example("3", .image, "a blue ring", "blue"), example("4", .audio, "red", "red"),
        example("5", .audio, "the red star", "the red star"),
      ], limit: 1)
    // Blue is seen and answered, but never said.
    #expect(concepts.words == ["red", "star"])
    let prompts = concepts.prompts(for: "red")
    #expect(prompts.map(\.modality) == ["audio", "image", "text"])
    // The shortest description stands for the word.
    #expect(prompts[0].prompts.map(\.part) == [.audio(path: "4")])
    #expect(prompts[1].prompts.map(\.part) == [.image(path: "2")])
  }

  enum PromptPartKind { case image, audio }
}
