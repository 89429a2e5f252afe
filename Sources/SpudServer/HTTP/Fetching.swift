#if Server
internal import Dispatch
internal import Foundation
internal import FoundationNetworking
internal import SpudMedia
internal import SpudOptions
internal import SpudProtocol
internal import Synchronization

extension ServerContext {
  /// The bytes behind an address that a request names, if its host is one of those allowed. It blocks.
  ///
  /// Nothing that is fetched leads anywhere else: redirections are refused.
  ///
  /// - Throws: `APIError` (400), saying why there are none.
  func fetch(_ address: String) throws -> [UInt8] {
    guard let url = URL(string: address), let host = url.host()?.lowercased(), url.user() == nil, url.password() == nil,
      options.allowFetch.contains(where: { $0.lowercased() == host || $0.lowercased() == "\(host):\(url.port ?? 0)" })
    else { throw ConversationReader.refusal(of: address) }
    return try Fetch(limit: MediaLimits.default.imageBytes).bytes(at: url)
  }
}

/// One fetch over HTTP.
private final class Fetch: NSObject, URLSessionDataDelegate, Sendable {
  private static let seconds = 15.0

  private struct State {
    var bytes: [UInt8] = []
    var problem: String?
  }

  private let limit: Int
  private let state = Mutex(State())
  private let done = DispatchSemaphore(value: 0)

  init(limit: Int) { self.limit = limit }

  func bytes(at url: URL) throws -> [UInt8] {
    let configuration = URLSessionConfiguration.ephemeral
    configuration.timeoutIntervalForRequest = Self.seconds
    let session = URLSession(configuration: configuration, delegate: self, delegateQueue: nil)
    let task = session.dataTask(with: url)
    task.resume()
    if done.wait(timeout: .now() + Self.seconds) == .timedOut { fail("does not answer within \(Int(Self.seconds)) s") }
    session.invalidateAndCancel()
    let (bytes, problem) = state.withLock { ($0.bytes, $0.problem) }
    if let problem {
      throw APIError(
        400, "the address '\(url.absoluteString.prefix(80))' \(problem)", code: "invalid_image_url")
    }
    return bytes
  }

  private func fail(_ problem: String) { state.withLock { $0.problem = $0.problem ?? problem } }

  func urlSession(
    _ session: URLSession, task: URLSessionTask, willPerformHTTPRedirection response: HTTPURLResponse,
    newRequest request: URLRequest, completionHandler: @escaping @Sendable (URLRequest?) -> Void
  ) {
    fail("leads elsewhere, which is not followed")
    completionHandler(nil)
  }

  func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
    let isTooLong = state.withLock { state in
      state.bytes += data
      return state.bytes.count > limit
    }
    guard isTooLong else { return }
    fail("holds more than \(limit) bytes, which is the limit")
    dataTask.cancel()
  }

  func urlSession(_ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) {
    let status = (task.response as? HTTPURLResponse)?.statusCode
    if error != nil { fail("cannot be fetched") } else if let status, status != 200 { fail("answers with \(status)") }
    done.signal()
  }
}
#endif
