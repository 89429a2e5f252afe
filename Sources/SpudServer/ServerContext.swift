#if Server
internal import Foundation
internal import SpudErrors
internal import SpudInference
internal import SpudMemory
internal import SpudOptions
internal import SpudProtocol
internal import Synchronization

/// What every request of a server shares.
final class ServerContext: Sendable {
  let options: ServeOptions
  let keys: KeyFile?
  let limiter: RateLimiter
  let origins: Origins
  let bodyLimit: Int
  let registry: ModelRegistry
  /// What was read, sealed on disk; every model's.
  let memory: SealedStore?
  let routes: [String: [String: Route]]
  let lifecycle = Lifecycle()
  let log: AccessLog
  let metrics = Metrics()
  /// What is at the paths of `Page`.
  let page: [String: Reply.Body]
  let started = ContinuousClock.now
  private let workers: [ComputeThread]
  private let turn = Atomic(0)

  /// - Throws: `SpudError`: a file of keys that is not as it should be, a model that is not there.
  init(_ options: ServeOptions, fallback: () throws -> String) throws {
    self.options = options
    keys = try options.apiKeyFile.map { try Self.readKeys($0) }
    limiter = RateLimiter(perMinute: options.rateLimit)
    origins = Origins(
      allowed: Set(options.allowOrigin), requiresLocalName: options.unix == nil && options.isLocal && keys == nil)
    bodyLimit = options.bodyLimit.count
    registry = try ModelRegistry(options, fallback: fallback, now: Int(Date.now.timeIntervalSince1970))
    memory = try options.memory.open { AccessLog.say("spud: \($0)") }
    log = AccessLog(isQuiet: options.quiet)
    routes = Route.all()
    page = try Page.load()
    workers = (0..<2).map { ComputeThread(name: "spud requests \($0)") }
    ServerMetrics.declare(in: metrics)
  }

  private static func readKeys(_ path: String) throws -> KeyFile {
    guard let attributes = try? FileManager.default.attributesOfItem(atPath: path),
      let data = FileManager.default.contents(atPath: path), data.count <= 1 << 20
    else { throw SpudError(.noInput, "\(path): there is no such file of keys, or it cannot be read") }
    let mode = (attributes[.posixPermissions] as? NSNumber)?.intValue ?? 0
    guard mode & 0o077 == 0 else {
      throw SpudError(.badData, "\(path): others may read this file of keys: chmod 600 \(path)")
    }
    guard let text = String(data: data, encoding: .utf8) else { throw SpudError(.badData, "\(path): no UTF-8 text") }
    return try KeyFile(parsing: text, name: path)
  }

  /// Does work that takes long on a thread of its own: there are few that serve requests.
  func work<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    let index = turn.wrappingAdd(1, ordering: .relaxed).newValue
    return try await workers[abs(index % workers.count)].run(body)
  }

  /// Seconds since 1970.
  static var now: Int { Int(Date.now.timeIntervalSince1970) }
}
#endif
