/// A named conversation, as a list of them shows it.
package struct SessionRecord: Sendable, Equatable {
  /// Whose it is.
  package var tenant: String
  package var name: String
  /// The model that it was had with, as a person calls it.
  package var model: String
  /// What turns text and media into ids, and ids into logits.
  package var modelIdentity: [UInt8]  // [32]
  package var tokenCount: Int
  package var turnCount: Int
  /// When it was last continued, in milliseconds since 1970.
  package var updated: UInt64
  /// Where its ids and words are.
  var extent: UInt64 = 0

  package init(
    tenant: String, name: String, model: String, modelIdentity: [UInt8], tokenCount: Int, turnCount: Int,
    updated: UInt64
  ) {
    self.tenant = tenant
    self.name = name
    self.model = model
    self.modelIdentity = modelIdentity
    self.tokenCount = tokenCount
    self.turnCount = turnCount
    self.updated = updated
  }

  func put(to writer: inout ByteWriter) {
    writer.put(tenant)
    writer.put(name)
    writer.put(model)
    writer.put(counted: modelIdentity)
    writer.put(UInt64(tokenCount))
    writer.put(UInt64(turnCount))
    writer.put(updated)
    writer.put(extent)
  }

  init(_ reader: inout ByteReader) throws {
    tenant = try reader.text()
    name = try reader.text()
    model = try reader.text()
    modelIdentity = Array(try reader.counted())
    tokenCount = Int(clamping: try reader.number(UInt64.self))
    turnCount = Int(clamping: try reader.number(UInt64.self))
    updated = try reader.number()
    extent = try reader.number()
  }
}
