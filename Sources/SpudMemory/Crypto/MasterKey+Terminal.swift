internal import Glibc
internal import SpudErrors

extension MasterKey {
  /// Asks whoever sits at the terminal for a passphrase, which is not shown.
  ///
  /// - Throws: `SpudError` (`usage`) when there is no terminal, or nothing was typed.
  package static func askPassphrase(_ question: String) throws -> MasterKey {
    // SAFETY: here and below, the path and the buffers are valid for the call.
    let descriptor = unsafe open("/dev/tty", O_RDWR | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw SpudError(.usage, "there is no terminal to ask for a passphrase; name a file that holds it")
    }
    defer { close(descriptor) }
    var shown = termios()
    guard unsafe tcgetattr(descriptor, &shown) == 0 else {
      throw SpudError(.usage, "the terminal cannot be kept from showing a passphrase; name a file that holds it")
    }
    var hidden = shown
    hidden.c_lflag &= ~tcflag_t(ECHO)
    _ = unsafe tcsetattr(descriptor, TCSAFLUSH, &hidden)
    defer { _ = unsafe tcsetattr(descriptor, TCSAFLUSH, &shown) }
    let prompt = Array(question.utf8)
    _ = unsafe write(descriptor, prompt, prompt.count)
    var words: [UInt8] = []
    var byte: UInt8 = 0
    while unsafe read(descriptor, &byte, 1) == 1, byte != UInt8(ascii: "\n"), words.count < 4096 { words.append(byte) }
    _ = unsafe write(descriptor, "\n", 1)
    guard !words.isEmpty else { throw SpudError(.usage, "no passphrase was typed") }
    return .passphrase(Secret(taking: &words))
  }
}
