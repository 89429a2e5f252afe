internal import ArgumentParser

/// A number of bytes as people write one: `512M`, `2G`, `1.5GiB`, `1000000`.
struct ByteCount: ExpressibleByArgument {
  let bytes: Int

  init?(argument: String) {
    guard let match = argument.wholeMatch(of: /([0-9]+(?:\.[0-9]+)?)\s*([kKmMgGtT]?)(?:i?[bB])?/),
      let number = Double(match.output.1)
    else { return nil }
    let shift =
      switch match.output.2.lowercased() {
      case "k": 10
      case "m": 20
      case "g": 30
      case "t": 40
      default: 0
      }
    guard let bytes = Int(exactly: (number * Double(1 << shift)).rounded()), bytes > 0 else { return nil }
    self.bytes = bytes
  }
}
