internal import CSQLite
internal import SpudErrors

/// A SQLite database in memory. Values are bound, never spelled into a statement.
///
/// Not to be used from two threads at once.
@safe
package final class Database {
  package enum Value: Hashable, Sendable, CustomStringConvertible {
    case null
    case integer(Int)
    case text(String)

    package var description: String {
      switch self {
      case .null: "-"
      case .integer(let value): "\(value)"
      case .text(let text): text
      }
    }

    package var text: String? { if case .text(let text) = self { text } else { nil } }
    package var integer: Int? { if case .integer(let value) = self { value } else { nil } }
  }

  private var connection: OpaquePointer?

  package init() throws {
    // SAFETY: SQLite writes one pointer, which is ours until it is closed.
    guard unsafe sqlite3_open(":memory:", &connection) == SQLITE_OK else {
      throw SpudError(.internal, "SQLite could not open a database in memory")
    }
  }

  deinit { unsafe sqlite3_close(connection) }

  /// Runs one statement.
  ///
  /// - Returns: its rows.
  /// - Throws: `internal`, with SQLite's words.
  @discardableResult
  package func run(_ statement: String, _ values: [Value] = []) throws -> [[Value]] {
    var prepared: OpaquePointer?
    // SAFETY: the text is a terminated copy; SQLite writes one pointer, which is finalized below.
    guard unsafe sqlite3_prepare_v2(connection, statement, -1, &prepared, nil) == SQLITE_OK else { throw failure() }
    defer { unsafe sqlite3_finalize(prepared) }
    for (position, value) in values.enumerated() {
      let place = Int32(position + 1)
      switch value {
      case .null: unsafe sqlite3_bind_null(prepared, place)
      case .integer(let number): unsafe sqlite3_bind_int64(prepared, place, Int64(number))
      case .text(let text):
        // SAFETY: the destructor −1 has SQLite copy the text during the call.
        let copied = unsafe unsafeBitCast(-1, to: sqlite3_destructor_type.self)
        unsafe sqlite3_bind_text(prepared, place, text, -1, copied)
      }
    }
    var rows: [[Value]] = []
    while true {
      switch unsafe sqlite3_step(prepared) {
      case SQLITE_ROW: rows.append(unsafe (0..<sqlite3_column_count(prepared)).map { unsafe value(prepared, $0) })
      case SQLITE_DONE: return rows
      default: throw failure()
      }
    }
  }

  private func value(_ prepared: OpaquePointer?, _ column: Int32) -> Value {
    switch unsafe sqlite3_column_type(prepared, column) {
    case SQLITE_NULL: return .null
    case SQLITE_INTEGER: return .integer(Int(unsafe sqlite3_column_int64(prepared, column)))
    default:
      // SAFETY: the text is terminated and lives until the next step; it is copied here.
      return .text(unsafe sqlite3_column_text(prepared, column).map { unsafe String(cString: $0) } ?? "")
    }
  }

  private func failure() -> SpudError {
    // SAFETY: the message is terminated, and copied at once.
    SpudError(.internal, "the portal's database: \(unsafe String(cString: sqlite3_errmsg(connection)))")
  }
}
