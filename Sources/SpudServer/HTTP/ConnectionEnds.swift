#if Server
internal import NIOCore
internal import NIOHTTP1
internal import NIOHTTPTypesHTTP1

/// Says `Connection: close` in the one spelling that is looked for, for all who expect the connection to be closed:
/// clients of HTTP/1.0, who otherwise wait for the end of an answer that they have (RFC 9112, 9.3), and any list or
/// case of letters that holds the word.
final class ConnectionEnds: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias InboundOut = HTTPServerRequestPart

  /// Puts one before what forgets the version.
  static func add(to pipeline: ChannelPipeline) throws {
    let operations = pipeline.syncOperations
    let codec = try operations.handler(type: HTTP1ToHTTPServerCodec.self)
    try operations.addHandler(ConnectionEnds(), position: .before(codec))
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard case .head(var head) = unwrapInboundIn(data) else { return context.fireChannelRead(data) }
    let words = head.headers[canonicalForm: "connection"].map { $0.lowercased() }
    if head.version == .http1_0 || head.version == .http0_9 || words.contains("close") {
      head.headers.replaceOrAdd(name: "connection", value: "close")
    }
    context.fireChannelRead(wrapInboundOut(.head(head)))
  }
}
#endif
