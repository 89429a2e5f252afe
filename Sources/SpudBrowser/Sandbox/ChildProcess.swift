internal import Glibc
internal import SpudErrors
internal import SpudSupport

/// A program that was started in a process group of its own, until it is killed.
final class ChildProcess {
  enum Ending: Equatable { case exited(Int32), killed(Int32) }

  let identifier: pid_t
  private var ending: Ending?

  /// Starts a program directly: no shell sees the arguments.
  ///
  /// - Parameters:
  ///   - program: an absolute path.
  ///   - descriptors: what it finds under which number; all others are closed.
  init(_ program: String, _ arguments: [String], descriptors: [(Descriptor, as: Int32)]) throws {
    identifier = try ProgramCalls.spawn(
      program, arguments: arguments, environment: ["LC_ALL=C.UTF-8"],
      descriptors: descriptors.map { ($0.0.number, as: $0.as) }, leadsGroup: true)
  }

  deinit { end() }

  /// Kills the program and all that it started, and collects it.
  func end() {
    guard ending == nil else { return }
    kill(-identifier, SIGKILL)
    kill(identifier, SIGKILL)
    while poll(WaitOptions.block) == nil {}
  }

  enum WaitOptions { case block, look }

  /// How it ended, once it has.
  func poll(_ options: WaitOptions = .look) -> Ending? {
    if let ending { return ending }
    var status: Int32 = 0
    // SAFETY: `waitpid` writes one number.
    let found = unsafe waitpid(identifier, &status, options == .look ? WNOHANG : 0)
    if found == identifier {
      ending = status & 0x7F == 0 ? .exited(status >> 8 & 0xFF) : .killed(status & 0x7F)
    } else if found < 0, errno != EINTR {
      ending = .exited(0)  // somebody else has collected it
    }
    return ending
  }
}
