internal import SpudErrors
internal import Glibc

/// bubblewrap: a program with no network, no home and nothing of the file system but `/usr`, unless a folder is given
/// to it.
///
/// There is no other way to start one: where bubblewrap cannot be had, nothing runs.
package struct Sandbox: Sendable {
  /// A folder of the machine that is seen inside.
  package struct Folder: Sendable {
    package let outside: String
    package let inside: String
    package let isWritable: Bool

    package init(_ outside: String, as inside: String, isWritable: Bool = false) {
      self.outside = outside
      self.inside = inside
      self.isWritable = isWritable
    }
  }

  /// The path of `bwrap`.
  let program: String

  /// Finds bubblewrap, and has it run a program that does nothing.
  ///
  /// - Parameter searchPath: where to look, separated by colons.
  /// - Throws: `unavailable`, with what bubblewrap said.
  package init(searchPath: String = Program.searchPath) throws {
    guard let found = Program.find("bwrap", in: searchPath) else {
      throw SpudError(
        .unavailable, "bubblewrap (bwrap) is not installed, and nothing runs outside of it: Scripts/install agent")
    }
    program = found
    let probe = try SandboxedProgram(self, run: ["/usr/bin/true"], seconds: 60).result()
    guard probe.ending == .exited(0) else {
      let reason = probe.output.split(separator: "\n").first.map(String.init) ?? "\(probe.ending)"
      throw SpudError(.unavailable, "bubblewrap cannot make a sandbox here, and nothing runs outside of it: \(reason)")
    }
  }

  /// The arguments of bubblewrap itself, up to the program's own.
  ///
  /// Not all of `/etc` is there: user 1000 within is who started it, and `/etc/shadow` could be read.
  func arguments(folders: [Folder], directory: String) -> [String] {
    var list = ["--ro-bind", "/usr", "/usr"]
    for link in ["lib", "lib64", "bin", "sbin"] { list += ["--symlink", "usr/\(link)", "/\(link)"] }
    list += ["--ro-bind-try", "/etc/fonts", "/etc/fonts", "--ro-bind-try", "/etc/alternatives", "/etc/alternatives"]
    list += ["--dev", "/dev", "--proc", "/proc", "--tmpfs", "/tmp", "--tmpfs", "/run"]
    for folder in folders { list += [folder.isWritable ? "--bind" : "--ro-bind", folder.outside, folder.inside] }
    list += ["--unshare-user", "--uid", "1000", "--gid", "1000", "--unshare-net", "--unshare-pid", "--unshare-ipc"]
    list += ["--unshare-uts", "--die-with-parent", "--new-session", "--clearenv"]
    list += [
      "--setenv", "PATH", "/usr/local/bin:/usr/bin:/bin", "--setenv", "HOME", "/tmp", "--setenv", "LC_ALL", "C.UTF-8",
    ]
    return list + ["--chdir", directory]
  }
}
