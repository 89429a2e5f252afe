/// The portal: it answers requests with pages, and keeps what forms change in its records.
///
/// It knows nothing of who asks: whoever precedes it decides whether a request comes through.
package final class Portal {
  package struct Reply: Sendable {
    package let status: Int
    package let page: PortalPage
    /// What a form changed; nil where nothing was.
    package let change: PortalForm?

    package init(status: Int, page: PortalPage, change: PortalForm?) {
      self.status = status
      self.page = page
      self.change = change
    }
  }

  package let records: Records
  package private(set) var layout: PageLayout
  /// What is posted up on every page.
  package var notice = ""
  private var interruptions: [Interruption]
  private var requests = 0
  private var isSignedIn = true
  /// How often each form came.
  private var sent: [PortalForm: Int] = [:]
  /// What has come through and changed something, in order.
  package private(set) var writes: [PortalWrite] = []

  package init(records: Records, layout: PageLayout, interruptions: [Interruption] = []) {
    self.records = records
    self.layout = layout
    self.interruptions = interruptions
  }

  /// Answers a request.
  ///
  /// - Parameters:
  ///   - path: as in the address, with its query.
  ///   - body: of a form that is posted; nil for a page that is only asked for.
  package func reply(to path: String, body: String? = nil) throws -> Reply {
    requests += 1
    let parts = path.split(separator: "?", maxSplits: 1).map(String.init)
    let (place, query) = (parts.first ?? "/", FormFields(parts.count > 1 ? parts[1] : ""))
    if place == "/sign-in" {
      isSignedIn = true
      return show(.home(layout: layout, notice: notice))
    }
    interrupt()
    guard isSignedIn else { return show(.expired(layout: layout), status: 401) }
    if place == "/" { return show(.home(layout: layout, notice: notice)) }
    if place == "/stock" { return show(try .stock(records, layout: layout, notice: notice)) }
    if place == "/people" {
      let number = max(0, min(1_000, query["page"].flatMap { Int($0) } ?? 0))
      let text = query["q"] ?? ""
      return show(try .people(records, matching: text, page: number, layout: layout, notice: notice))
    }
    if place.hasPrefix("/people/"),
      let page = try PortalPage.person(
        String(place.dropFirst("/people/".count)), records, layout: layout, notice: notice)
    {
      return show(page)
    }
    if place.hasPrefix("/form/"), let form = PortalForm(rawValue: String(place.dropFirst("/form/".count))) {
      return try reply(form, body.map { FormFields($0) })
    }
    return show(.message("There is no such page", layout: layout, notice: notice), status: 404)
  }

  private func reply(_ form: PortalForm, _ fields: FormFields?) throws -> Reply {
    func page(_ problem: String) -> PortalPage {
      .form(form, values: fields?.values ?? [:], problem: problem, layout: layout, notice: notice)
    }
    guard let fields else { return show(page("")) }
    let time = sent[form, default: 0] + 1
    sent[form] = time
    if take(.refusal(of: form, at: time)) { return show(page("Something failed: try again"), status: 422) }
    if take(.lie(about: form, at: time)) { return show(.message("Saved", layout: layout, notice: notice)) }
    do {
      try records.apply(form, fields.values)
    } catch let refusal as Refusal {
      return show(page(refusal.line), status: 422)
    }
    writes.append(PortalWrite(form: form, values: fields.values))
    return Reply(status: 200, page: .message("Saved", layout: layout, notice: notice), change: form)
  }

  private func show(_ page: PortalPage, status: Int = 200) -> Reply { Reply(status: status, page: page, change: nil) }

  /// What is due at this request.
  private func interrupt() {
    interruptions.removeAll { interruption in
      switch interruption {
      case .expiredSession(let after) where requests >= after:
        isSignedIn = false
        return true
      case .movedLayout(let after, let seed) where requests >= after:
        layout = PageLayout(seed: seed)
        return true
      default: return false
      }
    }
  }

  private func take(_ interruption: Interruption) -> Bool {
    guard let place = interruptions.firstIndex(of: interruption) else { return false }
    interruptions.remove(at: place)
    return true
  }
}
