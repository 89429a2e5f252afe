/// Several answers to one prompt: the first reads it, and the others find it in the tree.
final class PromptCompany: @unchecked Sendable {
  // `@unchecked`: only the thread that computes touches it.
  private(set) weak var leader: Generation?

  func join(_ generation: Generation) {
    if leader == nil { leader = generation }
  }
}
