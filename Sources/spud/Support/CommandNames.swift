internal import ArgumentParser
internal import SpudComparison

/// Finds out about a command that does not exist before its options are taken for those of the root, which has none.
enum CommandNames {
  /// The commands, in the order of the help.
  static let all = Spud.configuration.subcommands.map { $0._commandName }

  /// The root's own options, as the argument parser has them.
  private static let rootOptions = ["-h", "--help", "--version", "--generate-completion-script"]

  /// - Parameter arguments: All of the command line but the program.
  /// - Throws: `ValidationError` when they name no command, saying what could have been meant.
  static func check(_ arguments: some Collection<String>) throws {
    guard let first = arguments.first(where: { $0 != "help" }), !first.isEmpty else { return }
    guard !first.hasPrefix("-") else {
      guard !first.hasPrefix("---"), !first.hasPrefix("--experimental"), !rootOptions.contains(where: first.hasPrefix)
      else { return }
      throw ValidationError("\(first) comes before any command: options follow it, as in spud run \(first) …")
    }
    guard !all.contains(first) else { return }
    throw ValidationError("There is no command '\(first.prefix(60))'. \(hint(for: first))")
  }

  private static func hint(for name: String) -> String {
    // What has spaces in it was meant as a question.
    if name.contains(where: \.isWhitespace) { return "To ask a model: spud run \"\(name.prefix(60))\"" }
    let near = all.map { (name: $0, edits: TextMetrics.editDistance(Array(name), Array($0))) }.min {
      $0.edits < $1.edits
    }
    if let near, near.edits <= 2 { return "Did you mean spud \(near.name)?" }
    return "The commands are \(all.joined(separator: ", "))."
  }
}
