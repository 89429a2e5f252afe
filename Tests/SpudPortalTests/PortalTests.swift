import Testing

@testable import SpudPortal

@Suite("The portal")
struct PortalTests {
  private func portal(_ interruptions: [Interruption] = []) throws -> Portal {
    let task = PortalTask.make(.onboard, count: 1, seed: 1, difficulty: .init(interruptions: 0, hasObstacles: false))
    return Portal(records: try task.goldRecords(), layout: PageLayout(seed: 3), interruptions: interruptions)
  }

  private func texts(_ page: PortalPage) -> [String] {
    page.elements.compactMap {
      switch $0 {
      case .text(let text, _, _), .link(let text, _, _, _), .button(let text, _, _): text
      case .field: nil
      }
    }
  }

  private static let ann = "name=Ann+Lee&email=ann.lee%40spud.test&team=Audio&start=2027-02-01"

  @Test("a form changes the records, and the record shows it")
  func adds() throws {
    let portal = try portal()
    let reply = try portal.reply(to: "/form/add-person", body: Self.ann)
    #expect(reply.change == .addPerson)
    #expect(texts(reply.page).contains("Saved"))
    let record = texts(try portal.reply(to: "/people/ann.lee@spud.test").page)
    #expect(Set(["Name Ann Lee", "Team Audio", "Start 2027-02-01", "Active", "No badge"]).isSubset(of: record))
    let found = texts(try portal.reply(to: "/people?q=ann.l").page)
    #expect(found.contains("ann.lee@spud.test"))
  }

  @Test(
    "what is wrong is refused in a line, with nothing changed",
    arguments: [
      ("add-person", "name=A&email=a%40spud.test&team=Audio&start=soon", "! Start is no date"),
      ("add-person", "name=A&email=a%40else.test&team=Audio&start=2027-01-01", "! Email is not one of ours"),
      ("add-person", "name=A&email=a%40spud.test&team=Nobody&start=2027-01-01", "! Team is unknown"),
      ("set-badge", "email=nobody%40spud.test&level=2", "! No such person"),
      ("count-stock", "item=Phone&quantity=-1", "! Quantity is 0 to 999"),
      ("give-hardware", "email=&item=Phone", "! Email is missing"),
    ])
  func refuses(form: String, body: String, line: String) throws {
    let portal = try portal()
    let before = try Set(portal.records.rows())
    let reply = try portal.reply(to: "/form/\(form)", body: body)
    #expect(texts(reply.page).contains(line))
    #expect(reply.change == nil)
    #expect(try Set(portal.records.rows()) == before)
  }

  @Test("a refusal comes once, a lie changes nothing, a session ends until one signs in, a layout moves")
  func interruptions() throws {
    let portal = try portal([
      .refusal(of: .addPerson, at: 1), .lie(about: .addPerson, at: 2), .expiredSession(after: 4),
      .movedLayout(after: 7, seed: 99),
    ])
    func send() throws -> [String] { texts(try portal.reply(to: "/form/add-person", body: Self.ann).page) }
    #expect(try send().contains("! Something failed: try again"))
    #expect(try send().contains("Saved"))
    #expect(!texts(try portal.reply(to: "/people/ann.lee@spud.test").page).contains("Active"))
    #expect(try send().contains("Your session has expired"))
    #expect(texts(try portal.reply(to: "/sign-in?").page).contains("Set a badge"))
    let before = try portal.reply(to: "/form/set-badge").page
    #expect(try portal.reply(to: "/form/set-badge").page != before)
    #expect(try send().contains("Saved"))
    #expect(portal.writes.count == 1)
  }

  @Test("text of others is text, on the page and in an address")
  func escapes() throws {
    let portal = try portal()
    portal.notice = "<script>alert(1)</script> & \"more\""
    let html = try portal.reply(to: "/").page.html
    #expect(html.contains("&lt;script&gt;alert(1)&lt;/script&gt; &amp;"))
    #expect(FormFields("a=1+2&b=%C3%A9&b=2").isAmbiguous)
    #expect(FormFields("q=\("é & =?".encoded)")["q"] == "é & =?")
  }

  @Test("every element of every page is on the grid, and nothing lies over anything", arguments: 0..<40)
  func grid(seed: Int) throws {
    let task = PortalTask.make(.onboard, count: 3, seed: UInt64(seed))
    let portal = try task.portal(interrupted: false)
    portal.notice = "All are asked to be patient: this is a long notice of the house, over some lines"
    let paths =
      ["/", "/people", "/people?q=a&page=1", "/stock"] + PortalForm.allCases.map { "/form/\($0.rawValue)" }
      + task.start.people.map { "/people/\($0.email)" }
    for path in paths {
      var taken: Set<Int> = []
      for element in try portal.reply(to: path).page.elements {
        let (row, column, count): (Int, Int, Int)
        switch element {
        case .text(let text, let r, let c), .link(let text, _, let r, let c), .button(let text, let r, let c):
          (row, column, count) = (r, c, text.count)
        case .field(_, _, let r, let c): (row, column, count) = (r, c, PortalPage.fieldWidth)
        }
        #expect(row < PortalPage.rows && column + count <= PortalPage.columns, "\(element) of \(path)")
        for place in column..<column + count {
          #expect(taken.insert(row * PortalPage.columns + place).inserted, "\(element) of \(path)")
        }
      }
    }
  }
}
