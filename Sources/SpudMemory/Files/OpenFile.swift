internal import Glibc

/// An open file, closed with its last owner.
package final class OpenFile: Sendable {
  package let path: String
  let descriptor: Int32

  init(path: String, descriptor: Int32) {
    self.path = path
    self.descriptor = descriptor
  }

  deinit { close(descriptor) }
}
