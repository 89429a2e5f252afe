extension String {
  /// The lines of a text that people or programs wrote, whichever of `\n` and `\r\n` ends them: to Swift the latter is
  /// one character, at which no separator of one splits. A mark of byte order before them is no part of the first.
  package var lines: [Substring] {
    unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).enumerated().map { number, line in
      var line = line
      if number == 0, line.first == "\u{FEFF}" { line.removeFirst() }
      if line.last == "\r" { line.removeLast() }
      return Substring(line)
    }
  }
}
