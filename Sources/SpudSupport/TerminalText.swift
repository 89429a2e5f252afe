/// Text that others wrote, for a terminal.
package enum TerminalText {
  /// `text` without the characters that a terminal would act on: what a model, a file or a server writes must not move
  /// the cursor, nor rename the window. Ends of lines and tabs stay, unless it is to be one line.
  package static func withoutControls(_ text: String, isOneLine: Bool = false) -> String {
    var safe = ""
    for scalar in text.unicodeScalars {
      let isControl = scalar.properties.generalCategory == .control
      safe.unicodeScalars.append(isControl && (isOneLine || scalar != "\n" && scalar != "\t") ? "\u{FFFD}" : scalar)
    }
    return safe
  }
}
