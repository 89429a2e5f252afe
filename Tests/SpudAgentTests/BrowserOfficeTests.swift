import SpudBrowser
import SpudGuardian
import SpudPortal
import Testing

@testable import SpudAgent

@Suite("Work in the portal, in a real browser", .enabled(if: Installed.browser), .serialized)
struct BrowserOfficeTests {
  /// The letters and papers of a screen.
  private func text(_ sight: Sight) -> String {
    (0..<sight.rows).map { row in
      String((0..<sight.columns).map { sight[row, $0].letter })
        + (0..<sight.columns).map { sight[row, $0].paper == 0xFFFFFF ? "." : "#" }.joined()
    }.joined(separator: "\n")
  }

  @Test("what is read from pixels is what the double shows, page by page, field by field")
  func double() throws {
    for seed: UInt64 in 0..<3 {
      let task = PortalTask.make(.onboard, count: 2, seed: seed, difficulty: .init(interruptions: 0))
      let offices = try (0..<2).map { _ in
        let portal = try task.portal()
        portal.notice = "Notice: \"quoted\" <b>bold</b> & more {of} it ~ @ | \\"
        return Office(portal: portal, gate: nil)
      }
      let double = PageDouble(offices[0])
      let real = try BrowserSurface(offices[1], in: Sandbox())
      var hands = ScriptedHands()
      try double.begin()
      try real.begin()
      let plan = try Plan(ticket: task.ticket)
      for goal in plan.facts.prefix(3).flatMap({ [Goal.send($0.form), .show($0.place)] }) {
        hands.begin(goal)
        for _ in 0..<30 {
          let (one, other) = (try double.look(), try real.look())
          #expect(text(one) == text(other))
          #expect(one.parts == other.parts)
          guard case .gesture(let gesture) = try hands.next([other]) else { break }
          try double.perform(gesture)
          try real.perform(gesture)
        }
      }
      #expect(try offices[0].portal.records.rows().sorted() == offices[1].portal.records.rows().sorted())
      #expect(offices[1].portal.writes.count >= 2)
    }
  }

  @Test("people are onboarded from pixels, past the gate, with interruptions, and the judge finds nothing")
  func onboards() throws {
    let task = PortalTask.make(.onboard, count: 2, seed: 4, difficulty: .init(interruptions: 2))
    let day = try Workday(task, hands: ScriptedHands(), sandbox: Sandbox())
    #expect(day.isComplete)
    #expect(day.report.actions > 40)
    #expect(day.stopped.isEmpty)
  }

  @Test("a form whose hidden field differs from what is to be seen is stopped where it leaves")
  func hidden() throws {
    let plan = try Plan(ticket: "Reconcile the stock of 1 item.\n- Phone: 7")
    let gate = try plan.gate()
    let seen = Fingerprint(of: "screen")
    let effect = Proposal.Effect(name: "Count stock", values: ["Item": "Phone", "Quantity": "7"])
    let task = PortalTask.make(.reconcile, count: 1, seed: 1, difficulty: .init(interruptions: 0))
    let office = Office(portal: try task.portal(), gate: gate)
    let proposal = Proposal(action: "click", target: "Save", effect: effect, seen: seen)
    office.dispatched = { proposal }
    #expect(gate.propose(proposal).isAllowed)
    for body in [
      "item=Phone&quantity=7&level=4", "item=Phone&quantity=8", "item=Phone&quantity=7&item=Dock", "item=Phone",
    ] {
      #expect(try office.reply(to: "/form/count-stock", body: body).status == 403)
    }
    #expect(try office.reply(to: "/form/order-stock", body: "item=Phone&quantity=7").status == 403)
    #expect(office.portal.writes.isEmpty)
    #expect(try office.reply(to: "/form/count-stock", body: "item=Phone&quantity=7").status == 200)
    // An approval passes once.
    #expect(try office.reply(to: "/form/count-stock", body: "item=Phone&quantity=7").status == 403)
    #expect(office.portal.writes.count == 1)
  }
}

/// What this machine has; what it lacks is said once.
enum Installed {
  static let sandbox = check { _ = try Sandbox() }
  static let browser =
    sandbox
    && check {
      let office = Office(portal: try PortalTask.make(.correct, count: 1, seed: 0).portal(), gate: nil)
      _ = try BrowserSurface(office, in: Sandbox())
    }

  private static func check(_ body: () throws -> Void) -> Bool {
    do {
      try body()
      return true
    } catch {
      print("Tests in a browser are skipped: \(error)")
      return false
    }
  }
}
