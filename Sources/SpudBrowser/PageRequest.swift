/// A request that a page makes, held until it is answered: whatever a page wants of the world comes by here.
package struct PageRequest: Sendable, Equatable {
  package let method: String
  package let url: String
  /// The body as text; nil where there is none.
  package let body: String?
  /// The request carries a body that the browser did not hand over.
  package let hidesBody: Bool

  package init(method: String, url: String, body: String? = nil, hidesBody: Bool = false) {
    self.method = method
    self.url = url
    self.body = body
    self.hidesBody = hidesBody
  }
}

/// What becomes of a request. None ever reaches a network.
package enum PageAnswer: Sendable, Equatable {
  case page(
    status: Int = 200, type: String = "text/html; charset=utf-8", body: [UInt8], headers: [String: String] = [:])
  /// To another address, which is asked for in turn.
  case redirect(to: String)
  case refused
  /// No answer at all, so that the page waits forever; for tests of deadlines.
  case silence

  package static func html(_ text: String, status: Int = 200) -> PageAnswer {
    .page(status: status, body: Array(text.utf8))
  }
}
