#if Server
internal import NIOCore
internal import NIOHTTPTypes
internal import Synchronization

/// Whoever is at the other end of a connection: there, or gone.
final class Peer: Sendable {
  private struct State {
    var isGone = false
    var whenGone: (@Sendable () -> Void)?
  }
  private let state = Mutex(State())

  var isGone: Bool { state.withLock { $0.isGone } }

  /// Has `action` run once if the peer goes while the answer is being made; nil ends that.
  func whenGone(_ action: (@Sendable () -> Void)?) {
    let isGone = state.withLock { state in
      state.whenGone = state.isGone ? nil : action
      return state.isGone
    }
    if isGone { action?() }
  }

  func leave() {
    let action = state.withLock { state in
      defer { state.whenGone = nil }
      state.isGone = true
      return state.whenGone
    }
    action?()
  }

  static func of(_ channel: any Channel) async throws -> Peer {
    try await channel.eventLoop.submit {
      try channel.pipeline.syncOperations.handler(type: PeerWatcher.self).peer
    }.get()
  }
}

/// Sees that a client closed its connection, or its half of it, while nobody reads from it.
final class PeerWatcher: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPRequestPart
  let peer = Peer()

  func handlerAdded(context: ChannelHandlerContext) {
    // Where there is no such codec, nothing has forgotten the version.
    try? ConnectionEnds.add(to: context.pipeline)
  }

  func channelInactive(context: ChannelHandlerContext) {
    peer.leave()
    context.fireChannelInactive()
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case ChannelEvent.inputClosed? = event as? ChannelEvent { peer.leave() }
    context.fireUserInboundEventTriggered(event)
  }
}
#endif
