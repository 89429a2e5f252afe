/// Why the portal does not do what a form asks: one line of at most 30 letters.
package struct Refusal: Error, Equatable {
  package let line: String
}
