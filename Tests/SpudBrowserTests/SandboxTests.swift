import SpudErrors
import Testing

@testable import SpudBrowser

@Suite("The sandbox")
struct SandboxTests {
  @Test("without bubblewrap nothing runs, and the sentence says so")
  func missing() {
    #expect {
      try Sandbox(searchPath: "/nowhere")
    } throws: { error in
      let error = error as? SpudError
      return error?.code == .unavailable && error?.message.contains("nothing runs outside") == true
    }
  }

  @Test("no network, no home, no passwords, and nothing of the machine can be written", .enabled(if: Installed.sandbox))
  func walls() throws {
    let script = """
      cat /etc/shadow 2>&1; ls /root /home /work 2>&1; touch /usr/x 2>&1; id -u; \
      (echo > /dev/tcp/127.0.0.1/22) 2>&1; cat /proc/net/dev | wc -l
      """
    let result = try SandboxedProgram(Sandbox(), run: ["/usr/bin/bash", "-c", script], seconds: 120).result()
    #expect(result.ending == .exited(0))
    #expect(result.output.contains("/etc/shadow: No such file"))
    #expect(result.output.contains("'/root': No such file"))
    #expect(result.output.contains("Read-only file system"))
    #expect(result.output.contains("1000"))
    #expect(result.output.contains("refused") || result.output.contains("unreachable"))
  }

  @Test("a program that hangs is ended with all that it started", .enabled(if: Installed.sandbox))
  func hangs() throws {
    let result = try SandboxedProgram(Sandbox(), run: ["/usr/bin/bash", "-c", "sleep 60 & sleep 60"], seconds: 0.5)
      .result()
    #expect(result.ending == .ranTooLong)
  }

  @Test("a program that prints without end is ended at the limit", .enabled(if: Installed.sandbox))
  func prints() throws {
    let result = try SandboxedProgram(Sandbox(), run: ["/usr/bin/yes"], seconds: 120, outputBytes: 100_000).result()
    #expect(result.ending == .wroteTooMuch)
    #expect(result.output.utf8.count == 100_000)
  }
}

/// What this machine has; what it lacks is said once.
enum Installed {
  static let sandbox = check { _ = try Sandbox() }
  static let browser = sandbox && check { _ = try Browser.installed() }

  private static func check(_ body: () throws -> Void) -> Bool {
    do {
      try body()
      return true
    } catch {
      print("Tests of the browser are skipped: \(error)")
      return false
    }
  }
}
