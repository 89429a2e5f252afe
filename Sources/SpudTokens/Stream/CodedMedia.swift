/// What a conversation's media were written as, so that its next turn does not code them again.
///
/// Holds the media of the last stream that was encoded with it, and nothing older.
public struct CodedMedia: Sendable {
  private struct Entry {
    var part: StreamPart
    var role: Role
    var ids: [Int32]
  }

  private var entries: [Entry] = []

  public init() {}

  /// The ids of a medium in a turn of `role`; nil where it was not in the last stream. An assistant's picture has no
  /// second codes, so the same picture reads otherwise in a user's turn.
  func ids(of part: StreamPart, in role: Role) -> [Int32]? {
    entries.first { $0.role == role && $0.part == part }?.ids
  }

  mutating func append(_ part: StreamPart, in role: Role, as ids: [Int32]) {
    entries.append(Entry(part: part, role: role, ids: ids))
  }
}
