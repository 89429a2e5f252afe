internal import CEdit
internal import Foundation

/// Lines of a person's: edited and with a history at a terminal, as they come otherwise.
enum ChatInput {
  /// The next turn; nil at the end. A line that ends in a backslash goes on in the next.
  static func next() -> String? {
    var whole = ""
    while let line = line(prompt: whole.isEmpty ? "> " : ". ") {
      guard line.hasSuffix("\\") else { return whole + line }
      whole += line.dropLast() + "\n"
    }
    return whole.isEmpty ? nil : whole
  }

  private static func line(prompt: String) -> String? {
    guard Terminal.inputIsTerminal else { return readLine() }
    guard let bytes = unsafe spud_read_line(prompt) else {
      Terminal.report("")
      return nil
    }
    defer { unsafe free(bytes) }
    let line = unsafe String(cString: bytes)
    if !line.isEmpty { unsafe add_history(bytes) }
    return line
  }
}
