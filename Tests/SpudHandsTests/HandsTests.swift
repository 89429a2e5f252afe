import Foundation
import SpudBrowser
import SpudErrors
import SpudMedia
import SpudTensors
import Testing

@testable import SpudHands

/// The fixtures are made by `Scripts/goldens/hands.py`, with the Python that trains the hands.
@Suite("Screens and actions as ids")
struct HandsTests {
  private static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures").path
  private static let golden = try? JSONValue(contentsOf: folder + "/hands.json")
  private static let screens = golden?["screens"]?.array ?? []

  private func screen(_ golden: JSONValue) throws -> Screen {
    Screen(try RGBImage.load(path: "\(Self.folder)/\(golden["page"]?.string ?? "").png"))
  }

  private func ids(_ value: JSONValue?) -> [Int32] { (value?.array ?? []).compactMap { $0.int.map(Int32.init) } }

  @Test("marks, groups, codes and prompts are those of training, bit for bit")
  func equal() throws {
    let stream = HandStream(try MarkCodebook(directory: Self.folder))
    #expect(stream.vocabularyCount == Self.golden?["size"]?.int)
    #expect(Self.screens.count == 6)
    var before: [[Int32]] = []
    for golden in Self.screens {
      let page = golden["page"]?.string ?? ""
      let screen = try screen(golden)
      let marks = MarkReader.read(screen).map { group in
        group.marks.map { [$0.left, $0.top, $0.right, $0.bottom] }
      }
      let expected = (golden["marks"]?.array ?? []).map { group in
        (group.array ?? []).map { mark in (mark.array ?? []).compactMap(\.int) }
      }
      #expect(marks == expected, "\(page)")
      let groups = stream.groups(screen)
      #expect(groups == (golden["groups"]?.array ?? []).map { ids($0) }, "\(page)")
      let last: [HandStep] = [
        .click(x: 41, y: 77), .type("Zoë"), .key("tab"), .drag(fromX: 3, fromY: 51, toX: 158, toY: 208),
        .click(x: 300, y: 20),
      ]
      let prompt = stream.prompt(
        task: golden["task"]?.string ?? "", plan: [Place(x: 5, y: 60), Place(x: 77, y: 100)], last: last,
        before: before, now: groups)
      #expect(prompt == ids(golden["prompt"]), "\(page)")
      before = groups
    }
  }

  @Test("views move places, nothing else, and none of them off the screen")
  func views() throws {
    let text = HandVocabulary.text("Zoë"), code = HandVocabulary.firstCode + 5
    let ids = text + HandVocabulary.place(20, 60) + [code] + HandVocabulary.place(200, 100)
    let views = HandView.several(of: ids, count: 5)
    #expect(views.count == 5 && Set(views).count == 5 && views[0] == HandView(right: 0, down: 0))
    for view in views {
      let (right, down) = (2 * Int(view.right), 2 * Int(view.down))
      let expected =
        text + HandVocabulary.place(20 + right, 60 + down) + [code] + HandVocabulary.place(200 + right, 100 + down)
      #expect(ids.map { view.moved($0) } == expected)
    }
    // In the corner above there is room to the right and below alone.
    let corner = HandView.several(of: HandVocabulary.place(0, 0), count: 9)
    #expect(corner.count > 3 && corner.allSatisfy { $0.right >= 0 && $0.down >= 0 })
  }

  @Test("answers are read as training reads them, and every id of them may be written")
  func answers() throws {
    let stream = HandStream(try MarkCodebook(directory: Self.folder))
    let answers = Self.golden?["answers"]?.array ?? []
    #expect(answers.count == 10)
    for answer in answers {
      let written = ids(answer["ids"])
      let (plan, step) = stream.parse(written)
      #expect(
        plan
          == (answer["plan"]?.array ?? []).map { place in
            Place(x: place.array?.first?.int ?? -1, y: place.array?.last?.int ?? -1)
          })
      let made = try #require(step)
      let action = answer["action"]?.array ?? []
      switch made {
      case .click(let x, let y): #expect(action == [.string("click"), .number(x), .number(y)])
      case .drag(let x, let y, let toX, let toY):
        #expect(action == [.string("drag"), .number(x), .number(y), .number(toX), .number(toY)])
      case .type(let text): #expect(action == [.string("type"), .string(text)])
      case .key(let name): #expect(action == [.string("key"), .string(name)])
      case .done: #expect(action == [.string("done")])
      default: Issue.record("\(made)")
      }
      if made != .done || plan.isEmpty {
        for place in written.indices {
          #expect(stream.allowed(after: Array(written[..<place])).contains(written[place]))
        }
      }
    }
    #expect(stream.parse([]).step == nil)
    #expect(stream.parse([999_999]).step == nil)
    #expect(stream.parse([HandVocabulary.control("<click>"), 5]).step == nil)
  }

  @Test("an empty screen, one of one colour and one of noise have marks within their bounds")
  func extremes() {
    for (seed, size) in [(0, (160, 210)), (1, (160, 210)), (2, (3, 51)), (3, (1, 1))] {
      var value = UInt64(seed)
      let pixels = (0..<size.0 * size.1 * 3).map { _ -> UInt8 in
        value = value &* 6_364_136_223_846_793_005 &+ 1
        return seed == 0 ? 200 : UInt8(truncatingIfNeeded: value >> 56)
      }
      let screen = Screen(RGBImage(width: size.0, height: size.1, pixels: pixels))
      let groups = MarkReader.read(screen)
      if seed == 0 { #expect(groups.isEmpty) }
      for mark in groups.flatMap(\.marks) {
        #expect(mark.left >= 0 && mark.right <= size.0 && mark.top >= 50 && mark.bottom <= size.1)
        #expect(mark.right - mark.left <= Mark.side && mark.bottom - mark.top <= Mark.side)
      }
    }
  }

  @Test("no seed of evaluation is one of training, and the tiers have 34, 14 and 9 pages")
  func pages() {
    #expect(MiniwobPage.tiers.map(\.count) == [34, 14, 9])
    #expect(Set(MiniwobPage.tiers.joined()).count == 57)
    #expect(MiniwobPage.seed("evaluation", "click-test", 7) == "evaluation/click-test/7")
    let rate = SuccessRate(successes: 80, trials: 100)
    #expect(abs(rate.interval.lowerBound - 0.7112) < 0.001 && abs(rate.interval.upperBound - 0.8666) < 0.001)
  }
}
