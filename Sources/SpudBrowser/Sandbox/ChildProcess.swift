internal import Glibc
internal import SpudErrors

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
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    // The copies lose the close-on-exec mark that the originals carry.
    for (descriptor, number) in descriptors {
      unsafe posix_spawn_file_actions_adddup2(&actions, descriptor.number, number)
    }
    var attributes = posix_spawnattr_t()
    unsafe posix_spawnattr_init(&attributes)
    defer { unsafe posix_spawnattr_destroy(&attributes) }
    var (defaults, mask) = (sigset_t(), sigset_t())
    unsafe sigfillset(&defaults)
    unsafe sigemptyset(&mask)
    unsafe posix_spawnattr_setsigdefault(&attributes, &defaults)
    unsafe posix_spawnattr_setsigmask(&attributes, &mask)
    unsafe posix_spawnattr_setpgroup(&attributes, 0)
    let flags = POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP
    unsafe posix_spawnattr_setflags(&attributes, Int16(flags))

    let environment = ["LC_ALL=C.UTF-8"]
    // SAFETY: both lists end with nil and are freed below; `posix_spawn` copies them.
    var argumentList = unsafe ([program] + arguments).map { unsafe strdup($0) } + [nil]
    var environmentList = unsafe environment.map { unsafe strdup($0) } + [nil]
    defer { unsafe (argumentList + environmentList).forEach { unsafe free($0) } }
    var process: pid_t = 0
    let failure = unsafe posix_spawn(&process, program, &actions, &attributes, &argumentList, &environmentList)
    guard failure == 0 else {
      throw SpudError(.io, "\(program) could not be started: \(Descriptor.reason(failure))")
    }
    identifier = process
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
