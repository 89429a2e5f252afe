package import ArgumentParser

/// The flags of `spud serve`, which hands them on to `spud-server` as they are.
package struct ServeOptions: ParsableArguments {
  @Option(
    name: [.customShort("m"), .customLong("model")],
    help: ArgumentHelp(
      "A model to serve, by the last part of its path or as NAME=PATH. May be repeated: the first is what a request "
        + "that names none gets. Default: Models/spud-nano.",
      valueName: "model"))
  package var models: [String] = []

  @Option(help: "The address to listen on. Any but that of this machine alone needs --api-key-file.")
  package var host = "127.0.0.1"

  @Option(help: "The port; 0 takes a free one, which is said on standard error.")
  package var port = 8080

  @Option(help: ArgumentHelp("Listen on a socket of this name in place of host and port.", valueName: "path"))
  package var unix: String?

  @Option(
    help: ArgumentHelp(
      "Keys that may ask, a line each: a tenant's name and its key. Only its owner may be able to read it.",
      valueName: "file"))
  package var apiKeyFile: String?

  @Option(
    help: ArgumentHelp(
      "Memory for the conversations of each model, such as 800M or 4G. Default: half of what is free.",
      valueName: "bytes"))
  package var cacheSize: ByteCount?

  @Option(
    help: ArgumentHelp(
      "Memory for the experts of each mixture, such as 8G; the rest are read when they are needed. Default: all of "
        + "them, or as many as there is room for.",
      valueName: "bytes"))
  package var weightsCache: ByteCount?

  @Option(help: ArgumentHelp("Tokens that a conversation may hold. Default: as the model was made.", valueName: "n"))
  package var context: Int?

  @Option(help: ArgumentHelp("Answers that are generated at a time, for each model; others wait.", valueName: "n"))
  package var parallel = 16

  @Option(help: ArgumentHelp("Requests that may wait, for each model; more are answered with 429.", valueName: "n"))
  package var queue = 512

  @Option(
    help: ArgumentHelp("Requests a minute, for each key (or for all, without keys); 0: no limit.", valueName: "n"))
  package var rateLimit = 0

  @Option(help: ArgumentHelp("The longest body of a request, such as 32M.", valueName: "bytes"))
  package var bodyLimit = ByteCount(64 << 20)

  @Option(
    help: ArgumentHelp(
      "A web page's origin, such as https://example.org, that may ask from a browser. May be repeated.",
      valueName: "origin"))
  package var allowOrigin: [String] = []

  @Option(
    help: ArgumentHelp(
      "A host from which pictures may be fetched that a request only names. May be repeated.", valueName: "host"))
  package var allowFetch: [String] = []

  @Option(name: [.customShort("t"), .long], help: ArgumentHelp("Threads that compute.", valueName: "n"))
  package var threads: Int?

  @Flag(help: "Say nothing about each request on standard error.")
  package var quiet = false

  @OptionGroup package var attention: AttentionOptions
  @OptionGroup(title: "Memory") package var memory: MemoryOptions

  package init() {}

  package func validate() throws {
    func require(_ holds: Bool, _ sentence: @autoclosure () -> String) throws {
      if !holds { throw ValidationError(sentence()) }
    }
    try require((0...65_535).contains(port), "--port is \(port), but must be 0 to 65535.")
    try require(parallel >= 1, "--parallel is \(parallel), but must be 1 or more.")
    try require(queue >= 0, "--queue is \(queue), but must be 0 or more.")
    try require(rateLimit >= 0, "--rate-limit is \(rateLimit), but must be 0 or more.")
    try require(threads ?? 1 >= 1, "--threads is \(threads ?? 1), but must be 1 or more.")
    try require(
      isLocal || apiKeyFile != nil,
      "--host \(host) lets other machines ask, which needs --api-key-file with a key for each who may.")
    for origin in allowOrigin {
      try require(Self.isOrigin(origin), "--allow-origin \(origin) is no origin, such as https://example.org.")
    }
  }

  /// Whether only this machine can ask.
  package var isLocal: Bool { unix != nil || ["127.0.0.1", "::1", "localhost"].contains(host) }

  private static func isOrigin(_ text: String) -> Bool {
    guard let scheme = text.firstRange(of: "://"), ["http", "https"].contains(String(text[..<scheme.lowerBound])) else {
      return false
    }
    let rest = text[scheme.upperBound...]
    return !rest.isEmpty && !rest.contains { $0 == "/" || $0 == "*" || $0.isWhitespace }
  }
}
