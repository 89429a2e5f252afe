import SpudMedia
import SpudPipeline
import Testing

@testable import SpudComparison

@Suite("The judges")
struct JudgeTests {
  /// Draws things as the world does: a shape in a cell of a 64-pixel picture, averaged over a 4 × 4 grid.
  static func picture(_ things: [(colour: String, shape: String, cell: Int, radius: Double)]) -> RGBImage {
    var pixels: [UInt8] = []
    for y in 0..<64 {
      for x in 0..<64 {
        var sum = (red: 0.0, green: 0.0, blue: 0.0)
        for step in 0..<16 {
          let px = Double(x) + (Double(step % 4) + 0.5) / 4
          let py = Double(y) + (Double(step / 4) + 0.5) / 4
          var colour = (red: 232.0, green: 230.0, blue: 225.0)
          for thing in things {
            let centre = (x: (Double(thing.cell % 3) + 0.5) * 64 / 3, y: (Double(thing.cell / 3) + 0.5) * 64 / 3)
            let isInside = WorldShape(rawValue: thing.shape)?.contains(
              x: (px - centre.x) / thing.radius, y: (py - centre.y) / thing.radius)
            if isInside == true, let named = DrawingJudge.colours.first(where: { $0.name == thing.colour }) {
              colour = (named.red, named.green, named.blue)
            }
          }
          sum = (sum.red + colour.red, sum.green + colour.green, sum.blue + colour.blue)
        }
        pixels += [UInt8(sum.red / 16), UInt8(sum.green / 16), UInt8(sum.blue / 16)]
      }
    }
    return RGBImage(width: 64, height: 64, pixels: pixels)
  }

  @Test("the detector tells every shape in every colour and both sizes", arguments: WorldShape.allCases)
  func tellsShapes(shape: WorldShape) {
    for (index, colour) in DrawingJudge.colours.enumerated() {
      for radius in [6.0, 9.5] {
        let image = Self.picture([(colour.name, shape.rawValue, index, radius)])
        let found = DrawingJudge.things(in: image)
        #expect(
          found == [.init(colour: colour.name, shape: shape.rawValue, cell: index)],
          "\(colour.name) \(shape) \(radius)")
      }
    }
  }

  @Test("a drawing scores the share of things that are right in colour, shape and cell; extras count against it")
  func scores() {
    let image = Self.picture([("red", "circle", 0, 9), ("blue", "star", 8, 9)])
    let asked = DrawingJudge.things(in: "a big red circle at the top left; a big blue star at the bottom right")
    #expect(asked == [.init(colour: "red", shape: "circle", cell: 0), .init(colour: "blue", shape: "star", cell: 8)])
    #expect(DrawingJudge.score(image, asked: asked) == .right)
    #expect(DrawingJudge.score(image, asked: Array(asked.prefix(1))).value == 0.5)
    let wrong = DrawingJudge.things(in: "a red circle at the top and a blue star at the bottom right")
    #expect(DrawingJudge.score(image, asked: wrong).value == 0.5)
    #expect(DrawingJudge.score(nil, asked: asked) == .wrong)
    let empty = RGBImage(width: 8, height: 8, pixels: Array(repeating: 9, count: 192))
    #expect(DrawingJudge.score(empty, asked: asked).value == 0)
  }

  @Test("the recognizer tells glides from each other, whatever their speed and loudness")
  func tellsSounds() {
    func glide(_ from: Double, _ to: Double, seconds: Double, gain: Double) -> Waveform {
      let count = Int(seconds * 16000)
      var phase = 0.0
      return Waveform(
        samples: (0..<count).map { index in
          phase += 2 * Double.pi * (from + (to - from) * Double(index) / Double(count)) / 16000
          return Float(gain * phase.sine)
        }, sampleRate: 16000)
    }
    let judge = SpeechJudge(templates: [
      .init(word: "up", sound: glide(300, 2400, seconds: 0.5, gain: 0.4)),
      .init(word: "down", sound: glide(2400, 300, seconds: 0.5, gain: 0.4)),
      .init(word: "high", sound: glide(2400, 2500, seconds: 0.5, gain: 0.4)),
    ])
    #expect(judge.word(in: glide(330, 2500, seconds: 0.7, gain: 0.1)) == "up")
    #expect(judge.word(in: glide(2300, 320, seconds: 0.35, gain: 0.7)) == "down")
    #expect(judge.word(in: Waveform(samples: [], sampleRate: 16000)) == nil)
    #expect(SpeechJudge(templates: []).word(in: glide(300, 400, seconds: 0.2, gain: 0.5)) == nil)
  }

  @Test("connected words are told apart, and words that were not asked for count against the answer")
  func tellsWords() {
    func glide(_ from: Double, _ to: Double, seconds: Double) -> [Float] {
      let count = Int(seconds * 16000)
      var phase = 0.0
      return (0..<count).map { index in
        phase += 2 * Double.pi * (from + (to - from) * Double(index) / Double(count)) / 16000
        return Float(0.4 * phase.sine)
      }
    }
    func sound(_ parts: [Float]...) -> Waveform { Waveform(samples: parts.flatMap(\.self), sampleRate: 16000) }
    let judge = SpeechJudge(templates: [
      .init(word: "up", sound: sound(glide(300, 2400, seconds: 0.5))),
      .init(word: "down", sound: sound(glide(2400, 300, seconds: 0.5))),
      .init(word: "high", sound: sound(glide(2400, 2500, seconds: 0.4))),
    ])
    let said = sound(glide(320, 2400, seconds: 0.6), glide(2400, 2480, seconds: 0.3), glide(2300, 310, seconds: 0.4))
    #expect(judge.words(in: said) == ["up", "high", "down"])
    #expect(judge.score(said, asked: ["up", "high", "down"]) == .right)
    #expect(judge.score(said, asked: ["up", "down"]) == Score(value: 2.0 / 3, isRight: false))
    #expect(judge.score(nil, asked: ["up"]) == .wrong)
    #expect(judge.words(in: sound()).isEmpty)
  }

  @Test("each skill is scored by its own rule")
  func skillRules() {
    let judge = Judge()
    func score(_ skill: String, task: String = "t", _ text: String, _ answer: String) -> Score {
      judge.score(
        Reply(text: text), for: Example(id: "1", skill: skill, task: task, turns: [], answer: answer))
    }
    #expect(score("see", "Red.", "red") == .right)
    #expect(score("see", "blue", "red") == .wrong)
    #expect(score("read", "helo", "hello").errors == ErrorCount(edits: 1, length: 5))
    #expect(score("read", "A B 3", "AB3").isRight && !score("read", "ab3", "AB3").isRight)
    #expect(score("hear", "one two", "one three").value == 0.5)
    #expect(score("hear", "one two", "one three").recall == .init(.words, 0.5))
    #expect(score("see", "red", "red").recall == nil)
    let scene = "a big red ring at the top; a blue star at the left"
    #expect(score("see", task: "describe", "a blue star at the left; a red ring at the top", scene).value == 1)
    #expect(score("see", task: "describe", "a red ring at the left; a blue star at the left", scene).value == 0.5)
    #expect(score("see", task: "describe", "", scene).recall == .init(.objects, 0))
    let frame = "a red star at 23 41; a blue ring at 50 12"
    #expect(
      score("watch", task: "describe", "a blue ring at 46 14; a red star at 23 46", frame).recall
        == .init(.objects, 0.5))
    #expect(score("describe", task: "text", "the text AB as printed", "the text AB3 as printed").value == 0.8)
  }
}
