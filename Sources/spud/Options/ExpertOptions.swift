internal import ArgumentParser
internal import SpudOptions

/// How much of a mixture of experts is in memory.
struct ExpertOptions: ParsableArguments {
  @Option(
    name: .long,
    help: ArgumentHelp(
      "Memory for a mixture's experts, such as 8G; the rest are read from the file when they are needed. Default: all "
        + "of them, or as many as there is room for.",
      valueName: "bytes"))
  var weightsCache: ByteCount?
}
