#if Server
/// Names of requests and answers.
enum Identifier {
  /// `PREFIX_` and 24 random characters.
  static func make(_ prefix: String) -> String {
    let alphabet = Array("abcdefghijklmnopqrstuvwxyz0123456789")
    return prefix + "_" + String((0..<24).map { _ in alphabet[Int.random(in: 0..<alphabet.count)] })
  }
}
#endif
