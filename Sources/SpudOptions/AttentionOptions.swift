package import ArgumentParser

/// `--attend`, for whatever writes.
package struct AttentionOptions: ParsableArguments {
  @Option(
    name: .long, parsing: .unconditional,
    help: ArgumentHelp(
      """
      In longer contexts, have each id that is written attend to so many positions only (256 or more), chosen by what \
      they could mean to it: faster, and not exact. Default: to all.
      """, valueName: "n"))
  package var attend: Int?

  package init() {}

  package func validate() throws {
    if let attend, attend < 256 { throw ValidationError("--attend is \(attend), but must be 256 or more.") }
  }
}
