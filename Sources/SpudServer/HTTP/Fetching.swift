#if Server
internal import SpudProtocol

extension ServerContext {
  /// The bytes behind an address that a request names, if its host is one of those allowed.
  func fetch(_ address: String) throws -> [UInt8] {
    throw ConversationReader.refusal(of: address)
  }
}
#endif
