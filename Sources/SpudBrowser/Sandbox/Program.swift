internal import Glibc

/// Finding a program by its name.
package enum Program {
  /// The directories of `PATH`, and those where a system has its programs.
  package static var searchPath: String {
    // SAFETY: `getenv` returns nil or a terminated string, copied at once.
    let path = unsafe getenv("PATH").map { unsafe String(cString: $0) } ?? ""
    return path + ":/usr/local/bin:/usr/bin:/bin"
  }

  /// The program of that name in the first of the directories of `searchPath`, separated by colons, that has it.
  package static func find(_ name: String, in searchPath: String) -> String? {
    searchPath.split(separator: ":").lazy.filter { $0.hasPrefix("/") }.map { "\($0)/\(name)" }.first { path in
      var status = stat()
      // SAFETY: the path is a terminated copy that lives for the calls.
      return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG && access(path, X_OK) == 0
    }
  }
}
