import SpudErrors

/// What a decoder has to say about a file that it read, though not all of it was as it should be.
///
/// Each remark is one sentence that begins with the file's name, as errors do. They are collected in a list of
/// strings that the caller passes: a caller that passes none has nowhere to show them, and gets an error instead,
/// so that a part of a file never passes silently for the whole.
enum Remarks {
  /// Decodes by `read`, which may make no remark.
  ///
  /// - Throws: what `read` throws, and `badData` with its remarks if it made any.
  static func refused<Value>(_ read: (inout [String]) throws -> Value) throws -> Value {
    var remarks: [String] = []
    let value = try read(&remarks)
    guard remarks.isEmpty else { throw SpudError(.badData, remarks.joined(separator: "; ")) }
    return value
  }

  /// A number of seconds with two decimals, as sentences show it.
  static func seconds(_ value: Double) -> String {
    guard let hundredths = Int(exactly: (value * 100).rounded()) else { return "\(value)" }
    let fraction = hundredths % 100
    return "\(hundredths / 100).\(fraction < 10 ? "0" : "")\(fraction)"
  }
}
