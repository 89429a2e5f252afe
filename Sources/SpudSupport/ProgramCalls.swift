internal import Glibc
package import SpudErrors

/// The system's calls that start another program, beside this one or in its place.
package enum ProgramCalls {
  /// Has the program at `path` go on in this process, with its files, its terminal and its number.
  ///
  /// - Parameter arguments: Those of the program, without its name.
  /// - Throws: `SpudError` (`unavailable`) when it cannot be started; otherwise this does not return.
  package static func replaceProcess(with path: String, arguments: [String]) throws(SpudError) -> Never {
    // SAFETY: the strings are copies that nobody frees; the array ends with nil, as execv wants it.
    unsafe _ = execv(path, ([path] + arguments).map { unsafe strdup($0) } + [nil])
    throw SpudError(.unavailable, "\(path): cannot be started (error \(errno))")
  }

  /// Starts the program at `path` beside this one, with no signal ignored or blocked.
  ///
  /// - Parameters:
  ///   - arguments: Those of the program, without its name.
  ///   - environment: All that it finds there, as `NAME=VALUE`.
  ///   - descriptors: Files that it finds under other numbers, their marks to be closed gone.
  ///   - leadsGroup: Whether it begins a group of processes, so that all it starts can be ended with it.
  /// - Returns: The number of its process.
  /// - Throws: `SpudError` (`io`) when it cannot be started.
  package static func spawn(
    _ path: String, arguments: [String], environment: [String], descriptors: [(Int32, as: Int32)], leadsGroup: Bool
  ) throws(SpudError) -> Int32 {
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    // The copies lose the close-on-exec mark that the originals carry.
    for (descriptor, number) in descriptors {
      unsafe posix_spawn_file_actions_adddup2(&actions, descriptor, number)
    }
    var attributes = posix_spawnattr_t()
    unsafe posix_spawnattr_init(&attributes)
    defer { unsafe posix_spawnattr_destroy(&attributes) }
    var (defaults, mask) = (sigset_t(), sigset_t())
    unsafe sigfillset(&defaults)
    unsafe sigemptyset(&mask)
    unsafe posix_spawnattr_setsigdefault(&attributes, &defaults)
    unsafe posix_spawnattr_setsigmask(&attributes, &mask)
    if leadsGroup { unsafe posix_spawnattr_setpgroup(&attributes, 0) }
    let group = leadsGroup ? POSIX_SPAWN_SETPGROUP : 0
    unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | group))
    // SAFETY: both lists end with nil and are freed below; `posix_spawn` copies them.
    var argumentList = unsafe ([path] + arguments).map { unsafe strdup($0) } + [nil]
    var environmentList = unsafe environment.map { unsafe strdup($0) } + [nil]
    defer { unsafe (argumentList + environmentList).forEach { unsafe free($0) } }
    var process: pid_t = 0
    let failure = unsafe posix_spawn(&process, path, &actions, &attributes, &argumentList, &environmentList)
    guard failure == 0 else {
      throw SpudError(.io, "\(path) could not be started: \(Descriptor.reason(failure))")
    }
    return process
  }
}
