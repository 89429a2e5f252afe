#if Server
internal import Dispatch
internal import Foundation
internal import HummingbirdCore
internal import Logging
internal import NIOCore
internal import NIOPosix
internal import SpudErrors
internal import SpudInference
internal import SpudMemory
package import SpudOptions

/// A server: models behind HTTP.
package enum SpudServer {
  /// How long answers may go on after the server was told to end, and how long all of it may take.
  private static let grace = (answers: Duration.seconds(5), all: Duration.seconds(9))

  /// Serves until the process is told to end.
  ///
  /// - Parameter fallback: The path of the model that is served where none is named.
  /// - Throws: `SpudError`.
  package static func run(_ options: ServeOptions, fallback: () throws -> String) async throws {
    let context = try ServerContext(options, fallback: fallback)
    var logger = Logger(label: "spud-server") { _ in SwiftLogNoOpLogHandler() }
    logger.logLevel = .critical
    let responder = Responder(server: context)
    let channel = HTTP1Channel(
      responder: { try await responder.respond($0, $1, $2) },
      configuration: .init(additionalChannelHandlers: [PeerWatcher()], idleTimeout: .seconds(75)))
    let address: BindAddress =
      options.unix.map { .unixDomainSocket(path: $0) } ?? .hostname(options.host, port: options.port)
    let server = Server(
      childChannelSetup: channel, configuration: .init(address: address, serverName: "spud", backlog: 1024),
      onServerRunning: { channel in announce(channel, options) },
      eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: logger)

    let signals = EndingSignals()
    defer { withExtendedLifetime(signals) {} }
    let serving = Task { try await server.run() }
    Task {
      do {
        try await load(context)
      } catch {
        // A server without its model is none.
        let error = error as? SpudError ?? SpudError(.internal, "\(error)")
        AccessLog.say("spud: \(error.message)")
        exit(error.code.rawValue)
      }
    }
    let ending = Task { [stream = signals.stream] in
      await first(of: stream)
      await end(context) { try? await server.shutdownGracefully() }
      await keep(context)
      if let path = options.unix { try? FileManager.default.removeItem(atPath: path) }
      exit(0)
    }
    do {
      try await serving.value
    } catch {
      throw SpudError(.io, "\(options.unix ?? "\(options.host):\(options.port)"): cannot listen there: \(error)")
    }
    await ending.value
  }

  /// Waits for a signal to end; a second one ends the process at once.
  private static func first(of signals: AsyncStream<Int32>) async {
    await withCheckedContinuation { continuation in
      Task {
        var isFirst = true
        for await number in signals {
          guard isFirst else { exit(128 + number) }
          isFirst = false
          continuation.resume()
        }
      }
    }
  }

  private static func load(_ context: ServerContext) async throws {
    for served in context.registry.models {
      var options = LoadOptions(threads: context.options.threads, contextLength: context.options.context)
      options.cacheSize = context.options.cacheSize?.count
      options.attend = context.options.attention.attend
      options.weightsCache = context.options.weightsCache?.count
      options.packsAhead = true
      try await served.load(options, memory: context.memory)
      AccessLog.say("spud: \(served.name) is ready")
    }
  }

  /// Lets open answers go on for a while, then tells those that are left.
  private static func end(_ context: ServerContext, close: @escaping @Sendable () async -> Void) async {
    AccessLog.say("spud: ending")
    let start = ContinuousClock.now
    context.lifecycle.drain()
    let closing = Task { await close() }
    while context.lifecycle.openCount > 0, start.duration(to: .now) < grace.answers {
      try? await Task.sleep(for: .milliseconds(20))
    }
    context.lifecycle.endAll()
    while context.lifecycle.openCount > 0, start.duration(to: .now) < grace.all {
      try? await Task.sleep(for: .milliseconds(20))
    }
    closing.cancel()
  }

  /// Waits until what was read and answered is sealed, where it is to be.
  private static func keep(_ context: ServerContext) async {
    for served in context.registry.models {
      guard context.memory != nil, case .ready(let model) = served.current else { continue }
      if let failure = await model.flushMemory() { served.sayOnce(failure) }
    }
    try? context.memory?.noteUses()
  }

  private static func announce(_ channel: any Channel, _ options: ServeOptions) {
    let place: String
    if let path = options.unix {
      place = path
    } else {
      let port = channel.localAddress?.port ?? options.port
      place = "http://\(options.host.contains(":") ? "[\(options.host)]" : options.host):\(port)/"
    }
    AccessLog.say("spud: listening on \(place)")
  }
}

/// The signals that end a server.
private struct EndingSignals {
  let stream: AsyncStream<Int32>
  private let sources: [any DispatchSourceSignal]

  init() {
    let (stream, continuation) = AsyncStream<Int32>.makeStream()
    self.stream = stream
    signal(SIGPIPE, SIG_IGN)
    sources = [SIGTERM, SIGINT].map { number in
      // The default action would end the process before the source sees the signal.
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler { continuation.yield(number) }
      source.resume()
      return source
    }
  }
}
#endif
